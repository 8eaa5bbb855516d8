"""Feature steps: what can be done to embeddings before a model or a head sees them.

scikit-learn transformers in all but the base class (see `estimator.py`), so they stand in its pipelines and searches:

    make_pipeline(Centring(), PrincipalComponents(64), CharacterModel()).fit(X, y)

Every character has one vote, however many photos it has. None of them is needed for good results (docs/heads.md).
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from personae.errors import CastError, InputError
from personae.recognition import estimator
from personae.recognition.background import Background, Float64Array
from personae.recognition.prototypes import group_means, unit
from personae.recognition.scaler import BACKGROUND_WEIGHT
from personae.types import IntArray

_LEAST_VARIANCE = 1e-12


class FlipAveraging(estimator.TransformerMixin):
    """(n, 2d) embeddings of each crop and of its mirror image, side by side, to (n, d) means of unit length.

    A face and its mirror image are one person: averaging takes away what the network makes of the side of the light.
    """

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Only looks at the length; raises InputError for rows of an odd length."""
        rows = estimator.check_rows(X)
        if rows.shape[1] % 2:
            raise InputError(f"{rows.shape[1]} feature(s): give two embeddings of one length, side by side.")
        self.n_features_in_ = rows.shape[1]
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """(n, d) means."""
        rows = _checked(self, X)
        return unit(unit(rows[:, : rows.shape[1] // 2]) + unit(rows[:, rows.shape[1] // 2 :]))


class Centring(estimator.TransformerMixin):
    """Takes away the mean, so that a cosine of 0 means "no more alike than any two people".

    `background`: the embedder's statistics, whose mean counts as `background_weight` characters; None: the cast's own
    mean alone, which a small cast hardly knows. Fitted: `mean_` (d,).
    """

    def __init__(self, background: Background | None = None, background_weight: float = BACKGROUND_WEIGHT) -> None:
        self.background = background
        self.background_weight = background_weight

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Mean of `X` (n, d), or of its characters' means where `y` (n,) is given."""
        rows, characters = _rows_and_characters(X, y)
        self.n_features_in_ = rows.shape[1]
        means = group_means(rows, characters)
        self.mean_: Float64Array = means.mean(axis=0)
        if self.background is not None:
            prior = self.background_weight
            self.mean_ = (prior * self.background.mean + means.sum(axis=0)) / (prior + len(means))
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """(n, d) rows less the mean."""
        rows = _checked(self, X)
        return np.asarray(rows - self.mean_.astype(rows.dtype))


class PrincipalComponents(estimator.TransformerMixin):
    """The directions of greatest spread (Pearson 1901), at most `n_components` of them; None: all that have any.

    Fitted: `mean_` (d,), `components_` (k, d) of unit length, `explained_variance_` (k,) falling.
    """

    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Fit to `X` (n, d), n at least 2; `y` is not used."""
        rows = estimator.check_rows(X, least=2).astype(np.float64)
        self.n_features_in_ = rows.shape[1]
        self.mean_: Float64Array = rows.mean(axis=0)
        _, spread, directions = np.linalg.svd(rows - self.mean_, full_matrices=False)
        variance = spread**2 / (len(rows) - 1)
        keep = _count(self.n_components, int((variance > _LEAST_VARIANCE).sum()))
        self.components_ = _signed(directions[:keep])
        self.explained_variance_: Float64Array = variance[:keep]
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """(n, k) coordinates along the components."""
        rows = _checked(self, X)
        return np.asarray((rows - self.mean_.astype(rows.dtype)) @ self.components_.T.astype(rows.dtype))


class Discriminants(estimator.TransformerMixin):
    """Linear discriminant analysis (Fisher 1936; Rao 1948): directions that tell characters apart against their spread.

    At most `n_components`, never more than one less than characters; `shrinkage` 0..1 moves the spread within
    characters towards a ball, without which a small cast divides by noise. Fitted: `mean_` (d,), `scalings_` (d, k).
    """

    _needs_y = True

    def __init__(self, n_components: int | None = None, shrinkage: float = 0.5) -> None:
        self.n_components = n_components
        self.shrinkage = shrinkage

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit to `X` (n, d) with a character `y` (n,) each; raises CastError for fewer than two characters."""
        rows, names = estimator.check_fit_arguments(X, y)
        self.n_features_in_ = rows.shape[1]
        found, characters = np.unique(names, return_inverse=True)
        if len(found) < 2:
            raise CastError(f"{len(rows)} sample(s) of 1 class: there is nothing to tell apart; give two.")
        rows = rows.astype(np.float64)
        means = group_means(rows, characters)
        self.mean_: Float64Array = means.mean(axis=0)
        whitening = _inverse_root(_shrunk(_within(rows, characters), self.shrinkage))
        between = (means - self.mean_) @ whitening
        _, _, directions = np.linalg.svd(between, full_matrices=False)
        keep = _count(self.n_components, min(len(found) - 1, len(directions)))
        self.scalings_: Float64Array = whitening @ _signed(directions[:keep]).T
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """(n, k) coordinates along the discriminants."""
        rows = _checked(self, X)
        return np.asarray((rows - self.mean_.astype(rows.dtype)) @ self.scalings_.astype(rows.dtype))


class WithinWhitening(estimator.TransformerMixin):
    """Shrinks the directions in which one person's photos differ among themselves (Hatch et al., Interspeech 2006).

    `shrinkage` 0..1 towards a ball; `background`: the embedder's spread within people counts as `background_weight`
    characters; None: the cast's own alone. Where no character has a second photo and there is no background, nothing is
    changed but the mean. Fitted: `mean_` (d,), `whitening_` (d, d) symmetric, its average gain 1.
    """

    _needs_y = True

    def __init__(
        self,
        shrinkage: float = 0.5,
        background: Background | None = None,
        background_weight: float = BACKGROUND_WEIGHT,
    ) -> None:
        self.shrinkage = shrinkage
        self.background = background
        self.background_weight = background_weight

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit to `X` (n, d) with a character `y` (n,) each."""
        rows, names = estimator.check_fit_arguments(X, y)
        self.n_features_in_ = rows.shape[1]
        characters = np.unique(names, return_inverse=True)[1]
        self.mean_ = Centring(self.background, self.background_weight).fit(rows, names).mean_
        within = _within(rows.astype(np.float64), characters)
        if self.background is not None:
            several = int((np.bincount(characters) > 1).sum())
            prior = self.background_weight
            within = (prior * self.background.within + several * within) / (prior + several)
        whitening = _inverse_root(_shrunk(within, self.shrinkage))
        self.whitening_: Float64Array = whitening * (len(whitening) / np.trace(whitening))
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """(n, d) whitened rows."""
        rows = _checked(self, X)
        return np.asarray((rows - self.mean_.astype(rows.dtype)) @ self.whitening_.astype(rows.dtype))


def _checked(step: Any, X: ArrayLike) -> NDArray[Any]:
    estimator.check_is_fitted(step)
    return estimator.check_predict_argument(X, step.n_features_in_, step)


def _rows_and_characters(X: ArrayLike, y: ArrayLike | None) -> tuple[Float64Array, IntArray]:
    """Rows in float64 and numbers of their characters; without `y` every row is one of its own."""
    if y is None:
        rows = estimator.check_rows(X)
        return rows.astype(np.float64), np.arange(len(rows))
    rows, names = estimator.check_fit_arguments(X, y)
    return rows.astype(np.float64), np.unique(names, return_inverse=True)[1]


def _count(wanted: int | None, most: int) -> int:
    if wanted is not None and wanted < 1:
        raise InputError(f"n_components={wanted}: give at least 1, or None for all.")
    return most if wanted is None else min(wanted, most)


def _within(rows: Float64Array, characters: IntArray) -> Float64Array:
    """(d, d) covariance of photos around their character's mean, one vote per character with two photos or more."""
    counts = np.bincount(characters)
    several = counts > 1
    residual = (rows - group_means(rows, characters)[characters])[several[characters]]
    weight = 1 / np.maximum(counts - 1, 1)[characters][several[characters]] / max(1, several.sum())
    return np.asarray(residual.T @ (residual * weight[:, None]))


def _shrunk(covariance: Float64Array, shrinkage: float) -> Float64Array:
    """`covariance` moved towards a ball of the same size; a ball of size 1 where it is nothing."""
    if not 0 <= shrinkage <= 1:
        raise InputError(f"shrinkage={shrinkage}: give a number from 0 to 1.")
    d = len(covariance)
    size = np.trace(covariance) / d
    if size <= _LEAST_VARIANCE:
        return np.eye(d)
    return np.asarray((1 - shrinkage) * covariance + shrinkage * size * np.eye(d))


def _inverse_root(covariance: Float64Array) -> Float64Array:
    """Symmetric inverse square root; directions without spread are taken to have a little."""
    values, vectors = np.linalg.eigh(covariance)
    floor = max(float(values.max()) * 1e-6, _LEAST_VARIANCE)
    return np.asarray((vectors / np.sqrt(np.maximum(values, floor))) @ vectors.T)


def _signed(directions: Float64Array) -> Float64Array:
    """Each row turned so that its largest part is positive: the sign of a direction is otherwise chance."""
    largest = np.abs(directions).argmax(axis=1)
    sign = np.sign(directions[np.arange(len(directions)), largest])
    return np.asarray(directions * np.where(sign == 0, 1, sign)[:, None])
