"""Selecting from a timeline: who with whom, close-ups, lengths, handles; and the interval arithmetic beneath."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from personae.errors import UnknownCharacterError
from personae.timeline.presence import co_presence, names_of, stretches
from personae.timeline.scale import scale_of, seconds_by_scale
from personae.timeline.selection import (
    Wanted,
    difference,
    intersection,
    of_names,
    select,
    union,
    without_depicted,
    without_unknown,
)
from personae.timeline.timeline import Timeline
from tests.timelines import film

# Frames at 25 a second; a thousand ticks each. Odd appearances are close-ups (see tests/timelines.py).
FOUND = [("Thor", 0, 50), ("Tony", 25, 100), ("Thor", 200, 220), ("Unknown 1", 210, 300), ("Thor", 230, 300)]


def timeline() -> Timeline:
    return film(Fraction(25), found=FOUND)


def frames(wanted: Wanted) -> list[tuple[int, int]]:
    return [(cut.start_pts // 1000, cut.end_pts // 1000) for cut in select(timeline(), wanted)]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(("Thor",)), [(0, 50), (200, 220), (230, 300)]),
        (Wanted(("Thor", "Tony")), [(0, 100), (200, 220), (230, 300)]),
        (Wanted(("Thor",), together=("Tony",)), [(25, 50)]),
        (Wanted(("Thor",), without=("Unknown 1",)), [(0, 50), (200, 210)]),
        (Wanted(("Unknown 1",)), [(210, 300)]),
        (Wanted(("Thor",), min_s=1), [(0, 50), (230, 300)]),
        (Wanted(("Thor",), handles_s=0.2), [(0, 55), (195, 305)]),  # handles that touch join; none before the film
        (Wanted(("Thor",), min_s=2.5, handles_s=1), [(205, 325)]),  # the length is that without handles
        (Wanted(("Tony",), close_ups=True), []),
        (Wanted(("Thor",), close_ups=True), [(0, 50), (200, 220), (230, 300)]),
        (Wanted(("Thor",), together=("Tony",), without=("Tony",)), []),
    ],
)
def test_select(wanted: Wanted, expected: list[tuple[int, int]]) -> None:
    assert frames(wanted) == expected


def test_cuts_know_who_was_asked_for_in_them() -> None:
    names = [cut.names for cut in select(timeline(), Wanted(("Thor", "Tony")))]
    assert names == [("Thor", "Tony"), ("Thor",), ("Thor",)]


def test_handles_end_with_the_film() -> None:
    end = film(found=[("Thor", 2240, 2250)])
    [cut] = select(end, Wanted(("Thor",), handles_s=5))
    assert cut.end_pts == end.video.start_pts + end.video.duration_pts


@pytest.mark.parametrize("wanted", [Wanted(("Thorn",)), Wanted(("Thor",), ("X",)), Wanted(("Thor",), (), ("X",))])
def test_a_name_that_is_not_there_is_an_error_that_lists_who_is(wanted: Wanted) -> None:
    with pytest.raises(UnknownCharacterError, match="Thor, Tony, Unknown 1"):
        select(timeline(), wanted)


def test_filters_keep_totals_of_those_who_stay() -> None:
    everything = timeline()
    assert {row.character for row in without_unknown(everything).characters} == {"Thor", "Tony"}
    only = of_names(everything, ["Tony"])
    assert [one.name for one in only.appearances] == ["Tony"] and [row.character for row in only.characters] == ["Tony"]
    poster = replace(
        everything, appearances=(replace(everything.appearances[0], depicted=True), *everything.appearances[1:])
    )
    assert len(without_depicted(poster).appearances) == 4
    with pytest.raises(UnknownCharacterError):
        of_names(everything, ["Loki"])


def test_stretches_and_co_presence() -> None:
    found = [(one.start_pts // 1000, one.end_pts // 1000, one.names) for one in stretches(timeline())]
    assert found == [
        (0, 25, ("Thor",)), (25, 50, ("Thor", "Tony")), (50, 100, ("Tony",)), (200, 210, ("Thor",)),
        (210, 220, ("Thor", "Unknown 1")), (220, 230, ("Unknown 1",)), (230, 300, ("Thor", "Unknown 1")),
    ]  # fmt: skip
    assert names_of(timeline()) == ["Thor", "Tony", "Unknown 1"]
    pairs = [(pair.first, pair.second, round(pair.together_s, 6), pair.times) for pair in co_presence(timeline())]
    assert pairs == [("Thor", "Unknown 1", 3.2, 2), ("Thor", "Tony", 1.0, 1)]


def test_together_without_a_break_is_once_even_when_a_third_comes_in() -> None:
    three = film(found=[("A", 0, 100), ("B", 0, 100), ("C", 50, 60)])
    assert next(pair.times for pair in co_presence(three) if {pair.first, pair.second} == {"A", "B"}) == 1


def test_shot_scale() -> None:
    assert [scale_of(share) for share in (0.5, 1 / 3, 0.25, 0.1, 0.05)] == [
        "close-up", "close-up", "medium close-up", "medium", "long",
    ]  # fmt: skip
    seconds = seconds_by_scale(timeline())
    assert seconds["Thor"]["close-up"] == pytest.approx(140 / 25)
    assert seconds["Tony"] == {"close-up": 0, "medium close-up": 0, "medium": 3.0, "long": 0}


def test_interval_arithmetic_against_sets_of_points() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        a, b = (union(_some(rng)) for _ in "ab")
        assert _points(intersection(a, b)) == _points(a) & _points(b)
        assert _points(difference(a, b)) == _points(a) - _points(b)
        for result in (a, intersection(a, b), difference(a, b)):
            assert all(start < end for start, end in result)
            assert all(first[1] <= second[0] for first, second in pairwise(result))


def _some(rng: np.random.Generator) -> list[tuple[int, int]]:
    starts = rng.integers(0, 40, rng.integers(0, 6)).tolist()
    return [(start, start + int(rng.integers(0, 9))) for start in starts]


def _points(intervals: list[tuple[int, int]]) -> set[int]:
    return {point for start, end in intervals for point in range(start, end)}
