"""`personae rename`: another name for a character."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from personae.cli.editing import editing_options, print_edit, project_for
from personae.cli.older import telling_older


@click.command()
@click.argument("old")
@click.argument("new")
@editing_options()
def rename(old: str, new: str, as_json: bool, model: Path | None, project: Path | None, **options: Any) -> None:
    """Call the character OLD by the name NEW.

    The folder OLD of a cast may stay as it is: its photos are NEW's from now on.
    """
    with telling_older(project):
        print_edit(project_for(project, model, options).cast.rename(old, new), as_json=as_json)
