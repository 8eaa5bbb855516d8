"""Which photos of a character agree with each other.

"Agree" has one meaning: more alike than 99 of 100 pairs of strangers, by the embedder's background statistics. How far
photos of one person may lie apart is not assumed. A photo under a wrong name pulls the mean of all towards itself, so
photos are not held against that mean: the largest set that agrees is found first, from the photo that agrees with most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from personae.recognition.background import Background
from personae.recognition.prototypes import unit
from personae.types import FloatArray, IntArray

STRANGERS = 0.01
"""Two faces agree when they are more alike than all but this share of pairs of strangers."""
RESEMBLANCE = 0.10
"""A face looks like another character when it fits that one better than this share of that one's own photos would."""
SAME = 0.05
"""Photos that fit another character's as well as each other, less this, are that character's."""
MIN_CORE = 1 / 3
"""Share of a look's photos that must agree before the others are judged by them."""
SECOND = 0.5
"""A further set of photos at least this share of the first one's size is kept."""
MIN_SECOND = 3
"""And of at least so many photos, unless it is as large as the first."""
_STRANGERS_DRAWN = 2000  # twice: their pairs give 4 million cosines
_ITERATIONS = 20


def centred(embeddings: FloatArray, background: Background, face_px: FloatArray | None = None) -> FloatArray:
    """(n, d) unit-length rows, centred and scaled by the background alone, so that no cast changes what agrees."""
    offset: Any = 0.0
    if face_px is not None:
        known = np.log(background.size_px)
        size = np.clip(np.log(np.maximum(face_px, 1e-3)), known[0], known[-1])
        weights = np.stack([np.interp(size, known, row) for row in np.eye(len(known))], axis=1)
        offset = weights @ (background.size_mean - background.size_mean[-1])
    deviation = np.sqrt(np.maximum(np.diag(background.covariance), 1e-12))
    return np.asarray(unit((unit(embeddings) - background.mean - offset) / (deviation / deviation.mean())), np.float32)


@lru_cache(maxsize=8)
def agreement_limit(background: Background) -> float:
    """The cosine, in centred space, that the share `STRANGERS` of pairs of strangers exceeds.

    Measured on real people it hardly depends on how many photos one side is the mean of.
    """
    drawn = centred(background.strangers(2 * _STRANGERS_DRAWN, seed=0), background)
    pairs = drawn[:_STRANGERS_DRAWN] @ drawn[_STRANGERS_DRAWN:].T
    return float(background.real(np.quantile(pairs, [1 - STRANGERS]).astype(np.float64))[0])


@lru_cache(maxsize=8)
def likeness_limit(background: Background) -> float:
    """The cosine to a character's mean from which a face looks like that character."""
    return float(np.quantile(background.genuine(np.array([background.genuine_photos[-1]])), RESEMBLANCE))


@dataclass(frozen=True, eq=False)
class AgreeingSet:
    """Photos of one character and look that agree with each other; `total` (d,): their sum."""

    character: int
    members: tuple[int, ...]
    total: FloatArray

    @classmethod
    def of(cls, rows: FloatArray, character: int, members: Sequence[int]) -> AgreeingSet:
        """The set of those `members` of `rows`."""
        return cls(character, tuple(members), rows[list(members)].sum(axis=0))

    @property
    def mean(self) -> FloatArray:
        """(d,) of unit length."""
        mean: FloatArray = unit(self.total)
        return mean

    def left_out(self, row: FloatArray) -> float:
        """Cosine of a member to the mean of the others; -1 where there are none."""
        return float(unit(self.total - row) @ row) if len(self.members) > 1 else -1.0

    def is_free(self, trusted: frozenset[int]) -> bool:
        """Whether nobody vouched for a member."""
        return trusted.isdisjoint(self.members)


def agreeing_sets(
    rows: FloatArray, groups: IntArray, kept: IntArray, background: Background, trusted: frozenset[int]
) -> list[list[AgreeingSet]]:
    """Per character and look the sets of photos that speak for it, the largest first."""
    limit, likely = agreement_limit(background), likeness_limit(background)
    _, numbers = np.unique(groups[kept], axis=0, return_inverse=True)
    order = kept[np.argsort(numbers.ravel(), kind="stable")]
    split = np.split(order, np.cumsum(np.bincount(numbers.ravel()))[:-1]) if len(kept) else []
    all_sets = [[AgreeingSet.of(rows, int(groups[own[0], 0]), s) for s in _split(rows, own, limit)] for own in split]
    largest = [sets[0] for sets in all_sets]
    means = np.stack([each.mean for each in largest]) if largest else np.empty((0, rows.shape[1]), np.float32)
    found: list[list[AgreeingSet]] = []
    for sets in all_sets:
        borrowed = [s for s in sets if s.is_free(trusted) and _is_borrowed(s, rows, largest, means, likely)]
        found.append(_speaking(sets, borrowed, trusted))
    return found


def _split(rows: FloatArray, own: IntArray, limit: float) -> list[list[int]]:
    """The rows `own` taken apart into sets that agree, the largest first."""
    left, sets = list(map(int, own)), []
    while left:
        sets.append([left[i] for i in _largest_set(rows[left], limit)])
        left = sorted(set(left) - set(sets[-1]))
    return sorted(sets, key=len, reverse=True)


def _is_borrowed(
    each: AgreeingSet, rows: FloatArray, largest: list[AgreeingSet], means: FloatArray, likely: float
) -> bool:
    """Whether these photos fit a larger set of another character as well as they fit each other."""
    if len(each.members) < 2:
        return False
    members = rows[list(each.members)]
    agreement = float(np.mean([each.left_out(row) for row in members]))
    fits = (members @ means.T).mean(axis=0) >= max(likely, agreement - SAME)
    return any(
        largest[i].character != each.character and len(largest[i].members) > len(each.members)
        for i in np.flatnonzero(fits)
    )


def _speaking(sets: list[AgreeingSet], borrowed: list[AgreeingSet], trusted: frozenset[int]) -> list[AgreeingSet]:
    """Those of a look's `sets` by which its photos are judged: all where nothing tells."""
    own = [s for s in sets if s not in borrowed]
    if borrowed and (not own or len(own[0].members) < max(2, SECOND * len(borrowed[0].members))):
        # Nothing else speaks for this character: one performer in two parts, perhaps.
        if _photos(own) >= SECOND * _photos(borrowed):
            return sets
        own = sets
    largest = len(own[0].members)
    if largest < max(2, MIN_CORE * _photos(own)):
        return own
    least = max(SECOND * largest, MIN_SECOND)
    return [s for s in own if len(s.members) >= min(least, largest) or not s.is_free(trusted)]


def _photos(sets: list[AgreeingSet]) -> int:
    return sum(len(s.members) for s in sets)


def _largest_set(rows: FloatArray, limit: float) -> list[int]:
    """The photos that agree with the one that agrees with most, then with each other's mean; at least one photo."""
    cosines = rows @ rows.T
    agrees = cosines >= limit
    np.fill_diagonal(agrees, True)
    # Cosines are rounded so that the last bit of a sum does not choose between equals.
    support = np.round(np.where(agrees, cosines, 0).sum(axis=1), 4)
    members = agrees[int(support.argmax())]
    for _ in range(_ITERATIONS):
        if members.sum() < 3:
            break
        total = rows[members].sum(axis=0)
        left_out = (unit(total - rows * members[:, None]) * rows).sum(axis=1)
        now = left_out >= limit
        if np.array_equal(now, members) or not now.any():
            break
        members = now
    return [int(i) for i in np.flatnonzero(members)]
