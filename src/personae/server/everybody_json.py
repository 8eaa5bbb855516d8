"""Everybody in films and sets of photos, as answers."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from personae.films.everybody import SeenPart, Somebody
from personae.films.media_id import id_of
from personae.films.merges import Merge
from personae.films.person_faces import OwnFace
from personae.server.addresses import photo_id
from personae.server.crop_rows import Crop


class SomebodyPart(BaseModel):
    """What one film or set shows of somebody: there they are `who`, without a name `number`. `position`: how many
    decisions its journal held; null for who may not see it. `faces`: appearances in a film, faces in photos.
    """

    medium: str
    kind: Literal["film", "photos"]
    name: str
    who: str
    number: int | None
    position: int | None
    faces: int
    face_time_s: float


class OneOfAll(BaseModel):
    """Somebody over all films and sets. `id` stands in addresses; `character`: their id in the cast."""

    id: str
    kind: Literal["named", "unknown", "stranger"]
    name: str
    character: str | None
    faces: int
    face_time_s: float
    films: int
    photo_sets: int
    parts: list[SomebodyPart]


class Everybody(BaseModel):
    """Some of all."""

    people: list[OneOfAll]
    next: str | None


class MergeMade(BaseModel):
    """One command that joined people into one, and can be taken apart. `people` -> how many faces they had."""

    command: str
    at: str
    by: str
    media: list[str]
    people: dict[str, int]


class OnePerson(BaseModel):
    """Somebody, and what made one person of several; the latest first."""

    person: OneOfAll
    merges: list[MergeMade]


class FaceOfPerson(BaseModel):
    """A track of a film, or a face of a photo. `agreement`: cosine to the mean of the person's others, null where
    nobody can say; `quality` 0..1, `flaw`: what it has against it; `sure`: a person has said who it is.

    Of a film `track`, `start_s`, `seconds`; of photos `photo` (its id), its `path` in the set, and `number`, the face's
    from the left from 1.
    """

    medium: str
    who: str
    track: int | None
    photo: str | None
    path: str | None
    number: int | None
    start_s: float
    seconds: float
    agreement: float | None
    quality: float
    flaw: Literal["small", "poor"] | None
    sure: bool
    crop: Crop | None


class FacesOfPerson(BaseModel):
    """Some of somebody's faces, those that agree least with the others first."""

    faces: list[FaceOfPerson]
    next: str | None


class Warned(BaseModel):
    """Sentences about what may be wrong with what would be said."""

    warnings: list[str]


def somebody_of(one: Somebody, *, character: str | None, journal: bool) -> OneOfAll:
    """Somebody in an answer."""
    return OneOfAll(
        id=one.id, kind=one.kind, name=one.name, character=character, faces=one.faces,
        face_time_s=round(one.face_time_s, 3), films=len({part.medium for part in one.parts if part.kind == "film"}),
        photo_sets=len({part.medium for part in one.parts if part.kind == "photos"}),
        parts=[_part(part, journal=journal) for part in one.parts],
    )  # fmt: skip


def merge_of(one: Merge) -> MergeMade:
    """What joined people, in an answer."""
    people = dict(zip(one.people, one.faces, strict=True))
    return MergeMade(
        command=one.command, at=one.at, by=one.by, media=[id_of(*each) for each in one.media], people=people
    )


def face_of(medium: str, who: str, one: OwnFace, crop: Crop | None, *, least_px: float, poor: float) -> FaceOfPerson:
    """A face in an answer. It is small below `least_px` pixels, and poor below the quality `poor`."""
    flaw: Literal["small", "poor"] | None = (
        "small" if one.face_px < least_px else "poor" if one.quality < poor else None
    )
    return FaceOfPerson(
        medium=medium, who=who, track=one.track, photo=photo_id(one.photo) if one.photo else None,
        path=one.photo or None, number=one.number, start_s=round(one.start_s, 3), seconds=round(one.seconds, 3),
        agreement=None if one.agreement is None else round(one.agreement, 4), quality=round(one.quality, 3), flaw=flaw,
        sure=one.sure, crop=crop,
    )  # fmt: skip


def _part(part: SeenPart, *, journal: bool) -> SomebodyPart:
    return SomebodyPart(
        medium=part.id, kind=part.kind, name=part.medium, who=part.person.name, number=part.person.unknown,
        position=part.position if journal else None, faces=part.faces, face_time_s=round(part.face_time_s, 3),
    )  # fmt: skip
