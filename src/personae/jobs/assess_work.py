"""Jobs that say how good a cast is, and make it better; each is called as `work.Work` says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personae.commits import Commit, committed
from personae.progress import ProgressCallback
from personae.project.session import Project


def evaluate(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    """Say how well the cast names new photos: the native document, its files by their names alone."""
    from personae.exports.evaluation_json import evaluation_dict, without_folders

    report = project.assess.evaluate(
        what.get("cast"), folds=what.get("folds"), unknown=what.get("unknown"), groups=what.get("groups"),
        progress_callback=tell,
    )  # fmt: skip
    return committed(project.folder, commit, {"evaluation": without_folders(evaluation_dict(report))})


def tune(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    """Search the settings that suit the cast; what gains beyond its interval is saved where that was asked for."""
    from personae.assessment.report_dicts import tuning_dict

    report = project.assess.tune(
        what.get("cast"), folds=what.get("folds"), unknown=what.get("unknown"), groups=what.get("groups"),
        progress_callback=tell,
    )  # fmt: skip
    is_saved = bool(what.get("save")) and bool(report.save())
    return committed(project.folder, commit, {"tuning": tuning_dict(report), "saved": is_saved})


def calibrate(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    """Move the operating point, measured on strangers where there are some."""
    from personae.assessment.report_dicts import calibration_dict

    report = project.assess.calibrate(
        what.get("validation"),
        far=what.get("far"),
        undo=bool(what.get("undo")),
        dry=bool(what.get("dry")),
        progress_callback=tell,
    )
    return committed(project.folder, commit, {"calibration": calibration_dict(report)})
