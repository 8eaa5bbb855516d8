"""What hands pieces out to machines, whichever it is."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol

from personae.cluster.piece import Piece
from personae.errors import PersonaeError

MOST_TRIES = 3
"""A piece that ended so many processes fails."""


class PieceFailedError(PersonaeError):
    """A piece was given up: why, and on which machine."""

    def __init__(self, reason: str, machine: str) -> None:
        super().__init__(f"{reason} (on {machine})" if machine else reason)
        self.reason = reason
        self.machine = machine


class Engine(Protocol):
    """Hands pieces out. Safe to use from several threads."""

    def submit(self, piece: Piece, tell: Callable[[dict[str, Any]], None]) -> Future[bytes]:
        """Have a piece looked through: the content of its result, or PieceFailedError, or ClusterError.

        `tell`: is told how far it is, from any thread. A future that is cancelled ends the work on it.
        """

    def machines(self) -> list[str]:
        """Those that work, or could."""

    def done_with(self, piece: Piece) -> None:
        """Its result was put in its place: nothing of it is kept any more."""

    def close(self) -> None:
        """Let it go; what is not done is not done."""
