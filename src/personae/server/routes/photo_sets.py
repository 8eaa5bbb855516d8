"""Sets of photos: keep photos, list the sets, look at one."""

from __future__ import annotations

import json
from itertools import accumulate
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from personae.server.addresses import address, photo_digest, photo_id
from personae.server.asking import By, RequestId, Served, sees
from personae.server.jobs_json import JobAnswer, job_dict
from personae.server.media_json import Medium, Photo, medium_of, photo_of
from personae.server.pages import Page, PageOf
from personae.server.photo_states import of_photos

router = APIRouter(tags=["photo sets"])
NOT_KEPT = {"cache-control": "private, no-store"}


class _Keep(BaseModel):
    model_config = ConfigDict(extra="forbid")
    root: str
    paths: Annotated[list[Annotated[str, Field(max_length=4096)]], Field(min_length=1, max_length=1000)]
    name: Annotated[str, Field(min_length=1, max_length=180)] | None = None


class PhotoSets(BaseModel):
    """Some sets of photos."""

    photo_sets: list[Medium]
    next: str | None


class Photos(BaseModel):
    """Some photos of a set; `position`: how many decisions its journal held."""

    position: int | None
    photos: list[Photo]
    next: str | None


PhotoInShort = tuple[str, str, str, int, int, list[list[Any]]]


class PhotosInShort(BaseModel):
    """Some photos of a set in short: of each its id, path, digest of its content, width, height, and faces.

    A face: its number in the photo; its box, x1, y1, x2, y2 in pixels; its name; the character's id; the number of the
    unknown person; how it is, as a sum (1: decided by a person, 2: depicted, 4: a stranger, 8: drawn); its confidence.
    `state`: to ask with for what changed since; `is_all`: false where these are the changed ones only; `total`: how
    many photos the set has; `next`: what to `start` with for the rest.
    """

    position: int | None
    state: str
    is_all: bool
    total: int
    next: int | None
    photos: list[PhotoInShort]


@router.get("/photo-sets")
def list_photo_sets(service: Served, caller: By, asked: PageOf) -> PhotoSets:
    """The sets of photos, by name."""
    every = [(id, name) for id, (kind, name) in service.media().items() if kind == "photos"]
    page = Page.of(every, lambda one: (one[1].casefold(), one[0]), asked)
    card = service.card()
    found = [medium_of(id, service.facts_of(id), card, caller) for id, _ in page.rows]
    return PhotoSets(photo_sets=found, next=page.next)


@router.post("/photo-sets", status_code=202, response_model=JobAnswer)
def keep_photos(service: Served, caller: By, body: _Keep, request: RequestId) -> dict[str, Any]:
    """Keep photos and folders of photos below a root as a set, so that who is on them can be named: a job.

    `name`: of the set, which grows if it is there; default the folder's. One that waits or runs already is that job.
    """
    paths = [str(service.roots.find(body.root, path)) for path in body.paths]
    what = service.roots.within() | {"paths": paths, "name": body.name}
    (job,) = service.jobs_of("keep", [what], requests=[request], by=caller.name)
    return {"job": job_dict(job)}


@router.get("/photo-sets/{id}")
def get_photo_set(service: Served, caller: By, id: str) -> Medium:
    """One set in facts."""
    service.photo_set(id)
    return medium_of(id, service.facts_of(id), service.card(), caller)


@router.get("/photo-sets/{id}/photos")
def list_photos_of_set(service: Served, caller: By, request: Request, id: str, asked: PageOf) -> Photos:
    """The photos of a set, by path, with the faces on them."""
    photos = service.photo_set(id)
    position, shown = len(photos.decisions.entries), photos.photos
    page = Page.of(range(len(shown)), lambda at: shown[at].path, asked)
    first = [1, *accumulate((len(photo.faces) for photo in shown), initial=1)][1:]
    strangers, digests = sees(caller, "strangers"), photos.digests

    def where(path: str) -> str:
        digest = photo_digest(digests.get(path, ""))
        return address(request, "get_photo", id=id, photo=photo_id(path), digest=digest)

    return Photos(
        position=position if sees(caller, "journal") else None,
        photos=[photo_of(shown[at], first[at], where(shown[at].path), strangers=strangers) for at in page.rows],
        next=page.next,
    )


@router.get("/photo-sets/{id}/overview", response_model=PhotosInShort)
def overview_of_set(
    service: Served,
    caller: By,
    id: str,
    since: Annotated[str | None, Query(max_length=64)] = None,
    start: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=1, le=5000)] = 2000,
) -> Response:
    """The photos of a set in short, by path, for a page that shows many; `since`: only those that changed since a state
    that an answer told.
    """
    found = of_photos.of(service.photo_set(id), since)
    rows, following = found.rows(start, limit, strangers=sees(caller, "strangers"))
    facts = {
        "position": found.position if sees(caller, "journal") else None, "state": found.state,
        "is_all": found.changed is None, "total": len(found.photos), "next": following,
    }  # fmt: skip
    content = f'{json.dumps(facts)[:-1]}, "photos": [{",".join(rows)}]}}'
    return Response(content.encode("utf-8", "surrogatepass"), media_type="application/json", headers=NOT_KEPT)
