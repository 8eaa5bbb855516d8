"""B-cubed precision, recall and F (Bagga and Baldwin 1998), with intervals over people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae.types import IntArray

BOOTSTRAPS = 1000


@dataclass(frozen=True, eq=False)
class Score:
    """Per photo (n,): `precisions`, the share of its group that is its person; `recalls`, of its person in its group.

    `people` (n,): whose it is.
    """

    precisions: NDArray[np.float64]
    recalls: NDArray[np.float64]
    people: IntArray

    @property
    def precision(self) -> float:
        """Mean over photos."""
        return float(self.precisions.mean())

    @property
    def recall(self) -> float:
        """Mean over photos."""
        return float(self.recalls.mean())

    @property
    def f(self) -> float:
        """The harmonic mean of both."""
        return float(_harmonic(self.precision, self.recall))

    def resampled(self) -> NDArray[np.float64]:
        """(BOOTSTRAPS,) F with people drawn anew; the same people for every score of the same photos."""
        rng = np.random.default_rng(0)
        _, person = np.unique(self.people, return_inverse=True)
        count = int(person.max()) + 1
        sums = [np.bincount(person, values, count) for values in (self.precisions, self.recalls, np.ones(len(person)))]
        drawn = rng.multinomial(count, np.full(count, 1 / count), size=BOOTSTRAPS).astype(np.float64)
        precision, recall, photos = (drawn @ each for each in sums)
        return np.asarray(_harmonic(precision / photos, recall / photos))


def b_cubed(people: IntArray, groups: IntArray) -> Score:
    """The score of `groups` (n,) where the truth is `people` (n,)."""
    _, own = np.unique(people, return_inverse=True)
    _, found = np.unique(groups, return_inverse=True)
    _, both, shared = np.unique(own * (found.max() + 1) + found, return_inverse=True, return_counts=True)
    together = shared[both]
    return Score(together / np.bincount(found)[found], together / np.bincount(own)[own], own)


def _harmonic(one: Any, other: Any) -> Any:
    """Of numbers, or of arrays."""
    return 2 * one * other / (one + other)
