"""The embedding scaler: a StandardScaler that trusts people in general more than a small cast.

A StandardScaler fitted to a handful of photos divides by noise. Here the cast's statistics are shrunk towards the
embedder's background statistics, as if `weight` people of the background were in the cast: a conjugate prior on mean
and variance (Gelman et al., Bayesian Data Analysis, 3rd ed., section 3.3). Every character has one vote, however many
photos it has.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from personae.recognition.background import Background, Float64Array
from personae.recognition.face_sizes import size_weights
from personae.recognition.prototypes import group_means

BACKGROUND_WEIGHT = 1000.0
"""People of the background that a cast is weighed against. More is never worse in our measurements."""


class EmbeddingScaler:
    """Centres and scales embeddings; the cosine is taken after it.

    A small face is centred on the mean of faces of its size: what shrinking does to all faces tells nobody apart.

    Fitted attributes, float64, in units of unit-length embeddings: `mean_` (d,), `scale_` (d,), `size_px_` (s,) face
    sizes in pixels and `size_offset_` (s, d) how far the mean lies from `mean_` at each; the last is for larger faces.
    """

    def __init__(self, weight: float = BACKGROUND_WEIGHT) -> None:
        self.weight = weight

    def fit(self, X: NDArray[Any], groups: NDArray[np.int64], background: Background) -> Self:
        """Fit to unit-length embeddings `X` (n, d) with character numbers `groups` (n,), shrunk to `background`."""
        means = group_means(X, groups)
        people = len(means)
        prior = self.weight
        total = prior + people
        mean: Float64Array = (prior * background.mean + means.sum(axis=0)) / total
        # Each character's second moment about the new mean, averaged over its photos: one vote per character.
        squares = group_means((X - mean) ** 2, groups).sum(axis=0)
        shift = (background.mean - mean) ** 2
        return self._set(mean, (prior * (np.diag(background.covariance) + shift) + squares) / total, background)

    def of_background(self, background: Background) -> Self:
        """People in general, and no cast."""
        return self._set(background.mean, np.diag(background.covariance), background)

    def _set(self, mean: Float64Array, variance: Float64Array, background: Background) -> Self:
        self.mean_: Float64Array = mean
        deviation = np.sqrt(np.maximum(variance, 1e-12))
        # Only the ratios between dimensions matter to a cosine; the mean of 1 keeps the numbers familiar.
        self.scale_: Float64Array = deviation / deviation.mean()
        self.size_px_: Float64Array = background.size_px
        self.size_offset_: Float64Array = background.size_mean - background.size_mean[-1]
        return self

    def transform(self, X: NDArray[Any], face_px: NDArray[Any] | None = None) -> NDArray[Any]:
        """(n, d) centred and scaled, in the dtype of `X`; `face_px` (n,): face sizes, None for large or unknown."""
        centred = X - self.mean_.astype(X.dtype)
        if face_px is not None and (face_px < self.size_px_[-1]).any():
            centred = centred - (size_weights(self.size_px_, face_px) @ self.size_offset_).astype(X.dtype)
        scaled: NDArray[Any] = centred / self.scale_.astype(X.dtype)
        return scaled
