"""An EDL with `* LOC:` markers, as Avid and many finishing systems read: an event per file, a line per appearance.

A locator has no length; its text gives the number of frames and the last one.
"""

from __future__ import annotations

from pathlib import Path

from personae.exports.edl import LOCATOR_COLOURS, LOCATOR_UNKNOWN, comments, event, head
from personae.exports.grid import Grid
from personae.exports.media_files import MediaFile, media_files
from personae.exports.spans import Span, spans, title
from personae.timeline.timeline import Timeline
from personae.types import count_of


class Locators:
    """`.loc.edl`: the film as one event (one per file, of several in a row) with a locator per appearance."""

    name = "loc"
    suffixes = (".loc.edl",)
    title = "EDL with * LOC: markers"
    counts_frames = True

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The EDL in UTF-8."""
        grid = Grid.held(timeline.video)
        files, found = media_files(timeline, grid), spans(timeline, grid)
        lines = head(timeline, title(timeline), grid)
        for file in files:
            source = (file.grid.timecode(0), file.grid.timecode(file.frames))
            record = (grid.timecode(file.first), grid.timecode(file.first + file.frames))
            lines.append(event(file, file.number, source, record))
            lines += comments(file)
            lines += [_locator(span, grid) for span in found if _begins_in(span, file, files)]
        return ("\n".join(lines) + "\n").encode()


def _begins_in(span: Span, file: MediaFile, files: tuple[MediaFile, ...]) -> bool:
    return file.first <= span.first and (file is files[-1] or span.first < file.first + file.frames)


def _locator(span: Span, grid: Grid) -> str:
    colour = span.colour_of(LOCATOR_COLOURS, LOCATOR_UNKNOWN)
    text = f"{span.name} ({count_of(span.frames, 'frame')} to {grid.timecode(span.end - 1)})"
    return f"* LOC: {grid.timecode(span.first)} {colour:<7} {text}"
