"""The frame grid: exact at every rate, and defined where a film is not on it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from personae.errors import InputError
from personae.exports.grid import Grid
from tests.timelines import RATES, film


@pytest.mark.parametrize("timecode", ["25:00:00:00", "00:00:00:25", "one hour"])
def test_a_start_timecode_that_cannot_be_says_what_to_do(timecode: str) -> None:
    with pytest.raises(InputError, match="Scan it again with --start-timecode"):
        Grid.of(film(start_timecode=timecode).video)


@pytest.mark.parametrize("key", RATES)
@pytest.mark.parametrize("base", [Fraction(1, 1000), Fraction(1, 90_000), Fraction(1, 10**9)])
def test_containers_that_round_their_times_give_exact_frames(key: str, base: Fraction) -> None:
    rate, _ = RATES[key]
    for direction in (round, int):  # Matroska rounds to milliseconds, some writers cut
        for frame in (0, 1, 2, 7, 1001, 1799, 123_456):
            video = replace(film(rate).video, time_base=base, duration_pts=round(LONG / base))
            start, end = direction(frame / rate / base), direction((frame + 3) / rate / base)
            assert Grid.of(video).span(start, end) == (frame, frame + 3), (frame, direction)


LONG = Fraction(6000)


def test_off_the_grid_starts_go_down_and_ends_go_up_and_nothing_is_empty() -> None:
    video = replace(film(Fraction(25)).video, time_base=Fraction(1, 1000), duration_pts=90_000)
    grid = Grid.of(video)
    assert grid.span(50, 90) == (1, 3)  # frames are 40 ms long: 1.25 to 2.25
    assert grid.span(55, 56) == (1, 2)
    assert grid.span(40, 40) == (1, 2)
