"""The native format of a timeline: JSON, schema `personae/timeline/1`, lossless, without embeddings.

The schema is `schemas/timeline-1.schema.json` in the package. Whoever reads a file accepts fields it does not know.
Times are given twice: `*_pts` is exact (times the video's `time_base`), `*_s` is the same in seconds from the film's
first picture, for people.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

from personae.errors import DamagedFileError, ForeignFileError, StoreError, TooNewError
from personae.files import read_whole, write_whole
from personae.hints import command
from personae.media.film import FilmPart
from personae.timeline.timeline import SCHEMA, Appearance, BestPicture, Depicted, Shot, Timeline, Totals, Track, Video

_KIND, _, _VERSION = SCHEMA.rpartition("/")
_ROWS = ("shots", "appearances", "characters", "depicted", "tracks")


def to_json(timeline: Timeline) -> dict[str, Any]:
    """`timeline` as plain JSON types."""
    video = timeline.video
    return {
        "schema": SCHEMA,
        "video": video_dict(video),
        "model": timeline.model,
        "settings": timeline.settings,
        "shots": [_span(video, shot.start_pts, shot.end_pts) for shot in timeline.shots],
        "appearances": [_appearance_dict(video, appearance) for appearance in timeline.appearances],
        "characters": [_totals_dict(totals) for totals in timeline.characters],
        "depicted": [_depicted_dict(one) for one in timeline.depicted],
        "tracks": [_track_dict(track) for track in timeline.tracks],
        "gaps": [{**_span(video, start, end), "why": why} for start, end, why in timeline.gaps],
    }


def from_json(document: Any, source: str | Path = "timeline") -> Timeline:
    """The timeline of a parsed document; `source` is named in errors.

    Raises ForeignFileError for what is no timeline, TooNewError for a newer major version, DamagedFileError otherwise.
    """
    _check_schema(document, source)
    try:
        video = video_of(document["video"])
        appearances = tuple(_appearance(row) for row in document["appearances"])
        # Earlier files do not sum them up.
        rows = document.get("depicted")
        depicted = _depicted_in(appearances, video) if rows is None else tuple(_depicted(row) for row in rows)
        return Timeline(
            video,
            tuple(Shot(int(row["start_pts"]), int(row["end_pts"])) for row in document["shots"]),
            tuple(_track(row) for row in document["tracks"]),
            appearances,
            tuple(_totals(row) for row in document["characters"]),
            dict(document["model"]),
            dict(document["settings"]),
            tuple((int(row["start_pts"]), int(row["end_pts"]), str(row["why"])) for row in document.get("gaps", [])),
            depicted,
        )
    except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError) as error:
        raise DamagedFileError(source, f"this timeline is damaged ({error!r}). Scan the film again.") from error


def dumps(timeline: Timeline) -> str:
    """The document as text, one line per shot, appearance, character and track."""
    parts = []
    for key, value in to_json(timeline).items():
        if key in _ROWS and value:
            rows = ",\n".join("  " + _dumps(row) for row in value)
            parts.append(f'"{key}": [\n{rows}\n]')
        else:
            parts.append(f'"{key}": {_dumps(value)}')
    return "{" + ",\n ".join(parts) + "}\n"


def dumps_line(timeline: Timeline) -> str:
    """The document as one line, for several in a row (NDJSON)."""
    return _dumps(to_json(timeline)) + "\n"


def loads(text: str | bytes, source: str | Path = "timeline") -> Timeline:
    """The timeline of a document's text; raises as `from_json`."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ForeignFileError(source, f"this is not JSON ({error}). Give a timeline that `scan` wrote.") from None
    return from_json(document, source)


def write(timeline: Timeline, path: Path) -> None:
    """Write the document whole; raises WriteError."""
    write_whole(path, dumps(timeline).encode())


def read(path: Path) -> Timeline:
    """The timeline of a file; raises a StoreError where it cannot be read or is none (see `from_json`)."""
    try:
        content = read_whole(path)
    except OSError as error:
        raise StoreError(path, f"cannot be read ({error.strerror}). Scan first: {command('scan FILM')}") from None
    return loads(content, path)


def _check_schema(document: Any, source: str | Path) -> None:
    found = document.get("schema") if isinstance(document, dict) else None
    kind, _, version = str(found).rpartition("/")
    if kind != _KIND or not re.fullmatch("[0-9]{1,9}", version):
        raise ForeignFileError(source, f"this is not a {SCHEMA} document. Give a timeline that `scan` wrote.")
    if int(version) > int(_VERSION):
        raise TooNewError(
            source,
            f"written by a newer Personae ({found}; this one reads {SCHEMA}). Update: pip install -U personae",
        )


def _span(video: Video, start_pts: int, end_pts: int) -> dict[str, Any]:
    return {
        "start_pts": start_pts,
        "end_pts": end_pts,
        "start_s": _seconds(video, start_pts),
        "end_s": _seconds(video, end_pts),
    }


def _seconds(video: Video, pts: int) -> float:
    return round(video.seconds(pts), 6)


def video_dict(video: Video) -> dict[str, Any]:
    """A film's facts as JSON types."""
    facts: dict[str, Any] = {
        "path": _unicode(video.path),
        "content_id": video.content_id,
        "stream": video.stream,
        "frame_rate": _ratio(video.frame_rate),
        "time_base": _ratio(video.time_base),
        "variable_rate": video.variable_rate,
        "start_pts": video.start_pts,
        "duration_pts": video.duration_pts,
        "start_timecode": video.start_timecode,
        "drop_frame": video.drop_frame,
        "reel": video.reel,
        "size": list(video.size_wh),
        "duration_s": round(video.duration_s, 6),
        "frames": video.frames,
        "sound_channels": video.sound_channels,
    }
    if video.parts:
        facts["parts"] = [{**asdict(part), "path": _unicode(part.path)} for part in video.parts]
    return facts


