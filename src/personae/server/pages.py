"""Long lists in pages: a stable order, and a cursor that says where to go on."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query

from personae.server.problems import ProblemError

LONGEST = 1000
Row = TypeVar("Row")


@dataclass(frozen=True)
class Asked:
    """What part of a list a client wants: `limit` rows after `after`, the key of the last row it has (None: begin)."""

    limit: int
    after: Any = None


def _asked(
    limit: Annotated[int, Query(ge=1, le=LONGEST)] = 100, cursor: Annotated[str | None, Query(max_length=2000)] = None
) -> Asked:
    if cursor is None:
        return Asked(limit)
    try:
        after = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
    except (ValueError, RecursionError):
        after = None
    if not all(isinstance(part, str | int | float) for part in (after if isinstance(after, list) else [after])):
        raise ProblemError(422, "cursor", "That is no cursor of this server. Begin without one.")
    return Asked(limit, after)


PageOf = Annotated[Asked, Depends(_asked)]


def next_cursor(key: Any) -> str:
    """What to ask with for the rows after the one with that key (JSON types)."""
    return base64.urlsafe_b64encode(json.dumps(key, ensure_ascii=True, separators=(",", ":")).encode()).decode()


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of a list; `next` goes on, None: that is all."""

    rows: Sequence[Row]
    next: str | None

    @classmethod
    def of(cls, rows: Iterable[Row], key: Callable[[Row], Any], asked: Asked) -> Page[Row]:
        """The page of a whole list, sorted by `key` (JSON types that no two rows share): rows come and go between."""
        ordered = sorted(rows, key=key)
        if asked.after is not None:
            try:
                ordered = [row for row in ordered if _plain(key(row)) > asked.after]
            except TypeError:
                raise ProblemError(422, "cursor", "That is a cursor of another list. Begin without one.") from None
        found = ordered[: asked.limit]
        return cls(found, next_cursor(key(found[-1])) if len(ordered) > asked.limit else None)


def _plain(key: Any) -> Any:
    """As it comes back from a cursor."""
    return list(key) if isinstance(key, tuple) else key
