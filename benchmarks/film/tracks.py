"""How often tracks get the right name, and how often a stranger's track gets any, on tracks made of photos.

    python -m benchmarks.film.tracks EMBEDDINGS.npz [--draws 8] [--learnable]

The archive of the open-set benchmark (see benchmarks/openset/data.py). Of each draw some people of the part `cast` are
the cast, with sharp photos; all others of that part are strangers. A track is 2 to 5 other photos of one person, two
tracks a person, all sharp, all small, or each face either; no two are on screen together. Photos of one person differ
far more than the faces of a track do, and so the real tracks of a person are easier to put together, and a stranger
who is like a character stays so for a whole track; "people": the share of stranger people with a name in any of their
tracks. The part `strangers` adds tracks of one face each. --learnable takes
all of them from the parts `background` and `calibration`, the only ones that constants may be chosen on.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.openset import heads
from benchmarks.openset.data import BACKGROUND, CALIBRATION, CAST, STRANGERS, Faces, load
from personae.recognition.model import CharacterModel
from personae.timeline import grouping, identity
from personae.timeline.records import TrackRecord

CASTS = ((5, 1), (5, 3), (20, 1), (20, 3))
CONDITIONS = ("clean", "lowres", "lowres2", "mixed")
FEWEST, MOST = 2, 5
TRACKS = 2
SINGLE = 100
EMBEDDER = "sface:d128:p1:"
"""Any weights of SFace: their background is one."""
WEIGHT_SHARP, WEIGHT_SMALL = 0.7, 0.3
"""What a film's faces of those sizes are usually worth (see `FaceTrack.add`)."""


@dataclass(eq=False)
class Counts:
    """Tracks of the cast named rightly, wrongly; strangers' tracks with a name; B-cubed F of their clusters."""

    cast: int = 0
    right: int = 0
    wrong: int = 0
    strangers: int = 0
    named: int = 0
    stranger_people: int = 0
    people_named: int = 0
    single: int = 0
    single_named: int = 0
    b_cubed: float = 0.0
    draws: int = 0

    def row(self) -> str:
        """Percentages for a table."""
        shares = (
            self.right / self.cast, self.wrong / self.cast, self.named / self.strangers,
            self.people_named / self.stranger_people, self.single_named / self.single,
        )  # fmt: skip
        return " | ".join([*(f"{100 * share:.1f}" for share in shares), f"{self.b_cubed / self.draws:.3f}"])


def record(faces: Faces, condition: str, rows: NDArray[np.int64], start: int, rng: np.random.Generator) -> TrackRecord:
    """A track of the faces `rows` from `start` on, as a film gives it: without mirror images."""
    how = rng.choice(["clean", "lowres", "lowres2"], len(rows)) if condition == "mixed" else [condition] * len(rows)
    embeddings = np.stack([faces.embeddings[each][row] for each, row in zip(how, rows, strict=True)])
    face_px = np.array([faces.face_px[each][row] for each, row in zip(how, rows, strict=True)], np.float32)
    times = start + np.arange(len(rows), dtype=np.int64)
    return TrackRecord(
        np.stack([times, times + 1], axis=1),
        np.tile(np.array([[0, 0, 50, 50, 0.9]], np.float32), (len(rows), 1)),
        embeddings,
        np.array([WEIGHT_SHARP if each == "clean" else WEIGHT_SMALL for each in how], np.float32),
        face_px,
        times,
        start,
        np.array([0, 0, 50, 50], np.float32),
        np.empty(0, np.uint8),
        np.full(len(rows), np.nan, np.float32),
    )


def draw(
    cast: Faces, single: Faces, size: int, photos: int, condition: str, seed: int
) -> tuple[CharacterModel, list[TrackRecord], NDArray[np.int64]]:
    """A model, tracks, and who each shows: a number below `size` is a character."""
    rng = np.random.default_rng([size, photos, seed])
    rows_of = {int(person): rng.permutation(np.flatnonzero(cast.person == person)) for person in np.unique(cast.person)}
    people = rng.permutation(sorted(rows_of))
    enough = np.array([len(rows_of[int(person)]) >= photos + FEWEST for person in people])
    people = np.concatenate([people[enough][:size], people[enough][size:], people[~enough]])
    enrolled = np.stack([rows_of[int(person)][:photos] for person in people[:size]])
    photos_of = heads.Cast(cast.embeddings["clean"][enrolled], cast.copies[enrolled], cast.copies_px[enrolled])
    records: list[TrackRecord] = []
    truth: list[int] = []
    for number, person in enumerate(people):
        rows = rows_of[int(person)][photos if number < size else 0 :]
        for _ in range(TRACKS):
            count = int(rng.integers(FEWEST, MOST + 1))
            taken, rows = rows[:count], rows[count:]
            if len(taken) >= FEWEST:
                records.append(record(cast, condition, taken, 10 * len(records), rng))
                truth.append(number)
    _, first, photos_each = np.unique(single.person, return_index=True, return_counts=True)
    for row in rng.choice(np.sort(first[photos_each == 1]), SINGLE, replace=False):
        records.append(record(single, condition, np.array([row]), 10 * len(records), rng))
        truth.append(len(people) + int(row))
    return heads.fitted(photos_of), records, np.array(truth)


def count(
    counts: Counts, model: CharacterModel, records: list[TrackRecord], truth: NDArray[np.int64], size: int
) -> None:
    """Name the tracks and add what came of it."""
    found = grouping.group(records, np.empty((0, 2), np.int64), EMBEDDER)
    people = identity.identify(records, found, model)
    names = [None if who < 0 else people.character[who] for who in people.person]
    named = np.array([-1 if name is None else int(name) for name in names])
    ours = truth < size
    lone = np.array([len(one.embeddings) == 1 for one in records])
    others = ~ours & ~lone
    counts.cast += int(ours.sum())
    counts.right += int((named == truth)[ours].sum())
    counts.wrong += int(((named >= 0) & (named != truth))[ours].sum())
    counts.strangers += int(others.sum())
    counts.named += int((named >= 0)[others].sum())
    counts.stranger_people += len(np.unique(truth[others]))
    counts.people_named += len(np.unique(truth[others & (named >= 0)]))
    counts.single += int(lone.sum())
    counts.single_named += int((named >= 0)[lone].sum())
    counts.b_cubed += b_cubed(people.person[~ours], truth[~ours])
    counts.draws += 1


def b_cubed(found: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    """F of B-cubed precision and recall (Bagga and Baldwin, 1998) of clusters `found` (n,) against people (n,)."""
    same_cluster, same_person = found[:, None] == found, truth[:, None] == truth
    both = (same_cluster & same_person).sum(axis=1)
    precision, recall = (both / same_cluster.sum(axis=1)).mean(), (both / same_person.sum(axis=1)).mean()
    return float(2 * precision * recall / (precision + recall))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--draws", type=int, default=8)
    parser.add_argument("--learnable", action="store_true")
    arguments = parser.parse_args()
    parts = ((BACKGROUND, CALIBRATION),) * 2 if arguments.learnable else ((CAST,), (STRANGERS,))
    cast, single = (load(arguments.data, part) for part in parts)
    print(
        "| faces | cast x photos | named rightly % | wrongly % | strangers % | people % | of one face % | B-cubed F |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for condition in CONDITIONS:
        for size, photos in CASTS:
            counts = Counts()
            for seed in range(arguments.draws):
                count(counts, *draw(cast, single, size, photos, condition, seed), size)
            print(f"| {condition} | {size}x{photos} | {counts.row()} |", flush=True)


if __name__ == "__main__":
    main()
