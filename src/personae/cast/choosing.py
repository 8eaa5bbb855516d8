"""Which face of a photo is the character's, where a photo shows several people.

Not simply the largest: the face that agrees with the character's other photos. Values in, values out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from personae.recognition.prototypes import unit
from personae.types import AnalyzedFaces, FloatArray

MIN_AGREEMENT = 0.30
"""Least cosine to the character's other photos; strangers rarely reach it (1 in 1,000 at .32)."""
MIN_LEAD = 0.08
"""By how much the best face must agree better than the second."""
DOMINANT = 1.6
"""A face so many times the size of every other is the subject of its photo."""
OTHERS = 0.45
"""A face that near to another character is that character."""


def choose_faces(photos: Sequence[AnalyzedFaces], reference: FloatArray, others: FloatArray) -> list[int | None]:
    """For each of several photos of one character its face, or None where nothing tells.

    `photos`: each with one face or more; `reference` (m, d): the character's faces from photos with one face;
    `others` (k, d): a unit-length mean per other character. All vectors of unit length.
    """
    pools = [_own_faces(faces, others) for faces in photos]
    seed = _mean(reference) if len(reference) else _common_face(photos, pools)
    return [_choose(faces, pool, seed) for faces, pool in zip(photos, pools, strict=True)]


def _own_faces(faces: AnalyzedFaces, others: FloatArray) -> list[int]:
    """Faces that are not clearly another character's; all of them if that leaves none."""
    if not len(others):
        return list(range(len(faces)))
    taken = (faces.embeddings @ others.T).max(axis=1) >= OTHERS
    left = [int(i) for i in np.flatnonzero(~taken)]
    return left or list(range(len(faces)))


def _common_face(photos: Sequence[AnalyzedFaces], pools: list[list[int]]) -> FloatArray | None:
    """The mean of the person who is in most of the photos; None for one photo, or where no two agree."""
    if not photos:
        return None
    rows = np.concatenate([faces.embeddings[pool] for faces, pool in zip(photos, pools, strict=True)])
    starts = np.cumsum([0, *map(len, pools)])
    most, common = 0.0, None
    for i, (start, end) in enumerate(pairwise(starts)):
        cosines = rows[start:end] @ rows.T
        nearest = np.maximum.reduceat(cosines, starts[:-1], axis=1)  # to each photo
        nearest[:, i] = -1
        agreement = np.where(nearest >= MIN_AGREEMENT, nearest, 0).sum(axis=1)
        best = int(agreement.argmax())
        if agreement[best] > most:
            own = cosines[best]
            alike = [
                first + int(own[first:last].argmax())
                for j, (first, last) in enumerate(pairwise(starts))
                if j != i and nearest[best, j] >= MIN_AGREEMENT
            ]
            most, common = float(agreement[best]), _mean(rows[[int(start) + best, *alike]])
    return common


def _choose(faces: AnalyzedFaces, pool: list[int], seed: FloatArray | None) -> int | None:
    if len(pool) == 1 and len(faces) == 1:
        return pool[0]
    if seed is not None:
        agreement = faces.embeddings[pool] @ seed
        order = np.argsort(-agreement)
        lead = agreement[order[0]] - agreement[order[1]] if len(pool) > 1 else np.inf
        if agreement[order[0]] >= MIN_AGREEMENT and lead >= MIN_LEAD:
            return pool[int(order[0])]
        return None
    sizes = faces.face_px[pool]
    order = np.argsort(-sizes)
    if len(pool) == 1 or sizes[order[0]] >= DOMINANT * sizes[order[1]]:
        return pool[int(order[0])]
    return None


def _mean(vectors: FloatArray) -> FloatArray:
    mean: FloatArray = unit(vectors.mean(axis=0))
    return mean
