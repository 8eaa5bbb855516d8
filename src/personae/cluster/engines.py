"""Who hands pieces out to machines: the table of jobs, or Dask. Both do the same work; see `engine_of`."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol

from personae.cluster.faults import ClusterError
from personae.cluster.piece import Piece
from personae.cluster.roots import Roots
from personae.errors import PersonaeError

MOST_TRIES = 3
"""A piece that ended so many processes fails."""
LOCAL = "local"
TABLES = ("postgresql:", "postgresql+", "sqlite:")
SCHEDULERS = ("tcp://", "tls://", "ucx://", "ws://", "wss://")
ADDRESSES = "local, tcp://HOST:PORT or tls://HOST:PORT (Dask), postgresql://... or sqlite:///FILE (a table of jobs)"


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


def engine_of(address: str, *, owner: Path, roots: Roots) -> Engine:
    """The engine at an address. `owner`: folder of the project that asks. Raises ClusterError, MissingExtraError."""
    check_address(address)
    if address.startswith(TABLES):
        from personae.cluster.table_engine import TableEngine

        return TableEngine.at(address, owner)
    from personae.cluster.dask_engine import DaskEngine

    return DaskEngine.at(address, roots)


def check_address(address: str) -> None:
    """Raise ClusterError for what is no address of machines."""
    if address != LOCAL and not address.startswith((*TABLES, *SCHEDULERS)):
        raise ClusterError(f"{address!r} is no address of machines. There are: {ADDRESSES}.")
