"""Whether faces show one person, whoever that is: the likelihood of one person against that of different people.

A two-covariance model (probabilistic linear discriminant analysis: Ioffe, ECCV 2006), in which a small or poor face
counts for less: each face adds its own `precision` and `pull` per direction, and those of several faces are simply
added up. So twenty photos of somebody are compared with one face at the price of one photo, and a sharp face decides
more than many small ones.

Shrinking a face does not only blur it, it moves its embedding. So a small face is first mapped to where its sharp
photo would lie, by a linear regression that was learnt on photos and their small copies.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae import archive
from personae.recognition.background import Background
from personae.recognition.backgrounds import DATA, background_for
from personae.recognition.face_sizes import size_weights
from personae.recognition.prototypes import unit
from personae.types import SMALL_PX, FloatArray

SCHEMA = "personae/people/1"
ARRAYS = ("sharp", "small", "size_px", "precision", "pull")
MIDDLE_PX = 18.0
"""The small faces' map is given for this size, and by how much it changes with the logarithm of the size."""
SHARP_PX = 48.0
"""From this size on a face is mapped as a sharp one; between `SMALL_PX` and this, both maps are blended."""
USUAL_WEIGHT = 0.3
"""A face whose quality weighs less (dark, blurred, turned away) counts for less, in proportion."""
LEAST_SHARE = 0.1
_CHUNK_VALUES = 1 << 22


@dataclass(frozen=True, eq=False)
class Observed:
    """What n faces, or groups of faces, say of who is seen: `precision` (n, d) and `pull` (n, d), float32.

    Those of one person's faces are summed.
    """

    precision: FloatArray
    pull: FloatArray

    def __getitem__(self, rows: Any) -> Observed:
        return Observed(self.precision[rows], self.pull[rows])

    def __add__(self, other: Observed) -> Observed:
        return Observed(self.precision + other.precision, self.pull + other.pull)

    def log_odds(self) -> FloatArray:
        """(n,) natural logarithm: how much likelier each row's faces are as one person than each as anybody."""
        bits: FloatArray = 0.5 * (self.pull * self.pull / (1 + self.precision) - np.log1p(self.precision)).sum(axis=1)
        return bits

    def joined(self, one: NDArray[Any], other: NDArray[Any]) -> FloatArray:
        """(m,) log odds that the rows `one` (m,) and `other` (m,) are the same person, rather than two people."""
        alone = self.log_odds()
        result = np.empty(len(one), np.float32)
        step = max(1, _CHUNK_VALUES // max(1, self.pull.shape[1]))
        for start in range(0, len(one), step):
            a, b = one[start : start + step], other[start : start + step]
            result[start : start + step] = (self[a] + self[b]).log_odds() - alone[a] - alone[b]
        return result

    @property
    def directions(self) -> FloatArray:
        """(n, d) of unit length: who each row's person is, as far as is known; near ones may be the same person."""
        return np.asarray(unit(self.pull / (1 + self.precision)), np.float32)


@dataclass(frozen=True, eq=False)
class SamePerson:
    """The model of one embedder; aggregates over many people.

    `sharp` (d, d) and `small` (2d, d): from centred embeddings to the directions in which people differ; `size_px`
    (k,) rising face sizes with `precision` (k, d) and `pull` (k, d): what a face of that size says in each direction.
    """

    background: Background
    sharp: FloatArray
    small: FloatArray
    size_px: NDArray[np.float64]
    precision: FloatArray
    pull: FloatArray

    def observed(self, embeddings: FloatArray, face_px: NDArray[Any], weights: NDArray[Any] | None = None) -> Observed:
        """What n faces say: `embeddings` (n, d), `face_px` (n,) sizes in pixels, `weights` (n,) of their quality."""
        share = size_weights(self.size_px, face_px).astype(np.float32)
        precision, pull = share @ self.precision, (share @ self.pull) * self._placed(embeddings, face_px)
        if weights is not None:
            part = np.clip(np.asarray(weights, np.float32) / USUAL_WEIGHT, LEAST_SHARE, 1)[:, None]
            precision, pull = precision * part, pull * part
        return Observed(np.asarray(precision, np.float32), np.asarray(pull, np.float32))

    def _placed(self, embeddings: FloatArray, face_px: NDArray[Any]) -> FloatArray:
        """(n, d) the faces where sharp photos of them would lie."""
        mean = size_weights(self.background.size_px, face_px) @ self.background.size_mean
        rows = np.asarray(unit(unit(embeddings) - mean), np.float32)
        placed = rows @ self.sharp
        small = np.flatnonzero(face_px < SHARP_PX)
        if len(small):
            mapped = features(rows[small], face_px[small]) @ self.small
            part = np.log(SHARP_PX / face_px[small]) / np.log(SHARP_PX / SMALL_PX)
            part = np.clip(part, 0, 1).astype(np.float32)[:, None]
            placed[small] = part * mapped + (1 - part) * placed[small]
        return np.asarray(placed, np.float32)


def features(rows: FloatArray, face_px: NDArray[Any]) -> FloatArray:
    """(n, 2d) what a small face is mapped from: its embedding, and the same by the logarithm of its size."""
    size = np.log(np.clip(face_px, 8.0, SMALL_PX) / MIDDLE_PX).astype(np.float32)[:, None]
    return np.concatenate([rows, rows * size], axis=1)


@lru_cache(maxsize=8)
def same_person_for(embedder: str, dimension: int) -> SamePerson:
    """The measured model of the embedder with that contract id; else one made of what its background says."""
    parts = embedder.split(":")
    path = Path(DATA) / f"people-{'-'.join(parts[:3])}.safetensors"
    background = background_for(embedder, dimension)
    if len(parts) < 3 or "+" in embedder or not path.is_file():
        return _of_background(background)
    arrays, _ = archive.read(path, schema=SCHEMA)
    return SamePerson(background, **{name: arrays[name] for name in ARRAYS})


def _of_background(background: Background) -> SamePerson:
    """For an embedder of which only the background is known: small faces are mapped as sharp ones."""
    d = background.dimension
    noise = np.trace(background.within) / d
    people = max(float(np.trace(background.covariance)) / d - noise, noise)
    # Centred embeddings come at unit length: so much of it is the person's in each direction, and so much is not.
    whole = people + noise
    person, rest = people / whole / d, noise / whole / d
    straight = np.eye(d, dtype=np.float32)
    return SamePerson(
        background, straight, np.concatenate([straight, 0 * straight]), np.array([SMALL_PX]),
        np.full((1, d), person / rest, np.float32), np.full((1, d), np.sqrt(person) / rest, np.float32),
    )  # fmt: skip
