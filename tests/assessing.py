"""Assessments in tests: one project's, opened for one call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from personae.assessment.recalibration import CalibrationReport
from personae.assessment.tuning import TuningReport
from personae.assessment.validation import EvaluationReport
from personae.faces.analyzer import FaceAnalyzer
from personae.project.session import Project
from personae.settings import Settings

Folder = str | Path | None


def evaluate_folder(
    cast: Folder = None,
    *,
    project: Folder = None,
    settings: Settings | None = None,
    analyzer: FaceAnalyzer | None = None,
    **options: Any,
) -> EvaluationReport:
    return Project.open(project, settings=settings, analyzer=analyzer).assess.evaluate(cast, **options)


def tune_folder(
    cast: Folder = None,
    *,
    project: Folder = None,
    settings: Settings | None = None,
    analyzer: FaceAnalyzer | None = None,
    **options: Any,
) -> TuningReport:
    return Project.open(project, settings=settings, analyzer=analyzer).assess.tune(cast, **options)


def calibrate_project(
    validation: Folder = None,
    *,
    project: Folder = None,
    settings: Settings | None = None,
    analyzer: FaceAnalyzer | None = None,
    **options: Any,
) -> CalibrationReport:
    return Project.open(project, settings=settings, analyzer=analyzer).assess.calibrate(validation, **options)
