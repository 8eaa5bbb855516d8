"""The pipeline with the real networks on films made of two public-domain portraits."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from personae.project.recognizer import CharacterRecognizer
from tests.drawn_films import spans_of
from tests.film_maker import Pixels, head, make_film, paste, textured
from tests.scanning import scan_film

SIZE_WH = (320, 240)


@pytest.fixture(scope="module")
def recognizer(astronaut: Path, hopper: Path, tmp_path_factory: pytest.TempPathFactory) -> CharacterRecognizer:
    folder = tmp_path_factory.mktemp("portraits")
    for name, photo in (("Eileen", astronaut), ("Grace", hopper)):
        (folder / "cast" / name).mkdir(parents=True)
        shutil.copy(photo, folder / "cast" / name)
    recognizer = CharacterRecognizer(folder / "project")
    recognizer.train_folder(folder / "cast")
    return recognizer


def test_portraits_that_move_come_and_go(
    recognizer: CharacterRecognizer, astronaut: Path, hopper: Path, tmp_path: Path
) -> None:
    eileen, grace = head(astronaut), head(hopper)

    def draw(n: int) -> Pixels:
        if n < 40:  # Eileen comes at 12 and walks to the right
            place = textured(SIZE_WH, 1)
            return paste(place, eileen, centre_xy=(90 + n, 120), height=120) if n >= 12 else place
        place = textured(SIZE_WH, 2)  # a cut: Grace fills the frame, Eileen is a small face in the background
        if n < 60:
            return paste(place, grace, centre_xy=(160, 120), height=320)
        place = paste(place, grace, centre_xy=(90, 130), height=130)
        return paste(place, eileen, centre_xy=(260, 100), height=56)

    path = make_film(tmp_path / "film.mp4", draw=draw, frames=90)
    timeline = scan_film(path, recognizer, tmp_path / "out").timeline
    assert spans_of(timeline, "Eileen") == [(12, 40), (60, 90)]
    assert spans_of(timeline, "Grace") == [(40, 90)]
    assert {one.name for one in timeline.appearances} == {"Eileen", "Grace"}


def test_one_of_the_portraits_is_a_stranger(astronaut: Path, hopper: Path, tmp_path: Path) -> None:
    (tmp_path / "cast" / "Eileen").mkdir(parents=True)
    shutil.copy(astronaut, tmp_path / "cast" / "Eileen")
    recognizer = CharacterRecognizer(tmp_path / "project")
    recognizer.train_folder(tmp_path / "cast")
    eileen, grace = head(astronaut), head(hopper)

    def draw(n: int) -> Pixels:
        place = paste(textured(SIZE_WH, 1), eileen, centre_xy=(80, 120 - n / 3), height=110)
        return paste(place, grace, centre_xy=(240, 100 + n / 3), height=110) if n < 25 else place

    timeline = scan_film(make_film(tmp_path / "film.mp4", draw=draw, frames=40), recognizer, tmp_path / "out").timeline
    assert spans_of(timeline, "Eileen") == [(0, 40)]
    assert spans_of(timeline, "Unknown 1") == [(0, 25)]
