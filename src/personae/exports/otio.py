"""OpenTimelineIO (`.otio`): the film as a clip with a marker per appearance, its shots, or a track of cuts.

The native JSON of OpenTimelineIO, written by hand from exact frame numbers and read back by its library in the tests:
its schemas are few and versioned, and nobody has to install it to export.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from personae.exports.grid import Grid
from personae.exports.media_files import MediaFile, Piece, media_files, pieces
from personae.exports.shots import listed_shots
from personae.exports.spans import Span, file_url, line, spans, title
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
        files = media_files(timeline, grid)
        found = [(span, piece) for span in spans(timeline, grid) for piece in pieces(files, span.first, span.end)]
        clips, sound = [], []
        for whole in pieces(files, 0, grid.frames):
            markers = [_marker(span, piece) for span, piece in found if piece.file is whole.file]
            clips.append(_clip(whole, whole.file.title, markers))
            sound.append(_clip(whole, whole.file.title, []))
        return _document(timeline, title(timeline), clips, sound, _time(grid, grid.start_frame))


class ShotTimeline:
    """`.shots.otio`: a clip per shot, who is in it as metadata and markers; a gap where nothing could be read."""

    name = "shots-otio"
    suffixes = (".shots.otio",)
    title = "OpenTimelineIO: a clip per shot"

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The document in UTF-8."""
        grid = Grid.of(timeline.video)
        files = media_files(timeline, grid)
        clips: list[Any] = []
        sound: list[Any] = []
        at = 0
        for shot in listed_shots(timeline, grid):
            if shot.first > at:
                gap = _item("Gap.1", name="", source_range=_range(grid, 0, shot.first - at))
                clips.append(gap)
                sound.append(gap)
            at = shot.end
            facts = {name: list(getattr(shot, name)) for name in ("people", "unknown", "depicted")}
            for piece in pieces(files, shot.first, shot.end):
                inside = [
                    _marker(span, part)
                    for span in shot.spans
                    for part in pieces(files, span.first, span.end)
                    if part.file is piece.file
                ]
                clip = _clip(piece, f"Shot {shot.number}", inside)
                clips.append({**clip, "metadata": {"personae": {"shot": shot.number, **facts}}})
                sound.append(_clip(piece, f"Shot {shot.number}", []))
        return _document(timeline, title(timeline), clips, sound, _time(grid, grid.start_frame))


def _marker(span: Span, piece: Piece) -> Any:
    own = piece.file.grid
    return {
        "OTIO_SCHEMA": "Marker.2",
        "name": span.name,
        "color": span.colour_of(COLOURS, UNKNOWN),
        "comment": span.note,
        "marked_range": _range(own, own.start_frame + piece.first, piece.frames),
        "metadata": {
            "personae": {
                "id": span.appearance.id,
                "character": None if span.appearance.character is None else span.name,
                "character_id": span.appearance.character_id,
                "unknown": None if span.appearance.unknown is None else span.name,
                "similarity": span.appearance.similarity,
                "confidence": span.appearance.confidence,
                "decided_by": span.appearance.decided_by,
                "depicted": span.appearance.depicted,
                "seen": span.appearance.seen,
                "stranger": span.appearance.stranger,
            }
        },
    }


def stringout(timeline: Timeline, cuts: Sequence[Cut], name: str) -> bytes:
    """A track of the cuts, one after the other, and one of their sound."""
    grid = Grid.of(timeline.video)
    files = media_files(timeline, grid)
    clips = [
        _clip(piece, line(" + ".join(cut.names)) or title(timeline), [])
        for cut in cuts
        for piece in pieces(files, *grid.span(cut.start_pts, cut.end_pts))
    ]
    return _document(timeline, line(name), clips, clips, None)


def _document(timeline: Timeline, name: str, clips: list[Any], sound: list[Any], start: Any) -> bytes:
    tracks = [_item("Track.1", name="V1", kind="Video", children=clips)]
    if timeline.video.sound_channels:
        tracks.append(_item("Track.1", name="A1", kind="Audio", children=sound))
    stack = _item("Stack.1", name="tracks", children=tracks)
    whole = {"OTIO_SCHEMA": "Timeline.1", "name": name, "global_start_time": start, "metadata": {}, "tracks": stack}
    return (json.dumps(whole, ensure_ascii=False, indent=2) + "\n").encode()


def _clip(piece: Piece, name: str, markers: list[Any]) -> Any:
    file, own = piece.file, piece.file.grid
    clip = _item("Clip.2", name=name, markers=markers)
    clip["source_range"] = _range(own, own.start_frame + piece.first, piece.frames)
    clip["media_references"] = {"DEFAULT_MEDIA": _media(file)}
    clip["active_media_reference_key"] = "DEFAULT_MEDIA"
    return clip


def _media(file: MediaFile) -> Any:
    return {
        "OTIO_SCHEMA": "ExternalReference.1",
        "name": file.name,
        "target_url": file_url(file.path),
        "available_range": _range(file.grid, file.grid.start_frame, file.frames),
        "metadata": {"personae": {"reel": line(file.reel or ""), "drop_frame": file.grid.drop}},
    }


def _item(schema: str, **fields: Any) -> dict[str, Any]:
    plain = {"effects": [], "markers": [], "enabled": True, "metadata": {}, "source_range": None}
    return {"OTIO_SCHEMA": schema, **plain, **fields}


def _range(grid: Grid, start: int, frames: int) -> Any:
    return {"OTIO_SCHEMA": "TimeRange.1", "start_time": _time(grid, start), "duration": _time(grid, frames)}


def _time(grid: Grid, frame: int) -> Any:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(grid.rate), "value": float(frame)}
