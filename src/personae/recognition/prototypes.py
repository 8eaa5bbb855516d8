"""Prototypes: what stands for a character in matching, by K-means over its embeddings.

Spherical K-means (Dhillon and Modha 2001), all groups of one size at once. A second or third cluster has to earn its
place: it is kept only where photos that were left out of their own centre lie clearly nearer to the clusters than to
the one mean, because every further centre is also one more chance for a stranger.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae.types import IntArray

MIN_CLUSTER_PHOTOS = 2
"""A cluster of one photo is an outlier more often than a look."""
MIN_GAIN = 0.08
"""Least gain in left-out cosine that a further cluster must bring."""
_ITERATIONS = 12
_CHUNK_VALUES = 1 << 24  # float32 values of one stack: 64 MiB


@dataclass(frozen=True, eq=False)
class Prototypes:
    """Unit-length centres, sorted by group. `centres` (p, d); `groups` (p,) their group; `counts` (p,) their photos."""

    centres: NDArray[Any]
    groups: IntArray
    counts: IntArray

    @cached_property
    def starts(self) -> IntArray:
        """(g,) where the centres of each group begin."""
        return np.flatnonzero(np.r_[True, np.diff(self.groups) > 0])


def unit(X: NDArray[Any]) -> NDArray[Any]:
    """Rows of `X` (..., d) at unit length; a zero row stays zero."""
    length = np.linalg.norm(X, axis=-1, keepdims=True)
    result: NDArray[Any] = X / np.where(length > 0, length, 1)
    return result


def group_means(X: NDArray[Any], groups: IntArray) -> NDArray[Any]:
    """(g, d) mean of the rows of each group 0..g-1; every group has a row."""
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(groups[order]) > 0])
    counts = np.diff(np.r_[starts, len(groups)])
    means: NDArray[Any] = np.add.reduceat(X[order], starts, axis=0) / counts[:, None].astype(X.dtype)
    return means


def fit_prototypes(X: NDArray[Any], groups: IntArray, *, max_clusters: int = 3) -> Prototypes:
    """Cluster unit-length rows `X` (n, d) within each group 0..g-1 into 1 to `max_clusters` centres each."""
    counts = np.bincount(groups)
    order = np.argsort(groups, kind="stable")
    starts = np.r_[0, np.cumsum(counts)[:-1]]
    found: list[tuple[NDArray[Any], IntArray, IntArray]] = []
    for size in np.unique(counts):
        members = np.flatnonzero(counts == size)
        step = max(1, _CHUNK_VALUES // int(size * X.shape[1]))
        for first in range(0, len(members), step):
            chunk = members[first : first + step]
            stack = X[order[starts[chunk][:, None] + np.arange(size)]]
            centres, kept, photos = _cluster_stack(stack, max_clusters)
            found.append((centres[kept], np.repeat(chunk, kept.sum(axis=1)), photos[kept]))
    centres = np.concatenate([part[0] for part in found])
    owner = np.concatenate([part[1] for part in found])
    sizes = np.concatenate([part[2] for part in found])
    by_group = np.argsort(owner, kind="stable")
    return Prototypes(centres[by_group], owner[by_group].astype(np.int64), sizes[by_group].astype(np.int64))


def _cluster_stack(stack: NDArray[Any], max_clusters: int) -> tuple[NDArray[Any], NDArray[np.bool_], NDArray[np.int64]]:
    """Centres (g, k, d), which of them count (g, k), and their photos (g, k), of g groups of n photos (g, n, d)."""
    g, n, _ = stack.shape
    most = max(1, min(max_clusters, n // MIN_CLUSTER_PHOTOS))
    centres = np.zeros((g, most, stack.shape[2]), stack.dtype)
    kept = np.zeros((g, most), bool)
    photos = np.zeros((g, most), np.int64)
    centres[:, :1], kept[:, 0], photos[:, 0] = unit(stack.mean(axis=1, keepdims=True)), True, n
    best = _left_out_cosine(stack, np.ones((g, n, 1), stack.dtype))
    for k in range(2, most + 1):
        members = _k_means(stack, k)
        sizes = members.sum(axis=1)
        gained = _left_out_cosine(stack, members)
        better = (gained > best + MIN_GAIN) & (sizes.min(axis=1) >= MIN_CLUSTER_PHOTOS)
        best = np.where(better, gained, best)
        centres[better, :k] = unit(members[better].transpose(0, 2, 1) @ stack[better])
        kept[better, :k], photos[better, :k] = True, sizes[better]
    return centres, kept, photos


def _k_means(stack: NDArray[Any], k: int) -> NDArray[Any]:
    """One-hot memberships (g, n, k) of g groups at once, started from the farthest photos (so nothing is random)."""
    g, n, _ = stack.shape
    rows = np.arange(g)
    nearest = (stack @ unit(stack.mean(axis=1))[:, :, None])[:, :, 0]
    seeds = np.empty((g, k), np.int64)
    for i in range(k):
        seeds[:, i] = nearest.argmin(axis=1)
        similarity = (stack @ stack[rows, seeds[:, i]][:, :, None])[:, :, 0]
        nearest = similarity if i == 0 else np.maximum(nearest, similarity)
    centres = stack[rows[:, None], seeds]
    assigned = np.full((g, n), -1)
    members = np.zeros((g, n, k), stack.dtype)
    for _ in range(_ITERATIONS):
        before, assigned = assigned, (stack @ centres.transpose(0, 2, 1)).argmax(axis=2)
        members = (assigned[:, :, None] == np.arange(k)).astype(stack.dtype)
        if np.array_equal(before, assigned):
            break
        centres = unit(members.transpose(0, 2, 1) @ stack)
    return members


def _left_out_cosine(stack: NDArray[Any], members: NDArray[Any]) -> NDArray[Any]:
    """(g,) mean cosine of each photo to its own cluster's centre made without it."""
    if stack.shape[1] == 1:
        return np.ones(len(stack), stack.dtype)
    sums = members.transpose(0, 2, 1) @ stack
    others = members @ sums - stack
    cosine: NDArray[Any] = (unit(others) * stack).sum(axis=2).mean(axis=1)
    return cosine
