"""A database that is away at the next calls of a table's methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from personae.cluster.table import PieceTable
from personae.errors import StoreError


def away_for(table: PieceTable, name: str, left: dict[str, int]) -> Callable[..., Any]:
    """The method `name`, which fails as often as `left` says of it; that counts down."""
    real = getattr(table, name)

    def call(*words: Any, **options: Any) -> Any:
        if left[name]:
            left[name] -= 1
            raise StoreError("pieces", "the database cannot be used (gone).")
        return real(*words, **options)

    return call
