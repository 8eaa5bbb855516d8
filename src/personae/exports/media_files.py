"""The files that a film is made of, on the film's frame grid: one, or several in a row, each with its own timecode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PureWindowsPath

from personae.exports.grid import Grid
from personae.exports.spans import line
from personae.timeline.timeline import Timeline


@dataclass(frozen=True)
class MediaFile:
    """One file. `number`: 1 for the first; `first`: the film's frame that its first picture is.

    `grid`: its own frames and timecode, which begin with its first picture.
    """

    number: int
    path: str
    reel: str | None
    first: int
    grid: Grid
    sound_channels: int

    @property
    def name(self) -> str:
        """Its name, on any platform."""
        return line(PureWindowsPath(self.path).name) or "film"

    @property
    def title(self) -> str:
        """Its name without suffix."""
        return line(PureWindowsPath(self.path).stem) or "film"

    @property
    def frames(self) -> int:
        """Length."""
        return self.grid.frames


@dataclass(frozen=True)
class Piece:
    """A stretch within one file, half-open, in frames of that file."""

    file: MediaFile
    first: int
    end: int

    @property
    def frames(self) -> int:
        """Length."""
        return self.end - self.first

    @property
    def film_first(self) -> int:
        """Its first frame as the whole film counts."""
        return self.file.first + self.first


def media_files(timeline: Timeline, grid: Grid) -> tuple[MediaFile, ...]:
    """The film's files in their order; `grid`: the whole film's. Raises InputError as `Grid.of`."""
    video = timeline.video
    if not video.parts:
        return (MediaFile(1, video.path, video.reel, 0, grid, video.sound_channels),)
    starts = [grid.span(part.start_pts, part.start_pts)[0] for part in video.parts]
    result = []
    for number, (part, first, end) in enumerate(zip(video.parts, starts, [*starts[1:], grid.frames], strict=True), 1):
        # Frames are counted at the film's rate; only where they begin is the file's own.
        own = Grid.of(replace(video, start_timecode=part.start_timecode, drop_frame=part.drop_frame), grid.rate)
        own = replace(own, frames=max(end - first, 1), start_pts=part.start_pts)
        result.append(MediaFile(number, part.path, part.reel, first, own, part.sound_channels))
    return tuple(result)


def pieces(files: Sequence[MediaFile], first: int, end: int) -> list[Piece]:
    """A span of the film's frames, cut where one file ends and the next begins; at least one piece."""
    found = []
    for file in files:
        last = file is files[-1]
        begin, stop = max(first, file.first), end if last else min(end, file.first + file.frames)
        if begin < stop:
            found.append(Piece(file, begin - file.first, stop - file.first))
    return found
