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

from personae.recognition.identification import REPEAT_MARGIN
from personae.recognition.matching import character_scores
from personae.recognition.model import CharacterModel
from personae.recognition.prototypes import unit
from personae.timeline import clustering
from personae.timeline.records import TrackRecord
from personae.types import FloatArray, IntArray

POOLED_MARGIN = 0.03
"""Of strangers' pooled faces 1 % reach this much more than of their single faces (measured on tracks of 3 to 5)."""
SURE_MARGIN = 0.06
"""Many good faces of one person come out far higher than any stranger's: with them, so much more is asked."""
SURE_SUPPORT = 4.0
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
    (n,) that the name is right.
    """

    person: IntArray
    character: tuple[str | None, ...]
    similarity: NDArray[np.float64]
    confidence: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Evidence:
    """What n tracks are weighed by: `faces` scaled unit embeddings (k, d) each, `pooled` (n, d), `support` (n,)."""

    faces: tuple[FloatArray, ...]
    pooled: FloatArray
    support: NDArray[np.float64]


def evidence_of(records: Sequence[TrackRecord], model: CharacterModel) -> Evidence:
    """The tracks' faces in the model's scaled space, and their quality-weighted mean."""
    d = model.n_features_in_
    counts = [len(record.embeddings) for record in records]
    nothing = np.empty((0, d), np.float32)
    everything = np.concatenate([nothing, *(record.embeddings.reshape(-1, d) for record in records)])
    face_px = np.concatenate([np.empty(0, np.float32), *(record.face_px for record in records)])
    scaled = unit(model.scaler_.transform(unit(everything), face_px)) if len(everything) else everything
    faces = tuple(np.split(scaled.astype(np.float32), np.cumsum(counts)[:-1])) if records else ()
    pooled = np.zeros((len(records), d), np.float32)
    for i, (own, record) in enumerate(zip(faces, records, strict=True)):
        if len(own):
            pooled[i] = unit((own * record.weights[:, None]).sum(axis=0))
    return Evidence(faces, pooled, np.array([float(record.weights.sum()) for record in records]))


def identify(
    records: Sequence[TrackRecord],
    evidence: Evidence,
    model: CharacterModel,
    *,
    threshold: float | None = None,
    together: NDArray[np.bool_] | None = None,
    bonus: NDArray[np.float64] | None = None,
) -> People:
    """Who the tracks show. `threshold`: a cosine instead of the model's own for one face.

    `together` (n, n): pairs that a person said are one; `bonus` (n, n): cosine added to pairs (see `same_place_bonus`).
    """
    n = len(records)
    apart = on_screen_together(records)
    person = clustering.cluster(evidence.pooled, evidence.support, evidence.faces, apart, bonus=bonus)
    person = _join_weak(person, evidence, apart, bonus)
    limit = model.threshold_ if threshold is None else threshold
    vectors, support = pooled_clusters(person, evidence)
    scores = character_scores(vectors, model.prototypes_.centres, model.prototypes_.starts).astype(np.float64)
    named = name_clusters(scores, support, _clusters_apart(person, apart), limit)
    track_scores = character_scores(evidence.pooled, model.prototypes_.centres, model.prototypes_.starts)
    similarity, confidence = np.zeros(n), np.zeros(n)
    for i in range(n):
        who = named[person[i]]
        at = int(scores[person[i]].argmax()) if who is None else who
        similarity[i] = float(track_scores[i, at])
        own = float(model.calibration_.confidence_at(similarity[i : i + 1])[0])
        whole = float(model.calibration_.confidence_at(scores[person[i], at : at + 1])[0])
        # A track whose own faces say little is as sure as its cluster, as far as it belongs there.
        belongs = float(evidence.pooled[i] @ vectors[person[i]])
        confidence[i] = own if who is None else max(own, whole * min(1.0, max(belongs, 0.0) / clustering.ALIKE))
    characters = tuple(None if who is None else str(model.classes_[who]) for who in named)
    return People(_without_no_faces(person, characters, records, evidence), characters, similarity, confidence)


def name_clusters(
    scores: NDArray[np.float64], support: NDArray[np.float64], apart: NDArray[np.bool_], threshold: float
) -> list[int | None]:
    """Per cluster the number of its character, or None: best scores first, each name once among clusters `apart`.

    `scores` (c, m) cosines; `support` (c,); `apart` (c, c): clusters that are on screen together.
    """
    asked = threshold + POOLED_MARGIN + SURE_MARGIN * np.minimum(support / SURE_SUPPORT, 1.0)
    named: list[int | None] = [None] * len(scores)
    for flat in np.argsort(-scores, axis=None, kind="stable"):
        c, character = divmod(int(flat), scores.shape[1])
        if named[c] is not None or scores[c, character] < asked[c]:
            continue
        rivals = [other for other in np.flatnonzero(apart[c]) if named[int(other)] == character]
        if not rivals or scores[c, character] >= asked[c] + REPEAT_MARGIN:
            named[c] = character
    return named


def on_screen_together(records: Sequence[TrackRecord]) -> NDArray[np.bool_]:
    """(n, n) which tracks are seen in one picture."""
    start = np.array([record.start_pts for record in records], np.int64)
    end = np.array([record.end_pts for record in records], np.int64)
    result: NDArray[np.bool_] = np.minimum(end[:, None], end) > np.maximum(start[:, None], start)
    np.fill_diagonal(result, False)
    return result


def pooled_clusters(person: IntArray, evidence: Evidence) -> tuple[FloatArray, NDArray[np.float64]]:
    """(c, d) unit vectors of the clusters and their support (c,)."""
    count = int(person.max(initial=-1)) + 1
    sums = np.zeros((count, evidence.pooled.shape[1]))
    weights = np.minimum(evidence.support, clustering.MOST_SUPPORT)
    np.add.at(sums, person, evidence.pooled * weights[:, None])
    support = np.bincount(person, evidence.support, count).astype(np.float64)
    return unit(sums).astype(np.float32), support


def _clusters_apart(person: IntArray, apart: NDArray[np.bool_]) -> NDArray[np.bool_]:
    count = int(person.max(initial=-1)) + 1
    member = np.eye(count)[person]
    result: NDArray[np.bool_] = (member.T @ apart @ member) > 0
    return result


def _join_weak(
    person: IntArray, evidence: Evidence, apart: NDArray[np.bool_], bonus: NDArray[np.float64] | None
) -> IntArray:
    """Weak clusters joined to the one they are clearly most like; the weakest first."""
    closest = clustering.most_alike(evidence.faces) + (0 if bonus is None else 2 * bonus)
    _, support = pooled_clusters(person, evidence)
    person = person.copy()
    for weak in np.argsort(support, kind="stable"):
        if support[weak] >= WEAK_SUPPORT:
            break
        vectors, _ = pooled_clusters(person, evidence)
        own = np.flatnonzero(person == weak)
        alike = []
        for other in np.unique(person):
            theirs = np.flatnonzero(person == other)
            if other == weak or apart[np.ix_(own, theirs)].any():
                continue
            alike.append(((vectors[weak] @ vectors[other] + closest[np.ix_(own, theirs)].max()) / 2, int(other)))
        alike.sort(reverse=True)
        if alike and alike[0][0] >= JOIN_ALIKE and (len(alike) < 2 or alike[0][0] - alike[1][0] >= JOIN_LEAD):
            person[own] = alike[0][1]
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
