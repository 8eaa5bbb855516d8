"""A forgetting against a scan in each of its stages, and against others: afterwards no file names the person."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from personae.progress import Progress
from personae.project.session import Project
from personae.timeline import native
from tests.project.test_forget_everywhere import World, assert_no_face_is_left, film, names_in  # noqa: F401 - a fixture

STAGES = ("before the pass", "during the pass", "before naming", "between naming and writing")


class Race:
    """Runs something once, in another thread, when a scan is in a stage; the scan waits for it or goes on at once."""

    def __init__(self, stage: str, run: Callable[[], object], *, wait: bool = True) -> None:
        self.stage, self._run, self._wait = stage, run, wait
        self.threads: list[threading.Thread] = []
        self.failed: list[BaseException] = []

    def __call__(self, progress: Progress) -> None:
        naming = progress.stage == "naming"
        now = {
            "during the pass": progress.stage == "film",
            "before naming": naming and progress.done == 0,
            "between naming and writing": naming and progress.done == progress.total,
        }.get(self.stage, False)
        if now and not self.threads:
            self.start()

    def start(self) -> None:
        thread = threading.Thread(target=self._work)
        self.threads.append(thread)
        thread.start()
        if self._wait:
            thread.join(60)

    def _work(self) -> None:
        try:
            self._run()
        except BaseException as error:
            self.failed.append(error)

    def end(self) -> None:
        for thread in self.threads:
            thread.join(60)
        assert self.threads and not self.failed, self.failed


def forget(project: Path, name: str = "Thor") -> None:
    with Project.open(project) as session:
        assert session.forget(name).names == (name,)


@pytest.mark.parametrize("wait", [True, False], ids=["in between", "beside"])
@pytest.mark.parametrize("stage", STAGES)
def test_a_forgetting_in_each_stage_of_a_scan(
    tmp_path: Path,
    film: Path,  # noqa: F811
    stage: str,
    wait: bool,
) -> None:
    world = World(tmp_path, film)
    with Project.open(world.project) as project:
        project.cast.train(world.folder / "cast")
        assert project.card is not None and "Thor" in project.card.characters  # a session that knows him
        race = Race(stage, lambda: forget(world.project), wait=wait)
        if stage == "before the pass":
            race.start()
        project.films.scan(world.film, world.out, progress_callback=race)
        race.end()
        assert_forgotten(world, project)
    assert not list(world.out.glob(".party.scan/*"))


@pytest.mark.parametrize("how", ["scan", "relabel"])
@pytest.mark.parametrize("stage", STAGES[2:])
def test_a_forgetting_while_tracks_are_used_again(
    tmp_path: Path,
    film: Path,  # noqa: F811
    stage: str,
    how: str,
) -> None:
    """Tracks that were read before must not be written back with his faces."""
    world = World(tmp_path, film)
    world.scan()
    with Project.open(world.project) as project:
        race = Race(stage, lambda: forget(world.project))
        if how == "scan":
            assert project.films.scan(world.film, world.out, progress_callback=race).reused
        else:
            project.films[world.files.timeline].relabel(progress_callback=race)
        race.end()
        assert_forgotten(world, project)
    assert_no_face_is_left(world.out, "Thor")


def assert_forgotten(world: World, project: Project) -> None:
    assert names_in(world.out, "Thor") == []
    assert b"Thor" not in world.files.tracks.read_bytes()
    assert {one.name for one in native.read(world.files.timeline).appearances} >= {"Loki"}
    assert project.card is not None and project.card.characters == ("Loki",)
    entries = project.context.paths.ledger.entries()
    assert entries and not any("Thor" in entry.who for entry in entries)


def test_two_are_forgotten_at_once(tmp_path: Path, film: Path) -> None:  # noqa: F811
    world = World(tmp_path, film)
    world.scan()
    races = [Race("", lambda name=name: forget(world.project, name), wait=False) for name in ("Thor", "Loki")]  # type: ignore[misc]
    for race in races:
        race.start()
    for race in races:
        race.end()
    assert names_in(world.out, "Thor") == names_in(world.out, "Loki") == []
    assert {one.name for one in native.read(world.files.timeline).appearances} == {"Unknown 1"}
