"""Whether a face is on a surface that moves with it: a photo in its frame, in a hand, on a page, on a screen.

Who holds still may look like paper for seconds, so stillness is no evidence. A picture of somebody has edges, and as
it moves before the camera, or the camera before it, face and edges move as one flat thing, to a tenth of a pixel.
Someone alive before a window, behind a desk, in a car has edges around too; but breath and balance move a head in
front of them all the time. Where nothing moves there is less to tell, and more is asked: a face in a frame that does
not change, nor slip by a twentieth of a pixel. In doubt a face counts as alive.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from personae.timeline.framed import Frame, frame_around
from personae.timeline.wide import FACE_HALF, FACE_PX, WIDE_FACES, WIDE_PX, Wide
from personae.types import FloatArray

FEWEST = 4
"""So many moments at least tell how something moves,"""
MOST = 8
"""and so many are enough."""
MOVED = 0.04
"""How far a face or its size goes in the film's picture before it tells, in face sizes, by its box and then exactly."""
SUPPORT = 0.8
"""How much of each edge of a frame has to be seen."""
SLIP = 0.12
"""How far a face may slip in its frame in most moments, in pixels of a wide cut-out: .3 % of its size. Of what was
drawn to choose by (benchmarks/film/living.py), 9 of 10 framed pictures slip less, and people .18 at least."""
STANDS_SLIP = 0.05
"""The same before a camera that stands, where nothing is resampled: pictures to choose by slip .04, people .1."""
STANDS_CHANGE = 0.1
"""What a face may change there from moment to moment (see `usual_change`): pictures to choose by change .053."""
MOST_MOMENTS = 2 / 3
"""A frame may be half hidden, a face blurred, in a third of all moments."""
LIKENESS = 0.98
"""Correlation of a face with itself at another moment where it was found again."""
WHOLE = 0.95
"""What is seen at least of the surroundings in the moment that others are compared with, beside the moment of most."""
UNLIKE = 0.3
"""A moment so much less like the others (correlation) than the most usual one is spoiled."""
EDGE_PX = 4
STEPS = 6


@dataclass(frozen=True)
class Motion:
    """What was measured. `support`: the frame's; `moved`: in the film's picture, in face sizes, by the box where no
    frame was found; `slip`: of the face in the frame, in pixels of a wide cut-out; `likeness`: the usual correlation of
    the face with itself."""

    support: float
    moved: float
    slip: float = math.inf
    likeness: float = 0.0


def surface_of(wides: Sequence[Wide], change: float) -> float:
    """1 where a face is on a surface that moves with it, 0 where it moves and is not, NaN where that is not told.

    `change`: the face's usual one from moment to moment.
    """
    motion = motion_of(wides, also_standing=change <= STANDS_CHANGE)
    if motion is None:
        return math.nan
    moves = motion.moved >= MOVED
    fits = motion.support >= SUPPORT and motion.slip <= (SLIP if moves else STANDS_SLIP) and motion.likeness >= LIKENESS
    return float(fits) if fits or moves else math.nan


def motion_of(wides: Sequence[Wide], *, also_standing: bool = False) -> Motion | None:
    """How a face moves, in the film and in its frame; None where it is seen too few times, or stands.

    Cheap things first: most faces stand before a camera that stands, and most others have no frame. `also_standing`:
    faces that stand are looked at too.
    """
    wides = [wide for wide in wides if wide.has_face]
    if len(wides) < FEWEST:
        return None
    wides = [wides[int(at)] for at in np.unique(np.linspace(0, len(wides) - 1, MOST).round())]
    box_moved = _box_moved(wides)
    if box_moved < MOVED and not also_standing:
        return None
    base = _usual(wides)
    grey = _smooth(base)
    frame = frame_around(grey, base.seen)
    if frame is None or frame.support < SUPPORT:
        return Motion(0.0 if frame is None else frame.support, box_moved)
    again = [(wide, found) for wide in wides if wide is not base and (found := _face_again(grey, wide)) is not None]
    if len(again) + 1 < FEWEST:
        return Motion(frame.support, box_moved)
    places = [_in_film(base, np.eye(2, 3, dtype=np.float32)), *(_in_film(wide, fit) for wide, (_, fit) in again)]
    went = np.array(places)
    far = np.sqrt(((went - went.mean(axis=0)) ** 2).sum(axis=2)).max() * WIDE_FACES / base.side
    slip = _slip(grey, base, frame, [(wide, fit) for wide, (_, fit) in again])
    return Motion(frame.support, float(far), slip, float(np.median([likeness for _, (likeness, _) in again])))


def _box_moved(wides: Sequence[Wide]) -> float:
    """How far the box went from its usual place, or how much it grew, in face sizes."""
    sides = np.array([wide.side for wide in wides])
    middles = np.array([wide.corner_xy for wide in wides]) + sides[:, None] / 2
    usual = float(np.median(sides))
    far = np.sqrt(((middles - np.median(middles, axis=0)) ** 2).sum(axis=1)).max() * WIDE_FACES / usual
    return float(max(far, np.abs(sides / usual - 1).max()))


