"""Final Cut Pro 7 XML (xmeml 5), as Premiere Pro and Resolve read it: a sequence with markers, or of cuts.

In this format frames count from the beginning of sequence and file; their start timecodes are named beside.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast
from xml.etree.ElementTree import Comment, Element

from personae.exports.grid import Grid
from personae.exports.held_rate import rate_note
from personae.exports.media_files import MediaFile, Piece, media_files, pieces
from personae.exports.spans import file_url, line, spans, title
from personae.exports.xml import document, element
from personae.timeline.selection import Cut
from personae.timeline.timeline import Timeline


class PremiereXml:
    """`.xml`: a sequence of the whole film with a marker as long as each appearance."""

    name = "premiere"
    suffixes = (".xml",)
    title = "markers for Premiere Pro (Final Cut Pro 7 XML)"
    counts_frames = True

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The document in UTF-8."""
        grid = Grid.held(timeline.video)
        markers = [
            element(
                "marker",
                element("comment", span.note),
                element("name", span.name),
                element("in", str(span.first)),
                element("out", str(span.end)),
            )
            for span in spans(timeline, grid)
        ]
        whole = [(piece, piece.file.title) for piece in pieces(media_files(timeline, grid), 0, grid.frames)]
        return _sequence(timeline, grid, title(timeline), whole, markers, grid.start_frame)


def stringout(timeline: Timeline, cuts: Sequence[Cut], name: str) -> bytes:
    """A sequence of the cuts, one after the other."""
    grid = Grid.held(timeline.video)
    files = media_files(timeline, grid)
    clips = [
        (piece, line(" + ".join(cut.names)) or title(timeline))
        for cut in cuts
        for piece in pieces(files, *grid.span(cut.start_pts, cut.end_pts))
    ]
    return _sequence(timeline, grid, line(name), clips, [], 0)


def _sequence(
    timeline: Timeline,
    grid: Grid,
    name: str,
    clips: Sequence[tuple[Piece, str]],
    markers: Sequence[Element],
    start_frame: int,
) -> bytes:
    # A clip of picture, and one for each channel of sound, linked so that they move together.
    channels = min(timeline.video.sound_channels, 2)
    tracks: list[list[Element]] = [[] for _ in range(1 + channels)]
    position, told = 0, set[int]()
    for number, (piece, clip_name) in enumerate(clips, 1):
        for track, items in enumerate(tracks):
            # A file is told in full once; after that its id stands for it.
            new = piece.file.number not in told
            file = _file(timeline, piece.file) if new else element("file", id=_file_id(piece.file))
            told.add(piece.file.number)
            item = element(
                "clipitem",
                element("name", clip_name),
                element("enabled", "TRUE"),
                element("duration", str(piece.file.frames)),
                _rate(grid),
                element("start", str(position)),
                element("end", str(position + piece.frames)),
                element("in", str(piece.first)),
                element("out", str(piece.end)),
                file,
                id=f"clip-{number}-{track}",
            )
            if channels:
                kind, index = ("video", 1) if track == 0 else ("audio", track)
                item.append(element("sourcetrack", element("mediatype", kind), element("trackindex", str(index))))
                item.extend(_link(number, other) for other in range(len(tracks)))
            items.append(item)
        position += piece.frames
    media = element(
        "media", element("video", element("format", _picture(timeline, grid)), element("track", *tracks[0]))
    )
    if channels:
        media.append(element("audio", *(element("track", *items) for items in tracks[1:])))
    sequence = element(
        "sequence",
        element("name", name),
        element("duration", str(position)),
        _rate(grid),
        _timecode(grid, start_frame),
        media,
        *markers,
        id="sequence-1",
    )
    root, note = element("xmeml", version="5"), rate_note(timeline.video)
    if note is not None:
        root.append(cast(Element, Comment(note)))
    root.append(sequence)
    return document(root, "xmeml")


def _link(number: int, track: int) -> Element:
    kind, index = ("video", 1) if track == 0 else ("audio", track)
    return element(
        "link",
        element("linkclipref", f"clip-{number}-{track}"),
        element("mediatype", kind),
        element("trackindex", str(index)),
        element("clipindex", str(number)),
    )


def _file_id(file: MediaFile) -> str:
    return "film" if file.number == 1 else f"film-{file.number}"


def _file(timeline: Timeline, file: MediaFile) -> Element:
    grid = file.grid
    timecode = _timecode(grid, grid.start_frame)
    if file.reel:
        timecode.append(element("reel", element("name", line(file.reel))))
    media = element("media", element("video", element("duration", str(grid.frames)), _picture(timeline, grid)))
    if file.sound_channels:
        media.append(element("audio", element("channelcount", str(file.sound_channels))))
    return element(
        "file",
        element("name", file.name),
        element("pathurl", file_url(file.path).replace("file:///", "file://localhost/")),
        _rate(grid),
        element("duration", str(grid.frames)),
        timecode,
        media,
        id=_file_id(file),
    )


def _picture(timeline: Timeline, grid: Grid) -> Element:
    width, height = timeline.video.size_wh
    return element(
        "samplecharacteristics",
        _rate(grid),
        element("width", str(width)),
        element("height", str(height)),
        element("pixelaspectratio", "square"),
    )


def _rate(grid: Grid) -> Element:
    return element("rate", element("timebase", str(grid.nominal)), element("ntsc", "TRUE" if grid.ntsc else "FALSE"))


def _timecode(grid: Grid, frame: int) -> Element:
    return element(
        "timecode",
        _rate(grid),
        element("string", grid.timecode(frame - grid.start_frame)),
        element("frame", str(frame)),
        element("displayformat", "DF" if grid.drop else "NDF"),
    )
