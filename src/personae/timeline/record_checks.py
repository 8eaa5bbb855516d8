"""Whether the times in a file of tracks can be right."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae.checks import MisfitError
from personae.types import IntArray


def check_times(arrays: dict[str, NDArray[Any]], n: int) -> None:
    """MisfitError unless the times of each of n tracks rise and its faces lie inside it."""
    starts, ends = arrays["box_pts"].T
    check_rising(arrays["box_pts"], arrays["boxes_count"], "box_pts")
    edges = np.cumsum(arrays["boxes_count"])
    first, last = starts[edges - arrays["boxes_count"]], ends[edges - 1]
    face = np.repeat(np.arange(n), arrays["faces_count"])
    best, pts = arrays["best_pts"], arrays["face_pts"]
    outside = (best < first) | (best > last)
    outside[face[(pts < first[face]) | (pts > last[face])]] = True
    if outside.any():
        raise MisfitError(f"face_pts or best_pts: not inside the track {int(outside.argmax())}")


def check_rising(pts: IntArray, counts: IntArray, name: str) -> None:
    """MisfitError unless the times `pts` (m, 2) of each track, `counts` of which are its own, rise."""
    starts, ends = pts.T
    own = np.repeat(np.arange(len(counts)), counts)
    back = (starts > ends) | np.r_[False, (starts[1:] <= starts[:-1]) & (own[1:] == own[:-1])][: len(own)]
    if back.any():
        raise MisfitError(f"{name}: track {own[int(back.argmax())]} goes back")
