"""FCPXML 1.10 for Final Cut Pro: the film with a keyword range per appearance, or a project of cuts.

Times are rational seconds, exact multiples of the format's `frameDuration`. A keyword's value is a list with commas, so
a comma in a name is written as a semicolon.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

from personae.exports.grid import Grid
from personae.exports.media_files import MediaFile, Piece, media_files, pieces
from personae.exports.spans import Span, file_url, line, spans, title
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
        files = media_files(timeline, grid)
        found = [(span, piece) for span in spans(timeline, grid) for piece in pieces(files, span.first, span.end)]
        clips = [
            element(
                "asset-clip",
                *(_keyword(span, piece) for span, piece in found if piece.file is file),
                ref=_asset_id(file),
                name=file.title,
                start=time(file.grid, file.grid.start_frame),
                duration=time(file.grid, file.frames),
                format="r1",
                tcFormat=_tc_format(file.grid),
            )
            for file in files
        ]
        return _document(timeline, grid, files, element("event", *clips, name="Personae"))


def _keyword(span: Span, piece: Piece) -> Element:
    own = piece.file.grid
    return element(
        "keyword",
        start=time(own, own.start_frame + piece.first),
        duration=time(own, piece.frames),
        value=span.name.replace(",", ";"),
        note=span.note,
    )


def stringout(timeline: Timeline, cuts: Sequence[Cut], name: str) -> bytes:
    """A project with the cuts in its primary storyline, one after the other."""
    grid = Grid.of(timeline.video)
    files = media_files(timeline, grid)
    clips, offset = [], 0
    for cut in cuts:
        for piece in pieces(files, *grid.span(cut.start_pts, cut.end_pts)):
            own = piece.file.grid
            clips.append(
                element(
                    "asset-clip",
                    ref=_asset_id(piece.file),
                    offset=time(grid, offset),
                    name=line(" + ".join(cut.names)) or title(timeline),
                    start=time(own, own.start_frame + piece.first),
                    duration=time(own, piece.frames),
                    format="r1",
                    tcFormat=_tc_format(own),
                )
            )
            offset += piece.frames
    sequence = element(
        "sequence",
        element("spine", *clips),
        format="r1",
        duration=time(grid, offset),
        tcStart="0s",
        tcFormat=_tc_format(grid),
    )
    project = element("project", sequence, name=line(name))
    return _document(timeline, grid, files, element("event", project, name="Personae"))


def time(grid: Grid, frames: int) -> str:
    """A number of frames as rational seconds, in multiples of the frame's duration."""
    if frames == 0:
        return "0s"
    return f"{frames * grid.rate.denominator}/{grid.rate.numerator}s"


def _document(timeline: Timeline, grid: Grid, files: Sequence[MediaFile], event: Element) -> bytes:
    width, height = timeline.video.size_wh
    form = element("format", id="r1", frameDuration=time(grid, 1), width=str(width), height=str(height))
    resources = element("resources", form, *(_asset(file) for file in files))
    root = element("fcpxml", resources, element("library", event), version="1.10")
    return document(root, "fcpxml")


def _asset_id(file: MediaFile) -> str:
    return f"r{file.number + 1}"


def _asset(file: MediaFile) -> Element:
    asset = element(
        "asset",
        element("media-rep", kind="original-media", src=file_url(file.path)),
        id=_asset_id(file),
        name=file.name,
        start=time(file.grid, file.grid.start_frame),
        duration=time(file.grid, file.frames),
        hasVideo="1",
        format="r1",
    )
    if file.sound_channels:
        asset.attrib |= {"hasAudio": "1", "audioSources": "1", "audioChannels": str(file.sound_channels)}
    return asset


def _tc_format(grid: Grid) -> str:
    return "DF" if grid.drop else "NDF"
