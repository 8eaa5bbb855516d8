"""`personae forget`: every trace of a person out of the project, with proof."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from personae.cli.console import ask, say, say_json
from personae.cli.editing import editing_options, project_for
from personae.cli.options import NETWORKS
from personae.types import count_of


@click.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@editing_options(*NETWORKS)
def forget(name: str, yes: bool, as_json: bool, model: Path | None, project: Path | None, **options: Any) -> int:
    """Remove every trace of the person NAME from the project. This cannot be undone.

    Gallery, log of edits, caches, thumbnails, tracks and timelines are cleaned, pages and pictures that show the person
    are deleted, the model is made anew, and every file of the project is then searched for name, embeddings and faces.
    Photos in your own folders and results written elsewhere are listed, not touched. Killed, it is completed by the
    next command. Exit status 1 means that something was still found.
    """
    opened = project_for(project, model, options)
    if not yes:
        question = f"Remove every trace of {name} from {opened.folder}? This cannot be undone."
        if not ask(question):
            say("Nothing was removed.")
            return 1
    report = opened.forget(name)
    if as_json:
        say_json(asdict(report))
        return 1 if report.found else 0
    also = f" (also known as {', '.join(report.names[1:])})" if len(report.names) > 1 else ""
    removed = ", ".join(f"{what} {count}" for what, count in report.removed.items() if count) or "nothing was left"
    say(f"forgotten: {report.names[0]}{also}: {removed}")
    for text in report.part_of_other_names[:10]:
        say(f"note: the name is part of this text of somebody else's photo, which stays: {text}")
    say("Searched for name, embeddings and faces:")
    for path, what in report.searched:
        say(f"  {path}: {what}")
    for path, what in report.found:
        if "searched" in what:
            say(f"NOT SEARCHED: {path}: {what}")
        else:
            say(f"STILL THERE: {what} in {path}: delete this file, or make it anew")
    left = (
        f"traces left in {count_of(len({path for path, _ in report.found}), 'file')}"
        if report.found
        else "no trace left"
    )
    say(f"proof: {count_of(len(report.searched), 'file')} of the project searched, {left}")
    for path in report.exports:
        say(f"written elsewhere earlier, not touched: {path} ({report.export_kinds.get(path) or 'unknown'})")
    if report.photos_left:
        say("still in your own folders; training on them again would learn the person again:")
        for path in report.photos_left:
            say(f"  {path}")
    say(
        f"model: {count_of(len(report.characters), 'character')}"
        if report.characters
        else "Nobody is enrolled any more, and the model is gone."
    )
    return 1 if report.found else 0
