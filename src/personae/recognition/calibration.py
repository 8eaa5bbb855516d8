"""The operating point and the confidence, both from background statistics and the cast at hand.

Chance grows with the cast: the cosine that lets 1 % of strangers through is .24 for two characters and .35 for a
hundred. So it is fitted: strangers drawn from the background are scored against this very cast, and the cosine that
the asked share of them exceeds is the threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae.recognition.background import Background, Float64Array
from personae.recognition.matching import character_scores
from personae.recognition.prototypes import unit
from personae.recognition.scaler import EmbeddingScaler
from personae.recognition.small_faces import SmallFaces, SmallPrototypes
from personae.types import FloatArray, IntArray

SURE = 0.5
"""Confidence below which a match is no name: more often than not it would be wrong."""
STRANGERS = 20_000
_FAR_GRID = np.geomspace(0.5, 1e-4, 48)
_SIMILARITY_GRID = np.linspace(-1.0, 1.0, 201)
_BANDWIDTH = 0.012
_DOUBT = 1e-5  # of a density per grid step
_MOST_COSINES = 400_000_000  # a second of work; very large casts are calibrated on fewer strangers
_CHUNK_VALUES = 1 << 25
_ANCHOR_FAR = 0.0101  # just beyond the usual 1 %
_SHIFT = 0.5
_SHIFT_FAR = 0.01
_SMALL_RANGE_PX = (11.2, 21.6)


@dataclass(frozen=True, eq=False)
class Calibration:
    """`far` (m,) falling and the `cosine` (m,) that gives each; `similarity` (k,) rising and its `confidence` (k,)."""

    far: Float64Array
    cosine: Float64Array
    similarity: Float64Array
    confidence: Float64Array
    small_shift: float = 0.0
    """Added to the evidence of small faces; see `calibrate`."""

    def threshold(self, far: float) -> float:
        """The cosine that the share `far` of strangers exceeds with some character."""
        return float(np.interp(-np.log(far), -np.log(self.far), self.cosine))

    def far_at(self, threshold: float) -> float:
        """The share of strangers that exceeds `threshold`, within the range of the curve."""
        return float(np.exp(-np.interp(threshold, self.cosine, -np.log(self.far))))

    def confidence_at(self, evidence: NDArray[Any], strangers: float = 0.5) -> Float64Array:
        """Probability that a name given at `evidence` is right where the share `strangers` of faces are strangers'."""
        half = np.interp(evidence, self.similarity, self.confidence)
        odds = half / (1 - half) * (1 - strangers) / strangers
        return np.asarray(odds / (1 + odds), np.float64)

    def sure_from(self, strangers: float = 0.5) -> float:
        """The evidence from which a confidence is at least `SURE`; infinite where none is."""
        odds = SURE / (1 - SURE) * strangers / (1 - strangers)
        # A trace more, so that no rounding brings the confidence below.
        return float(np.interp(odds / (1 + odds), self.confidence, self.similarity, right=np.inf)) + 1e-9


