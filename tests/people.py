"""Embeddings of people who do not exist, as SFace would give them: for tests of everything behind the embedder."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from personae.recognition.background import Background
from personae.recognition.backgrounds import background_for
from personae.recognition.prototypes import unit

EMBEDDER = "sface:d128:p1:0123456789ab"


def sface_background() -> Background:
    return background_for(EMBEDDER, 128)


def people(count: int, photos: int, seed: int = 0) -> NDArray[np.float32]:
    """(count, photos, 128) unit-length embeddings, each person's photos scattered around their own mean."""
    background = sface_background()
    rng = np.random.default_rng(seed)
    between = background.covariance - background.within

    def draw(covariance: NDArray[np.float64], n: int) -> NDArray[np.float64]:
        values, vectors = np.linalg.eigh(covariance)
        return np.asarray(rng.standard_normal((n, 128)) @ (vectors * np.sqrt(np.maximum(values, 0))).T)

    centres = background.mean + draw(between, count)
    scatter = draw(background.within, count * photos).reshape(count, photos, 128)
    return np.asarray(unit(centres[:, None] + scatter), np.float32)


def cast(count: int, photos: int, seed: int = 0) -> tuple[NDArray[np.float32], list[str]]:
    """Embeddings (count * photos, 128) and names "c000", "c001", ..."""
    rows = people(count, photos, seed).reshape(-1, 128)
    return rows, [f"c{i:03}" for i in range(count) for _ in range(photos)]
