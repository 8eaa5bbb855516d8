"""A picture is told by what moves with it; who only holds still is alive, whatever straight edges are around."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from personae import archive
from personae.media.film import Video
from personae.timeline import records
from personae.timeline.framed import frame_around
from personae.timeline.labelling import is_depicted
from personae.timeline.records import TrackRecord
from personae.timeline.surface import motion_of, surface_of
from personae.timeline.wide import WIDE_FACES, WIDE_PX, Wide
from tests.film_maker import head, paste, textured

Pixels = NDArray[np.uint8]
SIZE_WH = (640, 360)
FACE = 60
"""Pixels of the drawn faces."""
MOMENTS = 6


@pytest.fixture(scope="module")
def face(astronaut: Path) -> Pixels:
    """The head, its face 60 pixels high."""
    return np.asarray(cv2.resize(head(astronaut), (95, 120), interpolation=cv2.INTER_AREA), np.uint8)


def framed(face: Pixels) -> Pixels:
    """The head as a photo: more wall around, and a dark frame."""
    wider = cv2.copyMakeBorder(face, 8, 0, 12, 12, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.copyMakeBorder(wider, 6, 6, 6, 6, cv2.BORDER_CONSTANT, value=(30, 20, 10)), np.uint8)


def at(picture: Pixels, x: float, y: float) -> Wide:
    """Around a face whose middle is at x, y."""
    half = FACE / 2
    return Wide.of(picture, np.array([x - half, y - half, x + half, y + half], np.float32))


def shifted(picture: Pixels, dx: float, dy: float) -> Pixels:
    """What a camera shows that was turned: everything moves alike."""
    matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float64)
    return np.asarray(cv2.warpAffine(picture, matrix, SIZE_WH, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def panned(picture: Pixels, step: float) -> list[Wide]:
    """The face in the middle of a picture while the camera pans by `step` pixels from moment to moment."""
    shifts = [step * (n - MOMENTS / 2) for n in range(MOMENTS)]
    return [at(shifted(picture, dx, 0.3 * dx), 320 + dx, 180 + 0.3 * dx) for dx in shifts]


def test_a_framed_photo_that_the_camera_passes_is_on_a_surface(face: Pixels) -> None:
    photo = paste(textured(SIZE_WH), framed(face), centre_xy=(320, 180), height=132)
    assert surface_of(panned(photo, 9.3), 0.03) == 1


def test_a_photo_in_a_hand_is_on_a_surface_that_is_not_the_wall(face: Pixels) -> None:
    wall, photo = textured(SIZE_WH), framed(face)
    moved = []
    for n in range(MOMENTS):
        x, y = 320 + 14 * np.sin(n), 180 + 9 * np.cos(2 * n)
        picture = wall.copy()
        turn = cv2.getRotationMatrix2D((photo.shape[1] / 2, photo.shape[0] / 2), 5 * np.sin(n), 1)
        turn[:, 2] += (x - photo.shape[1] / 2, y - photo.shape[0] / 2)
        cv2.warpAffine(photo, turn, SIZE_WH, picture, borderMode=cv2.BORDER_TRANSPARENT)
        moved.append(at(picture, x, y))
    assert surface_of(moved, 0.03) == 1


def test_where_nothing_moves_a_framed_photo_is_told_by_not_slipping_at_all(face: Pixels) -> None:
    photo = paste(textured(SIZE_WH), framed(face), centre_xy=(320, 180), height=132)
    rng = np.random.default_rng(0)
    noisy = [np.clip(photo + rng.normal(0, 2, photo.shape), 0, 255).astype(np.uint8) for _ in range(MOMENTS)]
    stands = [at(picture, 320 + rng.normal(0, 0.5), 180) for picture in noisy]
    assert surface_of(stands, 0.03) == 1
    assert np.isnan(surface_of(stands, 0.2)), "it changes"
    assert np.isnan(surface_of(stands[:3], 0.03)), "too few moments"
    bare = paste(textured(SIZE_WH), face, centre_xy=(320, 180), height=120)
    no_frame = [at(cv2.GaussianBlur(bare, (0, 0), 3), 320, 180)] * MOMENTS
    assert np.isnan(surface_of(no_frame, 0.0)), "nobody alive is a picture for holding still"


def test_where_nothing_moves_whoever_breathes_in_a_frame_is_alive(face: Pixels) -> None:
    """At a window, before a camera that stands: the head sways by a fifth of a pixel."""
    room = paste(textured(SIZE_WH), framed(face), centre_xy=(320, 180), height=132)
    inside, seen = face[10:110, 8:88], []
    for n in range(MOMENTS):
        sway = np.array([[1, 0, 280 + 0.3 * np.sin(2.1 * n)], [0, 1, 130 + 0.3 * np.cos(1.3 * n)]])
        picture = cv2.warpAffine(inside, sway, SIZE_WH, room.copy(), borderMode=cv2.BORDER_TRANSPARENT)
        seen.append(at(np.asarray(picture, np.uint8), 320, 180))
    motion = motion_of(seen, also_standing=True)
    assert motion is not None and motion.support > 0.8
    assert np.isnan(surface_of(seen, 0.03))


def test_a_head_without_a_frame_is_alive_though_it_moves_with_the_wall(face: Pixels) -> None:
    ys, xs = np.mgrid[:120, :95]
    round_head = (((xs - 47) / 45) ** 2 + ((ys - 60) / 58) ** 2 < 1)[..., None]
    picture = textured(SIZE_WH)
    under = picture[120:240, 273:368]
    under[:] = np.where(round_head, face, under)
    assert surface_of(panned(picture, 9.3), 0.03) == 0


def test_a_head_that_sways_a_little_in_a_window_that_moves_is_alive(face: Pixels) -> None:
    """A passenger: the window goes through the picture, closed all around, and the head by half a pixel within."""
    inside = face[10:110, 8:88]
    seen = []
    for n in range(MOMENTS):
        middle = 250 + 20.0 * n
        picture = shifted(paste(textured(SIZE_WH), framed(face), centre_xy=(320, 180), height=132), middle - 320, 0)
        sway = np.array([[1, 0, middle - 40 + 0.6 * np.sin(2.1 * n)], [0, 1, 130 + 0.6 * np.cos(1.3 * n)]])
        cv2.warpAffine(inside, sway, SIZE_WH, picture, borderMode=cv2.BORDER_TRANSPARENT)
        seen.append(at(picture, middle, 180))
    motion = motion_of(seen)
    assert motion is not None and motion.support > 0.8 and motion.moved > 0.5
    assert surface_of(seen, 0.03) == 0


def test_a_frame_is_found_where_it_is() -> None:
    grey = np.full((WIDE_PX, WIDE_PX), 90, np.float32)
    corners = np.array([[42, 38], [115, 44], [112, 130], [45, 126]])
    cv2.fillConvexPoly(grey, corners.astype(np.int32), 160.0)
    found = frame_around(cv2.GaussianBlur(grey, (0, 0), 0.8), np.ones(grey.shape, bool))
    assert found is not None and found.support > 0.9
    assert np.abs(found.corners - corners).max() < 4


@pytest.mark.parametrize("side", range(4))
def test_a_frame_with_a_side_missing_is_none(side: int) -> None:
    grey = np.full((WIDE_PX, WIDE_PX), 90, np.float32)
    cv2.rectangle(grey, (42, 38), (115, 126), 160.0, 2)
    gap = [(60, 126), (115, 60), (60, 38), (42, 60)][side]
    cv2.rectangle(grey, (gap[0] - 4, gap[1] - 4), (gap[0] + (40, 4)[side % 2], gap[1] + (4, 40)[side % 2]), 90.0, -1)
    found = frame_around(cv2.GaussianBlur(grey, (0, 0), 0.8), np.ones(grey.shape, bool))
    assert found is None or found.support < 0.8


def test_noise_has_no_frame() -> None:
    grey = np.random.default_rng(0).normal(100, 25, (WIDE_PX, WIDE_PX)).astype(np.float32)
    found = frame_around(grey, np.ones(grey.shape, bool))
    assert found is None or found.support < 0.6


def test_a_wide_cut_out_keeps_its_scale_at_the_edge_of_the_picture() -> None:
    picture = np.full((200, 400, 3), 200, np.uint8)
    wide = Wide.of(picture, np.array([0, 80, 40, 120], np.float32))
    left = wide.inside[0]
    assert [wide.side, *wide.corner_xy] == [40 * WIDE_FACES, -70, 10]
    assert list(wide.inside) == [round(70 * WIDE_PX / wide.side), 0, WIDE_PX, WIDE_PX]
    assert (wide.grey[:, left:] == 200).all() and (wide.grey[:, :left] == 0).all()
    bottom_right = Wide.of(picture, np.array([360, 160, 400, 200], np.float32))
    assert list(bottom_right.inside) == [0, 0, round(110 * WIDE_PX / 180), round(110 * WIDE_PX / 180)]
    outside = Wide.of(picture, np.array([1800, 80, 1840, 120], np.float32))
    assert not outside.grey.any()
    small = Wide.of(picture, np.array([200, 80, 220, 100], np.float32))
    assert not small.grey.any() and not small.has_face, "of a small face nothing is cut out: it would tell nothing"


def record(surface: float, *, changes: float = 0.05, face_px: float = 60) -> TrackRecord:
    """Two seconds of a face, 10 pictures a second."""
    pts, known = np.arange(20), np.ones(20, np.float32)
    return TrackRecord(
        np.stack([pts, pts + 1], axis=1), np.tile(np.array([[0, 0, 60, 60, 0.9]], np.float32), (20, 1)),
        np.eye(20, dtype=np.float32), known, known * face_px, pts, 0, np.array([0, 0, 60, 60], np.float32),
        np.empty(0, np.uint8), known * changes, (), surface,
    )  # fmt: skip


def test_a_picture_is_still_and_on_a_surface() -> None:
    video = Video("a.mp4", "x", 0, Fraction(10), Fraction(1, 10), False, 0, 20, SIZE_WH, 20)
    assert is_depicted(record(1.0), video)
    assert not is_depicted(record(np.nan), video)  # who only holds still is alive
    assert not is_depicted(record(0.0), video)
    assert not is_depicted(record(1.0, changes=0.5), video)  # somebody who speaks on a screen
    assert not is_depicted(record(1.0, face_px=20), video)


def test_what_two_parts_of_a_track_tell_counts_as_long_as_they_are() -> None:
    first, second = records.cut(record(1.0), 5)
    assert first is not None and second is not None and first.surface == second.surface == 1
    assert records.joined(first, replace(second, surface=np.nan)).surface == 1
    assert records.joined(replace(first, surface=0.0), second).surface == pytest.approx(0.75)
    assert np.isnan(records.joined(replace(first, surface=np.nan), replace(second, surface=np.nan)).surface)


def test_surfaces_are_kept_and_earlier_files_have_none(tmp_path: Path) -> None:
    path = tmp_path / "film.tracks"
    records.write(path, [record(1.0), record(np.nan)], {})
    found, facts, arrays = records.read(path)
    assert found[0].surface == 1 and np.isnan(found[1].surface)
    del arrays["surface"]
    archive.write(path, arrays, facts, schema=records.SCHEMA)
    assert all(np.isnan(one.surface) for one in records.read(path)[0])
