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

    `about`: the name of the film, photos, folder or person that it is about, for people; empty where it is about none.
    `character`: the id of the one whose photos it is about, who may be called otherwise by now. Of who was forgotten
    nothing is left when it has ended.
    `by`: who asked for it, "" for the token. `result`: what came of it, with the id of the film or set it was about as
    `medium`, of several as `media`. `error`: why it failed, `code` and `detail`. Viewers see `by` null, of a result
    what it was about, of an error the code.
    """

    id: str
    kind: str
    about: str
    character: str | None
    state: State
    by: str | None
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


SEEN_BY_ALL = {"result": ("medium", "media"), "error": ("code",)}
"""What of a job's result and error everybody sees. Their sentences name files and people."""


def in_outline(row: dict[str, Any]) -> dict[str, Any]:
    """A job's row for who may not see who asked, and what came of it."""
    seen = {member: {name: row[member][name] for name in names if name in row[member]}
            for member, names in SEEN_BY_ALL.items()}  # fmt: skip
    return row | seen | {"by": None}


def job_dict(job: Job, *, whole: bool = True) -> dict[str, Any]:
    """A job as clients see it, no paths; in outline for who may not see who asked, and what came of it."""
    row = _row(job)
    return row if whole else in_outline(row)


def _about(what: Mapping[str, Any]) -> str:
    if "media" in what:  # it teaches what was said of them
        names = [str(name) for _, name in what["media"]]
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        return names[0] + more if names else ""
    named = what.get("name") if "paths" in what else what.get("film") or what.get("photos")
    if not isinstance(named, str):
        named = what.get("name")
    if isinstance(named, str):
        return readable(named)
    paths = [*what["paths"]] if "paths" in what else [what["folder"]] if "folder" in what else []
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return readable(PurePath(paths[0]).name) + more if paths else ""


def _row(job: Job) -> dict[str, Any]:
    return {
        "id": job.id, "kind": job.kind, "about": _about(job.what), "character": job.what.get("character"),
        "state": job.state, "by": job.by, "priority": job.priority,
        "asked_at": job.made, "began_at": job.began, "ended_at": job.ended,
        "wants_cancel": job.wants_cancel,
        "progress": dict(job.progress), "result": dict(job.result), "error": dict(job.error),
    }  # fmt: skip
