"""Camera set-ups: a film cuts away and comes back, and whoever sits where somebody sat is probably the same person."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from personae.timeline.looking import same_place
from personae.timeline.records import TrackRecord
from personae.types import IntArray, PixelArray

SAME_SET_UP = 0.85
"""Correlation of two tiny pictures from which on they show one set-up."""
WITHIN_S = 60.0
CLEAR_S = 0.75
"""So far from a track's ends the pictures are compared: in a dissolve its ends are of both shots, and alike."""


def in_same_place(records: Sequence[TrackRecord], look_pts: IntArray, tiny: PixelArray, second_pts: float) -> IntArray:
    """(k, 2) each two tracks of which one begins where the other ended, in the same set-up, soon after.

    `look_pts` (m,) and `tiny` (m, h, w) uint8: a tiny picture of each look; `second_pts`: a second in pts.
    """
    if not len(records) or not len(look_pts):
        return np.empty((0, 2), np.int64)
    flat = tiny.reshape(len(tiny), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
    clear = round(CLEAR_S * second_pts)
    begin, last = np.array([(record.start_pts, int(record.box_pts[-1, 0])) for record in records]).T
    first_look = np.searchsorted(look_pts, np.minimum(begin + clear, last))
    last_look = np.searchsorted(look_pts, np.maximum(last - clear, begin))
    starts = np.array([record.start_pts for record in records])
    first_boxes = np.stack([record.boxes[0, :4] for record in records])
    order = np.argsort(starts, kind="stable")
    in_order = starts[order]
    pairs = [np.empty((0, 2), np.int64)]
    for i, record in enumerate(records):
        soon = record.end_pts, record.end_pts + WITHIN_S * second_pts
        later = order[np.searchsorted(in_order, soon[0]) : np.searchsorted(in_order, soon[1], "right")]
        if not len(later):
            continue
        there = same_place(record.boxes[-1:, :4], first_boxes[later])[0]
        alike = flat[first_look[later].clip(0, len(flat) - 1)] @ flat[min(int(last_look[i]), len(flat) - 1)]
        same = later[there & (alike >= SAME_SET_UP)]
        pairs.append(np.stack([np.full(len(same), i), same], axis=1))
    return np.concatenate(pairs)
