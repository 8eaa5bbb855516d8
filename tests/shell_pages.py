"""A page of the documentation whose lines run in one shell, `sh -e`, against what it shows."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.documents import blocks_of, differences

MARK = "\x1e"
"""Between what two blocks print."""


@dataclass(frozen=True)
class Ran:
    """How a page went: exit code, the end of what was said on stderr, processes that outlived it, and what differs.

    `compared`: so many outputs that the page shows.
    """

    code: int | None
    said: str
    left: list[int]
    wrong: list[str]
    compared: int


def run_page(
    page: Path,
    folder: Path,
    scratch: Path,
    *,
    path: str,
    changes: Mapping[str, str],
    not_run: Collection[str],
    unset: Collection[str] = (),
    within_s: float,
) -> Ran:
    """Run all blocks of a page without a language in `folder`, and compare what they print with the block after each.

    `scratch`: where the script and what it prints are kept; `changes`: what stands in for ports and hosts;
    `unset`: variables of the environment that it does not have.
    """
    script, shown = "", dict[int, tuple[str, str]]()
    blocks = blocks_of(page)
    for number, (language, block) in enumerate(blocks):
        if not language and block not in not_run:
            script += f"{block}printf '{MARK}{number}{MARK}'\n"
            shown[number] = next(iter(blocks[number + 1 : number + 2]), ("", ""))
    for here, there in changes.items():
        assert here in script
        script = script.replace(here, there)
    (scratch / "page.sh").write_text(script, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    with (scratch / "out").open("wb") as out, (scratch / "err").open("wb") as err:
        process = subprocess.Popen(
            ["sh", "-ex", str(scratch / "page.sh")],
            cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True,
            env={**environment, "PATH": path, "COLUMNS": "100"},
        )  # fmt: skip
        with ended(process):
            process.wait(within_s)
            left = [pid for pid in _session(process.pid) if pid != process.pid]
    said = (scratch / "err").read_text(encoding="utf-8", errors="replace")[-3000:]
    if process.returncode:
        return Ran(process.returncode, said, left, [], 0)
    printed = (scratch / "out").read_text(encoding="utf-8")
    for here, there in changes.items():
        printed = printed.replace(there, here)
    pieces = printed.split(MARK)[:-1]
    now = {int(number): text for text, number in zip(pieces[::2], pieces[1::2], strict=True)}
    compared = {number: found for number, found in shown.items() if found[0] in ("text", "json")}
    wrong = [
        f"block {number}: {one}"
        for number, (language, block) in compared.items()
        for one in differences(language, block, now[number])
    ]
    return Ran(process.returncode, said, left, wrong, len(compared))


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """At the end no process of the session that `process` leads is left."""
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _session(leader: int) -> list[int]:
    """The processes of the group that `leader` leads; empty where the system does not tell."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == leader and fields[0] != "Z":
                found.append(int(stat.parent.name))
    return found
