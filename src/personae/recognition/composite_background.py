"""The background of several embedders side by side, from the backgrounds of each.

Their vectors are scaled by 1 / sqrt(k) (see `personae.faces.composite`), so means are too, and covariances by 1 / k.

Between two embedders nothing was measured. Strangers are drawn as if their errors had nothing in common (a
block-diagonal covariance), which would let far too many of them through where both find the same strangers alike; so
their cosines are then taken to rise and fall together (the comonotone sum of Dhaene et al., Insurance: Mathematics and
Economics 31, 2002). That is the worst case: FAR is lower the more the embedders differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from personae.recognition.background import Background, Float64Array


def join(parts: Sequence[Background]) -> Background:
    """One background over the dimensions of all `parts`; unmeasured (no people) where one of them is."""
    k, total = len(parts), sum(part.dimension for part in parts)
    # The scaler gives every dimension the same spread, so each part's cosine counts by its dimensions.
    weights = np.array([part.dimension for part in parts]) / total
    sizes = np.unique(np.concatenate([part.size_px for part in parts]))
    photos = np.unique(np.concatenate([part.genuine_photos for part in parts]))
    # A cosine between strangers of m standard deviations is m / sqrt(dimensions), of the whole as of each part.
    stretch = 1 / np.sqrt(weights)
    ends = np.array([-1.0, 1.0])
    cosines = np.unique(np.concatenate([ends, *(p.tail_gaussian / s for p, s in zip(parts, stretch, strict=True))]))
    alike = [part.real(cosines * s) for part, s in zip(parts, stretch, strict=True)]
    return replace(
        Background.isotropic(total),
        mean=np.concatenate([part.mean for part in parts]) / np.sqrt(k),
        covariance=_blocks([part.covariance for part in parts]) / k,
        within=_blocks([part.within for part in parts]) / k,
        tail_gaussian=cosines,
        tail_real=weights @ np.stack(alike),
        genuine_photos=photos,
        # The mean of the quantiles: as if all embedders found the same photos hard, which most nearly they do.
        genuine_cosine=np.tensordot(weights, np.stack([_genuine(part, photos) for part in parts]), 1),
        size_px=sizes,
        size_mean=np.concatenate([_size_mean(part, sizes) for part in parts], axis=1) / np.sqrt(k),
        people=min(part.people for part in parts),
        name=" + ".join(part.name for part in parts),
    )


def _blocks(matrices: Sequence[Float64Array]) -> Float64Array:
    total = sum(map(len, matrices))
    result = np.zeros((total, total))
    at = 0
    for matrix in matrices:
        result[at : at + len(matrix), at : at + len(matrix)] = matrix
        at += len(matrix)
    return result


def _genuine(part: Background, photos: Float64Array) -> Float64Array:
    """(k, 201) quantiles of `part` at those numbers of photos."""
    even = np.linspace(0, 1, 201)
    own = np.linspace(0, 1, part.genuine_cosine.shape[1])
    rows = np.stack([np.interp(even, own, row) for row in part.genuine_cosine])
    return np.stack([np.interp(photos, part.genuine_photos, column) for column in rows.T], axis=1)


def _size_mean(part: Background, sizes: Float64Array) -> Float64Array:
    """(s, d) means of `part` at those face sizes, on a logarithmic scale."""
    known, wanted = np.log(part.size_px), np.log(sizes)
    return np.stack([np.interp(wanted, known, column) for column in part.size_mean.T], axis=1)
