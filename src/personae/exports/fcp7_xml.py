"""Final Cut Pro 7 XML (xmeml 5), as Premiere Pro and Resolve read it: a sequence with markers, or of cuts.

In this format frames count from the beginning of sequence and file; their start timecodes are named beside.
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


class PremiereXml:
    """`.xml`: a sequence of the whole film with a marker as long as each appearance."""

    name = "premiere"
    suffixes = (".xml",)
    title = "markers for Premiere Pro (Final Cut Pro 7 XML)"

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The document in UTF-8."""
        grid = Grid.of(timeline.video)
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
        name = title(timeline)
        return _sequence(timeline, grid, name, [(0, grid.frames, name)], markers, grid.start_frame)


def stringout(timeline: Timeline, cuts: Sequence[Cut], name: str) -> bytes:
    """A sequence of the cuts, one after the other."""
    grid = Grid.of(timeline.video)
    clips = []
    for cut in cuts:
        first, end = grid.span(cut.start_pts, cut.end_pts)
        clips.append((first, end, line(" + ".join(cut.names)) or title(timeline)))
    return _sequence(timeline, grid, line(name), clips, [], 0)


def _sequence(
    timeline: Timeline,
    grid: Grid,
    name: str,
    clips: Sequence[tuple[int, int, str]],
    markers: Sequence[Element],
    start_frame: int,
) -> bytes:
    # A clip of picture, and one for each channel of sound, linked so that they move together.
    channels = min(timeline.video.sound_channels, 2)
    tracks: list[list[Element]] = [[] for _ in range(1 + channels)]
    position = 0
    for number, (first, end, clip_name) in enumerate(clips, 1):
        for track, items in enumerate(tracks):
            # The file is told in full once; after that its id stands for it.
            file = _file(timeline, grid) if number == 1 and track == 0 else element("file", id="film")
            item = element(
                "clipitem",
                element("name", clip_name),
                element("enabled", "TRUE"),
                element("duration", str(grid.frames)),
                _rate(grid),
                element("start", str(position)),
                element("end", str(position + end - first)),
                element("in", str(first)),
                element("out", str(end)),
                file,
                id=f"clip-{number}-{track}",
            )
            if channels:
                kind, index = ("video", 1) if track == 0 else ("audio", track)
                item.append(element("sourcetrack", element("mediatype", kind), element("trackindex", str(index))))
                item.extend(_link(number, other) for other in range(len(tracks)))
            items.append(item)
        position += end - first
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
    return document(element("xmeml", sequence, version="5"), "xmeml")


def _link(number: int, track: int) -> Element:
    kind, index = ("video", 1) if track == 0 else ("audio", track)
    return element(
        "link",
        element("linkclipref", f"clip-{number}-{track}"),
        element("mediatype", kind),
        element("trackindex", str(index)),
        element("clipindex", str(number)),
    )


def _file(timeline: Timeline, grid: Grid) -> Element:
    timecode = _timecode(grid, grid.start_frame)
    if timeline.video.reel:
        timecode.append(element("reel", element("name", line(timeline.video.reel))))
    media = element("media", element("video", element("duration", str(grid.frames)), _picture(timeline, grid)))
    if timeline.video.sound_channels:
        media.append(element("audio", element("channelcount", str(timeline.video.sound_channels))))
    return element(
        "file",
        element("name", file_name(timeline)),
        element("pathurl", file_url(timeline.video.path).replace("file:///", "file://localhost/")),
        _rate(grid),
        element("duration", str(grid.frames)),
        timecode,
        media,
        id="film",
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
