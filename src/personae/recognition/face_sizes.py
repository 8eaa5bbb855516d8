"""Between the face sizes that were measured: what a face of another size takes from each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Float64Array = NDArray[np.float64]


def size_weights(size_px: Float64Array, face_px: NDArray[Any]) -> Float64Array:
    """(n, s) weights of measured sizes (s,): linear between the two around a face's size, on a logarithmic scale."""
    known = np.log(size_px)
    size = np.clip(np.log(np.maximum(face_px, 1e-3)), known[0], known[-1])
    return np.stack([np.interp(size, known, row) for row in np.eye(len(known))], axis=1)
