"""What a film is to every other part: its facts (`Video`), and its pictures one by one (`FilmPicture`).

Time is rational: a presentation timestamp (`pts`, an integer) times the time base. Spans are half-open.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from personae.media.film_errors import as_film_error
from personae.types import PixelArray

Gap = tuple[int, int, str]
"""(start_pts, end_pts, why): a span without readable pictures."""

MISSING = "pictures are missing"
RESTARTED = "the file's clock starts again here"
"""Not a gap: nothing is missing where recordings were joined. Readers tell it among the gaps, as an empty one."""


@dataclass(frozen=True)
class FilmPart:
    """One file of a film that is several in a row (`--as-one`), with the timecode and reel that the file itself has.

    `start_pts`: where its first picture is in the film's own time; exact once the film was read.
    """

    path: str
    start_pts: int
    start_timecode: str | None = None
    drop_frame: bool = False
    reel: str | None = None
    sound_channels: int = 0
    stream: int = 0


@dataclass(frozen=True)
class Video:
    """The film as it was read. `size_wh`: displayed pixels (rotation and pixel aspect applied); `frames`: decoded.

    `stream` is the stream's number in the file. `frames`, `duration_pts` and `variable_rate` are what the file says
    (0 where it does not) until its last picture was read, and exact from then on.
    """

    path: str
    content_id: str
    stream: int
    frame_rate: Fraction
    time_base: Fraction
    variable_rate: bool
    start_pts: int
    duration_pts: int
    size_wh: tuple[int, int]
    frames: int
    start_timecode: str | None = None
    drop_frame: bool = False
    reel: str | None = None
    sound_channels: int = 0
    """Of the first sound track; 0: the film is silent."""
    parts: tuple[FilmPart, ...] = ()
    """The files in their order, of a film that is several; `path`, timecode and reel above are the first's then."""

    def seconds(self, pts: int) -> float:
        """Seconds from the film's first picture."""
        base = self.time_base  # by hand, for a long film asks many thousand times
        return (pts - self.start_pts) * base.numerator / base.denominator

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return float(self.duration_pts * self.time_base)

    @property
    def frame_pts(self) -> Fraction:
        """How long one frame lasts at the nominal rate, in units of pts."""
        return 1 / (self.frame_rate * self.time_base)


class Pixels(Protocol):
    """A decoded picture that is converted when asked."""

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of `rgb`."""

    def rgb(self) -> PixelArray:
        """(h, w, 3) uint8 RGB as displayed."""

    def small(self, width: int) -> PixelArray:
        """(h, width, 3) uint8 luma and two colour differences, as stored (not rotated)."""


@dataclass(frozen=True, eq=False)
class FilmPicture:
    """One picture at its exact time. Its pixels are converted at each call, so keep what you need, not the picture:

    a decoder hands out only so many pictures at once.
    """

    pts: int
    duration_pts: int
    pixels: Pixels
    path: Path = Path()
    """The file it is in."""

    def rgb(self) -> PixelArray:
        """(h, w, 3) uint8 RGB, upright, with square pixels: the film's `size_wh`. The array is yours.

        Raises FilmError where it cannot be converted; so do `small` and `grey`.
        """
        with as_film_error(self.path):
            return self.pixels.rgb()

    def small(self, width: int = 96) -> PixelArray:
        """(h, width, 3) uint8 Y, Cb, Cr for shot detection: no full-size conversion, not rotated."""
        with as_film_error(self.path):
            return self.pixels.small(width)

    def grey(self, width: int = 96) -> PixelArray:
        """(h, width) uint8 luma, not rotated."""
        return self.small(width)[:, :, 0]


@dataclass(frozen=True)
class ReadSoFar:
    """Where an interrupted reading stood: handed to the next one, it makes both together equal to one whole reading.

    `frames`: pictures read; `irregular`: whether an interval differed from the nominal rate; `part_starts`: the first
    pts of each file that was begun, of several read as one film; `restarted`: whether a file's clock began again, from
    where on times in the file are not those of the film.
    """

    frames: int = 0
    irregular: bool = False
    gaps: tuple[Gap, ...] = ()
    part_starts: tuple[int, ...] = ()
    restarted: bool = False


def is_irregular(frame_pts: float, interval_pts: int, *, missing: bool = False) -> bool:
    """Whether an interval between pictures differs from the nominal one, `frame_pts`, by more than rounding does.

    `missing`: whole multiples of the nominal interval count as regular.
    """
    times = max(round(interval_pts / frame_pts), 1) if missing else 1
    return abs(interval_pts - times * frame_pts) > 1 + frame_pts / 100


def merged(gaps: tuple[Gap, ...], gap: Gap) -> tuple[Gap, ...]:
    """The gaps with one more; one that goes on where the last ended, for the same reason, makes it longer."""
    if gaps and gaps[-1][2] == gap[2] and gap[0] <= gaps[-1][1]:
        return (*gaps[:-1], (gaps[-1][0], max(gaps[-1][1], gap[1]), gap[2]))
    return (*gaps, gap)
