"""`personae add`: photos into a character, or names of characters that have none yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from personae.cli.console import progress_bar, say
from personae.cli.editing import ENROLLING, editing_options, print_edit, project_for


@click.command()
@click.argument("name", required=False)
@click.argument("photos", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--look", help="The look they show, such as old or masked.")
@click.option(
    "--names",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Instead of photos: a list of names, one a line, of characters without photos.",
)
@editing_options(*ENROLLING)
def add(
    name: str | None,
    photos: tuple[Path, ...],
    look: str | None,
    names: Path | None,
    as_json: bool,
    model: Path | None,
    project: Path | None,
    **options: Any,
) -> int:
    """Add PHOTOS (files and folders) to the character NAME, known or new. Only they are embedded.

    They stay when the cast folder is trained again. Photos that edits took out of NAME come back. Exit status 1 means
    that some cannot be used; each is named, with the reason.

    With --names: make characters of a call sheet. They are offered when people are named, and recognised once a face
    was named so. Blank lines and lines that begin with # count for nothing.
    """
    if names is not None:
        if name is not None or look is not None:
            raise click.UsageError("--names stands alone.")
        _add_names(names, model, project, options, as_json=as_json)
        return 0
    if name is None or not photos:
        raise click.UsageError("Give NAME and PHOTOS, or --names FILE.")
    if Path(name).is_file():  # `add photos/*.jpg`: the first photo would become a character
        raise click.UsageError(f"{name} is a file. Give the character's name first, then the photos.")
    opened = project_for(project, model, options)
    with progress_bar(quiet=as_json) as progress:
        report = opened.cast.add(name, photos, look=look, progress_callback=progress)
    print_edit(report, as_json=as_json)
    return 1 if report.rejected else 0


def _add_names(path: Path, model: Path | None, project: Path | None, options: dict[str, Any], *, as_json: bool) -> None:
    from personae.cast.names_file import read_names
    from personae.cli.model_facts import cast_counts
    from personae.types import count_of

    opened = project_for(project, model, options)
    names, again = read_names(path)
    for sentence in again:
        say(f"{path}: {sentence}", err=True)
    report = opened.cast.add_names(names)
    if not as_json:
        new = sum(len(edit.detail["names"]) for edit in report.edits)
        say(f"{count_of(new, 'character')} without photos added")
        say(cast_counts(opened.cast.characters(), opened.cast.without_photos()), prose=True)
    print_edit(report, as_json=as_json)
