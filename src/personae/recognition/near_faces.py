"""The nearest of many faces for each of some: blocked products of matrices, never one of all faces with all."""

from __future__ import annotations

import numpy as np

from personae.types import FloatArray, IntArray

LEAST_COSINE = 0.15
"""What is less alike is nobody's neighbour."""
_BLOCK_VALUES = 1 << 24  # cosines at once: 64 MiB
_SAMPLE = 200


def near_pairs(rows: FloatArray, positions: IntArray, most: int) -> IntArray:
    """(m, 2) pairs of rows, the lower first and each once: for each of `positions` (k,) its nearest other rows.

    `rows` (n, d) float32 of unit length; at most some `most` for each position, and none less alike than
    `LEAST_COSINE`.
    """
    n = len(rows)
    if n < 2 or not len(positions):
        return np.empty((0, 2), np.int64)
    least = max(LEAST_COSINE, _usual_distance(rows, positions, most))
    step = max(1, _BLOCK_VALUES // n)
    found = []
    for start in range(0, len(positions), step):
        own = positions[start : start + step]
        cosine = rows[own] @ rows.T
        cosine[np.arange(len(own)), own] = -1
        at, other = np.divmod(np.flatnonzero(cosine.ravel() > least), n)
        keep = _nearest(cosine[at, other], at, len(own), most)
        found.append(own[at[keep]] * n + other[keep])
    one, other = np.divmod(np.concatenate(found), n)
    key = np.unique(np.minimum(one, other) * n + np.maximum(one, other))
    return np.stack(np.divmod(key, n), axis=1)


def _usual_distance(rows: FloatArray, positions: IntArray, most: int) -> float:
    """The cosine beyond which half of the rows have `most` others; what is far from everybody needs no more."""
    n = len(rows)
    if n <= most + 1:
        return -1.0
    sample = positions[:: max(1, len(positions) // _SAMPLE)][: min(_SAMPLE, max(1, _BLOCK_VALUES // n))]
    return float(np.median(np.partition(rows[sample] @ rows.T, n - most - 1, axis=1)[:, n - most - 1]))


def _nearest(cosine: FloatArray, at: IntArray, count: int, most: int) -> IntArray:
    """Which of the pairs stay where each of `count` rows keeps its `most` nearest; `at` (m,) rising."""
    ends = np.cumsum(np.bincount(at, minlength=count))
    crowded = np.flatnonzero(np.diff(ends, prepend=0) > most)
    stays = np.ones(len(at), bool)
    for row in crowded.tolist():
        own = slice(int(ends[row - 1]) if row else 0, int(ends[row]))
        stays[own] = False
        stays[own.start + np.argpartition(-cosine[own], most - 1)[:most]] = True
    return np.flatnonzero(stays)
