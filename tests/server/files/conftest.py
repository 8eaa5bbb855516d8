"""A project with a drawn film and a set of photos below a media root, scanned once for all tests that copy it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from personae import Project
from personae.faces.fake import draw_picture
from personae.settings import Settings
from tests.drawn_films import drawn_film, drawn_recognizer, scene
from tests.film_maker import Pixels
from tests.server.conftest import Served

FAKE = Settings(detector="fake", embedder="fake")
PEOPLE = (("Thor", 80, 120, 90), ("Hela", 230, 120, 90))


@pytest.fixture(scope="session")
def pictured_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`project`, whose cast is Thor and Loki; `media/ep1.mkv` with Thor and an unknown person, `media/photos`."""
    home = tmp_path_factory.mktemp("pictured")
    (home / "media").mkdir()
    drawn_recognizer(home)
    (home / "project" / "settings.toml").write_text('detector = "fake"\nembedder = "fake"\n')  # for the helper
    film = drawn_film(home / "media" / "ep1.mkv", _picture, 60)
    photos = home / "media" / "photos"
    photos.mkdir()
    for number, together in enumerate((("Thor", "Hela"), ("Loki",))):
        drawn = draw_picture([(who, 96) for who in together], take=number + 3)
        Image.fromarray(drawn.pixels).save(photos / f"{number}.png")
    with Project.open(home / "project", settings=FAKE) as project:
        project.films.scan(film).close()
        project.photos.keep(photos)
    return home


@pytest.fixture
def pictured(pictured_home: Path, tmp_path: Path, serve: Callable[..., Served]) -> Served:
    """A copy of the project, served; the film and the photos are those of `pictured_home`."""
    shutil.copytree(pictured_home / "project", tmp_path / "project")
    return serve(Project.open(tmp_path / "project", settings=FAKE), pictured_home / "media")


def _picture(number: int) -> Pixels:
    return scene(7, PEOPLE, take=number // 6)
