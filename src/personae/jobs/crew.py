"""The workers of one server: started, watched, and started again when they end."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from personae.jobs.job import QUICK
from personae.jobs.table import JobTable

COMMAND = ("-m", "personae.jobs.worker")
ENDS_WITHIN_S = 2.0
"""A worker that was asked to end and does not is killed; what it did is gone on with later."""
AGAIN_AFTER_S = (0.0, 1.0, 5.0, 30.0)
"""A worker that ends at once, again and again, is started after longer and longer pauses."""
log = logging.getLogger(__name__)


class Crew:
    """Worker processes on one project's table. Use as a context manager: at the end they are asked to end.

    `quick`: one more, for jobs that are not long (see `work.LONG`); `command`: what those for long ones run instead.
    """

    def __init__(
        self,
        project: Path,
        table: JobTable,
        *,
        workers: int = 1,
        quick: bool = False,
        command: Sequence[str] | None = None,
    ) -> None:
        self._project = project
        self._table = table
        self._count = workers
        self._quick = quick
        self._command = command
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers of now."""
        return [process.pid for process in self._processes.values() if process.poll() is None]

    def __enter__(self) -> Crew:
        for number in range(self._count):
            self._begin(f"worker-{number + 1}")
        if self._quick:
            self._begin(QUICK)
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _begin(self, called: str) -> None:
        self._threads.append(threading.Thread(target=self._keep, args=(called,), daemon=True))
        self._threads[-1].start()

    def _keep(self, called: str) -> None:
        short = 0
        while not self._over.wait(AGAIN_AFTER_S[min(short, len(AGAIN_AFTER_S) - 1)]):
            began, name = time.monotonic(), f"{called}-{uuid4().hex[:8]}"
            process = self._start(name)
            self._processes[name] = process
            while process.poll() is None and not self._over.is_set():
                self._over.wait(0.1)
            if self._over.is_set():
                self._end(process)
                self._table.release(name, "put back: the server was stopped", was_asked=True)
            else:
                _let_go(process)
                self._table.release(name, f"the worker {name} ended ({_why(process.returncode)})")
                log.warning("A worker ended (%s). Another is started.", _why(process.returncode))
            del self._processes[name]
            short = short + 1 if time.monotonic() - began < 5 else 0

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        own = COMMAND if self._command is None or name.startswith(QUICK) else self._command
        command = [sys.executable, *own, os.fspath(self._project), name]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        _let_go(process)
        try:
            process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _let_go(process: subprocess.Popen[bytes]) -> None:
    """Close our end of its input: one that still runs ends by that."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()


def _why(code: int | None) -> str:
    if code is not None and code < 0:
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"
    return f"exit code {code}"
