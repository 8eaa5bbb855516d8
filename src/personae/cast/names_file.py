"""A list of names, one a line: the people of a call sheet."""

from __future__ import annotations

from pathlib import Path

from personae.cast.finding import new_name
from personae.errors import CastError, InputError
from personae.text_files import lines_of


def read_names(path: Path) -> tuple[list[str], list[str]]:
    """The names in a file, and a sentence for each line that gives one again. "#" begins a comment; blank lines count
    for nothing.

    Raises CastError, with every line that is no name, and InputError where the file cannot be read or names nobody.
    """
    names: list[str] = []
    line_of: dict[str, int] = {}
    again: list[str] = []
    wrong: list[str] = []
    for number, line in enumerate(lines_of(path), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            name = new_name(text)
        except InputError as error:
            wrong.append(f"line {number}: {error}")
            continue
        before = line_of.setdefault(name.casefold(), number)
        if before == number:
            names.append(name)
        else:
            again.append(f"line {number}: {name} stands in line {before} already.")
    if wrong:
        raise CastError(f"{path} has lines that are no names, so nothing was added:", tuple(wrong))
    if not names:
        raise InputError(f"{path} names nobody. Write one name a line.")
    return names, again
