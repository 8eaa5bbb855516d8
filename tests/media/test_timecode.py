"""Timecode: exact both ways over a whole day at every rate that is used."""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction

import pytest

from personae.errors import SettingError
from personae.media.timecode import Counting, FilmClock, parse_rate, rate_text

NTSC = Fraction(1000, 1001)
COUNTINGS = [
    Counting(24 * NTSC),
    Counting(Fraction(24)),
    Counting(Fraction(25)),
    Counting(30 * NTSC),
    Counting(30 * NTSC, drop_frame=True),
    Counting(Fraction(30)),
    Counting(Fraction(50)),
    Counting(60 * NTSC),
    Counting(60 * NTSC, drop_frame=True),
    Counting(Fraction(60)),
]


@dataclass(frozen=True)
class Film:
    frame_rate: Fraction
    time_base: Fraction
    start_pts: int = 0
    start_timecode: str | None = None
    drop_frame: bool = False


def sampled(counting: Counting) -> list[int]:
    """Every frame around every minute of a day, and some at random."""
    minute = counting.base * 60
    near = [frame for at in range(1440) for frame in range(at * minute - 5, at * minute + 6)]
    shifted = [frame - counting.dropped * (frame // minute) for frame in near] if counting.dropped else []
    drawn = [random.Random(0).randrange(counting.frames_per_day) for _ in range(3000)]
    return [frame for frame in near + shifted + drawn if 0 <= frame < counting.frames_per_day]


@pytest.mark.parametrize("counting", COUNTINGS, ids=lambda c: f"{rate_text(c.rate)}{'df' if c.drop_frame else ''}")
def test_text_and_number_agree_over_a_day(counting: Counting) -> None:
    for frame in sampled(counting):
        assert counting.frame(counting.text(frame)) == frame
    assert counting.text(counting.frames_per_day) == counting.text(0)
    assert counting.text(-1) == counting.text(counting.frames_per_day - 1)


@pytest.mark.parametrize("rate", [30 * NTSC, 60 * NTSC])
def test_drop_frame_counts_one_by_one_and_leaves_out_what_it_must(rate: Fraction) -> None:
    counting = Counting(rate, drop_frame=True)
    base, written = counting.base, 0
    for minute in range(21):  # by hand: every number that exists, in order
        for second in range(60):
            for frame in range(base):
                if second == 0 and minute % 10 and frame < counting.dropped:
                    continue
                assert counting.text(written) == f"00:{minute:02}:{second:02};{frame:02}"
                written += 1


@pytest.mark.parametrize(
    ("rate", "text", "frame"),
    [
        (30 * NTSC, "00:01:00;02", 1800),
        (30 * NTSC, "00:10:00;00", 17982),
        (30 * NTSC, "01:00:00;00", 107892),
        (30 * NTSC, "23:59:59;29", 2589407),
        (60 * NTSC, "00:01:00;04", 3600),
        (60 * NTSC, "01:00:00;00", 215784),
    ],
)
def test_known_drop_frame_numbers(rate: Fraction, text: str, frame: int) -> None:
    counting = Counting(rate, drop_frame=True)
    assert counting.frame(text) == frame
    assert counting.text(frame) == text


def test_drop_frame_stays_with_the_clock_over_a_day() -> None:
    counting = Counting(30 * NTSC, drop_frame=True)
    assert abs(counting.frames_per_day / counting.rate - 86400) < Fraction(1, 10)


@pytest.mark.parametrize("counting", COUNTINGS, ids=lambda c: f"{rate_text(c.rate)}{'df' if c.drop_frame else ''}")
@pytest.mark.parametrize("start_pts", [0, 3600, -77])
def test_frames_and_pts_agree_over_a_day(counting: Counting, start_pts: int) -> None:
    rate = counting.rate
    bases = [1 / rate, Fraction(1, 90000), Fraction(1, 1000), Fraction(1, 12800), Fraction(1, rate.numerator * 10)]
    frames = random.Random(1).sample(range(counting.frames_per_day), 400) + list(range(60))
    for time_base in bases:
        clock = FilmClock.of(Film(rate, time_base, start_pts, "01:00:00:00", counting.drop_frame))
        for frame in frames:
            pts = clock.pts_of(frame)
            assert clock.frame_at(pts) == frame
            assert clock.frame_of(clock.timecode_of(frame)) == frame
            assert clock.frame_at(clock.pts_of(frame + 1) - 2) == frame or clock.pts_of(frame + 1) - 2 < pts
    assert FilmClock.of(Film(rate, bases[0], start_pts, "01:00:00:00")).timecode_at(start_pts) == "01:00:00:00"


def test_a_film_past_midnight_starts_again() -> None:
    clock = FilmClock.of(Film(Fraction(25), Fraction(1, 25), 0, "23:59:59:24"))
    assert clock.timecode_of(1) == "00:00:00:00"
    assert clock.frame_of("00:00:00:00") == 1


@pytest.mark.parametrize("text", ["", "1:2:3:4", "01:00:00", "01:60:00:00", "24:00:00:00", "01:00:00:25", "abc"])
def test_what_is_no_timecode_is_refused(text: str) -> None:
    with pytest.raises(SettingError):
        Counting(Fraction(25)).frame(text)


def test_numbers_and_rates_without_drop_frame_are_refused() -> None:
    with pytest.raises(SettingError, match="begins with frame 02"):
        Counting(30 * NTSC, drop_frame=True).frame("00:01:00;00")
    with pytest.raises(SettingError, match="not at 25"):
        Counting(Fraction(25), drop_frame=True)
    with pytest.raises(SettingError, match="not possible"):
        Counting(Fraction(0))


def test_rates_are_read_exactly() -> None:
    assert [parse_rate(text) for text in ("23.976", "23.98", "29.97", "59.94", "24000/1001")] == [
        24 * NTSC,
        24 * NTSC,
        30 * NTSC,
        60 * NTSC,
        24 * NTSC,
    ]
    assert [parse_rate(text) for text in ("24", "25", "12.5", "30.00")] == [24, 25, Fraction(25, 2), 30]
    for text in ("", "x", "0", "-5", "1/0", "5000"):
        with pytest.raises(SettingError):
            parse_rate(text)
