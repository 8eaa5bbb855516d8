"""The heads `logistic` and `svm`: one weight vector per character, learned by scikit-learn, applied by numpy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from personae.recognition.heads.arrays import take
from personae.recognition.heads.learning import learning
from personae.settings import Settings
from personae.types import FloatArray, IntArray


class LinearHead:
    """Scores `X @ weights.T + bias`; reads the setting `seed`."""

    def __init__(self, settings: Settings) -> None:
        self._seed = settings.seed

    def _learner(self) -> Any:
        raise NotImplementedError

    def fit(self, X: FloatArray, characters: IntArray) -> Self:
        """See the protocol."""
        with learning():
            learned = self._learner().fit(np.asarray(X, np.float64), characters)
        weights, bias = np.asarray(learned.coef_, np.float64), np.asarray(learned.intercept_, np.float64)
        if len(weights) == 1:  # of two classes scikit-learn keeps the second against the first
            weights, bias = np.concatenate([-weights, weights]) / 2, np.r_[-bias, bias] / 2
        # As an archive gives them back: in another order in memory, sums come out in another order.
        self._weights, self._bias = np.ascontiguousarray(weights), bias
        return self

    def scores(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Distance from the plane of each character."""
        return np.asarray(np.asarray(X, np.float64) @ self._weights.T + self._bias)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """`weights` (c, d) and `bias` (c,)."""
        return {"weights": self._weights, "bias": self._bias}

    def restore(self, arrays: Mapping[str, NDArray[Any]], *, dimension: int, characters: int) -> Self:
        """See the protocol."""
        self._weights = take(arrays, "weights", "f", characters, dimension)
        self._bias = take(arrays, "bias", "f", characters)
        return self


class LogisticHead(LinearHead):
    """Multinomial logistic regression; every character weighs the same."""

    def _learner(self) -> Any:
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(C=10.0, class_weight="balanced", max_iter=1000)


class SvmHead(LinearHead):
    """Linear support vector machines, each character against the rest; every character weighs the same."""

    def _learner(self) -> Any:
        from sklearn.svm import LinearSVC

        return LinearSVC(C=1.0, class_weight="balanced", random_state=self._seed)
