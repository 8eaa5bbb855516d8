"""Questions about people, as answers: each with the pictures, and the names it may be answered with."""

from __future__ import annotations

from pydantic import BaseModel

from personae.cast.doubts import Doubt
from personae.films.media_id import id_of
from personae.films.questions import Face, Kind, Question, Span
from personae.films.unknown_person import Suggestion
from personae.names import readable
from personae.server.addresses import photo_id
from personae.server.crop_rows import Crop, Pictures
from personae.server.people_json import PersonPart, part_of
from personae.server.plain import file_of

MOST_CHOICES = 9
MOST_OF_CAST = 200


class Candidate(BaseModel):
    """Who it may be: a character, or (`other`) somebody else without a name. Likeliest first; the nearest characters
    stand there however improbable they are. `picture`: an address.
    """

    name: str
    probability: float
    character: str | None
    other: PersonPart | None
    picture: str | None


class AskedSpan(BaseModel):
    """A span of a film, whose appearance it is, how sure the model is, and who it could be otherwise (`runner_up`;
    its `probability` is a cosine here).
    """

    appearance: int
    start_s: float
    end_s: float
    similarity: float
    confidence: float
    crops: list[Crop]
    runner_up: Candidate | None


class AskedFace(BaseModel):
    """A face of a photo; `photo` its id, `path` from the folder of the set on."""

    photo: str
    path: str
    number: int
    similarity: float
    confidence: float
    crops: list[Crop]


class AskedPhoto(BaseModel):
    """A photo of the cast that is doubted. `picture`: address of its face, null for one that was rejected; `original`:
    address of the photo, null where it lies below no media root. `resembles`: whom it looks like rather, and a picture
    of that one; `group`: photos that agree have one number.
    """

    id: str
    character: str
    file: str
    status: str
    picture: str | None
    original: str | None
    resembles: str | None
    resembles_picture: str | None
    group: int


class AskedCharacter(BaseModel):
    """A character who is asked about; `picture`: an address."""

    id: str
    name: str
    picture: str | None


class Asked(BaseModel):
    """A question. `settles_s`: the face time that an answer settles.

    "person": who this is, with `parts` and `candidates`. "spans", "photos": whether `spans` or `faces` of `medium`,
    called `name`, show `who`, the least sure first; `position`: how many decisions its journal held.

    About the cast, with `characters` and `photos`. "outliers": whether `photos` show them. "disagreement": whether the
    groups of `photos`, which agree within themselves only, all do. "look_alikes": whether the two are one person.
    """

    id: str
    kind: Kind
    settles_s: float
    who: str
    medium: str | None
    name: str
    position: int | None
    parts: list[PersonPart]
    spans: list[AskedSpan]
    faces: list[AskedFace]
    crops: list[Crop]
    candidates: list[Candidate]
    picture: str | None
    """Of `who`."""
    characters: list[AskedCharacter] = []
    photos: list[AskedPhoto] = []


def question_of(one: Question, pictures: Pictures) -> Asked:
    """A question in an answer."""
    if one.doubt is not None:
        return _of_cast(one, one.doubt, pictures)
    person = one.person
    id = None if person is not None else id_of("film" if one.kind == "spans" else "photos", one.medium)
    spans = [_span(span, str(id), one.who, pictures) for span in one.spans]
    faces = [_face(face, str(id), pictures) for face in one.faces]
    shown = [span.crops for span in spans] + [face.crops for face in faces]
    crops = pictures.of_parts(person.parts) if person is not None else [crop for own in shown for crop in own[:1]]
    choices = () if person is None else person.suggestions
    return Asked(
        id=one.id, kind=one.kind, settles_s=round(one.settles_s, 3), who=one.who if person is None else person.name,
        medium=id, name=one.medium, position=one.position, spans=spans, faces=faces,
        parts=[] if person is None else [part_of(part) for part in person.parts],
        crops=crops,
        candidates=[_candidate(each, pictures) for each in choices[:MOST_CHOICES]],
        picture=None if person is not None else pictures.of_name(one.who),
    )  # fmt: skip


def _of_cast(one: Question, doubt: Doubt, pictures: Pictures) -> Asked:
    known = [(doubt.character, doubt.name), (doubt.other, doubt.other_name)]
    characters = [
        AskedCharacter(id=id, name=readable(name), picture=pictures.of_name(name))
        for id, name in known
        if id is not None and name is not None
    ]
    return Asked(
        id=one.id, kind=one.kind, settles_s=round(one.settles_s, 3), who=readable(one.who), medium=None, name="",
        position=None, parts=[], spans=[], faces=[], crops=[], candidates=[], picture=pictures.of_name(one.who),
        characters=characters, photos=_photos(doubt, pictures),
    )  # fmt: skip


def _photos(doubt: Doubt, pictures: Pictures) -> list[AskedPhoto]:
    """Some of each group, by turns: the best come first where there are many."""
    shown = pictures.of_cast_photos([each.photo for each in doubt.photos])
    groups: dict[int, list[AskedPhoto]] = {}
    for each in doubt.photos:
        photo = each.photo
        picture, original = shown[photo.address]
        groups.setdefault(each.group, []).append(
            AskedPhoto(
                id=photo.address, character=photo.character_id, file=file_of(photo.path), status=photo.status,
                picture=picture, original=original, group=each.group,
                resembles=None if each.resembles is None else readable(each.resembles),
                resembles_picture=None if each.resembles is None else pictures.of_name(each.resembles),
            )
        )  # fmt: skip
    most = MOST_OF_CAST if doubt.kind != "look_alikes" else MOST_CHOICES
    return [each for own in groups.values() for each in own[:most]]


def _candidate(one: Suggestion, pictures: Pictures) -> Candidate:
    return Candidate(
        name=one.name, probability=round(one.probability, 4), character=one.character,
        other=None if one.other is None else part_of(one.other),
        picture=pictures.of_name(one.name) if one.other is None else pictures.of_part(one.other),
    )  # fmt: skip


def _span(span: Span, id: str, who: str, pictures: Pictures) -> AskedSpan:
    other = pictures.runner_up(id, span.tracks, who)
    return AskedSpan(
        appearance=span.appearance, start_s=round(span.start_s, 3), end_s=round(span.end_s, 3),
        similarity=round(span.similarity, 4), confidence=round(span.confidence, 4),
        crops=pictures.of_span(id, span.appearance),
        runner_up=None if other is None else Candidate(
            name=other[0], probability=round(other[1], 4), character=other[0], other=None,
            picture=pictures.of_name(other[0]),
        ),
    )  # fmt: skip


def _face(face: Face, id: str, pictures: Pictures) -> AskedFace:
    return AskedFace(
        photo=photo_id(face.photo), path=face.photo, number=face.number, similarity=round(face.similarity, 4),
        confidence=round(face.confidence, 4), crops=pictures.of_face(id, face.photo, face.number),
    )  # fmt: skip
