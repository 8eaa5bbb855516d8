"""Small faces: what tells characters apart below some 24 pixels, where a cosine to sharp photos no longer does.

A face of 12 pixels is not a worse photo of somebody, it is a photo of another kind: what shrinking does to every face
outweighs what a person's face is. Three things bring most of it back. Each enrolled photo is also shrunk, mirrored and
embedded at enrolment (`COPIES_PX`), so that small is compared with small; a small face is embedded with its mirror
image; and instead of the cosine the likelihood ratio of a two-covariance model decides (probabilistic linear
discriminant analysis: Ioffe, ECCV 2006; in this form Bruemmer and de Villiers, Odyssey 2010), which weighs each
direction by how much people differ in it against how much one person's photos do.

Its result is given as `evidence`: the cosine at which a sharp face would be as likely to be the character's. So there
is one scale for faces of every size, and on sharp faces evidence and cosine are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae.recognition.equal_shares import EqualShares
from personae.recognition.face_sizes import size_weights
from personae.recognition.prototypes import unit
from personae.types import COPIES_PX, SMALL_PX, IntArray

RATIO_PX = 22.0
"""Up to this face size the likelihood ratio decides alone; from `SMALL_PX` on the cosine, in between both are blended.
At 22 px both are equally good on faces that are merely small; on blurred ones the ratio is still better."""
_LEAST_PX = 8.0  # smaller faces were not measured

Float64Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SmallFaces:
    """What an embedder makes of small faces in general; aggregates over many people.

    `size_px` (s,) rising face sizes and `size_mean` (s, d) the mean embedding at each; `basis` (d, d): columns in which
    photos of one person vary by 1 and people by `spread` (d,); `covariance` (d, d) of small faces in that basis;
    `small_odds` (7,) and `sharp_odds` (4,): logistic coefficients, from likelihood ratio and from cosine to the
    log-odds.
    """

    size_px: Float64Array
    size_mean: Float64Array
    basis: Float64Array
    spread: Float64Array
    covariance: Float64Array
    small_odds: Float64Array
    sharp_odds: Float64Array

    def mean_at(self, face_px: NDArray[Any]) -> Float64Array:
        """(n, d) mean embedding of faces of those sizes (n,)."""
        return size_weights(self.size_px, face_px) @ self.size_mean

    def enrolled(
        self, X: NDArray[Any], copies: NDArray[Any] | None = None, copies_px: NDArray[Any] | None = None
    ) -> Float64Array:
        """(n, d) of unit length: what a photo is to small faces, half itself and half its small copies.

        `X` (n, d) embeddings of the photos; `copies` (n, k, d) of their small copies, a zero vector where one is
        missing; `copies_px` (n, k) their face sizes, or None for `COPIES_PX`.
        """
        photo = unit(unit(X) - self.size_mean[-1])
        if copies is None:
            return np.asarray(photo, np.float64)
        n, k, d = copies.shape
        sizes = np.broadcast_to(COPIES_PX, (n, k)) if copies_px is None else np.asarray(copies_px)
        there = np.abs(copies).max(axis=2) > 0
        small = unit(copies) - self.mean_at(sizes.ravel()).reshape(n, k, d)
        mean = (unit(small) * there[:, :, None]).sum(axis=1) / np.maximum(there.sum(axis=1), 1)[:, None]
        return np.asarray(unit(photo + mean), np.float64)

    def seen(self, X: NDArray[Any], face_px: NDArray[Any]) -> Float64Array:
        """(n, d) in `basis`: small faces `X` (n, d) of sizes `face_px` (n,)."""
        return np.asarray(unit(unit(X) - self.mean_at(face_px)) @ self.basis, np.float64)

    def evidence(self, ratio: Float64Array, face_px: NDArray[Any], photos: IntArray) -> Float64Array:
        """(n, p) log likelihood ratios as evidence, for faces of sizes (n,) and characters of (p,) photos."""
        a, size, shift, bend, count, slope, rest = self.small_odds
        px = np.log(np.clip(face_px, _LEAST_PX, SMALL_PX) / 20)[:, None]
        log_photos = np.log(photos)[None, :]
        odds = ratio * (a + size * px + slope * log_photos) + shift * px + bend * px**2 + count * log_photos + rest
        cosine, more, offset, base = self.sharp_odds
        return np.asarray((odds - offset * log_photos - base) / (cosine + more * log_photos))


@dataclass(frozen=True, eq=False)
class SmallPrototypes:
    """Prototypes as small faces are compared with them.

    `centres` (p, d): mean of `SmallFaces.enrolled` over the photos of each; `counts` (p,): how many.
    """

    statistics: SmallFaces
    centres: Float64Array
    counts: IntArray

    @cached_property
    def _weights(self) -> tuple[Float64Array, Float64Array, Float64Array]:
        """The log likelihood ratio as `seen**2 @ square + seen @ linear + constant`, for every prototype at once."""
        spread = self.statistics.spread
        centres = self.centres @ self.statistics.basis
        n = self.counts[:, None]
        doubt = 1 / (1 / spread + n)  # variance of the person's true centre, given n photos
        centre = centres * doubt * n
        precision, apart = 1 / (1 + doubt), 1 / (1 + spread)
        constant = -0.5 * (centre**2 * precision).sum(axis=1) + 0.5 * (np.log(precision) - np.log(apart)).sum(axis=1)
        return -0.5 * (precision - apart).T, (precision * centre).T, constant

    def ratio(self, seen: Float64Array) -> Float64Array:
        """(n, p) log likelihood ratios of small faces `seen` (n, d), see `SmallFaces.seen`, for each prototype."""
        square, linear, constant = self._weights
        return np.asarray((seen**2) @ square + seen @ linear + constant)

    def evidence(self, seen: Float64Array, face_px: NDArray[Any]) -> Float64Array:
        """(n, p) the same as evidence, for faces of sizes `face_px` (n,)."""
        return self.statistics.evidence(self.ratio(seen), face_px, self.counts)

    def blended(
        self, cosine: NDArray[Any], X: NDArray[Any], face_px: NDArray[Any], shares: EqualShares
    ) -> NDArray[Any]:
        """(n, p) evidence of faces of every size: `cosine` (n, p) for sharp ones, by `shares` for small ones."""
        rows = np.flatnonzero(face_px < SMALL_PX)
        if not len(rows):
            return cosine
        px = face_px[rows]
        small = shares.shifted(self.evidence(self.statistics.seen(X[rows], px), px), px)
        share = np.clip(np.log(SMALL_PX / px) / np.log(SMALL_PX / RATIO_PX), 0, 1)[:, None]
        result = cosine.copy()
        result[rows] = share * small + (1 - share) * cosine[rows]
        return result

    def without(self, keep: NDArray[np.bool_]) -> SmallPrototypes:
        """Only the prototypes that `keep` (p,) names."""
        return SmallPrototypes(self.statistics, self.centres[keep], self.counts[keep])

    def inserted(self, at: int, centres: Float64Array, counts: IntArray) -> SmallPrototypes:
        """With further prototypes put in before number `at`."""
        return SmallPrototypes(
            self.statistics,
            np.insert(self.centres, at, centres, axis=0),
            np.insert(self.counts, at, counts),
        )
