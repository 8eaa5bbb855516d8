"""Training metrics: how well the cast's own photos tell its characters apart. None where nothing can be said.

All are of cosines between scaled embeddings. Every character has one vote in the similarities, however many photos it
has, and no photo is compared with itself.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae.recognition.background import Float64Array
from personae.recognition.prototypes import group_means
from personae.types import IntArray

_MOST_PAIRS = 200_000
LEAST_MAPPED = 0.01
"""Least similarity 0..1 of different characters to divide by: faces whose cosine is -1 are as far apart as can be."""


@dataclass(frozen=True)
class TrainingMetrics:
    """Names as in the specification, then three that do not depend on where cosine has its zero.

    `intra_character_similarity`: mean cosine of two photos of one character. `inter_character_similarity`: of photos
    of two characters. `discrimination_ratio`: the first over the second, both mapped from -1..1 to 0..1; see
    `discrimination_ratio`. `separation_index` d': distance of the two means in pooled standard deviations. `roc_auc`:
    chance that a same-character pair is more alike than a pair of two characters. `equal_error_rate`: where false
    accepts and false rejects of pairs are equally frequent. `notes`: for each None, what is missing.
    """

    n_characters: int
    n_embeddings: int
    intra_character_similarity: float | None
    inter_character_similarity: float | None
    discrimination_ratio: float | None
    separation_index: float | None
    roc_auc: float | None
    equal_error_rate: float | None
    notes: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they stand in the metadata file."""
        return asdict(self)


def training_metrics(X: NDArray[Any], groups: IntArray, *, seed: int = 0) -> TrainingMetrics:
    """Metrics of unit-length scaled embeddings `X` (n, d) with character numbers `groups` (n,) from 0 on."""
    X = X.astype(np.float64)
    counts = np.bincount(groups)
    means = group_means(X, groups)
    notes: dict[str, str] = {}
    several = counts > 1
    intra = inter = ratio = None
    if several.any():
        n = counts[several]
        # |sum|^2 counts every ordered pair and each photo with itself (cosine 1): take the latter out.
        squares = (means[several] ** 2).sum(axis=1) * n**2
        intra = float(np.mean((squares - n) / (n * (n - 1))))
    else:
        notes["intra_character_similarity"] = "every character has a single photo; give one of them a second"
    c = len(counts)
    if c > 1:
        total = means.sum(axis=0)
        inter = float((total @ total - (means**2).sum()) / (c * (c - 1)))
    else:
        notes["inter_character_similarity"] = "the cast has one character; give it a second"
    if intra is None or inter is None:
        notes["discrimination_ratio"] = "needs both similarities"
    else:
        ratio = discrimination_ratio(intra, inter)
    separation = auc = equal_error = None
    if intra is None or inter is None:
        for name in ("separation_index", "roc_auc", "equal_error_rate"):
            notes[name] = "needs two characters, one of them with two photos"
    else:
        same, different = _pair_cosines(X, groups, np.random.default_rng(seed))
        spread = np.sqrt((same.var() + different.var()) / 2)
        separation = float((same.mean() - different.mean()) / spread) if spread > 1e-9 else None
        if separation is None:
            notes["separation_index"] = "the cosines do not vary"
        auc = _roc_auc(same, different)
        equal_error = _equal_error_rate(same, different)
    return TrainingMetrics(c, len(X), intra, inter, ratio, separation, auc, equal_error, notes)


def discrimination_ratio(intra: float, inter: float) -> float:
    """How many times as alike two photos of one character are as photos of two: 1 is chance, higher is better.

    `intra`, `inter`: the mean cosines. Different people's are near 0 or below, and nothing can be divided by that; so
    both are mapped to a similarity of 0..1, (1 + cosine) / 2. Three real casts have 1.5 to 1.6; the most is 100.
    """
    return (1 + intra) / 2 / max((1 + inter) / 2, LEAST_MAPPED)


def _pair_cosines(X: Float64Array, groups: IntArray, rng: np.random.Generator) -> tuple[Float64Array, Float64Array]:
    """Cosines of pairs within and between characters; a seeded sample of the pairs where there are very many."""
    n = len(X)
    if n * (n - 1) // 2 <= _MOST_PAIRS:
        first, second = np.triu_indices(n, 1)
    else:
        first, second = rng.integers(0, n, (2, _MOST_PAIRS))
        # Pairs within a character are rare in a large cast: draw as many of them again.
        order = np.argsort(groups, kind="stable")
        starts = np.r_[0, np.cumsum(np.bincount(groups))]
        a = rng.integers(0, n, _MOST_PAIRS)
        low, high = starts[groups[a]], starts[groups[a] + 1]
        b = order[rng.integers(low, high)]
        distinct = np.r_[first, a] != np.r_[second, b]
        first, second = np.r_[first, a][distinct], np.r_[second, b][distinct]
    cosines = np.concatenate(
        [(X[first[i : i + 65536]] * X[second[i : i + 65536]]).sum(axis=1) for i in range(0, len(first), 65536)]
    )
    same = groups[first] == groups[second]
    return cosines[same], cosines[~same]


def _roc_auc(positive: Float64Array, negative: Float64Array) -> float:
    """Area under the ROC curve by the Mann-Whitney statistic; ties count half."""
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, "left") + np.searchsorted(ordered, positive, "right")
    return float(below.mean() / (2 * len(negative)))


def _equal_error_rate(positive: Float64Array, negative: Float64Array) -> float:
    """Rate at the threshold where false rejects and false accepts come closest."""
    thresholds = np.unique(np.r_[positive, negative])
    rejects = np.searchsorted(np.sort(positive), thresholds, "left") / len(positive)
    accepts = 1 - np.searchsorted(np.sort(negative), thresholds, "left") / len(negative)
    i = np.abs(rejects - accepts).argmin()
    return float((rejects[i] + accepts[i]) / 2)
