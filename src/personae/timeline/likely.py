"""Who people without a name may be: characters, and each other, with calibrated probabilities. Plain arrays.

Two things tell who somebody may be: how far the model's evidence for a character reaches, measured from the threshold
that strangers seldom pass, and how alike they are to the faces that have that name already, in these films and photos.
A film's own faces tell more than one photo from elsewhere does. The weights were fitted to made films; see
benchmarks/suggestions.py, and docs/measurements.md for the people they were tested on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personae.recognition.backgrounds import background_for
from personae.recognition.model import CharacterModel
from personae.recognition.prototypes import unit
from personae.recognition.scaler import EmbeddingScaler
from personae.timeline.clustering import MOST_SUPPORT
from personae.timeline.evidence import segment_sums
from personae.timeline.grouping import ALIKE_PX, SMALL_MARGIN
from personae.timeline.track_names import MANY_MARGIN, SHARP_MARGIN, weigh
from personae.types import FloatArray, IntArray

EVIDENCE, ALIKE, NEITHER = 7.3, 26.6, -8.7
"""Log-odds that somebody is a character: for each unit of evidence beyond the threshold, of likeness to the faces that
have the name, and of nobody in particular."""
STRANGERS = 0.7
"""The share of strangers among people without a name, where the model of now would name somebody: one that was taught
since, so that these films have not been named by it."""
UNLIKE = 0.1
"""The likeness to a name that no face has, and the least that counts: below it lies who is nobody's double."""
SAME, DIFFERENT = 31.3, -10.9
"""Log-odds that two people without a name are one: for each unit of likeness, and of any two."""
PIECE = 512
"""So many people are compared with all others at once."""
JOINED = 0.5
"""From this likeness on two people are one, and are not asked about twice: of 730,245 pairs of photos of two people
(Labeled Faces in the Wild, part 1 of the archive) 4 get there, and of made films' pairs of one person 72 in 100."""


@dataclass(frozen=True, eq=False)
class People:
    """n people as their faces tell; some are characters.

    `means` (n, d): the weighted mean of their faces' embeddings, of unit length, zero where there is no face; `alike`
    (n, d): the same in the space in which two people are compared; `face_px` (n,): their faces' mean size.
    """

    means: FloatArray
    alike: FloatArray
    face_px: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        embeddings: FloatArray,
        weights: NDArray[np.floating],
        face_px: NDArray[np.floating],
        track: IntArray,
        person: IntArray,
        count: int,
        embedder: str,
    ) -> People:
        """`count` people from faces: `embeddings` (k, d), `weights` and `face_px` (k,), and of each face its `track`
        and its `person` (k,), -1 for nobody's.

        A long track weighs no more than in grouping. `embedder`: contract id of what made the embeddings.
        """
        support = np.bincount(track, weights, int(track.max(initial=-1)) + 1)
        own = np.flatnonzero(person >= 0)
        whose, rows = person[own], unit(embeddings[own].astype(np.float64))
        capped = weights[own] * np.minimum(1.0, MOST_SUPPORT / np.maximum(support[track[own]], 1e-9))
        dimension = embeddings.shape[1] if embeddings.ndim == 2 else 0
        scaled = rows
        if len(rows):
            scaler = EmbeddingScaler().of_background(background_for(embedder, dimension))
            scaled = unit(scaler.transform(rows, face_px[own]))
        whole = np.maximum(np.bincount(whose, capped, count), 1e-9)
        log_px = np.bincount(whose, capped * np.log(np.maximum(face_px[own], 1e-3)), count) / whole
        means, alike = (
            unit(segment_sums(each * capped[:, None], whose, count)).astype(np.float32) for each in (rows, scaled)
        )
        return cls(means, alike, np.exp(log_px))

    @classmethod
    def together(cls, several: Sequence[People]) -> People:
        """All of several, one after the other."""
        return cls(
            np.concatenate([one.means for one in several]),
            np.concatenate([one.alike for one in several]),
            np.concatenate([one.face_px for one in several]),
        )

    def as_one(self, person: IntArray, count: int) -> People:
        """`count` people of which each is one or several of these; `person` (n,): who each of these is."""
        seen = self.is_seen.astype(np.float64)
        log_px = np.bincount(person, seen * np.log(np.maximum(self.face_px, 1e-3)), count)
        means, alike = (unit(segment_sums(rows, person, count)).astype(np.float32) for rows in (self.means, self.alike))
        return People(means, alike, np.exp(log_px / np.maximum(np.bincount(person, seen, count), 1.0)))

    @property
    def is_seen(self) -> NDArray[np.bool_]:
        """(n,) who has a face that tells anything."""
        seen: NDArray[np.bool_] = np.abs(self.alike).max(axis=1, initial=0.0) > 0
        return seen

    def likeness(self, rows: IntArray | slice, columns: IntArray | slice) -> FloatArray:
        """(r, c) how alike those in `rows` and in `columns` are; small faces, which are all alike, a little less."""
        short = np.where(self.face_px < ALIKE_PX, SMALL_MARGIN, 0.0).astype(np.float32)
        found: FloatArray = self.alike[rows] @ self.alike[columns].T
        found -= np.maximum(short[rows][:, None], short[columns])
        return found

    def only(self, rows: IntArray) -> People:
        """Those in `rows`."""
        return People(self.means[rows], self.alike[rows], self.face_px[rows])


