"""Films and sets of photos: folders to choose from, scans, timelines, decisions, exports."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from personae.films.decidable import Decidable
from personae.films.film import StoredFilm
from personae.media.video import find_films
from personae.project.exporting import Shown
from personae.server.asking import By, RequestId, Served, sees
from personae.server.jobs_json import job_dict
from personae.server.problems import ProblemError
from personae.server.saying import Said
from personae.server.service import facts_of
from personae.timeline import native
from personae.timeline.decision_rows import row_of
from personae.timeline.decisions import Decision

router = APIRouter(tags=["media"])


class _Scan(BaseModel):
    model_config = ConfigDict(extra="forbid")
    root: str
    paths: Annotated[list[Annotated[str, Field(max_length=4096)]], Field(min_length=1, max_length=1000)]
    as_one: bool = False
    fresh: bool = False
    priority: Annotated[int, Field(ge=-100, le=100)] = 0


class _Decide(BaseModel):
    model_config = ConfigDict(extra="forbid")
    said: Annotated[list[Said], Field(min_length=1, max_length=1000)]
    position: Annotated[int, Field(ge=0)] | None = None
    learn: bool = False


@router.get("/roots")
def list_roots(service: Served, caller: By) -> dict[str, Any]:
    """The folders that this server reads."""
    return {"roots": [{"id": one.id, "name": one.name} for one in service.roots.roots]}


@router.get("/roots/{root}/films")
def list_films_in_root(service: Served, caller: By, root: str, folder: str = "") -> dict[str, Any]:
    """The films below a folder of a root, as paths from the root on."""
    base, path = service.roots.find(root, ""), service.roots.find(root, folder)
    found = (film for film in find_films(path) if service.roots.holds(film))
    return {"films": [film.relative_to(base).as_posix() for film in found if film.is_relative_to(base)]}


@router.get("/films")
def list_films(service: Served, caller: By) -> dict[str, Any]:
    """The films that were scanned."""
    return {"films": [facts_of(film) for film in service.project.films]}


@router.post("/films", status_code=202)
def scan_films(service: Served, caller: By, body: _Scan, request: RequestId) -> dict[str, Any]:
    """Scan films: a job each, or one for all of them read as one film."""
    paths = [str(service.roots.find(body.root, path)) for path in body.paths]
    works = [paths] if body.as_one else [[path] for path in paths]
    jobs = [
        service.jobs.add(
            "scan", {"paths": work, "fresh": body.fresh}, by=caller.name, priority=body.priority,
            request=f"{request}/{number}",
        )
        for number, work in enumerate(works)
    ]  # fmt: skip
    return {"jobs": [job_dict(job) for job in jobs]}


@router.get("/media/{id}/timeline")
def get_timeline(service: Served, caller: By, id: str) -> Response:
    """A film's timeline, in the native format, every decision applied."""
    found = service.film(id).timeline
    if not sees(caller, "strangers"):
        found = Shown(unknown=False).of(found)
    return Response(native.dumps(found), media_type="application/json")


@router.post("/media/{id}/relabel", status_code=202)
def relabel(service: Served, caller: By, id: str, request: RequestId) -> dict[str, Any]:
    """Name everybody in a film anew by the cast of now: a job."""
    job = service.jobs.add("relabel", {"film": service.film(id).name}, by=caller.name, request=request)
    return {"job": job_dict(job)}


@router.get("/media/{id}/decisions")
def list_decisions(service: Served, caller: By, id: str, after: int = 0) -> dict[str, Any]:
    """The journal, oldest first, from position `after` on."""
    entries = service.medium(id).decisions.entries
    return {"position": len(entries), "decisions": [row_of(one) for one in entries[after:]]}


@router.post("/media/{id}/decisions")
def decide(service: Served, caller: By, id: str, body: _Decide, request: RequestId) -> dict[str, Any]:
    """Say something about a film or photos: all of it, or nothing. Sent again with the same request it is one entry."""
    medium = service.medium(id)
    try:
        sayings = [one.saying() for one in body.said]
    except ValueError as error:
        raise ProblemError(422, "input", f"{error}.") from None
    known = medium.decisions.of_request(request)
    if body.position is not None and not known:
        _refuse_if_others_spoke(medium, body)
    made = medium.decide(sayings, by=caller.name, request=request)
    learnt = medium.learn_from(made) if body.learn else 0
    return {
        "position": len(medium.decisions.entries), "request": made.request, "warnings": made.warnings,
        "decisions": [row_of(one) for one in made.decisions], "learnt": learnt,
    }  # fmt: skip


@router.post("/media/{id}/undo")
def undo_decisions(
    service: Served, caller: By, id: str, request: RequestId, command: str | None = None
) -> dict[str, Any]:
    """Take back what a request decided, or the last one, and what it taught."""
    medium = service.medium(id)
    done = medium.undo(by=caller.name, command=command)
    return {"position": len(medium.decisions.entries), "undone": [one.id for one in done.decisions],
            "notes": done.warnings}  # fmt: skip


def _refuse_if_others_spoke(medium: StoredFilm | Decidable, body: _Decide) -> None:
    """409 with what was said since about the same people, for who decided without knowing it."""
    assert body.position is not None
    since = medium.decisions.entries[body.position :]
    if not since:
        return
    about = {str(one.who) for one in body.said} | {one.to for one in body.said if one.to}
    touched = [one for one in since if _names(one) & about or one.kind == "undo"]
    if touched:
        raise ProblemError(
            409, "changed", "Somebody else has decided about the same people meanwhile.",
            position=len(medium.decisions.entries), decisions=[row_of(one) for one in touched],
            said=[one.said() for one in touched],
        )  # fmt: skip


def _names(one: Decision) -> set[str]:
    people = [*(part.who for part in one.parts), one.to]
    return {person.name for person in people if person is not None}
