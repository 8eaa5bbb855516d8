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
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np

from personae.errors import EmbedderMismatchError, EmbeddingError, ModelNotFoundError, StoreError, WriteError
from personae.files import write_error
from personae.recognition.gallery_schema import damaged, migrate, sqlite_errors
from personae.types import FloatArray, Quality, Reason

_PHOTO_COLUMNS = "character, look, origin, path, sha256, size, mtime_ns, status, reason, detail, faces_found, rules"
_STATUSES = ("enrolled", "rejected")
_BUSY_S = 10.0
_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class PhotoRecord:
    """A photo the gallery knows, enrolled or rejected.

    `origin`: the cast folder it came from, None where it was enrolled otherwise; `path`: absolute; `sha256`, `size`
    (bytes), `mtime_ns`: of the file when it was looked at; `faces_found`: how many faces could have been the
    character's; `rules`: the enrolment thresholds it was judged by.
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
    id: int | None = None

    def enrolled(self, *, faces_found: int) -> PhotoRecord:
        """This photo with a face that counts."""
        return replace(self, status="enrolled", reason=None, detail="", faces_found=faces_found)

    def rejected(self, reason: Reason, detail: str, *, faces_found: int = 0) -> PhotoRecord:
        """This photo, not to be used, and why."""
        return replace(self, status="rejected", reason=reason, detail=detail, faces_found=faces_found)


@dataclass(frozen=True, eq=False)
class EnrolledFace:
    """The one face of a photo that is the character's: box (4,), landmarks (5, 2) in its pixels, embedding (d,)."""

    box_xyxy: FloatArray
    landmarks_xy: FloatArray
    detection_score: float
    quality: Quality
    embedding: FloatArray


