"""A person out of a journal of decisions (`film.decisions.jsonl`): a header line, then a decision a line.

A decision that makes somebody the person, or says something of them alone, goes. One that is about somebody else too
stays, and no longer says who it was. Text in, text out; what is not JSON stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from personae.forgetting.documents import forget_in_json

_ALSO_OF_OTHERS = frozenset({"name", "give", "not", "no_face", "split", "merge", "apart", "stranger"})
"""Kinds that hold without the one they name as who it was before."""
Row = dict[str, Any]


def forget_in_journal(text: str, marks: Collection[str]) -> tuple[str, int]:
    """The journal without the person whose names and ids are `marks`, and how many decisions went.

    What was appended together stays so (`more`), undos lose what they took back, and positions (`on`) are counted anew.
    """
    head, *lines = text.splitlines()
    rows = [_parsed(line) for line in lines]
    goes = [row is not None and _is_about(row, marks) for row in rows]
    gone = {str(row.get("id")) for row, out in zip(rows, goes, strict=True) if row is not None and out}
    for at, row in enumerate(rows):
        taken = row.get("takes_back") if row is not None else None
        if row is not None and isinstance(taken, list) and gone.intersection(map(str, taken)):
            row["takes_back"] = [one for one in taken if str(one) not in gone]
            if not row["takes_back"]:
                goes[at] = True
                gone.add(str(row.get("id")))
    kept = [json.dumps(forget_in_json(_parsed(head) or {}, marks)[0], ensure_ascii=False) if _parsed(head) else head]
    for at, (row, line) in enumerate(zip(rows, lines, strict=True)):
        if goes[at]:
            continue
        kept.append(line if row is None else json.dumps(_without(row, marks, goes, at), ensure_ascii=False))
    return "\n".join([*kept, ""]), sum(goes)


def _parsed(line: str) -> Row | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _is_about(row: Row, marks: Collection[str]) -> bool:
    """Whether a decision goes with the person."""
    if _is_person(row.get("to"), marks):
        return True
    parts = row.get("parts")
    people = [part.get("who") for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    named = [_is_person(who, marks) for who in people]
    return any(named) and all(named) and row.get("kind") not in _ALSO_OF_OTHERS


def _is_person(who: Any, marks: Collection[str]) -> bool:
    return isinstance(who, dict) and any(isinstance(value, str) and value in marks for value in who.values())


def _without(row: Row, marks: Collection[str], goes: Sequence[bool], at: int) -> Row:
    """A decision that stays, without the person."""
    if isinstance(row.get("parts"), list):
        row["parts"] = [
            part | {"who": None} if isinstance(part, dict) and _is_person(part.get("who"), marks) else part
            for part in row["parts"]
        ]
    if isinstance(row.get("on"), int):
        row["on"] -= sum(goes[: row["on"]])
    if isinstance(row.get("more"), int):
        row["more"] -= sum(goes[at + 1 : at + 1 + row["more"]])
        if row["more"] <= 0:
            del row["more"]
    cleaned: Row = forget_in_json(row, marks)[0]
    return cleaned
