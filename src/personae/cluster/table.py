"""The table of pieces: the table of jobs, on a database that many machines reach, and what came of each piece.

PostgreSQL, or SQLite for workers of one machine. A piece is a job of the kind "look"; its `what` is the piece, and it
belongs to who asked (`said_by`). Nothing of it is left once its result is in its place.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from personae.cluster.faults import ClusterError
from personae.cluster.network_disks import kind_of_network
from personae.cluster.piece import Piece
from personae.errors import MissingExtraError, StoreError
from personae.jobs.job import ENDED, Claim, Job
from personae.jobs.rows import JOBS, LINES
from personae.jobs.table import LEASE_S, JobTable
from personae.piece_rows import SQLITE, shown, url_of

KIND = "look"
VERSION = 1
KEPT_S = 7 * 86_400.0
"""What nobody has fetched for so long goes: its owner is gone."""
MOST_WAITING = 1_000_000
_READS = "personae_reads"
_META = sa.MetaData()
FACTS = sa.Table(
    "personae_pieces",
    _META,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
RESULTS = sa.Table(
    "piece_results",
    _META,
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)


@dataclass(frozen=True)
class Standing:
    """How a piece stands: a state as jobs have it, and JSON texts."""

    state: str
    progress: str
    error: str


class PieceTable:
    """Pieces that are to be looked through. Safe to use from many threads, processes and machines.

    Every method may raise StoreError: the database cannot be reached.
    """

    def __init__(self, engine: Engine, *, lease_s: float = LEASE_S) -> None:
        self._engine = engine
        self.jobs = JobTable(engine, lease_s=lease_s, most_waiting=MOST_WAITING)

    @classmethod
    def at(cls, address: str, *, lease_s: float = LEASE_S) -> Self:
        """The table at a database's address, made where it is missing.

        Raises ClusterError for a database that cannot be used, MissingExtraError.
        """
        url = _url(address)
        engine = sa.create_engine(url, pool_pre_ping=True, pool_size=4, max_overflow=16, **_options(url))
        if url.get_backend_name() == "sqlite":
            with contextlib.suppress(OSError):  # said below, when it is opened
                Path(str(url.database)).touch(0o600)  # faces wait in it
            event.listen(engine, "connect", _as_we_begin)
            event.listen(engine, "begin", _begin)
        try:
            with engine.begin() as connection:
                _made(connection)
        except ClusterError:
            engine.dispose()
            raise
        except sa.exc.SQLAlchemyError as error:
            engine.dispose()
            raise ClusterError(f"The database {shown(address)} cannot be used: {_reason(error)}.") from None
        return cls(engine, lease_s=lease_s)

    def close(self) -> None:
        """Let the connections go."""
        self.jobs.close()

    # For who asks

    def ask(self, piece: Piece, owner: str) -> Job:
        """Have a piece looked through; asked again, the job that there is, tried anew where it was given up."""
        job = self.jobs.add(KIND, piece.as_dict(), request=f"{owner}:{piece.id}", by=owner)
        if job.state in {"failed", "cancelled"}:
            return self.jobs.retry(job.id) or job
        return job

    def states(self, ids: Sequence[str]) -> list[Job]:
        """The jobs of these ids."""
        with self._connected(reads=True) as connection:
            return self.jobs.read(connection, JOBS.c.id.in_(ids))

    def standing(self, owner: str) -> dict[str, Standing]:
        """How every piece of an owner stands, by the job's id."""
        columns = (JOBS.c.id, JOBS.c.state, JOBS.c.progress, JOBS.c.error)  # what is asked for is long, and known
        with self._connected(reads=True) as connection:
            found = connection.execute(sa.select(*columns).where(JOBS.c.said_by == owner)).all()
        return {id: Standing(state, progress, error) for id, state, progress, error in found}

    def content(self, id: str) -> bytes | None:
        """What came of a piece; None where nothing has."""
        with self._connected(reads=True) as connection:
            found = connection.scalar(sa.select(RESULTS.c.content).where(RESULTS.c.job == id))
            return None if found is None else bytes(found)

    def leave(self, ids: Sequence[str]) -> None:
        """Have nothing left of these pieces; who works on one is told to end."""
        with self._connected() as connection:
            _delete(connection, ids)

    def working(self) -> list[str]:
        """The workers that have a piece."""
        with self._connected(reads=True) as connection:
            return list(connection.scalars(sa.select(JOBS.c.worker).where(JOBS.c.state == "running").distinct()))

    # For who works

    def claim(self, worker: str, *, without: Collection[str] = ()) -> Claim | None:
        """See `JobTable.claim`."""
        return self.jobs.claim(worker, without=without)

    def finish(self, claim: Claim, content: bytes) -> bool:
        """Send what came of a piece; False where another worker has it now, or nobody wants it any more."""

        def bring(connection: Connection) -> None:
            connection.execute(RESULTS.delete().where(RESULTS.c.job == claim.id))
            connection.execute(RESULTS.insert().values(job=claim.id, content=content))

        return self.jobs.finish(claim, {"bytes": len(content)}, also=bring)

    def fail(self, claim: Claim, why: str, machine: str) -> bool:
        """No machine could do it; False as `finish`."""
        return self.jobs.fail(claim, {"code": "film", "detail": why, "machine": machine}, f"{why} (on {machine})")

    def leave_old(self) -> None:
        """Have nothing left of what has waited for its owner too long."""
        with self._connected() as connection:
            now = self.jobs.now(connection)
            old = sa.and_(JOBS.c.ended < now - KEPT_S, JOBS.c.state.in_(ENDED))
            _delete(connection, list(connection.scalars(sa.select(JOBS.c.id).where(old))))

    @contextmanager
    def _connected(self, *, reads: bool = False) -> Iterator[Connection]:
        """A transaction; `reads`: it writes nothing, and keeps nobody waiting who does."""
        try:
            with self._engine.connect().execution_options(**{_READS: reads}) as connection, connection.begin():
                connection.info["ended"] = []
                yield connection
        except sa.exc.SQLAlchemyError as error:
            raise StoreError("pieces", f"the database cannot be used ({_reason(error)}).") from error


