"""Jobs: what runs, what waits, what failed and why."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from personae.jobs.job import ENDED, Job
from personae.jobs.uploaded import leave_uploads
from personae.server.asking import By, RequestId, Served
from personae.server.jobs_json import job_dict
from personae.server.problems import ProblemError

router = APIRouter(tags=["jobs"])


class _Forget(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=500)]


@router.get("/jobs")
def list_jobs(
    service: Served,
    caller: By,
    after: Annotated[int, Query(ge=0)] = 0,
    most: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """Every job in the order in which they were asked for; `next` goes on, 0 is the end."""
    found, goes_on = service.jobs.page(after=after, most=most)
    return {"jobs": [job_dict(one) for one in found], "next": goes_on}


@router.get("/jobs/{id}")
def get_job(service: Served, caller: By, id: str) -> dict[str, Any]:
    """One job with its history."""
    history = [{"time": line.time, "text": line.text} for line in service.jobs.history(id)]
    return {"job": job_dict(_there(service.jobs.get(id))), "history": history}


@router.post("/jobs/{id}/cancel")
def cancel_job(service: Served, caller: By, id: str) -> dict[str, Any]:
    """End a job; what it did is gone on with when it is asked for again."""
    job = _there(service.jobs.cancel(id, by=caller.name))
    if job.state in ENDED:
        leave_uploads(service.project.folder, job)
    return {"job": job_dict(job)}


@router.post("/jobs/{id}/retry")
def retry_job(service: Served, caller: By, id: str) -> dict[str, Any]:
    """Ask again for a job that failed or was cancelled."""
    return {"job": job_dict(_there(service.jobs.retry(id, by=caller.name)))}


@router.post("/forget", status_code=202)
def forget(service: Served, caller: By, body: _Forget, request: RequestId) -> dict[str, Any]:
    """Forget somebody for good: a job. There is no undo."""
    return {"job": job_dict(service.jobs.add("forget", {"name": body.name}, by=caller.name, request=request))}


def _there(found: Job | None) -> Job:
    if found is None:
        raise ProblemError(404, "unknown-job", "There is no job with this id.")
    return found
