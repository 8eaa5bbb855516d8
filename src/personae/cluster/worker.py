"""A worker on any machine that sees the films: takes pieces from a table, looks through them, sends what was found.

It never opens the project. The looking is done by a child process, so that this one says in time that it lives.
"""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from personae.checks import MisfitError
from personae.cluster.child import Child, ChildEndedError
from personae.cluster.faults import MachineError, PieceError
from personae.cluster.looking import check_version
from personae.cluster.piece import Piece
from personae.cluster.roots import Roots
from personae.cluster.table import PieceTable, worker_name
from personae.errors import PersonaeError, StoreError
from personae.jobs.job import Claim

LOOK_EVERY_S = 0.5
BEATS_A_LEASE = 4
SEND_AGAIN_AFTER_S = 2.0
AWAY_S = (1.0, 2.0, 5.0, 10.0)
"""So long a worker waits for a database that is away, before it asks again."""
log = logging.getLogger(__name__)
Say = Callable[[str], None]


class PieceWorker:
    """Looks through pieces until `stop` is set. `say`: what it does, for people."""

    def __init__(
        self, table: PieceTable, roots: Roots, settings: dict[str, Any], *, name: str = "", say: Say = log.info
    ) -> None:
        self.machine = name or worker_name()
        self.name = f"{self.machine}-{uuid4().hex[:8]}"
        self.stop = threading.Event()
        self.child = Child(roots, self.machine, settings)
        self._table = table
        self._say = say

    def run(self, *, until_idle: bool = False) -> None:
        """Work. `until_idle`: until there is nothing to do. Raises MachineError where this machine has to be mended."""
        away = 0
        try:
            while not self.stop.is_set():
                try:
                    claim = self._table.claim(self.name)
                    if claim is not None:
                        self._do(claim)
                    away = 0
                except StoreError as error:  # what it was at is another's when the lease ends
                    self._say(f"{error} It is asked again.")
                    self.stop.wait(AWAY_S[min(away, len(AWAY_S) - 1)])
                    away += 1
                    continue
                if claim is None and until_idle:
                    return
                if claim is None:
                    self.stop.wait(LOOK_EVERY_S)
        finally:
            self.child.end()

    def _do(self, claim: Claim) -> None:
        heart = _Heart(self._table, claim)
        try:
            piece = Piece.of_dict(claim.job.what)
            check_version(piece)
            self._say(f"Looking through {piece.name}.")
            with tempfile.TemporaryDirectory(prefix="personae-piece-") as folder, heart:
                out = Path(folder) / "result"
                if self.child.look_at(piece, out, heart.tell, lambda: heart.is_over or self.stop.is_set()):
                    self._send(claim, piece, out.read_bytes())
                elif self.stop.is_set():
                    self._table.jobs.release(self.name, "put back: the worker was stopped", was_asked=True)
                else:
                    self._say(f"{piece.name} is not wanted any more.")
        except MisfitError as error:
            self._table.fail(claim, f"the piece cannot be read: {error}", self.machine)
        except PieceError as error:
            self._table.fail(claim, str(error), self.machine)
        except MachineError as error:
            if error.ends:
                self._table.jobs.put_back(claim, f"{error} (on {self.machine})")
                raise
            self._again(claim, str(error))
        except ChildEndedError as error:
            self._again(claim, f"the process that looked ended ({error})")
        except OSError as error:  # no room for the result
            self._table.jobs.put_back(claim, f"{error.strerror or error} (on {self.machine})")
            raise MachineError(f"What is found cannot be kept on this machine ({error.strerror or error}).") from None

    def _again(self, claim: Claim, why: str) -> None:
        """It counts as one try; another machine may do it."""
        self._say(f"{claim.job.what.get('paths')}: {why}")
        self._table.jobs.release(self.name, f"{why} (on {self.machine})")

    def _send(self, claim: Claim, piece: Piece, content: bytes) -> None:
        """Send what was found, for as long as it is this worker's to send."""
        while True:
            try:
                is_taken = self._table.finish(claim, content)
                self._say(f"{piece.name} is done." if is_taken else f"{piece.name} was done by another worker.")
                return
            except StoreError as error:
                self._say(f"{error} It is sent again.")
                if self.stop.wait(SEND_AGAIN_AFTER_S):
                    return


class _Heart:
    """Renews the lease of a piece from a thread, and says how far it is."""

    def __init__(self, table: PieceTable, claim: Claim) -> None:
        self._table = table
        self._claim = claim
        self._progress: dict[str, Any] | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="personae-heart", daemon=True)
        self.is_over = False
        """Whether nobody wants the piece from this worker any more."""

    def tell(self, progress: dict[str, Any]) -> None:
        """How far it is."""
        self._progress = progress

    def __enter__(self) -> _Heart:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        every = self._table.jobs.lease_s / BEATS_A_LEASE
        renewed, told = time.monotonic(), self._progress
        while not self._stop.wait(min(every, 0.5)):
            if self._progress == told and time.monotonic() - renewed < every:
                continue
            try:
                told, renewed = self._progress, time.monotonic()
                if not self._table.jobs.beat(self._claim, told):
                    self.is_over = True
                    return
            except (StoreError, PersonaeError) as error:  # the next beat may get through
                log.warning("A heartbeat was late. %s", error)


def check_here(settings: dict[str, Any]) -> None:
    """Raise what would go wrong at the first piece and is this machine's fault: no networks, no room."""
    from personae.faces.analyzer import FaceAnalyzer
    from personae.settings import resolve

    FaceAnalyzer(resolve(settings))
    with contextlib.suppress(OSError):
        os.nice(0)
    with tempfile.TemporaryDirectory(prefix="personae-piece-"):
        pass
