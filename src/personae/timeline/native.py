"""The native format of a timeline: JSON, schema `personae/timeline/2`, lossless, without embeddings.

The schema is `schemas/timeline-2.schema.json` in the package; files of version 1 are read too. Whoever reads a file
accepts fields it does not know.
Times are given twice: `*_pts` is exact (times the video's `time_base`), `*_s` is the same in seconds from the film's
first picture, for people.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from personae.checks import Fields, MisfitError, no_collection, parsed
from personae.errors import DamagedFileError, ForeignFileError, StoreError, TooNewError
from personae.files import read_whole, write_whole
from personae.hints import command
from personae.names import readable
from personae.per_object import PerObject
from personae.timeline.native_reader import timeline_of
from personae.timeline.native_upgrade import upgraded
from personae.timeline.timeline import SCHEMA, Appearance, Depicted, Timeline, Totals, Track, Video

_KIND, _, _VERSION = SCHEMA.rpartition("/")
_BEGINNING = re.compile(rf'\s*\{{\s*"schema":\s*"{_KIND}/')
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
_TEXTS = ("appearances", "tracks")
"""Rows that `dumps` has as texts."""
_ROWS = ("shots", "appearances", "characters", "depicted", "tracks")


def to_json(timeline: Timeline) -> dict[str, Any]:
    """`timeline` as plain JSON types."""
    video = timeline.video
    return _document_of(
        timeline, [_appearance_dict(video, one) for one in timeline.appearances], _track_dicts(timeline.tracks)
    )


def _document_of(timeline: Timeline, appearances: Sequence[Any], tracks: Sequence[Any]) -> dict[str, Any]:
    video = timeline.video
    return {
        "schema": SCHEMA,
        "video": video_dict(video),
        "model": timeline.model or None,
        "settings": timeline.settings,
        "shots": [_span(video, shot.start_pts, shot.end_pts) for shot in timeline.shots],
        "appearances": appearances,
        "characters": [_totals_dict(totals) for totals in timeline.characters],
        "depicted": [_depicted_dict(one) for one in timeline.depicted],
        "tracks": tracks,
        "gaps": [{**_span(video, start, end), "why": why} for start, end, why in timeline.gaps],
    }


def from_json(document: Any, source: str | Path = "timeline") -> Timeline:
    """The timeline of a parsed document; `source` is named in errors.

    Raises ForeignFileError for what is no timeline, TooNewError for a newer major version, DamagedFileError otherwise.
    """
    if _check_schema(document, source) == 1:
        document = upgraded(copy.deepcopy(document))
    return _timeline(document, source)


def _timeline(document: Any, source: str | Path) -> Timeline:
    try:
        with no_collection():
            return timeline_of(document)
    except MisfitError as error:
        raise _damaged(source, error) from None


def dumps(timeline: Timeline) -> str:
    """The document as text, one line per shot, appearance, character and track."""
    parts = []
    appearances = [_appearance_text(timeline.video, one) for one in timeline.appearances]
    for key, value in _document_of(timeline, appearances, _texts_of(timeline.tracks)).items():
        if key in _ROWS and value:
            rows = ",\n".join("  " + (row if key in _TEXTS else _dumps(row)) for row in value)
            parts.append(f'"{key}": [\n{rows}\n]')
        else:
            parts.append(f'"{key}": {_dumps(value)}')
    return "{" + ",\n ".join(parts) + "}\n"


def digest(timeline: Timeline) -> str:
    """What tells one state of a timeline from another that people would see: all but boxes and how it was made."""
    video = timeline.video
    facts: list[Any] = [video_dict(video), [[shot.start_pts, shot.end_pts] for shot in timeline.shots]]
    facts += [_appearance_dict(video, one) | {"best_picture": None} for one in timeline.appearances]
    facts += [_totals_dict(one) for one in timeline.characters] + [_depicted_dict(one) for one in timeline.depicted]
    facts.append(timeline.gaps)
    return hashlib.sha256(_dumps(facts).encode("utf-8", "surrogatepass")).hexdigest()


def dumps_line(timeline: Timeline) -> str:
    """The document as one line, for several in a row (NDJSON)."""
    return _dumps(to_json(timeline)) + "\n"


def loads(text: str | bytes, source: str | Path = "timeline") -> Timeline:
    """The timeline of a document's text; raises as `from_json`."""
    return _timeline(_document(text, source), source)


def write(timeline: Timeline, path: Path) -> None:
    """Write the document whole; raises WriteError."""
    write_whole(path, dumps(timeline).encode())


def read(path: Path) -> Timeline:
    """The timeline of a file; raises a StoreError where it cannot be read or is none (see `from_json`)."""
    return loads(_content(path), path)


def read_film(path: Path) -> tuple[str, str]:
    """Content id and path of the film that a file is about, also of one in which something else cannot be right."""
    document = _document(_content(path), path)
    try:
        video = Fields(document).inner("video")
        return video.text("content_id"), video.text("path")
    except MisfitError as error:
        raise _damaged(path, error) from None


def _content(path: Path) -> bytes:
    try:
        return read_whole(path)
    except OSError as error:
        raise StoreError(path, f"cannot be read ({error.strerror}). Scan first: {command('scan FILM')}") from None


