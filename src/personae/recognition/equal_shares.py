"""Evidence of small faces on a scale on which strangers of every face size get a name equally often.

Equally likely right is not equally often wrong: at one evidence the smallest strangers pass ten times as often as sharp
ones. So the evidence of a small face is replaced by the cosine that as many sharp strangers exceed as strangers of
its size exceed it (quantile matching; score normalisation by impostors, as in Auckenthaler, Carey and Lloyd-Thomas,
Digital Signal Processing 10, 2000). It keeps the order of a face's candidates of equally many photos, and what is asked
of a threshold holds for sharp faces and for small ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae.recognition.face_sizes import Float64Array, size_weights

LEVELS = np.geomspace(0.5, 2e-3, 12)
"""Shares of strangers at which both scales are matched; rarer ones are shifted as the last, there being too few."""


@dataclass(frozen=True, eq=False)
class EqualShares:
    """`px` (b,) rising face sizes; at each `evidence` (b, m), rising, and the `shift` (b, m) that is added to it.

    In between both are interpolated, by size on a logarithmic scale; beyond them the nearest counts.
    """

    px: Float64Array
    evidence: Float64Array
    shift: Float64Array

    @classmethod
    def constant(cls, shift: float) -> EqualShares:
        """One shift for all small faces: models of version 1."""
        return cls(np.ones(1), np.array([[-1.0, 1.0]]), np.full((1, 2), shift))

    def shifted(self, evidence: NDArray[Any], face_px: NDArray[Any]) -> Float64Array:
        """(n, p) `evidence` of faces of sizes `face_px` (n,), on the scale of sharp faces."""
        result = np.array(evidence, np.float64)
        weights = size_weights(self.px, face_px)
        for weight, known, shift in zip(weights.T, self.evidence, self.shift, strict=True):
            rows = np.flatnonzero(weight)
            result[rows] += weight[rows, None] * np.interp(evidence[rows], known, shift)
        return result


def match(sharp: Float64Array, small: Float64Array, px: Float64Array) -> EqualShares:
    """From the best scores of strangers: `sharp` (n,), and `small` (b, m) of those whose faces have the sizes `px`."""
    wanted = np.quantile(sharp, 1 - LEVELS)
    # A trace more each, so that equal scores do not stand in one place.
    found = np.quantile(small, 1 - LEVELS, axis=1).T + 1e-9 * np.arange(len(LEVELS))
    return EqualShares(px, found, wanted - found)
