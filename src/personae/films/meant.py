"""Who in a timeline is meant: by a name, by an unknown person's number, or by the number of one appearance."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from personae.errors import InputError, UnknownCharacterError
from personae.names import find_name, unknown_name, unknown_number
from personae.timeline.person import Person
from personae.timeline.timeline import Appearance, Timeline


@dataclass(frozen=True)
class Some:
    """Some faces of one person, told one by one: tracks of a film by their numbers, faces of photos as (photo, number).

    Tracks, for an appearance may hold several, of which one is somebody else's. `of`: whose they were when they were
    looked at, where that is known.
    """

    tracks: tuple[int, ...] = ()
    faces: tuple[tuple[str, int], ...] = ()
    of: Person | None = None

    def check(self, person: Person) -> None:
        """Raise UnknownCharacterError where they are somebody else's by now."""
        if self.of is not None and self.of.key != person.key:
            raise UnknownCharacterError(f"These faces are not of {self.of.name} any more, but of {person.name}.")


Who = str | int | Person | Some | tuple[str, int]
"""Somebody: a name or "Unknown 2" (in any case); a person; in a film the id of one appearance, also as digits; in a set
of photos the path of a photo and the number of a face in it, from the left from 1; some of somebody's faces."""


@dataclass(frozen=True)
class Meant:
    """Who was meant; `whole`: the person wherever they are, not some appearances only."""

    person: Person
    appearances: tuple[Appearance, ...]
    whole: bool


def check_who(who: Who) -> None:
    """Raise InputError for what says nobody."""
    is_face = isinstance(who, tuple) and tuple(map(type, who)) == (str, int)
    if isinstance(who, bool) or not (is_face or isinstance(who, str | int | Person | Some)):
        raise InputError(f"{who!r} says nobody. Give a name, a number or a person.")


def meant(timeline: Timeline, who: Who) -> Meant:
    """Who `who` is; raises UnknownCharacterError, which names who is there."""
    check_who(who)
    if isinstance(who, Person):
        return _whole(timeline, who, who.name)
    if isinstance(who, tuple):
        raise UnknownCharacterError(f"{who[0]} is a photo. In a film give a name, or the number of an appearance.")
    if isinstance(who, Some):
        raise UnknownCharacterError("Single tracks are no appearance. Give its number.")
    if isinstance(who, int):
        return _appearance(timeline, who)
    name = find_name(who, {one.name for one in timeline.appearances})
    number = unknown_number(who)
    if name is None and number is None and who.isascii() and who.isdigit():
        return _appearance(timeline, int(who))
    if name is None and number is not None:
        name = unknown_name(number)
    first = next((one for one in timeline.appearances if one.name == name), None)
    return _whole(timeline, None if first is None else person_of(first), who)


def nobody(timeline: Timeline, who: str) -> UnknownCharacterError:
    """That nobody is called so, and who there is."""
    known = list(dict.fromkeys(one.name for one in timeline.appearances))
    folded = {name.casefold(): name for name in known}
    near = [folded[name] for name in difflib.get_close_matches(who.casefold(), folded, n=3, cutoff=0.6)]
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return UnknownCharacterError(
        f"Nobody is called {who!r} in this film. There are: {', '.join(known) or 'none'}.{hint}"
    )


def appearances_of(timeline: Timeline, person: Person) -> tuple[Appearance, ...]:
    """Everywhere somebody is."""
    key = person.key  # a long film has thousands of appearances: no value is made for each
    return tuple(one for one in timeline.appearances if (one.character, one.unknown) == key)


def person_of(one: Appearance) -> Person:
    """Whose appearance it is."""
    return Person(one.character, one.unknown, one.character_id)


def _whole(timeline: Timeline, person: Person | None, said: str) -> Meant:
    own = () if person is None else appearances_of(timeline, person)
    if not own:
        raise nobody(timeline, said)
    return Meant(person_of(own[0]), own, True)


def _appearance(timeline: Timeline, number: int) -> Meant:
    one = next((one for one in timeline.appearances if one.id == number), None)
    if one is None:
        raise nobody(timeline, str(number))
    return Meant(person_of(one), (one,), False)
