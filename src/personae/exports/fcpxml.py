"""FCPXML 1.10 for Final Cut Pro: the film with a keyword range per appearance, or a project of cuts.

Times are rational seconds, exact multiples of the format's `frameDuration`. A keyword's value is a list with commas, so
a comma in a name is written as a semicolon.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

from personae.exports.grid import Grid
from personae.exports.spans import file_name, file_url, line, spans, title
from personae.exports.xml import document, element
from personae.timeline.selection import Cut
from personae.timeline.timeline import Timeline


class FinalCutXml:
    """`.fcpxml`: an event with the film, a keyword range per appearance."""

    name = "fcpxml"
    suffixes = (".fcpxml",)
    title = "keyword ranges for Final Cut Pro"

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The document in UTF-8."""
        grid = Grid.of(timeline.video)
        keywords = [
            element(
                "keyword",
                start=time(grid, grid.start_frame + span.first),
                duration=time(grid, span.frames),
                value=span.name.replace(",", ";"),
                note=span.note,
            )
            for span in spans(timeline, grid)
        ]
        clip = element(
            "asset-clip",
            *keywords,
            ref="r2",
            name=title(timeline),
            start=time(grid, grid.start_frame),
            duration=time(grid, grid.frames),
            format="r1",
            tcFormat=_tc_format(grid),
        )
        return _document(timeline, grid, element("event", clip, name="Personae"))


def stringout(timeline: Timeline, cuts: Sequence[Cut], name: str) -> bytes:
    """A project with the cuts in its primary storyline, one after the other."""
    grid = Grid.of(timeline.video)
    clips, offset = [], 0
    for cut in cuts:
        first, end = grid.span(cut.start_pts, cut.end_pts)
        clips.append(
            element(
                "asset-clip",
                ref="r2",
                offset=time(grid, offset),
                name=line(" + ".join(cut.names)) or title(timeline),
                start=time(grid, grid.start_frame + first),
                duration=time(grid, end - first),
                format="r1",
                tcFormat=_tc_format(grid),
            )
        )
        offset += end - first
    sequence = element(
        "sequence",
        element("spine", *clips),
        format="r1",
        duration=time(grid, offset),
        tcStart="0s",
        tcFormat=_tc_format(grid),
    )
    project = element("project", sequence, name=line(name))
    return _document(timeline, grid, element("event", project, name="Personae"))


def time(grid: Grid, frames: int) -> str:
    """A number of frames as rational seconds, in multiples of the frame's duration."""
    if frames == 0:
        return "0s"
    return f"{frames * grid.rate.denominator}/{grid.rate.numerator}s"


def _document(timeline: Timeline, grid: Grid, event: Element) -> bytes:
    width, height = timeline.video.size_wh
    form = element("format", id="r1", frameDuration=time(grid, 1), width=str(width), height=str(height))
    asset = element(
        "asset",
        element("media-rep", kind="original-media", src=file_url(timeline.video.path)),
        id="r2",
        name=file_name(timeline),
        start=time(grid, grid.start_frame),
        duration=time(grid, grid.frames),
        hasVideo="1",
        format="r1",
    )
    if timeline.video.sound_channels:
        asset.attrib |= {"hasAudio": "1", "audioSources": "1", "audioChannels": str(timeline.video.sound_channels)}
    root = element("fcpxml", element("resources", form, asset), element("library", event), version="1.10")
    return document(root, "fcpxml")


def _tc_format(grid: Grid) -> str:
    return "DF" if grid.drop else "NDF"
