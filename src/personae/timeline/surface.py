"""Whether a face is on a surface that moves with it: a photo in its frame, in a hand, on a page, on a screen.

Who holds still may look like paper for seconds, so stillness is no evidence. A picture of somebody has edges, and as
it moves before the camera, or the camera before it, face and edges move as one flat thing, to a tenth of a pixel.
Someone alive before a window, behind a desk, in a car has edges around too; but breath and balance move a head in
front of them all the time. Where nothing moves there is nothing to tell, and a face counts as alive.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personae.timeline.framed import frame_around
from personae.timeline.wide import FACE_PX, WIDE_FACES, WIDE_PX, Wide
from personae.types import FloatArray

FEWEST = 4
"""So many moments at least tell how something moves,"""
MOST = 8
"""and so many are enough."""
MOVED = 0.08
"""How far a face or its size goes in the film's picture before it tells, in face sizes; boxes tremble by less:"""
MOVED_BOX = 0.06
SUPPORT = 0.8
"""How much of each edge of a frame has to be seen."""
APART = 0.1
"""How far a face may move within its frame (root mean square), in pixels of a wide cut-out: .3 % of its size."""
LIKENESS = 0.98
"""Correlation of a face with itself at another moment where it was found again."""
FACE_HALF = round(0.62 * FACE_PX)
EDGE_PX = 4
STEPS = 3


@dataclass(frozen=True)
class Motion:
    """What was measured. `support`: of the frame; `moved`: in the film's picture, in face sizes; `apart`: within the
    frame, in pixels of a wide cut-out; `likeness`: the usual correlation of the face with itself."""

    support: float
    moved: float
    apart: float
    likeness: float


def surface_of(wides: Sequence[Wide]) -> float:
    """1 where a face is on a surface that moves with it, 0 where it moves and is not, NaN where nothing moves."""
    motion = motion_of(wides)
    if motion is None or motion.moved < MOVED:
        return math.nan
    return float(motion.support >= SUPPORT and motion.apart <= APART and motion.likeness >= LIKENESS)


