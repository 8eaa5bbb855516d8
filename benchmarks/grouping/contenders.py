"""Who is compared: ours, and three usual ways of clustering on plain centred cosine."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.cluster import DBSCAN, HDBSCAN

from benchmarks.grouping.score import b_cubed
from benchmarks.openset.data import EMBEDDER
from personae.recognition.backgrounds import background_for
from personae.recognition.photo_grouping import group_faces
from personae.recognition.prototypes import unit
from personae.types import FloatArray, IntArray

GRID = tuple(np.arange(0.40, 0.801, 0.02).tolist())
Method = Callable[[FloatArray, NDArray[np.float64]], IntArray]


def ours(embeddings: FloatArray, face_px: NDArray[np.float64]) -> IntArray:
    """What the project does with photos of one face each."""
    n = len(embeddings)
    alone = np.arange(n), np.full(n, -1)
    return group_faces(embeddings.astype(np.float32), face_px, np.ones(n), *alone, EMBEDDER).group


def dbscan(distance: float) -> Method:
    """DBSCAN (Ester et al. 1996) with that greatest cosine distance; two make a group."""
    return lambda embeddings, _: _alone(DBSCAN(eps=distance, min_samples=2).fit_predict(_centred(embeddings, distance)))


def average_linkage(distance: float) -> Method:
    """Average linkage, cut at that cosine distance."""
    return lambda embeddings, _: fcluster(
        _tree(embeddings.astype(np.float32).tobytes(), (len(embeddings), embeddings.shape[1])), distance, "distance"
    )


def hdbscan(embeddings: FloatArray, face_px: NDArray[np.float64]) -> IntArray:
    """HDBSCAN (Campello et al. 2013), two make a group."""
    del face_px
    return _alone(HDBSCAN(min_cluster_size=2, copy=True).fit_predict(_centred(embeddings)))


def best_distance(
    method: Callable[[float], Method], sets: list[tuple[FloatArray, NDArray[np.float64], IntArray]]
) -> float:
    """Of the grid, the distance with the best mean B-cubed F over sets of (embeddings, sizes, people)."""
    scores = [np.mean([b_cubed(who, method(at)(rows, px)).f for rows, px, who in sets]) for at in GRID]
    return float(GRID[int(np.argmax(scores))])


def _centred(embeddings: FloatArray, distance: float | None = None) -> FloatArray:
    """Centred, of unit length; for a greatest cosine distance scaled so that it is the same number in Euclidean."""
    rows = unit(embeddings - background_for(EMBEDDER, embeddings.shape[1]).mean)
    return np.asarray(rows if distance is None else rows * distance / np.sqrt(2 * distance))


@lru_cache(maxsize=16)
def _tree(content: bytes, shape: tuple[int, int]) -> NDArray[np.float64]:
    rows = np.asarray(np.frombuffer(content, np.float32).reshape(shape), np.float32)
    return np.asarray(linkage(_centred(rows), "average", metric="cosine"))


def _alone(labels: IntArray) -> IntArray:
    """With everybody who is in no group in one of their own."""
    nobody = np.flatnonzero(labels < 0)
    result = labels.astype(np.int64)
    result[nobody] = labels.max(initial=-1) + 1 + np.arange(len(nobody))
    return result
