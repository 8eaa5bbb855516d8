from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont

from personae.errors import WriteError
from personae.exports.album import Album
from personae.media import fonts
from personae.media.annotate import MIN_SIDE_PX, UNKNOWN_COLOUR, BoxLabel, _place, annotate
from personae.recognition.identification import IdentifiedPicture
from personae.types import AnalyzedFaces, Picture, Quality


def grey(width: int, height: int) -> Picture:
    return Picture(np.full((height, width, 3), 200, np.uint8))


@pytest.mark.parametrize("size", [(40, 30), (640, 480), (6000, 4000), (5000, 300)])
def test_a_name_has_a_readable_size_in_any_picture(size: tuple[int, int]) -> None:
    label = BoxLabel((size[0] * 0.4, size[1] * 0.4, size[0] * 0.6, size[1] * 0.7), "Thor 98%", "Thor")
    image = annotate(grey(*size), [label])
    assert max(image.size) >= MIN_SIDE_PX
    changed = np.abs(np.asarray(image).astype(int) - 200).max(axis=2) > 8
    rows = np.flatnonzero(changed.any(axis=1))
    assert changed.any() and rows.max() - rows.min() > 13
    assert abs(image.size[0] / image.size[1] - size[0] / size[1]) < 0.02 * size[0] / size[1]


def test_no_faces_no_change() -> None:
    picture = grey(800, 600)
    np.testing.assert_array_equal(np.asarray(annotate(picture, [])), picture.pixels)


def test_an_unknown_is_grey_and_a_character_keeps_its_colour() -> None:
    box = (100.0, 200.0, 300.0, 400.0)
    first, second = (np.asarray(annotate(grey(800, 600), [BoxLabel(box, text, "Thor")])) for text in ("a", "bb"))
    unknown = np.asarray(annotate(grey(800, 600), [BoxLabel(box, "unknown", None)]))
    assert tuple(unknown[300, 100]) == UNKNOWN_COLOUR
    np.testing.assert_array_equal(first[300, 100], second[300, 100])
    assert tuple(first[300, 100]) != UNKNOWN_COLOUR


def test_labels_stay_in_the_picture_and_off_each_other() -> None:
    size = (640, 480)
    corner = _place((0, 0, 50, 50), 120, 20, size, [])
    assert corner[0] >= 0 and corner[1] >= 0
    far = _place((600, 440, 640, 480), 120, 20, size, [])
    assert far[2] <= 640 and far[3] <= 480
    first = _place((100, 100, 200, 200), 120, 20, size, [])
    second = _place((110, 100, 210, 200), 120, 20, size, [first])
    assert second != first


@pytest.mark.parametrize("name", ["Thor", "Þór", "Ωμέγα", "Тор", "雷神", "תור", "ثور", "토르", "⚡", "थोर", "ธอร์"])
def test_every_script_is_written_or_spelled_in_latin(name: str) -> None:
    font, text = fonts.font_for(name, 20)
    assert text
    if text != name:
        assert text.isascii()
    assert bytes(font.getmask(text))
    if isinstance(font, ImageFont.FreeTypeFont):
        assert bytes(font.getmask(text[0])) != bytes(font.getmask("\U0010fffd"))


def test_without_any_font_names_are_spelled_in_latin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_system_fonts", lambda: ())
    fonts._font_path.cache_clear()
    try:
        assert fonts.font_for("Тор", 20)[1] == "Tor"
        assert fonts.font_for("Thor", 20)[1] == "Thor"
    finally:
        fonts._font_path.cache_clear()


def identified(path: str) -> IdentifiedPicture:
    none = np.empty(0, np.float32)
    faces = AnalyzedFaces(
        none.reshape(0, 4), none.reshape(0, 5, 2), none,
        embeddings=none.reshape(0, 128), quality=Quality.empty(), embedder="e", size_wh=(800, 600),
    )  # fmt: skip
    return IdentifiedPicture(path, faces, ())


def test_pictures_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    album = Album(tmp_path / "out")
    paths = [
        album.add(identified(f"{folder}/{name}"), grey(80, 60))
        for folder, name in (("a", "1.jpg"), ("b", "1.png"), ("c", "1.JPG"), ("a", "1.jpg"))
    ]
    assert [path.name for path in paths] == ["1.jpg", "1-2.jpg", "1-3.jpg", "1.jpg"]
    with Image.open(paths[0]) as image:
        assert image.size == (640, 480)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match="part of this path is a file"):
        Album(tmp_path / "file" / "out").add(identified("1.jpg"), grey(80, 60))
