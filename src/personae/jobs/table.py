"""The table of jobs: who asked for what, who works on it, what became of it. SQLite in a project, or PostgreSQL.

A worker takes a job with a lease and a fencing number, and renews the lease while it works (its heart beats). Where it
does not, the lease ends and another worker takes the job, with a higher number: what the first one still sends counts
for nothing. A job that has ended its worker three times fails alone.

Every time is the database's own, so that workers' clocks do not matter.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import QueuePool

from personae.database import connect, sqlite_errors
from personae.errors import InputError, LimitError, StoreError
from personae.job_rows import JobRows
from personae.jobs.job import ENDED, Claim, Job, Line, State
from personae.jobs.rows import JOBS, LINES, job_of, text_of
from personae.jobs.uploaded import GONE, leave_uploads, uploads_are_gone
from personae.ledger import KIND, LEDGER_FILE

LEASE_S = 30.0
"""So long a worker may be silent."""
MOST_TRIES = 3
"""A job that ended so many workers fails."""
AGAIN_AFTER_S = 5.0
"""A job that could not be done because others wrote is not tried again before."""
MOST_WAITING = 10_000
_LARGEST = 2**63
"""SQLite has no larger numbers."""
_NEXT = (sa.desc(JOBS.c.priority), JOBS.c.number)


class JobTable:
    """The jobs of one project. Safe to use from many threads and processes. Every method may raise StoreError."""

    def __init__(self, engine: Engine, *, lease_s: float = LEASE_S, most_waiting: int | None = None) -> None:
        self._engine = engine
        self.lease_s = lease_s
        self._most_waiting = most_waiting

    @classmethod
    def of_project(cls, project: Path, *, lease_s: float = LEASE_S, most_waiting: int | None = None) -> Self:
        """The table in the project's own database; nothing is opened before it is used.

        `most_waiting`: so many jobs may wait at once.
        """
        path = project / LEDGER_FILE
        # The driver must not begin transactions of its own: one that writes begins as a writer, or two wait for each
        # other in vain.
        engine = sa.create_engine("sqlite://", creator=lambda: connect(path, KIND), poolclass=QueuePool, pool_size=4)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        table = cls(engine, lease_s=lease_s, most_waiting=most_waiting)
        table._path = path
        return table

    _path: Path | None = None
    _names_left = False

    def close(self) -> None:
        """Let the connections go."""
        self._engine.dispose()

    # Asking

    def add(self, kind: str, what: Mapping[str, Any], *, request: str = "", by: str = "", priority: int = 0) -> Job:
        """Ask for work; the same `request` sent again is the job that it made. Raises LimitError: too many wait."""
        request = request or uuid4().hex
        with self._writing() as connection:
            known = _one(connection, JOBS.c.request == request)
            if known is not None:
                return known
            waiting = connection.scalar(sa.select(sa.func.count()).where(JOBS.c.state == "waiting")) or 0
            if waiting >= (MOST_WAITING if self._most_waiting is None else self._most_waiting):
                raise LimitError(f"{waiting} jobs are waiting already. Wait until some are done, or cancel some.")
            now, id = self.now(connection), uuid4().hex
            connection.execute(
                JOBS.insert().values(
                    id=id, kind=kind, what=text_of(what), request=request, said_by=by, state="waiting",
                    priority=priority, made=now, fence=0, tries=0, worker="", lease_until=0.0, wants_cancel=0,
                    progress="{}", result="{}", error="{}",
                )
            )  # fmt: skip
            _note(connection, id, now, f"asked for{f' by {by}' if by else ''}")
            return self._read(connection, id)

    def get(self, id: str) -> Job | None:
        """One job; None for an id that is none."""
        with self._reading() as connection:
            return _one(connection, JOBS.c.id == id)

    def page(
        self, *, after: int = 0, most: int = 100, states: tuple[State, ...] = (), since: float | None = None
    ) -> tuple[list[Job], int]:
        """Up to `most` jobs in the order in which they were asked for, and where to go on (0: that is all).

        `since`: without those that had ended before that time.
        """
        found = sa.select(JOBS).where(JOBS.c.number > after).order_by(JOBS.c.number).limit(most + 1)
        if states:
            found = found.where(JOBS.c.state.in_(states))
        if since is not None:
            found = found.where(sa.or_(JOBS.c.ended.is_(None), JOBS.c.ended >= since))
        with self._reading() as connection:
            rows = connection.execute(found).all() if after < _LARGEST else []
        return [job_of(row) for row in rows[:most]], rows[most - 1].number if len(rows) > most else 0

    def open(self) -> list[Job]:
        """Every job that waits or runs, in the order in which they were asked for."""
        found = sa.select(JOBS).where(JOBS.c.state.not_in(ENDED)).order_by(JOBS.c.number)
        with self._reading() as connection:
            return [job_of(row) for row in connection.execute(found).all()]

    def history(self, id: str) -> list[Line]:
        """What became of a job, oldest first."""
        with self._reading() as connection:
            rows = connection.execute(sa.select(LINES).where(LINES.c.job == id).order_by(LINES.c.number)).all()
        return [Line(row.number, row.time, row.line) for row in rows]

    def cancel(self, id: str, *, by: str = "") -> Job | None:
        """Cancel a job: at once where nobody works on it, else at the worker's next heartbeat; None for no job."""
        with self._writing() as connection:
            job = _one(connection, JOBS.c.id == id)
            if job is None or job.state in ENDED or job.wants_cancel:
                return job
            now, who = self.now(connection), f" by {by}" if by else ""
            if job.state == "waiting":
                _end(connection, job, "cancelled", now, f"cancelled{who}")
            else:
                _set(connection, id, wants_cancel=1)
                _note(connection, id, now, f"to be cancelled{who}")
            return self._read(connection, id)

    def retry(self, id: str, *, by: str = "") -> Job | None:
        """Ask again for a job that failed or was cancelled: it goes on from what it left; None for no job.

        Raises InputError where what it was about is gone: forgotten, or uploaded for it.
        """
        with self._writing() as connection:
            job = _one(connection, JOBS.c.id == id)
            if job is None or job.state not in {"failed", "cancelled"}:
                return job
            if not job.what or uploads_are_gone(job):
                raise InputError(GONE)
            _set(
                connection, id,
                state="waiting", tries=0, wants_cancel=0, worker="", lease_until=0.0, ended=None, error="{}",
            )  # fmt: skip
            _note(connection, id, self.now(connection), f"asked for again{f' by {by}' if by else ''}")
            return self._read(connection, id)

    def prefer(self, id: str, priority: int, *, by: str = "") -> Job | None:
        """Change how early a job comes: higher numbers first; None for no job."""
        with self._writing() as connection:
            job = _one(connection, JOBS.c.id == id)
            if job is None or job.priority == priority or job.state in ENDED:
                return job
            _set(connection, id, priority=priority)
            _note(connection, id, self.now(connection), f"priority {priority}{f' by {by}' if by else ''}")
            return self._read(connection, id)

    def counts(self) -> dict[tuple[str, str], int]:
        """How many jobs there are by (kind, state)."""
        found = sa.select(JOBS.c.kind, JOBS.c.state, sa.func.count()).group_by(JOBS.c.kind, JOBS.c.state)
        with self._reading() as connection:
            return {(kind, state): count for kind, state, count in connection.execute(found)}

    # Working

    def claim(self, worker: str, *, but: Collection[str] = (), without: Collection[str] = ()) -> Claim | None:
        """Take the next job, with a lease and a fencing number of its own; None where there is nothing to do.

        `but`: kinds that this worker leaves to others; `without`: jobs, by their ids.
        Of jobs whose worker fell silent those are failed first that did so `MOST_TRIES` times.
        """
        with self._writing() as connection:
            now = self.now(connection)
            self._end_poisonous(connection, now)
            free = sa.and_(
                JOBS.c.state.not_in(ENDED), JOBS.c.lease_until < now, JOBS.c.kind.not_in(but), JOBS.c.id.not_in(without)
            )
            next_one = sa.select(JOBS).where(free).order_by(*_NEXT).limit(1).with_for_update(skip_locked=True)
            row = connection.execute(next_one).first()
            if row is None:
                return None
            job = job_of(row)
            lost = f" (the worker {job.worker} fell silent)" if job.worker and job.lease_until else ""
            if job.wants_cancel:
                _end(connection, job, "cancelled", now, f"cancelled{lost}")
                return None
            _set(
                connection, job.id,
                state="running", fence=job.fence + 1, tries=job.tries + 1, worker=worker,
                lease_until=now + self.lease_s, began=now if job.began is None else job.began,
            )  # fmt: skip
            _note(connection, job.id, now, f"taken by {worker}{lost}")
            return Claim(self._read(connection, job.id))

    def beat(self, claim: Claim, progress: Mapping[str, Any] | None = None) -> bool:
        """Renew the lease, and say how far it is; False where the work is to end: cancelled, or no longer its own."""
        with self._writing() as connection:
            values: dict[str, Any] = {"lease_until": self.now(connection) + self.lease_s}
            if progress is not None:
                values["progress"] = text_of(progress)
            own = _owned(claim)
            if not connection.execute(JOBS.update().where(own).values(**values)).rowcount:
                return False
            return not connection.scalar(sa.select(JOBS.c.wants_cancel).where(JOBS.c.id == claim.id))

    def finish(
        self, claim: Claim, result: Mapping[str, Any], *, also: Callable[[Connection], None] | None = None
    ) -> bool:
        """The work is committed; False where the job is no longer this worker's. `also`: written with it, or not."""
        return self._end(claim, "done", "done", also=also, result=text_of(result))

    def fail(self, claim: Claim, error: Mapping[str, Any], why: str) -> bool:
        """The work cannot be done; False as `finish`."""
        return self._end(claim, "failed", f"failed: {why}", error=text_of(error))

    def cancelled(self, claim: Claim) -> bool:
        """The worker stopped as it was asked to; False as `finish`."""
        return self._end(claim, "cancelled", "cancelled")

    def put_back(self, claim: Claim, why: str) -> bool:
        """The work could not be begun or ended because others wrote: it waits, and is tried again; False as `finish`.

        It is no try, and only the latest of such lines stays in its history.
        """
        with self._writing() as connection:
            now, taken = self.now(connection), f"taken by {claim.job.worker}"
            waits = {"state": "waiting", "worker": "", "lease_until": now + AGAIN_AFTER_S, "tries": JOBS.c.tries - 1}
            if not connection.execute(JOBS.update().where(_owned(claim)).values(**waits, progress="{}")).rowcount:
                return False
            line = f"put back: {why}"
            connection.execute(LINES.delete().where(LINES.c.job == claim.id, LINES.c.line.in_((taken, line))))
            _note(connection, claim.id, now, line)
            return True

    def release(self, worker: str | None, why: str, *, was_asked: bool = False) -> None:
        """A worker is known to have ended, or every one (None): what it had taken is free at once.

        `was_asked`: it was told to, so that its job waits again and is not held to have ended it.
        """
        with self._writing() as connection:
            now = self.now(connection)
            own = JOBS.c.state == "running"
            if worker is not None:
                own = sa.and_(own, JOBS.c.worker == worker)
            for row in connection.execute(sa.select(JOBS.c.id).where(own)).all():
                _note(connection, row.id, now, why)
            values: dict[str, Any] = {"lease_until": 0.0}
            if was_asked:
                values |= {"state": "waiting", "worker": "", "tries": JOBS.c.tries - 1}
            connection.execute(JOBS.update().where(own).values(**values))
            self._end_poisonous(connection, now)

    # Inside

    def _end(
        self,
        claim: Claim,
        state: State,
        line: str,
        *,
        also: Callable[[Connection], None] | None = None,
        **values: Any,
    ) -> bool:
        with self._writing() as connection:
            if connection.execute(sa.select(JOBS.c.id).where(_owned(claim)).with_for_update()).first() is None:
                return False
            if also is not None:
                also(connection)
            _end(connection, claim.job, state, self.now(connection), line, **values)
            return True

    def _end_poisonous(self, connection: Connection, now: float) -> None:
        gone = sa.and_(JOBS.c.state == "running", JOBS.c.lease_until < now, JOBS.c.tries >= MOST_TRIES)
        for row in connection.execute(sa.select(JOBS).where(gone).with_for_update(skip_locked=True)).all():
            why = f"it ended {row.tries} workers, {row.worker} last"
            own = sa.and_(LINES.c.job == row.id, LINES.c.line.not_like("taken by %"))
            last = connection.scalar(sa.select(LINES.c.line).where(own).order_by(sa.desc(LINES.c.number)).limit(1))
            if last and not last.startswith(("asked", "put back")):
                why = f"it was tried {row.tries} times, and the last time {last}"
            error = {"code": "worker-ended", "detail": f"The work was given up: {why}."}
            _end(connection, job_of(row), "failed", now, f"failed: {why}", error=text_of(error))

    def _leave(self, ended: Sequence[Job]) -> None:
        """After jobs have ended, whoever ended them: what was uploaded for them goes, and who was to be forgotten."""
        if self._path is None:
            return
        for job in ended:
            leave_uploads(self._path.parent, job)
        self._names_left = self._names_left or any(job.kind == "forget" for job in ended)
        if ended and self._names_left:
            with contextlib.suppress(StoreError):  # somebody reads: the next one that ends does it too, and the start
                JobRows(self._path.parent).leave_nothing()
                self._names_left = False

    def _read(self, connection: Connection, id: str) -> Job:
        found = _one(connection, JOBS.c.id == id)
        assert found is not None
        return found

    def read(self, connection: Connection, where: sa.ColumnElement[bool]) -> list[Job]:
        """The jobs that fit, in the order in which they were asked for."""
        return [job_of(row) for row in connection.execute(sa.select(JOBS).where(where).order_by(JOBS.c.number))]

    def now(self, connection: Connection) -> float:
        """The time of the table's database, in seconds since 1970."""
        if self._engine.dialect.name == "sqlite":
            return float(connection.scalar(sa.text("SELECT (julianday('now') - 2440587.5) * 86400.0")) or 0.0)
        return float(connection.scalar(sa.select(sa.extract("epoch", sa.func.clock_timestamp()))) or 0.0)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        ended: list[Job] = []
        with self._errors(), self._engine.begin() as connection:
            connection.info["ended"] = ended
            yield connection
        self._leave(ended)

    _reading = _writing

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            if self._path is None:
                yield
                return
            with sqlite_errors(self._path, KIND):
                try:
                    yield
                except sa.exc.DBAPIError as error:
                    raise (error.orig if isinstance(error.orig, Exception) else error) from error
        except sa.exc.SQLAlchemyError as error:
            raise StoreError(self._path or "jobs", f"the table of jobs cannot be used ({error}).") from error


def _owned(claim: Claim) -> sa.ColumnElement[bool]:
    return sa.and_(JOBS.c.id == claim.id, JOBS.c.state == "running", JOBS.c.fence == claim.fence)


def _one(connection: Connection, where: sa.ColumnElement[bool]) -> Job | None:
    row = connection.execute(sa.select(JOBS).where(where)).first()
    return None if row is None else job_of(row)


def _set(connection: Connection, id: str, **values: Any) -> None:
    connection.execute(JOBS.update().where(JOBS.c.id == id).values(**values))


def _end(connection: Connection, job: Job, state: State, now: float, line: str, **values: Any) -> None:
    """The one place where a job ends. `job`: as its worker had it. See `JobTable._leave`."""
    if job.kind == "forget":
        values["what"] = "{}"  # whom
    _set(connection, job.id, state=state, ended=now, progress="{}", **values)
    _note(connection, job.id, now, line)
    connection.info["ended"].append(job)


def _note(connection: Connection, id: str, now: float, line: str) -> None:
    connection.execute(LINES.insert().values(job=id, time=now, line=line))
