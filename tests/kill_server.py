"""Runs commands of the command line in forked children and kills them after a time: what `test_kills` talks to.

A line of JSON in: "cwd", "arguments", "kill_after_s" (or null); one out: "status", "killed", "seconds", "output". The
children are forked from a process that has imported everything, so that a kill hits the work and not the imports.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from importlib import import_module
from typing import Any

from personae.cli import COMMANDS, cli
from personae.errors import PersonaeError

WARM = (
    "av", "cv2", "PIL.Image", "safetensors.numpy", "sqlite3", "filelock", "rich.table", "rich.progress",
    "personae.films.scan", "personae.exports.registry", "personae.films.film", "personae.faces.fake",
    "personae.project.forgetting",
)  # fmt: skip


def serve() -> None:
    for name in (*WARM, *(f"personae.cli.{command}" for command in COMMANDS)):
        import_module(name)
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Run one job in a child, killed when its time has come."""
    with tempfile.TemporaryFile() as output:
        start = time.monotonic()
        pid = os.fork()
        if not pid:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            os._exit(_command(job))
        killed = False
        while True:
            done, status = os.waitpid(pid, os.WNOHANG)
            seconds = time.monotonic() - start
            if done:
                break
            if not killed and job["kill_after_s"] is not None and seconds >= job["kill_after_s"]:
                os.kill(pid, signal.SIGKILL)
                killed = True
            time.sleep(0.0005)
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    code = os.waitstatus_to_exitcode(status)
    return {"status": code, "killed": code == -signal.SIGKILL, "seconds": seconds, "output": text}


def _command(job: dict[str, Any]) -> int:
    os.chdir(job["cwd"])
    sys.stdout = sys.stderr = os.fdopen(1, "w", encoding="utf-8", buffering=1)
    try:
        status = cli.main(job["arguments"], standalone_mode=False)
    except PersonaeError as error:
        print(f"{type(error).__name__}: {error}")
        status = 2
    except BaseException as error:
        print(repr(error))
        status = 70
    return status if isinstance(status, int) else 0


if __name__ == "__main__":
    serve()
