"""How long grouping takes, and how much memory, for a large archive of people who do not exist.

    python -m benchmarks.grouping.speed [--faces 100000] [--new 100]

Faces are drawn from the embedder's background statistics: a tenth of them of one person, the rest of people with one
to some dozens of photos each; half of them are small. Then as many new faces are added, half of them of people who are
there.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable

import numpy as np

from benchmarks.openset.data import EMBEDDER
from personae.recognition.background import Float64Array
from personae.recognition.backgrounds import background_for
from personae.recognition.photo_grouping import Grouped, group_faces
from personae.recognition.prototypes import unit
from personae.types import FloatArray, IntArray


def people(count: int, seed: int = 0) -> IntArray:
    """(count,) whose each face is: 0 has a tenth, the others one to some dozens, few of them many."""
    rng = np.random.default_rng(seed)
    photos = np.minimum(rng.zipf(1.7, count), 60)
    others = np.repeat(np.arange(1, count + 1), photos)[: count - count // 10]
    return np.asarray(rng.permutation(np.concatenate([np.zeros(count - len(others), np.int64), others])))


def faces(who: IntArray, face_px: Float64Array, seed: int = 1) -> FloatArray:
    """(n, d) float32 embeddings of those people; of small ones the mean is that of their size."""
    background, rng = background_for(EMBEDDER, 128), np.random.default_rng(seed)
    centres = _drawn(background.covariance - background.within, int(who.max()) + 1, np.random.default_rng(0))
    rows = centres[who] + _drawn(background.within, len(who), rng)
    rows += np.where((face_px < 30)[:, None], background.size_mean[1], background.mean).astype(np.float32)
    return np.asarray(unit(rows), np.float32)


def _drawn(covariance: Float64Array, count: int, rng: np.random.Generator) -> FloatArray:
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0))).astype(np.float32)
    return np.asarray(rng.standard_normal((count, len(root)), np.float32) @ root.T)


def timed(what: str, made: Callable[[], Grouped]) -> Grouped:
    """Say how long it takes, on the clock and of all processors together."""
    started, processors = time.perf_counter(), time.process_time()
    found = made()
    print(
        f"{what}: {time.perf_counter() - started:.1f} s ({time.process_time() - processors:.1f} s of processors), "
        f"{len(np.unique(found.group))} groups, {found.looked_at} faces of before looked at closely"
    )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--faces", type=int, default=100_000)
    parser.add_argument("--new", type=int, default=100)
    arguments = parser.parse_args()
    n, whole = arguments.faces, arguments.faces + arguments.new
    who = people(n)
    who = np.concatenate(
        [who, who[: arguments.new // 2], who.max() + 1 + np.arange(arguments.new - arguments.new // 2)]
    )
    px = np.where(np.random.default_rng(2).random(whole) < 0.5, 18.0, 90.0)
    rows = faces(who, px)
    alone, nobody = np.arange(whole), np.full(whole, -1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    first = timed(
        f"{n} faces of {len(np.unique(who[:n]))} people",
        lambda: group_faces(rows[:n], px[:n], np.ones(n), alone[:n], nobody[:n], EMBEDDER),
    )
    then = np.concatenate([first.group, nobody[n:]])
    second = timed(f"{arguments.new} more", lambda: group_faces(rows, px, np.ones(whole), alone, then, EMBEDDER))
    assert (second.group[:n] == first.group).all(), "somebody was renumbered"
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{most / 2**20:.2f} GiB at most, {before / 2**20:.2f} GiB of them the drawn faces and what drew them")


if __name__ == "__main__":
    main()
