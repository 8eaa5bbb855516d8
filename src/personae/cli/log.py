"""`personae log`: the edits of the gallery."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from personae.cli.console import say, say_json
from personae.cli.editing import describe_edit
from personae.cli.options import project_option


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the log as JSON, photo by photo.")
@project_option
def log(as_json: bool, project: Path | None) -> None:
    """Show the edits of the gallery, oldest first: what a person decided, and what was undone."""
    from personae.project.session import Project

    edits = Project.open(project).cast.log()
    if as_json:
        say_json([asdict(edit) for edit in edits])
        return
    if not edits:
        say("No edits yet.")
    for edit in edits:
        undone = f"  (undone by {edit.undone_by})" if edit.undone_by is not None else ""
        when = edit.time[:16].replace("T", " ")
        say(f"{edit.id:>4}  {when} UTC  {edit.action:<7} {describe_edit(edit)}{undone}")
