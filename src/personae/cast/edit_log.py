"""The gallery's log of edits with what they decided: placements of photos, and faces that somebody is not.

An edit and all it changes is one transaction of the gallery. What an edit did to the photos follows from the placements
alone (`apply`), so undoing it is taking its placements away and applying the others.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from personae.cast.gallery import Gallery
from personae.cast.gallery_rows import LARGEST_PX, detail_of, text_of
from personae.cast.placements import Placement, Placements
from personae.checks import number, whole
from personae.recognition.vectors import check_vectors, dimension_of
from personae.types import FloatArray

UNDOABLE = frozenset({"add", "remove", "rename", "merge", "split", "reject"})


@dataclass(frozen=True)
class Change:
    """A photo that an edit moved: `before` and `after` are characters, None where it belongs to nobody."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Edit:
    """One entry of the log. `time` in UTC; `undone_by`: the entry that undid it, None while it holds."""

    id: int
    time: str
    action: str
    detail: dict[str, Any] = field(default_factory=dict)
    undone_by: int | None = None

    @property
    def undoable(self) -> bool:
        """Whether `undo` can take it back."""
        return self.action in UNDOABLE and self.undone_by is None


@dataclass(frozen=True, eq=False)
class Negative:
    """A face that is not `character`'s, by a person's word: embedding (d,), size in pixels, and its photo."""

    character: str
    path: str
    face_px: float
    embedding: FloatArray


