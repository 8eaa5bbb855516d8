"""`personae evaluate`: how well a cast's photos would name new ones."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from personae.cli.console import progress_bar, say, show, table, write_json
from personae.cli.options import (
    ENROLMENT,
    NETWORKS,
    cast_options,
    force_option,
    outputs_for,
    project_option,
    settings_from,
    settings_options,
)
from personae.files import write_whole

if TYPE_CHECKING:
    from personae.assessment.validation import EvaluationReport

_SCHEMA = "personae/evaluation"


@click.command()
@click.option("--folds", type=click.IntRange(min=2), help="Folds of the cross-validation.  [default: one photo out, at "
              "most 10]")  # fmt: skip
@cast_options(unknown="Photos of people outside the cast; every face in them counts.")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), metavar="HTML",
              help="Write the page with plots and thumbnails.")  # fmt: skip
@click.option("--json", "json_to", metavar="FILE|-", help="Write everything as JSON to FILE, or to stdout (-).")
@settings_options("far", "threshold", "max_photos", "max_clusters", "seed", "outliers", *ENROLMENT, *NETWORKS)
@force_option
@project_option
def evaluate(
    cast: Path | None,
    folds: int | None,
    unknown: Path | None,
    groups: Path | None,
    report: Path | None,
    json_to: str | None,
    force: bool,
    project: Path | None,
    **options: Any,
) -> None:
    """Cross-validate the CAST folder, or without one what the project has enrolled.

    Every photo is named by a model that has not seen it nor a near-duplicate of it. Nothing in the project changes;
    photos it has enrolled are not embedded again.
    """
    from personae.project.session import Project

    outputs = outputs_for(project, [path for path in (cast, unknown, groups) if path is not None], force=force)
    json_file = Path(json_to) if json_to not in (None, "-") else None
    if report is not None and json_file is not None and report.absolute() == json_file.absolute():
        raise click.UsageError(f"--report and --json are both {report}. Give each a file of its own.")
    for path, kind, schema in ((report, "evaluation report", None), (json_file, "evaluation", _SCHEMA)):
        if path is not None:  # before the work, not after it
            outputs.check(path, kind=kind, like=schema)
    with progress_bar(quiet=json_to == "-" and not sys.stderr.isatty()) as progress:
        opened = Project.open(project, settings=settings_from(project, options))
        result = opened.assess.evaluate(cast, folds=folds, unknown=unknown, groups=groups, progress_callback=progress)
    who = [entry.character for entry in result.evaluation.characters]
    if json_to is not None:
        from personae.exports.evaluation_json import evaluation_json

        text = evaluation_json(result)
        if json_file is None:
            write_json(text)
        else:
            with outputs.writing(json_file, kind="evaluation", who=who, like=_SCHEMA):
                write_whole(json_file, text.encode())
    if report is not None:
        from personae.exports.evaluation_html import evaluation_html

        outputs.write(report, evaluation_html(result).encode(), kind="evaluation report", who=who)
    if json_to != "-":
        print_evaluation(result)
        for written in (report, json_to):
            if written is not None:
                say(f"written: {written}")


def print_evaluation(report: EvaluationReport) -> None:
    """The result in a sentence, a table of characters, and advice."""
    from personae.exports.evaluation_html import interval_of, percent_of, summary

    evaluation = report.evaluation
    say(summary(evaluation), prose=True)
    shares = table("", "share>", "95% interval>")
    shares.add_row("named rightly", percent_of(evaluation.right), interval_of(evaluation.right))
    shares.add_row("named wrongly", percent_of(evaluation.wrong), interval_of(evaluation.wrong))
    shares.add_row("unknown", percent_of(evaluation.unknown), interval_of(evaluation.unknown))
    shares.add_row("nearest character is right", percent_of(evaluation.rank1), interval_of(evaluation.rank1))
    for item in evaluation.strangers:
        label = "strangers named" if item.source == "photos" else "named when left out of the cast"
        shares.add_row(f"{label} (asked: {evaluation.far:.1%})", percent_of(item.far), interval_of(item.far))
    for rate in evaluation.rates:
        if rate.dir is not None:
            shares.add_row(
                f"named rightly where {rate.far:.1%} of strangers are named",
                percent_of(rate.dir),
                interval_of(rate.dir),
            )
    show(shares)
    characters = table(
        "character", "photos>", "different>", "tested>", "recall>", "precision>", "unknown>", "confused with"
    )
    for entry in evaluation.characters:
        characters.add_row(
            entry.character, str(entry.photos), str(entry.pictures), str(entry.tested), percent_of(entry.recall),
            percent_of(entry.precision), percent_of(entry.unknown),
            ", ".join(f"{other} ({count})" for other, count in entry.confusions),
        )  # fmt: skip
    show(characters)
    for advice in report.advice:
        say(f"- {advice.text}", prose=True)
    for note in report.notes:
        say(f"note: {note}", prose=True)
