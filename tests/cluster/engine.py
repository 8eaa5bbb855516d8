"""An engine of a few lines: pieces are looked through in this process, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from personae.cluster.engine import PieceFailedError
from personae.cluster.faults import PieceError
from personae.cluster.looking import Looker
from personae.cluster.piece import Piece
from personae.cluster.roots import Roots
from personae.settings import Settings

OWN = Settings(detector="fake", embedder="fake")
Change = Callable[[Piece, bytes], bytes]


def looked(piece: Piece, roots: Roots | None = None) -> bytes:
    """What a machine sends back."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "result"
        Looker(OWN, roots or {}, "here").look_at(piece, out)
        return out.read_bytes()


class HereEngine:
    """See `engine.Engine`. `change`: what becomes of a result on its way; `last_first`: pieces arrive in disorder."""

    def __init__(self, change: Change | None = None, *, roots: Roots | None = None, last_first: int = 0) -> None:
        self.asked: list[Piece] = []
        self.done: list[Piece] = []
        self.cancelled: list[Piece] = []
        self._change = change or (lambda _, content: content)
        self._roots = roots
        self._wait_for = last_first
        self._held: list[tuple[Piece, Future[bytes]]] = []
        self._pool = ThreadPoolExecutor(1)
        self._lock = threading.Lock()

    def submit(self, piece: Piece, tell: Callable[[dict[str, Any]], None]) -> Future[bytes]:
        future: Future[bytes] = Future()
        future.add_done_callback(lambda one: self.cancelled.append(piece) if one.cancelled() else None)
        self.asked.append(piece)
        tell({"done": 0})
        with self._lock:
            self._held.append((piece, future))
            if len(self._held) >= self._wait_for:
                for one in reversed(self._held):
                    self._pool.submit(self._do, *one)
                self._held, self._wait_for = [], 0
        return future

    def _do(self, piece: Piece, future: Future[bytes]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(self._change(piece, looked(piece, self._roots)))
        except PieceError as error:
            future.set_exception(PieceFailedError(str(error), "here"))
        except BaseException as error:
            future.set_exception(error)

    def machines(self) -> list[str]:
        return ["here"]

    def done_with(self, piece: Piece) -> None:
        self.done.append(piece)

    def close(self) -> None:
        self._pool.shutdown()
