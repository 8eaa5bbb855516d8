"""Processes whose processor time is counted to the last one: those that their parents leave are waited for here."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

PERSONAE = (sys.executable, "-m", "personae")
ENDS_WITHIN_S = 30.0
_SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER: whoever loses its parent becomes our child."""


def adopt_orphans() -> None:
    """Have what ends after its parent counted too: a worker of Dask leaves the process that looks to itself."""
    ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0)


def cpu_s() -> float:
    """User and system seconds of every process below this one that has ended."""
    deadline = time.monotonic() + ENDS_WITHIN_S
    while time.monotonic() < deadline:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.05)
        except ChildProcessError:
            break
    else:
        raise SystemExit("a process did not end")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Started:
    """One process with a log of its own; `cores`: those that it may run on."""

    def __init__(
        self, words: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cores: set[int] | None = None
    ) -> None:
        self.words = [*map(str, words)]
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - as long as the process
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, before if cores is None else cores)  # what is started now takes it over
        self.process = subprocess.Popen(
            self.words, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        os.sched_setaffinity(0, before)

    def printed(self) -> str:
        """What it has said so far."""
        # Read without moving where the process goes on writing.
        size = os.fstat(self.log.fileno()).st_size
        return os.pread(self.log.fileno(), size, 0).decode(errors="replace")

    def wait(self) -> None:
        """Until it has ended; SystemExit where it failed."""
        if self.process.wait():
            raise SystemExit(
                f"{' '.join(self.words[:8])} ended with {self.process.returncode}:\n{self.printed()[-800:]}"
            )

    def wait_for(self, line: str) -> None:
        """Until it has said this."""
        deadline = time.monotonic() + 120
        while line not in self.printed():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{' '.join(self.words[:8])} did not say {line!r}:\n{self.printed()[-800:]}")
            time.sleep(0.05)

    def end(self) -> None:
        """Have it end in order, else at once."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()


@contextmanager
def workers(
    database: str,
    count: int,
    *,
    cores: Sequence[set[int]] = (),
    threads: int | None = None,
    waited_for: bool = True,
) -> Iterator[None]:
    """So many `personae worker`s; ended at the end. `waited_for`: until they have said that they are ready."""
    own = [] if threads is None else ["--threads", str(threads)]
    started: list[Started] = []
    try:
        for number in range(count):
            words = [*PERSONAE, "worker", "--database", database, "--name", f"worker-{number}", *own]
            started.append(Started(words, cores=cores[number] if cores else None))
        for one in started if waited_for else ():
            one.wait_for("looks through what")
        yield
    finally:
        for one in started:
            one.end()


def fresh(database: str) -> None:
    """Have nothing left of earlier rounds in the table."""
    import sqlalchemy as sa

    from personae.cluster.table import PieceTable
    from personae.piece_rows import url_of

    PieceTable.at(database).close()
    engine = sa.create_engine(url_of(database))
    with engine.begin() as connection:
        for table in ("piece_results", "job_lines", "jobs"):
            connection.execute(sa.text(f"DELETE FROM {table}"))
    engine.dispose()


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds on the clock and of the processor, of all processes that it starts."""
    before, began = cpu_s(), time.perf_counter()
    work()
    took = time.perf_counter() - began
    return took, cpu_s() - before


def spread(values: Any, digits: int = 2) -> str:
    """Median with quartiles."""
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def verdict(values: Any, most: float) -> str:
    """What the ratios say of what was asked."""
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    tie = " (a tie: the quartiles hold 1)" if low <= 1 <= high else ""
    return f"asked at most {most:g}: {'reached' if middle <= most else 'MISSED'}{tie}"
