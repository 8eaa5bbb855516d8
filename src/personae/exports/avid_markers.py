"""Marker text for Avid Media Composer: user, timecode, track, colour, comment, length in frames; tabs between."""

from __future__ import annotations

from pathlib import Path

from personae.exports.edl import LOCATOR_COLOURS, LOCATOR_UNKNOWN
from personae.exports.grid import Grid
from personae.exports.spans import spans
from personae.timeline.timeline import Timeline


class AvidMarkers:
    """`.txt`: a marker with its length per appearance, on track V1."""

    name = "avid"
    suffixes = (".txt", ".avid.txt")
    title = "markers for Avid Media Composer"
    counts_frames = True

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The list in UTF-8."""
        grid = Grid.held(timeline.video)
        rows = [
            "\t".join(
                (
                    "Personae",
                    grid.timecode(span.first),
                    "V1",
                    span.colour_of(LOCATOR_COLOURS, LOCATOR_UNKNOWN).lower(),
                    f"{span.name} ({span.note})",
                    str(span.frames),
                )
            )
            for span in spans(timeline, grid)
        ]
        return "".join(row + "\n" for row in rows).encode()
