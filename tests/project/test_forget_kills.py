"""A forgetting that is killed, at every write: nobody is left half there, by the next `forget` or any other command.

PERSONAE_KILL_EVERY: which writes (default every twelfth); `make check-all` takes every one.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from personae import archive
from personae.cast.gallery import Gallery
from personae.cli import cli
from personae.faces.analyzer import FaceAnalyzer
from personae.faces.fake import FakeDetector, FakeEmbedder, draw_picture
from personae.films.film_files import FilmFiles
from personae.paths import MODEL_FILE
from personae.recognition import model_file
from personae.timeline import native
from personae.types import FloatArray, Picture
from tests.drawn_films import drawn_film, drawn_recognizer, scene
from tests.scanning import scan_film

NAME = "Thor O'Din"
FORMS = (NAME, "Thor O&#x27;Din", "Thor O\\u0027Din", "Thor O%27Din", "Thor%20O%27Din")
STEP = int(os.environ.get("PERSONAE_KILL_EVERY", "12"))
pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="forks")]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with everything in it that can show or name somebody, and their own folders beside it."""
    folder = tmp_path_factory.mktemp("made")
    recognizer = drawn_recognizer(folder, ("Thor", "Loki", "Jane"), lock_timeout_s=5)
    (folder / "project").rename(folder / "personae")
    project = folder / "personae"
    (project / "settings.toml").write_text('detector = "fake"\nembedder = "fake"\nlock_timeout_s = 5\n')
    recognizer = type(recognizer)(project)
    recognizer.rename_character("Thor", NAME)
    recognizer.rename_character("Jane", "Dr Foster")
    recognizer.reject_photo(folder / "cast" / "Loki" / "0.png", NAME)

    def draw(n: int) -> Any:
        return scene(1, [("Thor", 90 + n, 120, 70), ("Loki", 240, 120, 64)], take=n // 8 % 5)

    film = drawn_film(folder / "party.mp4", draw, 24)
    files = FilmFiles(project / "films" / "party", "party", private=True)
    scan_film(film, recognizer, files)
    outside = FilmFiles(folder / "out", "party")
    scan_film(film, recognizer, outside)
    unfinished = files.folder / ".other.scan"
    unfinished.mkdir()
    (unfinished / "chunk-00001.tracks").write_bytes(files.tracks.read_bytes())
    (project / "cache" / "gallery-fresh.sqlite").write_bytes((project / "gallery.sqlite").read_bytes())
    (files.folder / ".personae-1-ab.tmp").write_text(NAME)
    together = folder / "together"
    together.mkdir()
    Image.fromarray(draw_picture([("Thor", 96), ("Loki", 80)]).pixels).save(together / "both.png")
    Image.fromarray(draw_picture([("Loki", 96)]).pixels).save(together / "loki.png")
    here = Path.cwd()
    os.chdir(folder)
    try:
        for arguments in (
            ["report", "personae/films/party/party.timeline.json"],
            ["export", "personae/films/party/party.timeline.json", "-o", "personae/a name of mine.mp4"],
            ["export", "personae/films/party/party.timeline.json", "-o", "personae/party.fcpxml"],
            ["export", "personae/films/party/party.timeline.json", "-o", "outside.eaf"],
            ["report", "out/party.timeline.json", "--project", "personae"],
            ["identify", "together", "--keep", "photos"],
            ["name", "both.png#1", "Loki", "--photos", "photos", "--yes"],
            ["name", "both.png#1", "Thor", "--photos", "photos", "--yes"],
            ["identify", "together", "--json", "out/who.json"],
            ["identify", "together", "--annotate", "personae/drawn", "--json", "personae/who.json"],
        ):
            cli.main(arguments, standalone_mode=False)
    finally:
        os.chdir(here)
    (project / "exports.txt").write_text('"/elsewhere/of an earlier version.json"\n')
    (project / "drawn" / "both.jpg").rename(project / "holiday.jpg")
    return folder


@pytest.fixture(scope="module")
def known(made: Path) -> tuple[FloatArray, list[bytes]]:
    """Thor's embeddings (n, d), and every form of them that a file may hold."""
    with Gallery.open(made / "personae" / "gallery.sqlite", embedder=None, read_only=True) as gallery:
        enrolment = gallery.enrolled()
    rows = [i for i, name in enumerate(enrolment.characters) if name == NAME]
    model, _ = model_file.load(made / "personae" / "cache" / MODEL_FILE)
    number = list(map(str, model.classes_)).index(NAME)
    vectors = [*enrolment.embeddings[rows], *enrolment.copies[rows].reshape(-1, enrolment.copies.shape[-1])]
    vectors += list(model.prototypes_.centres[model.prototypes_.groups == number])
    return enrolment.embeddings[rows], [np.asarray(v, "<f4").tobytes() for v in vectors if np.any(v)]


def pictures_in(path: Path) -> Iterator[Path | Picture]:
    if path.suffix in (".jpg", ".png"):
        yield path
    for match in re.finditer(rb"data:image/jpeg;base64,([A-Za-z0-9+/=]+)", path.read_bytes()):
        import io

        yield Picture(np.array(Image.open(io.BytesIO(base64.b64decode(match.group(1)))).convert("RGB")), source="page")


def assert_nobody_is_left(place: Path, known: tuple[FloatArray, list[bytes]]) -> None:
    project, outside = place / "personae", place / "out"
    vectors, needles = known
    analyzer = FaceAnalyzer(detector=FakeDetector(), embedder=FakeEmbedder())
    for path in sorted([*project.rglob("*"), *outside.rglob("*")]):
        if not path.is_file():
            continue
        content = path.read_bytes()
        # Where photos of others lie is the user's: Thor's own folder is in no path that is left.
        assert not any(form.encode() in content for form in (*FORMS, "Thor")), path
        assert not any(needle in content for needle in needles), path
        for picture in pictures_in(path):
            faces = analyzer.analyze(picture)
            assert not len(faces) or (faces.embeddings @ vectors.T).max() < 0.5, path
        if path.suffix == ".tracks" and "party" in path.name:
            embeddings = archive.read(path, schema=archive.schema_of(path))[0]["embeddings"]
            assert len(embeddings) and (embeddings @ vectors.T).max() < 0.5, path
    assert not list(outside.glob("*.html")), "they show a face and a name, and are as they were written"
    assert "Loki" in (outside / "who.json").read_text()
    left = {path.relative_to(top).as_posix() for top in (project, outside) for path in top.rglob("*") if path.is_file()}
    assert not [
        name for name in left if ".personae-" in name or "fresh" in name or "forgetting" in name or "exports" in name
    ], left
    assert not left & {"holiday.jpg", "a name of mine.mp4", "party.fcpxml"}


def assert_others_are_whole(place: Path, made: Path, *, without: str) -> None:
    project = place / "personae"
    with Gallery.open(project / "gallery.sqlite", embedder=None, read_only=True) as gallery:
        enrolled = gallery.enrolled().characters
        assert gallery._database.rows("PRAGMA integrity_check") == [("ok",)]
    assert [enrolled.count(name) for name in ("Loki", "Dr Foster")] == [2, 2]
    _, card = model_file.load(project / "cache" / MODEL_FILE)
    assert [one["character"] for one in card["characters"]] == sorted({"Dr Foster", "Loki", NAME} - {without})
    for folder in ("personae/films/party", "out"):
        before = native.read(made / folder / "party.timeline.json")
        after = native.read(place / folder / "party.timeline.json")
        assert [one for one in after.appearances if one.character == "Loki"] == [
            one for one in before.appearances if one.character == "Loki"
        ]
        for one in after.appearances:
            assert one.best_picture is not None and (place / folder / str(one.best_picture.file)).is_file()
    assert (project / "drawn" / "loki.jpg").is_file()
    pictures = json.loads((project / "who.json").read_text())["pictures"]
    assert [len(one["faces"]) for one in pictures] == ([1, 1] if without else [2, 1])


def test_killed_at_every_write(made: Path, known: tuple[FloatArray, list[bytes]], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.forget_killer", str(made), str(tmp_path), NAME, "1", str(STEP)]
    begun = kills = 0
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as killer:
        assert killer.stdin is not None and killer.stdout is not None
        for line in killer.stdout:
            answer = json.loads(line)
            if "writes" in answer:
                break
            kills += 1
            note = tmp_path / "killed" / "personae" / "forgetting.personae"
            was_begun = note.exists() and any(note.read_bytes())
            was_done = bool(begun) and not was_begun  # proof and all; it was killed while its note went
            status, output = answer["forget"]
            assert status == 0 or (was_done and "No character is called" in output), (answer["before"], output)
            assert_nobody_is_left(tmp_path / "forget", known)
            assert_others_are_whole(tmp_path / "forget", made, without=NAME)
            status, output = answer[answer["other"]]
            assert status == 0, answer
            if was_begun:
                begun += 1
                assert "Thor" not in output.replace(str(tmp_path), ""), answer
                assert "broken off is complete now" in output, answer
            if was_begun or was_done:
                assert_nobody_is_left(tmp_path / answer["other"], known)
            if was_begun or was_done or answer["other"] != "train":  # which was given no photo of Thor
                without = NAME if was_begun or was_done else ""
                assert_others_are_whole(tmp_path / answer["other"], made, without=without)
            killer.stdin.write("\n")
            killer.stdin.flush()
        else:
            pytest.fail("the killer ended early")
    assert answer["status"] == 0, answer
    assert kills > 40 // STEP and begun > kills // 2, (kills, begun)
