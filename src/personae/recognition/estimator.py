"""scikit-learn's law for estimators, without importing scikit-learn.

What scikit-learn asks of a classifier (parameters, validation, tags, errors) in plain Python; scikit-learn is imported
only when it asks itself, through `__sklearn_tags__`, or when it is loaded already and its error classes are expected.
"""

from __future__ import annotations

import inspect
import sys
import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from personae.errors import CastError, InputError


class ParametersMixin:
    """Parameters of an estimator whose `__init__` only stores its arguments."""

    @classmethod
    def _parameter_names(cls) -> list[str]:
        if cls.__init__ is object.__init__:
            return []
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The arguments of `__init__` as they stand."""
        del deep  # no parameter is an estimator
        return {name: getattr(self, name) for name in self._parameter_names()}

    def set_params(self, **params: Any) -> Self:
        """Set arguments of `__init__` by name; raises ValueError for a name that is not one."""
        for name, value in params.items():
            if name not in self._parameter_names():
                raise ValueError(
                    f"Invalid parameter {name!r} for {self!r}. Valid parameters: {self._parameter_names()}."
                )
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        changed = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if value is not inspect.signature(type(self).__init__).parameters[name].default
        ]
        return f"{type(self).__name__}({', '.join(changed)})"


class ClassifierMixin(ParametersMixin):
    """Tags and accuracy of a classifier."""

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """Accuracy of `predict` on `X` (n, d) against `y` (n,): closed set."""
        return float(np.mean(self.predict(X) == np.asarray(y)))  # type: ignore[attr-defined]

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(),
        )


class TransformerMixin(ParametersMixin):
    """Tags and `fit_transform` of a step from rows to rows; `_needs_y`: whether `fit` must know the characters."""

    _needs_y = False

    def fit_transform(self, X: ArrayLike, y: ArrayLike | None = None) -> NDArray[Any]:
        """`fit` and then `transform` of the same rows."""
        fitted: NDArray[Any] = self.fit(X, y).transform(X)  # type: ignore[attr-defined]
        return fitted

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type="transformer",
            target_tags=TargetTags(required=self._needs_y),
            transformer_tags=TransformerTags(),
            input_tags=InputTags(),
        )


def check_is_fitted(model: Any) -> None:
    """Raise scikit-learn's NotFittedError (where it is loaded; else InputError) unless `fit` was called."""
    if hasattr(model, "n_features_in_"):
        return
    message = f"This {type(model).__name__} instance is not fitted yet: call fit first."
    loaded = sys.modules.get("sklearn.exceptions")
    raise (InputError if loaded is None else loaded.NotFittedError)(message)


def check_fit_arguments(X: ArrayLike, y: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """`X` as a finite float array (n, d) and `y` as labels (n,)."""
    X = _check_matrix(X)
    if y is None:
        raise CastError("requires y to be passed, but the target y is None")
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        _warn_column_vector()
        y = y.ravel()
    if y.ndim != 1:
        raise CastError(f"y has shape {y.shape}: give one character per embedding, shape (n,).")
    if len(X) != len(y):
        raise CastError(f"Inconsistent numbers of samples: {len(X)} embeddings and {len(y)} names.")
    if not len(X):
        raise CastError("Found array with 0 sample(s): a minimum of 1 photo is required.")
    if y.dtype.kind == "f":
        if not np.isfinite(y).all():
            raise CastError("Input y contains NaN or infinity.")
        if (y != np.floor(y)).any():
            raise CastError("Unknown label type: continuous. Characters are names or whole numbers.")
    return X, y


def check_rows(X: ArrayLike, *, least: int = 1) -> NDArray[Any]:
    """`X` as a finite float array (n, d) with at least `least` rows, for a step that needs no characters."""
    X = _check_matrix(X)
    if len(X) < least:
        raise InputError(f"Found array with {len(X)} sample(s): a minimum of {least} is required.")
    return X


def check_predict_argument(X: ArrayLike, dimension: int, model: Any) -> NDArray[Any]:
    """`X` as a finite float array (n, dimension)."""
    X = _check_matrix(X)
    if X.shape[1] != dimension:
        raise InputError(
            f"X has {X.shape[1]} features, but {type(model).__name__} is expecting {dimension} features as input"
        )
    return X


def _check_matrix(X: ArrayLike) -> NDArray[Any]:
    if hasattr(X, "toarray"):
        raise TypeError("Sparse data was passed, but dense data is required.")
    matrix = np.asarray(X)
    if matrix.dtype.kind == "c":
        raise InputError("Complex data not supported")
    if matrix.dtype.kind in "OUS":
        matrix = matrix.astype(np.float64)
    if matrix.ndim != 2:
        raise InputError(
            f"Expected 2D array, got an array of shape {matrix.shape} instead. "
            "Reshape your data with X.reshape(1, -1) if it is one embedding."
        )
    if matrix.shape[1] == 0:
        raise InputError(f"0 feature(s) (shape={matrix.shape}) while a minimum of 1 is required.")
    if matrix.dtype not in (np.float32, np.float64):
        matrix = matrix.astype(np.float64)
    if not np.isfinite(matrix).all():
        raise InputError("Input X contains NaN or infinity.")
    return matrix


def _warn_column_vector() -> None:
    loaded = sys.modules.get("sklearn.exceptions")
    category = UserWarning if loaded is None else loaded.DataConversionWarning
    warnings.warn("A column-vector y was passed when a 1d array was expected.", category, stacklevel=4)
