"""Jobs on the cast, killed and called again: nothing is done twice; and what forgetting leaves of jobs: no names."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from personae import Project, Settings
from personae.cast.trainer import Trainer
from personae.commits import Commit
from personae.errors import InputError
from personae.job_rows import BEGUN
from personae.jobs import assess_work, cast_work, work
from personae.jobs.table import JobTable
from personae.jobs.worker import Worker
from tests.stub import StubAnalyzer, write_cast


class Killed(BaseException):
    pass


def killed(*_: object, **__: object) -> Any:
    raise Killed


@pytest.fixture(autouse=True)
def fewer_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("personae.recognition.calibration.STRANGERS", 2000, raising=False)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    analyzer: Any = StubAnalyzer()
    project = Project.open(tmp_path / "project", settings=Settings(lock_timeout_s=5), analyzer=analyzer)
    project.cast.train(write_cast(tmp_path / "cast"))
    (tmp_path / "up").mkdir()
    (tmp_path / "up" / "0000.photo").write_text("18")
    (tmp_path / "up" / "0001.photo").write_text("19:9")
    (tmp_path / "two.jpg").write_text("2 15")
    return project


def whats(project: Project, base: Path) -> dict[str, Mapping[str, Any]]:
    c1 = next(id for id, name in project.cast.names().items() if name == "c1")
    photos = [str(path) for path in sorted((base / "up").iterdir())]
    return {
        "train": {"folder": str(base / "cast"), "fresh": True},
        "add": {"name": "Sif", "photos": photos, "uploaded": str(base / "up")},
        "reject": {"character": c1, "photos": [str(base / "two.jpg")], "face": 2},
        "forget": {"name": "c1"},
        "evaluate": {"folds": 2},
        "calibrate": {"far": 0.02},
    }


ENTRIES = {"train": ["fresh"], "add": ["add"], "reject": ["reject"], "forget": ["forget"]}
"""Kind -> what it enters in the log."""
KILLS = (("fit_gallery", Trainer), ("_make_model", Trainer), ("committed", cast_work), ("committed", assess_work))


@pytest.mark.parametrize("kind", ["train", "add", "reject", "forget", "evaluate", "calibrate"])
@pytest.mark.parametrize(("call", "where"), KILLS, ids=["fit", "make", "commit", "commit-assessment"])
def test_killed_and_called_again_it_is_done_once(
    project: Project, tmp_path: Path, kind: str, where: Any, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = JobTable.of_project(project.folder)
    job = table.add(kind, whats(project, tmp_path)[kind])
    worker = Worker(project, table, "w")
    with monkeypatch.context() as killing:
        killing.setattr(where, call, killed)
        claim = table.claim("w")
        assert claim is not None
        with contextlib.suppress(Killed):
            worker.do(claim)
    table.release("w", "killed")
    while (claim := table.claim("w")) is not None:
        worker.do(claim)
    ended = table.get(job.id)
    table.close()
    assert ended is not None and ended.state == "done", ended
    assert [edit.action for edit in project.cast.log()][:1] == ENTRIES.get(kind, [])
    assert len([edit for edit in project.cast.log() if edit.action != "fresh"]) <= 1
    assert not project.cast.is_outdated()
    again = work.do(project, kind, {}, Commit(job.id, 9), lambda _: None)
    assert again == ended.result


def test_rejected_photos_are_told_after_a_kill_too(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    what = whats(project, tmp_path)["add"]
    with monkeypatch.context() as killing:
        killing.setattr(cast_work, "committed", killed)
        with pytest.raises(Killed):
            work.do(project, "add", what, Commit("job", 1), lambda _: None)
    for photo in (tmp_path / "up").iterdir():  # they were let go of
        photo.unlink()
    result = work.do(project, "add", what, Commit("job", 2), lambda _: None)
    assert [(one["photo"], one["reason"]) for one in result["rejected"]] == [("0001.photo", "FACE_TOO_SMALL")]
    assert result["added"] == 1


def test_forgetting_leaves_no_name_in_jobs(project: Project, tmp_path: Path) -> None:
    table = JobTable.of_project(project.folder)
    every = whats(project, tmp_path)
    for kind in ("add", "train"):
        table.add(kind, every[kind])
    worker = Worker(project, table, "w")
    while (claim := table.claim("w")) is not None:
        worker.do(claim)
    forget = table.add("forget", {"name": "Sif"}, priority=1)
    waiting = table.add("add", every["add"])
    claim = table.claim("w")
    assert claim is not None
    worker.do(claim)
    ended = table.get(forget.id)
    assert ended is not None and ended.state == "done" and ended.result["found"] == []
    left = table.get(waiting.id)
    assert left is not None and (left.state, left.what) == ("cancelled", {})
    assert table.claim("w") is None
    table.close()
    with sqlite3.connect(project.folder / "project.sqlite") as connection:
        assert "Sif" not in "\n".join(connection.iterdump())
    connection.close()
    assert b"Sif" not in (project.folder / "project.sqlite").read_bytes()


def test_a_forgetting_that_was_completed_by_somebody_else_is_done(project: Project) -> None:
    assert work.do(project, "forget", {BEGUN: True}, Commit("job", 2), lambda _: None) == {"complete": True}


def test_a_forgetting_that_lost_its_name_before_it_began_is_not_said_to_be_done(project: Project) -> None:
    with pytest.raises(InputError, match="Ask for it anew"):
        work.do(project, "forget", {}, Commit("job", 2), lambda _: None)
    assert project.cast.is_character("c1")


def test_an_edit_that_cannot_be_done_fails_with_the_sentence(project: Project, tmp_path: Path) -> None:
    what = {"character": "0123456789ab", "photos": [str(tmp_path / "two.jpg")], "face": 1}
    with pytest.raises(InputError, match="no character with this id"):
        work.do(project, "reject", what, Commit("job", 1), lambda _: None)


def test_progress_says_no_folders(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = JobTable.of_project(project.folder)
    told: list[Mapping[str, Any]] = []
    beat = JobTable.beat

    def beats(self: JobTable, claim: Any, progress: Mapping[str, Any] | None = None) -> bool:
        told.extend([progress] if progress else [])
        return beat(self, claim, progress)

    monkeypatch.setattr("personae.jobs.worker.TELL_EVERY_S", 0.001)
    monkeypatch.setattr(JobTable, "beat", beats)
    analyzer: Any = project.context.analyzer
    analyzer.delay_s = 0.01
    table.add("train", whats(project, tmp_path)["train"])
    table.add("forget", {"name": "c1"})
    worker = Worker(project, table, "w")
    while (claim := table.claim("w")) is not None:
        worker.do(claim)
    table.close()
    assert {one["stage"] for one in told} >= {"photos"}
    assert not [one for one in told if "/" in one["message"]]
