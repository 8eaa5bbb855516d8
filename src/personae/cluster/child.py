"""The process that looks: a worker's own process has nothing to do but to say that it lives.

A line of JSON in, lines of JSON out: {"piece": ..., "out": PATH} is answered by {"progress": ...} lines, and then by
{"done": PATH} or {"fault": ..., "of": "machine" | "piece", "ends": ...}. The file has a folder of its own. Networks are
kept from piece to piece.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from personae.cluster.faults import MachineError, PieceError
from personae.cluster.piece import Piece
from personae.cluster.roots import Roots

COMMAND = (sys.executable, "-m", "personae.cluster.child")
TELL_EVERY_S = 0.5
LOOK_EVERY_S = 0.1
ENDS_WITHIN_S = 5.0
GONE_WITHIN_S = 2.0
"""A process that is killed closes its files first: its children hear of that before it is gone."""
Tell = Callable[[dict[str, Any]], None]
"""Is told how far a piece is: JSON types."""


class ChildEndedError(Exception):
    """The process that looked has ended in the middle of a piece: killed, out of memory, or by a fault of a decoder."""


class Child:
    """One such process, started by `start` or at first use, and again after it has ended. One piece at a time.

    `settings`: this machine's own, as the command line gave them (see `settings.resolve`).
    """

    def __init__(self, roots: Roots, machine: str, settings: dict[str, Any]) -> None:
        found = {name: str(path) for name, path in roots.items()}
        self._own = {"roots": found, "machine": machine, "own": settings, "parent": os.getpid()}
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return None if self._process is None or self._process.poll() is not None else self._process.pid

    def start(self) -> None:
        """Start it now: it loads what looks while the first piece is waited for."""
        self._running()

    def look_at(self, piece: Piece, out: Path, tell: Tell, is_over: Callable[[], bool]) -> bool:
        """Have a piece looked through, to the file `out`; False where `is_over` said so, and the process was ended.

        Raises MachineError, PieceError, ChildEndedError.
        """
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        answers: list[dict[str, Any]] = []
        reader = self._reader = threading.Thread(target=_read, args=(process.stdout, answers), daemon=True)
        reader.start()
        try:
            process.stdin.write(json.dumps({"piece": piece.as_dict(), "out": str(out)}) + "\n")
            process.stdin.flush()
        except OSError:
            raise ChildEndedError(self._why()) from None
        told = 0
        while True:
            reader.join(LOOK_EVERY_S)
            for answer in answers[told:]:
                told += 1
                if "progress" in answer:
                    tell(answer["progress"])
                elif "done" in answer:
                    return True
                elif answer.get("of") == "piece":
                    raise PieceError(answer["fault"])
                else:
                    raise MachineError(answer["fault"], ends=bool(answer.get("ends", True)))
            if not reader.is_alive() and told == len(answers):
                raise ChildEndedError(self._why())
            if is_over():
                self.end()
                return False

    def end(self) -> None:
        """End the process, whatever it is at."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            self._leave(process)

    def _running(self) -> subprocess.Popen[str]:
        if self.pid is None:
            self.end()
            self._process = subprocess.Popen(
                [*COMMAND, json.dumps(self._own)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        assert self._process is not None
        return self._process

    def _why(self) -> str:
        process, self._process = self._process, None
        code = None if process is None else self._leave(process)
        return f"killed by signal {-code}" if code is not None and code < 0 else f"exit code {code}"

    def _leave(self, process: subprocess.Popen[str]) -> int | None:
        """Leave nothing open of a process that has ended, or is about to: its exit code."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(ENDS_WITHIN_S)
        if self._reader is not None:
            self._reader.join(ENDS_WITHIN_S)
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if stream is not None and (self._reader is None or not self._reader.is_alive()):
                    stream.close()
        return process.returncode


def _read(stream: Any, answers: list[dict[str, Any]]) -> None:
    """Lines up to the one that ends a piece."""
    for line in stream:
        with contextlib.suppress(ValueError):
            answer = json.loads(line)
            answers.append(answer)
            if "progress" not in answer:
                return


def main() -> None:
    """Look through what standard input asks for, until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches all of a terminal; who started it ends it
    # What a library prints must not come between the lines.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    own = json.loads(sys.argv[1])

    def say(answer: dict[str, Any]) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    writing: list[Path] = []
    parent = own["parent"]  # it may be gone by now
    threading.Thread(target=_end_without_parent, args=(parent, writing), daemon=True).start()
    try:
        _look(own, say, writing)
    finally:
        _leave_nothing(parent, writing)


def _look(own: dict[str, Any], say: Tell, writing: list[Path]) -> None:
    """Piece for piece; `writing`: is given the file of the one of now."""
    # The longest to load; begun before the first piece is there.
    from personae.cluster.looking import Looker
    from personae.progress import Progress
    from personae.settings import resolve

    looker: Looker | None = None
    for line in sys.stdin:
        asked, told = json.loads(line), [0.0]

        def tell(progress: Progress, told: list[float] = told) -> None:
            if time.monotonic() - told[0] >= TELL_EVERY_S:
                told[0] = time.monotonic()
                say({"progress": {"done": progress.done, "total": progress.total, "message": progress.message}})

        writing[:] = [Path(asked["out"])]
        try:
            if looker is None:
                roots = {name: Path(path) for name, path in own["roots"].items()}
                looker = Looker(resolve(own["own"]), roots, own["machine"])
            looker.look_at(Piece.of_dict(asked["piece"]), Path(asked["out"]), tell)
            say({"done": asked["out"]})
        except PieceError as error:
            say({"fault": str(error), "of": "piece"})
        except MachineError as error:
            say({"fault": str(error), "of": "machine", "ends": error.ends})
        except BrokenPipeError:  # who asked is gone
            return
        except Exception as error:
            import logging

            logging.getLogger(__name__).exception("A piece could not be looked through.")
            say({"fault": f"a fault of Personae ({type(error).__name__}: {error})", "of": "machine", "ends": False})


def _leave_nothing(parent: int, writing: Sequence[Path]) -> None:
    """Where the worker was killed, nobody else takes away what was found."""
    until = time.monotonic() + GONE_WITHIN_S
    while os.getppid() == parent and time.monotonic() < until:
        time.sleep(0.05)
    if os.getppid() != parent:
        for out in writing:
            shutil.rmtree(out.parent, ignore_errors=True)


def _end_without_parent(parent: int, writing: Sequence[Path]) -> None:
    """A worker that was killed leaves nobody behind, and nothing of what was found."""
    while os.getppid() == parent:
        time.sleep(1.0)
    _leave_nothing(parent, writing)
    os._exit(0)


if __name__ == "__main__":
    main()
