"""Jobs on the cast, and forgetting; each is called as `work.Work` says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from personae.commits import Commit, committed
from personae.progress import ProgressCallback
from personae.project.session import Project


def train(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    """Train on a cast folder, or on photos per character."""
    cast = project.cast
    if "folder" in what:
        report = cast.train(what["folder"], fresh=bool(what.get("fresh")), progress_callback=tell)
    else:
        report = cast.train_photos(what["photos"], progress_callback=tell)
    return committed(project.folder, commit, {"characters": len(report.characters)})


def add(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    """Enrol photos as a character's."""
    report = project.cast.add(what["name"], what["photos"], look=what.get("look"), progress_callback=tell)
    rejected = [{"photo": Path(path).name, "reason": why, "detail": more} for path, why, more in report.rejected]
    return committed(
        project.folder, commit, {"added": len(report.changes), "rejected": rejected, "notes": list(report.notes)}
    )


def evaluate(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    """Say how well the cast names new photos."""
    from personae.exports.evaluation_json import evaluation_dict

    report = project.assess.evaluate(what.get("cast"), folds=what.get("folds"), progress_callback=tell)
    return committed(project.folder, commit, {"evaluation": evaluation_dict(report)})


def forget(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    """Forget somebody for good."""
    if "name" not in what:  # they are taken out of this job too; what a kill broke off is completed by who opens it
        project.context.settle()
        return committed(project.folder, commit, {"complete": True})
    report = project.forget(what["name"], progress_callback=tell)
    # Numbers alone: files may be called like the person.
    facts = {"removed": report.removed, "searched": len(report.searched), "exports": len(report.exports),
             "unreached": len(report.unreached), "complete": report.complete}  # fmt: skip
    return committed(project.folder, commit, facts)
