"""The head `mlp`: a neural network with one hidden layer, trained by scikit-learn, run by numpy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from personae.recognition.heads.arrays import equal_rows, take
from personae.recognition.heads.learning import learning
from personae.settings import Settings
from personae.types import FloatArray, IntArray

HIDDEN = 64
MOST_PHOTOS = 30
"""Photos of each character in one training; scikit-learn's network takes no class weights, so all have equally many."""


class NetworkHead:
    """ReLU network with 64 hidden units; reads the setting `seed`."""

    def __init__(self, settings: Settings) -> None:
        self._seed = settings.seed

    def fit(self, X: FloatArray, characters: IntArray) -> Self:
        """See the protocol."""
        rows = equal_rows(characters, MOST_PHOTOS, self._seed)
        with learning():
            from sklearn.neural_network import MLPClassifier

            learned = MLPClassifier((HIDDEN,), solver="lbfgs", alpha=0.1, max_iter=200, random_state=self._seed)
            learned.fit(np.asarray(X[rows], np.float64), characters[rows])
        (hidden, output), (hidden_bias, output_bias) = learned.coefs_, learned.intercepts_
        if output.shape[1] == 1:  # of two classes scikit-learn keeps the second against the first
            output, output_bias = np.concatenate([-output, output], axis=1) / 2, np.r_[-output_bias, output_bias] / 2
        self._hidden, self._hidden_bias = hidden, hidden_bias
        self._output, self._output_bias = output, output_bias
        return self

    def scores(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Log-odds (up to one constant per face) of each character."""
        active = np.maximum(np.asarray(X, np.float64) @ self._hidden + self._hidden_bias, 0)
        return np.asarray(active @ self._output + self._output_bias)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Weights (d, h) and (h, c) and biases (h,) and (c,) of the two layers."""
        return {
            "hidden": self._hidden, "hidden_bias": self._hidden_bias,
            "output": self._output, "output_bias": self._output_bias,
        }  # fmt: skip

    def restore(self, arrays: Mapping[str, NDArray[Any]], *, dimension: int, characters: int) -> Self:
        """See the protocol."""
        self._hidden = take(arrays, "hidden", "f", dimension, None)
        units = self._hidden.shape[1]
        self._hidden_bias = take(arrays, "hidden_bias", "f", units)
        self._output = take(arrays, "output", "f", units, characters)
        self._output_bias = take(arrays, "output_bias", "f", characters)
        return self
