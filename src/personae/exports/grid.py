"""The film's frame grid: presentation timestamps as the frame numbers and timecodes that editing programs count in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from personae.exports import _timecode
from personae.timeline.timeline import Video


@dataclass(frozen=True)
class Grid:
    """Frames of one film, counted from its first picture (0). `start_frame`: what its start timecode stands for."""

    rate: Fraction
    drop: bool
    start_frame: int
    frames: int
    start_pts: int
    time_base: Fraction

    @classmethod
    def of(cls, video: Video) -> Grid:
        """The grid of a film at its frame rate; without a start timecode it begins at 00:00:00:00.

        Raises InputError where the start timecode cannot be one at this rate.
        """
        rate = video.frame_rate
        drop = video.drop_frame and _timecode.can_drop(rate)
        start = _timecode.to_frame(video.start_timecode, rate, drop) if video.start_timecode else 0
        bare = cls(rate, drop, start, 0, video.start_pts, video.time_base)
        frames = bare.span(video.start_pts, video.start_pts + max(1, video.duration_pts))[1]
        return cls(rate, drop, start, frames, video.start_pts, video.time_base)

    @property
    def nominal(self) -> int:
        """Frames that a second of timecode counts."""
        return _timecode.nominal(self.rate)

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
        return _timecode.to_timecode(self.start_frame + frame, self.rate, self.drop)

    def seconds(self, frame: int) -> Fraction:
        """Exact time of a frame from the film's first."""
        return frame / self.rate
