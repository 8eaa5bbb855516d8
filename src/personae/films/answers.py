"""What somebody types about a person without a name, as a value: the same keys in the terminal and on a page.

Commands begin with a dot, so that every name can be typed: characters called X or Q too. A text that begins with "=" is
a name as it stands: "=7" for a character called 7.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from personae.errors import InputError
from personae.names import unknown_number

Kind = Literal[
    "enter", "suggestion", "name", "merge", "later", "stranger", "strangers", "no_face", "new", "undo", "quit", "help"
]
COMMANDS: dict[str, Kind] = {
    ".": "later",
    ".s": "stranger",
    ".s all": "strangers",
    ".x": "no_face",
    ".n": "new",
    ".u": "undo",
    ".q": "quit",
    ".?": "help",
}
"""What is typed -> what it means. `.m WHO` is a merge besides."""
HELP = (
    "1 to 9    the suggestion with that number",
    'a name    a character, known or new; "Unknown 2" makes the two one person',
    "Enter     the suggestion in brackets; where none is, later",
    ".         later: asked again next time",
    ".s        a stranger: stays without a name and is not asked for again",
    ".s all    everybody who is left is a stranger: this one, those for later, those not asked yet",
    ".x        no face",
    ".n        somebody new: none of these and nobody of the cast; without a name for now",
    '.m WHO    the same person as WHO: ".m 2" and ".m Unknown 2" are Unknown 2, or ".m Unknown 4 of ep2"',
    ".u        undo the last answer, and ask it again",
    ".q        quit; what was said is kept",
    ".?        these keys",
    "=NAME     a name that looks like something else: =7",
)
"""A line for each key."""
_MERGE = re.compile(r"\.m(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)
_OF = re.compile(r"(unknown\s*\d+)\s+of\s+(.+)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Answer:
    """One answer. `text`: a name, or who to merge with; `number`: of a suggestion; `is_literal`: meant as it stands."""

    kind: Kind
    text: str = ""
    number: int = 0
    is_literal: bool = False


def understood(line: str) -> Answer:
    """What a line says; raises InputError for a command that is none."""
    text = " ".join(line.split())
    if not text:
        return Answer("enter")
    if text.startswith("="):
        return Answer("name", line.strip()[1:].strip(), is_literal=True)
    if (merge := _MERGE.fullmatch(text)) is not None:
        return Answer("merge", _merged(merge[1] or ""))
    if text.startswith("."):
        kind = COMMANDS.get(text.casefold())
        if kind is None:
            instead = f" and for a character called so ={text}" if text[2:].strip(". ") and " " not in text else ""
            raise InputError(f"{text} is no command. For all of them type .?{instead}")
        return Answer(kind)
    if text.isascii() and text.isdigit():
        return Answer("suggestion", number=int(text[:9]))
    if unknown_number(text) is not None or who_of(text)[1]:
        return Answer("merge", text)
    return Answer("name", line.strip())


def who_of(text: str) -> tuple[str, str]:
    """ "Unknown 4 of ep2" as "Unknown 4" and "ep2"; the second is empty where no film or set is named."""
    found = _OF.fullmatch(text.strip())
    return (found[1], found[2].strip()) if found else (text.strip(), "")


def _merged(text: str) -> str:
    if not text:
        raise InputError("Say who they are the same person as: .m 2, .m Unknown 2, .m Unknown 4 of ep2")
    number, of, medium = text.partition(" of ")
    if number.isascii() and number.isdigit():
        return f"Unknown {number}{of}{medium}"
    return text
