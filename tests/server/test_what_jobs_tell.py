"""What a job tells when it is done, and when it fails: which medium it was about, and no folder of this machine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from personae.commits import Commit
from personae.faces.fake import draw_picture
from personae.films import say
from personae.jobs import work
from personae.jobs.job import Job
from personae.project.session import Project
from personae.server.jobs_json import _about
from tests.server.conftest import API, Served
from tests.server.media import FAKE, make_media, scan_media

EXPORT = {
    "kind": "annotated", "suffix": ".mkv", "characters": [], "unknown_people": [], "together": [], "without": [],
    "unknown": True, "depicted": False, "close_ups": False, "min_s": 0.0, "handles_s": 0.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders with spaces in their names: films, photos, a cast of two, and one file that is nothing."""
    home = tmp_path_factory.mktemp("a home")
    media = home / "my films"
    make_media(media)
    for name in ("Thor", "Loki"):
        (media / "the cast" / name).mkdir(parents=True)
        for take in (0, 4, 9):
            photo = media / "the cast" / name / f"{take}.png"
            Image.fromarray(draw_picture([(name, 96)], take=take).pixels).save(photo)
    (media / "the cast" / "Thor" / "bad one.png").write_text("no photo")
    (media / "nothing.mkv").write_text("no film")
    (media / "no cast").mkdir()
    Image.fromarray(draw_picture([("Sif", 96)], take=1).pixels).save(media / "sif.png")
    scan_media(home / "the project", media)
    with Project.open(home / "the project", settings=FAKE) as project:
        project.cast.train(media / "the cast")
    return home


@dataclass
class World:
    served: Served
    media: Path

    def path(self, *parts: str) -> str:
        return str(self.media.joinpath(*parts))

    def character(self, name: str) -> str:
        return next(id for id, each in self.served.project.cast.names().items() if each == name)

    def done(self, kind: str, what: Mapping[str, Any]) -> Job:
        """A job when it has ended."""
        id = self.served.service.jobs.add(kind, what).id
        (job,) = (one for one in self.served.work() if one.id == id)
        return job


