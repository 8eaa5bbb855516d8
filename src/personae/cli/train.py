"""`personae train`: a cast folder in, a model out."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from personae.cli.console import progress_bar, say, say_json, show, table
from personae.cli.model_facts import cast_counts
from personae.cli.options import ENROLMENT, NETWORKS, model_option, project_option, settings_from, settings_options
from personae.hints import command
from personae.types import count_of

if TYPE_CHECKING:
    from personae.cast.trainer import TrainingReport


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--fresh", is_flag=True, help="Start anew: everything is enrolled again. What you decided by edits still holds."
)
@click.option("--force", is_flag=True, help="Train also where FOLDER seems to hold folders of different people.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON instead of tables.")
@settings_options(
    "far", "threshold", "strangers", "max_photos", "head", "max_clusters", "seed", "outliers", *ENROLMENT, *NETWORKS
)
@model_option
@project_option
def train(
    folder: Path, fresh: bool, force: bool, as_json: bool, model: Path | None, project: Path | None, **options: Any
) -> None:
    """Learn the characters in FOLDER: one sub-folder of photos per character.

    FOLDER/Thor/1.jpg is a photo of Thor; FOLDER/Thor/old/2.jpg one of his look "old". Training again synchronises:
    new photos in, vanished ones out, nothing embedded twice. The folder itself is never written to.
    """
    from personae.project.session import Project

    opened = Project.open(project, settings=settings_from(project, options), model_path=model)
    with progress_bar(quiet=as_json) as progress:
        report = opened.cast.train(folder, fresh=fresh, force=force, progress_callback=progress)
    if as_json:
        say_json(asdict(report))
    else:
        print_report(report)


def print_report(report: TrainingReport) -> None:
    """One table of characters, one of photos left out, then where the model is and what comes next."""
    characters = table("character", "photos used>", "left out>", "why")
    for item in report.characters:
        reasons: dict[str, int] = {}
        for _, reason, _ in item.rejected:
            reasons[reason] = reasons.get(reason, 0) + 1
        why = ", ".join(
            f"{_words(reason)} {count}" if count > 1 else _words(reason) for reason, count in reasons.items()
        )
        if item.not_used:
            why += f"{', ' if why else ''}{item.not_used} over --max-photos"
        looks = f" ({', '.join(item.looks)})" if item.looks else ""
        characters.add_row(
            item.character + looks,
            str(item.used),
            str(len(item.rejected)),
            why,
        )
    show(characters)
    rejected = [(item.character, *photo) for item in report.characters for photo in item.rejected]
    if rejected:
        say("Photos that cannot be used:")
        for _, path, reason, detail in rejected[:50]:
            say(f"  {path}: {_words(reason)} ({detail})")
        if len(rejected) > 50:
            say(f"  and {len(rejected) - 50} more; --json lists them all")
        say()
    if report.without_photos:
        say(cast_counts([item.character for item in report.characters], report.without_photos), prose=True)
    for character, path in report.removed:
        say(f"taken out (the file is gone): {character} {path}")
    for note in report.notes:
        say(f"note: {note}", prose=True)
    say(
        f"{count_of(report.added, 'photo')} new, {report.changed} changed, {len(report.removed)} gone, "
        f"{report.unchanged} as before; {count_of(report.faces_embedded, 'face')} embedded in {report.seconds:.1f} s"
    )
    say(f"model: {report.model_path}")
    say(f"How well it tells them apart: {command('inspect')}")
    say(f"Next: {command('scan FILM')}, or for photos: {command('identify PHOTOS')}")


def _words(reason: str) -> str:
    """A reason's code as words."""
    return reason.replace("_", " ").lower()
