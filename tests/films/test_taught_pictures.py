"""Faces that a film taught the cast come with a picture of the film's crops, and go with it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from personae import Project, Settings
from personae.films import say
from tests.drawn_films import drawn_film, scene

SETTINGS = Settings(detector="fake", embedder="fake")


@pytest.fixture(autouse=True)
def fewer_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("personae.recognition.calibration.STRANGERS", 2000, raising=False)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A film "ep1" with one person, who was named Sif and taught."""
    project = Project.open(tmp_path / "project", settings=SETTINGS)
    drawn_film(tmp_path / "ep1.mkv", lambda number: scene(1, [("Sif", 90, 120, 80)]), 30)
    with project.films.scan(tmp_path / "ep1.mkv") as film:
        (unknown,) = {one.unknown for one in film.timeline.appearances}
        made = film.decide([say.name(f"Unknown {unknown}", "Sif")])
        assert film.learn_from(made) > 0
    return project


def test_they_come_with_a_picture_of_the_film(project: Project) -> None:
    photos = project.cast.photos("Sif")
    shown = project.cast.shown(photos)
    assert photos and len(shown) == len(photos)
    for face in shown.values():
        assert face.picture is not None
        with Image.open(io.BytesIO(face.picture)) as picture:
            assert picture.format == "JPEG" and max(picture.size) <= 160


def test_without_the_crops_they_come_without(project: Project) -> None:
    project.cast.remove("Sif")
    project.cast.undo(2)
    with project.films["ep1"] as film:
        film.files.crops.unlink()
        assert film.learn("Sif") > 0
    shown = project.cast.shown(project.cast.photos("Sif"))
    assert shown and {face.picture for face in shown.values()} == {None}


def test_forgetting_takes_them_from_film_and_gallery(project: Project) -> None:
    assert project.forget("Sif").found == ()
    assert project.cast.characters() == {}
