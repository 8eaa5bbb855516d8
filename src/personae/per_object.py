"""What was made of single objects, known as long as the objects are."""

from __future__ import annotations

import operator
import weakref
from collections.abc import Sequence
from functools import partial
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class PerObject(Generic[Value]):
    """A value for each of many objects that never change, by their identity: nothing is compared, nothing kept alive.

    Safe to use from several threads, which may make one value twice.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[Any], Value]] = {}

    def get(self, one: Any) -> Value | None:
        """What is known of an object."""
        known = self._known.get(id(one))
        return known[1] if known is not None and known[0]() is one else None

    def put(self, one: Any, value: Value) -> Value:
        """Know it from now on."""
        number = id(one)
        self._known[number] = weakref.ref(one, partial(self._drop, number)), value
        return value

    def _drop(self, number: int, gone: weakref.ref[Any]) -> None:
        known = self._known.get(number)
        if known is not None and known[0] is gone:  # else another object has its place by now
            self._known.pop(number, None)


def same_objects(one: Sequence[object], other: Sequence[object]) -> bool:
    """Whether two rows hold the very same objects, equal or not: to know in a moment that thousands are as before."""
    return len(one) == len(other) and all(map(operator.is_, one, other))
