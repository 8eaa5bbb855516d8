"""Dark pictures are made brighter where they are shown; all others are shown as they are."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from personae.exports.lifting import LEAST_MEDIAN, lifted
from personae.faces.fake import draw_picture


def picture(light: float) -> Image.Image:
    pixels = draw_picture([("Thor", 90)], take=1).pixels
    return Image.fromarray(np.round(pixels * light).astype(np.uint8))


def median(image: Image.Image) -> float:
    return float(np.median(np.asarray(image.convert("L"))))


def test_a_bright_picture_is_left_alone() -> None:
    image = picture(1.0)
    assert median(image) >= LEAST_MEDIAN
    assert lifted(image).tobytes() == image.tobytes()


@pytest.mark.parametrize("light", [0.06, 0.15, 0.3])
def test_a_dark_picture_is_brighter_and_keeps_its_order(light: float) -> None:
    dark = picture(light)
    before, after = (np.asarray(image).reshape(-1, 3).astype(int) for image in (dark, lifted(dark)))
    assert median(lifted(dark)) > 2 * median(dark)
    for channel in range(3):
        order = np.argsort(before[:, channel], kind="stable")
        assert (np.diff(after[order, channel]) >= 0).all(), "what was brighter is not darker then"


def test_what_shows_nothing_stays_dark() -> None:
    black = Image.new("RGB", (40, 40), (3, 3, 3))
    assert lifted(black).tobytes() == black.tobytes()
    assert lifted(Image.new("L", (1, 1), 0)).size == (1, 1)


def test_a_bright_window_in_a_dark_room_is_not_washed_out() -> None:
    pixels = np.full((40, 40, 3), 30, np.uint8)
    pixels[:, 30:] = 240
    after = np.asarray(lifted(Image.fromarray(pixels)))
    assert after[0, 0, 0] > 60 and 235 <= after[0, 35, 0] <= 255
