"""`personae tune`: settings that suit a cast."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from personae.cli.calibrate import describe_measured
from personae.cli.console import ask, progress_bar, say, show, table
from personae.cli.options import ENROLMENT, NETWORKS, cast_options, project_option, settings_from, settings_options
from personae.hints import command

if TYPE_CHECKING:
    from personae.assessment.tuning import TuningReport


@click.command()
@click.option("--folds", type=click.IntRange(min=2), help="Outer folds of the cross-validation.  [default: at most 5]")
@cast_options(unknown="Photos of people outside the cast, to measure how often strangers get a name.")
@click.option("--yes", is_flag=True, help="Save without asking.")
@settings_options("far", "threshold", "max_photos", "seed", "outliers", *ENROLMENT, *NETWORKS)
@project_option
def tune(
    cast: Path | None,
    folds: int | None,
    unknown: Path | None,
    groups: Path | None,
    yes: bool,
    project: Path | None,
    **options: Any,
) -> None:
    """Search the settings that suit the CAST folder (or what the project has enrolled), by nested cross-validation.

    Clusters, scaler and head are searched, and how often strangers really get a name is measured. What gains more than
    its 95% interval is shown as a change to the project's settings.toml and saved when you agree.
    """
    from personae.project.session import Project

    with progress_bar() as progress:
        opened = Project.open(project, settings=settings_from(project, options))
        report = opened.assess.tune(cast, folds=folds, unknown=unknown, groups=groups, progress_callback=progress)
    print_tuning(report)
    if not report.has_something_to_save:
        say("Nothing gains beyond its interval: nothing is saved.")
        return
    if not yes and not sys.stdin.isatty():
        say("Not saved: run again with --yes.")
    elif yes or ask("Save?"):
        for path in report.save():
            say(f"written: {path}")
        say(
            "Train again to use it. To undo: take the lines out of settings.toml again; for the measured threshold: "
            + command("calibrate --undo")
        )


def print_tuning(report: TuningReport) -> None:
    """What was tried, what the search gains, and what would be saved."""
    result = report.result
    tried = table("setting", "value", "index>", "gain>", title="Tried (named rightly less strangers named)")
    for item in result.tried:
        kept = "  chosen" if result.changes.get(item.name) == item.value else ""
        value = f"{item.value:g}" if isinstance(item.value, float) else str(item.value)
        tried.add_row(item.name, value + kept, f"{item.index:.3f}", f"{item.index - item.before:+.3f}")
    show(tried)
    for note in report.notes:
        say(f"note: {note}", prose=True)
    gain = result.gain
    say(
        f"On photos the search had not seen: named rightly {result.before[0]:.1%} before, {result.after[0]:.1%} after; "
        f"strangers named {result.before[1]:.1%} before, {result.after[1]:.1%} after. "
        f"Gain {100 * gain.value:+.1f} points (95%: {100 * gain.low:+.1f} to {100 * gain.high:+.1f}).",
        prose=True,
    )
    if report.strangers is not None:
        say(describe_measured(report.strangers, report.far), prose=True)
        if report.strangers.is_clear:
            say("That is more than chance. Saved, it makes training correct the threshold.")
    for line in report.settings_diff.splitlines():
        say(line)
