"""Forgetting somebody whose name is a word of ours, a part of another's name, or that of who decided."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from personae import Project, Settings, archive, say
from personae.films.forget_journal import forget_in_journal
from personae.films.forget_tracks import forget_in_tracks
from personae.forgetting.documents import forget_in_json
from tests.drawn_films import drawn_film, drawn_recognizer, scene
from tests.film_maker import Pixels

SETTINGS = Settings(detector="fake", embedder="fake")
WORDS = ("name", "right", "model", "film", "personae", "fake", "face", "1", "25")


def draw(n: int) -> Pixels:
    """Thor and Loki, and two whom nobody knows."""
    people = [("Thor", 50.0, 80.0, 70), ("Loki", 130.0, 80.0, 70), ("Sif", 50.0, 180.0, 70), ("Jane", 200.0, 160.0, 70)]
    return scene(1, people, take=n // 8)


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a project, whose cast is Thor and Loki, and a film in it."""
    folder = tmp_path_factory.mktemp("scanned")
    drawn_recognizer(folder)
    with Project.open(folder / "project", settings=SETTINGS) as project:
        project.films.scan(drawn_film(folder / "party.mkv", draw, 24)).close()
    return folder


@pytest.fixture
def folder(tmp_path: Path, scanned: Path) -> Path:
    return Path(shutil.copytree(scanned, tmp_path / "copy"))


def opened(folder: Path) -> Project:
    return Project.open(folder / "project", settings=SETTINGS)


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in opened(folder).films["party"].timeline.appearances)


@pytest.mark.parametrize("word", WORDS)
def test_words_of_ours_are_no_names(folder: Path, word: str) -> None:
    with opened(folder) as project:
        film = project.films["party"]
        film.decide([say.confirm("Loki"), say.name("Unknown 1", word)], by="somebody", request="form")
        film.close()
        found = project.forget(word).found  # files of ours are called "film", and "1" is in many a picture
        assert {path for path, what in found if what == "the name" and not path.endswith(".jpg")} == set()
    assert [name for name in names(folder) if not name.startswith("Unknown")] == ["Loki", "Thor"]
    film = opened(folder).films["party"]
    assert [one.kind for one in film.decisions.entries] == ["right"]
    film.relabel()
    film.decide(say.confirm("Thor"))
    film.close()


def test_who_decided_is_forgotten_too(folder: Path) -> None:
    with opened(folder) as project:
        film = project.films["party"]
        film.decide(say.confirm("Loki"), by="Ada", request="Ada")
        film.decide(say.name("Unknown 1", "Ada"))
        film.close()
        assert project.forget("Ada").found == ()
    film = opened(folder).films["party"]
    assert [(one.kind, one.by, one.request) for one in film.decisions.entries] == [("right", "", "")]
    assert "Ada" not in film.files.decisions.read_text()


def test_a_longer_name_is_somebody_elses(folder: Path) -> None:
    with opened(folder) as project:
        film = project.films["party"]
        film.decide([say.name("Unknown 1", "Lady Thor"), say.name("Unknown 2", "Thor Odinson")], by="Thor B.")
        film.close()
        report = project.forget("Thor")
    assert report.found == () and set(report.part_of_other_names) >= {"Lady Thor", "Thor Odinson"}
    left = [name for name in names(folder) if not name.startswith("Unknown")]
    assert left == ["Lady Thor", "Loki", "Thor Odinson"]
    film = opened(folder).films["party"]
    assert [one.to.character for one in film.decisions.entries if one.to] == ["Lady Thor", "Thor Odinson"]
    assert film.decisions.entries[0].by == "Thor B."


def test_a_longer_name_in_the_cast(tmp_path: Path) -> None:
    recognizer = drawn_recognizer(tmp_path, ("Thor", "Thor Odinson", "Loki"))
    report = recognizer.forget_character("Thor")
    assert report.found == () and "Thor Odinson" in report.part_of_other_names
    assert set(report.characters) == {"Thor Odinson", "Loki"}


def test_a_name_that_is_left_in_a_document_of_ours_is_found(folder: Path) -> None:
    facts = {"labels": [{"character": "Thor"}]}
    left = folder / "project" / "left.bin"
    archive.write(left, {"x": np.zeros(3)}, facts, schema="personae/other/1")
    document = folder / "project" / "left.txt"
    document.write_text(json.dumps({"schema": "personae/x/1", "Thor, as a key": 1}))
    with opened(folder) as project:
        assert set(project.forget("Thor").found) == {(str(left), "the name"), (str(document), "the name")}


def test_documents_of_ours_field_by_field() -> None:
    document = {
        "schema": "personae/timeline/2",
        "video": {"path": "a/1/b.mp4", "frame_rate": "25/1", "content_id": "1"},
        "appearances": [{"id": 1, "name": "1", "tracks": []}, {"name": "Agent 1", "unknown": "Unknown 1", "seen": "1"}],
        "model": {"characters": ["1", "2"], "embedder": "fake:1"},
        "note": "what 1 says",
    }
    cleaned, removed = forget_in_json(document, {"1"})
    assert removed.entries == 2
    assert cleaned == {
        "schema": "personae/timeline/2",
        "video": {"path": "a/(forgotten)/b.mp4", "frame_rate": "25/1", "content_id": "1"},
        "appearances": [{"name": "Agent 1", "unknown": "Unknown 1", "seen": "1"}],
        "model": {"characters": ["2"], "embedder": "fake:1"},
        "note": "what (forgotten) says",
    }


def test_journals_and_tracks_field_by_field() -> None:
    row = {"id": "Al", "kind": "right", "by": "Al", "request": "Al", "parts": [{"who": {"character": "Big Al"}}]}
    header = json.dumps({"schema": "personae/decisions/1", "film": {"content_id": "Al", "path": "Al/a"}})
    text, gone = forget_in_journal(f"{header}\n{json.dumps(row)}\n", {"Al"})
    assert gone == 0 and json.loads(text.splitlines()[1]) == row | {"by": "", "request": ""}
    assert json.loads(text.splitlines()[0])["film"] == {"content_id": "Al", "path": "(forgotten)/a"}
    facts = {"fingerprint": {"detector": "Al"}, "facts": {"settings": {"embedder": "Al"}}, "labels": [{"seen": "Al"}]}
    model = {"model": {"characters": ["Al", "Big Al"]}}
    _, said, _ = forget_in_tracks({}, facts | model, {"Al"}, np.empty((0, 4), np.float32))
    assert said == facts | {"model": {"characters": ["Big Al"]}}
