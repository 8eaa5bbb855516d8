"""A worker on any machine that sees the films: takes pieces from a table, looks through them, sends what was found.

It never opens the project. The looking is done by a child process, so that this one says in time that it lives.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from pathlib import PurePath
from typing import Any, TypeVar
from uuid import uuid4

from personae.checks import MisfitError
from personae.cluster.child import Child, ChildEndedError
from personae.cluster.faults import MachineError, PieceError
from personae.cluster.own_folder import leave_nothing_behind, own_folder
from personae.cluster.piece import Piece, check_version
from personae.cluster.roots import Roots
from personae.cluster.table import PieceTable, worker_name
from personae.errors import PersonaeError, StoreError
from personae.jobs.job import Claim

LOOK_EVERY_S = 0.5
BEATS_A_LEASE = 4
SEND_AGAIN_AFTER_S = 2.0
LEFT_TO_OTHERS_S = 2.0
"""So long a worker takes nothing after a piece that it could not do: others look twice in that time."""
LEFT_MORE = (10, 150)
"""So many times as long it leaves that piece itself to others, the first time and later: they may be busy."""
AWAY_S = (1.0, 2.0, 5.0, 10.0)
"""So long a worker waits for a database that is away, before it asks again."""
log = logging.getLogger(__name__)
Say = Callable[[str], None]
T = TypeVar("T")


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
        self._left: dict[str, tuple[int, float]] = {}

    def run(self, *, until_idle: bool = False) -> None:
        """Work. `until_idle`: until there is nothing to do. Raises MachineError where this machine has to be mended."""
        away = 0
        self.child.start()
        try:
            while not self.stop.is_set():
                try:
                    now = time.monotonic()
                    left = [id for id, (_, until) in self._left.items() if until > now]
                    claim = self._table.claim(self.name, without=left)
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
            with own_folder() as folder, heart:
                out = folder / "result"
                if self.child.look_at(piece, out, heart.tell, lambda: heart.is_over or self.stop.is_set()):
                    self._send(claim, piece, out.read_bytes())
                elif self.stop.is_set():
                    self._table.jobs.release(self.name, "put back: the worker was stopped", was_asked=True)
                else:
                    self._say(f"{piece.name} is not wanted any more.")
        except MisfitError as error:
            self._fail(claim, f"the piece cannot be read: {error}")
        except PieceError as error:
            self._fail(claim, str(error))
        except MachineError as error:
            if error.ends:
                self._put_back(claim, str(error))
                raise
            self._again(claim, str(error))
            count = self._left.get(claim.id, (0, 0.0))[0]
            left_s = LEFT_TO_OTHERS_S * LEFT_MORE[min(count, len(LEFT_MORE) - 1)]
            self._left[claim.id] = count + 1, time.monotonic() + left_s
            self.stop.wait(LEFT_TO_OTHERS_S)
        except ChildEndedError as error:
            self._again(claim, f"the process that looked ended ({error})")
        except OSError as error:  # no room for the result
            self._put_back(claim, error.strerror or str(error))
            raise MachineError(f"What is found cannot be kept on this machine ({error.strerror or error}).") from None

    def _again(self, claim: Claim, why: str) -> None:
        """It counts as one try; another machine may do it."""
        self._say(f"{_name(claim)}: {why}")
        self._told(lambda: self._table.jobs.release(self.name, f"{why.rstrip('.')} (on {self.machine})"))

    def _fail(self, claim: Claim, why: str) -> None:
        """No machine can do it."""
        self._say(f"{_name(claim)} cannot be looked through: {why}")
        self._told(lambda: self._table.fail(claim, why, self.machine))

    def _put_back(self, claim: Claim, why: str) -> None:
        """This machine is at fault; where that cannot be told, the lease ends."""
        with contextlib.suppress(StoreError):
            self._table.jobs.put_back(claim, f"{why} (on {self.machine})")

    def _send(self, claim: Claim, piece: Piece, content: bytes) -> None:
        """Send what was found, for as long as it is this worker's to send."""
        is_taken = self._told(lambda: self._table.finish(claim, content))
        if is_taken is not None:
            self._say(f"{piece.name} is done." if is_taken else f"{piece.name} was done by another worker.")

    def _told(self, tell: Callable[[], T]) -> T | None:
        """Tell the table, again and again while it is away; None where the worker was stopped meanwhile."""
        while True:
            try:
                return tell()
            except StoreError as error:
                self._say(f"{error} It is sent again.")
                if self.stop.wait(SEND_AGAIN_AFTER_S):
                    return None


def _name(claim: Claim) -> str:
    """The film's, for people; whatever the piece says."""
    paths = claim.job.what.get("paths")
    return PurePath(str(paths[0])).name if isinstance(paths, list) and paths else "a piece"


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


def check_room() -> None:
    """Raise MachineError where nothing could be kept; what else is amiss, the first piece tells and waits again."""
    leave_nothing_behind()
    try:
        with own_folder():
            pass
    except OSError as error:
        raise MachineError(f"What is found cannot be kept on this machine ({error.strerror or error}).") from None
