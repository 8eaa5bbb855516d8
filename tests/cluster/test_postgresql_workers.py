"""Two workers and a table on PostgreSQL: killed, cut off, an hour off - the timelines are those of one machine."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from personae.cluster.table import PieceTable
from personae.piece_rows import PieceRows
from personae.timeline.part import Part
from tests.cluster.conftest import World, timelines
from tests.cluster.live import HOUR_OFF, PostgreSQL, Process, ending, is_alive, scan, until, worker
from tests.cluster.test_forgotten_pieces import FACE, found_by_somebody

pytestmark = pytest.mark.live
NOTHING = {"jobs": 0, "job_lines": 0, "piece_results": 0}


def check(one: Process, folder: Path, world: World, postgresql: PostgreSQL) -> None:
    """The scan ended, its timelines are those of one machine, and nothing is left in the table."""
    assert one.process.wait(180) == 0, one.said
    assert timelines(folder / "out") == world.alone
    assert postgresql.rows() == NOTHING


def done_by(*workers: Process) -> Counter[str]:
    """How often each film was done."""
    return Counter(
        line.split()[0] for one in workers for line in one.said.splitlines() if line.endswith(".mp4 is done.")
    )


def looks(one: Process, count: int) -> bool:
    return one.said.count("Looking through") >= count and bool(one.children())


def test_a_worker_that_is_killed_on_the_way_changes_nothing(
    world: World, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    project = world.project(tmp_path)
    one, two = (
        worker(tmp_path, name, postgresql.address, world.media, before=before)
        for name, before in (("one", ""), ("two", HOUR_OFF))
    )
    asking = scan(tmp_path, project, postgresql.address, world.media, world.clips)
    with ending(asking, one, two):
        until(lambda: looks(one, 3), "the third film of the first worker")
        own = one.kill()
        assert own
        until(lambda: not any(map(is_alive, own)), "the end of the child that was left", 5)
        check(asking, tmp_path, world, postgresql)
        found = done_by(one, two)
        assert set(found) == {clip.name for clip in world.clips} and set(found.values()) == {1}, "nothing twice"
        assert two.end() == 0 and not two.left() and not one.left()


@pytest.mark.exhaustive
def test_a_child_that_is_killed_on_the_way_is_one_try(world: World, postgresql: PostgreSQL, tmp_path: Path) -> None:
    project = world.project(tmp_path)
    one = worker(tmp_path, "one", postgresql.address, world.media)
    asking = scan(tmp_path, project, postgresql.address, world.media, world.clips[:4])
    with ending(asking, one):
        until(lambda: looks(one, 2))
        for pid in one.children():
            os.kill(pid, signal.SIGKILL)
        assert asking.process.wait(120) == 0, asking.said
        assert timelines(tmp_path / "out").items() <= world.alone.items() and len(timelines(tmp_path / "out")) == 4
        assert "killed by signal 9" in one.said and set(done_by(one).values()) == {1}
        assert postgresql.rows() == NOTHING and one.end() == 0 and not one.left()


def test_a_database_that_goes_away_and_comes_back_loses_nothing(
    world: World, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    project = world.project(tmp_path)
    one = worker(tmp_path, "one", postgresql.address, world.media)
    two = worker(tmp_path, "two", postgresql.address, world.media)
    asking = scan(tmp_path, project, postgresql.address, world.media, world.clips)
    with ending(asking, one, two):
        until(lambda: looks(one, 2))
        postgresql.stop()
        time.sleep(5)
        postgresql.start()
        check(asking, tmp_path, world, postgresql)
        assert one.process.poll() is None and two.process.poll() is None
        assert " again." in one.said + two.said, "a worker has noticed"


@pytest.mark.exhaustive
def test_a_worker_may_come_late_and_go_early(world: World, postgresql: PostgreSQL, tmp_path: Path) -> None:
    project = world.project(tmp_path)
    asking = scan(tmp_path, project, postgresql.address, world.media, world.clips[:6])
    with ending(asking):
        until(lambda: "no machine yet" in asking.said)
        one = worker(tmp_path, "one", postgresql.address, world.media)
        with ending(one):
            until(lambda: looks(one, 2))
            assert one.end() == 0 and "Stopped." in one.said and not one.left()
        two = worker(tmp_path, "two", postgresql.address, world.media)
        with ending(two):
            assert asking.process.wait(120) == 0, asking.said
        assert len(timelines(tmp_path / "out")) == 6 and timelines(tmp_path / "out").items() <= world.alone.items()
        assert postgresql.rows() == NOTHING


def test_a_scan_that_is_killed_goes_on_with_what_workers_found_meanwhile(
    world: World, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    project = world.project(tmp_path)
    asking = scan(tmp_path, project, postgresql.address, world.media, world.clips)
    one = worker(tmp_path, "one", postgresql.address, world.media)
    with ending(asking, one):
        until(lambda: looks(one, 4))
        asking.kill()
        until(lambda: not postgresql.ask("SELECT 1 FROM jobs WHERE state <> 'done'"), "what was asked for is done")
        again = scan(tmp_path, project, postgresql.address, world.media, world.clips)
        with ending(again):
            check(again, tmp_path, world, postgresql)
        assert set(done_by(one).values()) == {1}, "nothing is looked through twice"


@pytest.mark.exhaustive
def test_a_film_that_is_poison_fails_alone_with_reason_and_machine(
    world: World, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    project = world.project(tmp_path)
    poison = (
        "import personae.cluster.child as c, sys\n"
        "look = 'import os, personae.cluster.looking as l; real = l.Looker.look_at\\n'\\\n"
        "       'def at(self, piece, *more):\\n'\\\n"
        "       '    if piece.name == \"clip003.mp4\": os.kill(os.getpid(), 9)\\n'\\\n"
        "       '    real(self, piece, *more)\\n'\\\n"
        "       'l.Looker.look_at = at\\nfrom personae.cluster.child import main; main()'\n"
        "c.COMMAND = (sys.executable, '-c', look)\n"
    )
    one = worker(tmp_path, "one", postgresql.address, world.media, before=poison)
    asking = scan(tmp_path, project, postgresql.address, world.media, world.clips[:6])
    with ending(asking, one):
        assert asking.process.wait(120) == 1, asking.said
        (line,) = [line for line in asking.said.splitlines() if "personae: " in line and "clip003" in line]
        assert "killed by signal 9" in line and "(on one)" in line
        names = {name.partition(".")[0] for name in timelines(tmp_path / "out")}
        assert names == {"clip000", "clip001", "clip002", "clip004", "clip005"}
        assert one.said.count("killed by signal 9") == 3
        assert postgresql.rows() == NOTHING


def test_forgetting_somebody_reaches_postgresql_and_its_files(postgresql: PostgreSQL, tmp_path: Path) -> None:
    rows = PieceRows(tmp_path)
    rows.note(postgresql.address)
    table = PieceTable.at(postgresql.address)
    for number in range(20):
        found_by_somebody(table, rows.owner(), FACE * (1 + 10 * number), Part(number))
    others = found_by_somebody(table, "somebody else", b"of others")
    postgresql.ask_alone("CHECKPOINT")
    assert holds(postgresql.folder / "data" / "base", FACE)
    assert rows.forget() == (20, [])
    assert table.content(others) == b"of others" and postgresql.rows()["jobs"] == 1
    table.close()
    postgresql.ask_alone("CHECKPOINT")
    assert not holds(postgresql.folder / "data" / "base", FACE)
    assert not holds(postgresql.folder / "data" / "base", rows.owner().encode())


def holds(folder: Path, what: bytes) -> bool:
    return any(what in path.read_bytes() for path in folder.rglob("*") if path.is_file())
