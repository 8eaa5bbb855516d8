"""What decodes pictures of others: one warm process with loaded networks and limits, replaced when it ends.

A picture may be made to end whoever decodes it. The server's own process never does; this one may end at any picture,
and the next question has a new one.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from personae.errors import PersonaeError
from personae.files import limit_memory
from personae.server.problems import ProblemError

COMMAND = ("-m", "personae.server.helper")
TIME_LIMIT_S = 60.0
MEMORY_LIMIT = 4 * 2**30
"""Of address space: networks and one very large picture."""
MOST_WAITING = 16
"""Questions that wait for their turn; who comes then is told to come back. Of one caller at most half as many."""
_HEAD = struct.Struct(">II")
"""Before each message: how long its JSON is, and how long the bytes after that are."""
_LONGEST = 64 * 2**20


class Helper:
    """The process, started at the first question. Safe to use from many threads: they are answered in turn."""

    def __init__(self, project: Path, *, time_limit_s: float = TIME_LIMIT_S) -> None:
        self._project = project
        self._time_limit_s = time_limit_s
        self._turn = threading.Lock()
        self._count = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False
        self._of: Counter[str | None] = Counter()
        self.waiting = 0
        """Questions under way and waiting."""
        self.starts = 0
        """How often a process was started."""

    @property
    def pid(self) -> int | None:
        """Its process id; None where there is none now."""
        process = self._process
        return None if process is None or process.poll() is not None else process.pid

    def ask(self, what: str, *, by: str | None = None, **arguments: Any) -> Any:
        """Have one question (see `answers`) answered: JSON types, or bytes; raises ProblemError where it was not.

        `by`: the key of who asks, who may not keep it from everybody else; None: nobody's.

        A process that has ended meanwhile is replaced once, for it may have been killed by somebody else.
        """
        with self._in_turn(by):
            for is_last in (False, True):
                fresh = self.pid is None
                try:
                    answer = self._asked({"ask": what, **arguments})
                except (OSError, EOFError):
                    self._end()
                    if self._is_closed:
                        raise ProblemError(503, "ending", "The server is ending.") from None
                    if fresh or is_last:
                        raise ProblemError(
                            422, "not-answered", "This could not be answered: it took too long or too much memory."
                        ) from None
                else:
                    break
        if "error" in answer:
            raise ProblemError(answer.get("status", 422), answer["code"], answer["error"])
        return answer.get("content", answer["answer"])

    def close(self) -> None:
        """End the process at once, whatever it is at."""
        self._is_closed = True
        process = self._process
        if process is not None:
            process.kill()
        with self._turn:
            self._end()

    @contextlib.contextmanager
    def _in_turn(self, by: str | None) -> Iterator[None]:
        with self._count:
            if self.waiting > MOST_WAITING:
                raise ProblemError(503, "busy", "Too many ask at once. Ask again in some seconds.")
            if by is not None and self._of[by] >= MOST_WAITING // 2:
                raise ProblemError(503, "busy", "This key asks too much at once. Ask again in some seconds.")
            self.waiting += 1
            self._of[by] += 1
        try:
            with self._turn:
                yield
        finally:
            with self._count:
                self.waiting -= 1
                self._of[by] -= 1
                if not self._of[by]:
                    del self._of[by]

    def _asked(self, question: Mapping[str, Any]) -> dict[str, Any]:
        process = self._running()
        assert process.stdin is not None and process.stdout is not None
        _write(process.stdin, question)
        deadline = time.monotonic() + self._time_limit_s
        answer = _read(process.stdout, lambda: max(deadline - time.monotonic(), 0.0))
        if answer is None:
            raise EOFError
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self.pid is None:
            if self._is_closed:
                raise EOFError
            self.starts += 1
            command = [sys.executable, *COMMAND, os.fspath(self._project)]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        assert self._process is not None
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()


def _write(pipe: Any, value: Mapping[str, Any], content: bytes = b"") -> None:
    body = json.dumps(value).encode()
    pipe.write(_HEAD.pack(len(body), len(content)) + body + content)
    pipe.flush()


def _read(pipe: Any, left_s: Callable[[], float] | None = None) -> dict[str, Any] | None:
    """The next message, its bytes as `content` where it has any; None at the end.

    Raises EOFError where it is late or cut short.
    """
    head = _bytes(pipe, _HEAD.size, left_s)
    if not head:
        return None
    length, more = _HEAD.unpack(head)
    if max(length, more) > _LONGEST:
        raise EOFError
    value = dict(json.loads(_bytes(pipe, length, left_s)))
    return value | {"content": _bytes(pipe, more, left_s)} if more else value


def _bytes(pipe: Any, count: int, left_s: Callable[[], float] | None) -> bytes:
    found = b""
    while len(found) < count:
        if left_s is not None and not select.select([pipe], [], [], left_s())[0]:
            raise EOFError
        piece = pipe.read(count - len(found))
        if not piece:
            if found:
                raise EOFError
            return b""
        found += piece
    return found


# The process itself


def main() -> None:
    """Answer questions until standard input ends."""
    from personae.project.session import Project
    from personae.server.answers import ANSWERS

    limit_memory(MEMORY_LIMIT)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is no answer
    questions: BinaryIO = sys.stdin.buffer
    with Project.open(sys.argv[1]) as project:
        while (question := _read(questions)) is not None:
            content = b""
            try:
                found = ANSWERS[question.pop("ask")](project, **question)
                content = found if isinstance(found, bytes) else b""
                answer = {"answer": None if isinstance(found, bytes) else found}
            except ProblemError as error:
                answer = {"error": error.detail, "code": error.code, "status": error.status}
            except PersonaeError as error:
                answer = {"error": str(error), "code": "photo"}
            except MemoryError:
                answer = {"error": "This picture takes too much memory.", "code": "not-answered"}
            _write(answers, answer, content)


if __name__ == "__main__":
    main()
