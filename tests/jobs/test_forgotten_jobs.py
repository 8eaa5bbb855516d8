"""A person who is forgotten stands in no row of jobs, history or commits, nor in what was uploaded for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from personae import Project, Settings
from personae.commits import Commit, Commits
from personae.forgetting.jobs_keeper import JobsKeeper
from personae.forgetting.keeper import Forgotten
from personae.jobs.table import JobTable
from personae.jobs.worker import Worker
from personae.project.forgetting import ForgetReport
from personae.server.keys import Caller, Keys
from tests.cast.test_editing import fewer_strangers  # noqa: F401 - a fixture
from tests.stub import StubAnalyzer, write_cast

NAME = "Thor Odinson"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    analyzer: object = StubAnalyzer()
    project = Project.open(tmp_path / "project", settings=Settings(), analyzer=analyzer)  # type: ignore[arg-type]
    project.cast.train(write_cast(tmp_path / "cast"))
    project.cast.rename("c1", NAME)
    return project


@pytest.fixture
def table(project: Project) -> JobTable:
    return JobTable.of_project(project.folder)


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_no_row_says_who_was_forgotten(project: Project, table: JobTable) -> None:
    uploaded = project.folder / "cache" / "uploads" / "x"
    uploaded.mkdir(parents=True)
    (uploaded / "0000.photo").write_text("7")
    waiting = table.add("add", {"name": NAME, "photos": [], "uploaded": str(uploaded)}, by=NAME)
    failed = table.add("relabel", {"film": f"Best of {NAME}"}, priority=1)
    claim = table.claim("w")
    assert claim is not None and claim.id == failed.id
    table.beat(claim, {"message": NAME})
    table.fail(claim, {"code": "film", "detail": f"{NAME} is no film."}, f"{NAME} is no film.")
    done = table.add("scan", {"paths": ["/films/a.mp4"]}, priority=1)
    claim = table.claim("w")
    assert claim is not None
    with Commits(project.folder).of(Commit(done.id, claim.fence), {"film": NAME}):
        pass
    table.finish(claim, {"film": NAME.replace(" ", "\u00a0"), "escaped": "Thor\u2028Odinson"})
    running = table.add("scan", {"paths": [f"/films/{NAME}.mp4"]}, priority=1)
    assert table.claim("w")
    others = table.add("add", {"name": "c0", "photos": []}, request="abc123")  # the letters of a former name, by chance
    assert NAME.encode() in everything(project.folder)
    report = project.forget(NAME)
    assert report.complete, report.found
    assert report.removed["jobs"] == 4
    assert b"Thor" not in everything(project.folder) and not uploaded.exists()
    state = {job.id: job for job in table.page()[0]}
    assert state[waiting.id].state == "cancelled" and state[waiting.id].by == ""
    assert state[failed.id].error["code"] == "forgotten"
    assert state[done.id].state == "done" and Commits(project.folder).result_of(done.id) == {}
    assert state[running.id].state == "running" and state[running.id].wants_cancel
    assert state[others.id].what["name"] == "c0", "what others asked for stays"
    table.close()


def test_a_forgetting_that_is_a_job_names_nobody_when_it_is_done(project: Project, table: JobTable) -> None:
    job = table.add("forget", {"name": NAME})
    worker = Worker(project, table, "w")
    claim = table.claim("w")
    assert claim is not None
    worker.do(claim)
    done = table.get(job.id)
    assert done is not None and done.state == "done" and done.result["complete"], done
    assert b"Thor" not in everything(project.folder)
    again = table.add("forget", {"name": NAME})
    claim = table.claim("w")
    assert claim is not None
    worker.do(claim)
    failed = table.get(again.id)
    assert failed is not None and (failed.state, failed.what) == ("failed", {})
    assert b"Thor" not in everything(project.folder), "nor where there was nobody (any more)"
    table.close()


def test_a_forgetting_that_was_killed_after_its_own_row_named_nobody(
    project: Project, table: JobTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = table.add("forget", {"name": NAME})
    claim = table.claim("w")
    assert claim is not None

    class Killed(BaseException):
        pass

    def killed(*_: object) -> ForgetReport:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("personae.project.forgetting._report", killed)
        patched.setattr("personae.project.forget_intention.end", lambda *_: None)
        with pytest.raises(Killed):
            Worker(project, table, "w").do(claim)
    table.release("w", "the worker was killed")
    claim = table.claim("w2")
    assert claim is not None and claim.id == job.id and claim.job.what == {}
    Worker(project, table, "w2").do(claim)
    done = table.get(job.id)
    assert done is not None and (done.state, done.result) == ("done", {"complete": True})
    assert b"Thor" not in everything(project.folder)
    table.close()


def test_a_key_that_bears_the_name_stays_and_the_report_says_so(project: Project, table: JobTable) -> None:
    keys = Keys(project.folder)
    secret, _ = keys.add(NAME, "editor"), keys.add("Loki", "editor")
    report = project.forget(NAME)
    assert report.complete, report.found
    assert f"{NAME} (a key of the service)" in report.part_of_other_names, "said plainly"
    assert keys.caller(secret) == Caller(NAME, "editor", keys.list()[1].id), "whose key it is nobody can say"
    assert all("Loki" not in text for text in report.part_of_other_names)
    keys.close()
    table.close()


@pytest.mark.parametrize("has_key", [False, True], ids=["", "who has a key too"])
def test_the_search_finds_a_name_that_was_left_in_a_row(project: Project, table: JobTable, has_key: bool) -> None:
    if has_key:
        Keys(project.folder).add(NAME, "editor")
    table.add("add", {"name": NAME, "photos": []})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(JobsKeeper, "forget", lambda *_: Forgotten())
        report = project.forget(NAME)
    assert "project.sqlite" in {Path(path).name for path, _ in report.found}
    table.close()
