"""Which tracks show one person, whoever that is: found once, from the film alone, and kept beside its tracks.

Tracks of one person over the whole film come into one group (see `clustering`); of two that are on screen together only
one is in it. What is still loose and too weak to stand alone (one turned-away face) may join the group it is most like,
if it is clearly more like that one than any other. No cast has a part in it, so that unknown people stay who they were
when somebody else becomes known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from personae import archive
from personae.checks import require
from personae.recognition.prototypes import unit
from personae.timeline import clustering
from personae.timeline.clustering import Ties
from personae.timeline.evidence import Compared, Evidence, compared, evidence_of
from personae.timeline.native_boxes import FARTHEST_PX
from personae.timeline.records import LARGEST_WEIGHT, UNIT, TrackRecord
from personae.types import FloatArray, IntArray

ALIKE_PX = 28.0
SMALL_MARGIN = 0.05
"""Faces below this size are more alike than others: so much more is asked of two tracks of them to be one person."""
WEAK_SUPPORT = 1.5
"""A group worth less than this (the weights of its faces together) may join another one:"""
JOIN_ALIKE = 0.34
JOIN_LEAD = 0.06
SAME_PLACE_BONUS = 0.2
"""What being in the same place of the same camera set-up is worth, in cosine."""
PREFIX = "group_"
"""What the names of the groups' arrays begin with in `film.tracks`."""
_ARRAYS = ("person", "mean", "weight", "face_px", "quality", "belongs", "same_place")


@dataclass(frozen=True, eq=False)
class Groups:
    """The people of a film without names. `person` (n,): the group of each track, numbered by their first tracks.

    Of each of g groups: `mean` (g, d) embedding of its faces, unit length or zero, `weight` (g,) what they are worth
    together, `face_px` (g,) and `quality` (g,) their mean size and weight. `belongs` (n,): cosine of each track to its
    group; `same_place` (k, 2): pairs of tracks that set-ups say are one person; `embedder`: the contract id of what
    made the embeddings.
    """

    person: IntArray
    mean: FloatArray
    weight: NDArray[np.float64]
    face_px: NDArray[np.float64]
    quality: NDArray[np.float64]
    belongs: NDArray[np.float64]
    same_place: IntArray
    embedder: str


def group(records: Sequence[TrackRecord], same_place: IntArray, embedder: str, *, join_weak: bool = True) -> Groups:
    """The groups of a film's tracks, in order of time; `embedder`: the contract id of what made their embeddings.

    `same_place` (k, 2): see `setups.in_same_place`; `join_weak`: what is weak alone joins what it is most like.
    """
    dimension = dimension_of(records)
    evidence, seen = evidence_of(records, dimension), compared(records, embedder, dimension)
    person = people_of(records, evidence, seen, same_place, np.full(len(records), -1), join_weak=join_weak)
    return described(person, evidence, belonging(person, evidence, seen), same_place, embedder)


def dimension_of(records: Sequence[TrackRecord]) -> int:
    """How long the tracks' embeddings are; 0 where there are none."""
    return max((record.embeddings.shape[1] for record in records), default=0)


def described(
    person: IntArray, evidence: Evidence, belongs: NDArray[np.float64], same_place: IntArray, embedder: str
) -> Groups:
    """The groups `person` (n,) of tracks with their means."""
    return Groups(
        person,
        unit(evidence.summed(person, evidence.means)).astype(np.float32),
        np.bincount(person, evidence.support, int(person.max(initial=-1)) + 1).astype(np.float64),
        np.exp(evidence.averaged(person, evidence.log_px)),
        evidence.averaged(person, evidence.quality),
        belongs,
        same_place,
        embedder,
    )


def belonging(person: IntArray, evidence: Evidence, seen: Compared) -> NDArray[np.float64]:
    """(n,) cosine of each track to its group."""
    whole = unit(evidence.summed(person, seen.pooled))
    return np.asarray((seen.pooled * whole[person]).sum(axis=1), np.float64)


def people_of(
    records: Sequence[TrackRecord],
    evidence: Evidence,
    seen: Compared,
    same_place: IntArray,
    alone: IntArray,
    *,
    join_weak: bool = True,
) -> IntArray:
    """(n,) group numbers. `alone` (n,): the character that each track is by its own faces, -1 where nobody asked.

    Set-ups do not bring together, and a weak track does not join, what is known for different characters.
    """
    ties = Ties(on_screen_together(records), _not_told_apart(same_place, alone), SAME_PLACE_BONUS, _short(records))
    person = clustering.cluster(seen.pooled, evidence.support, seen.faces, ties)
    return _join_weak(person, evidence, seen, ties, alone) if join_weak else in_order(person)


class Spanned(Protocol):
    """What is on screen from `start_pts` on until `end_pts`."""

    @property
    def start_pts(self) -> int:
        """When it begins."""

    @property
    def end_pts(self) -> int:
        """When it is gone."""


