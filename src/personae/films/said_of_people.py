"""What is said of several people at once, or of some faces of theirs, as what is to be said of each film and set.

Values in, values out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from personae.errors import InputError
from personae.films import say
from personae.films.meant import Some, Who
from personae.films.say import Saying
from personae.timeline.person import Person

What = Literal["name", "stranger", "no_face", "own", "not_them", "confirm", "merge"]


@dataclass(frozen=True)
class Whom:
    """Somebody in the film or set `medium` (its name); `some`: only these faces of theirs. `position`: how many
    decisions its journal held.
    """

    kind: Literal["film", "photos"]
    medium: str
    person: Person
    some: Some | None = None
    position: int | None = None


@dataclass(frozen=True)
class SaidIn:
    """What is said of one film or set."""

    kind: Literal["film", "photos"]
    medium: str
    position: int | None
    sayings: tuple[Saying, ...]


def said_of(
    whom: Sequence[Whom], what: What, to: str | None = None, *, others: Literal["confirm"] | None = None
) -> list[SaidIn]:
    """What to say so that `what` holds of all of `whom`; raises InputError for what cannot be said.

    `to`: of "name" the name, of "merge" the name that stays; without it who comes first of `whom` stays, in every film
    and set. `others`: what holds of the other faces of theirs.
    """
    if what == "name" and to is None:
        raise InputError("This needs 'to'.")
    by: dict[tuple[str, str], list[Whom]] = {}
    for one in whom:
        by.setdefault((one.kind, one.medium), []).append(one)
    if what == "merge" and to is None and any(len(own) < 2 for own in by.values()):
        raise InputError("No film and no set of photos shows all of them. Say which name they get.")
    found = []
    for own in by.values():
        sayings = _merged(own, to) if what == "merge" else _each(own, what, to, others)
        if sayings:
            found.append(SaidIn(own[0].kind, own[0].medium, own[0].position, tuple(sayings)))
    if not found:
        raise InputError("They are one person already.")
    return found


def _merged(own: Sequence[Whom], to: str | None) -> list[Saying]:
    people: list[Who] = [one.person for one in own]
    if len(people) > 1:
        return [say.merge(people, own[0].person if to is None else to)]
    return [] if own[0].person.character == to else [say.name(people[0], str(to))]


def _each(own: Iterable[Whom], what: What, to: str | None, others: str | None) -> list[Saying]:
    found: list[Saying] = []
    for one in own:
        if others == "confirm":
            found.append(say.confirm(one.person))
        if others is None or one.some is not None:  # whose faces are all among the others is right there
            found += _one(one, what, str(to))
    return found


def _one(one: Whom, what: What, to: str) -> list[Saying]:
    who: Who = one.person if one.some is None else one.some
    if what == "name":
        return [say.name(who, to)] if one.person.character != to else []
    if what == "confirm":
        return [say.confirm(who)]
    if what == "no_face":
        return [say.no_face(who)]
    if one.some is None:
        if what == "stranger":
            return [say.stranger(who)]
        raise InputError("Say which faces.")
    if what == "stranger":
        return [say.set_apart(who, stranger=True)]
    if what == "own" or one.person.character is None:
        return [say.set_apart(who)]
    # Each is who it was before: what was wrong need not be one person.
    each = [replace(one.some, tracks=(track,), faces=()) for track in one.some.tracks]
    each += [replace(one.some, tracks=(), faces=(face,)) for face in one.some.faces]
    return [say.not_them(face) for face in each]
