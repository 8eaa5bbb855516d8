"""The head `prototypes`: the best cosine to a character's prototypes, as `CharacterModel` itself scores.

Chosen alone it is the model and nothing beside it; in this form it votes with others and is compared with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from personae.recognition.heads.arrays import require, take, take_unit
from personae.recognition.matching import character_scores
from personae.recognition.prototypes import Prototypes, fit_prototypes
from personae.settings import Settings
from personae.types import FloatArray, IntArray


class PrototypesHead:
    """Spherical K-means per character; reads the setting `max_clusters`."""

    def __init__(self, settings: Settings) -> None:
        self._max_clusters = settings.max_clusters

    def fit(self, X: FloatArray, characters: IntArray) -> Self:
        """See the protocol."""
        self._prototypes = fit_prototypes(X, characters, max_clusters=self._max_clusters)
        return self

    def scores(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Cosine to the nearest prototype of each character."""
        return character_scores(X, self._prototypes.centres, self._prototypes.starts).astype(np.float64)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """`centres` (p, d), their `groups` (p,) and `counts` (p,)."""
        found = self._prototypes
        return {"centres": found.centres, "groups": found.groups, "counts": found.counts}

    def restore(self, arrays: Mapping[str, NDArray[Any]], *, dimension: int, characters: int) -> Self:
        """See the protocol."""
        centres = take_unit(arrays, "centres", dimension)
        groups = take(arrays, "groups", "i", len(centres))
        check_groups(groups, characters)
        self._prototypes = Prototypes(centres, groups, take(arrays, "counts", "i", len(centres)))
        return self


def check_groups(groups: IntArray, characters: int) -> None:
    """ValueError unless `groups` rises from 0 to `characters` - 1 without a gap."""
    whole = bool((np.diff(groups) >= 0).all()) and np.array_equal(np.unique(groups), np.arange(characters))
    require(whole, "groups are not those of the characters")
