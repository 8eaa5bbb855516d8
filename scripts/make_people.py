"""Make `src/personae/data/people-<embedder>.safetensors`: the model of `personae.recognition.same_person`.

    python -m scripts.make_people EMBEDDINGS.npz src/personae/data/people-sface-d128-p1.safetensors

EMBEDDINGS.npz as for `make_background.py`, whose output must be there. Rows of other parts than 0 and 1 are never
read. What is written is aggregate: two linear maps and what a face of each size says.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.openset.data import BACKGROUND, CALIBRATION, COPIES, EMBEDDER, FACE_PER_CROP, Faces, load
from personae import archive
from personae.recognition.background import Background
from personae.recognition.backgrounds import background_for
from personae.recognition.face_sizes import size_weights
from personae.recognition.prototypes import unit
from personae.recognition.same_person import ARRAYS, SCHEMA, SHARP_PX, SamePerson, features
from scripts.background_statistics import weights, within


@dataclass(frozen=True)
class Shrinkage:
    """How far each statistic is moved towards "the same in every direction", chosen on parts 0 and 1.

    `within`, `between`: the covariances; `directions`: noise and gain per direction; `ridge`: of the small faces' map,
    in mean variances; `sharp_noise`, `small_noise`: factors, because faces are wrong together more often than apart.
    """

    within: float = 0.9
    between: float = 0.6
    directions: float = 0.5
    ridge: float = 0.2
    sharp_noise: float = 1.7
    small_noise: float = 1.3


def fit(faces: Faces, background: Background, shrinkage: Shrinkage | None = None, bins: int = 3) -> SamePerson:
    """The model of these people's photos, sharp and small."""
    s = shrinkage or Shrinkage()
    person, px = faces.person, faces.face_px["lowres"]
    sharp = centred(faces.embeddings["clean"], faces.face_px["clean"], background)
    small = centred(faces.embeddings["lowres"] + faces.mirrored["lowres"], px, background)
    within_people = _shrunk(within(sharp, person), s.within)
    between = _across(sharp, sharp, person)
    values, vectors = np.linalg.eigh(within_people)
    whiten = vectors / np.sqrt(values)
    _, turn = np.linalg.eigh(whiten.T @ _shrunk(between, s.between) @ whiten)
    basis = whiten @ turn
    seen = sharp @ basis
    pairs = [(features(small, px), seen)]
    for at, crop_px in enumerate(COPIES):
        own = np.full(len(seen), crop_px * FACE_PER_CROP)
        pairs.append((features(centred(faces.copies[:, at], own, background), own), seen))
    X, Y = (np.concatenate(rows) for rows in zip(*pairs, strict=True))
    gram = X.T @ X
    mapping = np.linalg.solve(gram + s.ridge * np.trace(gram) / len(gram) * np.eye(len(gram)), X.T @ Y)
    mapped = features(small, px) @ mapping
    spread = _evened(np.maximum(np.diag(basis.T @ between @ basis), 0), s.between)
    gain = np.diag(_across(mapped, seen, person, symmetric=False)) / spread
    gain = _evened(np.clip(gain, 0.02, 1.2), s.directions)
    rows = []
    edges = np.quantile(px, np.linspace(0, 1, bins + 1))
    for low, high in pairwise(edges.tolist()):
        chosen = (px >= low) & (px <= high)
        own = gain * _alike(mapped, seen, person, chosen, gain, spread)
        total = weights(person[chosen]) @ mapped[chosen] ** 2
        noise = _evened(np.maximum(total - own**2 * spread, 0.1 * total), s.directions) * s.small_noise
        rows.append((float(np.exp(np.log(px[chosen]).mean())), own, noise))
    noise = _evened(np.maximum(weights(person) @ seen**2 - spread, 0.2), s.directions) * s.sharp_noise
    rows.append((SHARP_PX, np.ones(len(spread)), noise))
    return SamePerson(
        background, basis.astype(np.float32), mapping.astype(np.float32), np.array([size for size, _, _ in rows]),
        np.array([own**2 / noise * spread for _, own, noise in rows], np.float32),
        np.array([own / noise * np.sqrt(spread) for _, own, noise in rows], np.float32),
    )  # fmt: skip


def centred(embeddings: np.ndarray, face_px: np.ndarray, background: Background) -> np.ndarray:
    """Of unit length, less the mean of faces of that size."""
    mean = size_weights(background.size_px, face_px) @ background.size_mean
    return np.asarray(unit(unit(embeddings) - mean), np.float64)


def _across(one: np.ndarray, other: np.ndarray, person: np.ndarray, *, symmetric: bool = True) -> np.ndarray:
    """(d, d) covariance of two different photos of a person, one vote per person with two or more."""
    _, number, counts = np.unique(person, return_inverse=True, return_counts=True)
    several = np.flatnonzero(counts > 1)
    result = np.zeros((one.shape[1], other.shape[1]))
    for each in several:
        rows = np.flatnonzero(number == each)
        whole = np.outer(one[rows].sum(axis=0), other[rows].sum(axis=0)) - one[rows].T @ other[rows]
        result += whole / (len(rows) * (len(rows) - 1)) / len(several)
    return (result + result.T) / 2 if symmetric else result


def _alike(
    mapped: np.ndarray, seen: np.ndarray, person: np.ndarray, chosen: np.ndarray, gain: np.ndarray, spread: np.ndarray
) -> float:
    """How much of the person is in the `chosen` small faces, relative to all small faces: a factor for `gain`."""
    found = whole = 0.0
    for each in np.unique(person):
        rows = np.flatnonzero(person == each)
        if len(rows) > 1:
            for row in rows[chosen[rows]]:
                others = seen[rows[rows != row]].mean(axis=0)
                found += float((mapped[row] * others / gain).sum()) / len(rows)
                whole += float(spread.sum()) / len(rows)
    return found / whole


def _shrunk(matrix: np.ndarray, share: float) -> np.ndarray:
    return np.asarray((1 - share) * matrix + share * np.trace(matrix) / len(matrix) * np.eye(len(matrix)))


def _evened(values: np.ndarray, share: float) -> np.ndarray:
    return np.asarray((1 - share) * values + share * values.mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("embeddings", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    faces = load(arguments.embeddings, (BACKGROUND, CALIBRATION))
    made = fit(faces, background_for(EMBEDDER, faces.embeddings["clean"].shape[1]))
    people = len(np.unique(faces.person))
    archive.write(
        arguments.output,
        {name: getattr(made, name) for name in ARRAYS},
        {"people": people, "name": f"{people} people of Labeled Faces in the Wild"},
        schema=SCHEMA,
    )
    print(f"{arguments.output}: {arguments.output.stat().st_size:,} bytes from {people} people")


if __name__ == "__main__":
    main()
