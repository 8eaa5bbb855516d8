"""What heads share: checking arrays that come from a file, and drawing equally many photos of each character."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae.types import IntArray

LARGEST = 1e6


def take(arrays: Mapping[str, NDArray[Any]], name: str, kind: str, *shape: int | None) -> NDArray[Any]:
    """The array of that name, of dtype kind "f" or "i" and that shape (None: any length); ValueError otherwise.

    What a head has learned from unit vectors is far below `LARGEST`; above it, sums are no numbers any more.
    """
    array = arrays.get(name)
    require(array is not None and array.dtype.kind == kind, f"{name} is missing or of the wrong type")
    assert array is not None
    fits = array.ndim == len(shape) and all(
        want is None or want == got for want, got in zip(shape, array.shape, strict=True)
    )
    require(fits, f"{name} has shape {array.shape}")
    within = kind != "f" or not array.size or (bool(array.min() >= -LARGEST) and bool(array.max() <= LARGEST))
    require(within, f"{name} is not finite or far too large")
    return array


def take_unit(arrays: Mapping[str, NDArray[Any]], name: str, dimension: int) -> NDArray[Any]:
    """The array (n, dimension) of that name, its rows of unit length; ValueError otherwise."""
    array = take(arrays, name, "f", None, dimension)
    require(bool((np.abs(np.linalg.norm(array, axis=1) - 1) < 1e-3).all()), f"{name} are not of unit length")
    return array


def require(condition: bool, what: str) -> None:
    """ValueError that says `what` is wrong, unless `condition`."""
    if not condition:
        raise ValueError(what)


def equal_rows(characters: IntArray, most: int, seed: int) -> IntArray:
    """Rows in which every character of `characters` (n,) stands equally often, at most `most` times each.

    Of a character with more photos a random part, of one with fewer each photo several times.
    """
    rng = np.random.default_rng(seed)
    counts = np.bincount(characters)
    wanted = min(int(counts.max()), most)
    rows = [np.resize(rng.permutation(np.flatnonzero(characters == c)), wanted) for c in range(len(counts))]
    return np.concatenate(rows)
