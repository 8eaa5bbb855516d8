"""Run the open-set benchmark and write its table.

    python -m benchmarks.openset.run DATA [--draws N] [--json FILE]

DATA is an archive of embeddings (.npz, see data.py) or a folder of name/*.jpg. The protocol is in README.md beside
this file.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.openset import heads
from benchmarks.openset.data import CAST, STRANGERS, Faces, load

CASTS = (2, 5, 15, 50)
PHOTOS = (1, 3, 5)
FARS = (0.001, 0.01, 0.05)
SHARES = (0.2, 0.5, 0.8)
MOST_PROBES = 10
BOOTSTRAPS = 200
OURS = "personae"


@dataclass(frozen=True, eq=False)
class Draw:
    """One cast: rows of its photos (c, n), rows of the probes (m,) and who they are (m,) from 0."""

    cast: NDArray[np.int64]
    probes: NDArray[np.int64]
    truth: NDArray[np.int64]


@dataclass(eq=False)
class Scores:
    """Best scores of one head in one cell and condition, over all draws.

    `genuine`: minus infinity where the best character is the wrong one; `person`, `stranger`: whose face it was.
    """

    genuine: list[NDArray[np.float64]] = field(default_factory=list)
    person: list[NDArray[np.int64]] = field(default_factory=list)
    impostor: list[NDArray[np.float64]] = field(default_factory=list)
    stranger: list[NDArray[np.int64]] = field(default_factory=list)

    def joined(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Genuine scores, their people, impostor scores, their people: all draws together."""
        return (
            np.concatenate(self.genuine), np.concatenate(self.person),
            np.concatenate(self.impostor), np.concatenate(self.stranger),
        )  # fmt: skip


def draw_casts(faces: Faces, size: int, photos: int, count: int) -> list[Draw]:
    """`count` casts of `size` people with `photos` photos each; up to ten other photos of each are probes."""
    rng = np.random.default_rng([size, photos])
    rows = {int(person): np.flatnonzero(faces.person == person) for person in np.unique(faces.person)}
    people = [person for person, own in rows.items() if len(own) > photos]
    draws = []
    for _ in range(count if len(people) >= size else 0):
        cast, probes, truth = [], [], []
        for number, person in enumerate(rng.choice(people, size, replace=False)):
            own = rng.permutation(rows[int(person)])
            cast.append(own[:photos])
            probes.append(own[photos : photos + MOST_PROBES])
            truth += [number] * len(probes[-1])
        draws.append(Draw(np.stack(cast), np.concatenate(probes), np.array(truth)))
    return draws


def enrolled(cast: Faces, draw: Draw) -> heads.Cast:
    """The photos of a drawn cast."""
    return heads.Cast(cast.embeddings["clean"][draw.cast], cast.copies[draw.cast], cast.copies_px[draw.cast])


def probes(faces: Faces, condition: str, rows: NDArray[np.int64] | slice = slice(None)) -> heads.Probes:
    """Those rows under one condition."""
    return heads.Probes(
        faces.embeddings[condition][rows], faces.mirrored[condition][rows], faces.face_px[condition][rows]
    )


def score_cell(head: heads.Head, draws: list[Draw], cast: Faces, strangers: Faces) -> dict[str, Scores]:
    """Scores under each condition, and mixed: clean and small together."""
    found = {condition: Scores() for condition in cast.embeddings}
    for draw in draws:
        scorer = head(enrolled(cast, draw))
        for condition, scores in found.items():
            genuine = scorer(probes(cast, condition, draw.probes))
            right = genuine.argmax(axis=1) == draw.truth
            scores.genuine.append(np.where(right, genuine.max(axis=1), -np.inf))
            scores.person.append(cast.person[draw.probes])
            scores.impostor.append(scorer(probes(strangers, condition)).max(axis=1))
            scores.stranger.append(strangers.person)
    found["mixed"] = Scores(
        *([*getattr(found["clean"], name), *getattr(found["lowres"], name)] for name in Scores.__dataclass_fields__)
    )
    return found


def miss_rate(scores: Scores, far: float) -> float:
    """Share of cast faces not named rightly at the one threshold that names `far` of the strangers' faces."""
    genuine, _, impostor, _ = scores.joined()
    return float((genuine <= np.quantile(impostor, 1 - far)).mean())


def bootstrap_misses(scores: Scores, far: float) -> NDArray[np.float64]:
    """Miss rates over resampled people; the same seed resamples the same people for every head."""
    genuine, person, impostor, stranger = scores.joined()
    rng = np.random.default_rng(0)
    people, person = np.unique(person, return_inverse=True)
    others, stranger = np.unique(stranger, return_inverse=True)
    order = np.argsort(-impostor)
    impostor, stranger = impostor[order], stranger[order]
    result = np.empty(BOOTSTRAPS)
    for i in range(BOOTSTRAPS):
        weight = np.bincount(rng.integers(0, len(others), len(others)), minlength=len(others))[stranger]
        above = np.cumsum(weight)
        threshold = impostor[np.searchsorted(above, far * above[-1])]
        weight = np.bincount(rng.integers(0, len(people), len(people)), minlength=len(people))[person]
        result[i] = (weight * (genuine <= threshold)).sum() / weight.sum()
    return result


