"""Exported films that wait in the project: made once however often a kill comes, and not kept for good."""

from __future__ import annotations

import os
import time

import pytest

from personae import Project
from personae.commits import Commit
from personae.errors import UnknownCharacterError
from personae.jobs import export_work
from personae.progress import Progress
from personae.project.waiting_exports import WaitingExports
from personae.settings import Settings
from tests.server.conftest import Served
from tests.server.files.conftest import FAKE

WHAT = {
    "film": "ep1", "kind": "annotated", "suffix": ".mkv", "characters": [], "unknown_people": [], "together": [],
    "without": [], "unknown": True, "depicted": False, "close_ups": False, "min_s": 0.0, "handles_s": 0.0,
}  # fmt: skip


def test_work_that_a_kill_broke_off_is_done_again_over_what_it_left(pictured: Served) -> None:
    project = pictured.project
    waiting = WaitingExports(project.context.paths, project.settings)
    first = export_work.export(project, WHAT, Commit("job", 1), lambda _: None)
    found = waiting.find("job")
    assert found is not None
    size = found.stat().st_size  # the bytes differ: a Matroska film has a number of its own
    assert export_work.export(project, WHAT, Commit("job", 2), lambda _: None) == first
    assert found.stat().st_size == size
    assert [*waiting.folder.iterdir()] == [found]
    assert waiting.folder.stat().st_mode & 0o077 == 0
    (entry,) = [one for one in project.context.paths.ledger.entries() if one.path == os.path.realpath(found)]
    assert entry.who == ("Thor",)


def test_who_is_forgotten_while_the_film_is_written_is_not_on_it(pictured: Served) -> None:
    project, told = pictured.project, list[Progress]()

    def tell(progress: Progress) -> None:
        told.append(progress)
        if len(told) == 1:
            with Project.open(project.folder, settings=FAKE) as other:
                other.forget("Thor")

    export_work.export(project, WHAT, Commit("job", 1), tell)
    found = WaitingExports(project.context.paths, project.settings).find("job")
    (entry,) = [one for one in project.context.paths.ledger.entries() if one.path == os.path.realpath(str(found))]
    assert entry.who == ()
    assert len([one for one in told if one.done == 0]) > 1  # it was written twice


def test_who_is_forgotten_before_the_job_begins_ends_it(pictured: Served) -> None:
    asked = WHAT | {"characters": ["nobody"]}
    with pytest.raises(UnknownCharacterError):
        export_work.export(pictured.project, asked, Commit("job", 1), lambda _: None)


def test_what_has_waited_too_long_and_the_oldest_of_too_many_go(pictured: Served) -> None:
    paths, now, day_s = pictured.project.context.paths, time.time(), 24 * 3600
    waiting = WaitingExports(paths, Settings(exports_days=4, exports_kept=3))
    for number in range(5):
        path = waiting.place(f"job{number}", ".mp4")
        path.write_bytes(b"film")
        os.utime(path, (now - number * day_s, now - number * day_s))
    waiting.trim()
    assert sorted(path.stem for path in waiting.folder.iterdir()) == ["job0", "job1", "job2"]
    WaitingExports(paths, Settings(exports_days=1, exports_kept=3)).trim()
    assert [path.stem for path in waiting.folder.iterdir()] == ["job0"]
    assert waiting.find("job2") is None
