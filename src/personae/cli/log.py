"""`personae log`: the edits of the gallery, or what people decided about a film or a photo set."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from personae.cli.console import say, say_json
from personae.cli.editing import describe_edit
from personae.cli.options import TimelineType, project_option
from personae.hints import command

if TYPE_CHECKING:
    from personae.films.media import Medium


@click.command()
@click.option(
    "--timeline",
    type=TimelineType(),
    help="Show what people decided about this film (its timeline or its name) instead.",
)
@click.option("--photos", "photo_set", metavar="SET", help="Show what people decided about this photo set instead.")
@click.option("--json", "as_json", is_flag=True, help="Print the log as JSON, photo by photo.")
@project_option
def log(timeline: Path | None, photo_set: str | None, as_json: bool, project: Path | None) -> None:
    """Show the edits of the gallery, oldest first: what a person decided, and what was undone.

    Of a film or a photo set: every decision with its number, by which personae name --undo takes it back.
    """
    import shlex

    from personae.paths import ProjectPaths
    from personae.project.session import Project

    if timeline is not None and photo_set is not None:
        raise click.UsageError("Give --timeline FILE or --photos SET.")
    if timeline is not None or photo_set is not None:
        found = None if timeline is None else ProjectPaths.of_film(timeline)
        with Project.open(project or (None if found is None else found.folder)) as opened:
            if timeline is not None:
                _show(opened.films[timeline], f"--timeline {shlex.quote(str(timeline))}", as_json=as_json)
            elif photo_set is not None:
                _show(opened.photos[photo_set], f"--photos {shlex.quote(photo_set)}", as_json=as_json)
        return
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


def _show(medium: Medium, option: str, *, as_json: bool) -> None:
    """A line for each decision."""
    from personae.films.decision_log import entries_of

    entries = entries_of(medium.decisions)
    if as_json:
        say_json([
            {
                "number": one.number, "id": one.decision.id, "at": one.decision.at, "by": one.decision.by,
                "kind": one.decision.kind, "said": one.said(), "undone_by": one.undone_by,
                "request": one.decision.request,
            }
            for one in entries
        ])  # fmt: skip
        return
    if not entries:
        say(f"Nobody decided anything about {medium.name} yet.")
        return
    for one in entries:
        when = one.decision.at[:16].replace("T", " ") or "before that was kept"
        who = f"  by {one.decision.by}" if one.decision.by else ""
        undone = f"  (undone by {one.undone_by})" if one.undone_by is not None else ""
        say(f"{one.number:>4}  {when}{' UTC' if one.decision.at else ''}  {one.said()}{who}{undone}")
    holding = [one.number for one in entries if one.undone_by is None and one.decision.kind != "undo"]
    if holding:
        say(f"Take one back with: {command(f'name {option} --undo {holding[-1]}')}")
