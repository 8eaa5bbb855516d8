"""Scores of faces against a cast: one matrix product and a maximum per character. Plain arrays only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae.errors import EmbeddingError
from personae.types import IntArray


def character_scores(X: NDArray[Any], centres: NDArray[Any], starts: IntArray) -> NDArray[Any]:
    """(n, c) best cosine of each unit-length row of `X` (n, d) to any centre of each character.

    `centres` (p, d): unit length, sorted by character; `starts` (c,): where each character's centres begin.
    """
    return best_of_each(X @ centres.T, starts)


def best_of_each(scores: NDArray[Any], starts: IntArray) -> NDArray[Any]:
    """(n, c) best score of each character, from `scores` (n, p) of prototypes sorted by character."""
    if len(starts) == scores.shape[1]:
        return scores
    best: NDArray[Any] = np.maximum.reduceat(scores, starts, axis=1)
    return best


def check_embeddings(embeddings: Any, dimension: int | None) -> NDArray[Any]:
    """`embeddings` as a float array (n, d); one vector (d,) becomes (1, d).

    Raises EmbeddingError for NaN, infinite or zero vectors and a length other than `dimension`.
    """
    X = np.asarray(embeddings)
    if X.dtype != np.float64:
        try:
            X = X.astype(np.float32)
        except (TypeError, ValueError):
            raise EmbeddingError("An embedding is an array of numbers of shape (d,) or (n, d).") from None
    if X.ndim == 1:
        X = X[None, :]
    if X.ndim != 2 or (dimension is not None and X.shape[1] != dimension):
        wanted = "(n, d)" if dimension is None else f"(n, {dimension})"
        raise EmbeddingError(
            f"Embeddings of shape {np.shape(embeddings)} do not fit {wanted}: use the embedder of the model."
        )
    if not np.isfinite(X).all():
        raise EmbeddingError("An embedding holds NaN or infinity: embed its face again.")
    if len(X) and not np.abs(X).max(axis=1).all():
        raise EmbeddingError("An embedding is zero, which has no direction: embed its face again.")
    return X


def check_face_px(face_px: Any, n: int) -> NDArray[Any] | None:
    """Face sizes in pixels as a float array (n,), or None; raises EmbeddingError where they do not fit."""
    if face_px is None:
        return None
    sizes = np.atleast_1d(np.asarray(face_px, np.float64))
    if sizes.shape != (n,) or not (sizes > 0).all():
        raise EmbeddingError(f"Face sizes of shape {sizes.shape} do not fit {n} embeddings: give one above 0 for each.")
    return sizes


def best_candidates(scores: NDArray[Any], count: int) -> IntArray:
    """(n, min(count, c)) character numbers of each row of `scores` (n, c), best first; ties go to the first name."""
    count = min(count, scores.shape[1])
    if count == 1:
        best: IntArray = scores.argmax(axis=1)[:, None]
        return best
    if count < scores.shape[1]:
        top = np.sort(np.argpartition(-scores, count - 1, axis=1)[:, :count], axis=1)
    else:
        top = np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
    return np.take_along_axis(top, order, axis=1)
