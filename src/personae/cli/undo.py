"""`personae undo`: take back the last edits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from personae.cli.console import say
from personae.cli.editing import describe_edit, editing_options, print_edit, project_for
from personae.cli.older import say_names_of_before


@click.command()
@click.option("--steps", type=click.IntRange(min=1), default=1, help="How many edits, the last first.  [default: 1]")
@editing_options()
def undo(steps: int, as_json: bool, model: Path | None, project: Path | None, **options: Any) -> None:
    """Take back the last edit that holds, or several. Works after later trainings too; `personae log` shows the edits.

    A training and `personae forget` are no edits that can be undone.
    """
    opened = project_for(project, model, options)
    report = opened.cast.undo(steps)
    if not as_json:
        for edit in report.edits:
            say(f"undone: {edit.id} {edit.action} {describe_edit(edit)}")
    print_edit(report, as_json=as_json)
    if not as_json:
        say_names_of_before(opened)
