"""Whether two ways of looking through a film found the same: all fields equal, embeddings to 1e-5."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from personae.media.shots import Boundary
from personae.timeline.chunks import Chunk

EMBEDDINGS = 1e-5
FIELDS = ("start_pts", "next_pts", "certain_pts", "detections", "end_pts")


def differences(one: Sequence[Chunk], other: Sequence[Chunk]) -> list[str]:
    """Chunk for chunk, what differs; empty where nothing does."""
    found = [] if len(one) == len(other) else [f"{len(one)} chunks, and {len(other)}"]
    if boundaries(one) != boundaries(other):
        found.append(f"boundaries {boundaries(one)}, and {boundaries(other)}")
    for number, (a, b) in enumerate(zip(one, other, strict=False), 1):
        found += [f"chunk {number}: {line}" for line in _of_chunks(a, b)]
    return found


def boundaries(chunks: Sequence[Chunk]) -> list[Boundary]:
    """All ends of shots, each once."""
    return sorted({one.pts: one for chunk in chunks for one in chunk.boundaries}.values(), key=lambda one: one.pts)


def _of_chunks(a: Chunk, b: Chunk) -> Iterator[str]:
    for name in FIELDS:
        if getattr(a, name) != getattr(b, name):
            yield f"{name} {getattr(a, name)}, and {getattr(b, name)}"
    if not np.array_equal(a.look_pts, b.look_pts) or not np.array_equal(a.tiny, b.tiny):
        yield "other looks"
    if len(a.records) != len(b.records):
        yield f"{len(a.records)} tracks, and {len(b.records)}"
    for number, (one, other) in enumerate(zip(a.records, b.records, strict=False)):
        for name in vars(one):
            if not _equal(name, getattr(one, name), getattr(other, name)):
                yield f"track {number}: {name}"


def _equal(name: str, one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        if one.shape != other.shape:
            return False
        if name == "embeddings":
            return not one.size or float(np.abs(one - other).max()) <= EMBEDDINGS
        return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    if isinstance(one, float):
        return bool(one == other or (math.isnan(one) and math.isnan(other)))
    return str(one) == str(other) if name == "spares" else bool(one == other)
