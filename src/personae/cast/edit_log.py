"""The gallery's log of edits with what they decided: placements of photos, and faces that somebody is not.

An edit and all it changes is one transaction of the gallery. What an edit did to the photos follows from the placements
alone (`apply`), so undoing it is taking its placements away and applying the others. A rename is no placement: it
changes a character's name, and the log keeps the name before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from personae.cast.characters import CharacterRow, Characters
from personae.cast.gallery import Gallery
from personae.cast.gallery_records import Change, Edit, Negative, PhotoRecord
from personae.errors import InputError
from personae.names_of_today import NamesOfToday, Renaming
from personae.types import FloatArray, Reason

__all__ = ["Change", "Edit", "EditLog", "Negative"]

_BEFORE = "before"
"""In an entry's detail: id of a character -> [its name, its former names] before the edit renamed it."""
_TAKEN_BACK = "it was rejected before somebody confirmed it, and that was taken back"


class EditLog:
    """Edits of one open gallery. Methods that write belong inside `gallery.transaction()`."""

    def __init__(self, gallery: Gallery) -> None:
        self.gallery = gallery

    # Reading

    def edits(self, only: int | None = None) -> list[Edit]:
        """Every entry, oldest first; or the one with the id `only`."""
        return self.gallery.log.edits(only)

    def characters(self) -> Characters:
        """Everybody the gallery knows, and what edits that hold say about their photos."""
        return self.gallery.who.all()

    def names_of_today(self) -> NamesOfToday:
        """Who is called what, and who was."""
        characters, edits = self.characters(), {edit.id: edit for edit in self.edits()}
        names = {row.id: row.name for row in characters.in_cast()}
        merged = {
            row.id: other
            for row in characters.rows.values()
            if row.id not in names and (other := characters.placements.character_of(row.id)) in names and other
        }
        given_up = [
            (edit.id, each, name)
            for edit in edits.values()
            if edit.undone_by is None
            for each, (name, _) in edit.detail.get(_BEFORE, {}).items()
        ]
        given_up += [(edit, each, characters.name_of(each)) for edit, each in characters.placements.moved()
                     if each in characters.rows]  # fmt: skip
        renamings = [
            Renaming(name, own, edits[edit].time, edits[made].time if made in edits else "")
            for edit, each, name in sorted(given_up)
            if edit in edits and each in characters.rows and (own := merged.get(each, each)) in names
            for made in (characters.rows[each].made_by,)
        ]
        return NamesOfToday(names, merged, renamings)

    def negatives(self) -> list[Negative]:
        """Faces that characters of today are not; those of characters who are gone are left out."""
        characters = self.characters()
        found = []
        for _, edit, negative in self.gallery.log.negatives(self.gallery.embedder):
            character = characters.placements.character_of(negative.character, after=edit)
            if character in characters.rows:
                found.append(replace(negative, character=characters.rows[character].name))
        return found

    def faces_of(self, photos: Iterable[int]) -> dict[int, FloatArray]:
        """Embedding (d,) of each of those photos (by id) that has a face, withdrawn ones too."""
        return {photo: vector for photo, (vector, _) in self.gallery.faces_of(photos).items()}

    def whereabouts(self) -> dict[int, tuple[str, str | None]]:
        """Photo id -> its path, and the name of the character it is enrolled as, None for a withdrawn one."""
        return {
            photo.id: (photo.path, photo.character if photo.withdrawn_by is None else None)
            for photo in self.gallery.photos(withdrawn=True)
            if photo.id is not None and photo.status == "enrolled"
        }

    # Writing

    def record(self, action: str, detail: dict[str, Any]) -> int:
        """Append an entry; its id."""
        return self.gallery.log_edit(action, detail)

    def explain(self, edit: int, detail: dict[str, Any]) -> None:
        """Set what an entry says."""
        self.gallery.log.explain(edit, detail)

    def drop(self, edit: int) -> None:
        """Take back an entry of which nothing came, with what it decided."""
        self.gallery.log.remove([edit])
        self.gallery.who.remove_made_by([edit])

    def place(self, edit: int, character: str, sha256: str | None, becomes: str | None) -> None:
        """Add a placement; `character` and `becomes` are ids."""
        self.gallery.who.place(edit, character, sha256, becomes)

    def put_negative(self, edit: int, negative: Negative, sha256: str) -> None:
        """Keep a face that somebody is not; its `character` is an id."""
        self.gallery.log.put_negative(edit, negative, sha256)

    def rename(self, character: str, name: str) -> dict[str, Any]:
        """Give a character another name; what the entry has to say so that it can be taken back."""
        characters = self.characters()
        changed = characters.renamed(character, name)
        self.gallery.who.change(changed)
        before = [characters.rows[row.id] for row in changed]
        return {_BEFORE: {row.id: [row.name, list(row.given)] for row in before}}

    def apply(self) -> None:
        """Bring every photo where the placements say."""
        photos = sorted(self.gallery.photos(withdrawn=True), key=lambda photo: photo.id or 0)
        characters = self.gallery.who.ensure(photo.given for photo in photos)
        taken: set[tuple[str, str]] = set()
        changed: list[tuple[int, str | None, int | None]] = []
        for photo in photos:
            character, withdrawn_by = self._belongs(photo, characters, taken)
            if (photo.character_id or None, photo.withdrawn_by) != (character, withdrawn_by):
                assert photo.id is not None
                changed.append((photo.id, character, withdrawn_by))
        self.gallery.settle_photos(changed)

    def _belongs(
        self, photo: PhotoRecord, characters: Characters, taken: set[tuple[str, str]]
    ) -> tuple[str | None, int | None]:
        """The id of a photo's character, or None and the edit that took it out."""
        place = characters.place(photo.given, photo.sha256)
        if place.withdrawn_by is not None:
            return None, place.withdrawn_by
        if (place.character, photo.path) in taken:
            return None, place.edit or 0  # one photo stood under two names that are one character now
        taken.add((place.character, photo.path))
        return place.character, None

    def take_back(self, edit: Edit, undone_by: int) -> None:
        """Undo one edit: its placements, negatives, names and added photos go, and the others are applied."""
        for path in edit.detail.get("added", ()):
            self.gallery.remove_added(edit.detail["into"], path)
        self.gallery.log.mark_undone(edit.id, undone_by)
        self._names_back(edit.detail.get(_BEFORE, {}))
        self.apply()
        self._reject_again(edit.detail.get("outliers", ()))
        # A character whose first faces were taken back before lived on by those that are taken back now.
        self.gallery.who.remove_made_by([one.id for one in self.edits() if one.undone_by is not None])

    def _reject_again(self, paths: Collection[str]) -> None:
        """What a confirmation brought in that is taken back is an outlier as before, unless another one vouches."""
        if not paths:
            return
        characters = self.characters()
        for photo in self.gallery.photos():
            if photo.path in paths and photo.status == "enrolled" and characters.said(photo.given, photo.sha256) < 2:
                self.gallery.put_photo(photo.rejected(Reason.OUTLIER, _TAKEN_BACK, faces_found=photo.faces_found), None)

    def _names_back(self, before: dict[str, Any]) -> None:
        characters = self.characters()
        rows = [
            CharacterRow(each, name, tuple(given), characters.rows[each].made_by)
            for each, (name, given) in before.items()
            if each in characters.rows
        ]
        for row in rows:
            taken = characters.named(row.name)
            if taken is not None and taken not in before:
                raise InputError(f"There is another character called {row.name} by now. Rename it first, then undo.")
        self.gallery.who.change(rows)

    def copy_from(self, other: Path, *, read_only: bool = False) -> None:
        """Take over log and decisions of the gallery `other`, for one that shall replace it or stand in for it."""
        self.gallery.copy_decisions(other, read_only=read_only)
