"""The prepared networks against OpenCV's own FaceDetectorYN and FaceRecognizerSF on real photos.

OpenCV reads the published int8bq YuNet itself, so the detector is compared from file to boxes, dequantisation and all.
It cannot load the int8bq SFace (its superfluous inputs), so there it is given the prepared file; that the preparation
dequantises rightly is tested against onnx's reference in test_weights.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from personae.faces import align, multiscale, preparation, weights
from personae.faces.sface import SFaceEmbedder
from personae.faces.yunet import YuNetDetector
from personae.media import photos
from personae.types import FloatArray, Picture

MIN_SCORE = 0.7


@pytest.fixture(scope="module")
def ours() -> tuple[YuNetDetector, SFaceEmbedder]:
    return YuNetDetector(), SFaceEmbedder()


@pytest.fixture(scope="module")
def theirs() -> tuple[Any, Any]:
    prepared = preparation.prepared(weights.find("sface"), "embedder")
    assert prepared.path is not None
    detector = cv2.FaceDetectorYN.create(str(weights.find("yunet").path), "", (320, 320), MIN_SCORE, 0.3, 5000)
    return detector, cv2.FaceRecognizerSF.create(str(prepared.path), "")


def opencv_faces(detector: Any, picture: Picture) -> FloatArray:
    """(n, 15) rows of OpenCV: x, y, width, height, five points, score; at the picture's own size."""
    detector.setInputSize(picture.size_wh)
    found = detector.detect(np.ascontiguousarray(picture.pixels[:, :, ::-1]))[1]
    return np.empty((0, 15), np.float32) if found is None else found


def compare(picture: Picture, ours: tuple[YuNetDetector, SFaceEmbedder], theirs: tuple[Any, Any]) -> tuple[int, float]:
    """Faces compared, and the least cosine between our embedding and OpenCV's of the same face."""
    candidates = ours[0].look(picture.pixels, MIN_SCORE)
    faces = candidates[multiscale.suppress(candidates)]
    rows = opencv_faces(theirs[0], picture)
    assert len(rows) == len(faces)
    rows = rows[np.argsort(-rows[:, 14], kind="stable")]
    corners = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], axis=1)
    assert np.abs(corners - faces.boxes_xyxy).max(initial=0) < 1
    assert np.abs(rows[:, 4:14].reshape(-1, 5, 2) - faces.landmarks_xy).max(initial=0) < 1
    assert np.abs(rows[:, 14] - faces.scores).max(initial=0) < 0.01
    bgr = np.ascontiguousarray(picture.pixels[:, :, ::-1])
    features = [theirs[1].feature(theirs[1].alignCrop(bgr, row))[0] for row in rows]
    vectors = ours[1].embed(align.crops(picture, faces))
    cosines = [
        float(vector @ feature / np.linalg.norm(feature)) for vector, feature in zip(vectors, features, strict=True)
    ]
    return len(cosines), min(cosines, default=1.0)


def test_the_photos_that_come_with_packages(
    astronaut: Path, hopper: Path, ours: tuple[YuNetDetector, SFaceEmbedder], theirs: tuple[Any, Any]
) -> None:
    for path in (astronaut, hopper):
        picture = photos.load(path)
        count, cosine = compare(picture, ours, theirs)
        assert count == 1 and cosine >= 0.999, path.name
        # Sizes that are no multiple of 32 must be filled up in the same way.
        cut = Picture(picture.pixels[:-13, 7:-30])
        count, cosine = compare(cut, ours, theirs)
        assert count == 1 and cosine >= 0.999, path.name


@pytest.mark.exhaustive
@pytest.mark.shared
def test_many_photos(shared_data: Path, ours: tuple[YuNetDetector, SFaceEmbedder], theirs: tuple[Any, Any]) -> None:
    paths = [*photos.find(shared_data / "bbt"), *photos.find(shared_data / "friends/cast")]
    paths += list(photos.find(shared_data / "lfw_dev/cast"))[::10]
    results = [compare(photos.load(path), ours, theirs) for path in paths]
    assert sum(count for count, _ in results) > 100
    assert min(cosine for _, cosine in results) >= 0.999
