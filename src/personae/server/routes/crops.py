"""Pictures of faces: where each can be seen, and the pictures themselves, whose addresses mean one content for ever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from personae.films.photo_set import PhotoSet
from personae.project.film import ProjectFilm
from personae.server.addresses import Digest, address, photo_id
from personae.server.asking import By, Served, sees
from personae.server.crops import FaceRow, ShownFace, of_films, of_sets
from personae.server.pages import Page, PageOf
from personae.server.problems import ProblemError
from personae.server.ranges import JPEG, JPEG_ANSWER, content
from personae.server.routes.pictures import GONE, original

router = APIRouter(tags=["pictures"])


class FacePicture(BaseModel):
    """A picture of a face. `box`: x1, y1, x2, y2 in pixels of the picture as it is shown; `weight`: how good it is.

    In a film `track`, `pts` and `at_s` (seconds from its first picture); in a set of photos `photo` (its id) and
    `number`, the face's from the left from 1.
    """

    address: str
    box: tuple[float, float, float, float]
    weight: float
    track: int | None = None
    pts: int | None = None
    at_s: float | None = None
    photo: str | None = None
    number: int | None = None


class FacesOf(BaseModel):
    """The pictures of one appearance, track, face or person. Neither `character` nor `unknown`: they are nobody's.

    `count`: how many there are; `pictures`: the best first, up to six that are far apart in time.
    """

    character: str | None
    character_id: str | None
    unknown: int | None
    appearance: int | None = None
    count: int
    pictures: list[FacePicture]


class FacesList(BaseModel):
    """A page of them: by appearance, by track, or by person, characters before unknown people."""

    crops: list[FacesOf]
    next: str | None


@router.get("/media/{id}/crops")
def list_crops(
    service: Served,
    caller: By,
    request: Request,
    id: str,
    asked: PageOf,
    by: Literal["appearance", "track", "person"] = "appearance",
    unknown: Annotated[int | None, Query(ge=1)] = None,
    character: Annotated[str | None, Query(description="The id of a character.")] = None,
    appearance: Annotated[int | None, Query(ge=1)] = None,
) -> FacesList:
    """Where pictures of faces can be seen: a row per appearance, track (of a set of photos: face) or person.

    `unknown`, `character`, `appearance`: those alone.
    """
    medium = service.medium(id)
    rows = _rows(medium, by)
    if not sees(caller, "strangers"):
        rows = [row for row in rows if row.who is not None and row.who.character is not None]
    if unknown is not None:
        rows = [row for row in rows if row.who is not None and row.who.unknown == unknown]
    if character is not None:
        name = service.character(character)
        rows = [row for row in rows if row.who is not None and row.who.character == name]
    if appearance is not None:
        rows = [row for row in rows if row.appearance == appearance]
    page = Page.of(rows, lambda row: row.key, asked)
    seconds = medium.timeline.video.seconds if isinstance(medium, ProjectFilm) and page.rows else None
    found = []
    for row in page.rows:
        pictures = [_picture(request, id, face, None if seconds is None else seconds(face.pts)) for face in row.faces]
        who = row.who
        found.append(
            FacesOf(
                character=None if who is None else who.character,
                character_id=None if who is None else who.character_id,
                unknown=None if who is None else who.unknown,
                appearance=row.appearance, count=row.count, pictures=pictures,
            )
        )  # fmt: skip
    return FacesList(crops=found, next=page.next)


@router.get("/media/{id}/crops/{digest}.jpg", response_class=Response, responses=JPEG_ANSWER)
def get_crop(service: Served, caller: By, request: Request, id: str, digest: Digest) -> Response:
    """A picture of a face; gone once its film was scanned anew, or whose it is was forgotten."""
    medium = service.medium(id)
    strangers = sees(caller, "strangers")
    if isinstance(medium, ProjectFilm):
        jpeg = of_films.jpeg(medium, digest)
        if jpeg is None:
            raise ProblemError(410, "gone", GONE)
        if not strangers:
            who = of_films.who(medium, digest)
            _check(who is not None and who.character is not None)
        return content(jpeg, request, JPEG, digest=digest)
    face = of_sets.find(medium, digest)
    if face is None:
        raise ProblemError(410, "gone", GONE)
    if not strangers:
        who = of_sets.who(medium, digest)
        _check(who is not None and who.character is not None)
    path = original(service, medium, str(face.shown.photo))
    jpeg = service.helper.ask("face", by=caller.key, path=path, sha256=face.sha256, box=list(face.shown.box_xyxy))
    return content(jpeg, request, JPEG, digest=digest)


def _check(may_be_seen: bool) -> None:
    if not may_be_seen:
        raise ProblemError(403, "role", "That takes the role editor: people without a name are not shown to viewers.")


def _rows(medium: ProjectFilm | PhotoSet, by: str) -> Sequence[FaceRow]:
    if isinstance(medium, PhotoSet):
        return of_sets.people(medium) if by == "person" else of_sets.faces(medium)
    return {"appearance": of_films.appearances, "track": of_films.tracks, "person": of_films.people}[by](medium)


def _picture(request: Request, id: str, face: ShownFace, at_s: float | None) -> FacePicture:
    return FacePicture(
        address=address(request, "get_crop", id=id, digest=face.digest),
        box=face.box_xyxy, weight=face.weight, track=face.track, pts=None if at_s is None else face.pts, at_s=at_s,
        photo=None if face.photo is None else photo_id(face.photo), number=face.number,
    )  # fmt: skip
