"""The embedder protocol, version 1: aligned crops go in, unit vectors come out.

Implementations stand beside this file and come in by the entry point group `personae.embedders`: a callable
`make(settings: Settings) -> Embedder`. `tests/faces/test_embedder_contract.py` runs over all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np

from personae.types import SMALL_PX, FloatArray, PixelArray

Embed = Callable[[PixelArray], FloatArray]
"""What `Embedder.embed` is."""


@runtime_checkable
class Embedder(Protocol):
    """Turns crops into vectors whose cosine tells who is who. Safe to call from several threads."""

    @property
    def id(self) -> str:
        """Contract id, `name:d<dimension>:p<preprocessing version>:<first 12 hex digits of the weights' sha256>`.

        It is written into gallery, model and tracks; vectors with different ids are never compared.
        """
        ...

    @property
    def dimension(self) -> int:
        """Length d of an embedding."""
        ...

    def embed(self, crops: PixelArray) -> FloatArray:
        """(n, 112, 112, 3) uint8 RGB crops to (n, d) float32 vectors of unit length; n may be 0."""
        ...


def embed_with_mirrors(embed: Embed, crops: PixelArray, face_px: FloatArray) -> FloatArray:
    """(n, d) unit vectors of crops (n, 112, 112, 3) of faces of `face_px` (n,): small ones the mean with their mirror
    image's, which takes a tenth off the misses there."""
    small = np.flatnonzero(face_px < SMALL_PX)
    vectors = embed(np.concatenate([crops, crops[small, :, ::-1]]))
    result = vectors[: len(crops)].copy()
    result[small] = mean_direction(result[small], vectors[len(crops) :])
    return result


def mean_direction(first: FloatArray, second: FloatArray) -> FloatArray:
    """Of unit vectors (..., d), pair by pair."""
    total = first + second
    result: FloatArray = total / np.maximum(np.linalg.norm(total, axis=-1, keepdims=True), 1e-12)
    return result
