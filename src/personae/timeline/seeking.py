"""Second looks where a face should be: the detector sees a turned head that it passes over in the whole picture."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from personae.faces import multiscale
from personae.faces.detector import Detector
from personae.timeline.places import SAME_FACE, overlap
from personae.types import Faces, FloatArray, Picture, PixelArray

AROUND_FACES = 3.5
"""So many face sizes around the expected place are looked at,"""
LOOK_PX = 256
"""enlarged or shrunk to this width: of 18 profiles of 20 to 35 px that a much larger detector finds, 17 are found so,
10 at 192 pixels; where there is no face, one look in 300 finds something."""


def sought(detector: Detector, pixels: PixelArray, expected: FloatArray, known: FloatArray) -> Faces:
    """The faces of (h, w, 3) uint8 RGB `pixels` at the `expected` (n, 4) places, at most one each.

    `known` (m, 4): boxes of the faces that were found already. Boxes x1, y1, x2, y2 in pixels.
    """
    found: list[Faces] = []
    for box in expected.astype(np.float64):
        taken = [*known, *(face for faces in found for face in faces.boxes_xyxy)]
        faces = _seen_around(detector, pixels, box)
        faces = faces[np.array([_is_there(each, box, taken) for each in faces.boxes_xyxy], bool)]
        if len(faces):
            found.append(faces[:1])
    return multiscale.concatenate(found) if found else Faces.empty()


def _seen_around(detector: Detector, pixels: PixelArray, box: NDArray[np.float64]) -> Faces:
    """What the detector finds around one box, best first, in the picture's coordinates."""
    import cv2

    height, width = pixels.shape[:2]
    half = max(float(box[2] - box[0]), float(box[3] - box[1]), 1.0) * AROUND_FACES / 2
    centre = (box[:2] + box[2:]) / 2
    left, top = np.clip(np.floor(centre - half), 0, [width, height]).astype(int).tolist()
    right, bottom = np.clip(np.ceil(centre + half), 0, [width, height]).astype(int).tolist()
    part = pixels[top:bottom, left:right]
    if not part.size:
        return Faces.empty()
    scale = LOOK_PX / max(part.shape[:2])
    size = max(round(part.shape[1] * scale), 1), max(round(part.shape[0] * scale), 1)
    how = cv2.INTER_LINEAR if scale > 1 else cv2.INTER_AREA
    faces = detector.detect(Picture(np.asarray(cv2.resize(part, size, interpolation=how), np.uint8)))
    faces = multiscale.scaled(faces, part.shape[1] / size[0], part.shape[0] / size[1])
    corner = np.array([left, top], np.float32)
    return Faces(faces.boxes_xyxy + np.tile(corner, 2), faces.landmarks_xy + corner, faces.scores)


def _is_there(face: FloatArray, box: NDArray[np.float64], taken: Iterable[FloatArray]) -> bool:
    """Whether a found face lies over the expected place, is about as large, and is none of those `taken`."""
    if any(overlap(face.tolist(), each.tolist()) >= SAME_FACE for each in taken):
        return False
    return overlap(face.tolist(), box.tolist()) > 0 and 0.5 <= _size(face) / max(_size(box), 1e-3) <= 2.0


def _size(box: NDArray[np.floating]) -> float:
    return float((box[2:] - box[:2]).mean())
