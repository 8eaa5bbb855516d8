"""What every embedding that comes out of a file must be: of its embedder's length, and a unit vector."""

from __future__ import annotations

import re

import numpy as np

from personae.types import FloatArray

ROUNDING = 0.01


def dimension_of(embedder: str) -> int | None:
    """How long the vectors of the embedder with that contract id are; None where the id does not say."""
    parts = [re.search(r":d([1-9][0-9]{0,4}):", part) for part in embedder.split("+")]
    known = [int(part[1]) for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def check_vectors(rows: FloatArray, what: str) -> None:
    """ValueError unless every row (n, d) is finite and of unit length."""
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(rows, axis=1)
        if not bool((np.abs(lengths - 1) < ROUNDING).all()):
            raise ValueError(f"{what} is not of unit length")
