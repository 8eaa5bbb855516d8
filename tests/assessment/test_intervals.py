"""Intervals that hold what they say, for grouped photos and for paired gains."""

from __future__ import annotations

import numpy as np
import pytest

from personae.assessment.intervals import paired_gain, share


def test_wilson_by_hand() -> None:
    found = share(np.array([True] * 8 + [False] * 2))
    # Newcombe, Statistics in Medicine 17 (1998): 8 of 10 gives .4902 to .9433.
    assert found.value == 0.8 and found.count == 8 and found.total == 10
    assert found.low == pytest.approx(0.4902, abs=2e-4) and found.high == pytest.approx(0.9433, abs=2e-4)


def test_nothing_counted_has_no_share_and_perfection_still_has_an_interval() -> None:
    empty = share(np.empty(0, bool))
    assert empty.value is None and empty.low is None and empty.total == 0
    perfect = share(np.ones(5, bool), np.array(list("aabbb"), object))
    assert perfect.high == 1 and perfect.low is not None and 0.5 < perfect.low < 0.6


def test_alike_photos_of_a_person_widen_the_interval() -> None:
    hits = np.repeat([True, True, True, False, True, False], 10)
    alone = share(hits)
    grouped = share(hits, np.repeat(np.arange(6), 10))
    assert alone.low is not None and grouped.low is not None and grouped.high is not None and alone.high is not None
    assert grouped.low < alone.low - 0.1 and grouped.high > alone.high + 0.1
    spread = share(hits, np.tile(np.arange(6), 10))  # each person alike: groups say nothing
    assert spread.low == pytest.approx(alone.low, abs=0.02)


def test_the_interval_covers_the_truth_about_95_times_in_100() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        rates = rng.beta(8, 2, 30)
        hits = rng.random((30, 6)) < rates[:, None]
        found = share(hits.ravel(), np.repeat(np.arange(30), 6))
        assert found.low is not None and found.high is not None
        covered += found.low <= 0.8 <= found.high
    assert 0.92 <= covered / 400 <= 0.99


def test_a_paired_gain_is_clear_only_beyond_its_interval() -> None:
    before = np.zeros(40)
    strata, units = np.repeat(np.arange(4), 10), np.arange(40)
    sure = paired_gain(before, np.ones(40), units, strata)
    assert sure.is_clear and sure.value == sure.low == sure.high == 1
    after = before.copy()
    after[[0, 11]] = 1
    after[[22]] = -1
    chance = paired_gain(before, after, units, strata)
    assert not chance.is_clear and chance.low < 0 < chance.value < chance.high
    assert not paired_gain(before, before, units, strata).is_clear
    # Ten copies of one picture are one picture.
    one = np.zeros(40)
    one[:10] = 1
    lump = paired_gain(before, one, np.r_[np.zeros(10), np.arange(30)].astype(int), np.zeros(40, int))
    free = paired_gain(before, one, units, np.zeros(40, int))
    assert free.is_clear and not lump.is_clear
