"""The frame of a picture: four straight edges that close around a face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personae.timeline.wide import FACE_PX, WIDE_PX
from personae.types import FloatArray

SLOPES_DEG = np.arange(-26.0, 27.0, 2.0)
"""How askew an edge may be: a photo leans, and who is on it leans the head."""
SAME_SLOPE_DEG = 12.0
NEAREST, FARTHEST = 0.55, 2.15
"""How far each edge is from the face's middle, in face sizes."""
CANDIDATES = 5
SHORTEST = 0.6
"""An edge is so long at least, in face sizes,"""
LONG = 1.2
"""and from here on all are long. Half of what is tried are the longest, half the nearest long ones: lines of print are
longer than the edge of a photo among them."""
LEAST_STEP = 3.0
"""What an edge changes over a pixel at least, in grey levels; and in standard deviations of the noise:"""
LEAST_STEP_NOISE = 4.0
POINTS = 40
"""Places on each edge that are looked at."""


@dataclass(frozen=True, eq=False)
class Frame:
    """`corners` (4, 2) x, y from upper left on clockwise, in pixels of a wide cut-out; `support`: the least share of
    any of the four edges that can be seen."""

    corners: FloatArray
    support: float

    def edges(self, width: int) -> NDArray[np.bool_]:
        """(160, 160) the four edges and `width` pixels around."""
        import cv2

        mask = np.zeros((WIDE_PX, WIDE_PX), np.uint8)
        cv2.polylines(mask, [np.round(self.corners).astype(np.int32)], True, 1, 2 * width + 1)
        return np.asarray(mask > 0, np.bool_)


def frame_around(grey: FloatArray, seen: NDArray[np.bool_]) -> Frame | None:
    """The best closed frame around the middle of `grey` (160, 160) float32; None where four edges cannot be found.

    `seen` (160, 160): what is inside the film's picture.
    """
    import cv2

    gx = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3) / 4
    gy = cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=3) / 4
    safe = cv2.erode(seen.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=0) > 0
    noise = float(np.median(np.abs(cv2.Laplacian(grey, cv2.CV_32F)[safe]))) / 0.6745 / 4.5 if safe.any() else 0.0
    least = max(LEAST_STEP, LEAST_STEP_NOISE * noise)
    upright = _Edges.of(gx, gy, safe, least)
    level = _Edges.of(gy.T, gx.T, safe.T, least)
    sides = upright.lines(-1), level.lines(-1), upright.lines(1), level.lines(1)
    if not all(len(side) for side in sides):
        return None
    left, top, right, bottom = sides
    # Level lines are found in the turned picture: there x is y.
    top, bottom = (np.stack([side[:, 1], side[:, 0], side[:, 2]], axis=1) for side in (top, bottom))
    lt, rt = _meet(left, top), _meet(right, top)
    lb, rb = _meet(left, bottom), _meet(right, bottom)
    n = (len(left), len(top), len(right), len(bottom))
    l_, t_, r_, b_ = np.ix_(*(np.arange(size) for size in n))
    seen_left = upright.support(lt[:, :, None], lb[:, None, :])  # (l, t, b)
    seen_right = upright.support(rt[:, :, None], rb[:, None, :])
    seen_top = level.support(lt.transpose(1, 0, 2)[:, :, None, ::-1], rt.transpose(1, 0, 2)[:, None, :, ::-1])
    seen_bottom = level.support(lb.transpose(1, 0, 2)[:, :, None, ::-1], rb.transpose(1, 0, 2)[:, None, :, ::-1])
    every = np.stack(np.broadcast_arrays(
        seen_left[l_, t_, b_], seen_top[t_, l_, r_], seen_right[r_, t_, b_], seen_bottom[b_, l_, r_]
    ))  # fmt: skip
    worth = every.min(axis=0) + 0.2 * every.mean(axis=0)
    at = np.unravel_index(int(worth.argmax()), worth.shape)
    li, ti, ri, bi = (int(value) for value in at)
    corners = np.stack([lt[li, ti], rt[ri, ti], rb[ri, bi], lb[li, bi]]).astype(np.float32)
    return Frame(corners, float(every.min(axis=0)[at]))


