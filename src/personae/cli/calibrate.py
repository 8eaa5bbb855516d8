"""`personae calibrate`: move the operating point of the trained model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from personae.cli.console import progress_bar, say
from personae.cli.options import NETWORKS, project_option, settings_from, settings_options
from personae.types import count_of

if TYPE_CHECKING:
    from personae.assessment.recalibration import CalibrationReport
    from personae.recognition.operating_point import MeasuredFar


@click.command()
@click.argument("validation_dir", required=False, type=click.Path(path_type=Path))
@click.option("--undo", is_flag=True, help="Forget the measurement: back to the curve fitted at training.")
@settings_options("far", "lock_timeout_s", *NETWORKS)
@project_option
def calibrate(validation_dir: Path | None, undo: bool, project: Path | None, far: float | None, **options: Any) -> None:
    """Set how many strangers may get a name, and measure it on photos in VALIDATION_DIR. Nothing is trained anew.

    In VALIDATION_DIR, sub-folders named like characters hold (new) photos of them; all other photos are strangers'.
    Without it only the operating point moves. Later trainings keep both: --far goes into the project's settings.toml,
    the measurement into calibration.json beside it.
    """
    from personae.project.session import Project

    if undo and validation_dir is not None:
        raise click.UsageError("Give either VALIDATION_DIR or --undo.")
    with progress_bar() as progress:
        opened = Project.open(project, settings=settings_from(project, options))
        report = opened.assess.calibrate(validation_dir, far=far, undo=undo, progress_callback=progress)
    print_calibration(report)


def print_calibration(report: CalibrationReport) -> None:
    """What was measured, where the threshold is now, and what it means."""
    for folder, whose in report.folders:
        say(f"{folder}: {'photos of ' if whose != 'strangers' else ''}{whose}")
    for note in report.notes:
        say(f"note: {note}", prose=True)
    if report.measured is not None:
        say(f"{describe_measured(report.measured, report.far)} The threshold is corrected for it.", prose=True)
    say(f"threshold: {report.threshold:.3f} (before: {report.threshold_before:.3f}), for a FAR of {report.far:.2%}")
    say(f"It means: {in_words(report.far)} gets a name, whichever.")
    if report.strangers is not None:
        say(f"Of the {count_of(report.strangers.total, 'face')} of strangers here {report.strangers.count} get one.")
    if report.right is not None and report.wrong is not None:
        unknown = report.right.total - report.right.count - report.wrong.count
        say(
            f"Of {count_of(report.right.total, 'photo')} of the cast {report.right.count} get the right name, "
            f"{report.wrong.count} a wrong one, {unknown} none."
        )
    for line in report.settings_diff.splitlines():
        say(line)


def describe_measured(measured: MeasuredFar, far: float) -> str:
    """A measurement as a sentence; `far`: the rate that is asked."""
    real, low, high = measured.real(far)
    return (
        f"Measured on {count_of(measured.strangers, 'face')} of strangers ({measured.source}): {measured.named} got a "
        f"name where the fitted curve expects {measured.expected:.1f} (at a FAR of {measured.nominal:.1%}). With what "
        f"is known of people in general: a fitted FAR of {far:.2%} is really {real:.2%} (95%: {low:.2%} to "
        f"{high:.2%})."
    )


def in_words(far: float) -> str:
    """A rate as a number of faces: "about 1 in 100 strangers' faces"."""
    return f"about 1 in {round(1 / far)} strangers' faces" if far < 0.2 else f"about {far:.0%} of strangers' faces"
