"""What jobs do: each kind is one call of the session, from plain values to plain values."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from personae.commits import Commit, Commits
from personae.errors import InputError
from personae.progress import ProgressCallback
from personae.project.session import Project

Work = Callable[[Project, Mapping[str, Any], Commit, ProgressCallback], dict[str, Any]]
"""The project, the job's `what`, the commit that brings it in, whom to tell how far it is; what came of it.

What is told and what came of it are JSON types. A work that a kill broke off is called once more with the same `what`,
and goes on from what was left.
"""


def do(project: Project, kind: str, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    """Do one job. Work that stands in the project already is not done again. Raises what the session raises."""
    commits = Commits(project.folder)
    done = commits.result_of(commit.job)
    if done is not None:
        return done
    return KINDS[kind](project, what, commit, tell)


def check(kind: str) -> None:
    """Raise InputError for a kind of work that there is not."""
    if kind not in KINDS:
        raise InputError(f"There is no work called {kind!r}. There are: {', '.join(KINDS)}.")


def _scan(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    paths = [Path(path) for path in what["paths"]]
    film = project.films.scan(
        paths[0] if len(paths) == 1 else paths,
        fresh=bool(what.get("fresh")),
        commit=commit,
        progress_callback=tell,
        **what.get("opening", {}),
    )
    with film:
        return {"film": film.name, "notes": list(film.notes), "reused": film.reused}


def _relabel(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    with project.films[what["film"]] as film:
        film.relabel(commit=commit, progress_callback=tell)
        return {"film": film.name, "notes": list(film.notes)}


def _train(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    cast = project.cast
    if "folder" in what:
        report = cast.train(what["folder"], fresh=bool(what.get("fresh")), progress_callback=tell)
    else:
        report = cast.train_photos(what["photos"], progress_callback=tell)
    return _committed(project, commit, {"characters": len(report.characters)})


def _add(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    report = project.cast.add(what["name"], what["photos"], look=what.get("look"), progress_callback=tell)
    if "uploaded" in what:
        shutil.rmtree(what["uploaded"], ignore_errors=True)
    rejected = [{"photo": Path(path).name, "reason": why, "detail": more} for path, why, more in report.rejected]
    return _committed(
        project, commit, {"added": len(report.changes), "rejected": rejected, "notes": list(report.notes)}
    )


def _evaluate(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    from personae.exports.evaluation_json import evaluation_dict

    report = project.assess.evaluate(what.get("cast"), folds=what.get("folds"), progress_callback=tell)
    return _committed(project, commit, {"evaluation": evaluation_dict(report)})


def _forget(project: Project, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    report = project.forget(what["name"], progress_callback=tell)
    facts = asdict(report)
    return _committed(project, commit, {key: facts[key] for key in ("removed", "searched", "exports", "unreached")})


def _committed(project: Project, commit: Commit, result: dict[str, Any]) -> dict[str, Any]:
    """Note that work stands in the project whose doing once more changes nothing."""
    with Commits(project.folder).of(commit, result):
        return result


KINDS: dict[str, Work] = {
    "scan": _scan, "relabel": _relabel, "train": _train, "add": _add, "evaluate": _evaluate, "forget": _forget,
}  # fmt: skip
