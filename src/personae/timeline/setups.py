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
"""So far from their ends two tracks are compared of which one follows the other at once: in a dissolve both ends are
mixtures of both shots, and alike. Others are compared at their ends, where a moving camera left and came back."""


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
    first, final = flat[_looks_at(look_pts, begin)], flat[_looks_at(look_pts, last)]
    first_clear = flat[_looks_at(look_pts, np.minimum(begin + clear, last))]
    final_clear = flat[_looks_at(look_pts, np.maximum(last - clear, begin))]
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
        at_once = starts[later] == record.end_pts
        alike = np.where(at_once, first_clear[later] @ final_clear[i], first[later] @ final[i])
        same = later[there & (alike >= SAME_SET_UP)]
        pairs.append(np.stack([np.full(len(same), i), same], axis=1))
    return np.concatenate(pairs)


def _looks_at(look_pts: IntArray, pts: IntArray) -> IntArray:
    """(n,) the number of the look at or after each pts."""
    return np.searchsorted(look_pts, pts).clip(0, len(look_pts) - 1).astype(np.int64)
