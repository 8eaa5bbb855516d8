"""Heads that people use today, from their published description, and ours; all behind one function.

A head is given a cast and returns a scorer: faces to scores (m, c), higher is nearer. Only ours looks at more than the
embeddings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.openset.data import EMBEDDER
from personae.recognition.backgrounds import background_for
from personae.recognition.headed import character_model
from personae.recognition.heads import registry
from personae.recognition.model import CharacterModel
from personae.recognition.prototypes import unit
from personae.types import SMALL_PX, FloatArray

Sizes = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cast:
    """c characters with n photos each: `embeddings` (c, n, d), small `copies` (c, n, k, d) at `copies_px` (c, n, k)."""

    embeddings: FloatArray
    copies: FloatArray
    copies_px: Sizes


@dataclass(frozen=True, eq=False)
class Probes:
    """m faces: `embeddings` and those of their mirror images (m, d), `face_px` (m,)."""

    embeddings: FloatArray
    mirrored: FloatArray
    face_px: Sizes


Scorer = Callable[[Probes], NDArray[np.floating]]
Head = Callable[[Cast], Scorer]


def specification(cast: Cast) -> Scorer:
    """StandardScaler on the cast, K-means with three clusters per character, cosine to the centres."""
    from sklearn.cluster import KMeans
    from sklearn.preprocessing import StandardScaler

    _, n, d = cast.embeddings.shape
    scaler = StandardScaler().fit(cast.embeddings.reshape(-1, d))
    centres = [
        KMeans(min(3, n), n_init=10, random_state=0).fit(scaler.transform(photos)).cluster_centers_
        for photos in cast.embeddings
    ]
    starts = np.cumsum([0, *[len(part) for part in centres]])[:-1]
    every = unit(np.concatenate(centres))
    return lambda probes: np.maximum.reduceat(unit(scaler.transform(probes.embeddings)) @ every.T, starts, axis=1)


def nearest(cast: Cast) -> Scorer:
    """The nearest photo by cosine."""
    c, n, d = cast.embeddings.shape
    flat = cast.embeddings.reshape(-1, d)
    return lambda probes: (probes.embeddings @ flat.T).reshape(-1, c, n).max(axis=2)


def mean(cast: Cast) -> Scorer:
    """The mean of the photos."""
    centres = unit(cast.embeddings.mean(axis=1))
    return lambda probes: probes.embeddings @ centres.T


def trimmed_mean(cast: Cast) -> Scorer:
    """The mean without the photo that agrees least, from three photos on.

    As published it also weighs photos by their sharpness; an archive of embeddings holds none, so all weigh the same.
    """
    c, n, _ = cast.embeddings.shape
    if n < 3:
        return mean(cast)
    agreement = (cast.embeddings * unit(cast.embeddings.mean(axis=1, keepdims=True))).sum(axis=2)
    kept = np.argsort(agreement, axis=1)[:, 1:]
    kept_only = cast.embeddings[np.arange(c)[:, None], kept]
    return mean(Cast(kept_only, cast.copies, cast.copies_px))


def nearest_three(cast: Cast) -> Scorer:
    """kNN: the mean cosine of a character's three nearest photos."""
    c, n, d = cast.embeddings.shape
    flat = cast.embeddings.reshape(-1, d)
    k = min(3, n)
    return lambda probes: np.sort((probes.embeddings @ flat.T).reshape(-1, c, n), axis=2)[:, :, -k:].mean(axis=2)


def linear_svm(cast: Cast) -> Scorer:
    """A linear SVM, one against the rest of the cast."""
    from sklearn.svm import LinearSVC

    c, n, d = cast.embeddings.shape
    model = LinearSVC(C=1.0, random_state=0).fit(cast.embeddings.reshape(-1, d), np.repeat(np.arange(c), n))

    def score(probes: Probes) -> NDArray[np.floating]:
        decision = np.asarray(model.decision_function(probes.embeddings))
        return np.stack([-decision, decision], axis=1) if decision.ndim == 1 else decision

    return score


def random_forest(cast: Cast) -> Scorer:
    """A random forest of 100 trees; the share of votes."""
    from sklearn.ensemble import RandomForestClassifier

    c, n, d = cast.embeddings.shape
    model = RandomForestClassifier(100, random_state=0).fit(cast.embeddings.reshape(-1, d), np.repeat(np.arange(c), n))
    return lambda probes: np.asarray(model.predict_proba(probes.embeddings))


def fitted(cast: Cast, head: str = registry.PROTOTYPES) -> CharacterModel:
    """Our model of a cast whose characters are 0, 1, ..."""
    c, n, d = cast.embeddings.shape
    return character_model(head, background_for(EMBEDDER, d)).fit(
        cast.embeddings.reshape(-1, d),
        np.repeat(np.arange(c), n),
        copies=cast.copies.reshape(c * n, -1, d),
        copies_px=cast.copies_px.reshape(c * n, -1),
    )


def analyzed(probes: Probes) -> FloatArray:
    """Embeddings as our analyzer gives them: those of small faces are means with their mirror images'."""
    both = unit(probes.embeddings + probes.mirrored)
    return np.where(probes.face_px[:, None] < SMALL_PX, both, probes.embeddings)


def personae(cast: Cast) -> Scorer:
    """Ours, with its default settings."""
    model = fitted(cast)

    def score(probes: Probes) -> NDArray[np.floating]:
        decisions = model.decide(analyzed(probes), face_px=probes.face_px, candidates=len(model.classes_))
        scores = np.empty(decisions.evidence.shape)
        np.put_along_axis(scores, decisions.characters, decisions.evidence, axis=1)
        return scores

    return score


def headed(name: str) -> Head:
    """Ours, another head deciding between characters; its choice bears the evidence for which the face has a name."""

    def fit(cast: Cast) -> Scorer:
        model = fitted(cast, name)

        def score(probes: Probes) -> NDArray[np.floating]:
            decisions = model.decide(analyzed(probes), face_px=probes.face_px, candidates=len(model.classes_))
            evidence = decisions.evidence.copy()
            evidence[:, 0] = evidence.max(axis=1) + 1e-6
            scores = np.empty(evidence.shape)
            np.put_along_axis(scores, decisions.characters, evidence, axis=1)
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
