"""Who is meant by names and ids that were written down earlier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_TO_THE_SECOND = len("2026-02-03T04:05:06")
"""What follows says in two ways that it is UTC."""


@dataclass(frozen=True)
class Renaming:
    """That a character gave up a name: it was renamed, or became another's.

    `id`: who it is now; `at`: when, in UTC; `made`: when the character was made, empty where that is not known.
    """

    name: str
    id: str
    at: str
    made: str = ""


class NamesOfToday(dict[str, str]):
    """Id -> name of each character in the cast. `merged`: id of one who became another's -> the other's id.

    `renamings`: who gave up a name.
    """

    def __init__(
        self, names: Mapping[str, str] = {}, merged: Mapping[str, str] = {}, renamings: Iterable[Renaming] = ()
    ) -> None:
        super().__init__(names)
        self.merged = merged
        self.renamings = tuple(renamings)
        self._renamings: dict[str, list[Renaming]] = {}
        for one in self.renamings:
            self._renamings.setdefault(one.name, []).append(one)

    @property
    def ids(self) -> dict[str, str]:
        """Character -> its id."""
        return {name: character for character, name in self.items()}

    def find(self, name: str, character: str | None, at: str) -> str | None:
        """The id of who was written down as `name`, with an id or none, at that time (UTC); None where none is known.

        Who had no id then was not in the cast: that is whoever gave up the name later.
        """
        if character is not None:
            return self.merged.get(character, character)
        at = at[:_TO_THE_SECOND]
        renamings = self._renamings.get(name, ())
        return next(
            (one.id for one in renamings if at < one.at[:_TO_THE_SECOND] or at <= one.made[:_TO_THE_SECOND]), None
        )
