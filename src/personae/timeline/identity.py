"""Who the tracks show: the film's groups of tracks, each with a name or none.

Groups come from the film alone (see `grouping`) and are weighed anew by every model: of two that are on screen together
only one is Thor, unless both are far above the threshold (mirrors, split screens). So a profile that no photo knows
gets its name from the same person's other tracks, and a stranger, whose group resembles nobody, gets none. No name has
a confidence below `calibration.SURE`: a track that hardly belongs to a named group is left unknown. A group
whose tracks are different characters, each by its own faces, is taken apart; groups of one character are one person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personae.recognition.calibration import SURE
from personae.recognition.model import CharacterModel
from personae.timeline import clustering, grouping
from personae.timeline.beside import FilmFaces, asked_beside
from personae.timeline.evidence import Evidence, compared, evidence_of
from personae.timeline.grouping import WEAK_SUPPORT, Groups
from personae.timeline.records import TrackRecord
from personae.timeline.track_names import Weighed, name_clusters, strangers_among, weigh
from personae.types import IntArray

NO_PERSON_SCORE = 0.76
"""A loose, weak track with a lower mean detection score is no face (lamps, patterns)."""


@dataclass(frozen=True, eq=False)
class People:
    """Who n tracks show. `person` (n,): number of the person, -1 for what is no face; `character` of each, or None.

    `similarity` (n,): cosine of each track to its person's character, of an unknown to the nearest, 0 without a cast;
    `confidence` (n,) that the name is right, where `strangers` is the share of tracks of people outside the cast.
    `either`: per person the two characters that they are not told apart between, else empty.
    """

    person: IntArray
    character: tuple[str | None, ...]
    similarity: NDArray[np.float64]
    confidence: NDArray[np.float64]
    strangers: float
    either: tuple[tuple[str, ...], ...]


def identify(
    records: Sequence[TrackRecord],
    groups: Groups,
    model: CharacterModel | None,
    *,
    threshold: float | None = None,
) -> People:
    """Who the tracks show; without a model (an empty cast) everybody is unknown.

    `groups`: of the same `records`. `threshold`: a cosine instead of the model's own for one face.
    """
    n, evidence = len(records), evidence_of(records, grouping.dimension_of(records))
    if model is None:
        nobody = (None,) * len(groups.mean)
        person = _without_no_faces(groups.person, nobody, records, evidence)
        return People(person, nobody, np.zeros(n), np.zeros(n), 1.0, ((),) * len(nobody))
    of_tracks = weigh(model, evidence.means, np.exp(evidence.log_px), evidence.quality, evidence.support, threshold)
    groups = _taken_apart(records, groups, evidence, _named_alone(of_tracks))
    person, together = groups.person, grouping.on_screen_together(records)
    of_groups = weigh(model, groups.mean, groups.face_px, groups.quality, groups.weight, threshold)
    share = strangers_among(of_groups.evidence.max(axis=1), np.bincount(person, minlength=len(groups.mean)), model)
    asked = np.maximum(of_groups.asked, model.calibration_.sure_from(share))
    apart = grouping.groups_apart(person, together)
    scores = of_groups.evidence
    named = name_clusters(scores, asked, apart)
    faces = FilmFaces(person, evidence, compared(records, groups.embedder, evidence.means.shape[1]))
    besides = asked_beside(named, of_groups, asked, groups, faces)
    # What is asked less is what the film adds: it counts for the confidence too.
    scores, asked = scores + np.maximum(-besides, 0.0)[:, None], asked + np.maximum(besides, 0.0)
    named = name_clusters(scores, asked, apart)
    is_named = np.array([who is not None for who in named], bool)
    nearest = scores.argmax(axis=1)
    whose = np.array([at if who is None else who for who, at in zip(named, nearest, strict=True)], np.int64)[person]
    own = model.calibration_.confidence_at(of_tracks.evidence[np.arange(n), whose], share)
    whole = model.calibration_.confidence_at(scores[person, whose], share)
    # A track whose own faces say little is as sure as its group, as far as it belongs there.
    lent = whole * np.clip(groups.belongs / clustering.ALIKE, 0.0, 1.0)
    confidence = np.where(is_named[person], np.maximum(own, lent), own)
    characters = tuple(None if who is None else str(model.classes_[who]) for who in named)
    person = _without_unsure(person, is_named[person] & (confidence < SURE))
    more = person.max(initial=-1) + 1 - len(characters)
    characters += (None,) * more
    return People(
        _without_no_faces(person, characters, records, evidence),
        characters,
        of_tracks.similarity[np.arange(n), whose],
        confidence,
        share,
        of_groups.either + ((),) * more,
    )


def _without_unsure(person: IntArray, unsure: NDArray[np.bool_]) -> IntArray:
    """The `unsure` tracks taken out of their named people: those of one person are an unknown person of their own."""
    result = person.copy()
    if unsure.any():
        result[unsure] = person.max() + 1 + np.unique(person[unsure], return_inverse=True)[1]
    return result


def _named_alone(of_tracks: Weighed) -> IntArray:
    """(n,) the character that each track is by its own faces, or -1."""
    enough = of_tracks.evidence.max(axis=1) >= of_tracks.asked
    return np.where(enough, of_tracks.evidence.argmax(axis=1), -1).astype(np.int64)


def _taken_apart(records: Sequence[TrackRecord], groups: Groups, evidence: Evidence, alone: IntArray) -> Groups:
    """The groups, those with tracks of different characters grouped again with what is known of these (`alone`)."""
    pairs = np.unique(np.stack([groups.person[alone >= 0], alone[alone >= 0]], axis=1), axis=0)
    mixed = np.flatnonzero(np.bincount(pairs[:, 0], minlength=1) > 1)
    if not len(mixed):
        return groups
    person, belongs = groups.person.copy(), groups.belongs.copy()
    for number in mixed.tolist():
        members = np.flatnonzero(groups.person == number)
        theirs, own = [records[at] for at in members.tolist()], evidence.of(members)
        seen = compared(theirs, groups.embedder, evidence.means.shape[1])
        at = np.full(len(records), -1)
        at[members] = np.arange(len(members))
        pairs = at[groups.same_place]
        parts = grouping.people_of(theirs, own, seen, pairs[(pairs >= 0).all(axis=1)], alone[members])
        person[members] = np.where(parts == 0, number, parts + person.max())
        belongs[members] = grouping.belonging(parts, own, seen)
    return grouping.described(grouping.in_order(person), evidence, belongs, groups.same_place, groups.embedder)


def _without_no_faces(
    person: IntArray, characters: Sequence[str | None], records: Sequence[TrackRecord], evidence: Evidence
) -> IntArray:
    if not len(person):
        return person
    unnamed = np.array([name is None for name in characters], bool)
    weak = (unnamed & (np.bincount(person, evidence.support) < WEAK_SUPPORT))[person]
    result = person.copy()
    for at, record in enumerate(records):
        if not len(record.embeddings) or (weak[at] and record.mean_score < NO_PERSON_SCORE):
            result[at] = -1
    return result
