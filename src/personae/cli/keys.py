"""`personae keys`: who may use a served project."""

from __future__ import annotations

from pathlib import Path

import click

from personae.cli.console import say
from personae.cli.options import project_option


@click.group()
def keys() -> None:
    """Keys for a served project: who may look (viewer), decide (editor), or do everything (admin)."""


@keys.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(["viewer", "editor", "admin"]), default="editor", show_default=True)
@click.option("--until", metavar="DAY", help="The last day it counts before, as 2027-01-31.")
@project_option
def add(name: str, role: str, until: str | None, project: Path | None) -> None:
    """Make a key for NAME and show it, once."""
    from personae.files import make_folder
    from personae.paths import ProjectPaths
    from personae.server.keys import Keys

    folder = ProjectPaths.at(project).folder
    make_folder(folder, private=True)
    say(Keys(folder).add(name, role, until))  # type: ignore[arg-type]
    say("Keep it: it is not shown again. A request sends it as Authorization: Bearer KEY.", err=True)


@keys.command("list")
@project_option
def list_keys(project: Path | None) -> None:
    """List the keys, never what they say."""
    from personae.cli.console import show, table
    from personae.hints import command
    from personae.paths import ProjectPaths
    from personae.server.keys import Keys

    found = Keys(ProjectPaths.at(project).folder).list()
    if not found:
        say(f"There are no keys yet: {command('keys add NAME --role editor')}")
        return
    listed = table("name", "role", "made", "until", "")
    for key in found:
        listed.add_row(key.name, key.role, key.made, key.ends or "-", "" if key.counts else "ended")
    show(listed)


@keys.command("revoke")
@click.argument("name")
@project_option
def revoke(name: str, project: Path | None) -> None:
    """Take NAME's key away; it counts no longer from now on."""
    from personae.paths import ProjectPaths
    from personae.server.keys import Keys

    Keys(ProjectPaths.at(project).folder).revoke(name)
    say(f"The key of {name} counts no longer.")