@dataclass(frozen=True, eq=False)
class Enrolment:
    """All n enrolled faces, sorted by character, look and path: the same whatever order they came in.

    `embeddings` (n, d) float32, `face_px` and `quality` (n,) float32; the rest lists of n.
    """

    embeddings: FloatArray
    characters: list[str]
    looks: list[str | None]
    paths: list[str]
    photo_ids: list[int]
    face_px: FloatArray
    quality: FloatArray

    def __len__(self) -> int:
        return len(self.characters)

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
            connection = _connect_read_only(path) if read_only else _connect(path)
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
        return str(row[0][0]) if row else ""

    @property
    def revision(self) -> str:
        """Changes with the set of enrolled faces, and only with it; a model remembers the one it was made from."""
        digest = hashlib.sha256(self.embedder.encode())
        rows = self._query(
            "SELECT character, coalesce(look, ''), sha256, embedding FROM photos JOIN faces ON photo = id "
            "ORDER BY character, look, sha256, embedding"
        )
        with self._checked():
            for row in rows:
                digest.update("\0".join(map(str, row[:3])).encode())
                digest.update(row[3])
        return digest.hexdigest()[:16]

    def photos(self, character: str | None = None) -> list[PhotoRecord]:
        """Every photo known, or those of one character; sorted by character and path."""
        condition, values = ("", ()) if character is None else ("WHERE character = ?", (_stored(character),))
        rows = self._query(f"SELECT {_PHOTO_COLUMNS}, id FROM photos {condition} ORDER BY character, path", values)
        with self._checked():
            return [_as_record(row) for row in rows]

    def enrolled(self) -> Enrolment:
        """Every enrolled face; raises DamagedFileError where the embeddings do not fit together."""
        rows = self._query(
            "SELECT character, look, path, id, face_px, quality, embedding FROM photos JOIN faces ON photo = id "
            "ORDER BY character, look, path"
        )
        with self._checked():
            blobs = [row[6] for row in rows]
            lengths = {len(blob) if isinstance(blob, bytes) else 0 for blob in blobs}
            if len(lengths) > 1 or any(length == 0 or length % 4 for length in lengths):
                raise ValueError("embeddings of different lengths")
            flat = np.frombuffer(b"".join(blobs), "<f4").astype(np.float32)
            enrolment = Enrolment(
                flat.reshape(len(rows), -1) if rows else np.empty((0, 0), np.float32),
                [_text(row[0]) for row in rows],
                [None if row[1] is None else _text(row[1]) for row in rows],
                [_text(row[2]) for row in rows],
                [row[3] for row in rows],
                np.array([row[4] for row in rows], np.float32),
                np.array([row[5] for row in rows], np.float32),
            )
            if not all(np.isfinite(a).all() for a in (enrolment.embeddings, enrolment.face_px, enrolment.quality)):
                raise ValueError("embeddings that are no numbers")
            return enrolment

    def boxes(self) -> dict[int, tuple[FloatArray, float]]:
        """Photo id -> its face's box (4,), x1 y1 x2 y2 in the photo's pixels, and yaw in eye distances."""
        rows = self._query("SELECT photo, box, yaw FROM faces")
        with self._checked():
            return {row[0]: (np.frombuffer(row[1], "<f4", count=4).astype(np.float32), float(row[2])) for row in rows}

    def counts(self) -> tuple[int, int]:
        """How many photos are enrolled, and how many are known in all."""
        enrolled, known = self._query("SELECT coalesce(sum(status = 'enrolled'), 0), count(*) FROM photos")[0]
        return int(enrolled), int(known)

    def edits(self) -> list[tuple[str, str, dict[str, Any]]]:
        """The log of what changed the gallery: (time in UTC, action, detail), oldest first."""
        rows = self._query("SELECT time, action, detail FROM edits ORDER BY id")
        with self._checked():
            return [(_text(row[0]), _text(row[1]), json.loads(row[2])) for row in rows]

    @contextmanager
    def _checked(self) -> Iterator[None]:
        """What does not fit while values are made of rows: the file is damaged."""
        try:
            yield
        except (ValueError, TypeError, RecursionError) as error:
            raise damaged(self.path, error) from error

    # Writing

    def put_photo(self, record: PhotoRecord, face: EnrolledFace | None) -> int:
        """Insert, or replace by character and path, a photo with its face (None for a rejected one); its id.

        Raises EmbeddingError for an embedding that is zero, not finite, or of another length than the gallery's.
        """
        if (record.status == "enrolled") != (face is not None):
            raise ValueError("an enrolled photo has a face, a rejected one has none")
        with self.transaction():
            self._connection.execute(
                "DELETE FROM photos WHERE character = ? AND path = ?",
                (_stored(record.character), _stored(record.path)),
            )
            cursor = self._connection.execute(
                f"INSERT INTO photos ({_PHOTO_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_stored(getattr(record, name.strip())) for name in _PHOTO_COLUMNS.split(",")],
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
        quality = face.quality
        self._connection.execute(
            "INSERT INTO faces VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                photo,
                np.asarray(face.box_xyxy, "<f4").tobytes(),
                np.asarray(face.landmarks_xy, "<f4").tobytes(),
                face.detection_score,
                *(float(getattr(quality, name)[0]) for name in ("face_px", "sharpness", "brightness", "yaw", "score")),
                embedding.tobytes(),
            ),
        )

    def move_photo(self, old: PhotoRecord, new: PhotoRecord) -> None:
        """Give a known photo the path, date, look and origin of `new`; its face stays."""
        with self.transaction():
            self._connection.execute(
                "UPDATE photos SET path = ?, mtime_ns = ?, look = ?, origin = ? WHERE id = ?",
                (_stored(new.path), _stored(new.mtime_ns), _stored(new.look), _stored(new.origin), old.id),
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


def _stored(value: Any) -> Any:
    """A value as SQLite takes it: names that are not valid Unicode as bytes, dates after 2262 as the last it can."""
    if isinstance(value, int):
        return min(value, _LARGEST)
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-8", "surrogatepass")
    return value


def _text(value: object) -> str:
    """What `_stored` made of a text; raises ValueError for anything else."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogatepass")
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    return value


def _as_record(row: Sequence[Any]) -> PhotoRecord:
    fields = dict(zip([name.strip() for name in _PHOTO_COLUMNS.split(",")] + ["id"], row, strict=True))
    for name in ("character", "path", "sha256", "detail", "rules"):
        fields[name] = _text(fields[name])
    for name in ("look", "origin"):
        fields[name] = None if fields[name] is None else _text(fields[name])
    if fields["status"] not in _STATUSES or not all(
        isinstance(fields[name], int) for name in ("size", "mtime_ns", "faces_found", "id")
    ):
        raise ValueError(f"odd facts about {fields['path']}")
    fields["reason"] = None if fields["reason"] is None else Reason(fields["reason"])
    return PhotoRecord(**fields)


def _connect(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(path, error) from error
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        # Of this connection only: nothing is changed in a file before it is known to be ours.
        for pragma in ("synchronous = FULL", "secure_delete = ON", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _connect_read_only(path: Path) -> sqlite3.Connection:
    try:
        if path.is_file():
            path.open("rb").close()  # SQLite does not say why it cannot
        else:
            raise ModelNotFoundError(path, "there is no gallery. Train first: personae train CAST_FOLDER")
    except OSError as error:
        raise StoreError(path, f"cannot be read ({error.strerror}). Check its permissions.") from error
    uri = path.absolute().as_uri()
    connection = sqlite3.connect(
        f"{uri}?mode=ro", uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise
        # On a read-only disk WAL's shared memory cannot be made; nobody can be writing there either.
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and log.stat().st_size:
            raise WriteError(
                path,
                "a training was broken off here and the disk is read-only. Make the folder writable, or copy it, and "
                "run any command on it once.",
            ) from error
        connection = sqlite3.connect(
            f"{uri}?mode=ro&immutable=1", uri=True, isolation_level=None, check_same_thread=False
        )
    except BaseException:
        connection.close()
        raise
    return connection
