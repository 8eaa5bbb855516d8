"""A person who is forgotten stands in no row of jobs, history or commits, nor in what was uploaded for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from personae import Project, Settings
from personae.commits import Commit, Commits
from personae.errors import InputError
from personae.forgetting.jobs_keeper import JobsKeeper
from personae.forgetting.keeper import Forgotten
from personae.job_rows import BEGUN, JobRows
from personae.jobs.rows import JOBS
from personae.jobs.table import MOST_TRIES, JobTable
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
    assert claim is not None and claim.id == job.id and claim.job.what == {BEGUN: True}
    Worker(project, table, "w2").do(claim)
    done = table.get(job.id)
    assert done is not None and (done.state, done.result) == ("done", {"complete": True})
    assert b"Thor" not in everything(project.folder)
    table.close()


def test_a_forgetting_waits_for_whoever_writes_and_is_done_then(project: Project, table: JobTable) -> None:
    impatient = Project.open(
        project.folder, settings=Settings(lock_timeout_s=0.1), analyzer=project.context.analyzer
    )  # fmt: skip
    job = table.add("forget", {"name": NAME})
    with project.context.paths.locked(1.0, "train"):
        for _ in range(MOST_TRIES + 1):
            claim = table.claim("w")
            assert claim is not None and claim.job.tries == 1, "it is no try"
            Worker(impatient, table, "w").do(claim)
            waits = table.get(job.id)
            assert waits is not None and (waits.state, waits.error, waits.what) == ("waiting", {}, {"name": NAME})
            assert table.claim("w") is None, "not at once"
            passed(table)
    assert [line.text.split(":")[0] for line in table.history(job.id)] == ["asked for", "put back"]
    claim = table.claim("w")
    assert claim is not None
    Worker(project, table, "w").do(claim)
    done = table.get(job.id)
    assert done is not None and done.state == "done" and done.result["complete"]
    assert b"Thor" not in everything(project.folder)
    table.close()


def passed(table: JobTable) -> None:
    """As if the pause of what was put back was over."""
    with table._writing() as connection:
        connection.execute(JOBS.update().values(lease_until=0.0))


@pytest.mark.parametrize("end", ["cancelled", "cancelled at work", "its worker fell silent", "worker-ended", "failed"])
def test_however_a_forgetting_ends_the_name_is_in_no_file(
    project: Project, table: JobTable, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "Zebulon Quark"
    job = table.add("forget", {"name": name})
    assert name.encode() in everything(project.folder)
    if end == "cancelled":
        table.cancel(job.id)
    elif end == "cancelled at work":
        claim = table.claim("w")
        table.cancel(job.id)
        assert claim is not None and table.cancelled(claim)
    elif end == "its worker fell silent":
        assert table.claim("w")
        table.cancel(job.id)
        table.release("w", "the worker was killed")
        assert table.claim("w") is None
    elif end == "worker-ended":
        for _ in range(MOST_TRIES):
            assert table.claim("w")
            table.release("w", "the worker was killed")
    else:
        monkeypatch.setattr(
            Project, "forget", lambda *_, **__: (_ for _ in ()).throw(InputError(f"{name!r} is no name."))
        )  # fmt: skip
        claim = table.claim("w")
        assert claim is not None
        Worker(project, table, "w").do(claim)
    ended = table.get(job.id)
    assert ended is not None and ended.state in {"failed", "cancelled"} and ended.what == {}
    assert b"Zebulon" not in everything(project.folder)
    with pytest.raises(InputError, match="Ask for it anew"):
        table.retry(job.id)
    table.close()


def test_another_forgetting_of_a_longer_name_is_not_taken_for_this_one(project: Project, table: JobTable) -> None:
    same, other = table.add("forget", {"name": "Thor"}), table.add("forget", {"name": "Thor Odinson"})
    JobRows(project.folder).forget(lambda text: "Thor" in text, lambda name: name == "Thor")
    begun, cancelled = table.get(same.id), table.get(other.id)
    assert begun is not None and (begun.state, begun.what) == ("waiting", {BEGUN: True})
    assert cancelled is not None and (cancelled.state, cancelled.what) == ("cancelled", {})
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
