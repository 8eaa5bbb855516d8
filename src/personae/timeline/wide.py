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
LEAST_PX = 24.0
"""Of a smaller face nothing is cut out: it tells nothing, and many are small."""
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
        """Around one face of `pixels` (h, w, 3) RGB; empty, and nothing seen, where that is below `LEAST_PX`."""
        import cv2

        middle_x, middle_y = (float(value) for value in (box_xyxy[:2] + box_xyxy[2:]) / 2)
        largest = max(*(float(value) for value in box_xyxy[2:] - box_xyxy[:2]), 1.0)
        side = round(largest * WIDE_FACES)
        left, top = round(middle_x - side / 2), round(middle_y - side / 2)
        if largest < LEAST_PX:
            return cls(np.zeros((WIDE_PX, WIDE_PX), np.uint8), (float(left), float(top)), float(side), (0, 0, 0, 0))
        height, width = pixels.shape[:2]
        x1, y1 = max(left, 0), max(top, 0)
        x2, y2 = max(min(left + side, width), x1), max(min(top + side, height), y1)
        scale = WIDE_PX / side
        inside = tuple(round(edge * scale) for edge in (x1 - left, y1 - top, x2 - left, y2 - top))
        size = (inside[2] - inside[0], inside[3] - inside[1])
        grey = np.zeros((WIDE_PX, WIDE_PX), np.uint8)
        if min(size) > 0:
            part = cv2.cvtColor(pixels[y1:y2, x1:x2], cv2.COLOR_RGB2GRAY)
            how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            grey[inside[1] : inside[3], inside[0] : inside[2]] = cv2.resize(part, size, interpolation=how)
        return cls(grey, (float(left), float(top)), float(side), (inside[0], inside[1], inside[2], inside[3]))

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
