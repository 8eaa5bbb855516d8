"""`HeadedModel`: a `CharacterModel` whose choice between characters is left to other heads.

The division of labour makes every head open-set. The `CharacterModel` decides as always which characters a face may be:
those whose similarity reaches the threshold, mostly none or one. Where several do, the heads say which, by the mean of
their calibrated probabilities. So no head names a face that the model would not, and FAR stays at most what was asked;
where the heads' own doubt takes the confidence below `calibration.SURE`, the face has no name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from personae.errors import InputError
from personae.recognition import estimator
from personae.recognition.background import Background, Float64Array
from personae.recognition.calibration import SURE
from personae.recognition.heads.calibrated import CalibratedHead
from personae.recognition.heads.registry import AUTO, ENSEMBLE, OURS, PROTOTYPES, VOTERS, make_head
from personae.recognition.matching import check_embeddings, check_face_px
from personae.recognition.model import CANDIDATES, CharacterModel, Matches
from personae.recognition.scaler import BACKGROUND_WEIGHT
from personae.settings import Settings
from personae.types import IntArray

STRANGERS = 2000
MIN_STANDARD_ERRORS = 2.0
"""By how many standard errors a head must be better than the prototypes to be chosen by `auto`."""


@dataclass(frozen=True)
class HeadFacts:
    """Which heads decide: `asked` by the setting, and the names of those `used`.

    `compared`: name -> share of `photos` left-out photos put to the right character; empty where there were none.
    """

    asked: str
    used: tuple[str, ...]
    compared: dict[str, float]
    photos: int

    def __str__(self) -> str:
        used = " + ".join(self.used)
        return used if (self.asked,) == self.used else f"{self.asked}: {used}"


class HeadedModel(CharacterModel):
    """A `CharacterModel` with one other head, an ensemble of heads, or the head that fits the cast best.

    `head`: a name in `personae.recognition.heads.registry`, "ensemble" (`VOTERS`, one vote each) or "auto"; every other
    parameter is the `CharacterModel`'s. Fitted beside what that has: `heads_` the `CalibratedHead`s that decide (none
    where prototypes do), `head_facts_`.
    """

    def __init__(
        self,
        head: str = PROTOTYPES,
        max_clusters: int = 3,
        far: float = 0.01,
        threshold: float | None = None,
        background: Background | None = None,
        background_weight: float = BACKGROUND_WEIGHT,
        seed: int = 0,
        strangers: float = 0.5,
    ) -> None:
        super().__init__(max_clusters, far, threshold, background, background_weight, seed, strangers)
        self.head = head

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
        """See `CharacterModel.fit`; raises SettingError and MissingExtraError for a head that is not there."""
        super().fit(X, y, looks, copies, copies_px, performers)
        fitted = self._fit_heads(np.asarray(X, np.float64), np.searchsorted(self.classes_, np.asarray(y).ravel()))
        compared = {head.name: float(head.right_.mean()) for head in fitted if len(head.right_)}
        photos = len(fitted[0].right_) if fitted else 0
        used = [choose(fitted)] if self.head == AUTO and fitted else [head.name for head in fitted]
        # Prototypes alone are the model itself.
        self.heads_ = () if used == [PROTOTYPES] else tuple(head for head in fitted if head.name in used)
        self.head_facts_ = HeadFacts(self.head, tuple(used) or (PROTOTYPES,), compared, photos)
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
        """See `CharacterModel.decide`; a face without a name is left as that has it.

        Of a named face the characters that reach the threshold come first, in the heads' order; its confidences are the
        model's own, times what the heads give each character. The look is None where the heads chose another
        character than the nearest.
        """
        estimator.check_is_fitted(self)
        if not self.heads_:
            return super().decide(X, face_px=face_px, threshold=threshold, candidates=candidates)
        found = super().decide(X, face_px=face_px, threshold=threshold, candidates=len(self.classes_))
        faces = np.flatnonzero(found.named)
        characters, similarity, confidence = found.characters.copy(), found.similarity.copy(), found.confidence.copy()
        evidence = found.evidence.copy()
        looks = list(found.looks)
        if len(faces):
            rows = check_embeddings(X, self.n_features_in_)
            sizes = check_face_px(face_px, len(rows))
            scaled = self._scaled(rows[faces], None if sizes is None else sizes[faces])
            own = characters[faces]
            chance = np.take_along_axis(self._head_probabilities(scaled), own, axis=1)
            limit = np.reshape(np.asarray(found.threshold), (-1, 1))
            allowed = evidence[faces] >= (limit if len(limit) == 1 else limit[faces])
            allowed[:, 0] = True  # the nearest character of a named face is always one it may be
            order = np.argsort(-np.where(allowed, 2 + chance, evidence[faces]), axis=1, kind="stable")
            confidence[faces] = np.take_along_axis(confidence[faces, :1] * chance, order, axis=1)
            characters[faces] = np.take_along_axis(own, order, axis=1)
            similarity[faces] = np.take_along_axis(similarity[faces], order, axis=1)
            evidence[faces] = np.take_along_axis(evidence[faces], order, axis=1)
            for face in faces[order[:, 0] != 0]:
                looks[face] = None
        return replace(
            found,
            named=found.named & (confidence[:, 0] >= SURE),
            characters=characters[:, :candidates],
            similarity=similarity[:, :candidates],
            confidence=confidence[:, :candidates],
            evidence=evidence[:, :candidates],
            looks=looks,
        )

    def predict_proba(self, X: ArrayLike) -> Float64Array:
        """(n, c) mean of the heads' calibrated probabilities of each character; rows sum to 1 (closed set)."""
        estimator.check_is_fitted(self)
        if not self.heads_:
            return super().predict_proba(X)
        rows = estimator.check_predict_argument(X, self.n_features_in_, self)
        return self._head_probabilities(self._scaled(rows))

    def decision_function(self, X: ArrayLike) -> Float64Array:
        """(n, c) logarithm of `predict_proba`; for a cast of two (n,) the log-odds of the second."""
        estimator.check_is_fitted(self)
        if not self.heads_:
            return super().decision_function(X)
        logarithm = np.log(np.maximum(self.predict_proba(X), 1e-300))
        return np.asarray(logarithm[:, 1] - logarithm[:, 0] if len(self.classes_) == 2 else logarithm)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """(n,) the character the heads give each face, even a stranger's (closed set); `match` knows strangers."""
        estimator.check_is_fitted(self)
        if not self.heads_:
            return super().predict(X)
        names: NDArray[Any] = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return names

    # To and from the model's archive

    def head_arrays(self) -> dict[str, NDArray[Any]]:
        """Everything the heads have learned, as `head.<name>.<array>`."""
        return {f"head.{head.name}.{key}": array for head in self.heads_ for key, array in head.arrays().items()}

    def restore_heads(self, arrays: Mapping[str, NDArray[Any]], facts: HeadFacts) -> None:
        """The heads of a model that is otherwise complete, from its archive; ValueError where they do not fit it."""
        names = () if facts.used == (PROTOTYPES,) else facts.used
        heads = []
        for name in names:
            prefix = f"head.{name}."
            own = {key.removeprefix(prefix): array for key, array in arrays.items() if key.startswith(prefix)}
            heads.append(
                self._unfitted(name).restore(own, dimension=self.n_features_in_, characters=len(self.classes_))
            )
        self.heads_ = tuple(heads)
        self.head_facts_ = facts

    # Inside

    def _fit_heads(self, X: Float64Array, characters: IntArray) -> list[CalibratedHead]:
        """Every head that is asked for or compared; none where one character leaves nothing to choose."""
        names = {ENSEMBLE: VOTERS, AUTO: tuple(OURS)}.get(self.head, (self.head,))
        if len(self.classes_) == 1 or names == (PROTOTYPES,):
            return []
        drawn = self.background_.strangers(STRANGERS, self.seed)
        rows, strangers = (np.asarray(self._scaled(part), np.float32) for part in (X, drawn))
        return [self._unfitted(name).fit(rows, characters, strangers, seed=self.seed) for name in names]

    def _unfitted(self, name: str) -> CalibratedHead:
        settings = Settings(seed=self.seed, max_clusters=self.max_clusters)
        return CalibratedHead(name, partial(make_head, name, settings))

    def _head_probabilities(self, scaled: NDArray[Any]) -> Float64Array:
        return np.asarray(np.mean([head.probabilities(scaled) for head in self.heads_], axis=0))

    def _check_cast_can_change(self) -> None:
        """While prototypes decide it can; other heads know the whole cast or nothing."""
        super()._check_cast_can_change()
        if self.heads_:
            raise InputError(
                f"The head {self.head_facts_} is fitted to the whole cast at once: fit again with every character."
            )


def choose(heads: Sequence[CalibratedHead]) -> str:
    """The name of the head that put most left-out photos right, of those better than prototypes beyond chance.

    Beyond chance: by `MIN_STANDARD_ERRORS` of the difference on the same photos, which takes at least five photos;
    everything else, a tie as well, goes to the prototypes.
    """
    right = {head.name: head.right_.astype(np.float64) for head in heads}
    best, most = PROTOTYPES, 0.0
    for name, own in right.items():
        if name == PROTOTYPES or not len(own):
            continue
        difference = own - right[PROTOTYPES]
        gain = float(difference.mean())
        error = float(difference.std() / np.sqrt(len(difference)))
        if gain > most and gain > MIN_STANDARD_ERRORS * error:
            best, most = name, gain
    return best


def character_model(head: str, background: Background, **parameters: Any) -> CharacterModel:
    """An unfitted model that decides by that head: a plain `CharacterModel` for prototypes."""
    if head == PROTOTYPES:
        return CharacterModel(background=background, **parameters)
    return HeadedModel(head, background=background, **parameters)
