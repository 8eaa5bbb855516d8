"""The engine at an address: a table of pieces in a database, or Dask."""

from __future__ import annotations

from pathlib import Path

from personae.cluster.dask_engine import LOCAL, DaskEngine
from personae.cluster.engine import Engine
from personae.cluster.faults import ClusterError
from personae.cluster.needed import check_extra
from personae.cluster.roots import Roots

TABLES = ("postgresql:", "postgresql+", "sqlite:")
SCHEDULERS = ("tcp://", "tls://", "ucx://", "ws://", "wss://")
ADDRESSES = "local, tcp://HOST:PORT or tls://HOST:PORT (Dask), postgresql://... or sqlite:///FILE (a table of jobs)"


def engine_of(address: str, *, owner: Path, roots: Roots) -> Engine:
    """The engine at an address. `owner`: folder of the project that asks. Raises ClusterError, MissingExtraError."""
    check_extra()
    check_address(address)
    if address.startswith(TABLES):
        from personae.cluster.table_engine import TableEngine

        return TableEngine.at(address, owner)
    return DaskEngine.at(address, roots)


def check_address(address: str) -> None:
    """Raise ClusterError for what is no address of machines."""
    if address != LOCAL and not address.startswith((*TABLES, *SCHEDULERS)):
        raise ClusterError(f"{address!r} is no address of machines. There are: {ADDRESSES}.")
