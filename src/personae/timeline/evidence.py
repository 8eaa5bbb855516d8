"""What tracks are weighed by: the quality-weighted mean of each one's faces, and the same to compare tracks with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personae.recognition.backgrounds import background_for
from personae.recognition.prototypes import unit
from personae.recognition.scaler import EmbeddingScaler
from personae.timeline import clustering
from personae.timeline.records import TrackRecord
from personae.types import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Evidence:
    """What n tracks are named by: `means` (n, d) of their embeddings, of unit length, or zero without faces.

    `log_px` (n,): the mean logarithm of the faces' size; `quality` (n,): their mean weight; `support` (n,): its sum.
    """

    means: FloatArray
    log_px: NDArray[np.float64]
    quality: NDArray[np.float64]
    support: NDArray[np.float64]

    def of(self, tracks: IntArray) -> Evidence:
        """That of some of the tracks."""
        return Evidence(self.means[tracks], self.log_px[tracks], self.quality[tracks], self.support[tracks])

    @property
    def weights(self) -> NDArray[np.float64]:
        """(n,) what each track weighs in its group."""
        return np.minimum(self.support, clustering.MOST_SUPPORT)

    def summed(self, person: IntArray, rows: FloatArray) -> NDArray[np.float64]:
        """(g, d) sums over the tracks of each group of `rows` (n, d), weighed as in clustering; `person` (n,)."""
        return segment_sums(rows * self.weights[:, None], person, int(person.max(initial=-1)) + 1)

    def averaged(self, person: IntArray, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(g,) means of `values` (n,) over the tracks of each group."""
        weights, count = self.weights, int(person.max(initial=-1)) + 1
        whole: NDArray[np.float64] = np.maximum(np.bincount(person, weights, count), 1e-9)
        return np.asarray(np.bincount(person, weights * values, count) / whole, np.float64)


def evidence_of(records: Sequence[TrackRecord], dimension: int) -> Evidence:
    """The quality-weighted means of the tracks' faces; `dimension` d of their embeddings."""
    embeddings, face_px, weights, owner = _flat(records, dimension)
    n = len(records)
    support = np.bincount(owner, weights, n).astype(np.float64)
    counts, whole = np.bincount(owner, minlength=n), np.maximum(support, 1e-30)
    lengths = np.sqrt(np.einsum("ij,ij->i", embeddings, embeddings))
    rows = embeddings * (weights / np.maximum(lengths, 1e-30)).astype(np.float32)[:, None]
    means = unit(segment_sums(rows, owner, n)).astype(np.float32)
    log_px = np.bincount(owner, weights * np.log(np.maximum(face_px, 1e-3)), n) / whole
    return Evidence(means, log_px, support / np.maximum(counts, 1), support)


@dataclass(frozen=True, eq=False)
class Compared:
    """n tracks in the space in which they are compared: the embedder's, scaled as people in general need it.

    `faces`: unit embeddings (k, d) of each track; `pooled` (n, d): their weighted means, of unit length or zero.
    """

    faces: tuple[FloatArray, ...]
    pooled: FloatArray


def compared(records: Sequence[TrackRecord], embedder: str, dimension: int) -> Compared:
    """The tracks as they are compared; `embedder`: the contract id of what made their embeddings.

    No cast has a part in it: a group of unknown people stays one whoever becomes known.
    """
    embeddings, face_px, weights, owner = _flat(records, dimension)
    scaled = embeddings
    if len(embeddings):
        scaler = EmbeddingScaler().of_background(background_for(embedder, dimension))
        scaled = unit(scaler.transform(unit(embeddings), face_px)).astype(np.float32)
    cuts = np.cumsum([len(record.embeddings) for record in records])[:-1]
    rows = scaled * weights.astype(np.float32)[:, None]
    pooled = unit(segment_sums(rows, owner, len(records))).astype(np.float32)
    return Compared(tuple(np.split(scaled, cuts)) if records else (), pooled)


def segment_sums(rows: NDArray[np.floating], owner: IntArray, count: int) -> NDArray[np.float64]:
    """(count, d) sums of the `rows` (k, d) of each `owner` (k,) 0..count-1; zero where there are none."""
    sums = np.zeros((count, rows.shape[1]))
    if len(rows):
        if (owner[1:] < owner[:-1]).any():
            order = np.argsort(owner, kind="stable")
            rows, owner = rows[order], owner[order]
        starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
        sums[owner[starts]] = np.add.reduceat(rows, starts, axis=0)
    return sums


def _flat(
    records: Sequence[TrackRecord], dimension: int
) -> tuple[FloatArray, FloatArray, NDArray[np.float64], IntArray]:
    """The faces of all tracks: embeddings (k, d), sizes, weights, and whose they are, (k,) each."""
    none = np.empty(0, np.float32)
    embeddings = np.concatenate(
        [np.empty((0, dimension), np.float32), *(record.embeddings.reshape(-1, dimension) for record in records)]
    )
    face_px = np.concatenate([none, *(record.face_px for record in records)])
    weights = np.concatenate([none, *(record.weights for record in records)]).astype(np.float64)
    return embeddings, face_px, weights, np.repeat(np.arange(len(records)), [len(r.embeddings) for r in records])
