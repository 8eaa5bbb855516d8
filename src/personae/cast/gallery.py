"""The gallery: every enrolled face of a cast with its photo, quality and embedder, in one SQLite database.

WAL, so that reading goes on while a training writes; `secure_delete`, so that what is removed is gone from the file.
Only the character's own face of a photo is kept, never a bystander's.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np

from personae.cast.gallery_rows import LARGEST_PX, box_of, copies_of, detail_of, stored, text_of
from personae.cast.gallery_schema import connect, connect_read_only, damaged, migrate, sqlite_errors
from personae.checks import facts, number, parsed, text, whole
from personae.errors import EmbedderMismatchError, EmbeddingError, ProjectBusyError
from personae.files import write_error
from personae.recognition.vectors import ROUNDING, check_vectors, dimension_of
from personae.types import FloatArray, Quality, Reason

__all__ = ["EnrolledFace", "Enrolment", "Gallery", "PhotoRecord", "remove_database", "text_of"]

_PHOTO_COLUMNS = (
    "character, look, origin, path, sha256, size, mtime_ns, status, reason, detail, faces_found, rules, given, "
    "withdrawn_by"
)
_PHOTO_FIELDS = tuple(name.strip() for name in _PHOTO_COLUMNS.split(","))
_LIVE = "withdrawn_by IS NULL"  # of photos: no edit took it out
_STATUSES = ("enrolled", "rejected")


@dataclass(frozen=True)
class PhotoRecord:
    """A photo the gallery knows, enrolled or rejected.

    `origin`: the cast folder it came from, None where it was enrolled otherwise; `path`: absolute; `sha256`, `size`
    (bytes), `mtime_ns`: of the file when it was looked at; `faces_found`: how many faces could have been the
    character's; `rules`: the enrolment thresholds it was judged by; `given`: the name it came in under ("": the
    character's), which edits do not change; `withdrawn_by`: the edit that took it out, None while it counts.
    """

    character: str
    path: str
    look: str | None = None
    origin: str | None = None
    sha256: str = ""
    size: int = 0
    mtime_ns: int = 0
    status: Literal["enrolled", "rejected"] = "rejected"
    reason: Reason | None = None
    detail: str = ""
    faces_found: int = 0
    rules: str = ""
    given: str = ""
    withdrawn_by: int | None = None
    id: int | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Character and path, which no two photos share."""
        return self.character, self.path

    def enrolled(self, *, faces_found: int) -> PhotoRecord:
        """This photo with a face that counts."""
        return replace(self, status="enrolled", reason=None, detail="", faces_found=faces_found)

    def rejected(self, reason: Reason, detail: str, *, faces_found: int = 0) -> PhotoRecord:
        """This photo, not to be used, and why."""
        return replace(self, status="rejected", reason=reason, detail=detail, faces_found=faces_found)


@dataclass(frozen=True, eq=False)
class EnrolledFace:
    """The one face of a photo that is the character's: box (4,), landmarks (5, 2) in its pixels, embedding (d,).

    `copies` (k, d): embeddings of its small copies, see `AnalyzedFaces`; None where none were made.
    """

    box_xyxy: FloatArray
    landmarks_xy: FloatArray
    detection_score: float
    quality: Quality
    embedding: FloatArray
    copies: FloatArray | None = None


@dataclass(frozen=True, eq=False)
class Enrolment:
    """All n enrolled faces, sorted by character, look and path: the same whatever order they came in.

    `embeddings` (n, d) float32, `face_px` and `quality` (n,) float32; `copies` (n, k, d) float32, zero where there are
    none; `performers`: character -> who plays it, where declared; the rest lists of n.
    """

    embeddings: FloatArray
    characters: list[str]
    looks: list[str | None]
    paths: list[str]
    photo_ids: list[int]
    face_px: FloatArray
    quality: FloatArray
    copies: FloatArray
    performers: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.characters)

    def person_of(self, character: str) -> tuple[bool, str]:
        """Who plays a character, one value per person: (True, performer), or (False, character) if none is declared."""
        performer = self.performers.get(character)
        return (False, character) if performer is None else (True, performer)

    @property
    def persons(self) -> list[tuple[bool, str]]:
        """(n) whose face each is; see `person_of`."""
        return [self.person_of(character) for character in self.characters]

    def __getitem__(self, rows: Sequence[int]) -> Enrolment:
        """Those rows, in that order."""
        keep = list(rows)
        return Enrolment(
            self.embeddings[keep],
            [self.characters[i] for i in keep],
            [self.looks[i] for i in keep],
            [self.paths[i] for i in keep],
            [self.photo_ids[i] for i in keep],
            self.face_px[keep],
            self.quality[keep],
            self.copies[keep],
            self.performers,
        )


