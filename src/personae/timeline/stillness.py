"""How much a face changes from moment to moment: a living one turns, blinks and speaks, a picture of one does not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from personae.types import FloatArray

STILL = 0.34
"""A face that changes more than this from moment to moment is alive (see `usual_change`). One that changes less may be:
listeners come down to .09, and pictures in the dark up to here, for noise."""
FEWEST_CHANGES = 2
STILL_SHARE = 2 / 3
STILL_SHARE_OF_FEW = 3 / 4
FEW_CHANGES = 6


def usual_change(changes: Iterable[float]) -> float:
    """What two thirds of `changes` (see `changes_of`) stay below; NaN where there are too few to tell.

    Who listens is still most of the time, but not all of it; dissolves and landmarks that slip spoil steps. Of few
    changes, three quarters: somebody who listens for two seconds moves once.
    """
    known = sorted(float(change) for change in changes if not math.isnan(change))
    if len(known) < FEWEST_CHANGES:
        return math.nan
    at = (STILL_SHARE if len(known) >= FEW_CHANGES else STILL_SHARE_OF_FEW) * (len(known) - 1)
    below = int(at)
    return known[below] + (at - below) * (known[min(below + 1, len(known) - 1)] - known[below])


def changes_of(crops: Sequence[NDArray[np.uint8]]) -> FloatArray:
    """(k,) root mean square difference of each aligned face to the one before, in standard deviations of grey.

    Each is first laid over the next as a flat thing would be: landmarks tremble when a camera pans or zooms, and a
    photo would seem to live. NaN for the first.
    """
    import cv2

    greys = []
    for crop in crops:
        grey = cv2.cvtColor(cv2.resize(crop, (56, 56), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        greys.append(np.asarray(cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 0.7), np.float32))
    changes = np.full(len(crops), np.nan, np.float32)
    for at, (one, other) in enumerate(pairwise(greys), 1):
        changes[at] = min(_difference(one, each) for each in (other, _laid_over(one, other)))
    return changes


def _difference(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.sqrt(((_middle(one) - _middle(other)) ** 2).mean()))


def _middle(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    middle = grey[14:52, 10:46]
    return np.asarray((middle - middle.mean()) / max(float(middle.std()), 1.0), np.float32)


def _laid_over(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """`other` moved, turned and sheared to fit `one` (Evangelidis and Psarakis 2008); as is where none fits."""
    import cv2

    steps = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 30, 1e-3)
    try:
        _, fit = cv2.findTransformECC(one, other, np.eye(2, 3, dtype=np.float32), cv2.MOTION_AFFINE, steps, None, 3)
    except cv2.error:
        return other
    return np.asarray(cv2.warpAffine(other, fit, one.shape[::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP))
