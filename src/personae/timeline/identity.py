"""Who the tracks show: cluster first, then name.

One vector per track, pooled from its best faces; tracks of one person over the whole film in one cluster; names for
clusters, weighed jointly: of two that are on screen together only one is Thor, unless both are far above the threshold
(mirrors, split screens). So a profile that no photo knows gets its name from the same person's other tracks, and a
stranger, whose cluster resembles nobody, gets none. What is still loose and too weak to stand alone (one turned-away
face) may join the person it is most like, if it is clearly more like that one than any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personae.recognition.model import CharacterModel
from personae.recognition.prototypes import unit
from personae.timeline import clustering
from personae.timeline.clustering import Ties
from personae.timeline.records import TrackRecord
from personae.timeline.track_names import Weighed, name_clusters, strangers_among, weigh
from personae.types import FloatArray, IntArray

ALIKE_PX = 28.0
SMALL_MARGIN = 0.05
"""Faces below this size are more alike than others: so much more is asked of two tracks of them to be one person."""
WEAK_SUPPORT = 1.5
"""A cluster worth less than this (the weights of its faces together) may join another one:"""
JOIN_ALIKE = 0.34
JOIN_LEAD = 0.06
SAME_PLACE_BONUS = 0.2
"""What being in the same place of the same camera set-up is worth, in cosine."""
NO_PERSON_SCORE = 0.76
"""A loose, weak track with a lower mean detection score is no face (lamps, patterns)."""


@dataclass(frozen=True, eq=False)
class People:
    """Who n tracks show. `person` (n,): cluster number, -1 for what is no face; `character` per cluster, or None.

    `similarity` (n,): cosine of each track to its cluster's character, of an unknown to the nearest; `confidence`
    (n,) that the name is right, where `strangers` is the share of tracks of people outside the cast.
    `either`: per cluster the two characters that it is not told apart between, else empty.
    """

    person: IntArray
    character: tuple[str | None, ...]
    similarity: NDArray[np.float64]
    confidence: NDArray[np.float64]
    strangers: float
    either: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, eq=False)
class Evidence:
    """What n tracks are weighed by: `faces` scaled unit embeddings (k, d) each, `pooled` (n, d), `support` (n,).

    `pooled` is in the scaled space too, to compare tracks; `means` (n, d) is the same of the embeddings as they are,
    for the model, with `log_px` (n,), the mean logarithm of the faces' size, and `quality` (n,), their mean weight. Of
    unit length, or zero without faces.
    """

    faces: tuple[FloatArray, ...]
    pooled: FloatArray
    support: NDArray[np.float64]
    means: FloatArray
    log_px: NDArray[np.float64]
    quality: NDArray[np.float64]

    def summed(self, person: IntArray, rows: FloatArray) -> NDArray[np.float64]:
        """(c, d) sums over the tracks of each cluster of `rows` (n, d), weighed as in clustering."""
        sums = np.zeros((int(person.max(initial=-1)) + 1, rows.shape[1]))
        np.add.at(sums, person, rows * self.weights[:, None])
        return sums

    @property
    def weights(self) -> NDArray[np.float64]:
        """(n,) what each track weighs in its cluster."""
        return np.minimum(self.support, clustering.MOST_SUPPORT)


def evidence_of(records: Sequence[TrackRecord], model: CharacterModel) -> Evidence:
    """The tracks' faces in the model's scaled space, and their quality-weighted means."""
    d = model.n_features_in_
    counts = [len(record.embeddings) for record in records]
    everything = np.concatenate([np.empty((0, d), np.float32), *(r.embeddings.reshape(-1, d) for r in records)])
    face_px = np.concatenate([np.empty(0, np.float32), *(record.face_px for record in records)])
    plain = unit(everything) if len(everything) else everything
    scaled = unit(model.scaler_.transform(plain, face_px)).astype(np.float32) if len(everything) else everything
    cuts = np.cumsum(counts)[:-1]
    faces = tuple(np.split(scaled, cuts)) if records else ()
    pooled, means = np.zeros((len(records), d), np.float32), np.zeros((len(records), d), np.float32)
    log_px, quality = np.zeros(len(records)), np.zeros(len(records))
    for i, (own, seen, record) in enumerate(zip(faces, np.split(plain, cuts), records, strict=bool(records))):
        if len(own):
            pooled[i] = unit((own * record.weights[:, None]).sum(axis=0))
            means[i] = unit((seen * record.weights[:, None]).sum(axis=0))
            log_px[i] = np.average(np.log(record.face_px), weights=record.weights)
            quality[i] = record.weights.mean()
    support = np.array([float(record.weights.sum()) for record in records])
    return Evidence(faces, pooled, support, means, log_px, quality)


def identify(
    records: Sequence[TrackRecord],
    evidence: Evidence,
    model: CharacterModel,
    *,
    threshold: float | None = None,
    same_place: IntArray | None = None,
) -> People:
    """Who the tracks show. `threshold`: a cosine instead of the model's own for one face.

    `same_place` (k, 2): pairs of tracks that set-ups say are one person (see `in_same_place`).
    """
    n = len(records)
    of_tracks = weigh(model, evidence.means, np.exp(evidence.log_px), evidence.quality, threshold)
    alone = _named_alone(of_tracks)
    ties = Ties(
        on_screen_together(records),
        np.empty((0, 2), np.int64) if same_place is None else _not_told_apart(same_place, alone),
        SAME_PLACE_BONUS,
        _short(records),
    )
    person = clustering.cluster(evidence.pooled, evidence.support, evidence.faces, ties)
    person = _join_weak(person, evidence, ties, alone)
    vectors = unit(evidence.summed(person, evidence.pooled)).astype(np.float32)
    of_clusters = weigh(model, *mean_faces(person, evidence), threshold)
    named = name_clusters(of_clusters.evidence, of_clusters.asked, _clusters_apart(person, ties.apart))
    share = strangers_among(of_clusters.evidence.max(axis=1), np.bincount(person, minlength=len(named)), model)
    similarity, confidence = np.zeros(n), np.zeros(n)
    for i in range(n):
        who = named[person[i]]
        at = int(of_clusters.evidence[person[i]].argmax()) if who is None else who
        similarity[i] = of_tracks.similarity[i, at]
        own, whole = model.calibration_.confidence_at(
            np.array([of_tracks.evidence[i, at], of_clusters.evidence[person[i], at]]), share
        )
        # A track whose own faces say little is as sure as its cluster, as far as it belongs there.
        belongs = float(evidence.pooled[i] @ vectors[person[i]])
        confidence[i] = own if who is None else max(own, whole * min(1.0, max(belongs, 0.0) / clustering.ALIKE))
    characters = tuple(None if who is None else str(model.classes_[who]) for who in named)
    person = _without_no_faces(person, characters, records, evidence)
    return People(person, characters, similarity, confidence, share, of_clusters.either)


def on_screen_together(records: Sequence[TrackRecord]) -> IntArray:
    """(m, 2) pairs of tracks that are seen in one picture."""
    start = np.array([record.start_pts for record in records], np.int64)
    end = np.array([record.end_pts for record in records], np.int64)
    order = np.argsort(start, kind="stable")
    # In order of their start, a track meets those that start before it ends.
    until = np.searchsorted(start[order], end[order])
    pairs = [(order[i], j) for i in range(len(order)) for j in order[i + 1 : until[i]]]
    return np.array(pairs, np.int64).reshape(-1, 2)


def mean_faces(person: IntArray, evidence: Evidence) -> tuple[FloatArray, NDArray[np.float64], NDArray[np.float64]]:
    """(c, d) mean embeddings of the clusters, unit length or zero, and size (c,) and quality (c,) of their faces."""
    sums, weights = evidence.summed(person, evidence.means), evidence.weights
    count = len(sums)
    whole = np.maximum(np.bincount(person, weights, count), 1e-9)
    log_px = np.bincount(person, weights * evidence.log_px, count) / whole
    quality = np.bincount(person, weights * evidence.quality, count) / whole
    return unit(sums).astype(np.float32), np.exp(log_px), quality


def _short(records: Sequence[TrackRecord]) -> NDArray[np.float64]:
    """(n,) what pairs with a track of small faces are short of."""
    small = [len(record.face_px) > 0 and record.face_px.mean() < ALIKE_PX for record in records]
    return np.where(np.array(small, bool), SMALL_MARGIN, 0.0)


def _named_alone(of_tracks: Weighed) -> IntArray:
    """(n,) the character that each track is by its own faces, or -1."""
    enough = of_tracks.evidence.max(axis=1) >= of_tracks.asked
    return np.where(enough, of_tracks.evidence.argmax(axis=1), -1).astype(np.int64)


def _not_told_apart(pairs: IntArray, alone: IntArray) -> IntArray:
    """The pairs of tracks that are not taken for different characters, each by its own faces."""
    one, other = alone[pairs].T
    kept: IntArray = pairs[(one < 0) | (other < 0) | (one == other)]
    return kept


def _clusters_apart(person: IntArray, apart: IntArray) -> NDArray[np.bool_]:
    count = int(person.max(initial=-1)) + 1
    result = np.zeros((count, count), bool)
    one, other = person[apart[:, 0]], person[apart[:, 1]]
    result[one, other] = result[other, one] = True
    return result


def _join_weak(person: IntArray, evidence: Evidence, ties: Ties, alone: IntArray) -> IntArray:
    """Weak clusters joined to the one they are clearly most like; the weakest first.

    None joins another with a track that is a different character by its own faces (`alone`).
    """
    faces = clustering.TrackFaces(evidence.faces)
    sums = evidence.summed(person, evidence.pooled)
    vectors = unit(sums)
    support = np.bincount(person, evidence.support, len(sums))
    apart, gone = _clusters_apart(person, ties.apart), np.zeros(len(sums), bool)
    known = np.zeros((len(sums), int(alone.max(initial=-1)) + 1), bool)
    known[person[alone >= 0], alone[alone >= 0]] = True
    person = person.copy()
    for weak in np.argsort(support, kind="stable"):
        if support[weak] >= WEAK_SUPPORT:
            break
        closest = np.full(len(sums), -np.inf)
        for own in np.flatnonzero(person == weak):
            to_tracks = faces.alike(evidence.faces[own]) + 2 * ties.extra_of(int(own))
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
    return np.unique(person, return_inverse=True)[1].astype(np.int64)


def _without_no_faces(
    person: IntArray, characters: Sequence[str | None], records: Sequence[TrackRecord], evidence: Evidence
) -> IntArray:
    person = person.copy()
    support = np.bincount(person, evidence.support) if len(person) else np.empty(0)
    for i, record in enumerate(records):
        weak = characters[person[i]] is None and support[person[i]] < WEAK_SUPPORT
        if not len(record.embeddings) or (weak and record.mean_score < NO_PERSON_SCORE):
            person[i] = -1
    return person
