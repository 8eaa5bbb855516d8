"""The same films by two plain `personae scan` processes, by two workers over a table, and by Dask on this machine.

    python -m benchmarks.cluster.films CLIP [--films 12] [--seconds 60] [--rounds 7] [--database URL]

CLIP is looped into --films films of --seconds. The contenders take turns in every round, and each begins with nothing:

- plain: two processes side by side, half of the films each, a project each.
- table: two `personae worker`s and one `personae scan --cluster URL`; without --database a file of SQLite.
- dask: `personae scan --cluster local`.

The clock begins before the first process is started and ends when the last scan has ended, so every start counts: the
plain ones load Python and the networks twice in all, the workers with who asks them three times. The processor's time
is that of all processes, also of those that workers start, until the last of them has ended. Each contender has the
number of threads that is best for it, found before the rounds (--threads: tried); Dask gives each task one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.cluster.processes import PERSONAE, Started, adopt_orphans, fresh, spread, timed, verdict, workers
from benchmarks.film.scan import repeated

MOST = 1.05


class Contenders:
    """`films`: folders with half of them each; `database`: address of the table."""

    def __init__(self, folder: Path, films: list[list[Path]], database: str) -> None:
        self._folder = folder
        self._films = films
        self._database = database
        self._number = 0

    def plain(self, threads: int | None) -> None:
        """Two processes, side by side."""
        both = [self._scan(half, "--threads", str(threads)) if threads else self._scan(half) for half in self._films]
        for one in both:
            one.wait()
            one.end()

    def table(self, threads: int | None) -> None:
        """Two workers, and one that asks."""
        with workers(self._database, 2, threads=threads, waited_for=False):
            self._whole(self._database)

    def dask(self, threads: int | None) -> None:
        """One process, with two workers of its own."""
        del threads
        self._whole("local")

    def _whole(self, address: str) -> None:
        one = self._scan([film for half in self._films for film in half], "--cluster", address)
        one.wait()
        one.end()

    def _scan(self, films: list[Path], *options: str) -> Started:
        self._number += 1
        project = self._folder / f"project-{self._number}"
        return Started([*PERSONAE, "scan", *films, "--project", project, "--progress", "none", *options])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--films", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2], help="tried for each contender; 0: default")
    parser.add_argument("--database", help="what is in it is deleted")
    given = parser.parse_args()
    adopt_orphans()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        films = [folder / f"film-{number:03d}{given.clip.suffix}" for number in range(given.films)]
        for film in films:
            repeated(given.clip, film, given.seconds)
        database = given.database or f"sqlite:///{folder / 'pieces.db'}"
        own = Contenders(folder, [films[::2], films[1::2]], database)
        names: dict[str, Callable[[int | None], None]] = {"plain": own.plain, "table": own.table, "dask": own.dask}
        best: dict[str, int | None] = {"dask": None}
        for contender in ("plain", "table"):
            tried = {}
            for threads in given.threads if len(given.threads) > 1 else ():
                fresh(database)
                tried[threads] = timed(lambda one=names[contender], n=threads: one(n or None))[0]  # type: ignore[misc]
            best[contender] = min(tried, key=lambda n: tried[n]) if tried else next(iter(given.threads), None)
            print(f"{contender}: {best[contender] or 'default'} threads, of {tried}", flush=True)
        wall, cpu = {one: list[float]() for one in names}, {one: list[float]() for one in names}
        for at in range(given.rounds):
            order = [*names]
            for contender in order[at % 3 :] + order[: at % 3]:
                fresh(database)
                took, used = timed(lambda one=contender: names[one](best[one] or None))  # type: ignore[misc]
                wall[contender].append(took)
                cpu[contender].append(used)
    print(f"{given.films} films of {given.seconds:g} s, {given.rounds} rounds; plain: {spread(wall['plain'])} s, "
          f"{spread(cpu['plain'])} s of processors")  # fmt: skip
    missed = False
    for contender in ("table", "dask"):
        for what, values in (("wall time", wall), ("processors' time", cpu)):
            ratios = np.array(values[contender]) / np.array(values["plain"])
            print(f"{contender}, {what}: {spread(ratios)} of plain; {verdict(ratios, MOST)}")
            missed |= bool(np.median(ratios) > MOST)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