def _unicode(path: str) -> str:
    """A file name need not be valid Unicode; JSON must be."""
    return path.encode("utf-8", "backslashreplace").decode()


def video_of(row: dict[str, Any]) -> Video:
    """A film's facts from JSON types; raises KeyError, TypeError, ValueError."""
    width, height = row["size"]
    return Video(
        path=str(row["path"]),
        content_id=str(row["content_id"]),
        stream=int(row["stream"]),
        frame_rate=Fraction(row["frame_rate"]),
        time_base=Fraction(row["time_base"]),
        variable_rate=bool(row["variable_rate"]),
        start_pts=int(row["start_pts"]),
        duration_pts=int(row["duration_pts"]),
        size_wh=(int(width), int(height)),
        frames=int(row["frames"]),
        start_timecode=row["start_timecode"],
        drop_frame=bool(row["drop_frame"]),
        reel=row["reel"],
        sound_channels=int(row.get("sound_channels", 0)),
        parts=tuple(_part(part) for part in row.get("parts", ())),
    )


def _part(row: dict[str, Any]) -> FilmPart:
    return FilmPart(
        path=str(row["path"]),
        start_pts=int(row["start_pts"]),
        start_timecode=row["start_timecode"],
        drop_frame=bool(row["drop_frame"]),
        reel=row["reel"],
        sound_channels=int(row["sound_channels"]),
        stream=int(row["stream"]),
    )


def _ratio(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


def _appearance_dict(video: Video, appearance: Appearance) -> dict[str, Any]:
    best = appearance.best_picture
    return {
        "id": appearance.id,
        "character": appearance.character,
        "unknown": appearance.unknown,
        **_span(video, appearance.start_pts, appearance.end_pts),
        "similarity": round(appearance.similarity, 4),
        "confidence": round(appearance.confidence, 4),
        "tracks": list(appearance.tracks),
        "depicted": appearance.depicted,
        "decided_by": appearance.decided_by,
        "best_picture": None
        if best is None
        else {
            "t_s": _seconds(video, best.pts),
            "pts": best.pts,
            "box": [round(value, 1) for value in best.box],
            "file": best.file,
        },
    }


def _appearance(row: dict[str, Any]) -> Appearance:
    best = row["best_picture"]
    picture = None
    if best is not None:
        x1, y1, x2, y2 = (float(value) for value in best["box"])
        picture = BestPicture(int(best["pts"]), (x1, y1, x2, y2), best["file"])
    if row["decided_by"] not in ("model", "person"):
        raise ValueError(row["decided_by"])
    return Appearance(
        id=int(row["id"]),
        character=row["character"],
        unknown=row["unknown"],
        start_pts=int(row["start_pts"]),
        end_pts=int(row["end_pts"]),
        similarity=float(row["similarity"]),
        confidence=float(row["confidence"]),
        tracks=tuple(int(track) for track in row["tracks"]),
        best_picture=picture,
        depicted=bool(row["depicted"]),
        decided_by=row["decided_by"],
    )


def _totals_dict(totals: Totals) -> dict[str, Any]:
    return {
        "character": totals.character,
        "unknown": totals.unknown,
        "visible_face_time_s": round(totals.visible_face_time_s, 6),
        "share": round(totals.share, 6),
        "scene_presence_s": round(totals.scene_presence_s, 6),
        "appearances": totals.appearances,
        "first_s": round(totals.first_s, 6),
        "last_s": round(totals.last_s, 6),
    }


def _totals(row: dict[str, Any]) -> Totals:
    return Totals(
        character=row["character"],
        unknown=row["unknown"],
        visible_face_time_s=float(row["visible_face_time_s"]),
        share=float(row["share"]),
        scene_presence_s=float(row["scene_presence_s"]),
        appearances=int(row["appearances"]),
        first_s=float(row["first_s"]),
        last_s=float(row["last_s"]),
    )


def _depicted_dict(one: Depicted) -> dict[str, Any]:
    return {
        "character": one.character,
        "unknown": one.unknown,
        "depicted_s": round(one.depicted_s, 6),
        "appearances": one.appearances,
    }


def _depicted(row: dict[str, Any]) -> Depicted:
    return Depicted(row["character"], row["unknown"], float(row["depicted_s"]), int(row["appearances"]))


def _depicted_in(appearances: Sequence[Appearance], video: Video) -> tuple[Depicted, ...]:
    found: dict[tuple[str | None, str | None], list[Appearance]] = {}
    for one in appearances:
        if one.depicted:
            found.setdefault((one.character, one.unknown), []).append(one)
    return tuple(
        Depicted(*who, float(sum(one.end_pts - one.start_pts for one in own) * video.time_base), len(own))
        for who, own in found.items()
    )


def _track_dict(track: Track) -> dict[str, Any]:
    return {
        "id": track.id,
        "shot": track.shot,
        "start_pts": track.start_pts,
        "end_pts": track.end_pts,
        "boxes": [[box[0], *(round(value, 1) for value in box[1:5]), round(box[5], 3)] for box in track.boxes],
    }


def _track(row: dict[str, Any]) -> Track:
    boxes = []
    for pts, x1, y1, x2, y2, score in row["boxes"]:
        boxes.append((int(pts), float(x1), float(y1), float(x2), float(y2), float(score)))
    return Track(int(row["id"]), int(row["shot"]), int(row["start_pts"]), int(row["end_pts"]), tuple(boxes))


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