@dataclass(frozen=True, eq=False)
class _Edges:
    """Edges that run about upright: where (`map`, thickened), which pixels, and how each leans."""

    map: NDArray[np.uint8]
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    lean_deg: NDArray[np.float32]
    known: NDArray[np.bool_]

    @classmethod
    def of(
        cls, across: NDArray[np.float32], along: NDArray[np.float32], safe: NDArray[np.bool_], least: float
    ) -> _Edges:
        import cv2

        across, along = np.ascontiguousarray(across), np.ascontiguousarray(along)
        size = np.abs(across)
        thin = size >= np.maximum(np.roll(size, 1, axis=1), np.roll(size, -1, axis=1))
        edge = thin & safe & (size > least) & (np.abs(along) < size * np.tan(np.radians(38)))
        y, x = np.nonzero(edge)
        lean = np.degrees(np.arctan(along[y, x] / across[y, x]))
        thick = cv2.dilate(edge.astype(np.uint8), np.ones((3, 3), np.uint8))
        return cls(np.asarray(thick, np.uint8), x.astype(np.float32), y.astype(np.float32),
                   lean.astype(np.float32), np.asarray(safe, np.bool_))  # fmt: skip

    def lines(self, side: int) -> NDArray[np.float64]:
        """(n, 3) lines a x + b y = c left of the middle (`side` -1) or right of it (1), long and near ones first."""
        middle = WIDE_PX / 2
        found: list[tuple[float, float, float]] = []
        for slope in SLOPES_DEG:
            a, b = np.cos(np.radians(slope)), np.sin(np.radians(slope))
            near = np.abs(self.lean_deg - slope) < SAME_SLOPE_DEG
            away = (side * (a * (self.x[near] - middle) + b * (self.y[near] - middle))).astype(np.float64)
            away = away[(away > NEAREST * FACE_PX) & (away < FARTHEST * FACE_PX)]
            counts = np.bincount(np.round(away).astype(int), minlength=WIDE_PX)
            counts[1:-1] += counts[:-2] // 2 + counts[2:] // 2
            for at in np.flatnonzero(counts >= SHORTEST * FACE_PX):
                found.append((float(counts[at]), -float(at), float(slope)))
        kept: list[tuple[float, float, float]] = []
        for order in (sorted(found, reverse=True), sorted(found, key=_near, reverse=True)):
            most = len(kept) + CANDIDATES
            for one in order:
                if all(abs(one[1] - other[1]) > 2.5 or abs(one[2] - other[2]) > 7 for other in kept):
                    kept.append(one)
                if len(kept) == most:
                    break
        lines = np.empty((len(kept), 3))
        for row, (_, nearness, slope) in enumerate(kept):
            a, b = np.cos(np.radians(slope)), np.sin(np.radians(slope))
            lines[row] = a, b, a * middle + b * middle - side * nearness
        return lines

    def support(self, start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of each stretch from `start` to `end` (..., 2) that is edge; what lies outside does not count if it is
        less than half."""
        steps = ((np.arange(POINTS) + 0.5) / POINTS)[:, None]
        start, end = np.broadcast_arrays(start, end)
        points = start[..., None, :] + (end - start)[..., None, :] * steps
        x, y = np.clip(np.round(points).astype(int), -1, WIDE_PX).transpose(-1, *range(points.ndim - 1))
        inside = (x >= 0) & (y >= 0) & (x < WIDE_PX) & (y < WIDE_PX)
        x, y = np.where(inside, x, 0), np.where(inside, y, 0)
        inside &= self.known[y, x]
        hits = (self.map[y, x] > 0) & inside
        count = inside.sum(axis=-1)
        return np.asarray(np.where(2 * count >= POINTS, hits.sum(axis=-1) / np.maximum(count, 1), 0.0), np.float64)


def _near(line: tuple[float, float, float]) -> tuple[float, float]:
    """Length, as far as it tells, and nearness."""
    return min(line[0], LONG * FACE_PX), line[1]


def _meet(uprights: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, m, 2) where n lines meet m others."""
    a, b, c = uprights[:, None].transpose(2, 0, 1)
    d, e, f = levels[None].transpose(2, 0, 1)
    det = a * e - b * d
    det = np.where(np.abs(det) < 1e-6, 1e-6, det)
    return np.stack([(c * e - b * f) / det, (a * f - c * d) / det], axis=-1)
