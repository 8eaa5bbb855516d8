"""From photos to an EDL over HTTP, while server, worker or helper is killed: nothing lost, nothing done twice.

The client does what any client has to: it sends a request that was not answered again, with the same Idempotency-Key.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image

from personae.faces.fake import draw_picture
from personae.jobs.table import JobTable
from tests.drawn_films import drawn_film, scene
from tests.server.live import LiveServer, children_of, start

VICTIMS = ("server", "worker", "helper")
MOMENTS = 60
GIVES_UP_S = 120.0
FEW = (9, 22, 32, 39, 52)
"""Of the moments: those that every run of the tests tries."""


@dataclass
class Way:
    """What came of the whole way, as far as it has to be the same whenever somebody was killed."""

    timeline: dict[str, Any]
    said: list[tuple[str, str]]
    edl: str
    characters: dict[str, int]
    jobs: Sequence[tuple[str, str]]
    seconds: float


@dataclass
class World:
    """A project, its server of now, and who kills."""

    folder: Path
    live: LiveServer
    killed: list[str] = field(default_factory=list)
    restarting: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, method: str, path: str, key: str, **more: Any) -> httpx2.Response:
        """Until it is answered."""
        until = time.monotonic() + GIVES_UP_S
        while True:
            try:
                with self.live.client(headers={"idempotency-key": key}) as client:
                    answer = client.request(method, path, **more)
                if answer.status_code not in {429, 503}:
                    assert answer.status_code < 500, answer.text
                    return answer
            except (httpx2.TransportError, OSError):
                pass
            assert time.monotonic() < until, f"{method} {path} is not answered any more"
            time.sleep(0.1)

    def wait(self, job: str) -> dict[str, Any]:
        """For a job's end."""
        until = time.monotonic() + GIVES_UP_S
        while time.monotonic() < until:
            asked = self.ask("GET", f"jobs/{job}", "", params={"wait_s": 2})  # who asks all the time slows it down
            found: dict[str, Any] = asked.json()["job"]
            if found["state"] in {"done", "failed", "cancelled"}:
                assert found["state"] == "done", found
                return found
        raise AssertionError(found)

    def kill(self, victim: str) -> bool:
        """One of the processes, by its id; whether there was one. A server is started again, as systemd would."""
        with self.restarting:
            if victim != "server":
                own = self.live.children()
                names = ("worker", "quick") if victim == "worker" else (victim,)
                pids = [own[name] for name in names if name in own]
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)
                self.killed += [victim] * bool(pids)
                return bool(pids)
            children = children_of(self.live.process.pid).values()
            self.live.process.kill()
            self.live.process.wait()
            until = time.monotonic() + 10
            while any(is_alive(pid) for pid in children):
                assert time.monotonic() < until, "a worker outlives its server"
                time.sleep(0.02)
            self.live = start(self.live.project, self.folder / "media", port=self.live.port)
            self.killed.append(victim)
            return True


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    for name in ("Thor", "Loki"):
        (folder / "cast" / name).mkdir(parents=True)
        for take in (0, 9):
            Image.fromarray(draw_picture([(name, 96)], take=take).pixels).save(folder / "cast" / name / f"{take}.png")
    draw = [
        lambda n: scene(1, [("Thor", 90 + n, 120, 80), ("Hela", 230, 120, 80)], take=3),
        lambda n: scene(2, [("Loki", 160, 120 + n % 20, 80)], take=4),
    ]
    drawn_film(folder / "film.mkv", lambda n: draw[n // 50 % 2](n % 50), 100)
    return folder


def world_of(folder: Path, media: Path) -> World:
    (folder / "media").symlink_to(media)
    return World(folder, start(folder / "project", folder / "media"))


def whole_way(world: World) -> Way:
    began = time.monotonic()
    root = world.ask("GET", "roots", "").json()["roots"][0]["id"]
    train = world.ask("POST", "train", "train", json={"root": root, "folder": "cast"}).json()
    world.wait(train["job"]["id"])
    photo = (world.folder / "media" / "cast" / "Thor" / "0.png").read_bytes()
    found = world.ask("POST", "identify", "", files={"photo": ("a.png", photo)}).json()
    if found.get("code") == "not-answered" and "helper" in world.killed:  # in the middle of it: one stable error
        found = world.ask("POST", "identify", "", files={"photo": ("a.png", photo)}).json()
    assert [face["character"] for face in found["pictures"][0]["faces"]] == ["Thor"]
    scan = world.ask("POST", "films", "scan", json={"root": root, "paths": ["film.mkv"]}).json()
    world.wait(scan["jobs"][0]["id"])
    (film,) = world.ask("GET", "films", "").json()["films"]
    media = f"media/{film['id']}"
    said = [{"say": "name", "who": "Unknown 1", "to": "Hela"}]
    named = world.ask("POST", f"{media}/decisions", "name", json={"said": said}).json()
    wrong = [{"say": "name", "who": "Loki", "to": "Odin"}]
    mistaken = world.ask("POST", f"{media}/decisions", "mistake", json={"said": wrong}).json()
    assert named["request"] != mistaken["request"]
    world.ask("POST", f"{media}/undo", "undo")
    relabel = world.ask("POST", f"{media}/relabel", "relabel").json()
    world.wait(relabel["job"]["id"])
    edl = world.ask("GET", f"{media}/exports/cuts", "").text
    timeline = world.ask("GET", f"{media}/timeline", "").json()
    decisions = world.ask("GET", f"{media}/decisions", "").json()["decisions"]
    cast = world.ask("GET", "characters", "").json()["characters"]
    seconds = time.monotonic() - began
    table = JobTable.of_project(world.live.project)
    jobs = [(job.kind, job.state) for job in table.page()[0]]
    table.close()
    for one in timeline["appearances"]:
        one.pop("character_id")  # chosen at random
    return Way(
        {key: timeline[key] for key in ("appearances", "tracks", "shots", "video")},
        [(one["decision"]["kind"], one["said"]) for one in decisions],
        edl, {one["name"]: one["photos"] for one in cast}, jobs, seconds,
    )  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(media: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    world = world_of(tmp_path_factory.mktemp("undisturbed"), media)
    try:
        yield whole_way(world)
    finally:
        world.live.end()


def disturbed(world: World, kills: Callable[[World], None]) -> Way:
    """The way, while another thread kills."""
    problems: list[BaseException] = []

    def run() -> None:
        try:
            kills(world)
        except BaseException as error:
            problems.append(error)

    killer = threading.Thread(target=run)
    killer.start()
    try:
        way = whole_way(world)
        killer.join()
    finally:
        with world.restarting:
            if world.live.process.poll() is None:
                world.live.end()
    assert not problems, problems
    return way


def moments() -> list[Any]:
    return [
        pytest.param(
            number, id=f"{VICTIMS[number % 3]}-{number}", marks=() if number in FEW else pytest.mark.exhaustive
        )
        for number in range(MOMENTS)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("number", moments())
def test_the_way_ends_the_same_whoever_is_killed(number: int, media: Path, undisturbed: Way, tmp_path: Path) -> None:
    victim, after_s = VICTIMS[number % 3], undisturbed.seconds * (number + 0.5) / MOMENTS

    def kill(world: World) -> None:
        time.sleep(after_s)
        until = time.monotonic() + undisturbed.seconds
        while not world.kill(victim) and time.monotonic() < until:
            time.sleep(0.02)

    world = world_of(tmp_path, media)
    way = disturbed(world, kill)
    assert way.timeline == undisturbed.timeline
    assert way.said == undisturbed.said, "each decision once"
    assert (way.edl, way.characters, way.jobs) == (undisturbed.edl, undisturbed.characters, undisturbed.jobs)
    uploads = tmp_path / "project" / "cache" / "uploads"
    assert victim == "server" or not list(uploads.iterdir()), "what was uploaded is gone"


def test_the_way_is_one_that_shows_what_is_done_twice(undisturbed: Way) -> None:
    assert [kind for kind, _ in undisturbed.said] == ["name", "name", "undo"]
    assert undisturbed.characters == {"Hela": 0, "Loki": 2, "Thor": 2} or {"Loki": 2, "Thor": 2}.items() <= (
        undisturbed.characters.items()
    )
    assert undisturbed.jobs == [("train", "done"), ("scan", "done"), ("relabel", "done")]
    assert len(undisturbed.timeline["appearances"]) == 3 and "Hela" in undisturbed.edl
