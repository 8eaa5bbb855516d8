"""`personae add`: photos into a character."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from personae.cli.console import progress_bar
from personae.cli.editing import ENROLLING, editing_options, print_edit, project_for


@click.command()
@click.argument("name")
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--look", help="The look they show, such as old or masked.")
@editing_options(*ENROLLING)
def add(
    name: str,
    photos: tuple[Path, ...],
    look: str | None,
    as_json: bool,
    model: Path | None,
    project: Path | None,
    **options: Any,
) -> int:
    """Add PHOTOS (files and folders) to the character NAME, known or new. Only they are embedded.

    They stay when the cast folder is trained again. Photos that edits took out of NAME come back. Exit status 1 means
    that some cannot be used; each is named, with the reason.
    """
    if Path(name).is_file():  # `add photos/*.jpg`: the first photo would become a character
        raise click.UsageError(f"{name} is a file. Give the character's name first, then the photos.")
    opened = project_for(project, model, options)
    with progress_bar(quiet=as_json) as progress:
        report = opened.cast.add(name, photos, look=look, progress_callback=progress)
    print_edit(report, as_json=as_json)
    return 1 if report.rejected else 0
