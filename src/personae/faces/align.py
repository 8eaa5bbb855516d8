"""Alignment: each face turned, scaled and moved so that its five landmarks lie where embedders expect them.

The transform is the similarity (rotation, one scale, shift) with the least squared error, in closed form (Umeyama,
IEEE PAMI 13(4), 1991); the positions are the ones InsightFace introduced with ArcFace and OpenCV uses too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from personae.types import Faces, FloatArray, Picture, PixelArray

CROP_PX = 112
"""Width and height of a crop."""

TEMPLATE_XY: FloatArray = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)
"""(5, 2) where the landmarks go in a 112x112 crop, in pixels, in the order of `personae.types.LANDMARKS`."""
TEMPLATE_XY.flags.writeable = False

NO_CROPS: PixelArray = np.empty((0, CROP_PX, CROP_PX, 3), np.uint8)
"""The crops of no faces."""


def similarity(landmarks_xy: FloatArray, template_xy: FloatArray = TEMPLATE_XY) -> NDArray[np.float64]:
    """(n, 5, 2) landmarks to (n, 2, 3) matrices that map the picture onto the crop, least squares, no mirroring."""
    source = np.asarray(landmarks_xy, np.float64)
    target = np.asarray(template_xy, np.float64)
    source_mean = source.mean(axis=1, keepdims=True)
    target_mean = target.mean(axis=0)
    s, t = source - source_mean, target - target_mean
    # In the plane a similarity is [[a, -b], [b, a]] and the least-squares a, b are two sums: no SVD needed.
    norm = np.maximum((s**2).sum(axis=(1, 2)), 1e-12)
    a = (s * t).sum(axis=(1, 2)) / norm
    b = (s[:, :, 0] * t[:, 1] - s[:, :, 1] * t[:, 0]).sum(axis=1) / norm
    linear = np.stack([np.stack([a, -b], axis=1), np.stack([b, a], axis=1)], axis=1)
    shift = target_mean - np.einsum("nij,nj->ni", linear, source_mean[:, 0])
    return np.concatenate([linear, shift[:, :, None]], axis=2)


def crops(picture: Picture, faces: Faces) -> PixelArray:
    """(n, 112, 112, 3) uint8 RGB, one crop per face; what lies outside the picture is black."""
    result = np.zeros((len(faces), CROP_PX, CROP_PX, 3), np.uint8)
    if len(faces):
        import cv2
        for i, matrix in enumerate(similarity(faces.landmarks_xy)):
            cv2.warpAffine(picture.pixels, matrix, (CROP_PX, CROP_PX), dst=result[i], flags=cv2.INTER_LINEAR)
    return result