def nearest_of_names(
    people: People, own: IntArray, named: IntArray, name_of: IntArray, count: int
) -> NDArray[np.float64]:
    """(m, c) how alike each of `own` (m,) is to the faces that have each of `count` names, `UNLIKE` at least.

    `named` (k,): who has a name, and `name_of` (k,) which. Made in pieces: thousands of people are in some projects.
    """
    found = np.full((len(own), count), UNLIKE)
    order = np.argsort(name_of, kind="stable")
    columns, begins = np.unique(name_of[order], return_index=True)
    for start in range(0, len(own), PIECE) if len(named) else ():
        rows = own[start : start + PIECE]
        likeness = people.likeness(rows, named[order])
        best = np.maximum.reduceat(likeness, begins, axis=1)
        found[start : start + PIECE, columns] = np.maximum(found[start : start + PIECE, columns], best)
    return found


def characters(
    people: People,
    nearest: NDArray[np.float64],
    names: Sequence[str],
    out: NDArray[np.bool_],
    model: CharacterModel | None,
) -> NDArray[np.float64]:
    """(n, c) the probability that each of n people is each of the characters `names`, which hold those of the model.

    `nearest` (n, c): how alike they are to the faces that have the name; `out` (n, c): who cannot be whom; `model`:
    None in an empty cast. Nobody gets a name that neither a photo nor a face has.
    """
    at = {name: number for number, name in enumerate(names)}
    odds = SAME * nearest + DIFFERENT
    if model is not None and len(nearest):
        own = [at[name] for name in map(str, model.classes_)]
        zeros = np.zeros(len(nearest))
        evidence = weigh(model, people.means, np.maximum(people.face_px, 1.0), zeros, zeros).evidence
        beyond = evidence - model.threshold_
        odds[:, own] = EVIDENCE * beyond + ALIKE * nearest[:, own] + NEITHER
        # The weights are for those whom the model leaves unknown. Whom it would name by now, it is sure of.
        sure = model.calibration_.confidence_at(evidence, STRANGERS)
        would_name = beyond >= SHARP_MARGIN + MANY_MARGIN
        odds[:, own] = np.where(would_name, np.maximum(odds[:, own], np.log(sure / (1 - sure))), odds[:, own])
    odds[out | ~people.is_seen[:, None]] = -np.inf
    # One of the characters, or nobody of them, whose odds are 1.
    most = np.maximum(odds.max(axis=1, initial=0.0), 0.0)[:, None]
    shares = np.exp(odds - most)
    return np.asarray(shares / (shares.sum(axis=1, keepdims=True) + np.exp(-most)), np.float64)


def same(likeness: FloatArray) -> NDArray[np.float64]:
    """The probability that two people without a name are one, who are so alike."""
    return np.asarray(1 / (1 + np.exp(-(SAME * likeness.astype(np.float64) + DIFFERENT))), np.float64)


def likeness_of(probability: float) -> float:
    """How alike two are who are one with that probability."""
    return (math.log(probability / (1 - probability)) - DIFFERENT) / SAME


def joined(likeness: FloatArray, apart: NDArray[np.bool_], medium: IntArray, one: IntArray) -> IntArray:
    """(n,) the person that each is: those whom the faces clearly tell to be one are.

    `medium` (n,): the film or photos each is in, of which a person has one part, because that told its own people
    apart; `one` (n,): who have the same number here (-1: none) are one already, whatever their faces are like.
    """
    person, members = np.arange(len(likeness)), {at: [at] for at in range(len(likeness))}
    for number in np.unique(one[one >= 0]).tolist():
        first, *others = np.flatnonzero(one == number).tolist()
        for other in others:
            members[first] += members.pop(other)
    for first, own in members.items():
        person[own] = first
    rows, columns = np.nonzero(np.triu(likeness >= JOINED, 1))
    elsewhere = medium[rows] != medium[columns]
    rows, columns = rows[elsewhere], columns[elsewhere]
    for pair in np.argsort(-likeness[rows, columns], kind="stable").tolist():
        a, b = sorted((int(person[rows[pair]]), int(person[columns[pair]])))
        if a == b:
            continue
        both = np.ix_(members[a], members[b])
        clear = not apart[both].any() and not set(medium[members[a]]) & set(medium[members[b]])
        if clear and likeness[both].mean() >= JOINED:
            members[a] += members.pop(b)
            person[members[a]] = a
    return person
