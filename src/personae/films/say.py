"""What can be said about a film or photos: `film.decide([say.name("Unknown 2", "Monica"), say.not_them("Thor")])`.

Each function gives one thing to say. Who is meant: a name or "Unknown 2", which is that person in the whole film or set
of photos; or the number of one appearance, or a photo and the number of a face, which is that one only. See
`DecisionMaker` for what each means.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from personae.films.decision_maker import NEW_UNKNOWN, DecisionMaker, NewUnknown
from personae.films.meant import Who
from personae.timeline.decisions import Decision
from personae.timeline.person import Person

__all__ = [
    "NEW_UNKNOWN", "Saying", "add", "alive", "apart", "confirm", "depicted", "merge", "name", "no_face", "not_them",
    "set_apart", "split", "stranger", "take_apart", "trim", "undo",
]  # fmt: skip

Saying = Callable[[DecisionMaker], tuple[Decision, ...]]


def name(who: Who, to: str | Person | NewUnknown) -> Saying:
    """They are `to`: a character, another unknown person (the two become one), or `NEW_UNKNOWN`."""
    return lambda film: film.name(who, to)


def confirm(who: Who) -> Saying:
    """They are who it says."""
    return lambda film: film.confirm(who)


def not_them(who: Who) -> Saying:
    """They are not who it says."""
    return lambda film: film.reject(who)


def alive(who: Who) -> Saying:
    """They are alive, and counted."""
    return lambda film: film.mark(who, depicted=False)


def depicted(who: Who) -> Saying:
    """They are on a picture in the picture (a poster, a screen), and not counted."""
    return lambda film: film.mark(who, depicted=True)


def stranger(who: Who) -> Saying:
    """They stay without a name, and are not asked for again."""
    return lambda film: film.stranger(who)


def no_face(who: Who) -> Saying:
    """What was found is nobody's face."""
    return lambda film: film.no_face(who)


def split(who: Who) -> Saying:
    """These faces are somebody of their own."""
    return lambda film: film.split(who)


def set_apart(who: Who, *, stranger: bool = False) -> Saying:
    """These faces are somebody of their own for good; `stranger`: who is not asked for."""
    return lambda film: film.set_apart(who, stranger=stranger)


def merge(people: Sequence[Who], into: str | Person | None = None) -> Saying:
    """Several are one person: `into`, else the one character among them, else the first."""
    return lambda film: film.merge(people, into)


def apart(one: Who, other: Who) -> Saying:
    """Two are different people for good."""
    return lambda film: film.keep_apart(one, other)


def take_apart(merge: str) -> Saying:
    """A merge, known by its id, was wrong."""
    return lambda film: film.take_apart(merge)


def trim(who: Who, start_s: float | None = None, end_s: float | None = None) -> Saying:
    """One appearance begins and ends then, in seconds from the film's first picture."""
    return lambda film: film.trim(who, start_s, end_s)


def add(
    who: Who | NewUnknown,
    start_s: float | None = None,
    end_s: float | None = None,
    box: tuple[float, float, float, float] | None = None,
    *,
    photo: str | None = None,
) -> Saying:
    """Somebody is there though no face was found: in a span of a film, in a box of one picture (displayed pixels), or
    in a box of a `photo` (its path).
    """
    return lambda medium: medium.add(who, start_s, end_s, box, photo)


def undo(ids: Sequence[str] | None = None) -> Saying:
    """Decisions with those ids do not hold; None: all that the last command decided."""
    return lambda film: film.undo(ids)
