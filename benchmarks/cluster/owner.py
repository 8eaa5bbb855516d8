"""The machine that owns the project, in a process of its own, with what it used: see `coordinator` and `pieces`.

    python -m benchmarks.cluster.owner PROJECT ADDRESS FOLDER [--commits N] [--piece-s S]

Scans the films of FOLDER by the machines at ADDRESS, until N of them are in the project. A line of JSON at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from personae.cluster.elsewhere import PIECE_S, Elsewhere
from personae.cluster.engines import engine_of
from personae.cluster.scanning import scan_many
from personae.project.session import Project
from personae.settings import resolve


def memory_mb(name: str) -> float:
    """A line of /proc/self/status: VmRSS, or VmHWM for the most so far."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def own(project: Path, address: str, folder: Path, *, commits: int | None, piece_s: float) -> dict[str, Any]:
    """Scan, and say what it took. Films that wait then are left so: who calls ends the process."""
    films = sorted(folder.iterdir())
    done_at, failed, first_s = list[float](), 0, 0.0
    opened = Project.open(project, settings=resolve({"cluster": address, "lock_timeout_s": 600.0}))
    opened.films.check()
    before_mb = memory_mb("VmRSS")
    engine = engine_of(address, owner=opened.folder, roots={})
    began, busy = time.perf_counter(), time.process_time()
    KEPT.append(scan_many(opened.films, films, Elsewhere(engine, {}, piece_s=piece_s), count=len(films)))
    for outcome in KEPT[0]:
        failed += outcome.film is None
        if outcome.error is not None:
            print(outcome.error, file=sys.stderr)
        done_at.append(time.perf_counter() - began)
        if len(done_at) == 1:
            first_s = time.process_time() - busy
        if commits is not None and len(done_at) >= commits:
            break
    used_s = time.process_time() - busy
    count = max(len(done_at) - 1, 1)
    return {
        "films": len(films), "done": len(done_at), "failed": failed, "wall_s": done_at[-1], "cpu_s": used_s,
        "commits_per_s": count / (done_at[-1] - done_at[0] if len(done_at) > 1 else done_at[0]),
        "cpu_ms_per_film": 1000 * (used_s - first_s) / count,
        "before_mb": before_mb, "rss_mb": memory_mb("VmRSS"), "most_mb": memory_mb("VmHWM"),
        "threads": threading.active_count(),
    }  # fmt: skip


KEPT: list[Any] = []
"""Its end would wait for the films that are on their way."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path)
    parser.add_argument("address")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--commits", type=int)
    parser.add_argument("--piece-s", type=float, default=PIECE_S)
    given = parser.parse_args()
    found = own(given.project, given.address, given.folder, commits=given.commits, piece_s=given.piece_s)
    print(json.dumps(found), flush=True)
    os._exit(0)  # films that wait need not be waited for


if __name__ == "__main__":
    sys.exit(main())
