"""A face that is lost is sought once more where it should be."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from personae.faces.fake import FakeDetector, draw_face
from personae.media.film import FilmPicture
from personae.project.recognizer import CharacterRecognizer
from personae.settings import Settings
from personae.timeline.looking import Looker, looks
from personae.timeline.seeking import sought
from personae.types import Faces, Picture, PixelArray
from tests.scanning import scan_film

SIZE_WH = (640, 360)


class Particular:
    """Sees a face at all only where it is at least `least_px` large in what it is shown."""

    id = "particular"

    def __init__(self, least_px: float) -> None:
        self.least_px = least_px

    def for_films(self) -> Particular:
        """As it is."""
        return self

    def detect(self, picture: Picture) -> Faces:
        """The large ones."""
        faces = FakeDetector().detect(picture)
        return faces[faces.face_px >= self.least_px]


def drawn(*faces: tuple[str, int, int, int]) -> PixelArray:
    """`faces`: who, size, left, top."""
    pixels = np.full((SIZE_WH[1], SIZE_WH[0], 3), 118, np.uint8)
    for who, size, left, top in faces:
        pixels[top : top + size, left : left + size] = draw_face(who, size)
    return pixels


def boxes(*corners: tuple[float, float, float]) -> np.ndarray:
    """`corners`: left, top, size."""
    return np.array([(x, y, x + size, y + size) for x, y, size in corners], np.float32).reshape(-1, 4)


@pytest.mark.parametrize(("left", "top"), [(300, 150), (0, 0), (600, 320)])
def test_a_face_that_the_whole_picture_hides_is_found_where_it_should_be(left: int, top: int) -> None:
    pixels, detector = drawn(("Thor", 40, left, top)), Particular(50)
    assert not len(detector.detect(Picture(pixels)))
    found = sought(detector, pixels, boxes((left + 8, top - 6, 38)), boxes())
    assert found.boxes_xyxy == pytest.approx(boxes((left, top, 40)), abs=2)
    inside = (found.landmarks_xy >= [left, top]) & (found.landmarks_xy <= [left + 40, top + 40])
    assert inside.all()


def test_nothing_is_found_where_nobody_is_nor_who_is_known_or_elsewhere() -> None:
    detector = Particular(50)
    thor = drawn(("Thor", 40, 300, 150))
    assert not len(sought(detector, drawn(), boxes((300, 150, 40)), boxes()))
    assert not len(sought(detector, thor, boxes((300, 150, 40)), boxes((302, 149, 40))))
    assert not len(sought(detector, thor, boxes((352, 150, 40)), boxes())), "beside it"
    assert not len(sought(detector, thor, boxes((290, 140, 100)), boxes())), "less than half as large"
    assert not len(sought(detector, thor, boxes((2000, 900, 40)), boxes())), "outside of the picture"
    twice = sought(detector, thor, boxes((305, 150, 40), (295, 150, 40)), boxes())
    assert len(twice) == 1, "one face is one, however many look for it"


class Still:
    """A film's pixels that are there already."""

    def __init__(self, pixels: PixelArray) -> None:
        self._pixels = pixels
        self.size_wh = (pixels.shape[1], pixels.shape[0])

    def rgb(self) -> PixelArray:
        """As they are."""
        return self._pixels.copy()

    def small(self, width: int) -> PixelArray:
        """Grey."""
        return np.full((9, width, 3), 118, np.uint8)


def test_a_lost_face_is_carried_from_look_to_look_and_no_look_is_added() -> None:
    # It is large at first, and then smaller than what the detector sees in a whole picture.
    sizes = [60, 60, *[45] * 40]
    pictures = [FilmPicture(40 * n, 40, Still(drawn(("Thor", size, 300, 150)))) for n, size in enumerate(sizes)]
    with ThreadPoolExecutor(2) as pool:
        seen = list(looks(pictures, Looker(Particular(50), Settings()), pool, every_pts=400))
    assert [len(look.faces) for look in seen] == [1] * len(seen)
    assert [look.pts for look in seen] == [0, 400, 800, 1200, 1600, 1640]
    assert all(len(look.crops) == len(look.quality) == len(look.around) == 1 for look in seen)


@pytest.mark.shared
def test_a_small_head_in_profile_is_kept(shared_data: Path, tmp_path: Path) -> None:
    recognizer = CharacterRecognizer(tmp_path / "project")
    timeline = scan_film(shared_data / "archive" / "chaplin.mp4", recognizer, tmp_path / "out").timeline
    seconds = sum(float((track.end_pts - track.start_pts) * timeline.video.time_base) for track in timeline.tracks)
    assert seconds > 11.8  # 11.1 s where each picture is looked at once
