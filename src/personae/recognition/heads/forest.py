"""The head `random-forest`: trees grown by scikit-learn, walked by numpy.

scikit-learn's own walk follows whatever indices a stored tree holds and can crash the process; ours follows only trees
in which every child lies after its parent, so that each walk ends, inside the arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from personae.recognition.heads.arrays import require, take
from personae.recognition.heads.learning import learning
from personae.settings import Settings
from personae.types import FloatArray, IntArray

TREES = 100
_CHUNK_VALUES = 1 << 20


class ForestHead:
    """100 fully grown trees, each on a sample balanced between characters; reads the setting `seed`.

    All trees' nodes stand in one table: `feature` (m,) or -1 for a leaf, `threshold` (m,), `left` and `right` (m,) rows
    of the children, `leaf` (m,) the character a leaf votes for, `roots` (t,).
    """

    def __init__(self, settings: Settings) -> None:
        self._seed = settings.seed

    def fit(self, X: FloatArray, characters: IntArray) -> Self:
        """See the protocol."""
        with learning():
            from sklearn.ensemble import RandomForestClassifier

            forest = RandomForestClassifier(TREES, class_weight="balanced_subsample", random_state=self._seed)
            forest.fit(np.asarray(X, np.float32), characters)
        trees = [estimator.tree_ for estimator in forest.estimators_]
        sizes = np.array([tree.node_count for tree in trees])
        self._roots = (np.cumsum(sizes) - sizes).astype(np.int32)
        inner = [tree.children_left >= 0 for tree in trees]
        own = list(zip(trees, inner, self._roots, strict=True))
        self._feature = np.concatenate([np.where(is_inner, tree.feature, -1) for tree, is_inner, _ in own]).astype("i4")
        self._threshold = np.concatenate([np.where(is_inner, tree.threshold, 0.0) for tree, is_inner, _ in own])
        self._left = np.concatenate([np.where(is_inner, tree.children_left + root, 0) for tree, is_inner, root in own])
        self._right = np.concatenate(
            [np.where(is_inner, tree.children_right + root, 0) for tree, is_inner, root in own]
        )
        self._leaf = np.concatenate([tree.value[:, 0].argmax(axis=1) for tree in trees]).astype(np.int32)
        self._characters = int(characters.max()) + 1
        return self

    def scores(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Share of the trees that vote for each character."""
        X = np.asarray(X, np.float32)
        votes = np.zeros((len(X), self._characters))
        step = max(1, _CHUNK_VALUES // len(self._roots))
        for first in range(0, len(X), step):
            part = X[first : first + step]
            faces = np.arange(len(part))[:, None]
            node = np.broadcast_to(self._roots, (len(part), len(self._roots)))
            while (inner := self._feature[node] >= 0).any():
                goes_left = part[faces, np.maximum(self._feature[node], 0)] <= self._threshold[node]
                node = np.where(inner, np.where(goes_left, self._left[node], self._right[node]), node)
            np.add.at(votes, (faces + first, self._leaf[node]), 1 / len(self._roots))
        return votes

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The table of nodes."""
        return {
            "feature": self._feature, "threshold": self._threshold, "left": self._left, "right": self._right,
            "leaf": self._leaf, "roots": self._roots,
        }  # fmt: skip

    def restore(self, arrays: Mapping[str, NDArray[Any]], *, dimension: int, characters: int) -> Self:
        """See the protocol."""
        feature = take(arrays, "feature", "i", None)
        m = len(feature)
        threshold, leaf = take(arrays, "threshold", "f", m), take(arrays, "leaf", "i", m)
        left, right = take(arrays, "left", "i", m), take(arrays, "right", "i", m)
        roots = take(arrays, "roots", "i", None)
        inner = feature >= 0
        for children in (left, right):
            after = (children > np.arange(m)) & (children < m)
            require(bool(after[inner].all()), "a child does not lie after its parent")
        require(bool(((feature >= -1) & (feature < dimension)).all()), "a feature is out of range")
        require(bool(((leaf >= 0) & (leaf < characters)).all()), "a leaf votes for nobody")
        require(len(roots) > 0 and bool(((roots >= 0) & (roots < m)).all()), "a root is out of range")
        self._feature, self._threshold, self._leaf, self._roots = feature, threshold, leaf, roots
        self._left, self._right, self._characters = left, right, characters
        return self
