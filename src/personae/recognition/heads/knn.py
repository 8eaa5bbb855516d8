"""The head `knn`: the mean cosine of a character's nearest photos. Every enrolled embedding travels with the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from personae.recognition.heads.arrays import take, take_unit
from personae.recognition.heads.prototype import check_groups
from personae.settings import Settings
from personae.types import FloatArray, IntArray

NEIGHBOURS = 3
"""Photos of one character that count: one alone may be the odd one."""


class NearestPhotosHead:
    """k nearest photos of each character (of one with fewer photos all of them); no voting, so no class has more."""

    def __init__(self, settings: Settings) -> None:
        del settings

    def fit(self, X: FloatArray, characters: IntArray) -> Self:
        """See the protocol."""
        order = np.argsort(characters, kind="stable")
        self._rows, self._groups = np.asarray(X[order], np.float32), characters[order]
        return self

    def scores(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Mean cosine to the `NEIGHBOURS` nearest photos of each character."""
        cosines = X @ self._rows.T.astype(X.dtype, copy=False)
        starts = np.flatnonzero(np.r_[True, np.diff(self._groups) > 0])
        ends = np.r_[starts[1:], len(self._groups)]
        means = []
        for start, end in zip(starts, ends, strict=True):
            k = min(NEIGHBOURS, int(end - start))
            means.append(np.partition(cosines[:, start:end], -k, axis=1)[:, -k:].mean(axis=1))
        return np.stack(means, axis=1).astype(np.float64)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """`rows` (n, d) the photos' embeddings and their `groups` (n,)."""
        return {"rows": self._rows, "groups": self._groups}

    def restore(self, arrays: Mapping[str, NDArray[Any]], *, dimension: int, characters: int) -> Self:
        """See the protocol."""
        rows = take_unit(arrays, "rows", dimension)
        groups = take(arrays, "groups", "i", len(rows))
        check_groups(groups, characters)
        self._rows, self._groups = rows, groups
        return self
