"""Compare the heads that `train --head` offers and print the table of docs/heads.md.

    python -m benchmarks.openset.our_heads DATA [--draws N]

The same cells, draws and scores as run.py; beside DIR at FAR 1 % the calibration error of the confidence and the time.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.openset import heads, run
from benchmarks.openset.data import CAST, STRANGERS, Faces, load

CELLS = ((5, 5), (15, 5), (15, 3))
COLUMNS = ("head", "sharp", "small", "small by another method", "small, nobody unknown", "ECE", "s to fit")


@dataclass(frozen=True)
class Alone:
    """What the scores do not tell of a head.

    `error`: of its confidence at half strangers, sharp and small faces together; `forced`: share of small cast faces
    put to the right character when every face must be put to one; `seconds`: to fit.
    """

    error: float
    forced: float
    seconds: float


def measure(name: str, draws: list[run.Draw], cast: Faces, strangers: Faces) -> Alone:
    """What the scores alone do not tell."""
    confidence, right, weight, forced, seconds = [], [], [], [], []
    nobody = np.arange(len(strangers.person))
    for draw in draws:
        started = time.perf_counter()
        model = heads.fitted(run.enrolled(cast, draw), name)
        seconds.append(time.perf_counter() - started)
        forced.append(model.predict(heads.analyzed(run.probes(cast, "lowres", draw.probes))) == draw.truth)
        for condition in ("clean", "lowres"):
            for faces, rows, truth in ((cast, draw.probes, draw.truth), (strangers, nobody, nobody * 0 - 1)):
                seen = run.probes(faces, condition, rows)
                found = model.decide(heads.analyzed(seen), face_px=seen.face_px)
                confidence.append(found.confidence[found.named, 0])
                right.append((found.characters[:, 0] == truth)[found.named])
                weight.append(np.full(int(found.named.sum()), 1 / len(rows)))
    error = run.expected_calibration_error(np.concatenate(confidence), np.concatenate(right), np.concatenate(weight))
    return Alone(error, float(np.concatenate(forced).mean()), float(np.median(seconds)))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--draws", type=int, default=300, help="people drawn per cell")
    arguments = parser.parse_args()
    cast, strangers = load(arguments.data, (CAST,)), load(arguments.data, (STRANGERS,))
    for size, photos in CELLS:
        draws = run.draw_casts(cast, size, photos, max(4, arguments.draws // size))
        print(f"\n{size} x {photos}, {len(draws)} casts\n")
        print("| " + " | ".join(COLUMNS) + " |")
        print("|---|---|---|---|---|---|---|")
        plain = run.score_cell(heads.personae, draws, cast, strangers)
        for name in heads.OUR_HEADS:
            head = name.removeprefix("head ")
            scored = run.score_cell(heads.OUR_HEADS[name], draws, cast, strangers)
            alone = measure(head, draws[: max(4, len(draws) // 3)], cast, strangers)
            shown = []
            for condition in ("clean", "lowres", "lowres2"):
                difference = run.bootstrap_misses(scored[condition], 0.01) - run.bootstrap_misses(
                    plain[condition], 0.01
                )
                low, high = 100 * np.quantile(-difference, [0.025, 0.975])
                dir_ = 100 * (1 - run.miss_rate(scored[condition], 0.01))
                shown.append(f"{dir_:.2f}" + ("" if head == "prototypes" else f" ({low:+.2f} to {high:+.2f})"))
            row = [f"`{head}`", *shown, f"{100 * alone.forced:.1f}", f"{alone.error:.3f}", f"{alone.seconds:.2f}"]
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
