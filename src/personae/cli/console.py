"""What people see: lines and tables on stdout, questions, and signs of life on stderr.

Every text goes through `shown`, so that no name or path from outside can break a line, move the cursor or be read as
markup. The commands print by `say`, `show`, `say_json` and `ask` alone; a test holds that.
"""

from __future__ import annotations

import io
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from personae.errors import InputError
from personae.names import shown

if TYPE_CHECKING:
    from personae.progress import Progress, ProgressCallback

LIFE_S = 10.0
"""Where stderr is no terminal, a line of progress is written so often, in seconds."""
_NARROWEST = 80
"""Columns; a table on a narrower terminal is drawn as if it had so many."""
_NOT_ASCII = re.compile("[^\n -~]")


def say(text: object = "", *, err: bool = False, prose: bool = False) -> None:
    """Print one line, whatever stands in `text`, to stdout (`err`: to stderr).

    `prose`: sentences, which a terminal gets broken between words; what is not prose stays whole, to be copied.
    """
    stream = sys.stderr if err else sys.stdout
    line = shown(str(text))
    if prose and stream.isatty():
        import shutil
        import textwrap

        columns = max(shutil.get_terminal_size().columns, _NARROWEST)
        line = textwrap.fill(line, columns, break_long_words=False, break_on_hyphens=False)
    stream.write(line + "\n")
    stream.flush()


def say_json(document: Any) -> None:
    """Print a document as JSON in UTF-8, whatever the encoding of stdout."""
    import json

    write_json(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def write_json(text: str) -> None:
    """Write JSON text to stdout in UTF-8; letters that no name can have become JSON's own escapes, the same value."""
    write_bytes(_NOT_ASCII.sub(_as_json, text).encode())


def _as_json(found: re.Match[str]) -> str:
    import json

    return found[0] if shown(found[0]) == found[0] else json.dumps(found[0])[1:-1]


def write_bytes(content: bytes) -> None:
    """Write a file of a format to stdout as it is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


class JsonStdout(io.TextIOBase):
    """Stdout as a stream of JSON text, for writers that write it piece by piece."""

    def write(self, text: str, /) -> int:
        """Write a piece."""
        write_json(text)
        return len(text)


def ask(question: str) -> bool:
    """Ask on stderr, and whether the answer is yes; raises InputError where nobody can answer."""
    sys.stderr.write(f"{shown(question)} [y/N]: ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer:
        say(err=True)
        raise InputError("Nobody can answer, so nothing was done. To agree without being asked, give --yes.")
    return answer.strip().casefold() in ("y", "yes")


def ask_on(lines: Sequence[str], *, enter: bool) -> bool:
    """Say what may be wrong and ask whether to go on; for a terminal. `enter`: Enter goes on, else it asks again."""
    *first, last = lines
    for line in first:
        say(line, err=True, prose=True)
    while True:
        sys.stderr.write(f"{shown(last)} [{'Y/n' if enter else 'y/n'}]: ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        if line.strip() or enter or not line:
            return line.strip().casefold() in (("", "y", "yes") if enter else ("y", "yes"))


class Table:
    """A plain table; a column whose name ends in > is set flush right."""

    def __init__(self, columns: tuple[str, ...], title: str | None = None) -> None:
        self.columns = columns
        self.title = title
        self.rows: list[tuple[str, ...]] = []

    def add_row(self, *cells: str) -> None:
        """Add a row, a text per column."""
        self.rows.append(cells)


def table(*columns: str, title: str | None = None) -> Table:
    """An empty table with those columns."""
    return Table(columns, title)


def show(table: Table) -> None:
    """Print a table to stdout; on a terminal its cells are broken to fit, elsewhere they are as wide as they are."""
    from rich.box import SIMPLE_HEAD, Box
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table as Drawn
    from rich.text import Text

    encoding = sys.stdout.encoding or "utf-8"

    def cell(text: str) -> Text:
        # What the encoding lacks is an escape before widths are measured, so that columns stay in line.
        return Text(shown(text).encode(encoding, "backslashreplace").decode(encoding))

    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 1_000_000
    out = Console(highlight=False, markup=False, emoji=False, width=width)
    out.width = max(out.width, _NARROWEST)
    drawn = Drawn(
        title=None if table.title is None else cell(table.title),
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD if "utf" in encoding.lower() else Box(str(SIMPLE_HEAD).replace("─", "-"), ascii=True),
        pad_edge=False,
        padding=(0, 1, 0, 0),
        min_width=len(table.title or ""),
    )
    for name in table.columns:
        heading = cell(name.rstrip(">"))
        longest = max(map(cell_len, heading.plain.split()), default=None)
        right = name.endswith(">")
        drawn.add_column(heading, justify="right" if right else "left", overflow="fold", min_width=longest)
    for row in table.rows:
        drawn.add_row(*map(cell, row))
    out.print(drawn)


@contextmanager
def progress_bar(*, quiet: bool = False) -> Iterator[ProgressCallback | None]:
    """A callback that draws a bar with time left on stderr, or a line every ten seconds where that is no terminal."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        with _lines() as show:
            yield show


@contextmanager
def _bar() -> Iterator[ProgressCallback]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[message]}", style="dim", markup=False),
    )
    out = Console(stderr=True, highlight=False, markup=False, emoji=False)
    with Bar(*columns, console=out, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def show(progress: Progress) -> None:
            if progress.stage not in tasks:
                tasks[progress.stage] = bar.add_task(shown(progress.stage), total=progress.total, message="")
            bar.update(
                tasks[progress.stage],
                completed=progress.done,
                total=progress.total,
                message=shown(progress.message)[-40:],
            )

        yield show


@contextmanager
def _lines() -> Iterator[ProgressCallback]:
    """A thread tells, so that there is a sign of life also while one long step reports nothing."""
    from threading import Event, Thread

    begun = time.monotonic()
    latest: list[Progress] = []
    done = Event()

    def tell() -> None:
        while not done.wait(LIFE_S):
            for progress in latest[-1:]:
                say(f"after {time.monotonic() - begun:.0f} s: {progress}", err=True)

    def note(progress: Progress) -> None:
        latest[:] = [progress]

    thread = Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield note
    finally:
        done.set()
        thread.join()
