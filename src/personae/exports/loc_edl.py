"""An EDL with `* LOC:` markers, as Avid and many finishing systems read: the film as one event, a line per appearance.

A locator has no length; its text gives the number of frames and the last one.
"""

from __future__ import annotations

from pathlib import Path

from personae.exports.edl import LOCATOR_COLOURS, LOCATOR_UNKNOWN, comments, event, fcm
from personae.exports.grid import Grid
from personae.exports.spans import spans, title
from personae.timeline.timeline import Timeline
from personae.types import count_of


class Locators:
    """`.loc.edl`: one event with a locator per appearance."""

    name = "loc"
    suffixes = (".loc.edl",)
    title = "EDL with * LOC: markers"

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The EDL in UTF-8."""
        grid = Grid.of(timeline.video)
        whole = (grid.timecode(0), grid.timecode(grid.frames))
        lines = [f"TITLE: {title(timeline)}", f"FCM: {fcm(grid)}", "", event(timeline, 1, whole, whole)]
        lines += comments(timeline)
        for span in spans(timeline, grid):
            colour = span.colour_of(LOCATOR_COLOURS, LOCATOR_UNKNOWN)
            text = f"{span.name} ({count_of(span.frames, 'frame')} to {grid.timecode(span.end - 1)})"
            lines.append(f"* LOC: {grid.timecode(span.first)} {colour:<7} {text}")
        return ("\n".join(lines) + "\n").encode()
