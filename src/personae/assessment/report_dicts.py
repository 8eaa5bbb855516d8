"""What tuning and calibration found, as plain values: for programs, without where files lie."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import PurePath
from typing import Any

from personae.assessment.intervals import Share
from personae.assessment.recalibration import CalibrationReport
from personae.assessment.tuning import TuningReport
from personae.names import readable
from personae.recognition.operating_point import MeasuredFar


def tuning_dict(report: TuningReport) -> dict[str, Any]:
    """`tried`: each setting with the index it reached (named rightly less strangers named), and before."""
    result = report.result
    return {
        "tried": [
            {"setting": one.name, "value": one.value, "index": one.index, "before": one.before} for one in result.tried
        ],
        "changes": dict(result.changes),
        "named_rightly": list(map(float, (result.before[0], result.after[0]))),
        "strangers_named": list(map(float, (result.before[1], result.after[1]))),
        "gain": {name: float(getattr(result.gain, name)) for name in ("value", "low", "high")},
        "far": report.far,
        "strangers": measured_dict(report.strangers),
        "settings_diff": _lines_of(report.settings_diff),
        "has_something_to_save": report.has_something_to_save,
        "notes": [readable(note) for note in report.notes],
    }


def calibration_dict(report: CalibrationReport) -> dict[str, Any]:
    """Thresholds before and after are cosines; `folders`: what each sub-folder was taken for."""
    return {
        "far": report.far,
        "threshold_before": report.threshold_before,
        "threshold": report.threshold,
        "measured": measured_dict(report.measured),
        "strangers": _share(report.strangers),
        "right": _share(report.right),
        "wrong": _share(report.wrong),
        "folders": [{"folder": readable(folder), "taken_for": readable(whose)} for folder, whose in report.folders],
        "settings_diff": _lines_of(report.settings_diff),
        "notes": [readable(note) for note in report.notes],
    }


def measured_dict(measured: MeasuredFar | None) -> dict[str, Any] | None:
    """A measurement; a folder as its source by its name alone."""
    if measured is None:
        return None
    facts = asdict(measured)
    return facts | {"source": readable(PurePath(measured.source).name), "is_clear": measured.is_clear}


def _share(share: Share | None) -> dict[str, Any] | None:
    return None if share is None else asdict(share)


def _lines_of(diff: str) -> list[str]:
    """The lines that change, without the names of the files."""
    return [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
