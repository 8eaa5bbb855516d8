"""How far a face can be trusted: its size, sharpness, light and pose, and the reasons not to enrol it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from personae.faces.align import CROP_PX
from personae.settings import Settings
from personae.types import Faces, FloatArray, PixelArray, Quality, Reason

_GREY = np.array([0.299, 0.587, 0.114], np.float32)  # luma weights of ITU-R BT.601
_GOOD_PX = 80.0
"""Above this face size more pixels no longer help an embedder that looks at 112x112."""


def assess(crops: PixelArray, faces: Faces, settings: Settings | None = None) -> Quality:
    """The quality of `faces` with their `crops` (n, 112, 112, 3) uint8 RGB; thresholds come from `settings`."""
    if not len(faces):
        return Quality.empty()
    settings = settings or Settings()
    grey = crops.astype(np.float32) @ _GREY
    face_px = faces.face_px
    sharpness = sharpness_of(grey, face_px)
    brightness = _middle(grey).mean(axis=(1, 2))
    yaw = yaw_of(faces.landmarks_xy)
    quality = Quality(face_px, sharpness, brightness, yaw, faces.scores, tuple(() for _ in range(len(faces))))
    return Quality(
        face_px,
        sharpness,
        brightness,
        yaw,
        _score(quality, faces.scores, settings),
        enrolment_reasons(quality, faces.scores, settings),
    )


def enrolment_reasons(
    quality: Quality, scores: FloatArray, settings: Settings | None = None
) -> tuple[tuple[Reason, ...], ...]:
    """Per face the codes that keep it from being enrolled; an empty tuple means it may be.

    `scores` (n,): the detector's. Thresholds: `min_enroll_px`, `min_sharpness`, `min_brightness`,
    `min_enroll_score`, `max_yaw` of `settings`.
    """
    settings = settings or Settings()
    tests = (
        (Reason.FACE_TOO_SMALL, quality.face_px < settings.min_enroll_px),
        (Reason.BLURRY, quality.sharpness < settings.min_sharpness),
        (Reason.TOO_DARK, quality.brightness < settings.min_brightness),
        (Reason.LOW_DETECTION_SCORE, scores < settings.min_enroll_score),
        (Reason.EXTREME_POSE, np.abs(quality.yaw) > settings.max_yaw),
    )
    return tuple(tuple(code for code, failed in tests if failed[i]) for i in range(len(quality)))


def yaw_of(landmarks_xy: FloatArray) -> FloatArray:
    """(n, 5, 2) landmarks to (n,): the nose's distance from the middle of the eyes along the line of the eyes."""
    right, left, nose = (landmarks_xy[:, at].astype(np.float64) for at in range(3))
    axis = left - right
    length = np.maximum(np.linalg.norm(axis, axis=1), 1e-3)
    offset = ((nose - (right + left) / 2) * axis).sum(axis=1) / length**2
    result: FloatArray = np.clip(offset, -99, 99).astype(np.float32)
    return result


def sharpness_of(grey: NDArray[np.float32], face_px: FloatArray) -> FloatArray:
    """(n, 112, 112) grey crops to (n,): variance of the Laplacian over variance of the grey levels, of their middles.

    Fair to light, since both variances grow alike with contrast, and to size: crops are compared at half size, those of
    faces that had fewer pixels at the size they had, so that an enlarged small face does not count as blurred.
    """
    import cv2

    result = np.empty(len(grey), np.float32)
    for at, (crop, size) in enumerate(zip(grey, face_px, strict=True)):
        side = int(np.clip(round(float(size)), 12, CROP_PX // 2))
        small = _middle(cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA))
        laplacian = small[:-2, 1:-1] + small[2:, 1:-1] + small[1:-1, :-2] + small[1:-1, 2:] - 4 * small[1:-1, 1:-1]
        result[at] = laplacian.var() / max(float(small.var()), 1.0)
    return result


def _middle(crops: NDArray[np.float32]) -> NDArray[np.float32]:
    """The part of (..., s, s) crops that is face: brows to lower lip, without hair, background and black margin."""
    side = crops.shape[-1]
    top, bottom, left, right = (round(side * part) for part in (0.33, 0.91, 0.22, 0.78))
    return crops[..., top:bottom, left:right]


def _score(quality: Quality, scores: FloatArray, settings: Settings) -> FloatArray:
    """One number 0..1: the product of how far each measure is on its way from bad to as good as it gets."""
    parts = (
        scores,
        quality.face_px / _GOOD_PX,
        quality.sharpness / max(4 * settings.min_sharpness, 1e-6),
        quality.brightness / max(2 * settings.min_brightness, 1e-6),
        1.5 - np.abs(quality.yaw) / settings.max_yaw,
    )
    result: FloatArray = np.prod([np.clip(part, 0.0, 1.0) for part in parts], axis=0, dtype=np.float32)
    return result
