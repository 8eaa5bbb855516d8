"""Films and sets of photos: folders to choose from, scans, facts, timelines, exports."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from personae.jobs.job import Job
from personae.server import browsing
from personae.server.asking import By, RequestId, Served, sees
from personae.server.jobs_json import JobAnswer, JobsAnswer, job_dict
from personae.server.media_json import Medium, medium_of
from personae.server.openapi import native
from personae.server.originals import video_facts
from personae.server.pages import Page, PageOf
from personae.server.problems import ProblemError
from personae.server.service import Service

router = APIRouter(tags=["media"])


class _Opening(BaseModel):
    """How to read a film: the number of its video stream, its pictures a second ("25", "30000/1001"), and a timecode
    and reel instead of what the file says.
    """

    model_config = ConfigDict(extra="forbid")
    stream: Annotated[int, Field(ge=0, le=1000)] | None = None
    rate: Annotated[str, Field(max_length=40)] | None = None
    start_timecode: Annotated[str, Field(max_length=40)] | None = None
    drop_frame: bool | None = None
    reel: Annotated[str, Field(max_length=200)] | None = None


class _Scan(BaseModel):
    model_config = ConfigDict(extra="forbid")
    root: str
    paths: Annotated[list[Annotated[str, Field(max_length=4096)]], Field(min_length=1, max_length=1000)]
    as_one: bool = False
    fresh: bool = False
    opening: _Opening = _Opening()
    priority: Annotated[int, Field(ge=-100, le=100)] = 0


class _ScanAgain(BaseModel):
    model_config = ConfigDict(extra="forbid")
    fresh: bool = False


class _Relabel(BaseModel):
    model_config = ConfigDict(extra="forbid")
    media: Annotated[list[str], Field(max_length=10_000)] | None = None
    only_stale: bool = False


class Root(BaseModel):
    """A folder that this server reads."""

    id: str
    name: str


class Roots(BaseModel):
    """The media roots."""

    roots: list[Root]


class RootEntry(BaseModel):
    """A folder or a film below a root; `path`: from the root on. `medium`: of a film that was scanned, its id here."""

    kind: Literal["folder", "film"]
    name: str
    path: str
    medium: str | None


class RootEntries(BaseModel):
    """Some of what a folder holds."""

    entries: list[RootEntry]
    next: str | None


class Media(BaseModel):
    """Some films or sets of photos."""

    films: list[Medium]
    next: str | None


@router.get("/roots")
def list_roots(service: Served, caller: By) -> Roots:
    """The folders that this server reads."""
    return Roots(roots=[Root(id=one.id, name=one.name) for one in service.roots.roots])


@router.get("/roots/{root}/films")
def list_films_in_root(
    service: Served,
    caller: By,
    root: str,
    asked: PageOf,
    folder: Annotated[str, Query(max_length=4096)] = "",
    q: Annotated[str, Query(max_length=200)] = "",
) -> RootEntries:
    """The folders and films in one folder of a root; with `q` what is called so at any depth below it."""
    if q.strip():
        found = browsing.search(service.roots, root, folder, q)
    else:
        found = browsing.in_folder(service.roots, root, folder)
    page = Page.of(found, lambda one: one.key, asked)
    scanned = service.scanned() if any(one.kind == "film" for one in page.rows) else {}
    return RootEntries(
        entries=[
            RootEntry(
                kind="folder" if one.kind == "folder" else "film",
                name=one.name,
                path=one.inside,
                medium=scanned.get(os.fspath(one.path)),
            )
            for one in page.rows
        ],
        next=page.next,
    )


@router.get("/films")
def list_films(service: Served, caller: By, asked: PageOf) -> Media:
    """The films that were scanned, by name."""
    every = [(id, name) for id, (kind, name) in service.media().items() if kind == "film"]
    page = Page.of(every, lambda one: (one[1].casefold(), one[0]), asked)
    card = service.card()
    films = [medium_of(id, service.facts_of(id), card, caller) for id, _ in page.rows]
    return Media(films=films, next=page.next)


@router.get("/films/{id}")
def get_film(service: Served, caller: By, id: str) -> Medium:
    """One film in facts."""
    service.film(id)
    return medium_of(id, service.facts_of(id), service.card(), caller)


@router.post("/films", status_code=202, response_model=JobsAnswer)
def scan_films(service: Served, caller: By, body: _Scan, request: RequestId) -> dict[str, Any]:
    """Scan films: a job each, or one for all of them read as one film. One that waits or runs already is that job."""
    found = [service.roots.find(body.root, path) for path in body.paths]
    for inside, path in zip(body.paths, found, strict=True):
        if path.is_dir():
            raise ProblemError(422, "input", f"{inside} is a folder. Give its films: GET /roots/ROOT/films lists them.")
    paths = list(dict.fromkeys(map(str, found)))
    opening = body.opening.model_dump(exclude_none=True)
    how = service.roots.within() | {"fresh": body.fresh} | ({"opening": opening} if opening else {})
    works = [{"paths": own} | how for own in ([paths] if body.as_one else [[path] for path in paths])]
    requests = [f"{request}/{number}" for number in range(len(works))]
    jobs = service.jobs_of("scan", works, requests=requests, by=caller.name, priority=body.priority)
    return _jobs(jobs)


@router.post("/media/{id}/scan", status_code=202, response_model=JobAnswer)
def scan_again(
    service: Served, caller: By, id: str, request: RequestId, body: _ScanAgain | None = None
) -> dict[str, Any]:
    """Scan a film again, from the files that it was scanned from: a job. `fresh`: look through all of it, also where
    nothing has changed. What was decided about it stays.
    """
    facts = video_facts(service.roots, service.film(id).timeline.video)
    opening = {"rate": facts["rate"]} if facts["rate"] is not None else {}
    fresh = body is not None and body.fresh
    what = {"paths": facts["paths"]} | service.roots.within() | {"fresh": fresh}
    (job,) = service.jobs_of(
        "scan", [what | ({"opening": opening} if opening else {})], requests=[request], by=caller.name
    )
    return {"job": job_dict(job)}


@router.get(
    "/media/{id}/timeline",
    responses=native("Timeline", "The timeline, every decision applied."),
    response_class=Response,
)
def get_timeline(
    service: Served, caller: By, id: str, if_none_match: Annotated[str, Header(max_length=1000)] = ""
) -> Response:
    """A film's timeline, in the native format, every decision applied. The header Personae-Position says how many.

    Sent with the ETag that a client has it is answered 304 where nothing has changed.
    """
    view = service.views.timeline(service.film(id), service.path_shown, strangers=sees(caller, "strangers"))
    headers = {"etag": view.tag, "cache-control": "private, no-cache"}
    if sees(caller, "journal"):
        headers["personae-position"] = str(view.position)
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    if view.tag in tags:
        return Response(status_code=304, headers=headers)
    return Response(view.body, media_type="application/json", headers=headers)


@router.post("/media/{id}/relabel", status_code=202, response_model=JobAnswer)
def relabel(service: Served, caller: By, id: str, request: RequestId) -> dict[str, Any]:
    """Name everybody in a film or in photos anew by the cast of now: a job."""
    return {"job": job_dict(_relabelled(service, [id], [request], caller.name)[0])}


@router.post("/relabel", status_code=202, response_model=JobsAnswer)
def relabel_many(service: Served, caller: By, request: RequestId, body: _Relabel | None = None) -> dict[str, Any]:
    """The same of several films and sets of photos, or of all: a job each. `only_stale`: those that it would change."""
    body = body or _Relabel()
    ids = list(dict.fromkeys(service.media() if body.media is None else body.media))
    card = service.card()
    wanted = [id for id in ids if not body.only_stale or service.facts_of(id).is_stale(card)]
    return _jobs(_relabelled(service, wanted, [f"{request}/{id}" for id in wanted], caller.name))


def _relabelled(service: Service, ids: Sequence[str], requests: Sequence[str], by: str) -> list[Job]:
    named = [service.kind_and_name(id) for id in ids]
    return service.jobs_of("relabel", [{kind: name} for kind, name in named], requests=requests, by=by)


def _jobs(jobs: list[Job]) -> dict[str, Any]:
    return {"jobs": [job_dict(job) for job in jobs]}
