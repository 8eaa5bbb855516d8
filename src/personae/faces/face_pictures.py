"""A small picture of each face with what is around it, for people who check a cast: JPEG, never enlarged."""

from __future__ import annotations

import io

import numpy as np

from personae.types import FloatArray, Picture, PixelArray

LARGEST_PX = 160
"""Of a side."""
ROUND_A_FACE = 1.6
"""Side of what is shown, in sides of the face's box: hair and chin."""
JPEG_QUALITY = 82


def face_picture(picture: Picture, box_xyxy: FloatArray) -> bytes:
    """The bytes of a JPEG file of the face in `box_xyxy` (4,): square, where the picture is large enough."""
    from PIL import Image

    with io.BytesIO() as file:
        Image.fromarray(_shrunk(_around(picture.pixels, box_xyxy))).save(file, "JPEG", quality=JPEG_QUALITY)
        return file.getvalue()


def _around(pixels: PixelArray, box_xyxy: FloatArray) -> PixelArray:
    """The part of a picture to show, moved into it, so that no rim is black."""
    x1, y1, x2, y2 = (float(side) for side in box_xyxy)
    height, width = pixels.shape[:2]
    side = int(max(1.0, min(max(x2 - x1, y2 - y1) * ROUND_A_FACE, width, height)))
    left = int(min(max((x1 + x2 - side) / 2, 0.0), width - side))
    top = int(min(max((y1 + y2 - side) / 2, 0.0), height - side))
    return pixels[top : top + side, left : left + side]


def _shrunk(pixels: PixelArray) -> PixelArray:
    import cv2

    if pixels.shape[0] <= LARGEST_PX:
        return np.ascontiguousarray(pixels)
    return np.asarray(cv2.resize(pixels, (LARGEST_PX, LARGEST_PX), interpolation=cv2.INTER_AREA), np.uint8)
