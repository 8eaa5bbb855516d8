"""A face with much of what is around it, small and grey: enough to see what it hangs on, and whether that moves."""

from __future__ import annotations

import math
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
FACE_HALF = round(0.56 * FACE_PX)
"""From the middle to the edges of a square that has all of the face."""


@dataclass(frozen=True, eq=False)
class Wide:
    """`grey` (160, 160) uint8 shows the square of the film's picture from `corner_xy` on, `side` film pixels wide.

    The face is in the middle, so the square may reach beyond the picture: `inside` (left, top, right, bottom, in pixels
    of `grey`, half-open) is the part that was seen, the rest is dark.
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
        side = max(round(max(x2 - x1, y2 - y1, 1.0) * WIDE_FACES), 1)
        left, top = round((x1 + x2 - side) / 2), round((y1 + y2 - side) / 2)
        height, width = pixels.shape[:2]
        part = pixels[max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)]
        grey = np.zeros((side, side), np.uint8)
        if part.size:
            y, x = max(-top, 0), max(-left, 0)
            grey[y : y + part.shape[0], x : x + part.shape[1]] = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY)
        scale = WIDE_PX / side
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        small = np.asarray(cv2.resize(grey, (WIDE_PX, WIDE_PX), interpolation=how), np.uint8)
        first = (math.ceil(max(-left, 0) * scale), math.ceil(max(-top, 0) * scale))
        last = (math.floor((width - left) * scale), math.floor((height - top) * scale))
        inside = (*np.minimum(first, WIDE_PX).tolist(), *np.clip(last, 0, WIDE_PX).tolist())
        return cls(small, (float(left), float(top)), float(side), inside)

    @property
    def has_face(self) -> bool:
        """Whether all of the face was in the film's picture."""
        low, high = WIDE_PX // 2 - FACE_HALF, WIDE_PX // 2 + FACE_HALF
        return all(edge <= low for edge in self.inside[:2]) and all(edge >= high for edge in self.inside[2:])

    @property
    def seen(self) -> NDArray[np.bool_]:
        """(160, 160) what was in the film's picture."""
        left, top, right, bottom = self.inside
        seen = np.zeros((WIDE_PX, WIDE_PX), bool)
        seen[top:bottom, left:right] = True
        return seen
