"""Jobs as JSON."""

from __future__ import annotations

from typing import Any

from personae.jobs.job import Job


def job_dict(job: Job) -> dict[str, Any]:
    """A job as clients see it: no paths."""
    return {
        "id": job.id, "kind": job.kind, "state": job.state, "by": job.by, "priority": job.priority,
        "asked_at": job.made, "began_at": job.began, "ended_at": job.ended, "wants_cancel": job.wants_cancel,
        "progress": dict(job.progress), "result": dict(job.result), "error": dict(job.error),
    }  # fmt: skip
