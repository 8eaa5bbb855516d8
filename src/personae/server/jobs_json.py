"""Jobs as clients see them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel

from personae.jobs.job import Job, State
from personae.names import readable


class JobRow(BaseModel):
    """A job. Times are seconds since 1970; `progress` is {} while nobody works on it; no paths of the machine.

    `about`: the name of the film, photos or folder that it is about, for people; empty where it is about none.
    `result`: what came of it, with the id of the film or set it was about as `medium`, of several as `media`: all that
    viewers see of it.
    """

    id: str
    kind: str
    about: str
    state: State
    by: str
    priority: int
    asked_at: float
    began_at: float | None
    ended_at: float | None
    wants_cancel: bool
    progress: dict[str, Any]
    result: dict[str, Any]
    error: dict[str, Any]


class JobAnswer(BaseModel):
    """One job."""

    job: JobRow


class JobsAnswer(BaseModel):
    """The jobs that were asked for."""

    jobs: list[JobRow]


ABOUT = ("medium", "media")
"""What of a job's result everybody sees."""


def without_result(row: dict[str, Any]) -> dict[str, Any]:
    """A job's row for who may not see what came of it."""
    return row | {"result": {name: row["result"][name] for name in ABOUT if name in row["result"]}}


def job_dict(job: Job, *, result: bool = True) -> dict[str, Any]:
    """A job as clients see it, no paths; without its `result` for who may not see what came of it."""
    row = _row(job)
    return row if result else without_result(row)


def _about(what: Mapping[str, Any]) -> str:
    named = what.get("film") or what.get("photos") if "paths" not in what else what.get("name")
    if isinstance(named, str):
        return named
    paths = [*what["paths"]] if "paths" in what else [what["folder"]] if "folder" in what else []
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return readable(PurePath(paths[0]).name) + more if paths else ""


def _row(job: Job) -> dict[str, Any]:
    return {
        "id": job.id, "kind": job.kind, "about": _about(job.what), "state": job.state, "by": job.by,
        "priority": job.priority, "asked_at": job.made, "began_at": job.began, "ended_at": job.ended,
        "wants_cancel": job.wants_cancel,
        "progress": dict(job.progress), "result": dict(job.result), "error": dict(job.error),
    }  # fmt: skip
