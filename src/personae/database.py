"""Our SQLite databases: one way to open them, to bring them to today's version, and to say what went wrong.

A database may come from a stranger, so what SQLite itself advises then is done (sqlite.org/security.html). A file can
carry SQL of its own: a trigger that deletes every photo when one is renamed, a view in place of a table that never
ends. So nothing but the tables that the migrations make may be in it, and SQLite trusts no part of it.
"""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from personae.errors import (
    DamagedFileError,
    ForeignFileError,
    ModelNotFoundError,
    ProjectBusyError,
    StoreError,
    TooNewError,
    WriteError,
)
from personae.files import check_readable, make_private, open_input, write_error

BUSY_S = 10.0
"""How long to wait for another process that writes."""
PRAGMAS = ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0")
# Of one connection only: nothing is changed in a file before it is known to be ours.
_OWN_PRAGMAS = ("synchronous = FULL", "secure_delete = ON", "foreign_keys = ON")
_LIMITS = {
    "SQLITE_LIMIT_LENGTH": 256 << 20,  # of one value: the log of an edit of a very large cast
    "SQLITE_LIMIT_SQL_LENGTH": 100_000,
    "SQLITE_LIMIT_COLUMN": 100,
    "SQLITE_LIMIT_EXPR_DEPTH": 100,
    "SQLITE_LIMIT_COMPOUND_SELECT": 3,
    "SQLITE_LIMIT_VDBE_OP": 25_000,
    "SQLITE_LIMIT_FUNCTION_ARG": 8,
    "SQLITE_LIMIT_ATTACHED": 1,
    "SQLITE_LIMIT_LIKE_PATTERN_LENGTH": 50,
    "SQLITE_LIMIT_VARIABLE_NUMBER": 100,
    "SQLITE_LIMIT_TRIGGER_DEPTH": 10,
}
_SETTINGS = {
    "SQLITE_DBCONFIG_DEFENSIVE": True,
    "SQLITE_DBCONFIG_TRUSTED_SCHEMA": False,
    "SQLITE_DBCONFIG_ENABLE_TRIGGER": False,
    "SQLITE_DBCONFIG_ENABLE_VIEW": False,
}
_MOST_ENTRIES = 100
_MARK_AT = 68  # where every SQLite file has its application_id
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_UNWRITABLE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
Entry = tuple[str, str, str, str]
"""Kind, name, table and SQL of one entry in a schema; white space in the SQL made alike."""


@dataclass(frozen=True)
class Kind:
    """One kind of database of ours.

    `thing`: what it is called in messages; `mark`: application_id in the file's header, which tells it from any other;
    `migrations`: SQL from each version to the next; `upgrades`: version -> what is then done to the rows, in the same
    transaction; `remedy`: what to do about a damaged one; `missing`: says what to do where there is none;
    `may_be_foreign`: whether a file without our mark is somebody else's rather than a damaged one of ours.
    """

    thing: str
    mark: int
    migrations: tuple[str, ...]
    remedy: str
    missing: Callable[[], str] = str
    may_be_foreign: bool = True
    upgrades: Mapping[int, Callable[[sqlite3.Connection], None]] = field(default_factory=dict)

    @property
    def one(self) -> str:
        """One of its kind, in messages."""
        return f"a {self.thing.removeprefix('the ')}"

    def damaged(self, path: Path, why: object) -> DamagedFileError:
        """What to do about a damaged one."""
        return DamagedFileError(path, f"{self.thing} is damaged ({why}). {self.remedy}")


def connect(path: Path, kind: Kind) -> sqlite3.Connection:
    """A connection that may write, in a database of the newest version; made, for its owner alone, where none is.

    Raises ForeignFileError, TooNewError, DamagedFileError, WriteError, StoreError; the file is then left as it is.
    """
    with sqlite_errors(path, kind):
        try:
            make_private(path)  # SQLite gives its other files the same permissions
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, "this is a folder")
        except OSError as error:
            raise write_error(path, error) from error
        _is_there(path)
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            distrust(connection)
            for pragma in _OWN_PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
            _migrate(connection, path, kind, read_only=False)
        except BaseException:
            connection.close()
            raise
        return connection