def motion_of(wides: Sequence[Wide]) -> Motion | None:
    """How a face moves, in the film and in its frame; None where it stands, or is seen too few times.

    Cheap things first: most faces stand before a camera that stands, and most others have no frame.
    """
    if len(wides) < FEWEST:
        return None
    wides = [wides[int(at)] for at in np.unique(np.linspace(0, len(wides) - 1, MOST).round())]
    if _box_moved(wides) < MOVED_BOX:
        return None
    seen = [np.prod(np.subtract(wide.inside[2:], wide.inside[:2])) for wide in wides]
    whole = [at for at, area in enumerate(seen) if area >= 0.95 * max(seen)]
    base = wides[whole[len(whole) // 2]]
    grey = _blurred(base)
    frame = frame_around(grey, _seen(base))
    if frame is None or frame.support < SUPPORT:
        return Motion(0.0 if frame is None else frame.support, math.inf, math.inf, 0.0)
    band = frame.band(EDGE_PX) > 0
    places, slips, likeness = [_in_film(base, np.eye(2, 3, dtype=np.float32))], [np.zeros(2)], []
    for wide in wides:
        if wide is base:
            continue
        other = _blurred(wide)
        found = _face_again(grey, other)
        if found is None:
            continue
        likeness.append(found[0])
        places.append(_in_film(wide, found[1]))
        slips.append(_slip(grey, other, band & _seen(base), found[1]))
    if len(slips) < FEWEST:
        return Motion(frame.support, math.inf, math.inf, 0.0)
    slip = np.array(slips)
    off = np.sqrt(((slip - slip.mean(axis=0)) ** 2).sum(axis=1).mean())
    went = np.array(places)
    far = np.sqrt(((went - went.mean(axis=0)) ** 2).sum(axis=2)).max() * WIDE_FACES / base.side
    return Motion(frame.support, float(far), float(off), float(np.median(likeness)))


def _box_moved(wides: Sequence[Wide]) -> float:
    """How far the box went from its usual place, or how much it grew, in face sizes."""
    sides = np.array([wide.side for wide in wides])
    middles = np.array([wide.corner_xy for wide in wides]) + sides[:, None] / 2
    usual = float(np.median(sides))
    far = np.sqrt(((middles - np.median(middles, axis=0)) ** 2).sum(axis=1)).max() * WIDE_FACES / usual
    return float(max(far, np.abs(sides / usual - 1).max()))


def _blurred(wide: Wide) -> NDArray[np.float32]:
    """As large as it is: a part that is blurred alone has other edges, and seems to lie elsewhere."""
    import cv2

    return np.asarray(cv2.GaussianBlur(wide.grey.astype(np.float32), (0, 0), 0.8), np.float32)


def _seen(wide: Wide) -> NDArray[np.bool_]:
    left, top, right, bottom = wide.inside
    seen = np.zeros((WIDE_PX, WIDE_PX), bool)
    seen[top:bottom, left:right] = True
    return seen


def _in_film(wide: Wide, fit: FloatArray) -> NDArray[np.float64]:
    """(4, 2) where the corners of the face are in the film's picture."""
    half = FACE_PX / 2
    corners = WIDE_PX / 2 + half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    here = corners @ fit[:, :2].T + fit[:, 2]
    return np.asarray(np.array(wide.corner_xy) + (here + 0.5) * wide.side / WIDE_PX, np.float64)


def _face_again(base: NDArray[np.float32], other: NDArray[np.float32]) -> tuple[float, NDArray[np.float32]] | None:
    """Correlation and affine map (2, 3) from the face of `base` to `other`."""
    low, high = WIDE_PX // 2 - FACE_HALF, WIDE_PX // 2 + FACE_HALF
    found = _fitted(base[low:high, low:high], other, np.array([[1, 0, low], [0, 1, low]], np.float32), None)
    if found is None:
        return None
    likeness, fit = found
    fit[:, 2] -= fit[:, :2] @ np.array([low, low], np.float32)
    return likeness, fit


def _slip(
    base: NDArray[np.float32], other: NDArray[np.float32], band: NDArray[np.bool_], fit: NDArray[np.float32]
) -> NDArray[np.float64]:
    """(2,) how far the frame is from where it would be if it moved as the face does (Lucas and Kanade 1981), in pixels.

    A shift alone, since lean and nearness change both sides of a flat frame alike.
    """
    import cv2

    off = np.zeros(2)
    for _ in range(STEPS):
        moved = fit.copy()
        moved[:, 2] += fit[:, :2] @ off.astype(np.float32)
        here = cv2.warpAffine(
            other,
            moved,
            (WIDE_PX, WIDE_PX),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        gx = (cv2.Sobel(here, cv2.CV_32F, 1, 0, ksize=3) / 8)[band].astype(np.float64)
        gy = (cv2.Sobel(here, cv2.CV_32F, 0, 1, ksize=3) / 8)[band].astype(np.float64)
        left = (base - here)[band].astype(np.float64)
        left -= left.mean()
        square = np.array([[gx @ gx, gx @ gy], [gx @ gy, gy @ gy]]) + 1e-6 * np.eye(2)
        off += np.linalg.solve(square, np.array([gx @ left, gy @ left]))
    return off


def _fitted(
    base: NDArray[np.float32], other: NDArray[np.float32], guess: NDArray[np.float32], mask: NDArray[np.uint8] | None
) -> tuple[float, NDArray[np.float32]] | None:
    """Evangelidis and Psarakis (2008); None where it does not converge."""
    import cv2

    steps = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 50, 1e-6)
    try:
        likeness, fit = cv2.findTransformECC(base, other, guess.copy(), cv2.MOTION_AFFINE, steps, mask, 1)
    except cv2.error:
        return None
    return float(likeness), np.asarray(fit, np.float32)
