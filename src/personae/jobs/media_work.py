"""Jobs on films and sets of photos; each is called as `work.Work` says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from personae.commits import Commit, committed
from personae.films.decidable import Decided
from personae.films.film import StoredFilm
from personae.films.media_id import id_of
from personae.films.photo_set import PhotoSet
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
        return _of_film(film) | {"reused": film.reused}


def keep(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    """Keep photos as a set."""
    kept = project.photos.keep(what["paths"], what.get("name"), progress_callback=tell)
    return committed(project.folder, commit, _of_set(kept) | {"kept": len(kept.photos)})


def learn(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    """Teach the cast the names that a command gave in films and sets, as far as they still hold."""
    learnt = 0
    for kind, name in what["media"]:
        medium = project.films[name] if kind == "film" else project.photos[name]
        learnt += medium.learn_from(Decided(medium.decisions.of_command(what["command"])))
    return committed(project.folder, commit, {"media": [id_of(*one) for one in what["media"]], "learnt": learnt})


def relabel(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    """Name everybody in a film or in a set of photos anew."""
    if "photos" in what:
        photos = project.photos[what["photos"]].relabel(progress_callback=tell)
        return committed(project.folder, commit, _of_set(photos))
    with project.films[what["film"]] as film:
        film.relabel(commit=commit, progress_callback=tell)
        return _of_film(film)


def _of_film(film: StoredFilm) -> dict[str, Any]:
    return {"medium": id_of("film", film.name), "film": film.name, "notes": list(film.notes)}


def _of_set(photos: PhotoSet) -> dict[str, Any]:
    return {"medium": id_of("photos", photos.name), "photos": photos.name, "notes": list(photos.notes)}
