"""Decisions in tests, about the film at a timeline: said to the film of whatever project it lies in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

from personae.cast.cast import Cast
from personae.films import say
from personae.films.film import StoredFilm
from personae.films.maker import Maker, NewUnknown
from personae.films.teaching import LEARNT_FACES
from personae.paths import ProjectPaths
from personae.project.session import Project
from personae.settings import Settings
from personae.timeline.decisions import Decision
from personae.timeline.timeline import Timeline

__all__ = ["LEARNT_FACES", "decide", "learn", "mark_depicted", "name_person", "project_of", "undo"]


def project_of(timeline: str | Path) -> Path | None:
    found = ProjectPaths.of_film(timeline)
    return None if found is None else found.folder


def film_at(timeline: str | Path, settings: Settings | None = None) -> StoredFilm:
    folder = project_of(timeline) or Path(timeline).parent / "no-project"
    return Project.open(folder, settings=settings or Settings()).films[timeline]


def decide(
    timeline: str | Path,
    make: Callable[[Maker], tuple[Decision, ...]],
    author: str = "",
    settings: Settings | None = None,
) -> Timeline:
    with film_at(timeline, settings) as film:
        film.decide(cast(say.Saying, make), by=author)  # a film's maker is what it is given
        film.flush()
        return film.timeline


def name_person(
    timeline: str | Path,
    who: str,
    name: str | NewUnknown | None,
    *,
    author: str = "",
    settings: Settings | None = None,
) -> Timeline:
    return decide(timeline, say.not_them(who) if name is None else say.name(who, name), author, settings)


def mark_depicted(
    timeline: str | Path, who: str, depicted: bool, *, author: str = "", settings: Settings | None = None
) -> Timeline:
    return decide(timeline, say.depicted(who) if depicted else say.alive(who), author, settings)


def undo(timeline: str | Path, *, settings: Settings | None = None) -> tuple[Timeline, tuple[Decision, ...]]:
    with film_at(timeline, settings) as film:
        undone = film.undo()
        film.flush()
        return film.timeline, undone.decisions


def learn(timeline: str | Path, name: str, cast: Cast) -> int:
    with Project(cast.context).films[timeline] as film:
        return film.learn(name)