class Gallery:
    """One open gallery; safe to use from several threads. Close it, or use it as a context manager."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._lock = threading.RLock()

    @classmethod
    def open(cls, path: Path, *, embedder: str | None, read_only: bool = False) -> Self:
        """Open, or create, the gallery at `path` for vectors of `embedder` (None: whatever it holds).

        Raises EmbedderMismatchError where it holds another embedder's faces, ForeignFileError, TooNewError,
        DamagedFileError or WriteError where the file cannot be used; it is left as it is.
        """
        with sqlite_errors(path):
            connection = connect_read_only(path) if read_only else connect(path)
            try:
                migrate(connection, path, read_only=read_only)
                gallery = cls(path, connection)
                gallery._claim(embedder, read_only)
            except BaseException:
                connection.close()
                raise
        return gallery

    def _claim(self, embedder: str | None, read_only: bool) -> None:
        if embedder is None or embedder == self.embedder:
            return
        if self.counts()[0]:
            raise EmbedderMismatchError(self.embedder, embedder, where=f"The gallery {self.path}")
        if not read_only:
            with self.transaction():
                self._connection.execute("INSERT OR REPLACE INTO meta VALUES ('embedder', ?)", (embedder,))

    def close(self) -> None:
        """Close the database; what was committed is in its file."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes inside happen together or not at all; other threads wait. Transactions nest."""
        with self._lock, sqlite_errors(self.path):
            begin, commit, roll_back = (
                ("SAVEPOINT inner", "RELEASE inner", "ROLLBACK TO inner; RELEASE inner")
                if self._connection.in_transaction
                else ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
            )
            self._connection.execute(begin)
            try:
                yield
                self._connection.execute(commit)
            except BaseException:
                with contextlib.suppress(sqlite3.OperationalError):  # SQLite has rolled back by itself
                    for step in roll_back.split("; "):
                        self._connection.execute(step)
                raise

    # Reading

    @property
    def embedder(self) -> str:
        """Contract id of the embedder its faces were made with; empty for an empty gallery."""
        row = self._query("SELECT value FROM meta WHERE key = 'embedder'")
        with self.checked():
            return text(row[0][0], "meta.embedder") if row else ""

    @property
    def revision(self) -> str:
        """Changes with the faces a model is made from, and only with them; a model remembers the one it has."""
        digest = hashlib.sha256(self.embedder.encode())
        rows = self._query(
            "SELECT character, coalesce(look, ''), sha256, embedding FROM photos JOIN faces ON photo = id "
            f"WHERE {_LIVE} ORDER BY character, look, sha256, embedding"
        )
        rows += self._query("SELECT character, 'not', sha256, embedding FROM negatives ORDER BY 1, 3, 4")
        with self.checked():
            for row in rows:
                digest.update("\0".join(map(str, row[:3])).encode())
                digest.update(row[3])
        return digest.hexdigest()[:16]

    def photos(self, character: str | None = None, *, withdrawn: bool = False) -> list[PhotoRecord]:
        """Every photo known, or those of one character; sorted by character and path.

        `withdrawn`: also those that edits took out; they have no character (theirs is no name).
        """
        condition = f"WHERE {'TRUE' if withdrawn else _LIVE}" + ("" if character is None else " AND character = ?")
        values = () if character is None else (stored(character),)
        rows = self._query(f"SELECT {_PHOTO_COLUMNS}, id FROM photos {condition} ORDER BY character, path", values)
        with self.checked():
            return [_as_record(row) for row in rows]

    def enrolled(self) -> Enrolment:
        """Every enrolled face; raises DamagedFileError where the embeddings do not fit together."""
        rows = self._query(
            "SELECT character, look, path, id, face_px, quality, embedding, copies, given "
            f"FROM photos JOIN faces ON photo = id WHERE {_LIVE} ORDER BY character, look, path"
        )
        played, embedder = self.performers, self.embedder
        with self.checked():
            blobs = [row[6] for row in rows]
            lengths = {len(blob) if isinstance(blob, bytes) else 0 for blob in blobs}
            if len(lengths) > 1 or any(length == 0 or length % 4 for length in lengths):
                raise ValueError("embeddings of different lengths")
            dimension = dimension_of(embedder)
            if lengths and dimension is not None and lengths != {4 * dimension}:
                raise ValueError(f"embeddings that are not of {embedder}")
            flat = np.frombuffer(b"".join(blobs), "<f4").astype(np.float32)
            enrolment = Enrolment(
                flat.reshape(len(rows), -1) if rows else np.empty((0, 0), np.float32),
                [text_of(row[0]) for row in rows],
                [None if row[1] is None else text_of(row[1]) for row in rows],
                [text_of(row[2]) for row in rows],
                [whole(row[3], "photos.id") for row in rows],
                np.array([number(row[4], "faces.face_px", 0, LARGEST_PX) for row in rows], np.float32),
                np.array([number(row[5], "faces.quality", 0, LARGEST_PX) for row in rows], np.float32),
                copies_of([row[7] for row in rows], lengths.pop() if lengths else 0),
                {text_of(row[0]): played[given] for row in rows if (given := text_of(row[8])) in played},
            )
            check_vectors(enrolment.embeddings, "faces.embedding")
            n, k, d = enrolment.copies.shape
            made = enrolment.copies.reshape(n * k, d)
            check_vectors(made[made.any(axis=1)], "faces.copies")
            return enrolment

    @property
    def performers(self) -> dict[str, str]:
        """Name that photos came in under -> who plays that character, as declared with the cast."""
        rows = self._query("SELECT value FROM meta WHERE key = 'performers'")
        with self.checked():
            declared = facts(parsed(text_of(rows[0][0])), "meta.performers") if rows else {}
            return {name: text(person, f"meta.performers.{name}") for name, person in declared.items()}

    def set_performers(self, performers: Mapping[str, str]) -> None:
        """Replace what is declared."""
        with self.transaction():
            text = json.dumps(dict(sorted(performers.items())))
            self._connection.execute("INSERT OR REPLACE INTO meta VALUES ('performers', ?)", (text,))

    def without_copies(self) -> set[int]:
        """Ids of enrolled photos whose small copies were never made."""
        return {int(row[0]) for row in self._query("SELECT photo FROM faces WHERE copies IS NULL")}

    def boxes(self) -> dict[int, tuple[FloatArray, float]]:
        """Photo id -> its face's box (4,), x1 y1 x2 y2 in the photo's pixels, and yaw in eye distances."""
        rows = self._query("SELECT photo, box, yaw FROM faces")
        with self.checked():
            return {whole(photo, "faces.photo"): (box_of(box), number(yaw, "faces.yaw")) for photo, box, yaw in rows}

    def counts(self) -> tuple[int, int]:
        """How many photos are enrolled, and how many are known in all."""
        enrolled, known = self._query(
            f"SELECT coalesce(sum(status = 'enrolled'), 0), count(*) FROM photos WHERE {_LIVE}"
        )[0]
        return int(enrolled), int(known)

    def edits(self) -> list[tuple[str, str, dict[str, Any]]]:
        """The log of what changed the gallery: (time in UTC, action, detail), oldest first."""
        rows = self._query("SELECT time, action, detail FROM edits ORDER BY id")
        with self.checked():
            return [(text_of(row[0]), text_of(row[1]), detail_of(row[2])) for row in rows]

    @contextmanager
    def checked(self) -> Iterator[None]:
        """What does not fit while values are made of rows: the file is damaged."""
        try:
            yield
        except (ValueError, TypeError, RecursionError, OverflowError) as error:
            raise damaged(self.path, error) from error

    # Writing

    def put_photo(self, record: PhotoRecord, face: EnrolledFace | None) -> int:
        """Insert, or replace by name and path, a photo with its face (None for a rejected one); its id.

        Raises EmbeddingError for an embedding that is zero, not finite, or of another length than the gallery's.
        """
        if (record.status == "enrolled") != (face is not None):
            raise ValueError("an enrolled photo has a face, a rejected one has none")
        record = replace(record, given=record.given or record.character)
        values = [stored(getattr(record, name)) for name in _PHOTO_FIELDS]
        with self.transaction():
            self._connection.execute(
                "DELETE FROM photos WHERE (character = ? OR given = ?) AND path = ?",
                (stored(record.character), stored(record.given), stored(record.path)),
            )
            cursor = self._connection.execute(
                f"INSERT INTO photos ({_PHOTO_COLUMNS}) VALUES ({', '.join('?' * len(values))})", values
            )
            if face is not None:
                self._put_face(int(cursor.lastrowid or 0), face)
        return int(cursor.lastrowid or 0)

    def _put_face(self, photo: int, face: EnrolledFace) -> None:
        with np.errstate(over="ignore"):  # becomes infinite, which is refused
            embedding = np.asarray(face.embedding, "<f4")
        other = self._connection.execute("SELECT length(embedding) FROM faces LIMIT 1").fetchone()
        fits = embedding.ndim == 1 and (other is None or other[0] == embedding.nbytes)
        if not fits or not np.isfinite(embedding).all() or not embedding.any():
            raise EmbeddingError(
                f"An embedding of shape {embedding.shape} does not fit this gallery or is not finite: "
                "embed its face again."
            )
        length = float(np.linalg.norm(embedding.astype(np.float64)))
        if abs(length - 1) >= ROUNDING / 2:  # of an embedder that does not keep to its protocol
            embedding = (embedding / length).astype("<f4")
        quality = face.quality
        self._connection.execute(
            "INSERT INTO faces VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                photo,
                np.asarray(face.box_xyxy, "<f4").tobytes(),
                np.asarray(face.landmarks_xy, "<f4").tobytes(),
                face.detection_score,
                *(float(getattr(quality, name)[0]) for name in ("face_px", "sharpness", "brightness", "yaw", "score")),
                embedding.tobytes(),
                None if face.copies is None else np.asarray(face.copies, "<f4").tobytes(),
            ),
        )

    def move_photo(self, old: PhotoRecord, new: PhotoRecord) -> None:
        """Give a known photo the path, date, look, origin and given name of `new`; its face stays."""
        with self.transaction():
            self._connection.execute(
                "UPDATE photos SET path = ?, mtime_ns = ?, look = ?, origin = ?, given = ? WHERE id = ?",
                (
                    *map(stored, (new.path, new.mtime_ns, new.look, new.origin, new.given or new.character)),
                    old.id,
                ),
            )

    def remove_photos(self, ids: Iterable[int]) -> None:
        """Take photos and their faces out."""
        with self.transaction():
            self._connection.executemany("DELETE FROM photos WHERE id = ?", [(i,) for i in ids])

    def take_over(self, other: Path) -> None:
        """Replace everything here by what the gallery `other` holds, in one transaction; edits stay and grow by one."""
        with self._lock, sqlite_errors(self.path):
            self._connection.execute("ATTACH DATABASE ? AS fresh", (os.fsencode(other),))
            try:
                with self.transaction():
                    if self._query("SELECT value FROM fresh.meta WHERE key = 'embedder'") != self._query(
                        "SELECT value FROM main.meta WHERE key = 'embedder'"
                    ):
                        self._connection.execute("DELETE FROM main.negatives")  # they cannot be compared any more
                    for table in ("faces", "photos", "meta"):
                        self._connection.execute(f"DELETE FROM main.{table}")
                    for table in ("meta", "photos", "faces"):
                        self._connection.execute(f"INSERT INTO main.{table} SELECT * FROM fresh.{table}")
                    self.log_edit("fresh", {"photos": self.counts()[1]})
            finally:
                self._connection.execute("DETACH DATABASE fresh")

    def log_edit(self, action: str, detail: dict[str, Any]) -> None:
        """Append to the log of edits."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self.transaction():
            self._connection.execute(
                "INSERT INTO edits (time, action, detail) VALUES (?, ?, ?)",
                (now, action, json.dumps(detail)),
            )

    def compact(self) -> None:
        """Write everything anew without gaps and empty the write-ahead log: what was removed is nowhere any more.

        Raises ProjectBusyError where another process goes on reading: what it reads is not overwritten.
        """
        for step in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            rows = self._query(step)
            if rows and rows[0][0]:
                raise ProjectBusyError(
                    self.path, "another process is reading the gallery. Try again when it has finished."
                )

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Rows of one statement; texts in `values` as any name may be (see `text_of` for those that come out)."""
        return self._query(sql, [stored(value) for value in values])

    def _query(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._lock, sqlite_errors(self.path):
            return self._connection.execute(sql, values).fetchall()


def remove_database(path: Path) -> None:
    """Delete a closed database with what SQLite keeps beside it; raises WriteError."""
    try:
        for suffix in ("", "-wal", "-shm", "-journal"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    except NotADirectoryError:
        pass  # nothing is there
    except OSError as error:
        raise write_error(path, error) from error


def _as_record(row: Sequence[Any]) -> PhotoRecord:
    fields = dict(zip((*_PHOTO_FIELDS, "id"), row, strict=True))
    fields["given"] = fields["character"] if fields["given"] is None else fields["given"]
    for name in ("character", "path", "sha256", "detail", "rules", "given"):
        fields[name] = text_of(fields[name])
    for name in ("look", "origin"):
        fields[name] = None if fields[name] is None else text_of(fields[name])
    if fields["status"] not in _STATUSES or not all(
        isinstance(fields[name], int) for name in ("size", "mtime_ns", "faces_found", "id")
    ):
        raise ValueError(f"odd facts about {fields['path']}")
    fields["reason"] = None if fields["reason"] is None else Reason(fields["reason"])
    return PhotoRecord(**fields)
