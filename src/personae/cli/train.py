"""`personae train`: a cast folder in, a model out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from personae.cli.console import progress_bar, say, say_json, show, table
from personae.cli.options import ENROLMENT, NETWORKS, model_option, project_option, settings_from, settings_options
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
    """One table of characters, one of rejected photos, then metrics and where the model is."""
    counts = {entry["character"]: entry["prototypes"] for entry in report.model["characters"]}
    characters = table("character", "used>", "rejected>", "prototypes>", "why rejected")
    for item in report.characters:
        reasons: dict[str, int] = {}
        for _, reason, _ in item.rejected:
            reasons[reason] = reasons.get(reason, 0) + 1
        why = ", ".join(f"{reason} {count}" if count > 1 else reason for reason, count in reasons.items())
        if item.not_used:
            why += f"{', ' if why else ''}{item.not_used} over --max-photos"
        looks = f" ({', '.join(item.looks)})" if item.looks else ""
        characters.add_row(
            item.character + looks,
            str(item.used),
            str(len(item.rejected)),
            str(counts.get(item.character, 0)),
            why,
        )
    show(characters)
    rejected = [(item.character, *photo) for item in report.characters for photo in item.rejected]
    if rejected:
        say("Photos that cannot be used:")
        for _, path, reason, detail in rejected[:50]:
            say(f"  {path}: {reason} ({detail})")
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
    print_metrics(report.model)
    say(f"model: {report.model_path}")


def cast_counts(characters: Collection[str], without_photos: Collection[str]) -> str:
    """How many characters a cast has, those without photos apart. `characters`: all or only those with photos."""
    count, without = len({*characters, *without_photos}), sorted(without_photos)
    listed = ", ".join(without[:10]) + (f" and {len(without) - 10} more" if len(without) > 10 else "")
    return f"{count_of(count, 'character')}, {len(without)} of them without photos: {listed}"


def print_metrics(card: dict[str, Any]) -> None:
    """The metrics of a model's card, a line each, with what cannot be measured."""
    metrics = card["metrics"]
    rows = table("metric", "value>", "")
    names = {
        "n_characters": "characters",
        "n_embeddings": "photos",
        "intra_character_similarity": "two photos of one character are on average at cosine",
        "inter_character_similarity": "two photos of two characters",
        "discrimination_ratio": "the first over the second",
        "separation_index": "d': distance of the two in standard deviations",
        "roc_auc": "chance that a pair of one character is the more alike",
        "equal_error_rate": "false accepts = false rejects, photo against photo",
    }
    for name, meaning in names.items():
        value = metrics[name]
        shown = "-" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
        rows.add_row(name, shown, metrics["notes"].get(name, meaning) if value is None else meaning)
    head = card.get("head", {"text": "prototypes", "compared": {}})
    rows.add_row("head", head["text"], "decides between the characters a face may be")
    point = card["operating_point"]
    given = "" if point["fitted"] else " (given by hand)"
    rows.add_row(
        "threshold",
        f"{point['threshold']:.3f}",
        f"about {point['far']:.2%} of strangers get a name{given}",
    )
    show(rows)
    if len(head["compared"]) > 1:
        best_first = sorted(head["compared"].items(), key=lambda item: -item[1])
        shares = ", ".join(f"{name} {share:.1%}" for name, share in best_first)
        say(f"of {head['photos']} photos left out in turn, the heads put to the right character: {shares}")
