"""`personae remove`: a character or single photos out of the gallery."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from personae.cli.editing import editing_options, print_edit, project_for


@click.command()
@click.argument("names_or_photos", nargs=-1, required=True, metavar="NAME|PHOTOS...")
@editing_options()
def remove(
    names_or_photos: tuple[str, ...], as_json: bool, model: Path | None, project: Path | None, **options: Any
) -> None:
    """Take the character NAME, or single PHOTOS, out of the gallery.

    A word that is a character's name is taken for one; write ./NAME for a file of that name. What lies in a cast folder
    stays out when it is trained again. To remove every trace of a person, use `personae forget`.
    """
    opened = project_for(project, model, options)
    if len(names_or_photos) == 1 and opened.cast.is_character(names_or_photos[0]):
        report = opened.cast.remove(names_or_photos[0])
    else:
        report = opened.cast.remove_photos(names_or_photos)
    print_edit(report, as_json=as_json)
