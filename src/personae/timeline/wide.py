"""A face with much of what is around it, small and grey: enough to see what it hangs on, and whether that moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personae.types import PixelArray

WIDE_PX = 160
"""Width and height of a wide cut-out."""
WIDE_FACES = 4.5
"""How much of the picture it shows, in face sizes: a portrait in its frame, head and shoulders."""
FACE_PX = WIDE_PX / WIDE_FACES
"""So many of its pixels a face is high or wide, whichever is more."""


@dataclass(frozen=True, eq=False)
class Wide:
    """`grey` (160, 160) uint8 shows the square of the film's picture from `corner_xy` on, `side` film pixels wide.

    The face is in the middle, so the square may reach beyond the picture: `inside` (left, top, right, bottom, in pixels
    of `grey`, half-open) is the part that was seen, the rest is 0.
    """

    grey: NDArray[np.uint8]
    corner_xy: tuple[float, float]
    side: float
    inside: tuple[int, int, int, int]

    @classmethod
    def of(cls, pixels: PixelArray, box_xyxy: NDArray[np.float32]) -> Wide:
        """Around one face of `pixels` (h, w, 3) RGB."""
        import cv2

        x1, y1, x2, y2 = (float(value) for value in box_xyxy)
        side = max(x2 - x1, y2 - y1, 1.0) * WIDE_FACES
        height, width = pixels.shape[:2]
        left, top = round((x1 + x2 - side) / 2), round((y1 + y2 - side) / 2)
        side = max(round(side), 1)
        scale = WIDE_PX / side
        # Whole pixels of the cut-out, so that its grid is the same wherever the picture ends.
        edges = [
            int(np.clip(np.ceil((0 - left) * scale), 0, WIDE_PX)),
            int(np.clip(np.ceil((0 - top) * scale), 0, WIDE_PX)),
            int(np.clip(np.floor((width - left) * scale), 0, WIDE_PX)),
            int(np.clip(np.floor((height - top) * scale), 0, WIDE_PX)),
        ]
        grey = np.zeros((WIDE_PX, WIDE_PX), np.uint8)
        if edges[0] < edges[2] and edges[1] < edges[3]:
            part = pixels[max(top, 0) : min(top + side, height), max(left, 0) : min(left + side, width)]
            shrink = int(1 / scale)
            offset = np.array([max(left, 0) - left, max(top, 0) - top], np.float64)
            if shrink > 1:  # averaged, since the warp looks at single pixels
                size = (max(part.shape[1] // shrink, 1), max(part.shape[0] // shrink, 1))
                ratio = np.array([part.shape[1] / size[0], part.shape[0] / size[1]])
                part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
            else:
                ratio = np.ones(2)
            # From pixels of the cut-out to those of `part`, centres of pixels being whole numbers.
            matrix = np.zeros((2, 3))
            matrix[0, 0], matrix[1, 1] = 1 / (scale * ratio)
            matrix[:, 2] = (0.5 / scale - offset) / ratio - 0.5
            how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            warped = cv2.warpAffine(part, matrix, (WIDE_PX, WIDE_PX), flags=how, borderMode=cv2.BORDER_REPLICATE)
            rows, columns = slice(edges[1], edges[3]), slice(edges[0], edges[2])
            grey[rows, columns] = cv2.cvtColor(warped, cv2.COLOR_RGB2GRAY)[rows, columns]
        return cls(grey, (float(left), float(top)), float(side), (edges[0], edges[1], edges[2], edges[3]))
