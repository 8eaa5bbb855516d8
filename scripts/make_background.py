"""Make `src/personae/data/background-<embedder>.safetensors` from embeddings of many people.

    python scripts/make_background.py EMBEDDINGS.npz src/personae/data/background-sface-d128-p1.safetensors

EMBEDDINGS.npz holds `clean` (n, d) embeddings, `lowres` of the same photos with small faces, their `lowres_px`, of
the mirror images `lowres_flip`, `s14`, `s20`, `s28` and `s40` at those face sizes, `identity`
(n,) numbers of people and `part` (n,): 0 background, 1 calibration. Nobody is in two parts, and rows of other parts
are never read. What is written is aggregate: means, two covariances and score quantiles.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from personae import archive
from personae.recognition.background import ARRAYS, SCHEMA, SMALL_ARRAYS, Background
from personae.recognition.prototypes import unit
from personae.recognition.scaler import EmbeddingScaler
from personae.types import COPIES_PX
from scripts.background_statistics import GENUINE_PHOTOS, TAIL, weights, within
from scripts.small_background import People, with_small

PROTOTYPE_PHOTOS = (1, 2)  # more photos have few people, and chance then rules the tail
SIZES_PX = (14, 20, 28, 40, 90)  # the last are the photos as they are
COPIES = (14, 20, 28)  # as enrolled
FACE_PER_CROP = 0.8
"""The archive gives the width that the aligned crop was shrunk to; the face in it measures so much of that."""
EVERY = ("lowres_flip", "s14", "s20", "s28", "s40")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("embeddings", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    people = make(arguments.embeddings, arguments.output)
    print(f"{arguments.output}: {arguments.output.stat().st_size:,} bytes from {people} people")


def make(embeddings: Path, output: Path) -> int:
    """Write the statistics of `embeddings` to `output`; returns the number of people in them."""
    with np.load(embeddings) as data:
        learnable = data["part"] < 2  # of the rest, who are tested, nothing is read
        part, identity = data["part"][learnable], data["identity"][learnable]
        clean = unit(data["clean"][learnable].astype(np.float64))
        small = unit(data["lowres"][learnable].astype(np.float64))
        small_px = data["lowres_px"][learnable].astype(np.float64) * FACE_PER_CROP
        every = {name: unit(data[name][learnable].astype(np.float64)) for name in EVERY}
    background = statistics(clean[part == 0], identity[part == 0])
    background = with_tail(background, (clean[part == 0], identity[part == 0]), (clean[part == 1], identity[part == 1]))
    sizes = [every[f"s{px}"] for px in SIZES_PX[:-1]]
    means = [weights(identity[part == 0]) @ X[part == 0] for X in (*sizes, clean)]
    background = replace(
        background,
        size_px=np.array([*(FACE_PER_CROP * px for px in SIZES_PX[:-1]), SIZES_PX[-1]]),
        size_mean=np.stack(means),
    )
    test = part == 1
    background = with_genuine(background, clean[test], small[test], small_px[test], identity[test])
    copies = np.stack([every[f"s{px}"] for px in COPIES])
    people = People(clean, small, every["lowres_flip"], small_px, copies, np.array(COPIES_PX), identity)
    background = with_small(background, people, part)
    arrays = {name: getattr(background, name) for name in ARRAYS}
    arrays |= {f"small_faces_{name}": getattr(background.small, name) for name in SMALL_ARRAYS}
    archive.write(
        output,
        {name: values.astype(np.float32).astype(np.float64) for name, values in arrays.items()},
        {"people": background.people, "name": background.name},
        schema=SCHEMA,
    )
    return background.people


def statistics(X: np.ndarray, identity: np.ndarray) -> Background:
    """Mean and covariances of unit-length rows, one vote per person."""
    counts = np.unique(identity)
    weight = weights(identity)
    mean = weight @ X
    covariance = (X - mean).T @ ((X - mean) * weight[:, None])
    nothing = np.zeros(1)
    name = f"{len(counts)} people of Labeled Faces in the Wild"
    return Background(
        mean,
        covariance,
        within(X, identity),
        nothing,
        nothing,
        nothing,
        np.zeros((1, 2)),
        np.ones(1),
        mean[None],
        len(counts),
        name,
    )


def with_tail(
    background: Background, strangers: tuple[np.ndarray, np.ndarray], cast: tuple[np.ndarray, np.ndarray]
) -> Background:
    """Add how much more alike real strangers and prototypes are than the Gaussian has it."""
    rng = np.random.default_rng(0)
    X, identity = cast
    scaler = EmbeddingScaler().fit(X, np.unique(identity, return_inverse=True)[1], background)

    def scale(rows: np.ndarray) -> np.ndarray:
        return np.asarray(unit(scaler.transform(unit(rows))))

    drawn = scale(background.strangers(20_000, 1).astype(np.float64))
    gaussian, real = [], []
    for photos in PROTOTYPE_PHOTOS:
        people = [rng.permutation(np.flatnonzero(identity == p)) for p in np.unique(identity)]
        chosen = [rows[:photos] for rows in people if len(rows) >= photos]
        centres = unit(np.stack([scale(X[rows]).mean(axis=0) for rows in chosen]))
        once = np.unique(strangers[1], return_index=True)[1]
        gaussian.append(np.quantile((drawn @ centres.T).ravel(), 1 - TAIL))
        real.append(np.quantile((scale(strangers[0][once]) @ centres.T).ravel(), 1 - TAIL))
    tail_gaussian, tail_real = np.mean(gaussian, axis=0), np.mean(real, axis=0)
    return replace(background, tail_gaussian=tail_gaussian, tail_real=tail_real)


def with_genuine(
    background: Background, clean: np.ndarray, small: np.ndarray, small_px: np.ndarray, identity: np.ndarray
) -> Background:
    """Add how near a new photo comes to the mean of its person's photos; half the new photos are small faces."""
    rng = np.random.default_rng(0)
    scaler = EmbeddingScaler().fit(clean, np.unique(identity, return_inverse=True)[1], background)
    people = [np.flatnonzero(identity == p) for p in np.unique(identity)]
    curves = []
    for photos in GENUINE_PHOTOS:
        cosines = []
        for _ in range(8):
            for rows in people:
                if len(rows) > photos:
                    chosen = rng.permutation(rows)
                    mean = unit(unit(scaler.transform(clean[chosen[:photos]])).mean(axis=0))
                    probe = np.stack([clean[chosen[photos]], small[chosen[photos]]])
                    face_px = np.array([SIZES_PX[-1], small_px[chosen[photos]]])
                    cosines.append(unit(scaler.transform(probe, face_px)) @ mean)
        curves.append(np.quantile(np.concatenate(cosines), np.linspace(0, 1, 201)))
    return replace(background, genuine_photos=np.array(GENUINE_PHOTOS, float), genuine_cosine=np.stack(curves))


if __name__ == "__main__":
    main()
