"""A head's scores as probabilities that can be compared between heads.

Two steps. First every character's scores are measured in standard deviations of the scores that strangers drawn from
the background get from it (zero normalisation: Auckenthaler et al., Digital Signal Processing 10, 2000); so a character
that scores high with everybody, because it has many photos or a common face, gains nothing by it. Then a softmax whose
one temperature is fitted to photos that were left out (Guo et al.: On calibration of modern neural networks, 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from personae.recognition.background import Float64Array
from personae.recognition.heads.arrays import require, take
from personae.recognition.heads.protocol import Head
from personae.types import FloatArray, IntArray

FOLDS = 3
STEEPNESS = 2.5
"""Of the softmax before any photo is left out: near the best for every head and cast size, measured on sharp and small
faces that reach the threshold, of people who are in no test."""
STEEPNESS_SPREAD = 0.4
"""Standard deviation of the logarithm of the steepness between heads and casts."""
_STEEPNESS = np.geomspace(0.05, 20.0, 70)
_MIN_DEVIATION = 1e-6


class CalibratedHead:
    """One head, fitted to a cast, with its calibration.

    Fitted: `left_out_` (m,) rows that were left out once, `right_` (m,) whether each was then put to its own character;
    both empty after `restore`.
    """

    def __init__(self, name: str, make: Callable[[], Head]) -> None:
        self.name = name
        self._make = make
        self.left_out_: IntArray = np.empty(0, np.int64)
        self.right_: NDArray[np.bool_] = np.empty(0, bool)

    def fit(self, X: FloatArray, characters: IntArray, strangers: FloatArray, *, seed: int) -> Self:
        """Fit to unit-length rows `X` (n, d) with `characters` (n,); `strangers` (k, d) are nobody of them."""
        self._head = self._make().fit(X, characters)
        self._mean, self._deviation = _moments(self._head.scores(strangers))
        fold = folds(characters, seed)
        rows, found = [], []
        for number in range(FOLDS):
            left_out = np.flatnonzero(fold == number)
            if len(left_out):
                kept = np.flatnonzero(fold != number)
                head = self._make().fit(X[kept], characters[kept])
                mean, deviation = _moments(head.scores(strangers))
                found.append((head.scores(X[left_out]) - mean) / deviation)
                rows.append(left_out)
        self._steepness = STEEPNESS
        if rows:
            self.left_out_ = np.concatenate(rows)
            z = np.concatenate(found)
            self.right_ = z.argmax(axis=1) == characters[self.left_out_]
            self._steepness = fit_steepness(z, characters[self.left_out_])
        return self

    def probabilities(self, X: NDArray[Any]) -> Float64Array:
        """(m, c) of each character, for faces that are of one of them; rows sum to 1."""
        return softmax(self._steepness * (self._head.scores(X) - self._mean) / self._deviation)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The head's arrays and the calibration's."""
        return {
            **self._head.arrays(),
            "stranger_mean": self._mean,
            "stranger_deviation": self._deviation,
            "steepness": np.array([self._steepness]),
        }

    def restore(self, arrays: Mapping[str, NDArray[Any]], *, dimension: int, characters: int) -> Self:
        """Become what gave `arrays`; ValueError unless they are consistent."""
        self._mean = take(arrays, "stranger_mean", "f", characters)
        self._deviation = take(arrays, "stranger_deviation", "f", characters)
        self._steepness = float(take(arrays, "steepness", "f", 1)[0])
        require(bool((self._deviation >= _MIN_DEVIATION).all()), "a deviation that is too small")
        require(_STEEPNESS[0] <= self._steepness <= _STEEPNESS[-1], "steepness is out of range")
        self._head = self._make().restore(arrays, dimension=dimension, characters=characters)
        return self


def folds(characters: IntArray, seed: int) -> IntArray:
    """(n,) the fold 0..FOLDS-1 in which each photo is left out; -1 for the only photo of a character."""
    rng = np.random.default_rng(seed)
    fold = np.full(len(characters), -1)
    for character in range(int(characters.max()) + 1):
        rows = rng.permutation(np.flatnonzero(characters == character))
        if len(rows) > 1:
            fold[rows] = np.arange(len(rows)) % FOLDS
    return fold


def fit_steepness(z: Float64Array, characters: IntArray) -> float:
    """The most likely softmax steepness after left-out scores `z` (m, c) of `characters` (m,).

    The prior is log-normal about `STEEPNESS`: a few photos that were all right cannot vouch for certainty.
    """
    right = z[np.arange(len(z)), characters]
    losses = [(_log_sum(steepness * z) - steepness * right).sum() for steepness in _STEEPNESS]
    prior = 0.5 * (np.log(_STEEPNESS / STEEPNESS) / STEEPNESS_SPREAD) ** 2
    return float(_STEEPNESS[(np.array(losses) + prior).argmin()])


def softmax(z: Float64Array) -> Float64Array:
    """Rows of `z` (n, c) as probabilities."""
    return np.asarray(np.exp(z - _log_sum(z)[:, None]))


def _log_sum(z: Float64Array) -> Float64Array:
    top = z.max(axis=1)
    return np.asarray(top + np.log(np.exp(z - top[:, None]).sum(axis=1)))


def _moments(scores: Float64Array) -> tuple[Float64Array, Float64Array]:
    """(c,) mean and standard deviation of strangers' `scores` (k, c)."""
    return scores.mean(axis=0), np.maximum(scores.std(axis=0), _MIN_DEVIATION)
