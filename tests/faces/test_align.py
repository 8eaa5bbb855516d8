"""Landmarks land on the template, whatever the face's size, angle and place; large faces are averaged, not sampled."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from personae.faces import align
from personae.types import Faces, FloatArray, Picture


def faces_at(*landmarks: FloatArray) -> Faces:
    n = len(landmarks)
    return Faces(np.zeros((n, 4), np.float32), np.stack(landmarks).astype(np.float32), np.ones(n, np.float32))


def placed(scale: float, degrees: float, shift: tuple[float, float]) -> FloatArray:
    """The template scaled, turned and moved: landmarks of a face that fits it perfectly."""
    angle = np.deg2rad(degrees)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    result: FloatArray = (align.TEMPLATE_XY @ turn.T + shift).astype(np.float32)
    return result


@pytest.mark.parametrize("scale", [0.1, 1.0, 7.3])
@pytest.mark.parametrize("degrees", [0, 30, 180, -95])
def test_a_similar_face_is_mapped_onto_the_template_exactly(scale: float, degrees: float) -> None:
    landmarks = placed(scale, degrees, (300, -40))
    matrix = align.similarity(landmarks[None])[0]
    assert np.allclose(landmarks @ matrix[:, :2].T + matrix[:, 2], align.TEMPLATE_XY, atol=1e-3)


def test_it_is_the_least_squares_similarity_without_mirroring() -> None:
    rng = np.random.default_rng(0)
    source = (align.TEMPLATE_XY + rng.normal(0, 5, (5, 2))).astype(np.float32)
    matrix = align.similarity(source[None])[0]
    assert np.isclose(matrix[0, 0], matrix[1, 1]) and np.isclose(matrix[0, 1], -matrix[1, 0])
    # The normal equations of [[a, -b, x], [b, a, y]], solved the general way.
    rows = [row for x, y in source for row in ([x, -y, 1, 0], [y, x, 0, 1])]
    a, b, x, y = np.linalg.lstsq(np.array(rows), align.TEMPLATE_XY.ravel().astype(float), rcond=None)[0]
    assert np.allclose(matrix, [[a, -b, x], [b, a, y]], atol=1e-4)
    mirrored = align.TEMPLATE_XY * (-1, 1)
    assert np.linalg.det(align.similarity(mirrored[None])[0][:, :2]) > 0


def dots(landmarks: FloatArray, size_wh: tuple[int, int], radius: int) -> Picture:
    pixels = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    for x, y in landmarks:
        cv2.circle(pixels, (round(float(x)), round(float(y))), radius, (255, 128, 0), -1)
    return Picture(pixels)


@pytest.mark.parametrize("scale", [0.6, 1.0, 1.9, 2.1, 3.0, 6.5, 15.0])
@pytest.mark.parametrize("degrees", [0, 25])
def test_what_is_at_the_landmarks_comes_to_the_template(scale: float, degrees: float) -> None:
    landmarks = placed(scale, degrees, (40 * scale, 60 * scale))
    picture = dots(landmarks, (int(230 * scale), int(260 * scale)), max(1, round(4 * scale)))
    crop = align.crops(picture, faces_at(landmarks))[0]
    assert crop.shape == (112, 112, 3) and crop.dtype == np.uint8
    for x, y in align.TEMPLATE_XY:
        around = crop[round(float(y)) - 9 : round(float(y)) + 10, round(float(x)) - 9 : round(float(x)) + 10, 0]
        weight = around.astype(float)
        rows, columns = np.indices(around.shape)
        centre_xy = (columns * weight).sum() / weight.sum(), (rows * weight).sum() / weight.sum()
        target = np.array([x - round(float(x)) + 9, y - round(float(y)) + 9])
        assert np.abs(np.array(centre_xy) - target).max() < (1.0 if scale < 1 else 0.6)
    assert crop[:, :, 0].max() > 200 and crop[:, :, 2].max() == 0  # the colours stay in their channels


def test_down_to_a_quarter_of_its_size_it_equals_opencvs_warp() -> None:
    rng = np.random.default_rng(0)
    pixels = cv2.GaussianBlur(rng.integers(0, 255, (400, 500, 3), np.uint8), (0, 0), 2)
    for scale, shift in ((0.4, (30, 30)), (1.0, (200, 150)), (1.9, (100, 100)), (3.9, (-20, 9)), (1.0, (-60, 340))):
        landmarks = placed(scale, 10, shift)
        wanted = cv2.warpAffine(pixels, align.similarity(landmarks[None])[0], (112, 112), flags=cv2.INTER_LINEAR)
        crop = align.crops(Picture(pixels), faces_at(landmarks))[0]
        assert np.abs(crop.astype(int) - wanted).max() <= 1


def test_a_large_noisy_face_is_averaged() -> None:
    rng = np.random.default_rng(0)
    noise = np.clip(rng.normal(128, 40, (1400, 1400, 3)), 0, 255).astype(np.uint8)
    landmarks = placed(8, 0, (200, 200))
    sampled = cv2.warpAffine(noise, align.similarity(landmarks[None])[0], (112, 112), flags=cv2.INTER_LINEAR)
    averaged = align.crops(Picture(noise), faces_at(landmarks))[0]
    assert averaged.std() < sampled.std() / 3


def test_outside_the_picture_is_black() -> None:
    white = Picture(np.full((60, 60, 3), 255, np.uint8))
    crop = align.crops(white, faces_at(placed(1, 0, (-56, -56))))[0]  # its lower right quarter is in the picture
    assert (crop[58:110, 58:110] == 255).all() and (crop[:54] == 0).all() and (crop[:, :54] == 0).all()
    gone = align.crops(white, faces_at(placed(1, 0, (5000, -9000))))[0]
    assert (gone == 0).all()


def test_no_faces_no_crops() -> None:
    assert align.crops(Picture(np.zeros((9, 9, 3), np.uint8)), Faces.empty()).shape == (0, 112, 112, 3)


def test_landmarks_in_one_point_or_not_finite_give_a_black_crop() -> None:
    white = Picture(np.full((60, 60, 3), 255, np.uint8))
    one_point = np.full((5, 2), 30, np.float32)
    nowhere = np.full((5, 2), np.nan, np.float32)
    assert (align.crops(white, faces_at(one_point, nowhere)) == 0).all()


def test_pictures_wider_than_opencv_can_warp() -> None:
    pixels = np.zeros((130, 40_000, 3), np.uint8)
    landmarks = placed(1, 0, (39_000, 5))
    for x, y in landmarks:
        pixels[round(float(y)) - 1 : round(float(y)) + 2, round(float(x)) - 1 : round(float(x)) + 2] = 255
    crop = align.crops(Picture(pixels), faces_at(landmarks))[0]
    assert all(crop[round(float(y)), round(float(x)), 0] > 100 for x, y in align.TEMPLATE_XY)
