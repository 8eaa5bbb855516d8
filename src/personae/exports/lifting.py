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
_BLACK, _WHITE = 1.0, 99.5  # percentiles


def lifted(image: Image.Image) -> Image.Image:
    """A brighter copy of a dark picture, any other as it is.

    One curve for all three colours: black and white points by percentile, then a power that brings the median luma to
    `LEAST_MEDIAN`.
    """
    image = image.convert("RGB")
    luma = np.asarray(image.convert("L"))
    if not luma.size or np.median(luma) >= LEAST_MEDIAN:
        return image
    black, white = np.percentile(luma, (_BLACK, _WHITE))
    middle, wide = float(np.median(luma) - black), float(white - black)
    if wide < 8:  # one colour, or nothing at all: there is nothing to be seen
        return image
    # A picture that is not dark as a whole keeps its white point: a bright window stays one.
    exponent = math.log(LEAST_MEDIAN / 255) / math.log(max(middle, 1.0) / wide) if middle < wide else 1.0
    exponent = min(max(exponent, _STRONGEST), 1.0)
    levels = np.clip((np.arange(256) - black) / wide, 0, 1) ** exponent * 255
    return image.point(np.round(levels).astype(int).tolist() * 3)
