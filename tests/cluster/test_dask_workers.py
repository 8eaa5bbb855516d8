"""Dask: a cluster of this machine, and a scheduler with two workers of which one is killed. The same timelines."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.cluster.conftest import World, timelines
from tests.cluster.live import Process, dask_worker, ending, is_alive, scan, scheduler, until

pytestmark = pytest.mark.live

HIDING = """
import sys

class Hidden:
    def find_spec(self, name, *_):
        if name.partition(".")[0] == "personae":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
"""
OTHER_VERSION = """
import personae._version
personae._version.__version__ = "0.0.1"
"""


def site_with(folder: Path, lines: str) -> dict[str, str]:
    """The environment of a Python that begins with `lines`."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(lines)
    return {"PYTHONPATH": f"{folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}


def check(one: Process, folder: Path, world: World, count: int) -> None:
    assert one.process.wait(180) == 0, one.said
    found = timelines(folder / "out")
    assert len(found) == count and found.items() <= world.alone.items()


def test_a_cluster_of_this_machine_makes_the_timelines_of_one_process(world: World, tmp_path: Path) -> None:
    asking = scan(tmp_path, world.project(tmp_path), "local", world.media, world.clips)
    with ending(asking):
        check(asking, tmp_path, world, len(world.clips))
        assert not asking.left(), "the engine's spill folders are gone"


def test_a_worker_that_is_killed_on_the_way_changes_nothing(world: World, tmp_path: Path) -> None:
    with scheduler(tmp_path) as address:
        one, two = (dask_worker(tmp_path, name, address, world.media) for name in ("one", "two"))
        asking = scan(tmp_path, world.project(tmp_path), address, world.media, world.clips)
        with ending(asking, one, two):
            until(lambda: len(timelines(tmp_path / "out")) >= 2 and one.children())
            own = one.kill()
            until(lambda: not any(map(is_alive, own)), "the end of the child that was left", 5)
            check(asking, tmp_path, world, len(world.clips))
            two.end()
            assert not two.left() and not one.left()


@pytest.mark.exhaustive
def test_a_child_that_is_killed_on_the_way_is_one_try(world: World, tmp_path: Path) -> None:
    with scheduler(tmp_path) as address:
        one = dask_worker(tmp_path, "one", address, world.media)
        asking = scan(tmp_path, world.project(tmp_path), address, world.media, world.clips[:5])
        with ending(asking, one):
            until(lambda: timelines(tmp_path / "out") and one.children())
            for pid in one.children():
                os.kill(pid, signal.SIGKILL)
            check(asking, tmp_path, world, 5)


@pytest.mark.parametrize(
    ("lines", "why"), [(HIDING, "Personae is not installed there"), (OTHER_VERSION, "it has Personae 0.0.1")]
)
def test_a_worker_that_cannot_look_gets_one_clear_message_and_others_go_on(
    world: World, tmp_path: Path, lines: str, why: str
) -> None:
    with scheduler(tmp_path) as address:
        without = dask_worker(tmp_path, "without", address, world.media, **site_with(tmp_path / "site", lines))
        one = dask_worker(tmp_path, "one", address, world.media)
        asking = scan(tmp_path, world.project(tmp_path), address, world.media, world.clips[:4])
        with ending(asking, one, without):
            check(asking, tmp_path, world, 4)
            assert asking.said.count(why) == 1, asking.said


def test_where_no_worker_can_look_the_scan_ends_with_a_sentence(world: World, tmp_path: Path) -> None:
    with scheduler(tmp_path) as address:
        without = dask_worker(tmp_path, "without", address, world.media, **site_with(tmp_path / "site", HIDING))
        asking = scan(tmp_path, world.project(tmp_path), address, world.media, world.clips[:2])
        with ending(asking, without):
            assert asking.process.wait(60) == 2, asking.said
            assert "None of the 1 workers can look through films" in asking.said
            assert "pip install personae" in asking.said and "Traceback" not in asking.said


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("lines", "why"), [(HIDING, "Personae is not installed there"), (OTHER_VERSION, "Personae 0.0.1")]
)
def test_a_worker_that_cannot_look_and_comes_late_is_left_out_too(
    world: World, tmp_path: Path, lines: str, why: str
) -> None:
    with scheduler(tmp_path) as address:
        one = dask_worker(tmp_path, "one", address, world.media)
        asking = scan(tmp_path, world.project(tmp_path), address, world.media, world.clips)
        with ending(asking, one):
            until(lambda: timelines(tmp_path / "out"))
            os.kill(one.process.pid, signal.SIGSTOP)  # what waits is for the late one
            late = dask_worker(tmp_path, "late", address, world.media, **site_with(tmp_path / "site", lines))
            time.sleep(3)
            os.kill(one.process.pid, signal.SIGCONT)
            with ending(late):
                check(asking, tmp_path, world, len(world.clips))
                assert asking.said.count("is left out") == 1 and why in asking.said, asking.said


def test_no_scheduler_is_said_in_a_sentence(world: World, tmp_path: Path) -> None:
    asking = scan(tmp_path, world.project(tmp_path), "tcp://127.0.0.1:1", world.media, world.clips[:1])
    with ending(asking):
        began = time.monotonic()
        assert asking.process.wait(60) == 2
        assert "No Dask scheduler answers at tcp://127.0.0.1:1" in asking.said and time.monotonic() - began < 60
        assert "Traceback" not in asking.said


def test_a_scan_that_is_ended_leaves_the_workers_free(world: World, tmp_path: Path) -> None:
    with scheduler(tmp_path) as address:
        one = dask_worker(tmp_path, "one", address, world.media)
        project = world.project(tmp_path)
        asking = scan(tmp_path, project, address, world.media, world.clips)
        with ending(one):
            with ending(asking):
                until(lambda: timelines(tmp_path / "out"))
                asking.kill()
            again = scan(tmp_path, project, address, world.media, world.clips)
            with ending(again):
                check(again, tmp_path, world, len(world.clips))
            until(lambda: not one.left(), "nothing of ours is left there", 10)


@pytest.mark.exhaustive
def test_a_scheduler_that_goes_away_is_said_in_a_sentence_and_what_is_done_stays(world: World, tmp_path: Path) -> None:
    project = world.project(tmp_path)
    with scheduler(tmp_path) as address:
        one = dask_worker(tmp_path, "one", address, world.media)
        asking = scan(tmp_path, project, address, world.media, world.clips)
        until(lambda: timelines(tmp_path / "out"))
    with ending(asking, one):
        assert asking.process.wait(90) != 0
        assert "Dask's scheduler" in asking.said and "this is a fault of Personae" not in asking.said, asking.said
        assert timelines(tmp_path / "out").items() <= world.alone.items()
