"""Group the photos of people nobody has learnt from, and compare with other ways of clustering.

    python -m benchmarks.grouping.run EMBEDDINGS.npz

Tested are parts 2 and 3 of the archive (see benchmarks/openset/data.py); what has a setting gets it from part 1, except
DBSCAN and HDBSCAN: DBSCAN's is the best one on the tested photos themselves, HDBSCAN has none. Conditions: sharp
photos; and in five drawings half of the photos small, `lowres` as the statistics know it, `lowres2` as nothing does.
Small photos are embedded with their mirror images, as the analyzer does.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.grouping.contenders import average_linkage, best_distance, dbscan, hdbscan, ours
from benchmarks.grouping.score import Score, b_cubed
from benchmarks.openset.data import CALIBRATION, CAST, STRANGERS, Faces, load
from personae.recognition.prototypes import unit
from personae.types import FloatArray, IntArray

SEEDS = range(5)
HEAD = "| method | precision | recall | F | 95 % over people | drawings |\n|---|---|---|---|---|---|"
CONDITIONS = ("sharp", "lowres", "lowres2")
Photos = tuple[FloatArray, NDArray[np.float64], IntArray]


def drawn(faces: Faces, condition: str, seed: int) -> Photos:
    """Embeddings (n, d), face sizes (n,) and people (n,); unless sharp, half of the photos small."""
    embeddings, px = faces.embeddings["clean"].copy(), faces.face_px["clean"].copy()
    if condition != "sharp":
        n = len(px)
        small = np.random.default_rng(seed).permutation(n)[: n // 2]
        both = faces.embeddings[condition][small] + faces.mirrored[condition][small]
        embeddings[small], px[small] = unit(both), faces.face_px[condition][small]
    return embeddings, px, faces.person


def drawings(faces: Faces, condition: str) -> list[Photos]:
    """One for sharp photos, which are always the same; else five."""
    return [drawn(faces, condition, seed) for seed in (SEEDS if condition != "sharp" else (0,))]


def row(name: str, scores: list[Score]) -> str:
    """A line of the table: means over the drawings."""
    low, high = np.quantile(np.mean([score.resampled() for score in scores], axis=0), [0.025, 0.975])
    precision, recall, f = (np.mean([getattr(score, of) for score in scores]) for of in ("precision", "recall", "f"))
    least, most = min(score.f for score in scores), max(score.f for score in scores)
    return (
        f"| {name} | {precision:.4f} | {recall:.4f} | {f:.4f} | {low:.4f} to {high:.4f} | {least:.4f} to {most:.4f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    arguments = parser.parse_args()
    learnt, tested = load(arguments.data, (CALIBRATION,)), load(arguments.data, (CAST, STRANGERS))
    print(f"{len(tested.person)} photos of {len(np.unique(tested.person))} people")
    for condition in CONDITIONS:
        photos = drawings(tested, condition)
        cut = best_distance(average_linkage, drawings(learnt, "lowres" if condition != "sharp" else "sharp"))
        near = best_distance(dbscan, photos)
        methods = {
            "ours": ours,
            f"DBSCAN, distance {near:.2f} (its best here)": dbscan(near),
            f"average linkage, cut at {cut:.2f} (best on part 1)": average_linkage(cut),
            "HDBSCAN": hdbscan,
        }
        print(f"\n{condition}\n\n{HEAD}")
        for name, method in methods.items():
            print(row(name, [b_cubed(who, method(rows, px)) for rows, px, who in photos]), flush=True)


if __name__ == "__main__":
    main()
