"""Heads that people use today, from their published description, and ours; all behind one function.

A head is given the cast's embeddings (c, n, d) and returns a scorer: embeddings (m, d) and face sizes (m,) in pixels to
scores (m, c), higher is nearer.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.openset.data import EMBEDDER
from personae.recognition.background import background_for
from personae.recognition.headed import HeadedModel
from personae.recognition.heads import registry
from personae.recognition.model import CharacterModel
from personae.recognition.prototypes import unit
from personae.types import FloatArray

Sizes = NDArray[np.float64]
Scorer = Callable[[FloatArray, Sizes], NDArray[np.floating]]
Head = Callable[[FloatArray], Scorer]


def specification(cast: FloatArray) -> Scorer:
    """StandardScaler on the cast, K-means with three clusters per character, cosine to the centres."""
    from sklearn.cluster import KMeans
    from sklearn.preprocessing import StandardScaler

    _, n, d = cast.shape
    scaler = StandardScaler().fit(cast.reshape(-1, d))
    centres = [
        KMeans(min(3, n), n_init=10, random_state=0).fit(scaler.transform(photos)).cluster_centers_ for photos in cast
    ]
    starts = np.cumsum([0, *[len(part) for part in centres]])[:-1]
    every = unit(np.concatenate(centres))
    return lambda X, face_px: np.maximum.reduceat(unit(scaler.transform(X)) @ every.T, starts, axis=1)


def nearest(cast: FloatArray) -> Scorer:
    """The nearest photo by cosine."""
    c, n, d = cast.shape
    flat = cast.reshape(-1, d)
    return lambda X, face_px: (X @ flat.T).reshape(len(X), c, n).max(axis=2)


def mean(cast: FloatArray) -> Scorer:
    """The mean of the photos."""
    centres = unit(cast.mean(axis=1))
    return lambda X, face_px: X @ centres.T


def trimmed_mean(cast: FloatArray) -> Scorer:
    """The mean without the photo that agrees least, from three photos on.

    As published it also weighs photos by their sharpness; an archive of embeddings holds none, so all weigh the same.
    """
    c, n, _ = cast.shape
    if n < 3:
        return mean(cast)
    agreement = (cast * unit(cast.mean(axis=1, keepdims=True))).sum(axis=2)
    kept = np.argsort(agreement, axis=1)[:, 1:]
    return mean(cast[np.arange(c)[:, None], kept])


def nearest_three(cast: FloatArray) -> Scorer:
    """kNN: the mean cosine of a character's three nearest photos."""
    c, n, d = cast.shape
    flat = cast.reshape(-1, d)
    k = min(3, n)
    return lambda X, face_px: np.sort((X @ flat.T).reshape(len(X), c, n), axis=2)[:, :, -k:].mean(axis=2)


def linear_svm(cast: FloatArray) -> Scorer:
    """A linear SVM, one against the rest of the cast."""
    from sklearn.svm import LinearSVC

    c, n, d = cast.shape
    model = LinearSVC(C=1.0, random_state=0).fit(cast.reshape(-1, d), np.repeat(np.arange(c), n))

    def score(X: FloatArray, face_px: Sizes) -> NDArray[np.floating]:
        decision = np.asarray(model.decision_function(X))
        return np.stack([-decision, decision], axis=1) if decision.ndim == 1 else decision

    return score


def random_forest(cast: FloatArray) -> Scorer:
    """A random forest of 100 trees; the share of votes."""
    from sklearn.ensemble import RandomForestClassifier

    c, n, d = cast.shape
    model = RandomForestClassifier(100, random_state=0).fit(cast.reshape(-1, d), np.repeat(np.arange(c), n))
    return lambda X, face_px: np.asarray(model.predict_proba(X))


def fitted(cast: FloatArray) -> CharacterModel:
    """Our model of a cast whose characters are 0, 1, ..."""
    c, n, d = cast.shape
    return CharacterModel(background=background_for(EMBEDDER, d)).fit(cast.reshape(-1, d), np.repeat(np.arange(c), n))


def personae(cast: FloatArray) -> Scorer:
    """Ours, with its default settings."""
    model = fitted(cast)

    def score(X: FloatArray, face_px: Sizes) -> NDArray[np.floating]:
        decisions = model.decide(X, face_px=face_px, candidates=len(cast))
        scores = np.empty(decisions.similarity.shape)
        np.put_along_axis(scores, decisions.characters, decisions.similarity, axis=1)
        return scores

    return score


def headed(name: str) -> Head:
    """Ours, another head deciding between characters; its choice bears the similarity for which the face has a name."""

    def fit(cast: FloatArray) -> Scorer:
        c, n, d = cast.shape
        model = HeadedModel(name, background=background_for(EMBEDDER, d))
        model.fit(cast.reshape(-1, d), np.repeat(np.arange(c), n))

        def score(X: FloatArray, face_px: Sizes) -> NDArray[np.floating]:
            decisions = model.decide(X, face_px=face_px, candidates=c)
            similarity = decisions.similarity.copy()
            similarity[:, 0] = similarity.max(axis=1) + 1e-6
            scores = np.empty(similarity.shape)
            np.put_along_axis(scores, decisions.characters, similarity, axis=1)
            return scores

        return score

    return fit


OUR_HEADS: dict[str, Head] = {f"head {name}": headed(name) for name in (*registry.OURS, "ensemble", "auto")}
"""What `train --head` offers; they run where `--heads` names them."""

OTHERS: dict[str, Head] = {
    "specification": specification,
    "nearest photo": nearest,
    "mean of photos": mean,
    "trimmed mean": trimmed_mean,
    "kNN": nearest_three,
    "linear SVM": linear_svm,
    "random forest": random_forest,
}
