"""People without a name, as answers."""

from __future__ import annotations

from pydantic import BaseModel

from personae.films.media_id import id_of
from personae.films.unknown_person import Part, UnknownPerson


class PersonPart(BaseModel):
    """What one film or set shows of somebody: there they are `number`. `position`: how many decisions its journal held.

    `track`, `face`: of a film the track, of photos the face among all of the set, that shows them best.
    """

    medium: str
    kind: str
    name: str
    number: int
    who: str
    position: int | None
    faces: int
    face_time_s: float
    track: int | None
    face: int | None


class MayBe(BaseModel):
    """Who somebody may be: a character, or somebody else without a name."""

    name: str
    probability: float
    character: str | None
    other: PersonPart | None


class UnknownOne(BaseModel):
    """Somebody without a name."""

    name: str
    faces: int
    face_time_s: float
    parts: list[PersonPart]
    suggestions: list[MayBe]


def person_of(one: UnknownPerson) -> UnknownOne:
    """Somebody in an answer."""
    return UnknownOne(
        name=one.name, faces=one.faces, face_time_s=round(one.face_time_s, 3),
        parts=[part_of(own) for own in one.parts], suggestions=[
            MayBe(
                name=each.name, probability=round(each.probability, 4), character=each.character,
                other=None if each.other is None else part_of(each.other),
            )
            for each in one.suggestions
        ],
    )  # fmt: skip


def part_of(part: Part) -> PersonPart:
    """What one film or set shows of somebody, in an answer."""
    is_film = part.kind == "film"
    return PersonPart(
        medium=id_of(part.kind, part.medium), kind=part.kind, name=part.medium, number=part.unknown, who=part.who,
        position=part.position, faces=part.faces, face_time_s=round(part.face_time_s, 3),
        track=part.best if is_film else None, face=None if is_film else part.best,
    )  # fmt: skip
