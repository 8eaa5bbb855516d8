"""The embedder protocol, version 1: aligned crops go in, unit vectors come out.

Implementations stand beside this file and come in by the entry point group `personae.embedders`: a callable
`make(settings: Settings) -> Embedder`. `tests/test_embedder_contract.py` runs over all of them.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from personae.types import FloatArray, PixelArray

PROTOCOL_VERSION = 1


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
