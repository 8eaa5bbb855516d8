"""The order of a person's pictures: the best and most different faces first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from personae.films.face_manifest import FacePlace
from personae.films.face_media import FaceMedia
from personae.films.worth_learning import POOR
from personae.recognition.prototypes import unit
from personae.types import FloatArray

ORDERED = 60
"""So many are ordered by how they differ; after them by how good they are."""


def ordered(pictures: Sequence[FacePlace], media: FaceMedia) -> list[FacePlace]:
    """The best first, and after it what is good and differs most from those before it; poor ones at the end.

    A blurred face, or one turned away, differs from every other, and tells nobody who it is.
    """
    left = sorted(pictures, key=lambda one: (-one.weight, one.key))
    rows = [_vector(one, media) for one in left]
    size = max((len(row) for row in rows), default=0)
    if not size or len(left) < 3:
        return left
    vectors = unit(np.stack([row if len(row) == size else np.zeros(size, np.float32) for row in rows]))
    weights = np.array([one.weight for one in left], np.float32)
    nearest, order = np.full(len(left), -1.0, np.float32), [0]
    good = int((weights >= POOR).sum())
    while len(order) < min(ORDERED, good):
        nearest = np.maximum(nearest, vectors @ vectors[order[-1]])
        worth = weights * (1.0 - nearest)
        worth[[*order, *range(good, len(left))]] = -np.inf
        order.append(int(worth.argmax()))
    rest = set(range(len(left))) - set(order)
    return [left[at] for at in (*order, *sorted(rest))]


def _vector(one: FacePlace, media: FaceMedia) -> FloatArray:
    face = media.find(one.place)
    return np.empty(0, np.float32) if face is None else media.vector(face, one.place)
