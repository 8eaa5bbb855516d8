"""Several embedders as one: their unit vectors side by side, so that the cosine is the mean of their cosines.

A vote of embedders that needs no rule of its own: gallery, model and heads see one longer vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from personae.errors import InputError
from personae.faces.embedder import Embedder
from personae.types import FloatArray, PixelArray

SEPARATOR = "+"


class CompositeEmbedder:
    """Embeds every crop with each of `parts` (at least two, all different)."""

    def __init__(self, parts: Sequence[Embedder]) -> None:
        if len(parts) < 2:
            raise InputError(f"{len(parts)} embedder: give at least two, or use it as it is.")
        self.parts = tuple(parts)

    @property
    def id(self) -> str:
        """The contract ids of the parts, joined by "+", in their order: another order is another space."""
        return SEPARATOR.join(part.id for part in self.parts)

    @property
    def dimension(self) -> int:
        """Sum of the parts' dimensions."""
        return sum(part.dimension for part in self.parts)

    def embed(self, crops: PixelArray) -> FloatArray:
        """(n, 112, 112, 3) uint8 RGB crops to (n, d) float32 vectors of unit length; n may be 0."""
        result = np.concatenate([part.embed(crops) for part in self.parts], axis=1) / np.sqrt(len(self.parts))
        return np.asarray(result, np.float32)

    def describe(self) -> dict[str, Any]:
        """What is really in use, for `personae doctor`: each part's facts under its number."""
        facts: dict[str, Any] = {}
        for number, part in enumerate(self.parts, 1):
            own = part.describe() if hasattr(part, "describe") else {}
            facts |= {f"{number} {key}": value for key, value in ({"id": part.id} | own).items()}
        return facts
