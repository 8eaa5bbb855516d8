"""Two processes with four threads each do everything to one project at once, for a while."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from personae.cast.gallery import Gallery
from personae.faces.fake import draw_picture
from personae.films import journal
from personae.films.film_files import FilmFiles
from personae.films.scan import conclude, shaped_as
from personae.films.tracks_file import load_tracks
from personae.project.session import Project
from personae.recognition import model_file
from personae.timeline import native
from personae.timeline.person import with_names
from tests.drawn_films import drawn_film, drawn_recognizer, scene
from tests.stress_worker import PEOPLE, SETTINGS

ROOT = Path(__file__).parents[2]
SECONDS = float(os.environ.get("PERSONAE_STRESS_S", "12"))
"""`make check-all` does it for a minute."""


@pytest.fixture
def world(tmp_path: Path) -> Path:
    drawn_recognizer(tmp_path, PEOPLE[:3])
    for name in PEOPLE:
        path = tmp_path / "more" / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(draw_picture([(name, 96)], take=5).pixels).save(path)
    for number, people in enumerate((("Thor", "nobody"), ("Loki", "Hela"))):
        path = tmp_path / "films" / f"s0{number}" / "e01.mp4"
        path.parent.mkdir(parents=True)
        faces = [(name, 90 + 120 * at, 120, 70) for at, name in enumerate(people)]
        film = drawn_film(path, lambda n, faces=faces: scene(3, faces, take=n // 4 % 5), 30)  # type: ignore[misc]
        film.rename(tmp_path / "films" / f"e0{number}.mp4")
    (tmp_path / "exports").mkdir()
    return tmp_path


def test_everything_at_once(world: Path) -> None:
    command = [sys.executable, "-m", "tests.stress_worker", str(world)]
    running = [
        subprocess.Popen([*command, str(seed), str(SECONDS), "4"], cwd=ROOT, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
        for seed in (1, 2)
    ]  # fmt: skip
    ended = [process.communicate(timeout=SECONDS + 300) for process in running]
    assert [process.returncode for process in running] == [0, 0], "\n".join(err for _, err in ended)
    rows = [json.loads(line) for out, _ in ended for line in out.splitlines()]
    done = Counter[str]()
    for row in rows:
        done.update(row.get("done", {}))
    assert len(done) >= 8, f"too little was done in that time: {done}"
    assert all(len(row["why"]) > 10 for row in rows if "refused" in row)
    check_gallery(world)
    kept = check_films(world)
    for row in rows:
        if "request" in row:
            assert row["request"] in kept[row["film"]], "a decision that was taken is lost"


def check_gallery(world: Path) -> None:
    """Gallery, ledger and model open and agree."""
    for path in (world / "project").glob("*.sqlite"):
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()
    with Gallery.open(world / "project" / "gallery.sqlite", embedder=None) as gallery:
        enrolled = gallery.enrolled()
        names = {one.name for one in gallery.characters()}
        digest = gallery.digest
        assert {photo.character for photo in gallery.photos()} <= names
    with Project.open(world / "project", settings=SETTINGS) as project:
        if len(enrolled):
            _, card = model_file.load(project.context.model_path)
            assert {row["character"] for row in card["characters"]} == set(enrolled.characters)
            assert card["gallery_revision"] == digest, "the model is the gallery's"


def check_films(world: Path) -> dict[str, set[str]]:
    """Every film opens, and its timeline is what tracks and journal give; timeline -> requests in its journal."""
    kept = {}
    with Project.open(world / "project", settings=SETTINGS) as project:
        for name in project.films.names():
            with project.films[name] as film:
                film.timeline  # noqa: B018 - reads it
            files = FilmFiles.of(film.path)
            timeline = native.read(files.timeline)
            decisions = journal.read(files, timeline.video)
            scanned = load_tracks(files.tracks)
            names = project.cast.names_of_today()
            again = conclude(scanned, decisions, shaped_as(timeline, SETTINGS), names).timeline
            shown = [
                sorted((one.name, one.start_pts, one.end_pts) for one in with_names(each, names).appearances)
                for each in (again, timeline)
            ]
            assert shown[0] == shown[1], "the file is not what tracks and journal give"
            kept[str(files.timeline)] = {one.request for one in decisions.entries}
    assert kept
    return kept