def _usual(wides: Sequence[Wide]) -> Wide:
    """The middle one of the moments in which most is seen, but for those unlike the others: a dissolve spoils some."""
    import cv2

    small = np.stack([cv2.resize(wide.grey, (20, 20), interpolation=cv2.INTER_AREA) for wide in wides])
    flat = small.reshape(len(wides), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
    alike = np.median(flat @ flat.T, axis=1)
    usual = [wide for wide, how in zip(wides, alike, strict=True) if how >= alike.max() - UNLIKE]
    sizes = [int(wide.seen.sum()) for wide in usual]
    whole = [wide for wide, size in zip(usual, sizes, strict=True) if size >= WHOLE * max(sizes)]
    return whole[len(whole) // 2]


def _smooth(wide: Wide) -> NDArray[np.float32]:
    """All of it: a part that is smoothed alone has other edges, and seems to lie elsewhere."""
    import cv2

    return np.asarray(cv2.GaussianBlur(wide.grey.astype(np.float32), (0, 0), 0.8), np.float32)


def _in_film(wide: Wide, fit: FloatArray) -> NDArray[np.float64]:
    """(4, 2) where the corners of the face are in the film's picture."""
    half = FACE_PX / 2
    corners = WIDE_PX / 2 + half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    here = corners @ fit[:, :2].T + fit[:, 2]
    return np.asarray(np.array(wide.corner_xy) + (here + 0.5) * wide.side / WIDE_PX, np.float64)


def _face_again(base: NDArray[np.float32], wide: Wide) -> tuple[float, NDArray[np.float32]] | None:
    """Correlation and affine map (2, 3) from the face of `base` to `wide` (Evangelidis and Psarakis 2008)."""
    import cv2

    low, high = WIDE_PX // 2 - FACE_HALF, WIDE_PX // 2 + FACE_HALF
    face, guess = base[low:high, low:high], np.array([[1, 0, low], [0, 1, low]], np.float32)
    steps = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 50, 1e-6)
    try:
        likeness, found = cv2.findTransformECC(face, _smooth(wide), guess, cv2.MOTION_AFFINE, steps, None, 1)
    except cv2.error:  # nothing there that is like it
        return None
    fit = np.asarray(found, np.float32)
    fit[:, 2] -= fit[:, :2] @ np.array([low, low], np.float32)
    return float(likeness), fit


def _slip(
    grey: NDArray[np.float32], base: Wide, frame: Frame, again: Sequence[tuple[Wide, NDArray[np.float32]]]
) -> float:
    """How far the face slips in its frame in most moments, in pixels.

    The frame of a picture on a wall only shifts with the face; one that a hand turns leans too. What a shift explains
    is not asked about leaning, which is less exact.
    """
    edges, least = frame.edges(EDGE_PX) & base.seen, math.inf
    for leaning in (False, True):
        slips = np.array([np.zeros(2), *(_frame_from_face(grey, wide, edges, fit, leaning) for wide, fit in again)])
        off = np.sqrt(((slips - np.median(slips, axis=0)) ** 2).sum(axis=1))
        least = min(least, float(np.quantile(off, MOST_MOMENTS)))
        if least <= SLIP:
            break
    return least


@cache
def _from_face() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(160, 160) each: x and y from the middle of the face, in face sizes."""
    ys, xs = np.mgrid[:WIDE_PX, :WIDE_PX]
    return (xs - WIDE_PX / 2) / FACE_PX, (ys - WIDE_PX / 2) / FACE_PX


def _frame_from_face(
    base: NDArray[np.float32], wide: Wide, edges: NDArray[np.bool_], fit: NDArray[np.float32], leaning: bool
) -> NDArray[np.float64]:
    """(2,) how far the frame is from where it would be if it moved as the face does, in pixels (Lucas and Kanade 1981).

    `leaning`: the two ways in which a flat thing leans are found beside the shift, and do not count.
    """
    import cv2

    grey, there = _smooth(wide), wide.seen.astype(np.uint8)
    size, middle = (WIDE_PX, WIDE_PX), WIDE_PX / 2
    x, y = _from_face()
    from_face = np.vstack([fit, [0, 0, 1]]) @ np.array([[1, 0, middle], [0, 1, middle], [0, 0, 1]])
    to_face = np.array([[1, 0, -middle], [0, 1, -middle], [0, 0, 1]])
    way = np.zeros(5)  # shift in pixels, light, lean per face size
    for _ in range(STEPS):
        moved = np.array([[1, 0, way[0]], [0, 1, way[1]], [way[3] / FACE_PX, way[4] / FACE_PX, 1]])
        matrix, inverse = from_face @ moved @ to_face, cv2.WARP_INVERSE_MAP
        here = cv2.warpPerspective(
            grey, matrix, size, flags=cv2.INTER_LINEAR | inverse, borderMode=cv2.BORDER_REPLICATE
        )
        known = edges & (cv2.warpPerspective(there, matrix, size, flags=cv2.INTER_NEAREST | inverse) > 0)
        gx = (cv2.Sobel(here, cv2.CV_32F, 1, 0, ksize=3) / 8)[known].astype(np.float64)
        gy = (cv2.Sobel(here, cv2.CV_32F, 0, 1, ksize=3) / 8)[known].astype(np.float64)
        if 2 * gx.size < edges.sum():
            return np.full(2, WIDE_PX, np.float64)
        outwards = -FACE_PX * (gx * x[known] + gy * y[known])
        slopes = np.stack([gx, gy, np.ones_like(gx), outwards * x[known], outwards * y[known]])
        used = 5 if leaning else 3
        left = (base - here)[known].astype(np.float64)
        slopes = slopes[:used]
        way[:used] += np.linalg.solve(slopes @ slopes.T + 1e-3 * np.eye(used), slopes @ left)
    # The face was found without leaning, and seems to lie where this is right for it on average.
    return way[:2] - way[3:] * FACE_HALF**2 / FACE_PX / 3