@pytest.fixture
def world(home: Path, tmp_path: Path, serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("personae.recognition.calibration.STRANGERS", 2000, raising=False)
    shutil.copytree(home / "the project", tmp_path / "the project")
    project = Project.open(tmp_path / "the project", settings=FAKE)
    return World(serve(project, home / "my films"), home / "my films")


def learn(world: World) -> dict[str, Any]:
    made = world.served.project.films["ep1"].decide(say.name("Unknown 1", "Hela"))
    return {"media": [["film", "ep1"]], "command": made.request}


def without_its_file(world: World) -> dict[str, Any]:
    """What becomes of an export of a film that lies nowhere any more."""
    film = world.media.parent / "gone away" / "ep3.mkv"
    film.parent.mkdir(exist_ok=True)
    shutil.copy(world.media / "ep1.mkv", film)
    world.served.project.films.scan(film).close()
    film.unlink()
    return EXPORT | {"film": "ep3"}


def damaged(world: World) -> dict[str, Any]:
    next((world.served.project.folder / "films" / "ep1").glob("*.tracks")).write_bytes(b"no tracks")
    return {"film": "ep1"}


What = Callable[[World], dict[str, Any]]
GOOD: dict[str, What] = {
    "scan": lambda w: {"paths": [w.path("ep1.mkv")], "fresh": True},
    "relabel": lambda _: {"film": "ep1"},
    "export": lambda _: EXPORT | {"film": "ep1"},
    "keep": lambda w: {"paths": [w.path("holiday"), w.path("the cast", "Thor")], "name": "all"},
    "learn": learn,
    "train": lambda w: {"folder": w.path("the cast")},
    "add": lambda w: {"name": "Sif", "photos": [w.path("the cast", "Thor", "bad one.png"), w.path("sif.png")]},
    "reject": lambda w: {"character": w.character("Loki"), "photos": [w.path("the cast", "Thor", "0.png")], "face": 1},
    "confirm": lambda _: {},
    "evaluate": lambda w: {"cast": w.path("the cast"), "folds": 2},
    "tune": lambda w: {"cast": w.path("the cast"), "folds": 2},
    "calibrate": lambda w: {"validation": w.path("holiday")},
    "forget": lambda _: {"name": "Thor"},
}  # fmt: skip
BAD: dict[str, What] = {
    "scan": lambda w: {"paths": [w.path("nothing.mkv")]},
    "relabel": damaged,
    "export": without_its_file,
    "keep": lambda w: {"paths": [w.path("no cast")]},
    "learn": lambda _: {"media": [["film", "ep9"]], "command": "x"},
    "train": lambda w: {"folder": w.path("no cast")},
    "add": lambda w: {"character": "nobody", "photos": [w.path("holiday", "0.png")]},
    "reject": lambda w: {"character": w.character("Loki"), "photos": [w.path("nothing.mkv")], "face": 1},
    "evaluate": lambda w: {"cast": w.path("no cast")},
    "tune": lambda w: {"cast": w.path("no cast")},
    "calibrate": lambda w: {"validation": w.path("no cast", "none")},
    "forget": lambda _: {"name": "Nobody"},
}
ABOUT = {"scan": "ep1", "relabel": "ep1", "export": "ep1", "keep": "all"}
"""Kind -> the medium that the good job is about."""


def told(world: World, job: Job) -> str:
    """All that a client is told about a job."""
    return str(world.served.client.get(f"{API}/jobs/{job.id}").raise_for_status().text)


def says_no_folder(world: World, text: str) -> None:
    for folder in (world.media.parent, world.served.project.folder.parent):
        assert json.dumps(str(folder))[1:-1] not in text, text
    for part in ("my films/", "a home", "the project/", "tmp/", "gone away/"):
        assert part not in text, (part, text)


@pytest.mark.parametrize("kind", work.KINDS)
def test_a_job_that_is_done_says_no_folder(kind: str, world: World) -> None:
    job = world.done(kind, GOOD[kind](world))
    assert job.state == "done", job.error
    says_no_folder(world, told(world, job))
    if kind in ABOUT:
        every = {id: name for id, (_, name) in world.served.service.media().items()}
        assert every[job.result["medium"]] == ABOUT[kind]
    if kind == "learn":
        assert [world.served.service.kind_and_name(id) for id in job.result["media"]] == [("film", "ep1")]


@pytest.mark.parametrize("kind", [kind for kind in work.KINDS if kind != "confirm"])
def test_a_job_that_fails_says_no_folder(kind: str, world: World) -> None:
    job = world.done(kind, BAD[kind](world))
    assert job.state == "failed", job.result
    assert job.error["code"] != "fault" and job.error["detail"]
    says_no_folder(world, told(world, job))


def test_a_scan_that_was_killed_before_it_said_so_tells_its_medium(world: World) -> None:
    service = world.served.service
    what = GOOD["scan"](world)
    id = service.jobs.add("scan", what).id
    claim = service.jobs.claim("killed")
    assert claim is not None
    work.do(world.served.project, "scan", what, Commit(claim.id, claim.fence), lambda _: None)
    service.jobs.release("killed", "killed")
    (job,) = world.served.work()
    assert job.id == id and service.kind_and_name(job.result["medium"]) == ("film", "ep1")


@pytest.mark.parametrize(
    ("what", "about"),
    [
        ({"media": [["film", "ep1"], ["film", "ep2"]], "command": "x"}, "ep1 and 1 more"),
        ({"name": "Thor", "look": None, "photos": ["/a/b.png"]}, "Thor"),
        ({"character": "ab", "photos": ["/a/b.png"]}, ""),
        ({"film": "ep1"}, "ep1"),
        ({"photos": "set"}, "set"),
        ({}, ""),
    ],
)
def test_what_a_job_is_about_is_told(what: dict[str, Any], about: str) -> None:
    assert _about(what) == about
