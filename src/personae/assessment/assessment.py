"""How good is this cast: evaluate, tune and calibrate one project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from personae.cast.context import ProjectContext
from personae.progress import ProgressCallback

if TYPE_CHECKING:
    from personae.assessment.recalibration import CalibrationReport
    from personae.assessment.tuning import TuningReport
    from personae.assessment.validation import EvaluationReport


class Assessment:
    """What can be said about a project's cast, and what can be made better."""

    def __init__(self, context: ProjectContext) -> None:
        self.context = context

    def look_alikes(self, name: str) -> tuple[tuple[str, int], ...]:
        """(other character, how many photos of `name` would pass for them), most first; told without a test."""
        from personae.assessment.look_alikes import look_alikes

        self.context.settle()
        return look_alikes(self.context, name)

    def evaluate(
        self,
        cast: str | Path | None = None,
        *,
        folds: int | None = None,
        unknown: str | Path | None = None,
        groups: str | Path | None = None,
        progress_callback: ProgressCallback | None = None,
    ) -> EvaluationReport:
        """Cross-validate a cast folder, or what the project has enrolled (None); see `validation.evaluate_cast`."""
        from personae.assessment.validation import evaluate_cast

        self.context.settle()
        return evaluate_cast(
            self.context, cast, folds=folds, unknown=unknown, groups=groups, progress_callback=progress_callback
        )

    def tune(
        self,
        cast: str | Path | None = None,
        *,
        folds: int | None = None,
        unknown: str | Path | None = None,
        groups: str | Path | None = None,
        progress_callback: ProgressCallback | None = None,
    ) -> TuningReport:
        """Search the settings for a cast; nothing is saved before the report's `save`. See `tuning.tune_cast`."""
        from personae.assessment.tuning import tune_cast

        self.context.settle()
        return tune_cast(
            self.context, cast, folds=folds, unknown=unknown, groups=groups, progress_callback=progress_callback
        )

    def calibrate(
        self,
        validation: str | Path | None = None,
        *,
        far: float | None = None,
        undo: bool = False,
        dry: bool = False,
        progress_callback: ProgressCallback | None = None,
    ) -> CalibrationReport:
        """Set the model to a false-accept rate, measured on strangers where there are some; see `recalibration`.

        `dry`: only say what it would do.
        """
        from personae.assessment.recalibration import calibrate

        return calibrate(self.context, validation, far=far, undo=undo, dry=dry, progress_callback=progress_callback)