def on_screen_together(records: Sequence[Spanned]) -> IntArray:
    """(m, 2) pairs of tracks that are seen in one picture."""
    start = np.array([record.start_pts for record in records], np.int64)
    end = np.array([record.end_pts for record in records], np.int64)
    order = np.argsort(start, kind="stable")
    # In order of their start, a track meets those that start before it ends.
    until = np.searchsorted(start[order], end[order])
    at = np.arange(len(order))
    count = np.maximum(until - at - 1, 0)
    one = np.repeat(at, count)
    other = one + 1 + np.arange(len(one)) - np.repeat(np.cumsum(count) - count, count)
    return np.stack([order[one], order[other]], axis=1).astype(np.int64)


def groups_apart(person: IntArray, apart: IntArray) -> NDArray[np.bool_]:
    """(g, g) which groups have tracks among the pairs `apart` (m, 2)."""
    count = int(person.max(initial=-1)) + 1
    result = np.zeros((count, count), bool)
    one, other = person[apart[:, 0]], person[apart[:, 1]]
    result[one, other] = result[other, one] = True
    return result


def _short(records: Sequence[TrackRecord]) -> NDArray[np.float64]:
    """(n,) what pairs with a track of small faces are short of."""
    small = [len(record.face_px) > 0 and record.face_px.mean() < ALIKE_PX for record in records]
    return np.where(np.array(small, bool), SMALL_MARGIN, 0.0)


def _not_told_apart(pairs: IntArray, alone: IntArray) -> IntArray:
    """The pairs of tracks that are not taken for different characters, each by its own faces."""
    one, other = alone[pairs].T
    kept: IntArray = pairs[(one < 0) | (other < 0) | (one == other)]
    return kept


def _join_weak(person: IntArray, evidence: Evidence, seen: Compared, ties: Ties, alone: IntArray) -> IntArray:
    """Weak groups joined to the one they are clearly most like; the weakest first.

    None joins another with a track that is a different character by its own faces (`alone`).
    """
    faces = clustering.TrackFaces(seen.faces)
    sums = evidence.summed(person, seen.pooled)
    vectors = unit(sums)
    support = np.bincount(person, evidence.support, len(sums))
    apart, gone = groups_apart(person, ties.apart), np.zeros(len(sums), bool)
    known = np.zeros((len(sums), int(alone.max(initial=-1)) + 1), bool)
    known[person[alone >= 0], alone[alone >= 0]] = True
    person = person.copy()
    for weak in np.argsort(support, kind="stable"):
        if support[weak] >= WEAK_SUPPORT:
            break
        closest = np.full(len(sums), -np.inf)
        for own in np.flatnonzero(person == weak):
            to_tracks = faces.alike(seen.faces[own]) + 2 * ties.extra_of(int(own))
            np.maximum.at(closest, person, to_tracks)
        alike = (vectors @ vectors[weak] + closest) / 2
        differ = (known[weak] @ known.T.astype(np.int64)) < known[weak].sum() * known.sum(axis=1)
        alike[apart[weak] | differ | gone] = -np.inf
        alike[weak] = -np.inf
        best, *others = np.argsort(-alike, kind="stable")[:2]
        if alike[best] >= max([JOIN_ALIKE, *(alike[others] + JOIN_LEAD)]):
            person[person == weak] = best
            sums[best] += sums[weak]
            vectors[best] = unit(sums[best])
            apart[best] |= apart[weak]
            apart[:, best] |= apart[:, weak]
            known[best] |= known[weak]
            gone[weak] = True
    return in_order(person)


def in_order(person: IntArray) -> IntArray:
    """(n,) the same groups, numbered without gaps by their first tracks."""
    _, first, number = np.unique(person, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return rank[number]


# Keeping


def to_arrays(groups: Groups) -> dict[str, NDArray[Any]]:
    """The groups as arrays for `film.tracks`."""
    return {PREFIX + name: getattr(groups, name) for name in _ARRAYS}


def from_arrays(arrays: Mapping[str, NDArray[Any]], n: int, embedder: str) -> Groups | None:
    """The groups of n tracks in arrays that a file may hold, every value checked; None where it holds none.

    `embedder`: the contract id that the file gives. Raises MisfitError where something cannot be right.
    """
    if f"{PREFIX}person" not in arrays:
        return None

    def checked(name: str, kind: str, shape: tuple[int | None, ...], low: float, high: float) -> NDArray[Any]:
        return archive.array(arrays, PREFIX + name, kind, shape, low, high)

    person = checked("person", "i", (n,), 0, max(n - 1, 0))
    g = int(person.max(initial=-1)) + 1
    require(len(np.unique(person)) == g, f"{PREFIX}person leaves a number out")
    return Groups(
        person,
        checked("mean", "f", (g, None), -UNIT, UNIT),
        checked("weight", "f", (g,), 0, np.inf),
        checked("face_px", "f", (g,), 0, FARTHEST_PX),
        checked("quality", "f", (g,), 0, LARGEST_WEIGHT),
        checked("belongs", "f", (n,), -UNIT, UNIT),
        checked("same_place", "i", (None, 2), 0, max(n - 1, 0)),
        embedder,
    )
