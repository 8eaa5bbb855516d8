"""`personae reject`: this face is not that character."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from personae.cli.console import say
from personae.cli.editing import editing_options, print_edit, project_for
from personae.cli.options import NETWORKS


@click.command()
@click.argument("photo", type=click.Path(path_type=Path))
@click.option("--not", "character", required=True, metavar="NAME", help="Who the face is not.")
@click.option(
    "--face",
    type=click.IntRange(min=1),
    help="Which face, counted from the left.  [default: the one that has the name now]",
)
@editing_options(*NETWORKS)
def reject(
    photo: Path,
    character: str,
    face: int | None,
    as_json: bool,
    model: Path | None,
    project: Path | None,
    **options: Any,
) -> None:
    """Teach that a face in PHOTO is not NAME: neither it nor faces like it get that name again.

    PHOTO may be any picture in which NAME was found wrongly, or an enrolled photo of NAME, which is then taken out.
    """
    opened = project_for(project, model, options)
    print_edit(opened.cast.reject(photo, character, face=face), as_json=as_json)
    if not as_json:
        say(f"Faces like it are not named {character} any more.")
