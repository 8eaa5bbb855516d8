"""Bad photos in the folder: how many are found, how many good ones are lost, and what that does to identification.

    python -m benchmarks.outliers EMBEDDINGS.npz|FOLDER [--draws 20]

Casts are drawn from the cast part, a share of their photos is replaced, half by strangers and half by photos of other
members that are in no other folder. Identification is measured on the members' remaining photos at each model's own
threshold: trained on the folders as they were before (clean), with the check, and without it. The good photos alone
(what a perfect check would leave) tell what the missing photos cost.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.openset.data import CAST, EMBEDDER, STRANGERS, Faces, load
from personae.recognition.backgrounds import background_for
from personae.recognition.model import CharacterModel
from personae.recognition.outliers import find_outliers
from personae.types import FloatArray, IntArray

TRAININGS = ("clean", "good photos only", "with the check", "without")


@dataclass(frozen=True)
class Cell:
    """What is drawn: `people` x `photos` with the share `bad` replaced; `alike`: pairs of people who look alike."""

    people: int = 10
    photos: int = 8
    bad: float = 0.2
    alike: bool = False

    def __str__(self) -> str:
        kind = " look-alikes" if self.alike else ""
        return f"{self.people} x {self.photos}{kind}, {self.bad:.0%} bad"


@dataclass(frozen=True)
class Outcome:
    """Shares over all draws; `dir_sharp`, `dir_small` (4,): share of probes named rightly after each of `TRAININGS`."""

    found: float
    lost: float
    notes: float
    dir_sharp: tuple[float, ...]
    dir_small: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class _Folders:
    """One cast: rows of each folder (n, k) before and after photos were replaced, which were, and rows left as probes.

    Rows count through the cast's faces and then the strangers'.
    """

    before: IntArray
    after: IntArray
    bad: NDArray[np.bool_]
    probes: list[list[int]]


def measure(
    cast: Faces, strangers: Faces, cell: Cell, *, draws: int = 20, identify: bool = True, seed: int = 0
) -> Outcome:
    """Draw, judge, train and identify `draws` times; without `identify` nothing is trained, and its shares are 0."""
    rng = np.random.default_rng(seed)
    both = {name: np.concatenate([part.embeddings[name] for part in (cast, strangers)]) for name in ("clean", "lowres")}
    sizes = {name: np.concatenate([part.face_px[name] for part in (cast, strangers)]) for name in ("clean", "lowres")}
    background = background_for(EMBEDDER, both["clean"].shape[1])
    found = bad = lost = good = notes = 0
    named: dict[str, list[list[float]]] = {"clean": [], "lowres": []}
    for _ in range(draws):
        drawn = _draw(cast, len(strangers.person), cell, rng)
        numbers = np.repeat(np.arange(cell.people), cell.photos)
        rows, replaced = drawn.after.ravel(), drawn.bad.ravel()
        verdicts = find_outliers(
            both["clean"][rows], numbers, [None] * len(rows), background, face_px=sizes["clean"][rows]
        )
        out = np.isin(np.arange(len(rows)), [outlier.row for outlier in verdicts.outliers])
        found, bad = found + int((out & replaced).sum()), bad + int(replaced.sum())
        lost, good = lost + int((out & ~replaced).sum()), good + int((~replaced).sum())
        notes += len(verdicts.disagreements) + len(verdicts.doubts)
        if not identify:
            continue
        probes = np.concatenate(drawn.probes).astype(int)
        truth = np.repeat(np.arange(cell.people), [len(each) for each in drawn.probes])
        trainings = ((drawn.before.ravel(), numbers >= 0), (rows, ~replaced), (rows, ~out), (rows, numbers >= 0))
        models = [
            CharacterModel(background=background).fit(both["clean"][photos[use]], numbers[use])
            for photos, use in trainings
        ]
        for name, shares in named.items():
            shares.append([_named(model, both[name][probes], sizes[name][probes], truth) for model in models])
    sharp, small = (tuple(map(float, np.mean(named[name] or [[0.0] * len(TRAININGS)], axis=0))) for name in named)
    return Outcome(found / bad if bad else 1.0, lost / good, notes / draws, sharp, small)


def _draw(cast: Faces, strangers: int, cell: Cell, rng: np.random.Generator) -> _Folders:
    people, counts = np.unique(cast.person, return_counts=True)
    enough = people[counts > cell.photos]
    who = _look_alikes(cast, enough, cell.people, rng) if cell.alike else rng.choice(enough, cell.people, replace=False)
    own = [[int(row) for row in rng.permutation(np.flatnonzero(cast.person == person))] for person in who]
    before = np.array([rows[: cell.photos] for rows in own])
    probes = [rows[cell.photos :] for rows in own]
    after = before.copy()
    places = rng.permutation(before.size)[: round(before.size * cell.bad)]
    new = list(len(cast.person) + rng.permutation(strangers))
    for number, place in enumerate(places):
        folder, photo = divmod(int(place), cell.photos)
        givers = [other for other in range(cell.people) if other != folder and len(probes[other]) > 1]
        by_member = number >= len(places) // 2 and givers
        after[folder, photo] = probes[int(rng.choice(givers))].pop() if by_member else new.pop()
    return _Folders(before, after, before != after, probes)


def _look_alikes(cast: Faces, people: IntArray, count: int, rng: np.random.Generator) -> IntArray:
    """Half of the people drawn, each with the one who looks most like them."""
    means = np.stack([cast.embeddings["clean"][cast.person == person].mean(axis=0) for person in people])
    means = means - means.mean(axis=0)
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    alike = means @ means.T
    np.fill_diagonal(alike, -1)
    chosen: list[int] = []
    for person in rng.permutation(len(people)):
        nearest = int(np.argmax(np.where(np.isin(np.arange(len(people)), chosen), -1, alike[person])))
        if person not in chosen and len(chosen) < count:
            chosen += [int(person), nearest]
    return people[chosen[:count]]


def _named(model: CharacterModel, X: FloatArray, face_px: NDArray[np.float64], truth: IntArray) -> float:
    decisions = model.decide(X, face_px=face_px, candidates=1)
    return float((decisions.named & (model.classes_[decisions.characters[:, 0]] == truth)).mean())


CELLS = (
    Cell(), Cell(bad=0.0), Cell(bad=0.4), Cell(alike=True), Cell(photos=4), Cell(photos=3), Cell(photos=3, bad=0.0),
    Cell(photos=2), Cell(people=2),
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="How well bad photos in a cast folder are found.")
    parser.add_argument("faces", type=Path, help="an archive (.npz) or a folder, as for benchmarks.openset.run")
    parser.add_argument("--draws", type=int, default=20)
    given = parser.parse_args(arguments)
    cast, strangers = (load(given.faces, (part,)) for part in (CAST, STRANGERS))
    print("| cast | bad found | good lost | notes per cast | sharp named % | small named % |")
    print("|---|---|---|---|---|---|")
    for cell in CELLS:
        outcome = measure(cast, strangers, cell, draws=given.draws)
        shares = [" / ".join(f"{share:.1%}"[:-1] for share in each) for each in (outcome.dir_sharp, outcome.dir_small)]
        found = f"{outcome.found:.1%}" if cell.bad else "-"
        print(f"| {cell} | {found} | {outcome.lost:.2%} | {outcome.notes:.1f} | {shares[0]} | {shares[1]} |")
    print(f"\nNamed rightly after training: {', '.join(TRAININGS)}.")


if __name__ == "__main__":
    main()
