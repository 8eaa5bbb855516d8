"""Faces that a character is not, by a person's word: what `reject` taught. Plain arrays only.

A face that is nearer to a rejected one than to the character, and near at all, does not get the character's name. It
may get another's: a rejected candidate is at cosine -1 and the next one moves up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

REJECTED = -1.0
NEAR = 0.4
"""Cosine from which a face is taken for the rejected person. Measured (docs/editing.md): of a rejected stranger's
other photos 98 % lose the name (76 % at low resolution), of the character's own 1 in 6,770."""


@dataclass(frozen=True, eq=False)
class Negatives:
    """m rejected faces: `vectors` (m, d), unit length, in the prototypes' space; `names` (m,) who each is not."""

    vectors: NDArray[Any]
    names: tuple[str, ...]

    @classmethod
    def none(cls, dimension: int) -> Self:
        """Nobody was rejected."""
        return cls(np.empty((0, dimension), np.float32), ())

    def veto(self, scores: NDArray[Any], X: NDArray[Any], classes: NDArray[Any]) -> NDArray[Any]:
        """`scores` (n, c) with `REJECTED` where face `X` (n, d) is rather a face that the character is not."""
        if not self.names:
            return scores
        cosines = X @ self.vectors.T.astype(X.dtype, copy=False)
        names = np.array(self.names)
        result = scores.copy()
        for column, name in enumerate(classes):
            own = np.flatnonzero(names == str(name))
            if len(own):
                nearest = cosines[:, own].max(axis=1)
                result[(nearest >= NEAR) & (nearest > scores[:, column]), column] = REJECTED
        return result
