from __future__ import annotations

import numpy as np
import pytest

from benchmarks.openset.data import Faces
from benchmarks.outliers import Cell, measure
from personae.recognition.background import Background
from personae.recognition.outliers import Verdicts, find_outliers
from personae.recognition.prototypes import unit
from personae.types import FloatArray
from tests.people import people, sface_background

BACKGROUND = sface_background()
FACES = people(20, 12, seed=7)


def judge(
    *folders: list[tuple[int, int]], looks: list[str | None] | None = None, trusted: tuple[int, ...] = ()
) -> Verdicts:
    """Verdicts on characters 0, 1, ... whose folders hold (person, photo) each."""
    rows = np.array([FACES[photo] for folder in folders for photo in folder], np.float32)
    numbers = np.repeat(np.arange(len(folders)), [len(folder) for folder in folders])
    return find_outliers(rows, numbers, looks or [None] * len(rows), BACKGROUND, trusted=trusted)


def photos(person: int, count: int, first: int = 0) -> list[tuple[int, int]]:
    return [(person, first + i) for i in range(count)]


def found(verdicts: Verdicts) -> list[int]:
    return [outlier.row for outlier in verdicts.outliers]


def test_a_stranger_is_found_and_looks_like_nobody() -> None:
    verdicts = judge([*photos(0, 7), (9, 0)], photos(1, 8))
    (outlier,) = verdicts.outliers
    assert outlier.row == 7 and outlier.resembles is None and outlier.agreement < 0.23
    assert not verdicts.disagreements and not verdicts.doubts


def test_another_character_is_found_and_named() -> None:
    verdicts = judge([*photos(0, 7), (1, 11)], photos(1, 8))
    (outlier,) = verdicts.outliers
    assert (outlier.row, outlier.resembles) == (7, 1) and outlier.resemblance > outlier.agreement + 0.2


def test_good_photos_stay() -> None:
    verdicts = judge(*(photos(person, 10) for person in range(20)))
    assert len(verdicts.outliers) <= 2 and not verdicts.disagreements


def test_of_two_photos_that_disagree_both_stay_and_are_shown() -> None:
    verdicts = judge([(0, 0), (9, 0)], photos(1, 8))
    assert not verdicts.outliers and not verdicts.doubts
    (pair,) = verdicts.disagreements
    assert pair.character == 0 and pair.groups == ((0,), (1,)) and pair.agreement < 0.23


def test_of_two_photos_the_one_that_looks_like_another_character_stays_in_doubt() -> None:
    verdicts = judge([(0, 0), (1, 11)], photos(1, 8))
    assert not verdicts.outliers
    assert [(doubt.row, doubt.resembles) for doubt in verdicts.doubts] == [(1, 1)]


@pytest.mark.parametrize(("first", "second"), [(5, 5), (2, 2), (8, 4), (5, 3)])
def test_two_large_groups_both_stay_and_are_shown(first: int, second: int) -> None:
    verdicts = judge([*photos(0, first), *photos(9, second)], photos(1, 8))
    assert not verdicts.outliers
    (split,) = verdicts.disagreements
    assert [len(group) for group in split.groups] == [first, second]


@pytest.mark.parametrize(("first", "second"), [(2, 1), (6, 2), (9, 3)])
def test_a_small_second_group_is_left_out(first: int, second: int) -> None:
    verdicts = judge([*photos(0, first), *photos(9, second)], photos(1, 8))
    assert found(verdicts) == list(range(first, first + second))


def test_where_no_photos_agree_all_stay() -> None:
    verdicts = judge([(person, 0) for person in range(5, 11)], photos(1, 8))
    assert not verdicts.outliers
    assert len(verdicts.disagreements[0].groups) == 6


def test_photos_of_different_looks_are_not_compared() -> None:
    looks: list[str | None] = [None] * 6 + ["masked"] + [None] * 8
    assert not judge([*photos(0, 6), (9, 0)], photos(1, 8), looks=looks).outliers
    assert found(judge([*photos(0, 6), (9, 0)], photos(1, 8))) == [6]


def test_a_photo_in_the_wrong_look_is_no_outlier() -> None:
    looks: list[str | None] = [None] * 4 + ["masked"] * 5
    assert not judge([*photos(0, 4), *photos(9, 4), (0, 5)], looks=looks).outliers


def test_photos_borrowed_from_a_larger_set_do_not_outvote_the_characters_own() -> None:
    verdicts = judge([*photos(0, 2), *photos(1, 3, first=9)], photos(1, 8))
    assert found(verdicts) == [2, 3, 4] and {outlier.resembles for outlier in verdicts.outliers} == {1}


def test_one_performer_in_two_parts_loses_no_photo() -> None:
    verdicts = judge([*photos(1, 4, first=8), (9, 0)], photos(1, 8))
    assert found(verdicts) == [4]  # the stranger


