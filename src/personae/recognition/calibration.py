"""The operating point and the confidence, both from background statistics and the cast at hand.

Chance grows with the cast: the cosine that lets 1 % of strangers through is .24 for two characters and .35 for a
hundred. So it is fitted: strangers drawn from the background are scored against this very cast, and the cosine that
the asked share of them exceeds is the threshold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae.recognition import equal_shares
from personae.recognition.background import Background, Float64Array
from personae.recognition.equal_shares import EqualShares
from personae.recognition.matching import best_of_each, character_scores
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
_SIZES_PX = np.array([11.2, 14.0, 17.5, 21.6])
"""At which strangers of small faces are drawn: the range that was measured."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """`far` (m,) falling and the `cosine` (m,) that gives each; `similarity` (k,) rising and its `confidence` (k,)."""

    far: Float64Array
    cosine: Float64Array
    similarity: Float64Array
    confidence: Float64Array
    shares: EqualShares = field(default_factory=partial(EqualShares.constant, 0.0))
    """What puts the evidence of small faces on the scale of sharp ones."""

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

    Sharp strangers give the curve; `small` faces are put on their scale, size by size, so that as many strangers of
    each size exceed it (`equal_shares`).
    """
    count = int(np.clip(_MOST_COSINES // len(centres), 2000, STRANGERS))
    impostor = background.real(_score(_scaled(_strangers(background, count, seed), scaler), centres, starts))
    genuine = background.genuine(photos)
    shares = EqualShares.constant(0.0)
    if small is not None:
        little = _small_strangers(small, starts, count, seed)
        real = [background.real_small(row, photos, float(px)) for row, px in zip(little, _SIZES_PX, strict=True)]
        shares = equal_shares.match(impostor, np.stack(real), _SIZES_PX)
        genuine = _genuine(background, photos, shares)
    impostor = np.sort(impostor)
    # A curve that does not fall can be read both ways.
    cosine = np.maximum.accumulate(np.quantile(impostor, 1 - _FAR_GRID) + 1e-9 * np.arange(len(_FAR_GRID)))
    confidence = _confidence(genuine, impostor)
    if not background.people:
        confidence = _anchored(confidence, float(np.quantile(impostor, 1 - _ANCHOR_FAR)))
    return Calibration(_FAR_GRID, cosine, _SIMILARITY_GRID, confidence, shares)


def _genuine(background: Background, photos: IntArray, shares: EqualShares) -> Float64Array:
    """Evidence of new photos of the cast, sharp and small ones in equal parts, on the scale of `shares`."""

    def small(face_px: float, curves: Float64Array) -> Float64Array:
        found = background.genuine(photos, curves)
        return shares.shifted(found[:, None], np.full(len(found), face_px))[:, 0]

    sharp = background.genuine(photos, background.genuine_sharp)
    usual = [small(float(px), curves) for px, curves in zip(background.small_px, background.genuine_small, strict=True)]
    # A fifth are harder than small faces usually are: what is worse than all that was measured should not be doubted
    # more than it deserves.
    hard = small(float(_SIZES_PX[0]), background.genuine_hard)
    sizes = len(usual)
    return np.concatenate([*[sharp] * (2 * sizes), *usual * 2, *[hard] * sizes])


def _small_strangers(small: SmallPrototypes, starts: IntArray, count: int, seed: int) -> Float64Array:
    """(b, count) best evidence, for any character, of people who do not exist, their faces of each of `_SIZES_PX`."""
    seen = _small_faces_seen(small.statistics, count, seed)
    step = max(1, _CHUNK_VALUES // len(small.centres))
    result = np.empty((len(_SIZES_PX), count))
    for i in range(0, count, step):
        ratio = small.ratio(seen[i : i + step])
        for at, px in enumerate(_SIZES_PX):
            evidence = small.statistics.evidence(ratio, np.full(len(ratio), px), small.counts)
            result[at, i : i + step] = best_of_each(evidence, starts).max(axis=1)
    return result


# Fitting many models (cross-validation, edits) would otherwise draw the same people again and again.
@lru_cache(maxsize=2)
def _strangers(background: Background, count: int, seed: int) -> FloatArray:
    return background.strangers(count, seed)


@lru_cache(maxsize=2)
def _small_faces_seen(statistics: SmallFaces, count: int, seed: int) -> Float64Array:
    """(count, d) small faces of people who do not exist, as `SmallFaces.seen` gives them."""
    rng = np.random.default_rng([seed, 1])
    values, vectors = np.linalg.eigh(statistics.covariance)
    return np.asarray(rng.standard_normal((count, len(values))) * np.sqrt(np.maximum(values, 0)) @ vectors.T)


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
