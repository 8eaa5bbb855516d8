"""`personae inspect`: the trained model's card."""

from __future__ import annotations

from pathlib import Path

import click

from personae import hints
from personae.cli.console import say, say_json, show, table
from personae.cli.model_facts import cast_counts, print_metrics
from personae.cli.older import say_older
from personae.cli.options import TimelineType, model_option, project_option
from personae.errors import ModelNotFoundError


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the card as JSON.")
@click.option(
    "--timeline",
    type=TimelineType(),
    help="Show the model that named this film (its timeline or its name), and what its FAR means there.",
)
@model_option
@project_option
def inspect(as_json: bool, timeline: Path | None, model: Path | None, project: Path | None) -> None:
    """Show the model: characters, photos, metrics, embedder, operating point, version."""
    from personae.project.session import Project

    if timeline is not None:
        _print_film(timeline, as_json)
        return
    opened = Project.open(project, model_path=model)
    try:
        card = opened.cast.card()
    except ModelNotFoundError:
        if as_json or not (without := opened.cast.without_photos()):
            raise
        say(cast_counts((), without), prose=True)
        say(
            "There is no model before one of them has a face. Name them in a film or in photos: "
            + hints.command("name")
        )
        return
    if as_json:
        say_json(card)
        return
    say(f"model       {opened.context.model_path}")
    say(f"trained     {card['created']} by Personae {card['personae_version']}")
    say(f"embedder    {card['embedder']}")
    people = card["background"]["people"]
    say(
        f"background  {card['background']['name']}"
        + ("" if people else ": this embedder was never measured, so threshold and confidence are rough"),
    )
    characters = table("character", "photos>", "prototypes>", "looks")
    for entry in card["characters"]:
        characters.add_row(
            entry["character"], str(entry["photos"]), str(entry["prototypes"]), ", ".join(entry["looks"])
        )
    show(characters)
    if card.get("without_photos"):
        say(cast_counts([entry["character"] for entry in card["characters"]], card["without_photos"]), prose=True)
    print_metrics(card)
    curve = table("false-accept rate>", "threshold>", title="Operating points fitted to this cast")
    for far, threshold in card["far_curve"]:
        curve.add_row(f"{far:.2%}", f"{threshold:.3f}")
    show(curve)
    if card.get("calibration"):
        from personae.cli.calibrate import describe_measured
        from personae.recognition.operating_point import MeasuredFar

        measured = MeasuredFar(**card["calibration"])
        sentence = describe_measured(measured, card["operating_point"]["far"])
        say(f"{sentence} Threshold and rates are corrected for it.", prose=True)
    if opened.cast.is_outdated():
        say("The gallery has changed since: train again to bring the model up to date.")
    say_older(project)


def _print_film(path: Path, as_json: bool) -> None:
    """What a timeline says about the model that named it."""
    from personae.project.completion import settle_project_of
    from personae.timeline import native
    from personae.timeline.far_in_film import describe

    settle_project_of(path)
    facts = native.read(path).model
    if as_json:
        say_json(facts)
        return
    if not facts:
        say("Nobody was enrolled when this film was scanned. Train, and then: " + hints.command(f"relabel {path}"))
        return
    for title, key in (("trained", "created"), ("embedder", "embedder"), ("head", "head"), ("threshold", "threshold")):
        if facts.get(key) is not None:
            value = facts[key]
            say(f"{title:<11} {value:.3f}" if isinstance(value, float) else f"{title:<11} {value}")
    say(f"{'characters':<11} {', '.join(facts.get('characters', []))}")
    say(describe(facts["film"]) if "film" in facts else "What its FAR means here is not known: scan the film again.")
