"""One long film in pieces on two one-core workers, against the same film whole on one one-core worker.

    python -m benchmarks.cluster.pieces CLIP [--minutes 60] [--rounds 7] [--piece-s 600] [--database URL]

CLIP is looped as it is in its file until the film is so long. A worker is bound to one core and has one thread; who
asks is bound to neither. The one has the film uncut: no part of it is looked through twice. The clock begins when the
workers have said that they are ready, and who asks is started; it ends with that one, so the pass over the packets that
finds where to cut, the start of who asks, and the writing of the film count in both.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.cluster.processes import Started, adopt_orphans, cpu_s, fresh, spread, verdict, workers
from benchmarks.film.scan import repeated

MOST = 0.6
NEVER_S = 10.0**6


def scanned_s(folder: Path, films: Path, database: str, count: int, piece_s: float, number: int) -> tuple[float, float]:
    """Seconds that the one film takes with so many workers, and seconds of the processors of all processes."""
    fresh(database)
    before = cpu_s()
    cores = [{core} for core in sorted(os.sched_getaffinity(0))[:count]]
    with workers(database, count, cores=cores, threads=1):
        began = time.perf_counter()
        words: list[str | Path] = [
            sys.executable,
            "-m",
            "benchmarks.cluster.owner",
            folder / f"project-{number}",
            database,
            films,
        ]
        one = Started([*words, "--piece-s", str(piece_s)])
        one.wait()
        took = time.perf_counter() - began
        if '"failed": 0' not in one.printed():
            raise SystemExit(one.printed())
        one.end()
    return took, cpu_s() - before


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--piece-s", type=float, default=600.0)
    parser.add_argument("--database", help="what is in it is deleted")
    given = parser.parse_args()
    if len(os.sched_getaffinity(0)) < 2:
        raise SystemExit("two cores are needed")
    adopt_orphans()
    took: dict[int, list[float]] = {1: [], 2: []}
    used: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        films = folder / "films"
        films.mkdir()
        repeated(given.clip, films / f"long{given.clip.suffix}", 60 * given.minutes)
        database = given.database or f"sqlite:///{folder / 'pieces.db'}"
        for at in range(given.rounds):
            for count in (1, 2) if at % 2 else (2, 1):
                piece_s = given.piece_s if count == 2 else NEVER_S
                wall_s, busy_s = scanned_s(folder, films, database, count, piece_s, 2 * at + count)
                took[count].append(wall_s)
                used[count].append(busy_s)
    ratios = np.array(took[2]) / np.array(took[1])
    print(f"{given.minutes:g} minutes, {given.rounds} rounds: one {spread(took[1])} s, two {spread(took[2])} s; "
          f"{spread(ratios)}; {verdict(ratios, MOST)}")  # fmt: skip
    more = np.array(used[2]) / np.array(used[1])
    print(f"processors' time: one {spread(used[1])} s, two {spread(used[2])} s; {spread(more)}, "
          f"so the clock can do no better than {np.median(more) / 2:.2f} on two equal cores")  # fmt: skip
    return int(np.median(ratios) > MOST)


if __name__ == "__main__":
    sys.exit(main())
