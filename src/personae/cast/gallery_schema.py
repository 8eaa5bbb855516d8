"""The gallery's tables, one migration per version, and SQLite's errors in our words."""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from personae.database_guard import check_schema, distrust
from personae.errors import (
    DamagedFileError,
    ForeignFileError,
    ModelNotFoundError,
    ProjectBusyError,
    StoreError,
    TooNewError,
    WriteError,
)
from personae.files import make_private, open_input, write_error
from personae.hints import command

APPLICATION_ID = 0x50525341  # "PRSA", in the file's header: what tells our database from any other
MIGRATIONS: tuple[str, ...] = (
    # 1: the first schema
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE photos (
        id INTEGER PRIMARY KEY,
        character TEXT NOT NULL,
        look TEXT,
        origin TEXT,
        path TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('enrolled', 'rejected')),
        reason TEXT,
        detail TEXT NOT NULL,
        faces_found INTEGER NOT NULL,
        rules TEXT NOT NULL,
        UNIQUE (character, path)
    );
    CREATE TABLE faces (
        photo INTEGER PRIMARY KEY REFERENCES photos (id) ON DELETE CASCADE,
        box BLOB NOT NULL,
        landmarks BLOB NOT NULL,
        detection_score REAL NOT NULL,
        face_px REAL NOT NULL,
        sharpness REAL NOT NULL,
        brightness REAL NOT NULL,
        yaw REAL NOT NULL,
        quality REAL NOT NULL,
        embedding BLOB NOT NULL
    );
    CREATE TABLE edits (
        id INTEGER PRIMARY KEY,
        time TEXT NOT NULL,
        action TEXT NOT NULL,
        detail TEXT NOT NULL
    );
    """,
    # 2: embeddings of each face shrunk to the sizes of COPIES_PX, float32, one after the other; NULL until looked at
    # again
    "ALTER TABLE faces ADD COLUMN copies BLOB;",
    # 3: what a person decided (see placements.py): `given` is the name a photo came in under, `character` what edits
    # made of it; a photo that edits took out is withdrawn and keeps its face, so that it can come back
    """
    ALTER TABLE photos ADD COLUMN given TEXT;
    ALTER TABLE photos ADD COLUMN withdrawn_by INTEGER;
    UPDATE photos SET given = character;
    ALTER TABLE edits ADD COLUMN undone_by INTEGER;
    CREATE TABLE placements (
        id INTEGER PRIMARY KEY,
        edit INTEGER NOT NULL REFERENCES edits (id) ON DELETE CASCADE,
        character TEXT NOT NULL,
        sha256 TEXT,
        becomes TEXT
    );
    CREATE TABLE negatives (
        id INTEGER PRIMARY KEY,
        edit INTEGER NOT NULL REFERENCES edits (id) ON DELETE CASCADE,
        character TEXT NOT NULL,
        path TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        face_px REAL NOT NULL,
        embedding BLOB NOT NULL
    );
    """,
)
VERSION = len(MIGRATIONS)
_BUSY_S = 10.0
_MARK_AT = 68  # where every SQLite file has its application_id
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_UNWRITABLE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)


def migrate(connection: sqlite3.Connection, path: Path, *, read_only: bool) -> None:
    """Bring a database to `VERSION`, each step in one transaction; an empty one becomes a gallery.

    Raises ForeignFileError for a database that is not a gallery, TooNewError for a newer one, DamagedFileError for one
    with other tables, views or triggers than ours in it; none of them is changed.
    """
    connection.execute("BEGIN")  # all about one moment: another process may be making the gallery
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    empty = not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application == APPLICATION_ID and 0 <= version <= VERSION:
        check_schema(connection, path, MIGRATIONS[:version])
        # Three milliseconds per thousand photos: little beside an edit or a training, much beside naming one face.
        if not read_only and (found := connection.execute("PRAGMA quick_check(1)").fetchone()) != ("ok",):
            raise damaged(path, found[0] if found else "quick_check")
    connection.execute("COMMIT")
    if application != APPLICATION_ID and not (empty and version == 0):
        raise ForeignFileError(path, "this database is not a gallery of Personae, and it is left alone.")
    if version > VERSION:
        raise TooNewError(
            path,
            f"written by a newer Personae (gallery version {version}; this one reads {VERSION}). "
            "Update: pip install -U personae",
        )
    if version < 0:
        raise damaged(path, f"version {version}")
    if read_only:
        if not version:
            raise ModelNotFoundError(path, f"nothing is enrolled yet. Train first: {command('train CAST_FOLDER')}")
        if version < VERSION:
            raise StoreError(path, "written by an older Personae; run any command that may write to it once.")
        return
    _use_wal(connection)
    for step in range(version, VERSION):
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE; {MIGRATIONS[step]} PRAGMA application_id = {APPLICATION_ID};"
                f"PRAGMA user_version = {step + 1}; COMMIT;"
            )
        except sqlite3.OperationalError:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if int(connection.execute("PRAGMA user_version").fetchone()[0]) <= step:  # no other was faster
                raise


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL, waiting for another process that is just doing the same (SQLite itself does not wait here)."""
    deadline = time.monotonic() + _BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours, with what to do next."""
    try:
        yield
    except (UnicodeDecodeError, OverflowError, MemoryError) as error:
        raise damaged(path, error) from error
    except sqlite3.ProgrammingError:
        raise  # it was closed
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_NOTADB and not _was_ours(path):
            raise ForeignFileError(
                path,
                "this file is not a gallery of Personae, and it is left alone. Move it away, or choose another "
                "--project.",
            ) from error
        if code in _DAMAGED:
            raise damaged(path, error) from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise ProjectBusyError(
                path, "another process is writing to the gallery. Try again when it has finished."
            ) from error
        if code in _UNWRITABLE:
            raise WriteError(
                path,
                f"cannot be written ({error}). Check free space and permissions, or choose another --project. "
                "Nothing that was there is lost.",
            ) from error
        raise damaged(path, error) from error


def _was_ours(path: Path) -> bool:
    """Whether a file that SQLite does not know bears our mark all the same: a gallery whose first bytes are damaged."""
    try:
        with open_input(path) as file:
            return file.read(_MARK_AT + 4)[_MARK_AT:] == APPLICATION_ID.to_bytes(4, "big")
    except OSError:
        return False


def damaged(path: Path, why: object) -> DamagedFileError:
    """What to do about a damaged gallery."""
    return DamagedFileError(
        path, f"the gallery is damaged ({why}). Restore it from a backup, or move it away and train again."
    )


def connect(path: Path) -> sqlite3.Connection:
    """A connection that may write; the file is made, for its owner alone, where there is none."""
    try:
        make_private(path)  # SQLite gives its other files the same permissions
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "this is a folder")
    except OSError as error:
        raise write_error(path, error) from error
    _is_there(path)
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        distrust(connection)
        # Of this connection only: nothing is changed in a file before it is known to be ours.
        for pragma in ("synchronous = FULL", "secure_delete = ON", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _is_there(path: Path) -> bool:
    """Whether there is a file; SQLite does not say why it cannot open one, and would write into a device."""
    try:
        open_input(path).close()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise StoreError(
            path, f"cannot be read ({error.strerror}). Check its permissions, or choose another --project."
        ) from error
    return True


def connect_read_only(path: Path) -> sqlite3.Connection:
    """A connection that may only read, also on a read-only disk."""
    if not _is_there(path):
        raise ModelNotFoundError(path, f"there is no gallery. Train first: {command('train CAST_FOLDER')}")
    uri = path.absolute().as_uri()
    connection = sqlite3.connect(
        f"{uri}?mode=ro", uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
    )
    try:
        distrust(connection)
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
        distrust(connection)
    except BaseException:
        connection.close()
        raise
    return connection