class EditLog:
    """Edits of one open gallery. Methods that write belong inside `gallery.transaction()`."""

    def __init__(self, gallery: Gallery) -> None:
        self.gallery = gallery

    # Reading

    def edits(self, only: int | None = None) -> list[Edit]:
        """Every entry, oldest first; or the one with the id `only`."""
        where, values = ("", []) if only is None else ("WHERE id = ?", [only])
        rows = self.gallery.query(f"SELECT id, time, action, detail, undone_by FROM edits {where} ORDER BY id", values)
        with self.gallery.checked():
            return [
                Edit(
                    whole(row[0], "edits.id"), text_of(row[1]), text_of(row[2]), detail_of(row[3]), _id_or_none(row[4])
                )
                for row in rows
            ]

    def placements(self) -> Placements:
        """What edits that hold say about photos."""
        rows = self.gallery.query("SELECT edit, character, sha256, becomes FROM placements ORDER BY edit, id")
        with self.gallery.checked():
            return Placements(
                Placement(whole(row[0], "placements.edit"), text_of(row[1]), *map(_text_or_none, row[2:]))
                for row in rows
            )

    def negatives(self) -> list[Negative]:
        """Faces that characters of today are not; those of characters who are gone are left out."""
        rows = self.gallery.query(
            "SELECT edit, character, path, face_px, embedding FROM negatives ORDER BY character, sha256, embedding"
        )
        placements = self.placements()
        found = []
        with self.gallery.checked():
            for edit, character, path, face_px, embedding in rows:
                name = placements.character_of(text_of(character), after=edit)
                if name is not None:
                    size = number(face_px, "negatives.face_px", 0, LARGEST_PX)
                    found.append(Negative(name, text_of(path), size, self._vector(embedding, "negatives.embedding")))
        return found

    def faces_of(self, photos: Iterable[int]) -> dict[int, FloatArray]:
        """Embedding (d,) of each of those photos (by id) that has a face, withdrawn ones too."""
        found: dict[int, FloatArray] = {}
        with self.gallery.checked():
            for photo in photos:
                for (blob,) in self.gallery.query("SELECT embedding FROM faces WHERE photo = ?", (photo,)):
                    found[photo] = self._vector(blob, "faces.embedding")
        return found

    def _vector(self, blob: Any, what: str) -> FloatArray:
        """One embedding (d,), checked as `Gallery.enrolled` checks its own."""
        vector = np.frombuffer(blob, "<f4").astype(np.float32)
        if dimension_of(self.gallery.embedder) not in (None, len(vector)):
            raise ValueError(f"{what} is not of {self.gallery.embedder}")
        check_vectors(vector[None], what)
        return vector

    def copies_of(self, photos: Iterable[int], dimension: int) -> FloatArray:
        """Embeddings (m, dimension) of the small copies of those photos (by id) that were made."""
        found = [np.empty(0, np.float32)]
        with self.gallery.checked():
            for photo in photos:
                for (blob,) in self.gallery.query("SELECT copies FROM faces WHERE photo = ?", (photo,)):
                    found.append(np.frombuffer(blob or b"", "<f4").astype(np.float32))
        rows = np.concatenate(found).reshape(-1, max(dimension, 1))
        return rows[rows.any(axis=1)]

    # Writing

    def record(self, action: str, detail: dict[str, Any]) -> int:
        """Append an entry; its id."""
        self.gallery.log_edit(action, detail)
        return int(self.gallery.query("SELECT max(id) FROM edits")[0][0])

    def explain(self, edit: int, detail: dict[str, Any]) -> None:
        """Set what an entry says."""
        self.gallery.query("UPDATE edits SET detail = ? WHERE id = ?", (json.dumps(detail), edit))

    def place(self, edit: int, character: str, sha256: str | None, becomes: str | None) -> None:
        """Add a placement."""
        self.gallery.query(
            "INSERT INTO placements (edit, character, sha256, becomes) VALUES (?, ?, ?, ?)",
            (edit, character, sha256, becomes),
        )

    def put_negative(self, edit: int, negative: Negative, sha256: str) -> None:
        """Keep a face that somebody is not."""
        self.gallery.query(
            "INSERT INTO negatives (edit, character, path, sha256, face_px, embedding) VALUES (?, ?, ?, ?, ?, ?)",
            (
                edit,
                negative.character,
                negative.path,
                sha256,
                negative.face_px,
                np.asarray(negative.embedding, "<f4").tobytes(),
            ),
        )

    def copy_placements(self, sha256: str, copy: str) -> None:
        """Decide about the photo `copy` as about the photo `sha256`, whose copy it is."""
        self.gallery.query(
            "INSERT INTO placements (edit, character, sha256, becomes) "
            "SELECT edit, character, ?, becomes FROM placements WHERE sha256 = ? ORDER BY edit, id",
            (copy, sha256),
        )

    def apply(self) -> list[Change]:
        """Bring every photo where the placements say; what changed."""
        placements = self.placements()
        # A withdrawn photo keeps its face; its character is a mark that no name can be, and that no two photos share.
        changed: list[tuple[int, str | None, int | None]] = []
        changes: list[Change] = []
        taken: set[tuple[str, str]] = set()
        for photo in sorted(self.gallery.photos(withdrawn=True), key=lambda photo: photo.id or 0):
            place = placements.place(photo.given, photo.sha256)
            before = photo.character if photo.withdrawn_by is None else None
            after, withdrawn_by = place.character, place.withdrawn_by
            if withdrawn_by is None and (after, photo.path) in taken:
                withdrawn_by = place.edit  # one photo stood under two names that are one character now
            name = after if withdrawn_by is None else None
            if name is not None:
                taken.add((name, photo.path))
            if (before, photo.withdrawn_by) != (name, withdrawn_by):
                assert photo.id is not None
                changed.append((photo.id, name, withdrawn_by))
                if before != name and photo.status == "enrolled":
                    changes.append(Change(photo.path, before, name))
        for photo_id, _, _ in changed:
            self.gallery.query("UPDATE photos SET character = char(0) || id WHERE id = ?", (photo_id,))
        for photo_id, name, withdrawn_by in changed:
            self.gallery.query(
                "UPDATE photos SET character = coalesce(?, character), withdrawn_by = ? WHERE id = ?",
                (name, withdrawn_by, photo_id),
            )
        return changes

    def take_back(self, edit: Edit, undone_by: int) -> list[Change]:
        """Undo one edit: its placements, negatives and added photos go, and the others are applied."""
        for path in edit.detail.get("added", ()):
            self.gallery.query(
                "DELETE FROM photos WHERE given = ? AND path = ? AND origin IS NULL", (edit.detail["into"], path)
            )
        self.gallery.query("DELETE FROM placements WHERE edit = ?", (edit.id,))
        self.gallery.query("DELETE FROM negatives WHERE edit = ?", (edit.id,))
        self.gallery.query("UPDATE edits SET undone_by = ? WHERE id = ?", (undone_by, edit.id))
        return self.apply()

    def copy_from(self, other: Path, *, read_only: bool = False) -> None:
        """Take over log and decisions of the gallery `other`, for one that shall replace it or stand in for it."""
        with Gallery.open(other, embedder=None, read_only=read_only) as old:
            tables = {
                table: old.query(f"SELECT * FROM {table}")
                for table in ("edits", "placements", *(["negatives"] if old.embedder == self.gallery.embedder else []))
            }
            if old.embedder == self.gallery.embedder:
                tables |= self._added_in(old)
        with self.gallery.transaction():
            for table, rows in tables.items():
                for row in rows:
                    self.gallery.query(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)

    @staticmethod
    def _added_in(old: Gallery) -> dict[str, list[tuple[Any, ...]]]:
        """Rows of photos and faces that a person added (`add`, `name --learn`): they come from no cast folder."""
        photos: list[tuple[Any, ...]] = []
        faces: list[tuple[Any, ...]] = []
        for edit in EditLog(old).edits():
            for path in edit.detail.get("added", ()) if edit.undone_by is None else ():
                where = "given = ? AND path = ? AND origin IS NULL"
                named = (edit.detail["into"], path)
                photos += old.query(f"SELECT * FROM photos WHERE {where}", named)
                faces += old.query(f"SELECT * FROM faces WHERE photo IN (SELECT id FROM photos WHERE {where})", named)
        return {"photos": list(dict.fromkeys(photos)), "faces": list(dict.fromkeys(faces))}


def _id_or_none(value: Any) -> int | None:
    return None if value is None else whole(value, "edits.undone_by")


def _text_or_none(value: Any) -> str | None:
    return None if value is None else text_of(value)


def as_rows(changes: Iterable[Change]) -> list[list[str | None]]:
    """Changes as the log keeps them: [path, before, after]."""
    return [[change.path, change.before, change.after] for change in changes]
