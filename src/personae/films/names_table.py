"""Who is called what, as a table that a spreadsheet saves: a person, a name, and perhaps the film or photo set."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from personae.errors import InputError
from personae.names import unknown_name
from personae.text_files import lines_of

_SEPARATORS = (";", "\t", ",")
_COLUMNS = {
    "who": ("who", "unknown", "person"),
    "name": ("name", "character"),
    "medium": ("film", "timeline", "photos", "set", "medium", "in"),
}


@dataclass(frozen=True)
class Wanted:
    """That somebody is to be called `name`. `medium`: of a film or photo set, empty where that is not said; `where`:
    where it is said, for messages.
    """

    who: str
    name: str
    medium: str = ""
    where: str = ""


def read_table(path: Path) -> list[Wanted]:
    """What a table says: a row a person, without the rows whose name is empty.

    Its columns are who (a name, "Unknown 3", or 3), name, and film; a first row that calls them so ("who" or "unknown",
    "name", "film") sets their order, and other columns count for nothing. UTF-8, with semicolons, commas or tabs.
    Raises InputError, which names the line.
    """
    lines = lines_of(path)
    skipped = 1 if lines and lines[0].casefold().startswith("sep=") else 0  # how Excel is told the separator
    rows = _rows(lines[skipped:])
    columns = _columns(rows[0][1]) if rows else {}
    if columns:
        rows = rows[1:]
    else:
        columns = {"who": 0, "name": 1, "medium": 2}
    found = []
    for number, row in rows:
        where = f"line {number + skipped}"
        who, name, medium = (_cell(row, columns.get(key)) for key in ("who", "name", "medium"))
        if not name:
            continue  # a row that nobody filled in
        if not who:
            raise InputError(f"{path}: {where} does not say who is called {name}.")
        if who.isascii() and who.isdigit():
            who = unknown_name(int(who[:9]))
        found.append(Wanted(who, name, medium, where))
    if not found:
        raise InputError(f"{path} gives nobody a name. Its columns are who, name and, if you like, film.")
    return found


def _rows(lines: Sequence[str]) -> list[tuple[int, list[str]]]:
    """(line, cells) of each row that holds something, with the separator that most rows have."""
    best: list[tuple[int, list[str]]] = []
    for separator in _SEPARATORS:
        reader = csv.reader([f"{line}\n" for line in lines], delimiter=separator)
        try:
            rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
        except csv.Error as error:
            raise InputError(f"Line {reader.line_num} of the table cannot be read: {error}.") from None
        if not best or _width(rows) > _width(best):
            best = rows
    return best


def _width(rows: Sequence[tuple[int, list[str]]]) -> int:
    """How many rows have more than one cell."""
    return sum(len(row) > 1 for _, row in rows)


def _columns(first: Sequence[str]) -> dict[str, int]:
    """Where the columns are by what the first row calls them; empty where it is no heading."""
    titles = [cell.strip().casefold() for cell in first]
    found = {
        key: next((titles.index(word) for word in words if word in titles), None) for key, words in _COLUMNS.items()
    }
    if found["who"] is None or found["name"] is None:
        return {}
    return {key: at for key, at in found.items() if at is not None}


def _cell(row: Sequence[str], at: int | None) -> str:
    return row[at].strip() if at is not None and at < len(row) else ""