def test_a_photo_that_fits_another_role_of_its_performer_stays() -> None:
    rng = np.random.default_rng(3)
    one, other = unit(rng.normal(size=(2, 128)).astype(np.float32))
    aged = unit((0.6 * one + 0.8 * other)[None])[0]
    ways = np.stack([one] * 7 + [aged] + [aged] * 8)
    rows = unit(ways + 0.02 * rng.normal(size=ways.shape)).astype(np.float32)
    numbers = np.repeat([0, 1], 8)
    assert found(find_outliers(rows, numbers, [None] * 16, BACKGROUND)) == [7]
    assert found(find_outliers(rows, numbers, [None] * 16, BACKGROUND, persons=[4, 4])) == []


def test_siblings_keep_their_photos() -> None:
    brother = unit(0.6 * FACES[2] + 0.4 * FACES[1][:1])  # more alike than strangers ever are, and consistently
    rows = np.concatenate([FACES[1][:8], brother[:8]]).astype(np.float32)
    verdicts = find_outliers(rows, np.repeat([0, 1], 8), [None] * 16, BACKGROUND)
    assert float(unit(rows[:8].mean(axis=0)) @ unit(rows[8:].mean(axis=0))) > 0.4
    assert not verdicts.outliers


def test_what_a_person_vouched_for_stays_with_what_agrees_with_it() -> None:
    folder = [*photos(0, 6), *photos(9, 2)]
    assert found(judge(folder, photos(1, 8))) == [6, 7]
    verdicts = judge(folder, photos(1, 8), trusted=(6,))
    assert not verdicts.outliers
    assert verdicts.disagreements[0].groups == ((0, 1, 2, 3, 4, 5), (6, 7))
    assert not judge([*photos(0, 6), (1, 11)], photos(1, 8), trusted=(6,)).outliers


def test_a_cast_of_one() -> None:
    assert found(judge([*photos(0, 4), (9, 0)])) == [4]
    assert judge([(0, 0)]) == Verdicts((), (), ())


def test_nothing_is_judged_well() -> None:
    empty = np.empty((0, 128), np.float32)
    assert find_outliers(empty, np.empty(0, np.int64), [], BACKGROUND) == Verdicts((), (), ())


def _dirty_cast(seed: int, bad: float) -> tuple[FloatArray, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    rng = np.random.default_rng(seed)
    rows = FACES[:10, :6].copy()
    for place in rng.permutation(60)[: round(60 * bad)]:
        rows[place // 6, place % 6] = FACES[rng.integers(20), rng.integers(6, 12)]
    return rows.reshape(-1, 128), np.repeat(np.arange(10), 6)


@pytest.mark.parametrize("bad", [0.2, 0.5])
def test_judging_what_is_left_finds_no_more(bad: float) -> None:
    for seed in range(20):
        rows, numbers = _dirty_cast(seed, bad)
        out = found(find_outliers(rows, numbers, [None] * 60, BACKGROUND))
        assert out
        left = np.setdiff1d(np.arange(60), out)
        again = find_outliers(rows[left], numbers[left], [None] * len(left), BACKGROUND)
        assert not again.outliers


def test_the_order_of_photos_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    for seed in range(10):
        rows, numbers = _dirty_cast(seed, 0.3)
        order = rng.permutation(60)
        out = found(find_outliers(rows, numbers, [None] * 60, BACKGROUND))
        shuffled = found(find_outliers(rows[order], numbers[order], [None] * 60, BACKGROUND))
        assert sorted(order[shuffled]) == out


def test_the_benchmark_measures_what_it_says() -> None:
    def faces(first: int, count: int) -> Faces:
        rows = FACES[first : first + count].reshape(-1, 128)
        both = {"clean": rows, "lowres": rows}
        sizes = dict.fromkeys(both, np.full(len(rows), 100.0))
        return Faces(both, both, sizes, rows[:, None], np.full((len(rows), 1), 16.0), np.repeat(np.arange(count), 12))

    for cell in (Cell(people=6, photos=8, bad=0.25), Cell(people=6, photos=8, bad=0.25, alike=True)):
        outcome = measure(faces(0, 12), faces(12, 8), cell, draws=2)
        assert outcome.found >= 0.9 and outcome.lost <= 0.03
        clean, good, checked, unchecked = outcome.dir_sharp
        assert clean >= 0.95 and abs(good - checked) <= 0.02 and unchecked <= clean
        assert outcome.dir_small == outcome.dir_sharp
    in_order = measure(faces(0, 12), faces(12, 8), Cell(people=6, bad=0.0), draws=2, identify=False)
    assert in_order.lost <= 0.03 and in_order.dir_sharp == (0, 0, 0, 0)


def test_an_embedder_nobody_has_measured_errs_on_the_side_of_keeping() -> None:
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((6, 1, 256))
    faces = unit(centres + rng.standard_normal((6, 8, 256))).astype(np.float32)  # photos of one person: cosine .5
    rows = np.concatenate([faces[:5].reshape(-1, 256), faces[5, :1]])
    numbers = np.array([*np.repeat(np.arange(5), 8), 0])
    verdicts = find_outliers(rows, numbers, [None] * 41, Background.isotropic(256))
    assert found(verdicts) == [40]
