"""Sets of photos: keep photos, list the sets, look at one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from personae.server.addresses import address, photo_digest, photo_id
from personae.server.asking import By, RequestId, Served, sees
from personae.server.jobs_json import JobAnswer, job_dict
from personae.server.media_json import Medium, Photo, medium_of, photo_of
from personae.server.pages import Page, PageOf

router = APIRouter(tags=["photo sets"])


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
    position = len(photos.decisions.entries)
    rows, first = [], 1
    for photo in photos.photos:
        rows.append((photo, first))
        first += len(photo.faces)
    page = Page.of(rows, lambda row: row[0].path, asked)
    strangers, digests = sees(caller, "strangers"), photos.digests

    def where(path: str) -> str:
        digest = photo_digest(digests.get(path, ""))
        return address(request, "get_photo", id=id, photo=photo_id(path), digest=digest)

    return Photos(
        position=position if sees(caller, "journal") else None,
        photos=[photo_of(photo, number, where(photo.path), strangers=strangers) for photo, number in page.rows],
        next=page.next,
    )