def calibration(draws: list[Draw], cast: Faces, strangers: Faces) -> dict[str, Any]:
    """What our model's own threshold for 1 % and its confidence give on strangers and faces never seen.

    `far`: of sharp, of small, and of both faces together; `calibration_error` at three shares of strangers, on sharp
    and small faces together, and on those small by another method.
    """
    far: dict[str, list[float]] = {condition: [] for condition in cast.embeddings}
    named: dict[str, list[tuple[Any, Any, Any]]] = {"own": [], "other": [], "own2": [], "other2": []}
    for draw in draws:
        model = heads.fitted(enrolled(cast, draw))
        for condition in cast.embeddings:
            seen = probes(cast, condition, draw.probes), probes(strangers, condition)
            own, other = (model.decide(heads.analyzed(p), face_px=p.face_px) for p in seen)
            far[condition].append(float(other.named.mean()))
            mark = "2" if condition == "lowres2" else ""
            for kind, decisions, truth in (("own", own, draw.truth), ("other", other, np.full(len(other), -1))):
                rows = decisions.named
                right = (decisions.characters[:, 0] == truth)[rows]
                confidence = {s: model.calibration_.confidence_at(decisions.evidence[rows, 0], s) for s in SHARES}
                named[kind + mark].append((confidence, right, np.full(int(rows.sum()), 1 / len(rows))))
    errors: dict[str, dict[str, float]] = {}
    for mark in ("", "2"):
        for share in SHARES:
            parts = [(c[share], y, w * (1 - share)) for c, y, w in named["own" + mark]]
            parts += [(c[share], y, w * share) for c, y, w in named["other" + mark]]
            if parts:
                p, y, w = (np.concatenate(values) for values in zip(*parts, strict=True))
                errors.setdefault("calibration_error" + mark, {})[str(share)] = expected_calibration_error(p, y, w)
    rates = {condition: float(np.mean(values)) for condition, values in far.items()}
    return {"far_measured": (rates["clean"] + rates["lowres"]) / 2, "far_of": rates, **errors}


def expected_calibration_error(p: NDArray[Any], y: NDArray[Any], w: NDArray[Any], bins: int = 15) -> float:
    """Mean distance between confidence and share right over bins of equal weight (Naeini et al. 2015)."""
    order = np.argsort(p, kind="stable")
    p, y, w = p[order], y[order], w[order] / w.sum()
    number = np.minimum((np.cumsum(w) * bins).astype(int), bins - 1)
    share = np.bincount(number, w, bins)
    gap = np.abs(np.bincount(number, w * p, bins) - np.bincount(number, w * y, bins))
    return float(gap[share > 0].sum())


def run(path: Path, faces_per_cell: int, names: list[str], only: list[str]) -> dict[str, Any]:
    cast, strangers = load(path, (CAST,)), load(path, (STRANGERS,))
    cells = []
    wanted = [(size, photos) for size in CASTS for photos in PHOTOS]
    if only:
        wanted = [(int(size), int(photos)) for size, photos in (cell.split("x") for cell in only)]
    for size, photos in wanted:
        draws = draw_casts(cast, size, photos, max(4, faces_per_cell // size))
        if not draws:
            print(f"{size} x {photos}: not enough people with more than {photos} photos", file=sys.stderr)
            continue
        scored = {name: score_cell(head, draws, cast, strangers) for name, head in _heads(names).items()}
        cells.append(_cell(size, photos, scored) | calibration(draws, cast, strangers))
        print(_line(cells[-1]), flush=True)
    return {"schema": "personae/openset/1", "data": path.name, "cells": cells}


def _heads(names: list[str]) -> dict[str, heads.Head]:
    others = {name: head for name, head in heads.OTHERS.items() if not names or name in names}
    chosen = {name: head for name, head in heads.OUR_HEADS.items() if name in names}
    return others | chosen | {OURS: heads.personae}


def _cell(size: int, photos: int, scored: dict[str, dict[str, Scores]]) -> dict[str, Any]:
    cell: dict[str, Any] = {"cast": size, "photos": photos, "conditions": {}}
    for condition in scored[OURS]:
        misses = {name: miss_rate(found[condition], 0.01) for name, found in scored.items()}
        best = min((name for name in misses if name != OURS), key=misses.__getitem__)
        ours, theirs = (bootstrap_misses(scored[name][condition], 0.01) for name in (OURS, best))
        ratio = ours / np.maximum(theirs, 1e-6)
        cell["conditions"][condition] = {
            "miss_at_far_1": misses,
            "best_other": best,
            "ratio": misses[OURS] / max(misses[best], 1e-6),
            "ratio_95": [float(q) for q in np.quantile(ratio, [0.025, 0.975])],
            "difference_95": [float(q) for q in np.quantile(ours - theirs, [0.025, 0.975])],
            "dir": {str(far): 1 - miss_rate(scored[OURS][condition], far) for far in FARS},
            "rank_1": float(np.isfinite(scored[OURS][condition].joined()[0]).mean()),
        }
    return cell


def _line(cell: dict[str, Any]) -> str:
    parts = [f"{cell['cast']:>2} x {cell['photos']}"]
    for condition, found in cell["conditions"].items():
        low, high = found["ratio_95"]
        parts.append(
            f"{condition} DIR {found['dir']['0.01']:.2%} ratio {found['ratio']:.2f} ({low:.2f}-{high:.2f}) "
            f"to {found['best_other']}"
        )
    errors = " ".join(f"{share}: {error:.3f}" for share, error in cell["calibration_error"].items())
    return "; ".join(parts) + f"; FAR {cell['far_measured']:.2%}, ECE at share of strangers {errors}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument(
        "--draws", type=int, default=500, help="people drawn per cell: a cast of 5 is drawn a fifth as often"
    )
    parser.add_argument("--json", type=Path, help="write the results here")
    parser.add_argument("--heads", nargs="*", default=[], help="only these of the other heads")
    parser.add_argument("--cells", nargs="*", default=[], metavar="CxP", help="these cells instead: 5x5 100x3")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    results = run(arguments.data, arguments.draws, arguments.heads, arguments.cells)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
