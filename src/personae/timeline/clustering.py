"""Which tracks show one person: agglomerative clustering, the number of people not given.

Two clusters are as alike as the mean of two cosines: of their pooled embeddings (what all their faces agree on), and
of their most alike faces (which meet in pose and light, where the pooled ones may not: a profile knows a profile).
Clusters merge, most alike first, until none are alike enough. Tracks that are on screen together never merge.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from personae.recognition.prototypes import unit
from personae.types import FloatArray, IntArray

ALIKE = 0.42
"""How alike two clusters are at least that are one person; of two strangers with five faces each one pair in some
thousands gets there."""
MOST_ALIKE_FACES = 3
MOST_SUPPORT = 3.0
"""A long track weighs at most so much in its cluster, so that it does not drown the others' poses."""


def cluster(
    pooled: FloatArray,
    support: NDArray[np.float64],
    faces: Sequence[FloatArray],
    apart: NDArray[np.bool_],
    least: float = ALIKE,
    *,
    bonus: NDArray[np.float64] | None = None,
) -> IntArray:
    """(n,) cluster numbers, in order of their first track, of n tracks.

    `pooled` (n, d) unit length; `support` (n,) how much each is worth; `faces`: unit embeddings (k, d) of each;
    `apart` (n, n): tracks that are not one person; `bonus` (n, n): cosine that other evidence adds to a pair.
    """
    n = len(pooled)
    if not n:
        return np.empty(0, np.int64)
    sums = pooled.astype(np.float64) * np.minimum(support, MOST_SUPPORT)[:, None]
    vectors = unit(sums)
    closest = most_alike(faces) + (0 if bonus is None else 2 * bonus)
    apart = apart | np.eye(n, dtype=bool)
    alike = (vectors @ vectors.T + closest) / 2
    alike[apart] = -np.inf
    owner = np.arange(n)
    best = alike.max(axis=1)
    while True:
        a = int(best.argmax())
        if best[a] < least:
            break
        b = int(alike[a].argmax())
        a, b = min(a, b), max(a, b)
        owner[owner == b] = a
        sums[a] += sums[b]
        vectors[a] = unit(sums[a])
        closest[a] = closest[:, a] = np.maximum(closest[a], closest[b])
        apart[a] |= apart[b]
        apart[:, a] = apart[a]
        row = np.where(apart[a], -np.inf, (vectors @ vectors[a] + closest[a]) / 2)
        row[alike[:, a] == -np.inf] = -np.inf
        row[b] = -np.inf
        alike[b] = alike[:, b] = -np.inf
        alike[a] = alike[:, a] = row
        best = alike.max(axis=1)
    return np.unique(owner, return_inverse=True)[1].astype(np.int64)


def most_alike(faces: Sequence[FloatArray]) -> NDArray[np.float64]:
    """(n, n) mean cosine of the most alike faces of each two tracks, symmetric."""
    n = len(faces)
    counts = [len(each) for each in faces]
    starts = np.concatenate([[0], np.cumsum(counts)])
    everything = np.concatenate([*faces]) if n else np.empty((0, 1), np.float32)
    result = np.zeros((n, n))
    for i, own in enumerate(faces):
        cosines = everything @ own.T
        for j in range(i, n):
            block = cosines[starts[j] : starts[j + 1]].ravel()
            top = min(MOST_ALIKE_FACES, counts[i], counts[j])
            result[i, j] = result[j, i] = np.partition(block, len(block) - top)[-top:].mean() if top else 0.0
    return result
