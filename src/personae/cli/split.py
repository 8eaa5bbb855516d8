"""`personae split`: some photos of a character become another's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from personae.cli.editing import editing_options, print_edit, project_for


@click.command()
@click.argument("name")
@click.argument("photos", nargs=-1, required=True)
@click.option("--into", required=True, help="Whose they are: a new character, or a known one.")
@editing_options()
def split(
    name: str,
    photos: tuple[str, ...],
    into: str,
    as_json: bool,
    model: Path | None,
    project: Path | None,
    **options: Any,
) -> None:
    """Give PHOTOS of the character NAME to another one.

    A photo is named by its path, or the end of it ("Thor/3.jpg").
    """
    print_edit(project_for(project, model, options).cast.split(name, photos, into=into), as_json=as_json)
