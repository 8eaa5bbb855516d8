"""Standard input and output whatever they are: closed, full, or of an encoding that lacks letters.

What cannot be shown or written is no reason to stop work that takes hours. Letters that an encoding lacks are written
as escapes, a closed stream swallows what it is given, and a full disk behind standard output is told once, at the end.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any


class _Patient(io.FileIO):
    """A stream's file that takes everything; `failed` is why something could not be written."""

    failed: OSError | None = None
    writes_files = False
    """Whether the command writes more than what it prints, so that a reader who has gone ends nothing."""

    def write(self, content: Any, /) -> int:
        """Write; a reader who has gone (BrokenPipeError) is an error where nothing more is wanted then."""
        try:
            return super().write(content) or 0
        except BrokenPipeError as error:
            if not _Patient.writes_files:
                raise
            self.failed = self.failed or error
            return memoryview(content).nbytes
        except OSError as error:
            self.failed = self.failed or error
            return memoryview(content).nbytes


def prepare() -> None:
    """Make the process's own streams ready; call this first, before any file is opened.

    Streams that somebody has put in their place (a test, an embedding program) stay as they are.
    """
    for number in range(3):  # a file opened later would get the number of a closed stream, and its output
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is getattr(sys, f"__{name}__"):
            made = _made(stream, 1 if name == "stdout" else 2)
            setattr(sys, name, made)
            setattr(sys, f"__{name}__", made)


def _made(stream: Any, number: int) -> Any:
    if stream is None:
        return open(number, "w", encoding="utf-8", closefd=False)
    if stream.isatty():  # a terminal is never full, and Windows writes to its own by letters, not bytes
        stream.reconfigure(errors="backslashreplace")
        return stream
    stream.flush()
    file = io.BufferedWriter(_Patient(number, "w", closefd=False))
    return io.TextIOWrapper(
        file,
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def go_on_unread() -> None:
    """From now on go on also when the reader of a pipe (head, less) has gone: files are written beside."""
    _Patient.writes_files = True


def unwritten() -> str | None:
    """Why something could not be written to standard output, for people; None where everything was."""
    sys.stdout.flush()
    file = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    failed = file.failed if isinstance(file, _Patient) else None
    return (
        None
        if failed is None or isinstance(failed, BrokenPipeError)
        else (failed.strerror or errno.errorcode.get(failed.errno or 0, "it failed"))
    )


def discard() -> None:
    """Let what is still to be written to standard output vanish: its reader (head, less) has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
