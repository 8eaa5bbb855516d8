"""Who is asked about in a dialogue of naming, as keys; and which suggestion Enter takes."""

from __future__ import annotations

from personae.films.film import StoredFilm
from personae.films.photo_set import PhotoSet
from personae.films.unknown_person import SaidOfPeople, Suggestion, UnknownPerson

CLEAR = 0.8
"""A suggestion from this probability on is taken by Enter."""
Key = tuple[str, str, int]
"""Kind and name of a medium, and the number of an unknown person in it."""


def taken_by_enter(person: UnknownPerson) -> Suggestion | None:
    """The suggestion that Enter takes: a character whose probability is at least .8; None where there is none."""
    first = next(iter(person.suggestions), None)
    return first if first is not None and first.character is not None and first.probability >= CLEAR else None


def keys_of(person: UnknownPerson) -> set[Key]:
    """Where somebody is, with their number there."""
    return {(part.kind, part.medium, part.unknown) for part in person.parts}


def numbers_given(made: SaidOfPeople, person: UnknownPerson) -> set[Key]:
    """The numbers that somebody was given who is "new": nobody asks for them again here."""
    kinds = {part.medium: part.kind for part in person.parts}
    return {
        (kinds[medium.name], medium.name, one.to.unknown)
        for medium in made.media
        if isinstance(medium, StoredFilm | PhotoSet) and medium.name in kinds
        for one in medium.decisions.of_request(made.request)
        if one.kind == "name" and one.to is not None and one.to.unknown is not None
    }
