"""Which tracks show one person: agglomerative clustering, the number of people not given.

Two clusters are as alike as the mean of two cosines: of their pooled embeddings (what all their faces agree on), and
of their most alike faces (which meet in pose and light, where the pooled ones may not: a profile knows a profile).
Clusters merge, most alike first, until none are alike enough. Tracks that are on screen together never merge.

A long film is clustered part by part, and then the people of all parts: time and memory would grow with the square of
its tracks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

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
MOST_AT_ONCE = 1500
"""Tracks that are clustered at once: some seconds, some ten megabytes."""
MOST_FACES = 32
"""A cluster of a part goes on with so many of its faces, spread evenly over it."""


@dataclass(frozen=True, eq=False)
class Ties:
    """What is known of pairs of n tracks besides their faces. `apart` (m, 2): pairs that are not one person.

    `bonus` (k, 2): pairs of which other evidence says that they are one person, worth `worth` in cosine. `short` (n,):
    what a track's pairs lack (of two tracks, the greater).
    """

    apart: IntArray
    bonus: IntArray
    worth: float
    short: NDArray[np.float64]

    def of(self, members: IntArray, owner: IntArray) -> Ties:
        """The ties of groups of tracks: `owner` (len(members),) is the group of each of the tracks `members`."""
        count = int(owner.max(initial=-1)) + 1
        group = np.full(len(self.short), -1, np.int64)
        group[members] = owner
        short = np.full(count, np.inf)
        np.minimum.at(short, owner, self.short[members])
        return Ties(_within(group[self.apart]), _within(group[self.bonus]), self.worth, short)

    @property
    def extra(self) -> FloatArray:
        """(n, n) cosine that is added to each pair."""
        result: FloatArray = -np.maximum(self.short[:, None], self.short).astype(np.float32)
        one, other = _within(self.bonus).T
        result[one, other] += np.float32(self.worth)
        result[other, one] += np.float32(self.worth)
        return result

    def extra_of(self, at: int) -> FloatArray:
        """(n,) cosine that is added to the pairs of one track."""
        result: FloatArray = -np.maximum(self.short, self.short[at]).astype(np.float32)
        one, other = self.bonus.T
        result[np.unique(np.concatenate([other[one == at], one[other == at]]))] += np.float32(self.worth)
        return result


def _within(pairs: IntArray) -> IntArray:
    """Pairs of two different groups, each once."""
    kept = pairs[(pairs >= 0).all(axis=1) & (pairs[:, 0] != pairs[:, 1])]
    return np.unique(np.sort(kept, axis=1), axis=0).reshape(-1, 2)


def no_ties(n: int) -> Ties:
    """Nothing known of n tracks."""
    none = np.empty((0, 2), np.int64)
    return Ties(none, none, 0.0, np.zeros(n))


def cluster(
    pooled: FloatArray,
    support: NDArray[np.float64],
    faces: Sequence[FloatArray],
    ties: Ties,
    least: float = ALIKE,
    *,
    at_once: int = MOST_AT_ONCE,
) -> IntArray:
    """(n,) cluster numbers, in order of their first track, of n tracks in order of time.

    `pooled` (n, d) unit length; `support` (n,) how much each is worth; `faces`: unit embeddings (k, d) of each.
    `at_once`: more tracks than this are clustered in parts.
    """
    n = len(pooled)
    sums = pooled.astype(np.float64) * np.minimum(support, MOST_SUPPORT)[:, None]
    owner = np.zeros(n, np.int64)
    count = 0
    for members in np.array_split(np.arange(n), max(-(-n // at_once), 1)):
        own = ties.of(members, np.arange(len(members)))
        owner[members] = count + _agglomerated(sums[members], [faces[i] for i in members], own, least)
        count = int(owner[: int(members[-1]) + 1].max()) + 1 if len(members) else count
    if n <= at_once:
        return owner
    groups = np.zeros((count, pooled.shape[1]))
    np.add.at(groups, owner, sums)
    order = np.argsort(owner, kind="stable")
    starts = np.searchsorted(owner[order], np.arange(count + 1))
    theirs = [_spread([faces[i] for i in order[a:b]]) for a, b in pairwise(starts)]
    merged = _agglomerated(groups, theirs, ties.of(np.arange(n), owner), least)
    return merged[owner]


def _spread(faces: Sequence[FloatArray]) -> FloatArray:
    everything = np.concatenate(faces).astype(np.float32)
    if len(everything) <= MOST_FACES:
        return everything
    kept: FloatArray = everything[np.linspace(0, len(everything) - 1, MOST_FACES).round().astype(int)]
    return kept


def _agglomerated(sums: NDArray[np.float64], faces: Sequence[FloatArray], ties: Ties, least: float) -> IntArray:
    n = len(sums)
    if not n:
        return np.empty(0, np.int64)
    sums, vectors = sums.copy(), unit(sums).astype(np.float32)
    closest = most_alike(faces) + 2 * ties.extra
    apart = np.eye(n, dtype=bool)
    apart[ties.apart[:, 0], ties.apart[:, 1]] = apart[ties.apart[:, 1], ties.apart[:, 0]] = True
    alike = (vectors @ vectors.T + closest) / 2
    alike[apart] = -np.inf
    owner = np.arange(n)
    nearest = alike.argmax(axis=1)
    best = alike[np.arange(n), nearest]
    while True:
        a = int(best.argmax())
        if best[a] < least:
            break
        a, b = sorted((a, int(nearest[a])))
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
        # Only who was nearest to one of the two, or is nearer to them together than to anyone, has another nearest one.
        stale = np.flatnonzero((nearest == a) | (nearest == b))
        stale = np.union1d(stale, [a, b])
        nearest[stale] = alike[stale].argmax(axis=1)
        best[stale] = alike[stale, nearest[stale]]
        nearer = row > best
        nearest[nearer], best[nearer] = a, row[nearer]
    return np.unique(owner, return_inverse=True)[1].astype(np.int64)


class TrackFaces:
    """The faces of many tracks, laid out for comparison. `faces`: unit embeddings (k, d) of each track."""

    def __init__(self, faces: Sequence[FloatArray]) -> None:
        self.counts = np.array([len(each) for each in faces], np.int64)
        self.most = int(self.counts.max(initial=0))
        filled = [each for each in faces if len(each)]
        self._all = np.concatenate(filled).astype(np.float32) if filled else np.empty((0, 1), np.float32)
        self._ends = np.concatenate([[0], np.cumsum(self.counts)])
        self._track = np.repeat(np.arange(len(faces)), self.counts)
        self._slot = np.arange(len(self._all)) - self._ends[self._track]

    def alike(self, own: FloatArray, since: int = 0) -> FloatArray:
        """(n - since,) mean cosine of the most alike of the faces `own` (k, d) and of those of each track; 0: none."""
        n = len(self.counts) - since
        result = np.zeros(n, np.float32)
        if not len(own) or not self.most or not n:
            return result
        first = int(self._ends[since])
        table = np.full((n, self.most, len(own)), -2, np.float32)
        table[self._track[first:] - since, self._slot[first:]] = self._all[first:] @ own.astype(np.float32).T
        flat = table.reshape(n, -1)
        width = min(MOST_ALIKE_FACES, flat.shape[1])
        top = -np.sort(np.partition(-flat, width - 1, axis=1)[:, :width], axis=1)
        used = np.minimum(np.minimum(self.counts[since:], len(own)), width)
        there = used > 0
        result[there] = np.cumsum(top, axis=1)[there, used[there] - 1] / used[there]
        return result


def most_alike(faces: Sequence[FloatArray]) -> FloatArray:
    """(n, n) mean cosine of the most alike faces of each two tracks, symmetric."""
    laid_out = TrackFaces(faces)
    result = np.zeros((len(faces), len(faces)), np.float32)
    for i, own in enumerate(faces):
        result[i, i:] = result[i:, i] = laid_out.alike(own, i)
    return result
