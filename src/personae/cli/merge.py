"""`personae merge`: several characters become one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from personae.cli.editing import editing_options, print_edit, project_for
from personae.cli.older import say_names_of_before, telling_older


@click.command()
@click.argument("names", nargs=-1, required=True)
@click.option("--into", help="What they are called: one of them, or a name nobody has.  [default: the first]")
@editing_options()
def merge(
    names: tuple[str, ...], into: str | None, as_json: bool, model: Path | None, project: Path | None, **options: Any
) -> None:
    """Make the characters NAMES (two or more) one, because they are one person or one role."""
    with telling_older(project):
        opened = project_for(project, model, options)
        print_edit(opened.cast.merge(*names, into=into), as_json=as_json)
        if not as_json:
            say_names_of_before(opened)
