"""Scanning in tests: a recognizer's project and model, results in any folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from personae.cast.context import ProjectContext
from personae.films.film import StoredFilm
from personae.films.film_files import FilmFiles, film_name
from personae.films.films import Films
from personae.films.store import MediaStore
from personae.media.video import Film, open_film
from personae.project.recognizer import CharacterRecognizer
from personae.settings import Settings
from personae.timeline.timeline import Timeline


def scan_film(
    film: str | Path | Sequence[str | Path] | Film,
    recognizer: CharacterRecognizer,
    out: str | Path | FilmFiles,
    *,
    edits: Path | None = None,
    **options: Any,
) -> StoredFilm:
    """Scan into exactly the files OUT/name.*, whatever lies there."""
    opened = film if isinstance(film, Film) else open_film(film, as_one=not isinstance(film, str | Path))
    files = out if isinstance(out, FilmFiles) else FilmFiles(Path(out), film_name(opened.video))
    return Films(recognizer.context).scan(opened, files, decisions=edits, **options)


def relabel(timeline: Path, settings: Settings) -> Timeline:
    """Build a timeline again from its tracks and decisions, in a project that has no model."""
    context = ProjectContext(timeline.parent / "no-project", settings=settings)
    return StoredFilm(context, MediaStore(context.paths, 10.0), FilmFiles.of(timeline)).relabel().timeline
