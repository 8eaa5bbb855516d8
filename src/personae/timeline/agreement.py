"""How well each of somebody's tracks or faces agrees with the others: what is somebody else's agrees least.

Arrays only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from personae.recognition.prototypes import unit
from personae.types import FloatArray


def means_of(embeddings: FloatArray, weights: FloatArray, counts: NDArray[np.integer]) -> FloatArray:
    """(n, d) unit vectors: the mean face of each of n tracks, whose faces stand in `embeddings` (k, d) one track after
    the other, `counts` (n,) of each; zeros for a track without a face. `weights` (k,): how good each face is.
    """
    found = np.zeros((len(counts), embeddings.shape[1]), np.float32)
    there = np.flatnonzero(counts)
    if len(there):
        first = np.cumsum(counts) - counts
        weighed = embeddings.astype(np.float32) * np.maximum(weights, 1e-3)[:, None].astype(np.float32)
        found[there] = unit(np.add.reduceat(weighed, first[there], axis=0))
    return found


def agreement(means: FloatArray, weights: FloatArray) -> FloatArray:
    """(n,) cosine of each of `means` (n, d) to the mean of all the others; NaN where there are none, or it has no face.

    `weights` (n,): how much each counts in the others' mean.
    """
    found = np.full(len(means), np.nan, np.float32)
    has_face = np.linalg.norm(means, axis=1) > 0
    if has_face.sum() < 2:
        return found
    weighed = means * np.where(has_face, np.maximum(weights, 1e-3), 0)[:, None]
    others = weighed.sum(axis=0)[None] - weighed
    length = np.maximum(np.linalg.norm(others, axis=1), 1e-9)
    cosine = (others * means).sum(axis=1) / length
    found[has_face] = np.clip(cosine[has_face], -1, 1)
    return found
