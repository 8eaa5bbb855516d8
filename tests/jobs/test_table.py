"""The table of jobs: each job is one worker's at a time, and nothing asked for is lost or done for an earlier one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from personae.commits import Commit, Commits
from personae.errors import DamagedFileError, InputError
from personae.job_rows import JobRows
from personae.jobs import table as jobs
from personae.jobs.job import ENDED
from personae.jobs.rows import JOBS
from personae.jobs.table import MOST_TRIES, JobTable
from personae.jobs.uploaded import UPLOADED, folder_of
from personae.ledger import Ledger

NO_LEASE = -1.0
"""Every worker is silent at once."""


@pytest.fixture
def table(tmp_path: Path) -> Iterator[JobTable]:
    found = JobTable.of_project(tmp_path)
    yield found
    found.close()


def history(table: JobTable, id: str) -> list[str]:
    return [line.text for line in table.history(id)]


def test_a_job_is_asked_for_once_however_often_it_is_sent(table: JobTable) -> None:
    first = table.add("scan", {"film": "a.mp4"}, request="r1", by="Ada")
    assert table.add("scan", {"film": "other"}, request="r1") == first
    assert table.add("scan", {}).id != table.add("scan", {}).id, "without a request each is one of its own"
    assert (first.state, first.by, first.what) == ("waiting", "Ada", {"film": "a.mp4"})
    assert abs(first.made - time.time()) < 5


def test_the_most_urgent_first_then_in_order(table: JobTable) -> None:
    ids = [table.add("scan", {}, priority=priority).id for priority in (0, 5, 0, 5)]
    table.prefer(ids[2], 9)
    taken = [claim.id for _ in ids if (claim := table.claim("w"))]
    assert taken == [ids[2], ids[1], ids[3], ids[0]]
    assert table.claim("w") is None


def test_who_lost_its_job_counts_for_nothing(tmp_path: Path) -> None:
    table = JobTable.of_project(tmp_path, lease_s=NO_LEASE)
    job = table.add("scan", {})
    first, second = table.claim("w1"), table.claim("w2")
    assert first is not None and second is not None
    assert first.fence < second.fence
    assert not table.beat(first) and not table.finish(first, {}) and not table.fail(first, {}, "late")
    assert table.beat(second, {"done": 3})
    assert table.finish(second, {"film": "a"})
    done = table.get(job.id)
    assert done is not None and (done.state, done.result) == ("done", {"film": "a"})
    assert history(table, job.id) == ["asked for", "taken by w1", "taken by w2 (the worker w1 fell silent)", "done"]
    table.close()


def test_a_heartbeat_keeps_a_job(tmp_path: Path) -> None:
    table = JobTable.of_project(tmp_path, lease_s=0.3)
    table.add("scan", {})
    claim = table.claim("w1")
    assert claim is not None
    for _ in range(4):
        time.sleep(0.15)
        assert table.beat(claim)
        assert table.claim("w2") is None
    table.close()


def test_a_job_that_ends_its_workers_fails_alone(tmp_path: Path) -> None:
    table = JobTable.of_project(tmp_path, lease_s=NO_LEASE)
    poison, good = table.add("scan", {"paths": ["a"]}, priority=1), table.add("scan", {})
    for number in range(MOST_TRIES):
        claim = table.claim(f"w{number}")
        assert claim is not None and claim.id == poison.id
        table.release(f"w{number}", "the worker was killed")
    failed = table.get(poison.id)
    assert failed is not None and failed.state == "failed" and failed.error["code"] == "worker-ended"
    claim = table.claim("w9")
    assert claim is not None and claim.id == good.id and table.finish(claim, {})
    again = table.retry(poison.id, by="Ada")
    assert again is not None and (again.state, again.tries) == ("waiting", 0)
    claim = table.claim("w9")
    assert claim is not None and claim.id == poison.id and claim.fence == MOST_TRIES + 1
    table.close()


def test_what_is_gone_is_not_asked_for_again(table: JobTable, tmp_path: Path) -> None:
    for kind, what in (("forget", {"name": "Thor"}), ("add", {"name": "Thor", "uploaded": str(tmp_path / "gone")})):
        job = table.add(kind, what)
        claim = table.claim("w")
        assert claim is not None and table.fail(claim, {"code": "input", "detail": "No."}, "No.")
        with pytest.raises(InputError, match="not there any more"):
            table.retry(job.id)
        failed = table.get(job.id)
        assert failed is not None and failed.state == "failed"


def test_a_job_that_is_cancelled(table: JobTable) -> None:
    waiting, running = table.add("scan", {}), table.add("scan", {}, priority=1)
    claim = table.claim("w")
    assert claim is not None and claim.id == running.id
    asked = table.cancel(running.id, by="Ada")
    assert asked is not None and asked.state == "running"
    assert not table.beat(claim), "the worker is told"
    assert table.cancelled(claim)
    at_once = table.cancel(waiting.id)
    assert at_once is not None and at_once.state == "cancelled"
    assert table.claim("w") is None
    assert table.cancel("no such job") is None and table.retry("no such job") is None
    done = table.cancel(running.id)
    assert done is not None and done.state == "cancelled", "once more changes nothing"


def test_a_job_cancelled_while_its_worker_was_killed_is_not_taken_again(tmp_path: Path) -> None:
    table = JobTable.of_project(tmp_path, lease_s=NO_LEASE)
    job = table.add("scan", {})
    assert table.claim("w1")
    table.cancel(job.id)
    assert table.claim("w2") is None
    found = table.get(job.id)
    assert found is not None and found.state == "cancelled"
    table.close()


def test_many_workers_take_each_job_once(tmp_path: Path) -> None:
    table = JobTable.of_project(tmp_path)
    asked = {table.add("scan", {"n": n}).id for n in range(40)}

    def work(name: str) -> list[str]:
        own = JobTable.of_project(tmp_path)
        taken = []
        while claim := own.claim(name):
            taken.append(claim.id)
            assert own.finish(claim, {})
        own.close()
        return taken

    with ThreadPoolExecutor(4) as pool:
        taken = [id for ids in pool.map(work, ["a", "b", "c", "d"]) for id in ids]
    assert len(taken) == 40 and set(taken) == asked
    assert {job.state for job in table.page()[0]} == {"done"}
    table.close()


def test_a_list_in_pages(table: JobTable) -> None:
    ids = [table.add("scan", {}).id for _ in range(5)]
    first, on = table.page(most=3)
    rest, end = table.page(after=on, most=3)
    assert [job.id for job in (*first, *rest)] == ids and end == 0
    assert table.page(states=("done",)) == ([], 0)


def test_too_many(table: JobTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MOST_WAITING", 2)
    table.add("scan", {}, request="one")
    table.add("scan", {})
    with pytest.raises(InputError, match="2 jobs are waiting"):
        table.add("scan", {})
    assert table.add("scan", {}, request="one").request == "one", "what was sent before is still answered"


def test_what_is_wrong_with_the_file_is_said_in_our_words(tmp_path: Path) -> None:
    Ledger(tmp_path).begin()
    content = bytearray((tmp_path / "project.sqlite").read_bytes())
    content[100:4000] = bytes(3900)
    (tmp_path / "project.sqlite").write_bytes(bytes(content))
    table = JobTable.of_project(tmp_path)
    with pytest.raises(DamagedFileError):
        table.page()
    table.close()


@pytest.mark.parametrize("end", ["done", "failed", "cancelled", "at work", "its worker fell silent", "worker-ended"])
def test_however_a_job_ends_what_was_uploaded_for_it_goes(tmp_path: Path, end: str) -> None:
    table = JobTable.of_project(tmp_path)
    folder = folder_of(tmp_path) / "x"
    folder.mkdir(parents=True)
    (folder / "0000.photo").write_bytes(b"a face")
    job = table.add("add", {"name": "Thor", UPLOADED: str(folder)})
    if end == "cancelled":
        table.cancel(job.id)
    elif end == "worker-ended":
        for _ in range(MOST_TRIES):
            assert table.claim("w") and folder.is_dir()
            table.release("w", "the worker was killed")
    else:
        claim = table.claim("w")
        assert claim is not None and folder.is_dir()
        if end in {"at work", "its worker fell silent"}:
            table.cancel(job.id)
            assert folder.is_dir(), "its worker still reads it"
        if end == "its worker fell silent":
            table.release("w", "the worker was killed")
            assert table.claim("w") is None
        elif end == "done":
            table.finish(claim, {})
        elif end == "failed":
            table.fail(claim, {"code": "input", "detail": "No."}, "No.")
        else:
            table.cancelled(claim)
    assert not folder.exists()
    ended = table.get(job.id)
    assert ended is not None and ended.state in ENDED
    table.close()


def test_old_jobs_go_with_their_lines_and_commits(table: JobTable, tmp_path: Path) -> None:
    jobs_of_now = [table.add("scan", {"n": n}) for n in range(3)]
    for job in jobs_of_now[:2]:
        claim = table.claim("w")
        assert claim is not None and claim.id == job.id
        with Commits(tmp_path).of(Commit(job.id, claim.fence), {"n": 1}):
            pass
        table.finish(claim, {"n": 1})
    long_ago = time.time() - 31 * 86400
    with table._writing() as connection:
        connection.execute(JOBS.update().where(JOBS.c.id == jobs_of_now[0].id).values(ended=long_ago))
        connection.execute(JOBS.update().where(JOBS.c.id == jobs_of_now[2].id).values(made=long_ago))
    JobRows(tmp_path).leave_old()
    assert [job.id for job in table.page()[0]] == [job.id for job in jobs_of_now[1:]], "what waits for so long stays"
    assert not table.history(jobs_of_now[0].id) and table.history(jobs_of_now[1].id)
    assert Commits(tmp_path).result_of(jobs_of_now[0].id) is None
    assert Commits(tmp_path).result_of(jobs_of_now[1].id) == {"n": 1}
