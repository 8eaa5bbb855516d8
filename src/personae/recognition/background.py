"""What an embedder says of people in general: aggregate statistics, never a person's embedding.

A cast is small; people in general are not. The scaler borrows its statistics from here, the false-accept rate is
fitted to strangers drawn from here, and so is the confidence. For an embedder nobody has measured there is
`Background.isotropic`, which knows nothing and says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from personae.recognition.face_sizes import size_weights
from personae.recognition.prototypes import unit
from personae.recognition.small_faces import SmallFaces
from personae.types import FloatArray, IntArray

SCHEMA = "personae/background/2"
ARRAYS = (
    "mean", "covariance", "within", "tail_gaussian", "tail_real", "genuine_photos", "genuine_cosine", "size_px",
    "size_mean", "small_px", "small_tail_gaussian", "small_tail_real", "genuine_sharp", "genuine_small",
    "genuine_hard",
)  # fmt: skip
SMALL_ARRAYS = ("basis", "spread", "covariance", "small_odds", "sharp_odds")
"""Of `Background.small`, in the file with the prefix `small_faces_`."""
_NONE = np.zeros(0)
DATA = Path(__file__).parent.parent / "data"

UNKNOWN_MEAN = 0.085
"""Mean cosine of two strangers' SFace embeddings before they are centred (558 people)."""

Float64Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Background:
    """Statistics of unit-length embeddings of many people, one vote per person.

    `mean` (d,), `covariance` (d, d) of all photos, `within` (d, d) of photos around their person's mean;
    `tail_gaussian`, `tail_real` (q,): cosines, rising, that a stranger and a prototype exceed equally often when
    strangers are drawn from the Gaussian and when they are real (faces of real people are more alike than a Gaussian
    has it); `genuine_photos` (k,) rising numbers of photos and `genuine_cosine` (k, q): evenly spaced quantiles of the
    cosine of a new photo, sharp or small, to the mean of that many photos of the same person; `size_px` (s,) rising
    face sizes in pixels and `size_mean` (s, d) the mean of embeddings at each (small faces share what is lost), the
    last for every larger face; `people`: how many it was made from, 0 for none.

    Where small faces were measured too: `small`; `small_px` (b,) rising face sizes; `small_tail_gaussian`,
    `small_tail_real` (b, k, q): as above, of small faces' evidence, at each size and for each of `genuine_photos`;
    `genuine_sharp`, `genuine_hard` (k, q) and `genuine_small` (b, k, q): as `genuine_cosine`, of the evidence of sharp
    new photos, of the smallest without their mirror images, and of small ones of each size.
    """

    mean: Float64Array
    covariance: Float64Array
    within: Float64Array
    tail_gaussian: Float64Array
    tail_real: Float64Array
    genuine_photos: Float64Array
    genuine_cosine: Float64Array
    size_px: Float64Array
    size_mean: Float64Array
    people: int
    name: str
    small: SmallFaces | None = None
    small_px: Float64Array = field(default_factory=_NONE.copy)
    small_tail_gaussian: Float64Array = field(default_factory=_NONE.copy)
    small_tail_real: Float64Array = field(default_factory=_NONE.copy)
    genuine_sharp: Float64Array = field(default_factory=_NONE.copy)
    genuine_small: Float64Array = field(default_factory=_NONE.copy)
    genuine_hard: Float64Array = field(default_factory=_NONE.copy)

    @property
    def dimension(self) -> int:
        """Length d of an embedding."""
        return len(self.mean)

    @classmethod
    def isotropic(cls, dimension: int) -> Background:
        """The background of an unmeasured embedder: no direction is special, a third of the spread is within people.

        One thing cannot be left at nothing: where the mean of its embeddings lies. So strangers are taken to be as much
        more alike as that of SFace makes them, which errs towards "unknown".
        """
        covariance = np.eye(dimension) / dimension
        tail = np.array([-1.0, 1.0])
        unmeasured = cls(
            np.zeros(dimension), covariance, covariance / 3, tail, tail + UNKNOWN_MEAN,
            np.ones(1), np.zeros((1, 2)), np.ones(1), np.zeros((1, dimension)), 0, "isotropic",
        )  # fmt: skip
        return replace(unmeasured, genuine_cosine=unmeasured._drawn_genuine())

    @cached_property
    def scatter(self) -> float:
        """In how many directions, in effect, one person's photos scatter: (tr W)^2 / tr W^2 of `within`."""
        return float(np.trace(self.within) ** 2 / (self.within**2).sum())

    def real(self, cosine: Float64Array) -> Float64Array:
        """The cosine that real strangers exceed as often as strangers from the Gaussian exceed `cosine`."""
        excess = np.interp(cosine, self.tail_gaussian, self.tail_real - self.tail_gaussian)
        return np.asarray(cosine + excess, np.float64)

    def real_small(self, evidence: Float64Array, photos: IntArray, face_px: float) -> Float64Array:
        """`real` for the evidence of faces of one small size, in a cast of characters with `photos` (c,) photos."""
        usual = float(np.clip(np.exp(np.log(photos).mean()), 1, self.genuine_photos[-1]))
        at_size = size_weights(self.small_px, np.array([face_px]))[0]
        gaussian, real = (
            np.array([np.interp(usual, self.genuine_photos, column) for column in np.tensordot(at_size, curves, 1).T])
            for curves in (self.small_tail_gaussian, self.small_tail_real)
        )
        return np.asarray(evidence + np.interp(evidence, gaussian, real - gaussian), np.float64)

    def strangers(self, count: int, seed: int) -> FloatArray:
        """(count, d) float32 embeddings, not normalised, of people who do not exist."""
        return _draw(self.mean, self.covariance, count, np.random.default_rng(seed))

    def genuine(self, photos: IntArray, curves: Float64Array | None = None) -> Float64Array:
        """(m,) cosines, evenly spaced in probability, of new photos to characters with as many photos as `photos`.

        `curves` (k, q): other quantiles than `genuine_cosine`.
        """
        curves = self.genuine_cosine if curves is None else curves
        counts, weights = np.unique(np.clip(photos, 1, self.genuine_photos[-1]), return_counts=True)
        share = np.maximum(1, np.round(2000 * weights / weights.sum())).astype(int)
        rows = [[np.interp(count, self.genuine_photos, column) for column in curves.T] for count in counts]
        quantiles = np.linspace(0, 1, curves.shape[1])
        cosines: list[Float64Array] = [
            np.interp(np.linspace(0, 1, n), quantiles, row) for n, row in zip(share, rows, strict=True)
        ]
        return np.concatenate(cosines)

    def _drawn_genuine(self) -> Float64Array:
        """(1, q) the same from people who do not exist, where nobody has been measured."""
        rng = np.random.default_rng(0)
        centres = _draw(self.mean, self.covariance - self.within, 4000, rng)
        pair = [centres + _draw(np.zeros(self.dimension), self.within, 4000, rng) for _ in range(2)]
        cosine = (unit(pair[0]) * unit(pair[1])).sum(axis=1)
        return np.asarray(np.quantile(cosine, np.linspace(0, 1, 201)), np.float64)[None, :]


def _draw(mean: Float64Array, covariance: Float64Array, count: int, rng: np.random.Generator) -> FloatArray:
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))).astype(np.float32)
    return np.asarray(rng.standard_normal((count, len(mean)), np.float32) @ root.T + mean, np.float32)
