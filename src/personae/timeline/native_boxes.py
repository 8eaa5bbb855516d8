"""The boxes of all tracks of a timeline's file: most of it, so all are checked at once and not one by one."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from personae.checks import MisfitError, require
from personae.timeline.timeline import Box, Track

FARTHEST_PX = 1e7
"""How far a box may lie from the picture's corner; faces at the edge reach beyond it."""
ROUNDING = 1e-3
"""What a stored share may be beyond 1."""


class BoxNumbers:
    """The boxes of all tracks as plain numbers: `pts` (n,), and five `values` of each."""

    def __init__(self) -> None:
        self._pts, self._values = array("q"), array("d")

    def take(self, rows: list[Any], at: str) -> tuple[Box, ...]:
        """The boxes of one track."""
        if not rows or set(map(type, rows)) != {list} or set(map(len, rows)) != {6}:
            raise MisfitError(f"{at} is not a list of pts, x1, y1, x2, y2, score")
        values = list(chain.from_iterable(rows))
        pts = values[::6]
        del values[::6]
        kinds = set(map(type, values))
        if set(map(type, pts)) != {int} or not kinds <= {int, float}:
            raise MisfitError(f"{at}: a pts is not a whole number, or another value not a number")
        try:
            self._pts.extend(pts)
            self._values.extend(values)
        except OverflowError:
            raise MisfitError(f"{at}: a number is far too large") from None
        if kinds == {float}:
            return tuple(map(tuple, rows))
        return tuple((row[0], *map(float, row[1:])) for row in rows)

    def check(self, tracks: Sequence[Track]) -> None:
        """MisfitError unless every box lies inside its track in time, and can lie in or beside a picture."""
        counts = [len(track.boxes) for track in tracks]
        pts = np.frombuffer(self._pts, np.int64) if counts else np.empty(0, np.int64)
        values = np.frombuffer(self._values).reshape(-1, 5) if counts else np.empty((0, 5))
        own = np.repeat(np.arange(len(tracks)), counts)
        starts, ends = (
            np.array([getattr(track, name) for track in tracks], np.int64) for name in ("start_pts", "end_pts")
        )
        boxes, scores = values[:, :4], values[:, 4]
        wrong = {
            "a pts lies outside the track": (pts < starts[own]) | (pts > ends[own]),
            "pts go back": np.r_[False, (np.diff(pts) < 0) & (np.diff(own) == 0)][: len(pts)],
            f"a value lies beyond {FARTHEST_PX:g}": ~(np.abs(boxes) <= FARTHEST_PX).all(axis=1),
            "a score lies outside 0 to 1": ~((scores >= 0) & (scores <= 1 + ROUNDING)),
            "a box ends before it begins": (boxes[:, :2] > boxes[:, 2:]).any(axis=1),
        }
        for what, where in wrong.items():
            require(not where.any(), f"tracks[{own[int(where.argmax())] if len(own) else 0}].boxes: {what}")
