"""OpenTimelineIO (`.otio`): the film as a clip with a marker per appearance, or a track of cuts.

The native JSON of OpenTimelineIO, written by hand from exact frame numbers and read back by its library in the tests:
its schemas are few and versioned, and nobody has to install it to export.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from personae.exports.grid import Grid
from personae.exports.spans import file_name, file_url, line, spans, title
from personae.timeline.selection import Cut
from personae.timeline.timeline import Timeline

COLOURS = ("BLUE", "GREEN", "PINK", "YELLOW", "CYAN", "PURPLE", "RED", "MAGENTA", "ORANGE")
UNKNOWN = "WHITE"


class OpenTimeline:
    """`.otio`: one clip of the whole film, its markers in the film's own time."""

    name = "otio"
    suffixes = (".otio",)
    title = "OpenTimelineIO"

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The document in UTF-8."""
        grid = Grid.of(timeline.video)
        markers = [
            {
                "OTIO_SCHEMA": "Marker.2",
                "name": span.name,
                "color": span.colour_of(COLOURS, UNKNOWN),
                "comment": span.note,
                "marked_range": _range(grid, grid.start_frame + span.first, span.frames),
                "metadata": {
                    "personae": {
                        "id": span.appearance.id,
                        "character": None if span.appearance.character is None else span.name,
                        "unknown": None if span.appearance.unknown is None else span.name,
                        "similarity": span.appearance.similarity,
                        "confidence": span.appearance.confidence,
                        "decided_by": span.appearance.decided_by,
                        "depicted": span.appearance.depicted,
                    }
                },
            }
            for span in spans(timeline, grid)
        ]
        clip = _clip(timeline, grid, title(timeline), 0, grid.frames, markers)
        sound = _clip(timeline, grid, title(timeline), 0, grid.frames, [])
        return _document(timeline, title(timeline), [clip], [sound], _time(grid, grid.start_frame))


def stringout(timeline: Timeline, cuts: Sequence[Cut], name: str) -> bytes:
    """A track of the cuts, one after the other, and one of their sound."""
    grid = Grid.of(timeline.video)
    clips = []
    for cut in cuts:
        first, end = grid.span(cut.start_pts, cut.end_pts)
        clips.append(_clip(timeline, grid, line(" + ".join(cut.names)) or title(timeline), first, end, []))
    return _document(timeline, line(name), clips, clips, None)


def _document(timeline: Timeline, name: str, clips: list[Any], sound: list[Any], start: Any) -> bytes:
    tracks = [_item("Track.1", name="V1", kind="Video", children=clips)]
    if timeline.video.sound_channels:
        tracks.append(_item("Track.1", name="A1", kind="Audio", children=sound))
    stack = _item("Stack.1", name="tracks", children=tracks)
    whole = {"OTIO_SCHEMA": "Timeline.1", "name": name, "global_start_time": start, "metadata": {}, "tracks": stack}
    return (json.dumps(whole, ensure_ascii=False, indent=2) + "\n").encode()


def _clip(timeline: Timeline, grid: Grid, name: str, first: int, end: int, markers: list[Any]) -> Any:
    media = {
        "OTIO_SCHEMA": "ExternalReference.1",
        "name": file_name(timeline),
        "target_url": file_url(timeline.video.path),
        "available_range": _range(grid, grid.start_frame, grid.frames),
        "metadata": {"personae": {"reel": line(timeline.video.reel or ""), "drop_frame": grid.drop}},
    }
    clip = _item("Clip.2", name=name, markers=markers)
    clip["source_range"] = _range(grid, grid.start_frame + first, end - first)
    clip["media_references"] = {"DEFAULT_MEDIA": media}
    clip["active_media_reference_key"] = "DEFAULT_MEDIA"
    return clip


def _item(schema: str, **fields: Any) -> dict[str, Any]:
    plain = {"effects": [], "markers": [], "enabled": True, "metadata": {}, "source_range": None}
    return {"OTIO_SCHEMA": schema, **plain, **fields}


def _range(grid: Grid, start: int, frames: int) -> Any:
    return {"OTIO_SCHEMA": "TimeRange.1", "start_time": _time(grid, start), "duration": _time(grid, frames)}


def _time(grid: Grid, frame: int) -> Any:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(grid.rate), "value": float(frame)}
