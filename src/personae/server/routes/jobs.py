"""Jobs: what runs, what waits, what failed and why."""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from personae.jobs.job import ENDED, Job, State
from personae.server.asking import By, RequestId, Served, sees
from personae.server.jobs_json import JobAnswer, JobRow, job_dict
from personae.server.keys import Caller
from personae.server.pages import PageOf, next_cursor
from personae.server.problems import ProblemError
from personae.server.roles import role_of_job
from personae.server.service import Service
from personae.server.watching import Watcher

router = APIRouter(tags=["jobs"])
LONGEST_WAIT_S = 60.0
_LOOK_EVERY_S, _LOOK_AGAIN_S = 0.1, 2.0
FORGET_FIRST = 50
"""Forgetting comes before what else waits."""


class _Forget(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=500)]


class _Change(BaseModel):
    model_config = ConfigDict(extra="forbid")
    priority: Annotated[int, Field(ge=-100, le=100)]


class Jobs(BaseModel):
    """A page of jobs."""

    jobs: list[JobRow]
    next: str | None


class Line(BaseModel):
    """Something that happened to a job, in seconds since 1970."""

    time: float
    text: str


class SeenPicture(BaseModel):
    """Somebody whom a scan has seen. `picture`: their best face as a data URL; `faces`: how often it was found."""

    picture: str
    faces: int


class PeopleSoFar(BaseModel):
    """Whom a scan has seen until now: how many people, and pictures of those who were seen most."""

    people: int
    pictures: list[SeenPicture]


class JobWithHistory(JobAnswer):
    """One job, and what became of it, oldest first; viewers do not see that, for it says who asked."""

    history: list[Line]


@router.get("/jobs", response_model=Jobs)
def list_jobs(
    service: Served, caller: By, asked: PageOf, state: Annotated[list[State] | None, Query()] = None
) -> dict[str, Any]:
    """Jobs in the order in which they were asked for; `state`: only those that stand so."""
    after = asked.after if asked.after is not None else 0
    if type(after) is not int or after < 0:
        raise ProblemError(422, "cursor", "That is a cursor of another list. Begin without one.")
    found, goes_on = service.jobs.page(after=after, most=asked.limit, states=tuple(state or ()))
    whole = sees(caller, "results")
    return {"jobs": [job_dict(one, whole=whole) for one in found], "next": next_cursor(goes_on) if goes_on else None}


@router.get("/jobs/{id}", response_model=JobWithHistory)
async def get_job(
    request: Request,
    service: Served,
    caller: By,
    id: str,
    wait_s: Annotated[float, Query(ge=0, le=LONGEST_WAIT_S)] = 0.0,
) -> dict[str, Any]:
    """One job with its history. `wait_s`: the answer comes when the job has ended, or after so many seconds."""
    watcher: Watcher = request.app.state.watcher
    until, seen = time.monotonic() + wait_s, watcher.latest
    job = _there(await asyncio.to_thread(service.jobs.get, id))
    looked = time.monotonic()
    # No thread waits, for they answer the others; and the table is read where the watcher has seen something.
    while job.state not in ENDED and time.monotonic() < until and not watcher.is_over:
        await asyncio.sleep(_LOOK_EVERY_S)
        if watcher.latest != seen or time.monotonic() - looked > _LOOK_AGAIN_S:
            seen, looked = watcher.latest, time.monotonic()
            job = _there(await asyncio.to_thread(service.jobs.get, id))
    whole = sees(caller, "results")
    lines = await asyncio.to_thread(service.jobs.history, id) if whole else []
    return {"job": job_dict(job, whole=whole), "history": [{"time": one.time, "text": one.text} for one in lines]}


@router.get("/jobs/{id}/people")
def list_people_of_job(service: Served, caller: By, id: str) -> PeopleSoFar:
    """Whom the scan of a film has seen until now, most seen first; nobody before it begins and when it has ended."""
    job = _there(service.jobs.get(id))
    if job.kind != "scan" or job.state != "running":
        return PeopleSoFar(people=0, pictures=[])
    count, found = service.project.films.seen_so_far(job.what["paths"])
    rows = [
        SeenPicture(picture="data:image/jpeg;base64," + b64encode(one.jpeg).decode(), faces=one.faces) for one in found
    ]
    return PeopleSoFar(people=count, pictures=rows)


@router.patch("/jobs/{id}", response_model=JobAnswer)
def prefer_job(service: Served, caller: By, id: str, body: _Change) -> dict[str, Any]:
    """Have a job done earlier or later: higher priorities come first."""
    _check_role(service, caller, id)
    return {"job": job_dict(_there(service.jobs.prefer(id, body.priority)))}


@router.post("/jobs/{id}/cancel", response_model=JobAnswer)
def cancel_job(service: Served, caller: By, id: str) -> dict[str, Any]:
    """End a job; what it did is gone on with when it is asked for again."""
    _check_role(service, caller, id)
    return {"job": job_dict(_there(service.jobs.cancel(id, by=caller.name)))}


@router.post("/jobs/{id}/retry", response_model=JobAnswer)
def retry_job(service: Served, caller: By, id: str) -> dict[str, Any]:
    """Ask again for a job that failed or was cancelled."""
    _check_role(service, caller, id)
    return {"job": job_dict(_there(service.jobs.retry(id, by=caller.name)))}


@router.post("/forget", status_code=202, response_model=JobAnswer)
def forget(service: Served, caller: By, body: _Forget, request: RequestId) -> dict[str, Any]:
    """Forget somebody for good: a job. There is no undo."""
    job = service.jobs.add("forget", {"name": body.name}, by=caller.name, request=request, priority=FORGET_FIRST)
    return {"job": job_dict(job)}


def _check_role(service: Service, caller: Caller, id: str) -> None:
    """Whoever may not ask for such a job may not change one either."""
    role = role_of_job(_there(service.jobs.get(id)).kind)
    if not caller.may(role):
        raise ProblemError(403, "role", f"Jobs of this kind take the role {role}; this key has {caller.role}.")


def _there(found: Job | None) -> Job:
    if found is None:
        raise ProblemError(404, "unknown-job", "There is no job with this id.")
    return found
