"""The head protocol, version 1: scaled embeddings go in, one score per character comes out.

A head only says which of the characters a face looks most like. Whether the face may have a name at all, and whose, is
decided before by `CharacterModel` and its threshold; so a head that knows no strangers can force none into a class.

Implementations stand beside this file and come in by the entry point group `personae.heads`: a callable
`make(settings: Settings) -> Head`. `tests/recognition/test_heads_contract.py` runs over all of them.

A head may learn with any library, but what it has learned is plain arrays: they travel in the model's archive, and
`scores` after `restore` needs numpy only. No fitted object of another library is ever stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from personae.types import FloatArray, IntArray


@runtime_checkable
class Head(Protocol):
    """Scores faces against the characters it was fitted to. After `fit` or `restore` safe to use from several threads.

    The numbers of photos per character must give no advantage: weigh characters equally, not photos.
    """

    def fit(self, X: FloatArray, characters: IntArray) -> Self:
        """Learn from unit-length rows `X` (n, d) with character numbers (n,), every one of 0..c-1, c at least 2.

        The same rows and seed give the same scores. Raises MissingExtraError where its library is not installed.
        """
        ...

    def scores(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """(m, c) scores of unit-length float rows `X` (m, d), higher is nearer, on any scale; m may be 0."""
        ...

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything learned, in float32, float64, int32, int64, uint8 or bool arrays without NaN."""
        ...

    def restore(self, arrays: Mapping[str, NDArray[Any]], *, dimension: int, characters: int) -> Self:
        """Become the head that gave `arrays`; ValueError unless they are consistent, whatever they hold.

        The arrays come from a file: check shapes, ranges and indices, so that no content can crash or hang `scores`.
        """
        ...
