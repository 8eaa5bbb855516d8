"""`personae relabel`: name everybody in scanned films anew, by the cast of now."""

from __future__ import annotations

from pathlib import Path

import click

from personae.cli.console import progress_bar, say
from personae.cli.older import telling_older
from personae.cli.options import project_option, settings_from, timelines_argument
from personae.types import count_of


@click.command()
@timelines_argument
@project_option
def relabel(timelines: tuple[Path, ...], project: Path | None) -> None:
    """Name everybody in TIMELINES anew by the model of now: after a training, an edit, a removal.

    The films themselves are not read, so they may lie on a shelf. What you decided stays and outranks the model.
    Each of TIMELINES is a timeline's file, or the name of a film of the project.
    """
    from personae.paths import ProjectPaths
    from personae.project.session import Project

    for path in timelines:
        found = ProjectPaths.of_film(path)
        place = project or (None if found is None else found.folder)
        with (
            telling_older(place),
            Project.open(place, settings=settings_from(place, {})) as opened,
            opened.films[path] as film,
            progress_bar() as progress,
        ):
            film.relabel(progress_callback=progress)
            people = film.timeline.characters
        for note in film.notes:
            say(f"personae: {path}: {note}", err=True)
        named = sum(one.character is not None for one in people)
        say(f"{path}: {count_of(named, 'character')}, {len(people) - named} unknown")
