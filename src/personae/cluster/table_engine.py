"""Pieces handed out by a table of jobs: who asks looks into it now and then; workers come and go as they like."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from personae.cluster.engine import PieceFailedError
from personae.cluster.faults import ClusterError
from personae.cluster.piece import Piece
from personae.cluster.table import PieceTable, Standing
from personae.errors import StoreError
from personae.files import make_folder
from personae.jobs.job import Job
from personae.piece_rows import PieceRows

LOOK_EVERY_S = 0.3
MACHINES_EVERY_S = 2.0
AWAY_FOR_S = 600.0
"""So long a database may be away before those that ask give up."""
AGAIN_AFTER_S = 1.0
T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class _Asked:
    piece: Piece
    future: Future[bytes]
    tell: Callable[[dict[str, Any]], None]


class TableEngine:
    """See `engines.Engine`. `rows`: where the project notes that it has asked at `address`."""

    def __init__(self, table: PieceTable, rows: PieceRows, address: str) -> None:
        self._table = table
        self._rows = rows
        self._address = address
        self._owner = rows.owner()
        self._asked: dict[str, _Asked] = {}
        self._jobs: dict[str, str] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._working: list[str] = []
        self._thread = threading.Thread(target=self._watch, name="personae-pieces", daemon=True)
        self._thread.start()

    @classmethod
    def at(cls, address: str, project: Path) -> Self:
        """On the database at an address. Raises ClusterError."""
        table, rows = PieceTable.at(address), PieceRows(project)
        make_folder(project, private=True)
        rows.note(address)
        rows.clean(address)  # else what was found before somebody was forgotten would come home
        with contextlib.suppress(StoreError):
            table.leave_old()
        return cls(table, rows, address)

    def submit(self, piece: Piece, tell: Callable[[dict[str, Any]], None]) -> Future[bytes]:
        """See `Engine.submit`."""
        future: Future[bytes] = Future()
        job = self._patiently(lambda: self._ask(piece))
        with self._lock:
            self._asked[job.id] = _Asked(piece, future, tell)
            self._jobs[piece.id] = job.id
        return future

    def machines(self) -> list[str]:
        """See `Engine.machines`: those that have a piece."""
        return self._working

    def done_with(self, piece: Piece) -> None:
        """See `Engine.done_with`."""
        job = self._jobs.pop(piece.id, None)
        if job is not None:
            self._patiently(lambda: self._table.leave([job]))

    def close(self) -> None:
        """See `Engine.close`."""
        self._over.set()
        self._thread.join()
        self._leave_cancelled()
        self._table.close()

    def _watch(self) -> None:
        """Look what became of the pieces."""
        away_since: float | None = None
        machines_at = 0.0
        while not self._over.wait(LOOK_EVERY_S):
            try:
                self._leave_cancelled()
                with self._lock:
                    ids = list(self._asked)
                if ids:
                    found = self._table.standing(self._owner)
                    for id in ids:
                        self._heed(id, found.get(id))
                if ids and time.monotonic() - machines_at > MACHINES_EVERY_S:
                    machines_at, self._working = time.monotonic(), self._table.working()
                away_since = None
            except StoreError as error:
                away_since = time.monotonic() if away_since is None else away_since
                log.warning("%s", error)
                if time.monotonic() - away_since > AWAY_FOR_S:
                    self._give_up(str(error))

    def _heed(self, id: str, job: Standing | None) -> None:
        asked = self._asked[id]
        if job is None:  # somebody was forgotten
            self._ask_again(id, asked)
        elif job.state == "done":
            content = self._table.content(id)
            if content is not None:  # else somebody is being forgotten just now
                self._end(id, content=content)
        elif job.state in {"failed", "cancelled"}:
            error = json.loads(job.error)
            machine = str(error.get("machine") or "")
            self._end(id, error=PieceFailedError(str(error.get("detail") or "it was cancelled"), machine))
        elif job.progress != "{}":
            asked.tell(json.loads(job.progress))

    def _ask(self, piece: Piece) -> Job:
        """Noted again each time: a forgetting meanwhile has reached the database, and noted that nothing is left."""
        self._rows.note(self._address)
        job = self._table.ask(piece, self._owner)
        self._rows.note(self._address)
        return job

    def _patiently(self, do: Callable[[], T]) -> T:
        """Do something at the database, again and again while it is away. Raises ClusterError."""
        until = time.monotonic() + AWAY_FOR_S
        while True:
            try:
                return do()
            except StoreError as error:
                log.warning("%s", error)
                if time.monotonic() > until or self._over.wait(AGAIN_AFTER_S):
                    raise ClusterError(str(error)) from None

    def _ask_again(self, id: str, asked: _Asked) -> None:
        job = self._ask(asked.piece)
        with self._lock:
            del self._asked[id]
            self._asked[job.id] = asked
            self._jobs[asked.piece.id] = job.id

    def _end(self, id: str, *, content: bytes | None = None, error: Exception | None = None) -> None:
        with self._lock:
            asked = self._asked.pop(id)
        with contextlib.suppress(InvalidStateError):  # cancelled just now
            if error is not None:
                asked.future.set_exception(error)
            else:
                asked.future.set_result(content or b"")

    def _leave_cancelled(self) -> None:
        with self._lock:
            gone = [id for id, asked in self._asked.items() if asked.future.cancelled()]
            for id in gone:
                self._jobs.pop(self._asked.pop(id).piece.id, None)
        if gone:
            with contextlib.suppress(StoreError):
                self._table.leave(gone)

    def _give_up(self, why: str) -> None:
        for id in list(self._asked):
            self._end(id, error=ClusterError(why))
