"""Merge what is one person: of many faces or groups, those that are each other's likeliest, round after round.

A round merges all pairs that have nobody likelier on either side, at once; it costs a few operations on arrays. Where
one large group is the likeliest of many, those that are nearly as likely as its likeliest join it in the same round:
otherwise a person with ten thousand photos would take ten thousand rounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personae.recognition.same_person import Observed
from personae.types import FloatArray, IntArray

SIZE = 1.0
"""Whoever has many photos has more: the odds grow with the number of faces on either side to this power."""
NEARLY = 0.9
"""Who reaches so much of the odds of a group's likeliest joins it in the same round."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """What may be merged: `observed` (n, d) of each, and how many `faces` (n,) each has.

    `fixed` (n,): those that stay who they are; two of them never become one. `pairs` (m, 2): near ones, the only ones
    that are compared. `apart` (k, 2): pairs of which something else says that they are two people, each time it does,
    and `against` the natural logarithm of the odds of that.
    """

    observed: Observed
    faces: IntArray
    fixed: NDArray[np.bool_]
    pairs: IntArray
    apart: IntArray
    against: float


def merged(given: Candidates, least: float) -> IntArray:
    """(n,) the representative of each, where those of one person have the same: the fixed one, or any of them.

    `least`: natural logarithm of the odds from which on two are one person.
    """
    n = len(given.fixed)
    precision, pull = given.observed.precision.copy(), given.observed.pull.copy()
    people = Observed(precision, pull)
    fixed, owner, faces = given.fixed.copy(), np.arange(n), given.faces.astype(np.float64)
    keys, apart = _keys(given.pairs, n), _keys(given.apart, n, unique=False)
    odds = np.full(len(keys), np.nan, np.float32)
    while True:
        one, other = np.divmod(keys, n)
        allowed = ~(fixed[one] & fixed[other])
        keys, odds, one, other = keys[allowed], odds[allowed], one[allowed], other[allowed]
        stale = np.flatnonzero(np.isnan(odds))
        odds[stale] = people.joined(one[stale], other[stale]) - given.against * _count(apart, keys[stale])
        odds[stale] += SIZE * np.log(faces[one[stale]] * faces[other[stale]])
        joins = _joining(odds, one, other, n, least, fixed, apart)
        if not len(joins):
            return owner
        into, gone = joins.T
        np.add.at(precision, into, precision[gone])
        np.add.at(pull, into, pull[gone])
        np.add.at(faces, into, faces[gone])
        np.logical_or.at(fixed, into, fixed[gone])
        place = np.arange(n)
        place[gone] = into
        owner = place[owner]
        changed = np.zeros(n, bool)
        changed[into] = True
        odds[changed[place[one]] | changed[place[other]]] = np.nan
        keys, first = _moved(keys, place, n)
        odds = odds[first]
        apart = np.sort(_renamed(apart, place, n))


def _joining(
    odds: FloatArray, one: IntArray, other: IntArray, n: int, least: float, fixed: NDArray[np.bool_], apart: IntArray
) -> IntArray:
    """(k, 2) who takes in whom in this round; nobody is both, and a fixed one is taken in by nobody."""
    best = np.full(n, -np.inf, np.float32)
    np.maximum.at(best, one, odds)
    np.maximum.at(best, other, odds)
    likely = odds >= least
    mutual = np.flatnonzero(likely & (odds == best[one]) & (odds == best[other]))
    a, b = one[mutual], other[mutual]
    _, first = np.unique(np.concatenate([a, b]), return_index=True)  # of equal odds, one pair each
    counts = np.zeros(2 * len(a), bool)
    counts[first] = True
    sole = counts[: len(a)] & counts[len(a) :]
    a, b = a[sole], b[sole]
    swap = fixed[b]
    into, gone = np.where(swap, b, a), np.where(swap, a, b)
    return np.concatenate(
        [np.stack([into, gone], axis=1), _followers(odds, one, other, best, likely, into, gone, fixed, apart)]
    )


def _followers(
    odds: FloatArray,
    one: IntArray,
    other: IntArray,
    best: FloatArray,
    likely: NDArray[np.bool_],
    into: IntArray,
    gone: IntArray,
    fixed: NDArray[np.bool_],
    apart: IntArray,
) -> IntArray:
    """(k, 2) further ones of whom a growing group is the likeliest, and nearly as likely as its own likeliest.

    Whoever is known to be apart from anybody waits: two of one photo must not both join one group in one round.
    """
    n = len(best)
    grows, busy = np.zeros(n, bool), fixed.copy()
    grows[into] = busy[into] = busy[gone] = True
    told = np.unique(np.concatenate(np.divmod(apart, n)))
    busy[told] = True
    found = []
    for hub, follower in ((one, other), (other, one)):
        ready = likely & grows[hub] & ~busy[follower] & (odds == best[follower]) & (odds >= NEARLY * best[hub])
        found.append(np.stack([hub[ready], follower[ready]], axis=1))
    pairs = np.concatenate(found)
    each: IntArray = pairs[np.unique(pairs[:, 1], return_index=True)[1]]
    return each


def _keys(pairs: IntArray, n: int, *, unique: bool = True) -> IntArray:
    """(m,) rising numbers of pairs of two different ones, the lower first."""
    low, high = pairs.min(axis=1), pairs.max(axis=1)
    keys = (low * n + high)[low != high]
    return np.unique(keys) if unique else np.sort(keys)


def _renamed(keys: IntArray, place: IntArray, n: int) -> IntArray:
    one, other = np.divmod(keys, n)
    one, other = place[one], place[other]
    renamed: IntArray = np.minimum(one, other) * n + np.maximum(one, other)
    return np.asarray(renamed[one != other], np.int64)


def _moved(keys: IntArray, place: IntArray, n: int) -> tuple[IntArray, IntArray]:
    """The pairs after merging, each once, rising; and where each was before. What merged is no pair any more."""
    one, other = np.divmod(keys, n)
    one, other = place[one], place[other]
    left = np.flatnonzero(one != other)
    new, first = np.unique(np.minimum(one, other)[left] * n + np.maximum(one, other)[left], return_index=True)
    return new, left[first]


def _count(keys: IntArray, wanted: IntArray) -> FloatArray:
    """(m,) how often each of `wanted` is in `keys`, which rise."""
    return (np.searchsorted(keys, wanted, "right") - np.searchsorted(keys, wanted)).astype(np.float32)
