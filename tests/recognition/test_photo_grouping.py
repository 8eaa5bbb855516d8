"""Unknown people in photos are grouped by the likelihood of one person; on people who do not exist."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from personae.recognition.near_faces import near_pairs
from personae.recognition.photo_grouping import Grouped, group_faces
from personae.recognition.prototypes import unit
from personae.recognition.same_person import same_person_for
from tests.people import EMBEDDER, people

SHARP_PX = 90.0


def grouped(
    rows: NDArray[Any],
    *,
    photo: NDArray[Any] | None = None,
    before: NDArray[Any] | None = None,
    embedder: str = EMBEDDER,
    **named: Any,
) -> Grouped:
    """Sharp faces of good quality, each in a photo of its own unless said."""
    n = len(rows)
    return group_faces(
        rows, np.full(n, SHARP_PX), np.ones(n), np.arange(n) if photo is None else photo,
        np.full(n, -1) if before is None else before, embedder, **named,
    )  # fmt: skip


def test_people_are_found_without_their_number() -> None:
    rows = people(40, 5).reshape(-1, 128)
    order = np.random.default_rng(1).permutation(len(rows))
    found = grouped(rows[order]).group
    truth = np.arange(len(rows))[order] // 5
    assert len(np.unique(found)) == 40 and len(np.unique(truth * 1000 + found)) == 40
    assert (np.unique(found, return_index=True)[1] == np.sort(np.unique(found, return_index=True)[1])).all(), "in order"
    assert grouped(rows[:0]).group.shape == (0,) and grouped(rows[:1]).group.tolist() == [0]


def test_who_comes_later_joins_or_is_new_and_nobody_is_renumbered() -> None:
    rows = people(30, 6).reshape(30, 6, 128)
    old = rows[:25, :4].reshape(-1, 128)
    before = grouped(old).group
    later = np.concatenate([rows[3, 4:], rows[27, :3], rows[28, :1]])
    both = grouped(np.concatenate([old, later]), before=np.concatenate([before, np.full(6, -1)]), first_number=100)
    assert (both.group[: len(old)] == before).all()
    assert both.group[len(old) :].tolist() == [before[12], before[12], 100, 100, 100, 101]
    assert 4 <= both.looked_at < len(old), "only the groups near by"
    assert grouped(old, before=before).looked_at == 0


def test_two_groups_of_before_never_become_one() -> None:
    rows = people(1, 9)[0]
    before = np.array([7] * 4 + [3] * 4 + [-1])
    found = grouped(rows, before=before).group
    assert found[:8].tolist() == before[:8].tolist() and found[8] in (3, 7)


def test_two_faces_of_one_photo_are_two_people_unless_they_are_one_picture() -> None:
    one = people(1, 12)[0]
    alone = grouped(one[:2]).group
    assert alone[0] == alone[1], "two photos of one person"
    together = grouped(one[:2], photo=np.zeros(2, int)).group
    assert together[0] != together[1], "siblings"
    collage = grouped(unit(np.stack([one[0], one[0] + 0.02 * one[5]])), photo=np.zeros(2, int)).group
    assert collage[0] == collage[1]


def test_a_small_or_poor_face_joins_only_where_it_clearly_belongs() -> None:
    model = same_person_for(EMBEDDER, 128)
    rows = people(2, 2)
    pair = rows[0]
    sharp, small = (model.observed(pair, np.full(2, px)) for px in (SHARP_PX, 14.0))
    poor = model.observed(pair, np.full(2, SHARP_PX), np.full(2, 0.05))
    first, second = np.array([0]), np.array([1])
    odds = [float(one.joined(first, second)[0]) for one in (sharp, small, poor)]
    assert odds[0] > 10 and odds[1] < 0.7 * odds[0] and odds[2] < 0.7 * odds[0]
    stranger = model.observed(rows[:, 0], np.full(2, SHARP_PX))
    assert stranger.joined(first, second)[0] < 0


@pytest.mark.parametrize("embedder", ["mine:d64:p1:0123456789ab", "mine"])
def test_an_embedder_that_nobody_measured(embedder: str) -> None:
    rng = np.random.default_rng(0)
    centres = unit(rng.standard_normal((10, 64)))
    rows = unit(np.repeat(centres, 4, axis=0) + 0.3 * unit(rng.standard_normal((40, 64)))).astype(np.float32)
    assert grouped(rows, embedder=embedder).group.tolist() == (np.arange(40) // 4).tolist()


def test_a_crowd_of_one_person_and_many_others() -> None:
    crowd = people(1, 400, seed=3)[0]
    others = people(300, 1, seed=4).reshape(-1, 128)
    found = grouped(np.concatenate([crowd, others])).group
    assert np.bincount(found[:400]).max() >= 396
    assert len(np.unique(found[400:])) >= 298 and found[0] not in found[400:]


def test_near_pairs_are_the_nearest() -> None:
    rows = unit(np.random.default_rng(0).standard_normal((300, 16))).astype(np.float32)
    cosine = rows @ rows.T
    np.fill_diagonal(cosine, -1)
    found = set(map(tuple, near_pairs(rows, np.arange(300), 5).tolist()))
    for row in range(0, 300, 7):
        nearest = int(cosine[row].argmax())
        if cosine[row, nearest] > 0.75:
            assert (min(row, nearest), max(row, nearest)) in found
    assert len(found) <= 300 * 5 and all(one < other for one, other in found)
    some = near_pairs(rows, np.array([4, 9]), 5)
    assert set(some.ravel().tolist()) >= {4, 9} and all({4, 9} & set(pair) for pair in some.tolist())