def calibrate(
    centres: NDArray[Any],
    starts: IntArray,
    photos: IntArray,
    scaler: EmbeddingScaler | None,
    background: Background,
    *,
    seed: int,
    small: SmallPrototypes | None = None,
) -> Calibration:
    """Fit to unit-length `centres` (p, d), of which character i owns those from `starts[i]` (c,) on.

    `photos` (c,): photos per character; `scaler`: what the centres went through, None for nothing; `small`: the same
    prototypes as small faces are compared with them.

    With `small`, half of the strangers' faces are small. Equally likely right is not equally often wrong: at one
    evidence small strangers may pass ten times as often as sharp ones, or as rarely. So small faces are shifted half
    the way to where both pass equally often at 1 %, which costs little where both are mixed and keeps the rate where
    they are not.
    """
    count = int(np.clip(_MOST_COSINES // len(centres), 2000, STRANGERS))
    impostor = background.real(_score(_scaled(_strangers(background, count, seed), scaler), centres, starts))
    genuine = background.genuine(photos)
    shift = 0.0
    if small is not None:
        little = background.real_small(_small_strangers(small, starts, count, seed), photos)
        shift = _SHIFT * float(np.quantile(impostor, 1 - _SHIFT_FAR) - np.quantile(little, 1 - _SHIFT_FAR))
        impostor = np.concatenate([impostor, little + shift])
        sharp = background.genuine(photos, background.genuine_sharp)
        # A fifth are harder than small faces usually are: what is worse than all that was measured should not be
        # doubted more than it deserves.
        usual, hard = (background.genuine(photos, c) for c in (background.genuine_small, background.genuine_hard))
        genuine = np.concatenate([sharp, sharp, usual + shift, usual + shift, hard + shift])
    impostor = np.sort(impostor)
    # A curve that does not fall can be read both ways.
    cosine = np.maximum.accumulate(np.quantile(impostor, 1 - _FAR_GRID) + 1e-9 * np.arange(len(_FAR_GRID)))
    confidence = _confidence(genuine, impostor)
    if not background.people:
        confidence = _anchored(confidence, float(np.quantile(impostor, 1 - _ANCHOR_FAR)))
    return Calibration(_FAR_GRID, cosine, _SIMILARITY_GRID, confidence, shift)


def _small_strangers(small: SmallPrototypes, starts: IntArray, count: int, seed: int) -> Float64Array:
    """(count,) best evidence, for any character, of small faces of people who do not exist."""
    seen, face_px = _small_faces_seen(small.statistics, count, seed)
    step = max(1, _CHUNK_VALUES // len(small.centres))
    parts = [
        np.maximum.reduceat(small.evidence(seen[i : i + step], face_px[i : i + step]), starts, axis=1).max(axis=1)
        for i in range(0, count, step)
    ]
    return np.concatenate(parts)


# Fitting many models (cross-validation, edits) would otherwise draw the same people again and again.
@lru_cache(maxsize=2)
def _strangers(background: Background, count: int, seed: int) -> FloatArray:
    return background.strangers(count, seed)


@lru_cache(maxsize=2)
def _small_faces_seen(statistics: SmallFaces, count: int, seed: int) -> tuple[Float64Array, Float64Array]:
    """(count, d) small faces of people who do not exist, as `SmallFaces.seen` gives them, and (count,) their sizes."""
    rng = np.random.default_rng([seed, 1])
    values, vectors = np.linalg.eigh(statistics.covariance)
    seen = rng.standard_normal((count, len(values))) * np.sqrt(np.maximum(values, 0)) @ vectors.T
    return seen, rng.uniform(*_SMALL_RANGE_PX, count)


def _scaled(X: NDArray[Any], scaler: EmbeddingScaler | None) -> NDArray[Any]:
    X = unit(X)
    return X if scaler is None else unit(scaler.transform(X))


def _anchored(confidence: Float64Array, cosine: float) -> Float64Array:
    """A confidence that is at least `SURE` at `cosine`, its odds raised alike everywhere.

    For an embedder that was never measured: how alike one person's faces are is a guess then, how alike strangers are
    comes from the cast. The guess must not overrule the operating point.
    """
    odds = confidence / (1 - confidence)
    at = float(np.interp(cosine, _SIMILARITY_GRID, confidence))
    odds = odds * max(1.0, SURE / (1 - SURE) * (1 - at) / at)
    return np.asarray(odds / (1 + odds), np.float64)


def _score(X: NDArray[Any], centres: NDArray[Any], starts: IntArray) -> Float64Array:
    """(n,) best cosine of each row to any character, in chunks of bounded memory."""
    centres = centres.astype(np.float32)
    step = max(1, _CHUNK_VALUES // len(centres))
    parts = [character_scores(X[i : i + step], centres, starts).max(axis=1) for i in range(0, len(X), step)]
    return np.concatenate(parts).astype(np.float64)


def _confidence(genuine: Float64Array, impostor: Float64Array) -> Float64Array:
    """P(genuine | cosine) on the grid, half the faces being strangers': from smoothed densities, never falling."""
    step = _SIMILARITY_GRID[1] - _SIMILARITY_GRID[0]
    edges = np.r_[_SIMILARITY_GRID - step / 2, _SIMILARITY_GRID[-1] + step / 2]
    reach = np.arange(-4, 5) * step
    kernel = np.exp(-0.5 * (reach / _BANDWIDTH) ** 2)
    densities = [
        np.convolve(np.histogram(np.clip(scores, -1, 1), edges)[0] / len(scores), kernel / kernel.sum(), "same")
        for scores in (genuine, impostor)
    ]
    # Never quite 0 or 1: a few thousand people cannot vouch for more than that.
    share = (densities[0] + _DOUBT) / (densities[0] + densities[1] + 2 * _DOUBT)
    # Below where most strangers lie nobody is named, and there is nothing to tell one cosine from another.
    usual = int(densities[1].argmax())
    share[:usual] = share[usual]
    # Rising everywhere, so that a confidence can be read back as a cosine.
    return np.asarray(np.maximum.accumulate(share) * (1 - 1e-6) + 1e-7 * (_SIMILARITY_GRID + 1))
