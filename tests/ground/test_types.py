from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from personae.progress import Progress
from personae.types import AnalyzedFaces, Faces, Picture, Quality, Reason, percent


def faces(n: int) -> Faces:
    boxes = np.stack([np.arange(n) * 10, np.zeros(n), np.arange(n) * 10 + 8, np.full(n, 12)], axis=1)
    return Faces(boxes.astype(np.float32), np.zeros((n, 5, 2), np.float32), np.linspace(1, 0.5, n, dtype=np.float32))


def quality(n: int) -> Quality:
    values = np.arange(n, dtype=np.float32)
    return Quality(values, values, values, values, values, ((Reason.BLURRY,),) * n)


def test_no_face_is_a_value() -> None:
    assert len(Faces.empty()) == 0 and Faces.empty().face_px.shape == (0,)
    assert len(Quality.empty()) == 0


@pytest.mark.parametrize(
    ("boxes", "landmarks", "scores"),
    [((3, 4), (2, 5, 2), (2,)), ((2, 4), (2, 4, 2), (2,)), ((2, 5), (2, 5, 2), (2,)), ((2, 4), (2, 5, 2), (2, 1))],
)
def test_shapes_are_checked_when_made(boxes: Any, landmarks: Any, scores: Any) -> None:
    with pytest.raises(ValueError, match="has shape"):
        Faces(np.zeros(boxes), np.zeros(landmarks), np.zeros(scores))


def test_arrays_cannot_be_written_to_and_the_callers_stay_writable() -> None:
    mine = np.zeros((2, 3, 3), np.uint8)
    picture = Picture(mine)
    with pytest.raises(ValueError, match="read-only"):
        picture.pixels[0, 0, 0] = 1
    mine[0, 0, 0] = 1
    assert picture.size_wh == (3, 2)


@pytest.mark.parametrize("index", [1, slice(1, 2), [1], np.array([False, True, False])])
def test_faces_can_be_selected(index: Any) -> None:
    chosen = faces(3)[index]
    assert len(chosen) == 1 and chosen.boxes_xyxy[0, 0] == 10
    assert chosen.face_px[0] == 10.0


def test_analyzed_faces_keep_their_parts_together() -> None:
    plain = faces(2)
    analyzed = AnalyzedFaces(
        plain.boxes_xyxy, plain.landmarks_xy, plain.scores,
        embeddings=np.eye(2, 4, dtype=np.float32), quality=quality(2), embedder="fake", size_wh=(9, 9),
    )  # fmt: skip
    second = analyzed[1]
    assert second.embeddings[0, 1] == 1 and second.quality.face_px[0] == 1 and second.embedder == "fake"
    with pytest.raises(ValueError, match="quality is of 1 faces"):
        AnalyzedFaces(
            plain.boxes_xyxy, plain.landmarks_xy, plain.scores,
            embeddings=np.eye(2, 4, dtype=np.float32), quality=quality(1), embedder="fake", size_wh=(9, 9),
        )  # fmt: skip


def test_progress_reads_as_text() -> None:
    assert str(Progress("photos", 3, 10, "a.jpg")) == "photos 3/10 a.jpg"
    assert str(Progress("photos", 3)) == "photos 3"
    assert str(Progress("film", 1, 13, "1.4x, 9 s left")) == "film: 1 of 13 seconds, 1.4x, 9 s left"
    assert str(Progress("fetch", 12)) == "fetch: 12 bytes" and str(Progress("waiting", 0)) == "waiting 0"


def test_percent_never_rounds_up_to_certainty() -> None:
    assert percent(0.99999) == "99%" and percent(0.99999, 1) == "99.9%" and percent(1.0) == "100%"
    assert percent(0.29) == "29%"
