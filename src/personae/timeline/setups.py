"""Camera set-ups: a film cuts away and comes back, and whoever sits where somebody sat is probably the same person."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from personae.timeline.looking import same_place
from personae.timeline.records import TrackRecord
from personae.types import IntArray, PixelArray

SAME_SET_UP = 0.85
"""Correlation of two tiny pictures from which on they show one set-up."""
WITHIN_S = 60.0
CLEAR_S = 0.75
"""So far from a track's ends the pictures are compared: in a dissolve its ends are of both shots, and alike."""


def same_place_bonus(
    records: Sequence[TrackRecord], look_pts: IntArray, tiny: PixelArray, second_pts: float, bonus: float
) -> NDArray[np.float64]:
    """(n, n) `bonus` for each two tracks of which one begins where the other ended, in the same set-up, soon after.

    `look_pts` (m,) and `tiny` (m, h, w) uint8: a tiny picture of each look; `second_pts`: a second in pts.
    """
    n = len(records)
    result = np.zeros((n, n))
    if not n or not len(look_pts):
        return result
    flat = tiny.reshape(len(tiny), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
    clear = round(CLEAR_S * second_pts)
    begin, last = np.array([(record.start_pts, int(record.box_pts[-1, 0])) for record in records]).T
    first_look = np.searchsorted(look_pts, np.minimum(begin + clear, last))
    last_look = np.searchsorted(look_pts, np.maximum(last - clear, begin))
    starts = np.array([record.start_pts for record in records])
    first_boxes = np.stack([record.boxes[0, :4] for record in records])
    for i, record in enumerate(records):
        pause = starts - record.end_pts
        later = np.flatnonzero((pause >= 0) & (pause <= WITHIN_S * second_pts))
        if not len(later):
            continue
        there = same_place(record.boxes[-1:, :4], first_boxes[later])[0]
        alike = flat[first_look[later].clip(0, len(flat) - 1)] @ flat[min(int(last_look[i]), len(flat) - 1)]
        same = later[there & (alike >= SAME_SET_UP)]
        result[i, same] = result[same, i] = bonus
    return result
