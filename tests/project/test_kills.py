"""Each command killed at random moments: every project opens, nothing decided is lost, and the next call ends it.

PERSONAE_KILLS sets how many kills each command gets; `make check-all` takes 60.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from personae.cast.gallery import Gallery
from personae.faces.fake import draw_picture
from personae.files import sha256_of
from personae.films import journal
from personae.films.film_files import FilmFiles
from personae.ledger import Ledger
from personae.timeline import native
from tests.drawn_films import drawn_film, drawn_recognizer, scene

KILLS = int(os.environ.get("PERSONAE_KILLS", "3"))
T = "out/film.timeline.json"
FAKE = ["--detector", "fake", "--embedder", "fake"]
pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")]


class Server:
    """Commands run, and killed, by `tests.kill_server`."""

    def __init__(self) -> None:
        root = Path(__file__).parents[2]
        command = [sys.executable, "-m", "tests.kill_server"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root, bufsize=1
        )

    def run(self, cwd: Path, arguments: list[str], kill_after_s: float | None = None) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        job = {"cwd": str(cwd), "arguments": arguments, "kill_after_s": kill_after_s}
        self._process.stdin.write(json.dumps(job) + "\n")
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def must(self, cwd: Path, *arguments: str) -> dict[str, Any]:
        """Run to the end; it has to go well."""
        answer = self.run(cwd, list(arguments))
        assert answer["status"] == 0, (arguments, answer["output"])
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
        if self._process.stdout is not None:
            self._process.stdout.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Path:
    """A project in which people have decided things: a rename, a rejected face, a named unknown person."""
    folder = tmp_path_factory.mktemp("made")
    drawn_recognizer(folder, ("Thor", "Loki", "Jane"))
    (folder / "project").rename(folder / "personae")

    def draw(n: int) -> Any:
        take = n // 4 % 7
        if n < 20:
            return scene(1, [("Thor", 90 + n, 120, 70), ("nobody", 240, 120, 64)], take=take)
        return scene(2, [("Loki", 100, 100, 60), ("Thor", 220, 110, 70)], take=take)

    drawn_film(folder / "film.mp4", draw, 40)
    drawn_film(folder / "second.mp4", draw, 40)
    server.must(folder, "rename", "Jane", "Dr Foster")
    server.must(folder, "reject", "cast/Loki/0.png", "--not", "Thor", *FAKE)
    server.must(folder, "scan", "film.mp4", "--out", "out", *FAKE)
    server.must(folder, "name", "Unknown 1", "Sif", "--timeline", T)
    server.must(folder, "export", T, "-o", "film.csv")
    server.must(folder, "report", T)
    server.must(folder, "identify", "cast/Thor", "--annotate", "pictures", *FAKE)
    return folder


def copy_of(made: Path, place: Path) -> Path:
    """The project again, elsewhere."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(made, place)
    (place / "cast" / "Loki" / "5.png").write_bytes(b"")  # replaced below; a training finds something new
    Image.fromarray(draw_picture([("Loki", 96)], take=5).pixels).save(place / "cast" / "Loki" / "5.png")
    timeline = place / T
    timeline.write_text(timeline.read_text().replace(str(made), str(place)))
    ledger = Ledger(place / "personae")  # the file is as it was written there, not changed by anybody
    entry = ledger.find(timeline)
    assert entry is not None
    ledger.record(timeline, sha256=sha256_of(timeline), kind=entry.kind, who=entry.who, source=entry.source)
    return place


def characters(place: Path) -> dict[str, int]:
    """Enrolled photos of each character."""
    with Gallery.open(place / "personae" / "gallery.sqlite", embedder=None, read_only=True) as gallery:
        found: dict[str, int] = {}
        for name in gallery.enrolled().characters:
            found[name] = found.get(name, 0) + 1
    return found


