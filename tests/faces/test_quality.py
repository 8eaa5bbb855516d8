"""Quality tells sharp from blurred, bright from dark, frontal from profile; fairly to size and light."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from personae.faces import align, fake, quality
from personae.faces.yunet import YuNetDetector
from personae.media import photos
from personae.settings import Settings
from personae.types import Faces, Picture, PixelArray, Quality, Reason

Change = Callable[[PixelArray, float], PixelArray]
"""Pixels and the face's size in pixels to other pixels of the same picture."""


@pytest.fixture(scope="module")
def yunet() -> YuNetDetector:
    return YuNetDetector()


def centre_face(picture: Picture, faces: Faces) -> Faces:
    """The face nearest to the picture's centre."""
    middle = (faces.boxes_xyxy[:, :2] + faces.boxes_xyxy[:, 2:]) / 2
    return faces[int(np.linalg.norm(middle - np.array(picture.size_wh) / 2, axis=1).argmin())]


def assessed(picture: Picture, faces: Faces, change: Change | None = None) -> Quality:
    """The quality of `faces` in the changed picture, at the landmarks of the unchanged one."""
    if change is not None:
        picture = Picture(change(picture.pixels, float(faces.face_px[0])))
    return quality.assess(align.crops(picture, faces), faces)


def blurred(pixels: PixelArray, face_px: float) -> PixelArray:
    result: PixelArray = cv2.GaussianBlur(pixels, (0, 0), 0.05 * face_px)
    return result


def dimmed(pixels: PixelArray, face_px: float) -> PixelArray:
    return (pixels * 0.1).astype(np.uint8)


def dimmed_to_a_third(pixels: PixelArray, face_px: float) -> PixelArray:
    return (pixels / 3).astype(np.uint8)


def test_good_photos_have_no_reasons_and_bad_copies_have_theirs(
    yunet: YuNetDetector, astronaut: Path, hopper: Path
) -> None:
    for path in (astronaut, hopper):
        picture = photos.load(path)
        faces = yunet.detect(picture)
        good = assessed(picture, faces)
        assert good.reasons == ((),) and good.score[0] > 0.5
        for change, reason in ((blurred, Reason.BLURRY), (dimmed, Reason.TOO_DARK)):
            bad = assessed(picture, faces, change)
            assert bad.reasons == ((reason,),) and bad.score[0] < good.score[0]


def test_sharpness_is_fair_to_light_and_size(yunet: YuNetDetector, astronaut: Path, hopper: Path) -> None:
    for path in (astronaut, hopper):
        picture = photos.load(path)
        faces = yunet.detect(picture)
        sharp = assessed(picture, faces).sharpness[0]
        assert 0.8 < assessed(picture, faces, dimmed_to_a_third).sharpness[0] / sharp < 1.25
        assert assessed(picture, faces, blurred).sharpness[0] < sharp / 5
        factor = 40 / float(faces.face_px[0])
        small = Picture(cv2.resize(picture.pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))
        shrunk = Faces(faces.boxes_xyxy * factor, (faces.landmarks_xy + 0.5) * factor - 0.5, faces.scores)
        assert assessed(small, shrunk).reasons == ((),)
        assert (
            Reason.BLURRY in assessed(small, shrunk, lambda pixels, _: cv2.GaussianBlur(pixels, (0, 0), 3)).reasons[0]
        )


def face(*, size: float = 100, score: float = 0.9, nose: float = 0.0, tilt: float = 0.0) -> Faces:
    """A face of that size with its nose off the middle of the eyes by `nose` eye distances, tilted in the picture."""
    points = np.array([[-0.5, 0], [0.5, 0], [nose, 0.5], [-0.4, 1], [0.4, 1]]) * size / 2
    angle = np.deg2rad(tilt)
    points = points @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) + 200
    box = np.array([[200 - size / 2, 200 - size / 2, 200 + size / 2, 200 + size / 2]])
    return Faces(box.astype(np.float32), points[None].astype(np.float32), np.array([score], np.float32))


CROP = fake.draw_face("anyone", align.CROP_PX)[None]


@pytest.mark.parametrize(
    ("faces", "reason"),
    [
        (face(size=20), Reason.FACE_TOO_SMALL),
        (face(score=0.72), Reason.LOW_DETECTION_SCORE),
        (face(nose=0.9), Reason.EXTREME_POSE),
        (face(nose=-0.9), Reason.EXTREME_POSE),
        (face(nose=-0.9, tilt=80), Reason.EXTREME_POSE),
    ],
)
def test_each_threshold_gives_its_reason(faces: Faces, reason: Reason) -> None:
    assert quality.assess(CROP, faces).reasons == ((reason,),)
    assert quality.assess(CROP, face()).reasons == ((),)


@pytest.mark.parametrize("tilt", [0, 45, 90, 180, -120])
def test_yaw_is_signed_and_does_not_see_tilt(tilt: float) -> None:
    for nose in (-0.6, 0.0, 0.3):
        assert quality.yaw_of(face(nose=nose, tilt=tilt).landmarks_xy)[0] == pytest.approx(nose, abs=1e-3)


def test_a_profile_whose_eyes_fall_together_is_extreme_not_infinite() -> None:
    points = face().landmarks_xy.copy()
    points[0, 1] = points[0, 0]
    points[0, 2] += (40, 0)
    yaw = quality.yaw_of(points)
    assert np.isfinite(yaw).all()


def test_thresholds_come_from_the_settings() -> None:
    measured = quality.assess(CROP, face(size=50, score=0.8, nose=0.5))
    scores = np.array([0.8], np.float32)
    assert quality.enrolment_reasons(measured, scores) == ((),)
    strict = Settings(min_enroll_px=60, min_enroll_score=0.9, min_sharpness=50, min_brightness=250, max_yaw=0.2)
    assert set(quality.enrolment_reasons(measured, scores, strict)[0]) == {
        Reason.FACE_TOO_SMALL,
        Reason.LOW_DETECTION_SCORE,
        Reason.BLURRY,
        Reason.TOO_DARK,
        Reason.EXTREME_POSE,
    }


def test_no_faces_have_no_quality() -> None:
    assert len(quality.assess(align.NO_CROPS, Faces.empty())) == 0


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_plain_crop_is_finite_and_blurred(level: int) -> None:
    measured = quality.assess(np.full((1, 112, 112, 3), level, np.uint8), face())
    assert np.isfinite(measured.score).all() and Reason.BLURRY in measured.reasons[0]


@pytest.mark.exhaustive
@pytest.mark.shared
def test_thresholds_on_many_photos(yunet: YuNetDetector, shared_data: Path) -> None:
    """All of the 40 small crops enrol, of the others nearly all; of their blurred and darkened copies nearly none."""
    for folder, least in (("bbt/cast", 1.0), ("friends/cast", 1.0), ("lfw_dev/cast", 0.98)):
        paths = list(photos.find(shared_data / folder))
        good, kept = 0, dict.fromkeys((blurred, dimmed), 0)
        for path in paths:
            picture = photos.load(path)
            faces = centre_face(picture, yunet.detect(picture))
            good += not assessed(picture, faces).reasons[0]
            for change in kept:
                kept[change] += not assessed(picture, faces, change).reasons[0]
        assert good >= least * len(paths), folder
        assert all(count <= 0.01 * len(paths) for count in kept.values()), folder
