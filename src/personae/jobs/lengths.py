"""The longest film that a job may be about: one that says it lasts for years would keep a worker for as long."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from personae.errors import InputError
from personae.leading_out import check_film
from personae.project.session import Project


def check(project: Project, kind: str, what: Mapping[str, Any]) -> None:
    """Raise InputError where a film to scan is longer than the settings allow, FilmError for one that is none."""
    if kind != "scan":
        return
    from personae.media.video import open_film

    paths = [Path(path) for path in what["paths"]]
    for path in paths:
        check_film(path)
    with open_film(paths, as_one=len(paths) > 1, **what.get("opening", {})) as film:
        hours = film.video.duration_s / 3600
    most = project.settings.max_film_hours
    if hours > most:
        raise InputError(
            f"This film says that it lasts {hours:.1f} hours; the service scans films of up to {most:g}. "
            "The setting max_film_hours allows more."
        )
