"""A person out of a journal of decisions (`film.decisions.jsonl`): a header line, then a decision a line.

A decision that makes somebody else of the person stays, without the name; so does what is left of a merge. What was
decided of them alone goes, and so does a line that is torn off. Text in, text out.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from personae.forgetting.documents import forget_in_json

Row = dict[str, Any]


def forget_in_journal(text: str, marks: Collection[str], also: Collection[str] = ()) -> tuple[str, int]:
    """The journal without the person whose names and ids are `marks`, and how many decisions went.

    `also`: the ids of decisions that are theirs though they do not say so: of faces drawn before they had the name.
    What was appended together stays so (`more`), and positions (`on`) are counted anew. A journal that says nothing of
    the person is returned as it is.
    """
    head, *lines = text.split("\n")
    lines = [line for line in lines if line.strip()]
    rows = [_parsed(line) for line in lines]
    header = _parsed(head)
    kept: list[Row | None] = [None if row is None or row.get("id") in also else _without(row, marks) for row in rows]
    goes = [row is not None and after is None for row, after in zip(rows, kept, strict=True)]
    cleaned = [] if header is None else [forget_in_json(header, marks, ours=True)[0]]
    for at, row in enumerate(kept):
        if row is not None:
            cleaned.append(_counted(row, goes, at))
    torn = any(row is None and any(mark in line for mark in marks) for row, line in zip(rows, lines, strict=True))
    if not torn and [header, *(row for row in rows if row is not None)] == cleaned:
        return text, 0
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in cleaned), sum(goes)


def _parsed(line: str) -> Row | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _without(row: Row, marks: Collection[str]) -> Row | None:
    """One line without the person; None where nothing is left of it."""
    listed = row.get("parts")
    parts = listed if isinstance(listed, list) else []
    others = [part for part in parts if not _is_person(part.get("who") if isinstance(part, dict) else None, marks)]
    if _is_person(row.get("to"), marks):
        return None
    if len(others) < len(parts):
        becomes = row.get("to")
        if row.get("kind") in ("merge", "apart"):
            if len(others) < 2:
                return None
            row = row | {"parts": others}
        elif row.get("kind") in ("name", "give") and isinstance(becomes, dict) and becomes.get("character") is not None:
            row = row | {"parts": [part | {"who": None} for part in parts]}
        else:
            return None
    cleaned: Row = forget_in_json(row, marks, ours=True)[0]
    return cleaned


def _is_person(who: Any, marks: Collection[str]) -> bool:
    return isinstance(who, dict) and any(isinstance(value, str) and value in marks for value in who.values())


def _counted(row: Row, goes: list[bool], at: int) -> Row:
    """A line that stays, with what it says of the lines around it."""
    row = dict(row)
    if isinstance(row.get("on"), int):
        row["on"] -= sum(goes[: row["on"]])
    if isinstance(row.get("more"), int):
        row["more"] -= sum(goes[at + 1 : at + 1 + row["more"]])
        if row["more"] <= 0:
            del row["more"]
    return row
