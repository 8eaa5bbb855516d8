"""The benchmark of tracks measures what it says, on people who do not exist."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.film import tracks
from benchmarks.openset.data import Faces
from tests.people import people


def faces(count: int, photos: int, seed: int) -> Faces:
    rows = people(count, photos, seed).reshape(-1, 128)
    size = np.full(len(rows), 100.0)
    return Faces(
        {"clean": rows}, {"clean": rows}, {"clean": size}, np.zeros((len(rows), 1, 128), np.float32),
        np.full((len(rows), 1), 14.0), np.repeat(np.arange(count), photos),
    )  # fmt: skip


def test_b_cubed_is_one_for_people_and_falls_with_splits_and_mixtures() -> None:
    truth = np.array([0, 0, 1, 1])
    assert tracks.b_cubed(np.array([5, 5, 2, 2]), truth) == 1
    assert tracks.b_cubed(np.zeros(4, int), truth) == pytest.approx(2 / 3)  # precision 1/2
    assert tracks.b_cubed(np.arange(4), truth) == pytest.approx(2 / 3)  # recall 1/2


def test_tracks_of_the_cast_are_counted_apart_from_strangers() -> None:
    model, records, truth = tracks.draw(faces(12, 9, 1), faces(tracks.SINGLE, 1, 2), 4, 3, "clean", 0)
    lone = np.array([len(one.embeddings) == 1 for one in records])
    assert lone.sum() == tracks.SINGLE and (truth[~lone] < 12).all() and (truth[lone] >= 12).all()
    assert min(len(one.embeddings) for one in np.array(records, object)[~lone]) >= tracks.FEWEST
    counts = tracks.Counts()
    tracks.count(counts, model, records, truth, 4)
    assert counts.cast == (truth < 4).sum() and counts.strangers == (~lone & (truth >= 4)).sum()
    assert counts.right + counts.wrong <= counts.cast and counts.right >= 0.9 * counts.cast
    assert counts.named <= 2
    # Were the strangers the cast, they would be counted as named.
    swapped = np.where(truth < 4, truth + 200, truth)
    wrong = tracks.Counts()
    tracks.count(wrong, model, records, swapped, 4)
    assert wrong.cast == 0 and wrong.named >= counts.right
