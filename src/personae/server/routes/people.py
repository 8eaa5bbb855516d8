"""People over all films and sets: who has no name, who has one, and what is said of somebody everywhere."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from personae.films import say
from personae.films.film import StoredFilm
from personae.films.media_id import id_of
from personae.films.photo_set import PhotoSet
from personae.films.unknown_person import DecidedPart, Part, SaidOfPeople, UnknownPerson
from personae.names import names_with
from personae.server.asking import By, RequestId, Served
from personae.server.media_json import Made, made_of
from personae.server.pages import Page, PageOf
from personae.server.people_json import UnknownOne, person_of
from personae.server.problems import ProblemError
from personae.server.routes.decisions import or_changed, teaching
from personae.server.saying import Known, Name
from personae.server.service import Service, id_of_medium

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
    model_config = ConfigDict(extra="forbid")
    medium: str
    number: Annotated[int, Field(ge=1)]
    position: Annotated[int, Field(ge=0)] | None = None


_Parts = Annotated[list[_Part], Field(min_length=1, max_length=10_000)]


class _SaidOfPerson(BaseModel):
    """What to say of somebody in every film and set; `other`: of "merge" and "apart" the other one."""

    model_config = ConfigDict(extra="forbid")
    parts: _Parts
    say: Literal["name", "stranger", "no_face", "merge", "apart"]
    to: Name | None = None
    new: bool = False
    other: _Parts | None = None
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
    """Say something of somebody in every film and set that shows them, as one command: all of it, or nothing."""
    person = _meant(service, body.parts)
    with or_changed(""):
        made = _said(service, person, body, by=caller.name, request=request)
    ids = [id_of_medium(medium) for medium in made.media if isinstance(medium, StoredFilm | PhotoSet)]
    return SaidOfPerson(
        request=request,
        decided=[
            made_of(id, medium.decided(request), medium.decisions) for id, medium in zip(ids, made.media, strict=True)
        ],
        warnings=list(made.warnings),
        job=teaching(service, ids, request, caller.name) if body.learn and body.say == "name" else None,
    )


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
    found = []
    for one in parts:
        kind, name = service.kind_and_name(one.medium)
        found.append(Part(name, "film" if kind == "film" else "photos", one.number, 0, position=one.position))
    return UnknownPerson(tuple(found))


def _decided(one: DecidedPart) -> DecidedOne:
    return DecidedOne(
        medium=id_of(one.kind, one.medium), kind=one.kind, name=one.medium, who=one.who, faces=one.faces,
        face_time_s=round(one.face_time_s, 3), stranger=one.stranger,
    )  # fmt: skip
