"""Everybody over all films and sets, one person with all their faces, and what joined them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from personae.films.everybody import Somebody
from personae.films.merges import merges_of, taken_apart
from personae.films.person_faces import faces_of
from personae.films.photo_set import PhotoSet
from personae.films.said_of_people import SaidIn
from personae.films.worth_learning import POOR
from personae.project.film import ProjectFilm
from personae.server.asking import By, RequestId, Served, sees
from personae.server.crop_rows import Pictures
from personae.server.everybody_json import (
    Everybody,
    FacesOfPerson,
    OneOfAll,
    OnePerson,
    face_of,
    merge_of,
    somebody_of,
)
from personae.server.keys import Caller
from personae.server.pages import Page, PageOf
from personae.server.problems import ProblemError
from personae.server.routes.decisions import or_changed
from personae.server.routes.people import SaidOfPerson, said_answer
from personae.server.service import Service
from personae.timeline.person import Key

router = APIRouter(tags=["people"])


class _Apart(BaseModel):
    model_config = ConfigDict(extra="forbid")
    command: Annotated[str, Field(min_length=1, max_length=200)]


@router.get("/people/everybody")
def list_everybody(service: Served, caller: By, asked: PageOf) -> Everybody:
    """Everybody in films and sets of photos, named or not, most face time first."""
    page = Page.of(service.everybody(strangers=sees(caller, "strangers")), lambda one: one.order, asked)
    return Everybody(people=_answers(service, caller, *page.rows), next=page.next)


@router.post("/people/take-apart")
def take_apart(service: Served, caller: By, body: _Apart, request: RequestId) -> SaidOfPerson:
    """Take apart what a command joined, in every film and set; its parts stay different people, and names come back."""
    said = []
    for id, (kind, name) in service.media().items():
        medium = service.medium(id)
        sayings = taken_apart(medium, body.command) if not medium.decisions.of_request(request) else []
        if sayings or medium.decisions.of_request(request):
            said.append(SaidIn("film" if kind == "film" else "photos", name, None, tuple(sayings)))
    if not said:
        raise ProblemError(404, "unknown-command", "There is no merge of this command that holds.")
    with or_changed(""):
        return said_answer(service, service.people.say(said, by=caller.name, request=request), request)


@router.get("/people/{id}")
def get_person(service: Served, caller: By, id: str) -> OnePerson:
    """Somebody by a character's id, or by a film or set and their number in it; and what made one of several."""
    one = service.somebody(id, strangers=sees(caller, "strangers"))
    merges = merges_of(*_media_of(service, one)) if sees(caller, "journal") else []
    return OnePerson(person=_answers(service, caller, one)[0], merges=[merge_of(each) for each in merges])


@router.get("/people/{id}/faces")
def list_faces_of_person(service: Served, caller: By, request: Request, id: str, asked: PageOf) -> FacesOfPerson:
    """All their tracks and faces in films and photos, those first that agree least with the others."""
    one = service.somebody(id, strangers=sees(caller, "strangers"))
    media, keys = _media_of(service, one)
    ids = list(dict.fromkeys(part.id for part in one.parts))
    every = [(id, face) for id, own in zip(ids, faces_of(media, keys), strict=True) for face in own]
    page = Page.of(
        every,
        lambda row: (2.0 if row[1].agreement is None else round(row[1].agreement, 6), row[0], row[1].track or 0,
                     row[1].photo, row[1].number or 0),
        asked,
    )  # fmt: skip
    pictures, who = Pictures(service, request), {part.id: part.person.name for part in one.parts}
    crops = {id: iter(pictures.of_faces(id, [face for each, face in page.rows if each == id])) for id in ids}
    least_px = service.project.settings.min_enroll_px
    return FacesOfPerson(
        faces=[face_of(id, who[id], face, next(crops[id]), least_px=least_px, poor=POOR) for id, face in page.rows],
        next=page.next,
    )


@router.get(
    "/people/{id}/picture", status_code=307, response_class=Response, responses={204: {"description": "There is none."}}
)
def get_picture_of_person(
    service: Served,
    caller: By,
    request: Request,
    id: str,
    v: Annotated[str, Query(max_length=64, description="Any text: what is asked for with another one is new.")] = "",
) -> Response:
    """Leads to the picture that shows somebody best; 204 where there is none."""
    one = service.somebody(id, strangers=sees(caller, "strangers"))
    pictures = Pictures(service, request)
    where = pictures.of_name(one.name) if one.kind == "named" else None
    for part in one.parts:
        row = None if where is not None else pictures.person(part.id, part.person.key)
        if row is not None and row.faces:
            where = pictures.address_of(part.id, row.faces[0])
    if where is None:
        return Response(status_code=204)
    return Response(status_code=307, headers={"location": where, "cache-control": "private, max-age=60"})


def _media_of(service: Service, one: Somebody) -> tuple[list[ProjectFilm | PhotoSet], list[frozenset[Key]]]:
    """Each film and set that shows somebody, and who they are in it."""
    ids = list(dict.fromkeys(part.id for part in one.parts))
    return [service.medium(id) for id in ids], [one.keys_in(id) for id in ids]


def _answers(service: Service, caller: Caller, *people: Somebody) -> list[OneOfAll]:
    names = service.project.cast.names()
    return [
        somebody_of(one, character=one.id if one.id in names else None, journal=sees(caller, "journal"))
        for one in people
    ]