def _document(text: str | bytes, source: str | Path) -> Any:
    try:
        document = parsed(text)
    except ValueError as error:
        beginning = text[:80] if isinstance(text, str) else text[:80].decode(errors="replace")
        if _BEGINNING.match(beginning):
            raise DamagedFileError(
                source, f"this timeline is damaged: this is not JSON ({error}). Scan the film again."
            ) from None
        raise ForeignFileError(source, f"this is not JSON ({error}). Give a timeline that `scan` wrote.") from None
    return upgraded(document) if _check_schema(document, source) == 1 else document


def _damaged(source: str | Path, why: MisfitError) -> DamagedFileError:
    return DamagedFileError(source, f"this timeline is damaged: {why}. Scan the film again.")


def _check_schema(document: Any, source: str | Path) -> int:
    """The document's version; raises as `from_json`."""
    found = document.get("schema") if isinstance(document, dict) else None
    kind, _, version = str(found).rpartition("/")
    if kind != _KIND or not re.fullmatch("[0-9]{1,9}", version):
        raise ForeignFileError(source, f"this is not a {SCHEMA} document. Give a timeline that `scan` wrote.")
    if int(version) > int(_VERSION):
        raise TooNewError(
            source,
            f"written by a newer Personae ({found}; this one reads {SCHEMA}). Update: pip install -U personae",
        )
    return int(version)


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
    return readable(path)


def _ratio(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


def person_dict(one: Appearance | Totals | Depicted) -> dict[str, Any]:
    """Who it is of: `name` is how they are shown, and nobody reads it back."""
    return {
        "name": one.name,
        "character": one.character,
        "character_id": one.character_id,
        "unknown": one.unknown,
    }


def _appearance_dict(video: Video, appearance: Appearance) -> dict[str, Any]:
    best = appearance.best_picture
    return {
        "id": appearance.id,
        **person_dict(appearance),
        "stranger": appearance.stranger,
        **_span(video, appearance.start_pts, appearance.end_pts),
        "similarity": round(appearance.similarity, 4),
        "confidence": round(appearance.confidence, 4),
        "tracks": list(appearance.tracks),
        "seen": appearance.seen,
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


def _totals_dict(totals: Totals) -> dict[str, Any]:
    return {
        **person_dict(totals),
        "visible_face_time_s": round(totals.visible_face_time_s, 6),
        "share": round(totals.share, 6),
        "on_screen_s": round(totals.on_screen_s, 6),
        "scene_presence_s": round(totals.scene_presence_s, 6),
        "appearances": totals.appearances,
        "first_s": round(totals.first_s, 6),
        "last_s": round(totals.last_s, 6),
    }


def _depicted_dict(one: Depicted) -> dict[str, Any]:
    return {
        **person_dict(one),
        "depicted_s": round(one.depicted_s, 6),
        "appearances": one.appearances,
    }


def _track_dicts(tracks: Sequence[Track]) -> list[dict[str, Any]]:
    """The boxes are most of a file: the numbers of all of them are rounded at once."""
    flat = np.fromiter(chain.from_iterable(chain.from_iterable(track.boxes for track in tracks)), np.float64)
    values = flat.reshape(-1, 6)
    if not np.isfinite(values).all():
        raise ValueError("A box is not finite, and JSON has no such number.")
    rows = iter(zip(np.round(values[:, 1:5], 1).tolist(), np.round(values[:, 5], 3).tolist(), strict=True))
    return [
        {
            "id": track.id,
            "shot": track.shot,
            "start_pts": track.start_pts,
            "end_pts": track.end_pts,
            **({"followed": _followed_rows(track)} if track.followed else {}),
            "boxes": [[box[0], *sides, score] for box, (sides, score) in zip(track.boxes, rows, strict=False)],
        }
        for track in tracks
    ]


def _followed_rows(track: Track) -> list[list[float]]:
    return [[pts, *(round(side, 1) for side in sides)] for pts, *sides in track.followed]


def _track_text(row: dict[str, Any]) -> str:
    """A track's row as JSON. Plain lists of finite numbers read the same in Python, which writes them much faster."""
    facts = _dumps({key: value for key, value in row.items() if key != "boxes"})
    return f'{facts[:-1]}, "boxes": {row["boxes"]}}}'


_TRACK_TEXTS: PerObject[str] = PerObject()
_APPEARANCE_TEXTS: PerObject[tuple[Video, str]] = PerObject()
"""Texts that are known: a timeline made anew mostly has the same tracks and appearances."""


def _texts_of(tracks: Sequence[Track]) -> list[str]:
    missing = [one for one in tracks if _TRACK_TEXTS.get(one) is None]
    made = {
        id(one): _TRACK_TEXTS.put(one, _track_text(row))
        for one, row in zip(missing, _track_dicts(missing), strict=True)
    }
    return [made.get(id(one)) or _TRACK_TEXTS.get(one) or "" for one in tracks]


def _appearance_text(video: Video, one: Appearance) -> str:
    known = _APPEARANCE_TEXTS.get(one)
    if known is None or not _has_same_time(known[0], video):
        known = _APPEARANCE_TEXTS.put(one, (video, _dumps(_appearance_dict(video, one))))
    return known[1]


def _has_same_time(one: Video, other: Video) -> bool:
    return one is other or (one.time_base, one.start_pts, one.frame_rate) == (
        other.time_base, other.start_pts, other.frame_rate
    )  # fmt: skip


def _dumps(value: Any) -> str:
    return _ENCODER.encode(value)
