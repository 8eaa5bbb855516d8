"""Documents of version 1 as version 2 has them: there an unknown person was a text, and characters had no ids.

Nothing is checked here: what cannot be right stays as it is, for the reader to say so.
"""

from __future__ import annotations

from typing import Any

from personae.names import unknown_number, upgraded_name
from personae.timeline.timeline import name_of

_OLD_UNKNOWN = "Unknown "


def upgraded(document: dict[str, Any]) -> dict[str, Any]:
    """A timeline of version 1 as one of version 2; the rows are changed in place."""
    for name in ("appearances", "characters", "depicted"):
        rows = document.get(name)
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict):
                upgrade_person(row)
                if name == "appearances":
                    row.update(stranger=False, seen="face")
    return document


def upgrade_person(row: dict[str, Any]) -> None:
    """Say in place whom a row is about as version 2 does. A character called "Unknown 2" is so no longer."""
    if "character" not in row or "unknown" not in row:
        return
    character, unknown = row["character"], row["unknown"]
    if isinstance(character, str):
        row["character"] = character = upgraded_name(character)
    if isinstance(unknown, str):
        row["unknown"] = unknown = old_number(unknown)
    row["character_id"] = None
    row["name"] = name_of(
        character if isinstance(character, str) else None, unknown if isinstance(unknown, int) else None
    )


def old_number(unknown: str) -> int | str:
    """The number of an unknown person that version 1 wrote; the text where it is none."""
    number = unknown_number(unknown) if unknown.startswith(_OLD_UNKNOWN) else None
    return number if number is not None and unknown == f"{_OLD_UNKNOWN}{number}" else unknown
