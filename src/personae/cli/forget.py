"""`personae forget`: every trace of a person out of the project, with proof."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from personae.cli.editing import editing_options, recognizer_for
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
    recognizer = recognizer_for(project, model, options)
    if not yes:
        question = f"Remove every trace of {name} from {recognizer.project.folder}? This cannot be undone."
        if not click.confirm(question, err=True):
            click.echo("Nothing was removed.")
            return 1
    report = recognizer.forget_character(name)
    if as_json:
        click.echo(json.dumps(asdict(report), ensure_ascii=False, indent=2))
        return 1 if report.found else 0
    also = f" (also known as {', '.join(report.names[1:])})" if len(report.names) > 1 else ""
    removed = ", ".join(f"{what} {count}" for what, count in report.removed.items() if count) or "nothing was left"
    click.echo(f"forgotten: {report.names[0]}{also}: {removed}")
    for text in report.part_of_other_names[:10]:
        click.echo(f"note: the name is part of this text of somebody else's photo, which stays: {text}")
    click.echo(f"searched {count_of(len(report.searched), 'file')} of the project:")
    for path, what in report.searched:
        click.echo(f"  {path}: {what}")
    for path, what in report.found:
        click.echo(f"STILL THERE: {what} in {path}: delete this file, or make it anew")
    if not report.found:
        click.echo("nothing was found.")
    for path in report.exports:
        click.echo(f"written elsewhere earlier, not touched: {path} ({report.export_kinds.get(path) or 'unknown'})")
    if report.photos_left:
        click.echo("still in your own folders; training on them again would learn the person again:")
        for path in report.photos_left:
            click.echo(f"  {path}")
    click.echo(
        f"model: {count_of(len(report.characters), 'character')}"
        if report.characters
        else "Nobody is enrolled any more, and the model is gone."
    )
    return 1 if report.found else 0
