"""A cluster of this machine is for this machine alone."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import pytest

pytest.importorskip("distributed")

LISTENS = "0A"
"""As /proc has it."""


def listening() -> set[str]:
    """Local addresses, in hex, on which this process listens."""
    own = {*map(_target, Path("/proc/self/fd").iterdir())}
    rows = [row.split() for name in ("tcp", "tcp6") for row in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return {row[1].partition(":")[0] for row in rows if row[3] == LISTENS and f"socket:[{row[9]}]" in own}


def _target(one: Path) -> str:
    with contextlib.suppress(OSError):  # closed meanwhile
        return str(one.readlink())
    return ""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.filterwarnings("ignore")
def test_it_listens_on_loopback_alone() -> None:
    from personae.cluster.dask_engine import DaskEngine

    engine = DaskEngine.at("local", {})
    try:
        assert engine.machines()
        assert listening() == {"0100007F"}
    finally:
        engine.close()
    assert not listening()
