"""Jobs on films and sets of photos; each is called as `work.Work` says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from personae.commits import Commit
from personae.progress import ProgressCallback
from personae.project.session import Project


def scan(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    """Scan one film, of one file or of several that follow each other."""
    paths = [Path(path) for path in what["paths"]]
    film = project.films.scan(
        paths[0] if len(paths) == 1 else paths,
        fresh=bool(what.get("fresh")),
        commit=commit,
        progress_callback=tell,
        **what.get("opening", {}),
    )
    with film:
        return {"film": film.name, "notes": list(film.notes), "reused": film.reused}


def relabel(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    """Name everybody in a film anew."""
    with project.films[what["film"]] as film:
        film.relabel(commit=commit, progress_callback=tell)
        return {"film": film.name, "notes": list(film.notes)}
