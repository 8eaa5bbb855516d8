"""Kills `forget` before each of its writes in turn, and lets others go on from there: what `test_forget_kills` reads.

    python -m tests.forget_killer MADE PLACE NAME FIRST STEP

MADE is a folder with a project and more, which is copied to PLACE for each kill. A write is a file opened for writing,
renamed, linked, deleted, or a statement by which a database commits. For each kill one line of JSON: "kill": its
number, "before": the write it came before, and what came of `forget` in PLACE/forget and of another command in
PLACE/<command>, each in a copy of the killed state, PLACE/killed. A line on stdin goes on to the next kill. The last
line has "writes": how many there are.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from personae.cli import COMMANDS, cli
from personae.errors import PersonaeError
from personae.recognition import calibration

KILLED = 77
OTHERS = (["inspect"], ["train", "cast"], ["identify", "cast/Loki/0.png"], ["log"], ["report", "FILM"])
_COMMITS = ("COMMIT", "VACUUM", "PRAGMA WAL_CHECKPOINT")
_WRITES = {"os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir", "os.truncate"}


def main() -> None:
    made, place, name, first, step = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], *map(int, sys.argv[4:6])
    for module in ("personae.films.film", "personae.project.forgetting", "safetensors.numpy", "PIL.Image", "cv2",
                   *(f"personae.cli.{command}" for command in COMMANDS)):  # fmt: skip
        import_module(module)
    calibration.STRANGERS = 2000  # most of the time of fitting a small cast, and of no matter here
    number = first
    while True:
        killed = place / "killed"
        fresh(made, killed)
        status, where = in_child(lambda: run(killed, ["forget", name, "--yes"], kill_at=number))  # noqa: B023
        if status != KILLED:
            print(json.dumps({"writes": number - 1, "status": status, "output": where}), flush=True)
            return
        other = OTHERS[number % len(OTHERS)]
        answer: dict[str, Any] = {"kill": number, "before": where}
        for arguments in (["forget", name, "--yes"], other):
            folder = place / arguments[0]
            fresh(killed, folder)
            if arguments[0] == "train":  # which would learn them again from their own folder
                shutil.rmtree(folder / "cast" / "Thor")
            answer[arguments[0]] = in_child(lambda: run(folder, arguments))  # noqa: B023
        answer["other"] = other[0]
        print(json.dumps(answer), flush=True)
        sys.stdin.readline()
        number += step


def fresh(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)


def in_child(work: Callable[[], int]) -> tuple[int, str]:
    """Exit status and output of `work`, done in a forked child."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(read)
        os.dup2(write, 1)
        os.dup2(write, 2)
        os._exit(work())
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        output = pipe.read().decode("utf-8", "replace")
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), output


def run(folder: Path, arguments: list[str], kill_at: int | None = None) -> int:
    """Run a command in `folder`, killed before its write number `kill_at`."""
    os.chdir(folder)
    film = "personae/films/party/party.timeline.json"
    arguments = [film if each == "FILM" else each for each in arguments]
    if kill_at is not None:
        Killer(folder, kill_at).watch()
    try:
        status = cli.main(arguments, standalone_mode=False)
    except PersonaeError as error:
        print(f"{type(error).__name__}: {error}", flush=True)
        return 2
    except BaseException as error:
        print(f"broken: {error!r}", flush=True)
        return 3
    sys.stdout.flush()
    return status if isinstance(status, int) else 0


class Killer:
    """Counts writes below `folder`, and ends the process at once before the one it waits for."""

    def __init__(self, folder: Path, kill_at: int) -> None:
        self._folder = str(folder)
        self._left = kill_at

    def watch(self) -> None:
        sys.addaudithook(self._heard)
        connect = sqlite3.connect

        def watched(*arguments: Any, **options: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = connect(*arguments, **options)
            connection.set_trace_callback(lambda statement: self._stated(connection, statement))
            return connection

        setattr(sqlite3, "connect", watched)  # noqa: B010 - by name, as its type is another

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            writes = any(each in mode for each in "wxa+") if isinstance(mode, str) else flags & (
                os.O_WRONLY | os.O_RDWR
            )  # fmt: skip
        elif event in _WRITES:
            path, writes = arguments[0], True
        else:
            return
        if writes and isinstance(path, str | bytes | os.PathLike):
            real = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - no call that is heard itself
            if event == "os.mkdir" and os.path.exists(real):  # noqa: PTH110 - nothing is written
                return
            if real.startswith(self._folder):
                self._tick(f"{event} {real.removeprefix(self._folder)}")

    def _stated(self, connection: sqlite3.Connection, statement: str) -> None:
        first = statement.strip().upper()
        if first.startswith(_COMMITS) or (
            not connection.in_transaction and first.startswith(("INSERT", "UPDATE", "DELETE"))
        ):
            self._tick(statement)

    def _tick(self, what: str) -> None:
        self._left -= 1
        if not self._left:
            os.write(1, what.encode())
            os._exit(KILLED)


if __name__ == "__main__":
    main()
