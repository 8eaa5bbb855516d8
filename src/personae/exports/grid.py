"""The film's frame grid: presentation timestamps as the frame numbers and timecodes that editing programs count in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from personae.errors import InputError, SettingError
from personae.exports.held_rate import held_rate, holds
from personae.media.timecode import Counting, allows_drop_frame
from personae.timeline.timeline import Video


@dataclass(frozen=True)
class Grid:
    """Frames of one film, counted from its first picture (0). `start_frame`: what its start timecode stands for."""

    counting: Counting
    start_frame: int
    frames: int
    start_pts: int
    time_base: Fraction

    @classmethod
    def of(cls, video: Video, rate: Fraction | None = None) -> Grid:
        """The grid of a film at its frame rate, or at another `rate`.

        Without a start timecode it begins at 00:00:00:00. Raises InputError where the start timecode cannot be one at
        the film's rate.
        """
        own = Counting(video.frame_rate, video.drop_frame and allows_drop_frame(video.frame_rate))
        counting = own if rate is None or rate == own.rate else Counting(rate)
        try:
            start = own.frame(video.start_timecode) if video.start_timecode else 0
        except SettingError as error:
            raise InputError(
                f"The film's start timecode: {error} Scan it again with --start-timecode or --rate."
            ) from None
        if not holds(own.rate):  # the same time of day
            seconds, frames = divmod(start, own.base)
            in_a_second = counting.base if holds(counting.rate) else counting.rate
            start = math.floor(seconds * in_a_second + frames * counting.rate / own.rate)
        bare = cls(counting, start, 0, video.start_pts, video.time_base)
        frames = bare.span(video.start_pts, video.start_pts + max(1, video.duration_pts))[1]
        return cls(counting, start, frames, video.start_pts, video.time_base)

    @classmethod
    def held(cls, video: Video) -> Grid:
        """The grid for formats that count whole frames a second: at the film's own rate where timecode has it."""
        return cls.of(video, held_rate(video.frame_rate))

    @property
    def rate(self) -> Fraction:
        """Frames per second, exact."""
        return self.counting.rate

    @property
    def drop(self) -> bool:
        """Whether timecode is counted in drop-frame."""
        return self.counting.drop_frame

    @property
    def nominal(self) -> int:
        """Frames that a second of timecode counts."""
        return self.counting.base

    @property
    def ntsc(self) -> bool:
        """Whether the rate is 1000/1001 of a whole one."""
        return self.rate.denominator == 1001

    def span(self, start_pts: int, end_pts: int) -> tuple[int, int]:
        """First frame, and the one after the last, of a span of time; at least one frame.

        A time off the grid (variable frame rate) is rounded down at the start and up at the end, so that no picture of
        the span is lost. Times within one tick of a frame are that frame: containers that count milliseconds round.
        """
        start = max(0, math.floor(self._exact(start_pts)))
        return start, max(start + 1, math.ceil(self._exact(end_pts)))

    def _exact(self, pts: int) -> Fraction:
        """Position in frames; whole where it is within a tick of being so."""
        exact = (pts - self.start_pts) * self.time_base * self.rate
        nearest = round(exact)
        tick = min(self.time_base * self.rate, Fraction(1, 4))
        return Fraction(nearest) if abs(exact - nearest) <= tick else exact

    def timecode(self, frame: int) -> str:
        """Timecode of a frame counted from the film's first; drop-frame has `;` before the frames."""
        return self.counting.text(self.start_frame + frame)
