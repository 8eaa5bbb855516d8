"""A face that speaks is told from one that may be a photo, though landmarks tremble when the camera moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from personae.timeline.records import TrackRecord, cut, without_mixtures
from personae.timeline.stillness import STILL, changes_of
from tests.film_maker import head

Crop = NDArray[np.uint8]


@pytest.fixture(scope="module")
def face(astronaut: Path) -> Crop:
    return np.asarray(cv2.resize(head(astronaut)[70:190, 35:155], (112, 112), interpolation=cv2.INTER_AREA), np.uint8)


def trembling(face: Crop, seed: int) -> Crop:
    """The face as it is cut out with landmarks a few pixels off."""
    rng = np.random.default_rng(seed)
    matrix = np.array([[1, 0, 0], [0, 1, 0]]) + rng.normal(0, [0.02, 0.02, 2.0], (2, 3))
    return np.asarray(cv2.warpAffine(face, matrix, (112, 112), borderMode=cv2.BORDER_REFLECT), np.uint8)


def speaking(face: Crop, seed: int) -> Crop:
    """The lower half of the face drawn out at odd seeds, as a mouth opens."""
    ys, xs = np.mgrid[:112, :112].astype(np.float32)
    open_by = (14 if seed % 2 else 0) * np.exp(-(((xs - 56) / 25) ** 2) - ((ys - 85) / 18) ** 2)
    moved = cv2.remap(face, xs, (ys - open_by).astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(moved, np.uint8)


def record(crops: Sequence[Crop]) -> TrackRecord:
    """A track of the faces, one a picture."""
    k = len(crops)
    pts, nothing = np.arange(k), np.zeros(k, np.float32)
    return TrackRecord(
        np.stack([pts, pts + 1], axis=1), np.zeros((k, 5), np.float32), np.zeros((k, 4), np.float32), nothing, nothing,
        pts, 0, np.zeros(4, np.float32), np.empty(0, np.uint8), changes_of(crops),
    )  # fmt: skip


def stillness_of(crops: Sequence[Crop]) -> float:
    return record(crops).stillness


def test_the_sides_of_a_cut_have_a_stillness_each(face: Crop) -> None:
    living = [speaking(face, seed) for seed in range(6)]
    before, after = cut(record([face] * 6 + living), 6)
    assert before is not None and after is not None
    assert before.stillness < STILL < after.stillness
    assert len(after.box_changes) == 6 and np.isnan(after.box_changes[0])


def test_faces_in_a_dissolve_tell_nothing(face: Crop) -> None:
    crops = [np.full_like(face, 90), speaking(face, 1), *[face] * 4]
    whole = replace(record(crops), embeddings=np.eye(6, dtype=np.float32), weights=np.arange(6, dtype=np.float32))
    clear = without_mixtures(whole, [(-20, -9), (0, 2), (50, 60)])
    assert clear.face_pts.tolist() == clear.weights.tolist() == [2, 3, 4, 5] and len(clear.embeddings) == 4
    assert len(clear.boxes) == 6 and np.isnan(clear.box_changes[:2]).all()
    assert clear.stillness < whole.stillness
    assert without_mixtures(whole, [(6, 9)]) is whole
    assert without_mixtures(whole, [(0, 9)]) is whole  # there is nothing else to know it by
    poor = replace(whole, embeddings=np.eye(2, dtype=np.float32), face_pts=np.arange(2), weights=np.ones(2, np.float32))
    poor = replace(poor, face_px=np.ones(2, np.float32))
    assert len(without_mixtures(poor, [(0, 2)]).embeddings) == 0  # but this one is mostly seen outside


def test_a_photo_is_still_however_the_camera_moves(face: Crop) -> None:
    assert stillness_of([trembling(face, seed) for seed in range(8)]) < STILL


def test_a_face_that_speaks_is_not_still(face: Crop) -> None:
    assert stillness_of([trembling(speaking(face, seed), seed) for seed in range(8)]) > STILL


def test_a_listener_who_moves_only_now_and_then_is_not_still(face: Crop) -> None:
    crops = [face] * 4 + [speaking(face, seed) for seed in (1, 2, 3, 4)]
    assert stillness_of(crops) > STILL


def test_a_photo_of_which_some_moments_are_spoiled_is_still(face: Crop) -> None:
    """A dissolve at its end, landmarks that slip."""
    crops = [face] * 9 + [np.full_like(face, 90), speaking(face, 1)]
    assert stillness_of(crops) < STILL


def test_two_faces_do_not_tell(face: Crop) -> None:
    assert np.isnan(stillness_of([face, face]))


def test_who_listens_for_two_seconds_and_moves_once_lives(face: Crop) -> None:
    still = np.full(12, 0.08, np.float32)
    listens, photo, spoiled = still[:4].copy(), still[:4], still.copy()
    listens[3] = 0.47
    spoiled[:3] = 0.5  # a dissolve, landmarks that slip
    of = [replace(record([face] * 3), box_changes=changes).stillness for changes in (listens, photo, spoiled)]
    assert of[0] > 2 * max(of[1], of[2])
