"""Timecode and the frame grid: exact at every rate, and defined where a film is not on it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from personae.errors import InputError
from personae.exports._timecode import to_frame, to_timecode
from personae.exports.grid import Grid
from tests.timelines import NTSC, RATES, film


@pytest.mark.parametrize("key", RATES)
def test_every_frame_of_a_day_has_one_timecode(key: str) -> None:
    rate, drop = RATES[key]
    day = 24 * 3600 * round(rate) - (24 * 108 * round(rate) // 30 if drop else 0)
    frames = [*range(0, 40_000), *range(0, day, 9973), *range(day - 2000, day)]
    texts = [to_timecode(frame, rate, drop) for frame in frames]
    assert [to_frame(text, rate, drop) for text in texts] == frames
    assert to_timecode(day, rate, drop) == to_timecode(0, rate, drop)


def test_drop_frame_leaves_out_what_smpte_says() -> None:
    rate = NTSC[30]
    assert to_timecode(1799, rate, True) == "00:00:59;29"
    assert to_timecode(1800, rate, True) == "00:01:00;02"
    assert to_timecode(17982, rate, True) == "00:10:00;00"
    assert to_timecode(107892, rate, True) == "01:00:00;00"
    assert to_timecode(3600, NTSC[60], True) == "00:01:00;04"
    with pytest.raises(InputError, match="does not exist"):
        to_frame("00:01:00;01", rate, True)


@pytest.mark.parametrize("text", ["", "1:2", "25:00:00:00", "00:60:00:00", "00:00:00:25", "00:00:00:00x"])
def test_what_is_no_timecode_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no timecode"):
        to_frame(text, Fraction(25), False)


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