def connect_read_only(path: Path, kind: Kind) -> sqlite3.Connection:
    """A connection that may only read, also on a read-only disk; raises ModelNotFoundError where there is none."""
    with sqlite_errors(path, kind):
        if not _is_there(path):
            raise ModelNotFoundError(path, f"there is no {kind.one.removeprefix('a ')}. {kind.missing()}")
        connection = _open_read_only(path)
        try:
            _migrate(connection, path, kind, read_only=True)
        except BaseException:
            connection.close()
            raise
        return connection


def _open_read_only(path: Path) -> sqlite3.Connection:
    uri = path.absolute().as_uri()
    connection = sqlite3.connect(
        f"{uri}?mode=ro", uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False
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


def _is_there(path: Path) -> bool:
    """Whether there is a file; SQLite does not say why it cannot open one, and would write into a device.

    It is looked at and not opened: to close a file takes away every lock that this process has on it (POSIX), also
    those of other threads' connections, and two writers without a lock damage a database.
    """
    try:
        check_readable(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise StoreError(
            path, f"cannot be read ({error.strerror}). Check its permissions, or choose another --project."
        ) from error
    return True


def _migrate(connection: sqlite3.Connection, path: Path, kind: Kind, *, read_only: bool) -> None:
    """Bring a database to its newest version, each step in one transaction; an empty one becomes one of that kind."""
    newest = len(kind.migrations)
    connection.execute("BEGIN")  # all about one moment: another process may be making it
    version, application = _number(connection, "user_version"), _number(connection, "application_id")
    ours = application == kind.mark
    tables = _entries(connection)
    if ours and 0 <= version <= newest:
        check_schema(connection, path, kind.migrations[:version])
        # Three milliseconds per thousand photos: little beside an edit or a training, much beside naming one face.
        if not read_only and (found := connection.execute("PRAGMA quick_check(1)").fetchone()) != ("ok",):
            raise kind.damaged(path, found[0] if found else "quick_check")
    connection.execute("COMMIT")
    if not ours and (tables or version):
        held = f" (it holds the {tables[0][0]} {tables[0][1]!a})" if tables else ""
        raise ForeignFileError(path, f"this database is not {kind.one} of Personae{held}, and it is left alone.")
    if version > newest:
        raise TooNewError(
            path,
            f"written by a newer Personae (version {version}; this one reads {newest}). "
            "Update: pip install -U personae",
        )
    if version < 0:
        raise kind.damaged(path, f"version {version}")
    if not read_only:
        _use_wal(connection)
        for step in range(version, newest):
            _take_step(connection, path, kind, step)
    elif not version:
        raise ModelNotFoundError(path, f"nothing is enrolled yet. {kind.missing()}")
    elif version < newest:
        raise StoreError(path, "written by an older Personae; run any command that may write to it once.")


def _take_step(connection: sqlite3.Connection, path: Path, kind: Kind, step: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _number(connection, "user_version") == step:  # no other process was faster
            for statement in filter(str.strip, kind.migrations[step].split(";")):
                connection.execute(statement)
            if step + 1 in kind.upgrades:
                try:
                    kind.upgrades[step + 1](connection)
                except (ValueError, TypeError, KeyError) as error:
                    raise kind.damaged(path, error) from error
            connection.execute(f"PRAGMA application_id = {kind.mark}")
            connection.execute(f"PRAGMA user_version = {step + 1}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL, waiting for another process that is just doing the same (SQLite itself does not wait here)."""
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def files_of(path: Path) -> list[Path]:
    """The files of a database that are there: its own, and what SQLite keeps beside it."""
    every = (path.with_name(path.name + end) for end in ("", "-wal", "-shm", "-journal"))
    return [one for one in every if one.exists()]


def image_of(path: Path, kind: Kind) -> bytes:
    """Every page of a database, those that are free too, read through SQLite.

    Who opens the file beside SQLite takes the locks of other threads away when he closes it; see `_is_there`. Raises
    a StoreError.
    """
    with sqlite_errors(path, kind):
        connection = _open_read_only(path)
        try:
            return connection.serialize()
        finally:
            connection.close()


@contextmanager
def sqlite_errors(path: Path, kind: Kind) -> Iterator[None]:
    """Turn SQLite's errors into ours, with what to do next."""
    try:
        yield
    except (UnicodeDecodeError, OverflowError, MemoryError) as error:
        raise kind.damaged(path, error) from error
    except sqlite3.ProgrammingError:
        raise  # it was closed
    except sqlite3.Error as error:
        raise _translated(path, kind, error) from error


def _translated(path: Path, kind: Kind, error: sqlite3.Error) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_NOTADB and kind.may_be_foreign and not _was_ours(path, kind):
        return ForeignFileError(
            path,
            f"this file is not {kind.one} of Personae, and it is left alone. Move it away, or choose another "
            "--project.",
        )
    if code in _DAMAGED:
        return kind.damaged(path, error)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return ProjectBusyError(path, f"another process is writing to {kind.thing}. Try again when it has finished.")
    if code in _UNWRITABLE:
        return WriteError(
            path,
            f"cannot be written ({error}). Check free space and permissions, or choose another --project. "
            "Nothing that was there is lost.",
        )
    return kind.damaged(path, error)


def _was_ours(path: Path, kind: Kind) -> bool:
    """Whether a file that SQLite does not know bears our mark all the same: its first bytes are damaged."""
    try:
        with open_input(path) as file:
            return file.read(_MARK_AT + 4)[_MARK_AT:] == kind.mark.to_bytes(4, "big")
    except OSError:
        return False


def empty_log(connection: sqlite3.Connection, path: Path, kind: Kind) -> None:
    """Write everything anew without gaps and empty the write-ahead log: what was removed is nowhere any more.

    Raises ProjectBusyError where another process goes on reading: what it reads is not overwritten.
    """
    for step in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
        rows = connection.execute(step).fetchall()
        if rows and rows[0][0]:
            raise ProjectBusyError(path, f"another process is reading {kind.thing}. Try again when it has finished.")


# What a stranger may have put in


def distrust(connection: sqlite3.Connection) -> None:
    """Set up a connection just made, so that nothing in the file can act."""
    for name, value in _LIMITS.items():
        connection.setlimit(getattr(sqlite3, name), value)
    configure = getattr(connection, "setconfig", None)  # from Python 3.12 on
    if configure is not None:
        for name, switched_on in _SETTINGS.items():
            configure(getattr(sqlite3, name), switched_on)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def check_schema(connection: sqlite3.Connection, path: Path, migrations: Sequence[str]) -> None:
    """Raise DamagedFileError unless exactly that is in the schema which `migrations` make."""
    found, wanted = frozenset(_entries(connection)), _made_by(tuple(migrations))
    if found == wanted:
        return
    # Foreign views and triggers first: they are why this is checked.
    (kind, name, _, _), *_ = sorted(found - wanted, reverse=True) or sorted(wanted - found, reverse=True)
    what = "is not one that Personae makes" if found - wanted else "is missing"
    raise DamagedFileError(
        path,
        f"the {kind} {name!a} of this database {what}: somebody has changed the file, and nothing in it is used. "
        "Restore it from a backup, or move it away and train again.",
    )


def _entries(connection: sqlite3.Connection) -> list[Entry]:
    rows = connection.execute(f"SELECT type, name, tbl_name, sql FROM sqlite_schema LIMIT {_MOST_ENTRIES}")
    return [(str(kind), str(name), str(table), " ".join(str(sql).split())) for kind, name, table, sql in rows]


@lru_cache(maxsize=16)
def _made_by(migrations: tuple[str, ...]) -> frozenset[Entry]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for script in migrations:
            connection.executescript(script)
        return frozenset(_entries(connection))
    finally:
        connection.close()
