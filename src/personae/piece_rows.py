"""Where a project has asked for pieces of films, and how nothing of them is left there (see `personae.cluster`).

What comes back of a piece are faces without names. Whoever forgets somebody has to reach those too that no machine has
brought home yet.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from personae.checks import Fields, MisfitError, parsed, text
from personae.errors import DamagedFileError, reason_of
from personae.files import file_lock, read_whole, write_whole

PIECES_FILE = "pieces.json"
SCHEMA = "personae/pieces/1"
CONNECT_S = 10
AGAIN_AFTER_S = 60.0
"""So long a database that a forgetting could not reach is not tried again by the way: each try may take `CONNECT_S`."""
SQLITE = ("PRAGMA journal_mode = WAL", "PRAGMA secure_delete = ON", "PRAGMA busy_timeout = 30000")
"""What each connection to a table of pieces in SQLite begins with: what is deleted is overwritten."""
_OWN = "SELECT id FROM jobs WHERE said_by = :owner"
_DELETIONS = (
    f"DELETE FROM piece_results WHERE job IN ({_OWN})",
    f"DELETE FROM job_lines WHERE job IN ({_OWN})",
    "DELETE FROM jobs WHERE said_by = :owner",
)


@dataclass(frozen=True)
class _Noted:
    """What the file holds. `left`: those of the `databases` that a forgetting could not reach; `tried`: when it did."""

    owner: str = ""
    databases: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    tried: float = 0.0


class PieceRows:
    """The databases that one project has asked, in a file for its owner alone: their addresses hold passwords."""

    def __init__(self, project: Path) -> None:
        self.path = project / PIECES_FILE

    def owner(self) -> str:
        """What the project is called in databases that several share: told from others, and saying nothing else."""
        found = self._read()
        if not found.owner:
            with self._alone():
                found = self._read()
                if not found.owner:
                    found = replace(found, owner=uuid4().hex)
                    self._write(found)
        return found.owner

    def note(self, address: str) -> None:
        """Note a database before the first piece is put into it."""
        if address in self._read().databases:
            return
        with self._alone():
            found = self._read()
            databases = tuple(dict.fromkeys((*found.databases, address)))
            self._write(replace(found, owner=found.owner or uuid4().hex, databases=databases))

    def forget(self) -> tuple[int, list[tuple[str, str]]]:
        """Have nothing left of any piece: how many there were, and (database, why) of those not reached.

        One that was reached is noted no more; the others are tried again, see `clean`, and by the next forgetting.
        """
        noted = self._read()
        count, left, unreached = 0, list[str](), list[tuple[str, str]]()
        for address in noted.databases:
            try:
                count += _deleted(address, noted.owner)
            except _not_reached() as error:
                left.append(address)
                unreached.append((shown(address), reason_of(error)))
        reached = [address for address in noted.databases if address not in left]
        if noted.databases:
            with self._alone():  # another one may have been noted meanwhile
                now = self._read()
                databases = tuple(one for one in now.databases if one not in reached)
                self._write(replace(now, databases=databases, left=tuple(left), tried=time.time()))
            self._note_again(noted.owner, reached)
        return count, unreached

    def has_left(self) -> bool:
        """Whether a database that a forgetting could not reach is to be tried again."""
        try:
            noted = self._read()
        except (OSError, DamagedFileError):  # one that is damaged keeps nobody from working
            return False
        return bool(noted.left) and not 0 <= time.time() - noted.tried < AGAIN_AFTER_S

    def clean(self, only: str | None = None) -> list[str]:
        """Try those again that a forgetting could not reach: which were reached, without passwords.

        Not sooner than `has_left` says, but for `only` one, that is about to be asked.
        """
        if only is None and not self.has_left():
            return []
        noted, reached = self._read(), list[str]()
        for address in (one for one in noted.left if only in (None, one)):
            with contextlib.suppress(*_not_reached()):
                _deleted(address, noted.owner)
                reached.append(address)
        if reached or (only is None and noted.left):
            with self._alone():
                now = self._read()
                left = tuple(one for one in now.left if one not in reached)
                self._write(replace(now, left=left, tried=time.time()))
        return [shown(one) for one in reached]

    def _note_again(self, owner: str, reached: list[str]) -> None:
        """A scan under way may have asked anew before its note was taken away."""
        for address in reached:
            with contextlib.suppress(*_not_reached()):
                if _count(address, owner):
                    self.note(address)

    def _alone(self) -> AbstractContextManager[None]:
        lock = self.path.with_name(f".{PIECES_FILE}.lock")
        return file_lock(lock, CONNECT_S, self.path, "note a database")

    def _read(self) -> _Noted:
        try:
            row = Fields(parsed(read_whole(self.path).decode()))
            owner, databases = row.text("owner"), tuple(row.each("databases", text))
            if row.get_or_none("left") is None:
                return _Noted(owner, databases)
            return _Noted(owner, databases, tuple(row.each("left", text)), row.number("tried"))
        except FileNotFoundError:
            return _Noted()
        except (MisfitError, ValueError) as error:
            raise DamagedFileError(self.path, f"the list of databases is damaged ({error}). Move it away.") from None

    def _write(self, noted: _Noted) -> None:
        write_whole(self.path, json.dumps({"schema": SCHEMA, **asdict(noted)}).encode(), private=True)


def shown(address: str) -> str:
    """An address as it may be shown: without its password."""
    scheme, separator, rest = address.partition("://")
    who, at, where = rest.rpartition("@")
    return f"{scheme}{separator}{who.partition(':')[0]}{at}{where}"


def url_of(address: str) -> Any:
    """An address as SQLAlchemy takes it, with the driver that is installed; raises its ArgumentError."""
    import sqlalchemy as sa

    url = sa.engine.make_url(address)
    return url.set(drivername="postgresql+psycopg") if url.get_backend_name() == "postgresql" else url


@contextlib.contextmanager
def _engine(address: str) -> Iterator[Any]:
    """A database; None for a file that is not there."""
    import sqlalchemy as sa

    url = url_of(address)
    options = {"timeout": CONNECT_S} if url.get_backend_name() == "sqlite" else {"connect_timeout": CONNECT_S}
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        yield None
        return
    engine = sa.create_engine(url, connect_args=options)
    try:
        yield engine
    finally:
        engine.dispose()


def _count(address: str, owner: str) -> int:
    """How many pieces wait there."""
    import sqlalchemy as sa

    with _engine(address) as engine:
        if engine is None:
            return 0
        with engine.connect() as connection:
            found = connection.scalar(sa.text(f"SELECT count(*) FROM ({_OWN}) AS own"), {"owner": owner})
            return int(found or 0)


def _deleted(address: str, owner: str) -> int:
    import sqlalchemy as sa

    with _engine(address) as engine:
        if engine is None:
            return 0
        with engine.begin() as connection:
            if engine.dialect.name == "sqlite":
                connection.execute(sa.text("PRAGMA secure_delete = ON"))
            found = [connection.execute(sa.text(line), {"owner": owner}).rowcount for line in _DELETIONS]
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # What was deleted is to be gone from the files too.
            for line in (
                ("PRAGMA wal_checkpoint(TRUNCATE)",)
                if engine.dialect.name == "sqlite"
                else ("VACUUM FULL piece_results", "VACUUM FULL job_lines", "VACUUM FULL jobs")
            ):
                connection.execute(sa.text(line))
        return int(found[-1])


def _not_reached() -> tuple[type[Exception], ...]:
    try:
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError:
        return (ImportError,)
    return ImportError, SQLAlchemyError, OSError
