"""Who is who in a gallery: every character it knows with id and names, and what a person decided about their photos.

A photo comes in under a name: that of its folder, or one given by a call. The name stands for a character, whose id
never changes; a former name goes on to stand for it, so a folder that keeps its old name stays that character's. From
there placements tell where the photo belongs. Values in, values out: the gallery keeps them, enrolment obeys them.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from personae.cast.placements import Place, Placements


def new_id() -> str:
    """An id for a character: twelve random hexadecimal digits."""
    return os.urandom(6).hex()


@dataclass(frozen=True)
class CharacterRow:
    """A character as the gallery keeps it.

    `given`: former names, under which photos of it may come in; `made_by`: the edit that made it, None for a training.
    """

    id: str
    name: str
    given: tuple[str, ...] = ()
    made_by: int | None = None


class Characters:
    """All characters of a gallery. `peopled`: ids of those that have a photo which no edit took out."""

    def __init__(
        self, rows: Iterable[CharacterRow], placements: Placements, peopled: Collection[str] = frozenset()
    ) -> None:
        self.rows = {row.id: row for row in rows}
        self.placements = placements
        self.peopled = frozenset(peopled)
        self._former = {name: row.id for row in self.rows.values() for name in row.given}
        self._named: dict[str, list[str]] = {}
        for row in self.rows.values():
            self._named.setdefault(row.name, []).append(row.id)

    def name_of(self, character: str) -> str:
        """The name of a character by its id; raises ValueError where there is none."""
        if character not in self.rows:
            raise ValueError(f"no character has the id {character!r}")
        return self.rows[character].name

    def is_there(self, character: str) -> bool:
        """Whether a character is in the cast: no edit took it out or made it another's, or it has a photo after all."""
        return character in self.peopled or self.placements.character_of(character) == character

    def named(self, name: str) -> str | None:
        """The id of the character in the cast that has this name now; None where there is none."""
        return next((each for each in self._named.get(name, ()) if self.is_there(each)), None)

    def called(self, name: str) -> str | None:
        """The id of the character that has this name, also of one who is gone; None where there is none."""
        return self.named(name) or next(iter(self._named.get(name, ())), None)

    def start(self, given: str) -> str | None:
        """The id of the character that photos which come in under this name are, before any decision about photos."""
        former = self._former.get(given)
        if former is not None:
            return former
        ids = self._named.get(given, ())
        return next((each for each in ids if self.is_there(each)), ids[0] if ids else None)

    def place(self, given: str, sha256: str) -> Place:
        """Where a photo with that digest belongs that came in as `given`: the `Place.character` is an id.

        Raises ValueError where the name stands for nobody.
        """
        return self.placements.place(self._started(given), sha256)

    def said(self, given: str, sha256: str) -> int:
        """How surely a person said whose a photo is: 2 it itself, 1 all that come in under its name, 0 nobody did."""
        place = self.place(given, sha256)
        return 2 if place.alone else int(place.character != self._started(given))

    def akin(self, given: str, other: str) -> bool:
        """Whether photos given under two names are one character's, if nothing was decided about them alone."""
        return self.placements.akin(self._started(given), self._started(other))

    def in_cast(self) -> list[CharacterRow]:
        """The characters in the cast, by name."""
        return sorted((row for row in self.rows.values() if self.is_there(row.id)), key=lambda row: (row.name, row.id))

    def renamed(self, character: str, name: str) -> list[CharacterRow]:
        """The rows that change when a character gets another name, which nobody in the cast has."""
        row = self.rows[character]
        given = row.given if row.name in self._former else (*row.given, row.name)
        changed = [replace(row, name=name, given=given)]
        if name not in self._former and name not in given:
            # Somebody who is gone had the name: what lies in a folder called so stays theirs.
            former = [each for each in self._named.get(name, ()) if each != character]
            changed += [replace(self.rows[each], given=(*self.rows[each].given, name)) for each in former[:1]]
        return changed

    def _started(self, given: str) -> str:
        start = self.start(given)
        if start is None:
            raise ValueError(f"photos came in under {given!r}, which is nobody's name")
        return start
