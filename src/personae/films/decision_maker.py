"""What somebody says about faces, made into decisions for a journal: what is the same for a film and a set of photos.

Nothing is written here. Every method gives the decisions of one command, which share a `request`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import combinations
from numbers import Real
from typing import Any, Self
from uuid import uuid4

import numpy as np

from personae.errors import InputError, UnknownCharacterError
from personae.films.meant import Who
from personae.names import readable, unknown_number, valid_name
from personae.names_of_today import NamesOfToday
from personae.timeline.deciding import Applied, are_apart
from personae.timeline.decision_rows import FARTHEST_SHARE
from personae.timeline.decisions import Decision, Decisions, Kind, Part, with_ids
from personae.timeline.person import Person
from personae.timeline.places import AnyPlace


@dataclass(frozen=True)
class NewUnknown:
    """An unknown person of their own, whom nobody has counted yet."""


NEW_UNKNOWN = NewUnknown()


@dataclass(frozen=True)
class Chosen:
    """Who was meant, where their faces are, and the unknown person that each of these was before, or None.

    `whole`: the person wherever they are, not some faces only.
    """

    person: Person
    whole: bool
    places: tuple[AnyPlace, ...]
    before: tuple[int | None, ...]


class DecisionMaker(ABC):
    """Makes decisions. Subclasses say who is meant and where their faces are.

    `by`: who decides; `request`: the client's id of the command (one is made up where there is none); `at`: the time in
    UTC, now where it is empty; `names`: who is called what in the cast today.
    Methods raise UnknownCharacterError where nobody of that name is there, InputError for what cannot be.
    """

    decisions: Decisions
    by: str
    request: str
    at: str
    names: NamesOfToday

    # What a subclass knows

    @abstractmethod
    def after(self, made: Iterable[Decision]) -> Self:
        """For the next of several decisions that are written down together."""

    @abstractmethod
    def chosen(self, who: Who) -> Chosen:
        """Who is meant; raises UnknownCharacterError."""

    @abstractmethod
    def others(self, chosen: Chosen) -> Chosen | None:
        """Those faces of the same person that were not chosen; None where all were."""

    @abstractmethod
    def nobody(self, who: str) -> UnknownCharacterError:
        """That nobody is called so, and who there is."""

    @property
    @abstractmethod
    def characters(self) -> set[str]:
        """The names that are there, also of whom the cast does not know."""

    @abstractmethod
    def id_of(self, character: str) -> str | None:
        """The id of a character that is there, where the cast does not tell."""

    @property
    @abstractmethod
    def next_number(self) -> int:
        """The number of the next unknown person."""

    @property
    @abstractmethod
    def applied(self) -> Applied:
        """What the decisions so far make of it."""

    @abstractmethod
    def find_all(self, places: Iterable[AnyPlace]) -> set[int]:
        """The positions of the faces at places."""

    # What can be said

    def name(self, who: Who, to: str | Person | NewUnknown) -> tuple[Decision, ...]:
        """Say who somebody is. A person gets another name wherever they are; of some faces, only these do.

        `to`: a character, another unknown person (the two become one), or `NEW_UNKNOWN`.
        """
        chosen = self.chosen(who)
        if isinstance(to, NewUnknown):
            return self.made("name" if chosen.whole else "split", [chosen], Person(unknown=self.next_number))
        person = self.person(to)
        if chosen.whole and person.unknown is not None and person.key != chosen.person.key:
            try:
                other = self.chosen(person)
            except UnknownCharacterError:  # a number that nobody has now
                return self.made("name", [chosen], person)
            return self.made("merge", [other, chosen], person)
        return self.made("name" if chosen.whole else "give", [chosen], person)

    def confirm(self, who: Who) -> tuple[Decision, ...]:
        """Say that they are who it says."""
        return self.made("right", [self.chosen(who)])

    def reject(self, who: Who) -> tuple[Decision, ...]:
        """Say that they are not who it says. They are an unknown person then: who they were before, or a new one."""
        chosen = self.chosen(who)
        return self.made("not", [chosen], self._unknown_instead(chosen))

    def mark(self, who: Who, *, depicted: bool) -> tuple[Decision, ...]:
        """Say that they are on a picture in the picture, or alive."""
        return self.made("depicted" if depicted else "alive", [self.chosen(who)])

    def stranger(self, who: Who) -> tuple[Decision, ...]:
        """Say that they stay without a name and are not to be asked for again."""
        chosen = self.chosen(who)
        to = self._unknown_instead(chosen) if chosen.person.unknown is None else None
        return self.made("stranger", [chosen], to)

    def no_face(self, who: Who) -> tuple[Decision, ...]:
        """Say that what was found is nobody's face."""
        return self.made("no_face", [self.chosen(who)])

    def split(self, who: Who) -> tuple[Decision, ...]:
        """Say that these faces are somebody of their own."""
        return self.made("split", [self.chosen(who)], Person(unknown=self.next_number))

    def set_apart(self, who: Who, *, stranger: bool = False) -> tuple[Decision, ...]:
        """Say that some faces are somebody of their own for good: nothing makes them that person again.

        `stranger`: who stays without a name, and is not asked for. Raises InputError where no face of somebody without
        a name would be left.
        """
        chosen, to = self.chosen(who), Person(unknown=self.next_number)
        if chosen.person.character is not None:
            made = self.made("not", [chosen], to)
        else:
            rest = self.others(chosen)
            if rest is None:
                raise InputError(
                    f"These are all faces of {chosen.person.name}: they are somebody of their own already."
                )
            made = self.made("apart", [rest, chosen], to)
        aside = self.after(made).made("stranger", [replace(chosen, person=to)]) if stranger else ()
        return (*made, *aside)

    def merge(self, people: Sequence[Who], into: str | Person | None = None) -> tuple[Decision, ...]:
        """Say that several are one person: `into`, else the one character among them, else the first."""
        chosen = [self.chosen(who) for who in people]
        if len(chosen) < 2:
            raise InputError("Give two or more people to merge.")
        characters = list({one.person.key: one.person for one in chosen if one.person.character is not None}.values())
        if into is None and len(characters) > 1:
            names = " and ".join(person.name for person in characters)
            raise InputError(f"{names} are two characters. Say who the person is: into.")
        to = self.person(into) if into is not None else (characters or [chosen[0].person])[0]
        chosen.sort(key=lambda one: one.person.key != to.key)  # who they are then goes first
        made = self.made("merge", chosen, to)
        self._check_not_apart(made[0])
        return made

    def keep_apart(self, one: Who, other: Who) -> tuple[Decision, ...]:
        """Say that two are different people: nothing merges them again, or proposes it.

        Raises InputError where both are the same faces of the same person.
        """
        first, second = self.chosen(one), self.chosen(other)
        if (first.person.key, first.places) == (second.person.key, second.places):
            raise InputError(f"{first.person.name} is one person. Say two who are not the same.")
        was_one = first.person.key == second.person.key
        return self.made("apart", [first, second], Person(unknown=self.next_number) if was_one else None)

    def take_apart(self, merge: str) -> tuple[Decision, ...]:
        """Take a merge apart, whatever was decided since; `merge`: its id. Its parts stay different people.

        A part that had a name gets it back. Of a name that made somebody one with others, who had it, the faces that
        were meant are who they were.
        """
        found = next((one for one in self.decisions.in_force() if one.id == merge), None)
        if found is None or found.kind not in ("merge", "name") or found.to is None:
            raise InputError(f"There is no merge {merge!r} that holds here.")
        parts = [replace(part, who=None if part.who is None else part.who.today(self.names, found.at))
                 for part in found.parts]  # fmt: skip
        to = found.to.today(self.names, found.at)
        back = [part for part in parts if part.who is not None and part.who.key != to.key
                and (part.who.character is not None or found.kind == "name")]  # fmt: skip
        made = self.finished(Decision("apart", found.parts)) if found.kind == "merge" else ()
        for part in back:
            maker = self.after(made)
            made += maker.finished(Decision("give", (Part(to, part.places),), part.who))
        return made

    def trim(self, who: Who, start_s: float | None = None, end_s: float | None = None) -> tuple[Decision, ...]:
        """Say when one appearance begins and ends; of films only."""
        raise InputError("Photos have no time: an appearance is trimmed in a film only.")

    def add(
        self,
        who: Who | NewUnknown,
        start_s: float | None = None,
        end_s: float | None = None,
        box: tuple[float, float, float, float] | None = None,
        photo: str | None = None,
    ) -> tuple[Decision, ...]:
        """Say that somebody is there though no face was found: in a span or a picture of a film, or in a photo."""
        raise InputError("Nobody can be added here.")

    def undo(self, ids: Sequence[str] | None = None) -> tuple[Decision, ...]:
        """Take decisions back: those with `ids`, else all of the last command; empty where there is none to undo.

        An undo can be taken back too, by its id.
        """
        if ids is None:
            ids = [one.id for one in self.decisions.last_command()]
            if not ids:
                return ()
        known = {one.id for one in self.decisions.entries}
        if missing := [one for one in ids if not isinstance(one, str) or one not in known]:
            raise InputError(f"There is no decision {missing[0]!r} here.")
        return self.finished(Decision("undo", takes_back=tuple(ids)))

    # What it becomes

    def person(self, to: str | Person) -> Person:
        """Who somebody shall be; an unknown person must be known by number."""
        if isinstance(to, str):
            number = unknown_number(to)
            to = Person(unknown=number) if number is not None else self.character(valid_name(to))
        elif not isinstance(to, Person):
            raise InputError(f"{to!r} is nobody's name. Give a name, or a person.")
        elif to.character is not None:
            if to.character_id is not None and (not isinstance(to.character_id, str) or not to.character_id):
                raise InputError(f"{to.character_id!r} is no character's id. Leave it out where it is not known.")
            to = replace(to, character=valid_name(to.character))
        if to.unknown is not None and (type(to.unknown) is not int or not 1 <= to.unknown < self.next_number):
            raise self.nobody(to.name)
        return to

    def character(self, name: str) -> Person:
        """A character by a valid name, with their id where it is known; in other capitals it is the known one."""
        known = {*self.names.values(), *self.characters}
        if name not in known:
            same = [one for one in known if one.casefold() == name.casefold()]
            name = same[0] if len(same) == 1 else name
        return Person(name, None, self.names.ids.get(name) or self.id_of(name))

    def made(self, kind: Kind, chosen: Iterable[Chosen], to: Person | None = None) -> tuple[Decision, ...]:
        """A decision about who was meant."""
        parts = tuple(Part(one.person, one.places) for one in chosen)
        for part in parts:
            if part.who is not None and not part.places:
                raise InputError(
                    f"No face of {part.who.name} was found there: a person stated it. Take that back with undo."
                )
        return self.finished(Decision(kind, parts, to))

    def finished(self, one: Decision) -> tuple[Decision, ...]:
        """A decision with who decided it, when, and in which command."""
        if not isinstance(self.by, str):
            raise InputError(f"Who decides is said by name: {self.by!r} is none.")
        stamp: dict[str, Any] = {
            "by": readable(self.by),
            "at": self.at or datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "on": len(self.decisions.entries),
            "request": readable(self.request) or uuid4().hex,
        }
        return with_ids([replace(one, **stamp)])

    def _unknown_instead(self, chosen: Chosen) -> Person:
        """Who somebody is that is not who it says: the unknown person of before, or a new one."""
        number = next((one for one in chosen.before if one not in (None, chosen.person.unknown)), None)
        return Person(unknown=self.next_number if number is None else number)

    def _check_not_apart(self, merge: Decision) -> None:
        found = [self.find_all(part.places) for part in merge.parts]
        if any(are_apart(a, b, self.applied.apart) for a, b in combinations(found, 2)):
            raise InputError(f"{merge.said()}: they were said to be different people. Take that back first, with undo.")


def is_number(value: object) -> bool:
    """Whether it is a finite number."""
    try:
        return isinstance(value, Real) and math.isfinite(value)
    except OverflowError:
        return False


def box_in_shares(
    box: tuple[float, float, float, float], size_wh: tuple[int, int]
) -> tuple[float, float, float, float]:
    """A box in pixels as shares of the picture."""
    sides = list(box) if isinstance(box, Sequence | np.ndarray) else []
    if len(sides) == 4 and all(map(is_number, sides)):
        x1, y1, x2, y2 = (float(side) / size_wh[at % 2] for at, side in enumerate(sides))
        if x1 < x2 and y1 < y2 and max(map(abs, (x1, y1, x2, y2))) <= FARTHEST_SHARE:
            return x1, y1, x2, y2
    raise InputError(f"{box} is no box in the picture: x1, y1, x2, y2 in pixels, the second corner below the first.")
