"""Checks of what stands in a file that anybody may have changed: types, ranges, finite numbers.

    film = Fields(parsed(content), "")
    stream = film.inner("video").whole("stream", 0, 4096)
    # MisfitError: video.stream is -1, not a whole number from 0 to 4096

Whoever reads a file turns a `MisfitError` into an error that names the file. JSON Schema says the same for other
programs (see `schemas/`), but cannot say that spans lie inside the film, and its checkers take far longer.
"""

from __future__ import annotations

import contextlib
import gc
import json
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, NoReturn, TypeVar

DEEPEST = 32
"""Of facts that are kept as they are; more would end the reader of whoever gets them next."""
_WHOLE = 2**63 - 1
_LARGEST = 1e300
_T = TypeVar("_T")


class MisfitError(ValueError):
    """A value in a file that cannot be right; the message begins with where it stands."""


def misfit(at: str, value: object, wanted: str) -> NoReturn:
    """Raise MisfitError: the value at `at` is not what is wanted."""
    shown = ascii(value)
    raise MisfitError(f"{at or 'the whole'} is {shown if len(shown) < 60 else shown[:57] + '...'}, not {wanted}")


def require(condition: object, what: str) -> None:
    """Raise MisfitError that says `what` is wrong, unless `condition`."""
    if not condition:
        raise MisfitError(what)


def parsed(text: str | bytes) -> Any:
    """JSON as the standard has it: NaN and Infinity are refused. Raises ValueError for whatever cannot be read."""
    try:
        with no_collection():
            return json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None


@contextlib.contextmanager
def no_collection() -> Iterator[None]:
    """Inside, no garbage is looked for: among millions of new values without a cycle it is half of the work."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def whole(value: Any, at: str, low: int = -_WHOLE, high: int = _WHOLE) -> int:
    """A whole number from `low` to `high`."""
    if type(value) is not int or not low <= value <= high:
        misfit(at, value, f"a whole number from {low} to {high}")
    return value


def number(value: Any, at: str, low: float = -_LARGEST, high: float = _LARGEST) -> float:
    """A finite number from `low` to `high`."""
    if type(value) not in (int, float) or not low <= value <= high:
        misfit(at, value, f"a number from {low:g} to {high:g}")
    return float(value)


def text(value: Any, at: str, pattern: re.Pattern[str] | None = None, *, empty: bool = True) -> str:
    """A text that can be written as UTF-8 and be a part of a path: no half characters, no NUL."""
    if not isinstance(value, str) or not (value or empty) or (pattern and not pattern.fullmatch(value)):
        misfit(at, value, "a text" if empty and pattern is None else "a text of the right form")
    if "\0" in value or (not value.isascii() and _has_half(value)):
        misfit(at, value, "a text in Unicode without NUL")
    return value


def _has_half(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return True
    return False


def flag(value: Any, at: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        misfit(at, value, "true or false")
    return value


def one_of(value: Any, at: str, choices: Collection[str]) -> str:
    """One of a few words."""
    if not isinstance(value, str) or value not in choices:
        misfit(at, value, f"one of {', '.join(choices)}")
    return value


def inside(value: Any, at: str) -> str:
    """A file's path, relative and inside the folder that it counts from."""
    path = text(value, at, empty=False)
    windows = PureWindowsPath(path)
    if PurePosixPath(path).is_absolute() or windows.drive or windows.root or ".." in windows.parts:
        misfit(at, value, "a path inside the folder of this file")
    return path


def any_text(value: Any, at: str) -> str:
    """A text, also one that is no Unicode: file names need not be."""
    if not isinstance(value, str):
        misfit(at, value, "a text")
    return value


def facts(value: Any, at: str, *, halves: bool = False) -> dict[str, Any]:
    """An object of JSON with whatever in it: every number finite, every text writable, not too deep.

    `halves`: texts may hold half characters (see `any_text`).
    """
    if not isinstance(value, dict):
        misfit(at, value, "an object")
    _plain(value, at, 0, any_text if halves else text)
    return value


