"""Intervals for shares and for paired gains, where photos come in groups. Values in, values out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae.recognition.background import Float64Array
from personae.types import IntArray

_Z = 1.959964  # 95 % of a normal distribution lie within so many standard deviations
RESAMPLES = 4000


@dataclass(frozen=True)
class Share:
    """`count` of `total`, as a share with its 95 % interval; `value` is None where there is nothing to count."""

    count: int
    total: int
    value: float | None
    low: float | None
    high: float | None


def share(hits: NDArray[np.bool_], groups: NDArray[Any] | None = None) -> Share:
    """The share of `hits` (n,), with Wilson's interval (1927) at the effective sample size.

    `groups` (n,): whose face each is. Faces of one person are alike, so that n of them say less than n independent
    ones would; n is divided by the design effect (Korn and Graubard, Survey Methodology 24, 1998). No hit, or nothing
    but hits, still has an interval, which a bootstrap would not give.
    """
    n = len(hits)
    if not n:
        return Share(0, 0, None, None, None)
    p = float(hits.mean())
    effective = n / design_effect(hits, groups)
    centre = (p + _Z**2 / (2 * effective)) / (1 + _Z**2 / effective)
    half = _Z / (1 + _Z**2 / effective) * np.sqrt(p * (1 - p) / effective + (_Z / (2 * effective)) ** 2)
    return Share(int(hits.sum()), n, p, float(max(0.0, centre - half)), float(min(1.0, centre + half)))


def design_effect(hits: NDArray[np.bool_], groups: NDArray[Any] | None) -> float:
    """How many times the variance is that of independent faces; at least 1, at most all faces of a group as one."""
    p = float(hits.mean())
    if groups is None or p in (0.0, 1.0):
        return 1.0
    _, number = np.unique(groups.astype(str), return_inverse=True)
    counts = np.bincount(number)
    c, n = len(counts), len(hits)
    if c < 2:
        return 1.0
    residual = np.bincount(number, weights=hits - p)
    clustered = float((residual**2).sum()) * c / (c - 1) / n**2
    return float(np.clip(clustered / (p * (1 - p) / n), 1.0, max(1.0, (counts**2).sum() / n)))


@dataclass(frozen=True)
class Gain:
    """A difference of two means with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the whole interval is a gain."""
        return self.low > 0


def paired_gain(before: Float64Array, after: Float64Array, units: IntArray, strata: IntArray, *, seed: int = 0) -> Gain:
    """The mean of `after` - `before` (n,), by a bootstrap over photos (percentile; Efron and Tibshirani 1993).

    `units` (n,): what is drawn together (near-duplicates); `strata` (n,): the character each photo is of. Units are
    drawn within each character, because the cast stays the same and only the photos are others next time.
    """
    difference = after - before
    rng = np.random.default_rng(seed)
    totals = np.zeros(RESAMPLES)
    sizes = np.zeros(RESAMPLES)
    for stratum in np.unique(strata):
        own = strata == stratum
        _, number = np.unique(units[own], return_inverse=True)
        sums, counts = np.bincount(number, weights=difference[own]), np.bincount(number)
        # How often each unit is drawn, in every resample at once.
        drawn = rng.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), RESAMPLES)
        totals += drawn @ sums
        sizes += drawn @ counts
    low, high = np.quantile(totals / sizes, [0.025, 0.975])
    return Gain(float(difference.mean()), float(low), float(high))