def worker_name() -> str:
    """What this machine is called."""
    return socket.gethostname() or "a machine"


def _url(address: str) -> sa.URL:
    try:
        url: sa.URL = url_of(address)
    except sa.exc.ArgumentError:
        raise ClusterError(
            f"{shown(address)!r} is no address of a database. Say postgresql://USER@HOST/NAME."
        ) from None
    name = url.get_backend_name()
    if name == "postgresql":
        try:
            import psycopg  # noqa: F401
        except ImportError:
            raise MissingExtraError("What reaches PostgreSQL", "cluster") from None
        return url
    if name != "sqlite":
        why = "for Dask start `dask worker` there" if name in ("tcp", "tls") else "or sqlite:////FILE on one machine"
        raise ClusterError(f"{name}:// is no database for pieces: write postgresql://USER@HOST/NAME; {why}.")
    if not url.database or url.database == ":memory:":
        raise ClusterError("Give the file: sqlite:////folder/pieces.db")
    kind = kind_of_network(Path(url.database).absolute())
    if kind:
        raise ClusterError(
            f"{url.database} lies on a network disk ({kind}), on which the locks of SQLite do not hold, and files get "
            "damaged. Use PostgreSQL for several machines, or a file on a disk of this machine."
        )
    return url


def _options(url: sa.URL) -> Mapping[str, Any]:
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": 30.0}}
    # A machine that is cut off must not leave a worker waiting for hours.
    return {
        "connect_args": {
            "connect_timeout": 10, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
            "tcp_user_timeout": 30_000,
        }
    }  # fmt: skip


def _begin(connection: Connection) -> None:
    """One that writes begins as a writer, or two wait for each other in vain."""
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(_READS) else "BEGIN IMMEDIATE")


def _as_we_begin(connection: Any, record: Any) -> None:
    """The driver begins no transactions of its own (see `JobTable.of_project`), and what is deleted is overwritten."""
    connection.isolation_level = None
    for line in SQLITE:
        connection.execute(line)


def _made(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(7337363)"))  # two that begin at once
    for meta in (_META, JOBS.metadata):
        meta.create_all(connection)
    found = connection.scalar(sa.select(FACTS.c.value).where(FACTS.c.name == "version"))
    if found is None:
        connection.execute(FACTS.insert().values(name="version", value=str(VERSION)))
    elif found != str(VERSION):
        raise ClusterError(
            f"The pieces in this database are of version {found}, and this Personae reads version {VERSION}. Use the "
            "same Personae on all machines, or another database."
        )


def _delete(connection: Connection, ids: Sequence[str]) -> None:
    for table, column in ((RESULTS, RESULTS.c.job), (LINES, LINES.c.job), (JOBS, JOBS.c.id)):
        for at in range(0, len(ids), 500):
            connection.execute(table.delete().where(column.in_(ids[at : at + 500])))


def _reason(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0][:200]
