"""What jobs do: each kind is one call of the session, from plain values to plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from personae.commits import Commit, Commits
from personae.errors import InputError
from personae.jobs import assess_work, cast_work, export_work, lengths, media_work
from personae.jobs.job import WITHIN
from personae.leading_out import staying_in
from personae.progress import ProgressCallback
from personae.project.session import Project

Work = Callable[[Project, Mapping[str, Any], Commit, ProgressCallback], dict[str, Any]]
"""The project, the job's `what`, the commit that brings it in, whom to tell how far it is; what came of it.

What is told and what came of it are JSON types. A work that a kill broke off is called once more with the same `what`,
and goes on from what was left.
"""

LONG = frozenset({"scan", "keep", "export", "evaluate", "tune", "calibrate"})
"""What may take an hour. For all else there is a worker of its own, so that nobody waits for a film to forget, to name
or to enrol somebody.
"""


def do(project: Project, kind: str, what: Mapping[str, Any], commit: Commit, tell: ProgressCallback) -> dict[str, Any]:
    """Do one job. Work that stands in the project already is not done again. Raises what the session raises."""
    commits = Commits(project.folder)
    done = commits.result_of(commit.job)
    if done is not None:
        return done
    with staying_in(what.get(WITHIN), without=project.folder):
        lengths.check(project, kind, what)
        return KINDS[kind](project, what, commit, tell)


def check(kind: str) -> None:
    """Raise InputError for a kind of work that there is not."""
    if kind not in KINDS:
        raise InputError(f"There is no work called {kind!r}. There are: {', '.join(KINDS)}.")


KINDS: dict[str, Work] = {
    "scan": media_work.scan,
    "relabel": media_work.relabel,
    "export": export_work.export,
    "keep": media_work.keep,
    "learn": media_work.learn,
    "train": cast_work.train,
    "add": cast_work.add,
    "reject": cast_work.reject,
    "confirm": cast_work.confirm,
    "evaluate": assess_work.evaluate,
    "tune": assess_work.tune,
    "calibrate": assess_work.calibrate,
    "forget": cast_work.forget,
}
