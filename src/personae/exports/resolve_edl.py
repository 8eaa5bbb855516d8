"""Markers for DaVinci Resolve: an EDL of one-frame events, each with a line of colour, name and duration.

Resolve keeps one marker per frame. Appearances that begin on the same frame therefore share a marker: its name lists
all, it lasts as long as the longest, and its note gives the span of each.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from personae.exports.edl import head
from personae.exports.grid import Grid
from personae.exports.spans import Span, spans, title
from personae.timeline.timeline import Timeline

COLOURS = ("Blue", "Green", "Pink", "Yellow", "Cyan", "Purple", "Red", "Mint", "Fuchsia", "Lemon", "Sky", "Rose",
           "Lavender", "Cocoa")  # fmt: skip
UNKNOWN = "Sand"


class ResolveMarkers:
    """`.edl`: a marker per appearance, as long as it."""

    name = "resolve"
    suffixes = (".edl", ".resolve.edl")
    title = "markers for DaVinci Resolve"
    counts_frames = True

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The EDL in UTF-8."""
        grid = Grid.held(timeline.video)
        lines = head(timeline, title(timeline), grid)
        found = groupby(spans(timeline, grid), key=lambda span: span.first)
        for number, (first, group) in enumerate(found, 1):
            here = sorted(group, key=lambda span: span.colour is None)
            at = f"{grid.timecode(first)} {grid.timecode(first + 1)}"
            names = " + ".join(dict.fromkeys(_field(span.name) for span in here))
            colour = here[0].colour_of(COLOURS, UNKNOWN)
            lines.append(f"{number:03}  001      V     C        {at} {at}  ")
            lines.append(
                f"{_note(here, grid)} |C:ResolveColor{colour} |M:{names} |D:{max(span.frames for span in here)}"
            )
            lines.append("")
        return ("\n".join(lines) + "\n").encode()


def _note(here: list[Span], grid: Grid) -> str:
    if len(here) == 1:
        return here[0].note
    return "; ".join(
        f"{_field(span.name)} {grid.timecode(span.first)}-{grid.timecode(span.end)}, {span.note}" for span in here
    )


def _field(text: str) -> str:
    """A name that cannot end its field."""
    return text.replace("|", "/")
