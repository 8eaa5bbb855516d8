"""Small copies of an aligned face: what it would look like from far away, for enrolment.

The crop is shrunk to a size in pixels, enlarged again as alignment does with a face in the back of a photo, and
compressed. This is how the small faces were made that the background statistics are of (cosine .97 to theirs).
"""

from __future__ import annotations

import io

import numpy as np

from personae.faces.align import CROP_PX, similarity
from personae.types import Faces, PixelArray

QUALITY = 60
"""Of the JPEG: what small pictures on the web and stills of old films have at worst."""


def small_copies(crops: PixelArray, faces: Faces, sizes_px: tuple[float, ...]) -> PixelArray:
    """(n, k, 112, 112, 3) uint8 RGB: each of n crops as if its face had each of the k `sizes_px`."""
    copies = np.empty((len(crops), len(sizes_px), *crops.shape[1:]), np.uint8)
    if len(crops):
        linear = similarity(faces.landmarks_xy)[:, :, 0]
        in_crop_px = faces.face_px * np.hypot(linear[:, 0], linear[:, 1])
        for face, crop in enumerate(crops):
            for at, px in enumerate(sizes_px):
                copies[face, at] = _shrunk(crop, px / max(float(in_crop_px[face]), 1.0))
    return copies


def _shrunk(crop: PixelArray, scale: float) -> PixelArray:
    import cv2
    from PIL import Image

    side = int(np.clip(round(CROP_PX * scale), 4, CROP_PX))
    small = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA)
    buffer = io.BytesIO()
    enlarged = cv2.resize(small, (CROP_PX, CROP_PX), interpolation=cv2.INTER_LINEAR)
    Image.fromarray(enlarged).save(buffer, "JPEG", quality=QUALITY)
    return np.asarray(Image.open(buffer).convert("RGB"))
