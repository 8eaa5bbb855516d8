"""Who somebody is, as a value: a character, or an unknown person's number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from personae.names_of_today import NamesOfToday
from personae.timeline.timeline import Appearance, Depicted, Timeline, Totals, name_of

_Row = TypeVar("_Row", Appearance, Totals, Depicted)


@dataclass(frozen=True)
class Person:
    """A character, with their id in the gallery where it is known, or an unknown person's number: exactly one of both.

    `character` is the name at the time of writing; see `today`.
    """

    character: str | None = None
    unknown: int | None = None
    character_id: str | None = None

    def __post_init__(self) -> None:
        if (self.character is None) == (self.unknown is None):
            raise ValueError("a person is a character or an unknown person")

    @property
    def name(self) -> str:
        """The character's name, or "Unknown 2"."""
        return name_of(self.character, self.unknown)

    @property
    def key(self) -> Key:
        """What two mentions of one person have in common, once names are those of today."""
        return self.character, self.unknown

    def today(self, names: NamesOfToday, at: str) -> Person:
        """With the character's id and name of today; `at`: when it was written."""
        character = None if self.character is None else names.find(self.character, self.character_id, at)
        name = names.get(character or "")
        return self if name is None or name == self.character else Person(name, None, character)


Key = tuple[str | None, int | None]
"""Character and unknown person, one of which is None."""


def with_names(timeline: Timeline, names: Mapping[str, str]) -> Timeline:
    """The timeline with the characters' names of today; `names`: character id -> name.

    What has no id, or one that is not among them, keeps its name.
    """

    def today(rows: tuple[_Row, ...]) -> tuple[_Row, ...]:
        return tuple(
            row
            if (name := names.get(row.character_id or "", row.character)) == row.character
            else replace(row, character=name)
            for row in rows
        )

    return replace(
        timeline,
        appearances=today(timeline.appearances),
        characters=today(timeline.characters),
        depicted=today(timeline.depicted),
    )