def _plain(value: Any, at: str, depth: int, check: Callable[[Any, str], str]) -> None:
    if depth > DEEPEST:
        raise MisfitError(f"{at} is nested too deeply")
    if isinstance(value, dict):
        for key, inner in value.items():
            check(key, f"{at}: a name")
            _plain(inner, f"{at}.{key}", depth + 1, check)
    elif isinstance(value, list):
        for row, inner in enumerate(value):
            _plain(inner, f"{at}[{row}]", depth + 1, check)
    elif isinstance(value, str):
        check(value, at)
    elif isinstance(value, float):
        number(value, at)
    elif type(value) is int:
        whole(value, at)


class Fields:
    """The fields of one JSON object; each is checked as it is taken. `at`: where in the document the object stands."""

    __slots__ = ("_values", "at")

    def __init__(self, value: Any, at: str = "") -> None:
        if not isinstance(value, dict):
            misfit(at, value, "an object")
        self._values: dict[str, Any] = value
        self.at = at

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def where(self, name: str) -> str:
        """The field's place in the document."""
        return f"{self.at}.{name}" if self.at else name

    def get(self, name: str) -> Any:
        """The value, not checked; MisfitError where it is missing."""
        try:
            return self._values[name]
        except KeyError:
            raise MisfitError(f"{self.where(name)} is missing") from None

    def get_or_none(self, name: str) -> Any:
        """The value, not checked; None where it is missing."""
        return self._values.get(name)

    def whole(self, name: str, low: int = -_WHOLE, high: int = _WHOLE) -> int:
        """See `whole`."""
        return whole(self.get(name), self.where(name), low, high)

    def number(self, name: str, low: float = -_LARGEST, high: float = _LARGEST) -> float:
        """See `number`."""
        return number(self.get(name), self.where(name), low, high)

    def text(self, name: str, pattern: re.Pattern[str] | None = None, *, empty: bool = True) -> str:
        """See `text`."""
        return text(self.get(name), self.where(name), pattern, empty=empty)

    def flag(self, name: str) -> bool:
        """See `flag`."""
        return flag(self.get(name), self.where(name))

    def one_of(self, name: str, choices: Collection[str]) -> str:
        """See `one_of`."""
        return one_of(self.get(name), self.where(name), choices)

    def inside(self, name: str) -> str:
        """See `inside`."""
        return inside(self.get(name), self.where(name))

    def facts(self, name: str) -> dict[str, Any]:
        """See `facts`."""
        return facts(self.get(name), self.where(name))

    def inner(self, name: str) -> Fields:
        """The fields of an object in this one."""
        return Fields(self.get(name), self.where(name))

    def items(self, name: str, count: int | None = None) -> list[Any]:
        """A list, of `count` values where that is given."""
        value = self.get(name)
        if not isinstance(value, list) or (count is not None and len(value) != count):
            misfit(self.where(name), value, "a list" if count is None else f"a list of {count}")
        return value

    def rows(self, name: str) -> Iterator[Fields]:
        """The objects of a list."""
        at = self.where(name)
        return (Fields(value, f"{at}[{row}]") for row, value in enumerate(self.items(name)))

    def each(self, name: str, check: Callable[[Any, str], _T], count: int | None = None) -> list[_T]:
        """A list of which every value passes `check(value, where)`."""
        at = self.where(name)
        return [check(value, f"{at}[{row}]") for row, value in enumerate(self.items(name, count))]

    def or_none(self, name: str, check: Callable[[Any, str], _T]) -> _T | None:
        """The value, null or checked."""
        value = self.get(name)
        return None if value is None else check(value, self.where(name))


def unique(values: Collection[object], at: str) -> None:
    """MisfitError unless no two values are the same."""
    if len(set(values)) != len(values):
        seen: set[object] = set()
        twice = next(value for value in values if value in seen or seen.add(value))  # type: ignore[func-returns-value]
        raise MisfitError(f"{at}: {twice!r} stands there twice")