def opens(server: Server, place: Path, *, without: str = "") -> None:
    """Every file of the project is whole, and what was decided before still holds; `without`: somebody forgotten."""
    for name in ("gallery.sqlite", "project.sqlite"):
        connection = sqlite3.connect(place / "personae" / name)
        try:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",), name
        finally:
            connection.close()
    assert "Dr Foster" in characters(place)
    log = server.must(place, "log")["output"]
    if without != "Thor":
        assert "is not Thor" in log
    assert "Jane -> Dr Foster, 2 photos\n" in log, "it was not undone"
    timeline = native.read(place / T)
    assert "Sif" in {one.name for one in timeline.appearances}
    decisions = journal.read(FilmFiles.of(place / T), timeline.video)
    assert "Sif" in {one.to.name for one in decisions.entries if one.to is not None}
    server.must(place, "identify", "cast/Loki/0.png", *FAKE)


def nothing(place: Path, before: Path) -> None:
    """No more than that everything opens."""


def keeps_photos(place: Path, before: Path) -> None:
    now = characters(place)
    assert all(now.get(name, 0) >= count for name, count in characters(before).items()), now


def has_one_name(place: Path, before: Path) -> None:
    assert len({"Thor", "Donar"} & set(characters(place))) == 1


def is_old_or_new(place: Path, before: Path) -> None:
    assert (place / "film.csv").read_bytes() in [(place / name).read_bytes() for name in ("old.csv", "new.csv")]


Check = Callable[[Path, Path], None]
ACTIONS: dict[str, tuple[list[str], Check]] = {
    "train": (["train", "cast", *FAKE], keeps_photos),
    "fresh": (["train", "cast", "--fresh", *FAKE], keeps_photos),
    "rename": (["rename", "Thor", "Donar"], has_one_name),
    "undo": (["undo"], nothing),
    "scan": (["scan", "second.mp4", "--out", "out", *FAKE], nothing),
    "scan again": (["scan", "film.mp4", "--out", "out", "--fresh", *FAKE], nothing),
    "name": (["name", "Loki", "Donar", "--timeline", T], nothing),
    "export": (["export", T, "-o", "film.csv", "--no-unknown"], is_old_or_new),
    "forget": (["forget", "Thor", "--yes", *FAKE], nothing),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_killed_at_random_moments(server: Server, made: Path, tmp_path: Path, action: str) -> None:
    arguments, check = ACTIONS[action]
    rng = np.random.default_rng(sorted(ACTIONS).index(action))
    whole = copy_of(made, tmp_path / "whole")
    seconds = server.must(whole, *arguments)["seconds"]
    killed = tries = 0
    while killed < KILLS:
        tries += 1
        assert tries <= 10 * KILLS, "the kills come too late to mean anything"
        place = copy_of(made, tmp_path / "killed")
        shutil.copy(made / "film.csv", place / "old.csv")
        shutil.copy(whole / "film.csv", place / "new.csv")
        first = server.run(place, arguments, float(rng.uniform(0, seconds)))
        if not first["killed"]:  # a busy machine is not always equally slow
            assert first["status"] == 0, first["output"]
            seconds = first["seconds"]
            continue
        killed += 1
        if action != "forget":
            opens(server, place)
        check(place, made)
        if action == "undo":  # it is done or not done; once more would take back another edit
            continue
        again = server.run(place, arguments)
        if action == "forget":
            forgotten(place)
            opens(server, place, without="Thor")
        elif action in ("rename", "name"):  # it may have been done already
            done = {"rename": "No character is called 'Thor'", "name": "Nobody is called 'Loki' in this film"}[action]
            assert again["status"] == 0 or done in again["output"], again["output"]
        else:
            assert again["status"] == 0, again["output"]
        assert state_of(place) == state_of(whole)


def forgotten(place: Path) -> None:
    """Nothing of Thor is in any file of the project."""
    for path in (place / "personae").rglob("*"):
        if path.is_file() and path.name != "project.sqlite":
            assert b"Thor" not in path.read_bytes(), path
    assert "Thor" not in characters(place)


def state_of(place: Path) -> tuple[Any, ...]:
    """What a finished command leaves, but for times of day and places."""
    timelines = {}
    for path in sorted((place / "out").glob("*.timeline.json")):
        timeline = native.read(path)
        timelines[path.name] = (
            [(one.name, one.start_pts, one.end_pts) for one in timeline.appearances],
            timeline.shots,
        )
    return characters(place), timelines, (place / "film.csv").read_bytes()
