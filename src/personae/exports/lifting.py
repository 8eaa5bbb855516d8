"""Dark pictures made brighter where they are shown, so that a face in a night scene can be recognised."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

LEAST_MEDIAN = 92
"""Luma, 0 to 255, that half of a picture's pixels shall reach; a picture that does is shown as it is."""
_STRONGEST = 0.45
"""The smallest exponent: more would show noise instead of a face."""
_WHITE = 99.5  # percentile
_NOTHING = 8


def lifted(image: Image.Image) -> Image.Image:
    """A brighter copy of a dark picture, any other as it is.

    One curve for all three colours: the white point by percentile, then a power that brings the median luma to
    `LEAST_MEDIAN`. A bright window in a dark room stays one.
    """
    image = image.convert("RGB")
    luma = np.asarray(image.convert("L"))
    if not luma.size or np.median(luma) >= LEAST_MEDIAN:
        return image
    white, middle = float(np.percentile(luma, _WHITE)), max(float(np.median(luma)), 1.0)
    if white < _NOTHING:  # one colour, or nothing at all: there is nothing to be seen
        return image
    exponent = math.log(LEAST_MEDIAN / 255) / math.log(middle / white) if middle < white else 1.0
    exponent = min(max(exponent, _STRONGEST), 1.0)
    levels = np.clip(np.arange(256) / white, 0, 1) ** exponent * 255
    return image.point(np.round(levels).astype(int).tolist() * 3)
