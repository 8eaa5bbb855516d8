"""People over all films and sets: who has no name, who has one, and what is said of somebody everywhere."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from personae.films import say
from personae.films.film import StoredFilm
from personae.films.meant import Some
from personae.films.media_id import id_of
from personae.films.photo_set import PhotoSet
from personae.films.said_of_people import SaidIn, Whom, said_of
from personae.films.unknown_person import DecidedPart, Part, SaidOfPeople, UnknownPerson
from personae.names import names_with
from personae.server.asking import By, RequestId, Served
from personae.server.everybody_json import Warned
from personae.server.media_json import Made, made_of
from personae.server.pages import Page, PageOf
from personae.server.people_json import UnknownOne, person_of
from personae.server.problems import ProblemError
from personae.server.routes.decisions import or_changed, teaching
from personae.server.saying import Face, Known, Name
from personae.server.service import Service, id_of_medium
from personae.timeline.person import Person

router = APIRouter(tags=["people"])


class UnknownPeople(BaseModel):
    """Some of the people without a name."""

    people: list[UnknownOne]
    next: str | None


class DecidedOne(BaseModel):
    """Somebody in one film or set who has a name, or was set aside as a stranger."""

    medium: str
    kind: str
    name: str
    who: str
    faces: int
    face_time_s: float
    stranger: bool


class DecidedPeople(BaseModel):
    """Some of those who have a name or were set aside."""

    people: list[DecidedOne]
    next: str | None


class Names(BaseModel):
    """Names that may be given."""

    names: list[str]


class _Part(BaseModel):
    """Somebody in a film or set: by their `number` where they have no name, else by `who`, the name.

    `tracks`, `faces`: only these of theirs, in a film or in photos.
    """

    model_config = ConfigDict(extra="forbid")
    medium: str
    number: Annotated[int, Field(ge=1)] | None = None
    who: Name | None = None
    position: Annotated[int, Field(ge=0)] | None = None
    tracks: Annotated[list[Annotated[int, Field(ge=0, strict=True)]], Field(max_length=100_000)] | None = None
    faces: Annotated[list[Face], Field(max_length=100_000)] | None = None


_Parts = Annotated[list[_Part], Field(min_length=1, max_length=10_000)]


class _SaidOfPerson(BaseModel):
    """What to say of somebody, or of several, in every film and set.

    `other`: of "merge" and "apart" the other one; without it "merge" makes all of `parts` one, called `to`, else who
    comes first. "own": the faces given are somebody of their own for good; "not_them": they are not who it says;
    "confirm": they are. `others`: what holds of the faces that were not given.
    """

    model_config = ConfigDict(extra="forbid")
    parts: _Parts
    say: Literal["name", "stranger", "no_face", "merge", "apart", "own", "not_them", "confirm"]
    to: Name | None = None
    new: bool = False
    other: _Parts | None = None
    others: Literal["confirm"] | None = None
    learn: bool = False
    known: Known = []


class SaidOfPerson(BaseModel):
    """What was written down in each film and set, as one command."""

    request: str
    decided: list[Made]
    warnings: list[str]
    job: dict[str, Any] | None


@router.get("/people")
def list_people(service: Served, caller: By, asked: PageOf) -> UnknownPeople:
    """Whom nobody has named nor set aside, most face time first, with who they may be."""
    page = Page.of(service.people.undecided(), lambda one: one.order, asked)
    return UnknownPeople(people=[person_of(one) for one in page.rows], next=page.next)


@router.get("/people/decided")
def list_decided_people(service: Served, caller: By, asked: PageOf) -> DecidedPeople:
    """Who has a name or was set aside, film by film."""
    page = Page.of(service.people.decided(), lambda one: (one.kind, one.medium, one.who, one.stranger), asked)
    return DecidedPeople(people=[_decided(one) for one in page.rows], next=page.next)


@router.get("/names")
def list_names(
    service: Served,
    caller: By,
    q: Annotated[str, Query(max_length=500)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> Names:
    """The names that hold these letters, without case and accents: of the whole cast and of all films."""
    known = {*service.project.cast.names().values()}
    for id in service.media():
        known |= {*service.facts_of(id).characters}
    return Names(names=names_with(q, known)[:limit])


@router.post("/people/decisions")
def decide_about_person(service: Served, caller: By, body: _SaidOfPerson, request: RequestId) -> SaidOfPerson:
    """Say something of somebody in every film and set that shows them, as one command: all of it, or nothing.

    Of several people the same holds of each.
    """
    with or_changed(""):
        if _is_of_one(body):
            made = _said(service, _meant(service, body.parts), body, by=caller.name, request=request)
        else:
            made = service.people.say(_of_several(service, body), by=caller.name, request=request, known=body.known)
    job = None
    if body.learn and body.say == "name":
        job = teaching(service, [id_of_medium(one) for one in _media(made)], request, caller.name)
    return said_answer(service, made, request, job)


@router.post("/people/foresee")
def foresee_about_people(service: Served, caller: By, body: _SaidOfPerson) -> Warned:
    """What would be warned of if that was said; nothing is written down."""
    if body.other is not None or body.new:
        raise ProblemError(422, "input", "Give all of them as 'parts', and a name as 'to'.")
    with or_changed(""):
        return Warned(warnings=list(service.people.foresee(_of_several(service, body))))


def said_answer(service: Service, made: SaidOfPeople, request: str, job: dict[str, Any] | None = None) -> SaidOfPerson:
    """What was written down in each film and set, in an answer."""
    return SaidOfPerson(
        request=request,
        decided=[made_of(id_of_medium(one), one.decided(request), one.decisions) for one in _media(made)],
        warnings=list(made.warnings),
        job=job,
    )


def _media(made: SaidOfPeople) -> list[StoredFilm | PhotoSet]:
    return [one for one in made.media if isinstance(one, StoredFilm | PhotoSet)]


def _is_of_one(body: _SaidOfPerson) -> bool:
    """Whether it is said of one person without a name, everywhere."""
    is_plain = all(one.number is not None and one.tracks is None and one.faces is None for one in body.parts)
    is_known = body.say in ("name", "stranger", "no_face") or body.other is not None
    return body.new or body.other is not None or (is_plain and is_known and body.others is None)


def _of_several(service: Service, body: _SaidOfPerson) -> list[SaidIn]:
    if body.say == "apart":
        raise ProblemError(422, "input", "This needs 'other'.")
    return said_of([_whom(service, one) for one in body.parts], body.say, body.to, others=body.others)


def _whom(service: Service, one: _Part) -> Whom:
    kind, name = service.kind_and_name(one.medium)
    if (one.number is None) == (one.who is None):
        raise ProblemError(422, "input", "Say who is meant: by 'number', or by 'who'.")
    person, some = Person(one.who, one.number), None
    if one.tracks is not None or one.faces is not None:
        faces = tuple((face.photo, face.face) for face in one.faces or ())
        some = Some(tuple(one.tracks or ()), faces, person)
    return Whom("film" if kind == "film" else "photos", name, person, some, one.position)


def _said(service: Service, person: UnknownPerson, body: _SaidOfPerson, *, by: str, request: str) -> SaidOfPeople:
    people = service.people
    if body.say in ("merge", "apart"):
        if body.other is None:
            raise ProblemError(422, "input", "This needs 'other'.")
        other = _meant(service, body.other)
        if body.say == "merge":
            return people.relate(
                person,
                other,
                lambda one, two: say.merge([one, two]),
                by=by,
                request=request,
                as_seen=True,
                known=body.known,
            )
        return people.relate(person, other, say.apart, by=by, request=request, as_seen=True, known=body.known)
    if body.say == "name":
        if body.to is None and not body.new:
            raise ProblemError(422, "input", "This needs 'to'.")
        to = say.NEW_UNKNOWN if body.new or body.to is None else body.to
        return people.decide(
            person, lambda who: say.name(who, to), by=by, request=request, as_seen=True, known=body.known
        )
    about = say.stranger if body.say == "stranger" else say.no_face
    return people.decide(person, about, by=by, request=request, as_seen=True, known=body.known)


def _meant(service: Service, parts: list[_Part]) -> UnknownPerson:
    """Somebody as a client says who they are."""
    found = dict[Part, None]()  # who is given twice is meant once
    for one in parts:
        kind, name = service.kind_and_name(one.medium)
        if one.number is None or one.tracks is not None or one.faces is not None:
            raise ProblemError(422, "input", "This is said of people without a name: give 'medium' and 'number'.")
        found.setdefault(Part(name, "film" if kind == "film" else "photos", one.number, 0, position=one.position))
    return UnknownPerson(tuple(found))


def _decided(one: DecidedPart) -> DecidedOne:
    return DecidedOne(
        medium=id_of(one.kind, one.medium), kind=one.kind, name=one.medium, who=one.who, faces=one.faces,
        face_time_s=round(one.face_time_s, 3), stranger=one.stranger,
    )  # fmt: skip
