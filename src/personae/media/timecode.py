"""Timecode, counted in whole frames: text <-> frame number <-> pts, exact in both directions.

Timecode numbers frames; it is no clock. At 23.976 frames per second a second of timecode holds 24 frames. Drop-frame
timecode (SMPTE ST 12-1; 29.97, 59.94 and 119.88 only) leaves out the first numbers of each minute that is no tenth
one, and so keeps within a tenth of a second of the clock in a day; no picture is dropped. It is written with a
semicolon: 01:00:00;00.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, Self

from personae.errors import SettingError

_TEXT = re.compile(r"(\d{1,2})[:.;,](\d{2})[:.;,](\d{2})([:.;,])(\d{2,3})")


class Timed(Protocol):
    """What a clock needs to know of a film; `personae.media.film.Video` is one."""

    @property
    def frame_rate(self) -> Fraction:
        """Frames per second."""

    @property
    def time_base(self) -> Fraction:
        """Seconds per unit of pts."""

    @property
    def start_pts(self) -> int:
        """Pts of the first picture."""

    @property
    def start_timecode(self) -> str | None:
        """Timecode of the first picture."""

    @property
    def drop_frame(self) -> bool:
        """Whether timecode is counted in drop-frame."""


@dataclass(frozen=True)
class Counting:
    """How frames are numbered. `rate`: frames per second, exact (30000/1001, not 29.97).

    Raises SettingError where `drop_frame` is asked for at a rate that has none.
    """

    rate: Fraction
    drop_frame: bool = False

    def __post_init__(self) -> None:
        if self.rate <= 0:
            raise SettingError(f"a rate of {self.rate} frames per second is not possible")
        if self.drop_frame and not allows_drop_frame(self.rate):
            raise SettingError(
                "drop-frame timecode exists at 29.97, 59.94 and 119.88 frames per second, "
                f"not at {rate_text(self.rate)}. Use --non-drop-frame."
            )

    @property
    def base(self) -> int:
        """Frame numbers in a second of timecode: 24 at 23.976."""
        return max(round(self.rate), 1)

    @property
    def dropped(self) -> int:
        """Numbers left out in each minute that is no tenth: 2 at 29.97, 4 at 59.94, else 0."""
        return self.base // 15 if self.drop_frame else 0

    @property
    def frames_per_day(self) -> int:
        """Where timecode starts again at 00:00:00:00."""
        return self.base * 86400 - self.dropped * (1440 - 144)

    def text(self, frame: int) -> str:
        """HH:MM:SS:FF of a frame number counted from 00:00:00:00 (HH:MM:SS;FF in drop-frame), wrapped at 24 hours."""
        frame %= self.frames_per_day
        base, dropped = self.base, self.dropped
        if dropped:
            minute, ten_minutes = base * 60 - dropped, base * 600 - dropped * 9
            tens, rest = divmod(frame, ten_minutes)
            minutes = max(rest - dropped, 0) // minute
            frame += dropped * (9 * tens + minutes)
        seconds, frames = divmod(frame, base)
        digits = len(str(base - 1)) if base > 100 else 2
        mark = ";" if dropped else ":"
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{mark}{frames:0{digits}}"

    def frame(self, text: str) -> int:
        """The frame number of a timecode, counted from 00:00:00:00; either mark before the frames is read.

        Raises SettingError for text that is no timecode, and for numbers that do not exist at this rate.
        """
        match = _TEXT.fullmatch(text.strip())
        if match is None:
            raise SettingError(f'"{text}" is no timecode. Write it as HH:MM:SS:FF, for example 01:00:00:00.')
        hours, minutes, seconds, frames = (int(match[i]) for i in (1, 2, 3, 5))
        if hours > 23 or minutes > 59 or seconds > 59 or frames >= self.base:
            raise SettingError(
                f'"{text}" does not exist at {rate_text(self.rate)} frames per second: hours go to 23, minutes and '
                f"seconds to 59, frames to {self.base - 1}."
            )
        if self.dropped and frames < self.dropped and seconds == 0 and minutes % 10:
            raise SettingError(
                f'"{text}" does not exist in drop-frame timecode: the minute begins with frame {self.dropped:02}.'
            )
        total = hours * 60 + minutes
        return (total * 60 + seconds) * self.base + frames - self.dropped * (total - total // 10)


@dataclass(frozen=True)
class FilmClock:
    """A film's pts, frame numbers (0: its first picture) and timecode. `start_frame`: the first picture's timecode."""

    counting: Counting
    time_base: Fraction
    start_pts: int
    start_frame: int = 0

    @classmethod
    def of(cls, film: Timed) -> Self:
        """The clock of a film; without a start timecode it starts at 00:00:00:00."""
        counting = Counting(film.frame_rate, film.drop_frame and allows_drop_frame(film.frame_rate))
        start = counting.frame(film.start_timecode) if film.start_timecode else 0
        return cls(counting, film.time_base, film.start_pts, start)

    def frame_at(self, pts: int) -> int:
        """Number of the frame that is on screen at `pts`.

        A time base rounds a picture's time by up to a unit, and so much early still counts as the frame (at most
        half a frame).
        """
        per_frame = 1 / (self.counting.rate * self.time_base)
        slack = min(Fraction(1), per_frame / 2)
        return int((pts - self.start_pts + slack) // per_frame)

    def pts_of(self, frame: int) -> int:
        """Pts at which a frame begins, to the nearest unit."""
        return self.start_pts + round(frame / (self.counting.rate * self.time_base))

    def timecode_of(self, frame: int) -> str:
        """Timecode of a frame of the film."""
        return self.counting.text(self.start_frame + frame)

    def timecode_at(self, pts: int) -> str:
        """Timecode of the frame on screen at `pts`."""
        return self.timecode_of(self.frame_at(pts))

    def frame_of(self, timecode: str) -> int:
        """Number of the film's frame with that timecode; one before the start's counts as past midnight."""
        return (self.counting.frame(timecode) - self.start_frame) % self.counting.frames_per_day


def allows_drop_frame(rate: Fraction) -> bool:
    """Whether drop-frame timecode is defined at this rate: 30, 60 or 120 frames, slowed by 1000/1001."""
    return rate.denominator == 1001 and rate.numerator in {30000, 60000, 120000}


def rate_text(rate: Fraction) -> str:
    """A rate as people write it: 25, 23.976, 59.94."""
    return f"{float(rate):.3f}".rstrip("0").rstrip(".")


def parse_rate(text: str) -> Fraction:
    """A rate as people write it, exact: "25", "24000/1001", "23.976"; 23.98 and 29.97 mean 24 and 30 over 1.001.

    Raises SettingError for anything else.
    """
    try:
        rate = Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        raise SettingError(f'"{text}" is no frame rate. Write 25, 23.976 or 24000/1001.') from None
    if not 0 < rate <= 1000:
        raise SettingError(f'"{text}" is no frame rate: it must lie above 0 and at most at 1000 frames per second.')
    slowed = Fraction(round(rate * Fraction(1001, 1000)) * 1000, 1001)
    return slowed if rate.denominator != 1 and abs(slowed / rate - 1) < Fraction(1, 4000) else rate
