"""What was uploaded for jobs: folders in the project that are gone when their job has ended."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from personae.jobs.job import Job

UPLOADED = "uploaded"
"""In a job's `what`: the folder that was made for it."""

GONE = "What this job was about is not there any more. Ask for it anew."


def folder_of(project: Path) -> Path:
    """Where uploads wait."""
    return project / "cache" / "uploads"


def name_of(place: int) -> str:
    """What an uploaded photo is called, for people too: by its place among those that were sent, from 1."""
    return f"photo {place}"


def leave_uploads(project: Path, job: Job) -> None:
    """Delete what was uploaded for a job that has ended; nothing else than a folder of uploads ever goes."""
    named = job.what.get(UPLOADED)
    if isinstance(named, str) and Path(named).parent == folder_of(project):
        with contextlib.suppress(OSError):
            shutil.rmtree(named)


def uploads_are_gone(job: Job) -> bool:
    """Whether a job had uploads that were deleted when it ended."""
    named = job.what.get(UPLOADED)
    return isinstance(named, str) and not Path(named).is_dir()
