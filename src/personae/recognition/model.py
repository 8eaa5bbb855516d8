"""`CharacterModel`: what training derives from a gallery, and the one place where a face gets a name.

A scikit-learn estimator in all but its base class: importing scikit-learn costs about a second, and identification
must not pay it. `sklearn.utils.estimator_checks.check_estimator` passes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from personae.errors import CastError, UnknownCharacterError
from personae.recognition import estimator
from personae.recognition.ambiguity import rivals
from personae.recognition.background import Background, Float64Array
from personae.recognition.calibration import calibrate
from personae.recognition.matching import (
    best_candidates,
    best_of_each,
    character_scores,
    check_embeddings,
    check_face_px,
)
from personae.recognition.metrics import training_metrics
from personae.recognition.negatives import Negatives
from personae.recognition.prototypes import Prototypes, fit_prototypes, unit
from personae.recognition.scaler import BACKGROUND_WEIGHT, EmbeddingScaler
from personae.recognition.small_faces import SmallPrototypes
from personae.types import Candidate, IntArray, Match, Method

CANDIDATES = 3


@dataclass(frozen=True, eq=False)
class Matches:
    """What the model thinks of n faces: candidates best first, and whether the best one is named.

    `characters` (n, k): numbers into `names`; `similarity`, `confidence` (n, k); `evidence` (n, k): what decides, the
    cosine of a sharp face that would be as sure (on sharp faces the similarity itself, and that where it is not
    given); `named` (n,): whether the best candidate's evidence reaches `threshold`, never less than what makes its
    confidence `calibration.SURE`, and it is told from the next one; `looks` (n,): the look of the nearest prototype;
    `rivals` (n,): of a face that reaches the threshold and is not told from another character that one's number, else
    -1 (empty: nobody looked).
    """

    names: NDArray[Any]
    characters: IntArray
    similarity: Float64Array
    confidence: Float64Array
    named: NDArray[np.bool_]
    looks: list[str | None]
    threshold: float
    method: Method = "model"
    evidence: Float64Array = field(default_factory=lambda: np.empty((0, 0)))
    rivals: IntArray = field(default_factory=lambda: np.empty(0, np.int64))

    def __post_init__(self) -> None:
        if self.evidence.shape != self.similarity.shape:
            object.__setattr__(self, "evidence", self.similarity)

    def __len__(self) -> int:
        return len(self.characters)

    def candidates(self, face: int) -> tuple[Candidate, ...]:
        """The characters that face could be, best first, named or not."""
        return tuple(
            Candidate(str(self.names[c]), float(s), float(p))
            for c, s, p in zip(self.characters[face], self.similarity[face], self.confidence[face], strict=True)
        )

    def alternatives(self, face: int) -> tuple[str, ...]:
        """The two characters an ambiguous face could be, the nearer first; empty for every other face."""
        if not len(self.rivals) or self.rivals[face] < 0:
            return ()
        return str(self.names[self.characters[face, 0]]), str(self.names[self.rivals[face]])

    def match(self, face: int) -> Match | None:
        """The name of that face, or None where it is unknown."""
        if not self.named[face]:
            return None
        best = self.candidates(face)[0]
        return Match(best.character, best.similarity, best.confidence, self.method, self.looks[face])


class CharacterModel(estimator.ClassifierMixin):
    """Scaler, prototypes per character, operating point and confidence, fitted to a cast's embeddings.

    `max_clusters`: at most this many prototypes per character and look; `far`: share of strangers that may get a
    name; `threshold`: a cosine that overrides the one fitted to `far`; `background`: statistics of the embedder,
    None for an embedder nobody has measured; `background_weight`: how many people of it the cast is weighed against;
    `seed`: of the strangers drawn at calibration; `strangers`: the share of strangers among faces that `confidence` is
    for.

    Fitted: `classes_` (c,) names, `scaler_`, `prototypes_`,
    `photos_` (c,) photos of each, `looks_` look per prototype, `small_` the prototypes for small faces (None without
    copies), `calibration_`, `threshold_`, `metrics_`, `negatives_` faces that characters are not, `background_`,
    `n_features_in_`.
    """

    def __init__(
        self,
        max_clusters: int = 3,
        far: float = 0.01,
        threshold: float | None = None,
        background: Background | None = None,
        background_weight: float = BACKGROUND_WEIGHT,
        seed: int = 0,
        strangers: float = 0.5,
    ) -> None:
        self.max_clusters = max_clusters
        self.far = far
        self.threshold = threshold
        self.background = background
        self.background_weight = background_weight
        self.seed = seed
        self.strangers = strangers

    # Fitting

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        looks: Sequence[str | None] | None = None,
        copies: ArrayLike | None = None,
        copies_px: ArrayLike | None = None,
        performers: Mapping[str, str] | None = None,
    ) -> Self:
        """Fit to embeddings `X` (n, d) with a character `y` (n,) each; `looks` (n,) declares appearances.

        `copies` (n, k, d): embeddings of small copies of the photos, which let small faces be told apart far better;
        a zero vector where one is missing; `copies_px` (n, k) their sizes, None for `COPIES_PX`. `performers`:
        character -> who plays it; characters with one performer have one face, so they are never told apart.
        Raises EmbeddingError for NaN or zero vectors, CastError for no photos.
        """
        X, y = estimator.check_fit_arguments(X, y)
        self.n_features_in_ = X.shape[1]
        self.classes_, characters = np.unique(y, return_inverse=True)
        self.background_ = self.background or Background.isotropic(self.n_features_in_)
        X = unit(X)
        self.scaler_ = EmbeddingScaler(self.background_weight).fit(X, characters, self.background_)
        scaled = unit(self.scaler_.transform(X))
        look_names, look_numbers = _look_numbers(looks, len(X))
        # Groups are (character, look) pairs, numbered so that a character's groups lie together.
        pairs, groups = np.unique(np.stack([characters, look_numbers], axis=1), axis=0, return_inverse=True)
        found = fit_prototypes(scaled, groups.ravel(), max_clusters=self.max_clusters)
        self.looks_: list[str | None] = [look_names[pairs[g, 1]] for g in found.groups]
        self.prototypes_ = Prototypes(found.centres, pairs[found.groups, 0], found.counts)
        self.photos_ = np.bincount(characters)
        self.performers_ = {} if performers is None else dict(performers)
        self.small_ = self._small(X, scaled, groups.ravel(), found, copies, copies_px)
        self.metrics_ = training_metrics(scaled, characters, seed=self.seed)
        self.negatives_ = Negatives.none(self.n_features_in_)
        self._calibrate()
        return self

    def add_character(
        self,
        name: str,
        X: ArrayLike,
        looks: Sequence[str | None] | None = None,
        copies: ArrayLike | None = None,
        copies_px: ArrayLike | None = None,
    ) -> Self:
        """Add one character, or replace the one of that name, by its embeddings `X` (n, d); the rest as in `fit`.

        The scaler stays as it is (the background dominates it); the operating point is fitted anew.
        """
        self._check_cast_can_change()
        rows = check_embeddings(X, self.n_features_in_)
        if not len(rows):
            raise CastError(f"No photo of {name}: give at least one embedding.")
        rows = unit(rows)
        scaled = unit(self.scaler_.transform(rows))
        look_names, look_numbers = _look_numbers(looks, len(rows))
        numbers, groups = np.unique(look_numbers, return_inverse=True)
        added = fit_prototypes(scaled, groups.ravel(), max_clusters=self.max_clusters)
        if name in self.classes_:
            self._drop(name)
        at = int(np.searchsorted(self.classes_, name))
        first = int(self.prototypes_.starts[at]) if at < len(self.classes_) else len(self.looks_)
        self.classes_ = np.insert(np.asarray(self.classes_, dtype=object), at, name).astype(str)
        self.photos_ = np.insert(self.photos_, at, len(rows))
        old = self.prototypes_
        self.prototypes_ = Prototypes(
            np.insert(old.centres, first, added.centres.astype(old.centres.dtype), axis=0),
            np.insert(old.groups + (old.groups >= at), first, np.full(len(added.counts), at)),
            np.insert(old.counts, first, added.counts),
        )
        if self.small_ is not None:
            if copies is None:
                copies = np.zeros((len(rows), 1, rows.shape[1]))
            small = self._small(rows, scaled, groups.ravel(), added, copies, copies_px)
            assert small is not None
            self.small_ = self.small_.inserted(first, small.centres, small.counts)
        self.looks_[first:first] = [look_names[numbers[g]] for g in added.groups]
        self._calibrate()
        return self

    def remove_character(self, name: str) -> Self:
        """Take one character out of the cast; raises UnknownCharacterError where it is not in it."""
        self._check_cast_can_change()
        if name not in self.classes_:
            raise UnknownCharacterError(f"No character is called {name!r}. The cast: {self._cast()}.")
        if len(self.classes_) == 1:
            raise CastError(f"{name} is the only character: a model needs one. Train on another cast instead.")
        self._drop(name)
        self._calibrate()
        return self

    def _check_cast_can_change(self) -> None:
        """Raises NotFittedError before `fit`; models that cannot change a part of the cast refuse here."""
        estimator.check_is_fitted(self)

    def reject(self, names: Sequence[str], X: ArrayLike, *, face_px: ArrayLike | None = None) -> Self:
        """Replace the faces that characters are not: embeddings `X` (m, d), each not of the character in `names` (m,).

        A face nearer to one of them than to that character does not get its name; see `Negatives`.
        """
        estimator.check_is_fitted(self)
        rows = check_embeddings(X, self.n_features_in_) if len(names) else np.empty((0, self.n_features_in_))
        if len(rows) != len(names):
            raise CastError(f"{len(names)} names for {len(rows)} embeddings: give one per embedding.")
        scaled = self._scaled(rows, check_face_px(face_px, len(rows)))
        self.negatives_ = Negatives(scaled.astype(np.float32), tuple(map(str, names)))
        return self

    def recalibrate(self, far: float) -> Self:
        """Move the operating point to `far`: the share of strangers that may get a name; nothing else changes."""
        estimator.check_is_fitted(self)
        self.far, self.threshold = far, None
        self._calibrate()
        return self

    # Deciding

    def decide(
        self,
        X: ArrayLike,
        *,
        face_px: ArrayLike | None = None,
        threshold: float | None = None,
        candidates: int = CANDIDATES,
    ) -> Matches:
        """Candidates and decision for each embedding of `X` (n, d) or (d,); one matrix product for all.

        `face_px` (n,): the faces' sizes in pixels, which tells how to treat small ones; None where they are not known.
        """
        estimator.check_is_fitted(self)
        rows = check_embeddings(X, self.n_features_in_)
        sizes = check_face_px(face_px, len(rows))
        scaled = self._scaled(rows, sizes)
        starts = self.prototypes_.starts
        cosines: NDArray[Any] = scaled @ self.prototypes_.centres.astype(scaled.dtype, copy=False).T
        weighed = cosines
        if self.small_ is not None and sizes is not None:
            weighed = self.small_.blended(cosines, rows, sizes, self.calibration_.shares)
        scores = best_of_each(weighed, starts)
        scores = self.negatives_.veto(scores, scaled, self.classes_)
        best = best_candidates(scores, max(candidates, 2))
        evidence = np.take_along_axis(scores, best, axis=1).astype(np.float64)
        similarity = evidence
        if weighed is not cosines:
            similarity = np.take_along_axis(best_of_each(cosines, starts), best, axis=1).astype(np.float64)
        limit = self.threshold_ if threshold is None else threshold
        # Below the fitted threshold a name is a guess anyway, and asked for.
        doubtful = evidence[:, 0] >= max(limit, self.threshold_)
        limit = max(limit, self.calibration_.sure_from(self.strangers))
        reached = evidence[:, 0] >= limit
        told_from = rivals(best, scores, self.classes_, scatter=self.background_.scatter, performers=self.performers_)
        told_from = np.where(doubtful, told_from, -1)
        looks: list[str | None] = [None] * len(scaled)
        if any(look is not None for look in self.looks_):
            for face in range(len(scaled)):
                looks[face] = self._look(scaled[face], int(best[face, 0]))
        return Matches(
            self.classes_,
            best[:, :candidates],
            similarity[:, :candidates],
            self.calibration_.confidence_at(evidence, self.strangers)[:, :candidates],
            reached & (told_from < 0),
            looks,
            limit,
            evidence=evidence[:, :candidates],
            rivals=told_from,
        )

    def match(
        self, X: ArrayLike, *, face_px: ArrayLike | None = None, threshold: float | None = None
    ) -> list[Match | None]:
        """The open-set decision: one `Match`, or None for unknown, per embedding of `X` (n, d); see `decide`."""
        decisions = self.decide(X, face_px=face_px, threshold=threshold, candidates=1)
        return [decisions.match(face) for face in range(len(decisions))]

    def decision_function(self, X: ArrayLike) -> Float64Array:
        """(n, c) cosine to each character; for a cast of two (n,) the log-odds of the second, as in scikit-learn."""
        scores = self._scores(X)
        if len(self.classes_) != 2:
            return scores
        odds = self._odds(scores)
        return np.asarray(np.log(odds[:, 1]) - np.log(odds[:, 0]))

    def predict_proba(self, X: ArrayLike) -> Float64Array:
        """(n, c) probability of each character for a face of the cast; rows sum to 1 (closed set)."""
        odds = self._odds(self._scores(X))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """(n,) the nearest character of each face, even of a stranger's (closed set); `match` knows strangers."""
        nearest = self._scores(X).argmax(axis=1)
        names: NDArray[Any] = self.classes_[nearest]
        return names

    # Inside

    def _scaled(self, X: NDArray[Any], face_px: NDArray[Any] | None = None) -> NDArray[Any]:
        return unit(self.scaler_.transform(unit(X), face_px))

    def _scores(self, X: ArrayLike) -> Float64Array:
        estimator.check_is_fitted(self)
        scaled = self._scaled(estimator.check_predict_argument(X, self.n_features_in_, self))
        return character_scores(scaled, self.prototypes_.centres, self.prototypes_.starts).astype(np.float64)

    def _odds(self, scores: Float64Array) -> Float64Array:
        confidence = self.calibration_.confidence_at(scores)
        # A trace of the cosine decides where the calibration has reached its bound for several characters.
        return np.asarray(confidence / (1 - confidence) * np.exp(1e-3 * scores))

    def _small(
        self,
        X: NDArray[Any],
        scaled: NDArray[Any],
        groups: IntArray,
        found: Prototypes,
        copies: ArrayLike | None,
        copies_px: ArrayLike | None,
    ) -> SmallPrototypes | None:
        """Prototypes `found` in the `groups` (n,) of photos `X` (n, d), for small faces; None where none are known."""
        statistics = self.background_.small
        if copies is None or statistics is None or not np.any(copies):
            return None
        sizes = None if copies_px is None else np.asarray(copies_px, np.float64)
        enrolled = statistics.enrolled(X, np.asarray(copies), sizes)
        nearest = np.where(groups[:, None] == found.groups, scaled @ found.centres.T, -np.inf).argmax(axis=1)
        counts = np.bincount(nearest, minlength=len(found.groups))
        sums = np.zeros((len(found.groups), X.shape[1]))
        np.add.at(sums, nearest, enrolled)
        return SmallPrototypes(statistics, sums / np.maximum(counts, 1)[:, None], np.maximum(counts, 1))

    def _look(self, scaled: NDArray[Any], character: int) -> str | None:
        starts = self.prototypes_.starts
        first = int(starts[character])
        last = int(starts[character + 1]) if character + 1 < len(starts) else len(self.looks_)
        return self.looks_[first + int((self.prototypes_.centres[first:last] @ scaled).argmax())]

    def _cast(self) -> str:
        return ", ".join(map(str, self.classes_[:20])) + (", ..." if len(self.classes_) > 20 else "")

    def _drop(self, name: str) -> None:
        at = int(np.flatnonzero(self.classes_ == name)[0])
        keep = self.prototypes_.groups != at
        old = self.prototypes_
        groups = old.groups[keep]
        self.prototypes_ = Prototypes(old.centres[keep], groups - (groups > at), old.counts[keep])
        self.looks_ = [look for look, kept in zip(self.looks_, keep, strict=True) if kept]
        if self.small_ is not None:
            self.small_ = self.small_.without(keep)
        self.classes_ = np.delete(self.classes_, at)
        self.photos_ = np.delete(self.photos_, at)

    def _calibrate(self) -> None:
        self.calibration_ = calibrate(
            self.prototypes_.centres,
            self.prototypes_.starts,
            self.photos_,
            self.scaler_,
            self.background_,
            seed=self.seed,
            small=self.small_,
        )
        self.threshold_ = self.calibration_.threshold(self.far) if self.threshold is None else self.threshold


def _look_numbers(looks: Sequence[str | None] | None, n: int) -> tuple[list[str | None], IntArray]:
    """Distinct looks, None first, and the number of each photo's."""
    if looks is None:
        return [None], np.zeros(n, np.int64)
    if len(looks) != n:
        raise CastError(f"{len(looks)} looks for {n} embeddings: give one per embedding.")
    names: list[str | None] = [None, *sorted({look for look in looks if look is not None})]
    number = {name: i for i, name in enumerate(names)}
    return names, np.array([number[look] for look in looks], np.int64)
