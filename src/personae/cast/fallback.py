"""The fallback: the nearest enrolled face by plain cosine, where there is no usable model. Results say so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from personae.cast.edit_log import Negative
from personae.cast.gallery import Enrolment
from personae.recognition.background import Background
from personae.recognition.calibration import calibrate
from personae.recognition.matching import best_candidates, character_scores, check_embeddings
from personae.recognition.model import CANDIDATES, Matches
from personae.recognition.negatives import Negatives
from personae.recognition.prototypes import unit
from personae.settings import Settings


class NearestFace:
    """Decides like `CharacterModel`, with every enrolled face as a prototype and no scaler."""

    def __init__(
        self,
        enrolment: Enrolment,
        background: Background,
        settings: Settings,
        negatives: Sequence[Negative] = (),
    ) -> None:
        names, characters = np.unique(enrolment.characters, return_inverse=True)
        order = np.argsort(characters, kind="stable")
        self.classes_ = names
        self._centres = unit(enrolment.embeddings[order])
        self._starts = np.flatnonzero(np.r_[True, np.diff(characters[order]) > 0])
        self._looks = [enrolment.looks[row] for row in order]
        self._negatives = Negatives.none(self._centres.shape[1])
        if negatives:
            vectors = unit(np.stack([negative.embedding for negative in negatives]))
            self._negatives = Negatives(vectors, tuple(negative.character for negative in negatives))
        self.calibration_ = calibrate(
            self._centres, self._starts, np.bincount(characters), None, background, seed=settings.seed
        )
        self._strangers = settings.strangers
        fitted = self.calibration_.threshold(settings.far)
        self.threshold_ = fitted if settings.threshold is None else settings.threshold

    def decide(
        self,
        X: ArrayLike,
        *,
        face_px: ArrayLike | None = None,
        threshold: float | None = None,
        candidates: int = CANDIDATES,
    ) -> Matches:
        """Candidates and decision for each embedding of `X` (n, d) or (d,); plain cosine makes no use of `face_px`."""
        del face_px
        rows = unit(check_embeddings(X, self._centres.shape[1]).astype(np.float32))
        scores = character_scores(rows, self._centres, self._starts)
        scores = self._negatives.veto(scores, rows, self.classes_)
        best = best_candidates(scores, candidates)
        similarity = np.take_along_axis(scores, best, axis=1).astype(np.float64)
        limit = self.threshold_ if threshold is None else threshold
        limit = max(limit, self.calibration_.sure_from(self._strangers))
        nearest = (rows @ self._centres.T).argmax(axis=1)
        return Matches(
            self.classes_,
            best,
            similarity,
            self.calibration_.confidence_at(similarity, self._strangers),
            similarity[:, 0] >= limit,
            [self._looks[i] for i in nearest],
            limit,
            "fallback",
        )
