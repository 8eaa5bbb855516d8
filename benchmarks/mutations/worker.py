"""One process that reads files that went wrong, one after the other: paths come in, a line of JSON each goes out."""

from __future__ import annotations

import gc
import json
import logging
import os
import resource
import sys
import time
import traceback
import warnings
from pathlib import Path

from benchmarks.mutations.readers import readers
from personae.errors import PersonaeError

GIB = 1 << 30


def main(name: str, memory_gib: float) -> None:
    """Answer until standard input ends. Address space is bounded, so that nothing can take the machine's memory."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what libraries print is no answer
    os.dup2(1, 2)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", RuntimeWarning)  # numbers that are none, found by numpy
    reader = readers()[name]
    reader.samples()
    sys.setrecursionlimit(1000)
    held = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE") if _has_proc() else 4 * GIB
    resource.setrlimit(resource.RLIMIT_AS, (held + int(memory_gib * GIB),) * 2)
    print(json.dumps({"ready": True}), file=answers)
    for line in sys.stdin:
        path = Path(line.strip())
        started = time.monotonic()
        answer: dict[str, object] = {"result": "read"}
        try:
            reader.read(path)
        except PersonaeError as error:
            answer = {"result": "refused", "error": f"{type(error).__name__}: {error}"}
        except BaseException as error:
            answer = {"result": "failed", "error": repr(error)[:500], "traceback": traceback.format_exc()[-3000:]}
        answer["seconds"] = time.monotonic() - started
        gc.collect()
        answer["mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
            1024 if sys.platform != "darwin" else GIB / 1024
        )
        print(json.dumps(answer), file=answers)


def _has_proc() -> bool:
    return Path("/proc/self/statm").exists()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
