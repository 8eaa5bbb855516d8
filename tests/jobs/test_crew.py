"""Workers as processes: killed at any moment, a job is taken again and done once; three times, and it fails alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from personae.faces.fake import draw_picture
from personae.jobs import crew as module
from personae.jobs.crew import Crew
from personae.jobs.job import ENDED, Job
from personae.jobs.table import JobTable

WORK = """
import os, pathlib, time
from personae.commits import Commits, Commit
from personae.jobs import work, worker
from personae.progress import Progress

def endless(project, what, commit, tell):
    pathlib.Path(what["place"]).joinpath(f"began-{commit.fence}").touch()
    while True:
        tell(Progress("film", 1, 2))
        time.sleep(0.05)

def deaf(project, what, commit, tell):
    pathlib.Path(what["place"]).joinpath(f"began-{commit.fence}").touch()
    time.sleep(600)

def once(project, what, commit, tell):
    with Commits(project.folder).of(commit, {"n": commit.fence}):
        with open(pathlib.Path(what["place"]) / "done", "a") as out:
            out.write("x")
    if commit.fence == 1:
        os.kill(os.getpid(), 9)  # between the store's commit and the row's done
    return {"n": commit.fence}

def poison(project, what, commit, tell):
    os.kill(os.getpid(), 9)

def far(project, what, commit, tell):
    return {"far": project.settings.far, "threads": project.settings.threads}

work.KINDS.update(far=far, endless=endless, deaf=deaf, once=once, poison=poison)
worker.main()
"""


@pytest.fixture
def table(tmp_path: Path) -> Iterator[JobTable]:
    (tmp_path / "project").mkdir()
    found = JobTable.of_project(tmp_path / "project")
    yield found
    found.close()


@pytest.fixture
def crew(tmp_path: Path, table: JobTable, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crew]:
    (tmp_path / "run.py").write_text(WORK)
    monkeypatch.setattr(module, "COMMAND", (str(tmp_path / "run.py"),))
    monkeypatch.setattr(module, "AGAIN_AFTER_S", (0.0,))
    for name in ("DETECTOR", "EMBEDDER"):
        monkeypatch.setenv(f"PERSONAE_{name}", "fake")
    with Crew(tmp_path / "project", table) as found:
        yield found


def until(holds: Callable[[], object], within_s: float = 60.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ended(table: JobTable, id: str) -> Job:
    def job() -> Job:
        found = table.get(id)
        assert found is not None
        return found

    until(lambda: job().state in ENDED)
    return job()


def lines(table: JobTable, id: str) -> list[str]:
    return [line.text for line in table.history(id)]


def test_a_job_whose_worker_was_killed_is_taken_again(crew: Crew, table: JobTable, tmp_path: Path) -> None:
    job = table.add("endless", {"place": str(tmp_path)})
    until((tmp_path / "began-1").exists)
    (pid,) = crew.pids
    os.kill(pid, signal.SIGKILL)
    until((tmp_path / "began-2").exists)
    assert any("killed by SIGKILL" in line for line in lines(table, job.id))
    table.cancel(job.id, by="Ada")
    assert ended(table, job.id).state == "cancelled"
    assert lines(table, job.id)[-2:] == ["to be cancelled by Ada", "cancelled"]


def test_work_that_stands_in_the_project_is_found_and_not_done_again(
    crew: Crew, table: JobTable, tmp_path: Path
) -> None:
    done = ended(table, table.add("once", {"place": str(tmp_path)}).id)
    assert (done.state, done.result, done.fence) == ("done", {"n": 1}, 2)
    assert (tmp_path / "done").read_text() == "x"


def test_a_job_that_ends_its_worker_three_times_fails_alone(crew: Crew, table: JobTable, tmp_path: Path) -> None:
    poison, good = table.add("poison", {}, priority=1), table.add("once", {"place": str(tmp_path)})
    failed = ended(table, poison.id)
    assert failed.state == "failed" and failed.error["code"] == "worker-ended"
    assert "it was tried 3 times" in failed.error["detail"]
    assert ended(table, good.id).state == "done"


def test_the_end_of_a_crew_waits_for_no_work_and_loses_none(crew: Crew, table: JobTable, tmp_path: Path) -> None:
    job = table.add("deaf", {"place": str(tmp_path)})
    until((tmp_path / "began-1").exists)
    began = time.monotonic()
    crew.__exit__()
    assert time.monotonic() - began < 2.5
    found = table.get(job.id)
    assert found is not None and (found.state, found.tries) == ("waiting", 0)
    assert not crew.pids


def test_a_worker_ends_with_who_started_it_and_is_polite(tmp_path: Path, table: JobTable) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-m", "personae.jobs.worker", str(tmp_path / "project"), "w"], stdin=subprocess.PIPE
    )
    assert worker.stdin is not None
    if sys.platform == "linux":
        until(lambda: os.getpriority(os.PRIO_PROCESS, worker.pid) >= 15)
    worker.stdin.close()
    assert worker.wait(20) == 0


def test_a_worker_leaves_a_core_to_who_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from personae.jobs.worker import settings_of

    monkeypatch.delenv("PERSONAE_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert settings_of(tmp_path).threads == 7
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert settings_of(tmp_path).threads == 1
    monkeypatch.setenv("PERSONAE_THREADS", "3")
    assert settings_of(tmp_path).threads == 3


def test_a_running_worker_heeds_what_is_written_into_the_settings(
    crew: Crew, table: JobTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PERSONAE_THREADS", raising=False)
    spare = max((os.cpu_count() or 2) - 1, 1)
    assert ended(table, table.add("far", {}).id).result == {"far": 0.01, "threads": spare}
    (pid,) = crew.pids
    file = tmp_path / "project" / "settings.toml"
    file.write_text("far = 0.02\nthreads = 5\n")
    assert ended(table, table.add("far", {}).id).result == {"far": 0.02, "threads": 5}
    file.write_text("far = 7\n")
    failed = ended(table, table.add("far", {}).id)
    assert failed.error["detail"].startswith("settings.toml: far: 7 is not"), failed.error
    file.unlink()
    assert ended(table, table.add("far", {}).id).result == {"far": 0.01, "threads": spare}
    assert crew.pids == [pid], "the same worker all the time"


def test_a_real_training_that_was_killed_is_done_once(crew: Crew, table: JobTable, tmp_path: Path) -> None:
    for name in ("Thor", "Loki"):
        (tmp_path / "cast" / name).mkdir(parents=True)
        for take in (0, 9):
            Image.fromarray(draw_picture([(name, 96)], take=take).pixels).save(tmp_path / "cast" / name / f"{take}.png")
    job = table.add("train", {"folder": str(tmp_path / "cast")})

    def began() -> bool:
        found = table.get(job.id)
        return found is not None and found.state == "running"

    until(began)
    for pid in crew.pids:
        os.kill(pid, signal.SIGKILL)
    assert ended(table, job.id).state == "done"
    from personae import Project

    with Project.open(tmp_path / "project") as project:
        assert project.cast.characters() == {"Thor": 2, "Loki": 2}
