"""Run by tests in a process of its own: command lines (a JSON list of lists on stdin), each answered by a JSON line."""

from __future__ import annotations

import contextlib
import io
import json
import resource
import sys
import traceback

from personae.assessment import search as tuning
from personae.cli import main

MOST_MEMORY = 8 << 30


def run(arguments: list[str]) -> tuple[object, str]:
    """Exit status and everything that was printed; a traceback where an exception came through."""
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    sys.argv = ["personae", *arguments]
    status: object = None
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            main()
        except SystemExit as end:
            status = end.code
        except BaseException:
            traceback.print_exc()
    printed.seek(0)
    return status, printed.read()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    tuning.GRID = tuning.GRID[:1]  # what is read is tested, and not the search, which takes most of a minute
    for arguments in json.load(sys.stdin):
        print(json.dumps([arguments, *run(arguments)]), flush=True)
