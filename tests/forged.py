"""A scanned film's files with one thing in them changed, as somebody else may have changed them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae import archive
from personae.films.film_files import FilmFiles
from personae.films.tracks_file import Scanned, write_tracks
from personae.timeline import native
from personae.timeline.records import TrackRecord
from personae.timeline.timeline import Timeline
from personae.timeline.watching import Watched
from tests.timelines import film as timeline_of


class Missing:
    """In place of a value: the field is taken away."""


def changed(document: Any, place: str, value: Any) -> Any:
    """A copy of a document with the value at `place` (`tracks.0.boxes`) set, or taken away."""
    result = copy.deepcopy(document)
    inner = result
    *names, last = (int(name) if name.isdigit() else name for name in place.split("."))
    for name in names:
        inner = inner[name]
    if value is Missing:
        del inner[last]
    else:
        inner[last] = value
    return result


def forge(path: Path, place: str, value: Any, *, schema: str) -> None:
    """Change an archive: one value of an array, a whole one (an array as `value`), or a field of its facts."""
    arrays, facts = archive.read(path, schema=schema)
    if isinstance(value, np.ndarray):
        arrays[place] = value
    elif place in arrays and value is not Missing:
        array = arrays[place].copy()
        array.flat[0] = value
        arrays[place] = array
    elif place in arrays:
        del arrays[place]
    else:
        facts = changed(facts, place, value)
    write_archive(path, arrays, facts, schema)


def write_archive(path: Path, arrays: dict[str, NDArray[Any]], facts: Any, schema: str) -> None:
    """As `archive.write`, with a right checksum, also what that refuses to write (NaN in facts)."""
    from safetensors.numpy import save

    plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    text = json.dumps(facts)
    header = {"schema": schema, "facts": text, "sha256": archive._checksum(plain, text, schema)}
    path.write_bytes(save(plain, metadata={"personae": json.dumps(header)}))


def scanned_film(folder: Path) -> FilmFiles:
    """The files of a film of `tests/timelines.py`, with a record for each of its tracks."""
    from personae.timeline.appearances import Label

    timeline = timeline_of()
    files = FilmFiles(folder, "film")
    native.write(timeline, files.timeline)
    write_tracks(files.tracks, scanned(timeline, Label))
    return files


def scanned(timeline: Timeline, label: Any) -> Scanned:
    """What `film.tracks` holds of such a film."""
    rng = np.random.default_rng(0)
    rows, labels = [], []
    for track in timeline.tracks:
        embedding = rng.normal(size=(2, 128)).astype(np.float32)
        embedding /= np.linalg.norm(embedding, axis=1, keepdims=True)
        boxes = list({box[0]: box for box in track.boxes}.values())
        pts = [box[0] for box in boxes]
        rows.append(
            TrackRecord(
                np.array([(start, min(start + 1000, track.end_pts)) for start in pts], np.int64),
                np.array([box[1:] for box in boxes], np.float32),
                embedding[: len(pts)],
                np.full(len(pts), 0.8, np.float32),
                np.full(len(pts), 90, np.float32),
                np.array(pts, np.int64),
                pts[0],
                np.array(track.boxes[0][1:5], np.float32),
                np.frombuffer(b"\xff\xd8\xff\xe0", np.uint8),
                np.full(len(pts), np.nan, np.float32),
            )
        )
        one = next(one for one in timeline.appearances if track.id in one.tracks)
        labels.append(label(one.character, one.unknown, one.similarity, one.confidence))
    looks = np.unique(np.concatenate([record.box_pts[:, 0] for record in rows]))
    tiny = np.zeros((len(looks), 9, 16), np.uint8)
    watched = Watched(timeline.video, timeline.shots, tuple(rows), (), looks, tiny, 12)
    facts = {"model": timeline.model, "settings": timeline.settings}
    fingerprint = {"embedder": "sface:d128:p1:0123456789ab", "content_id": timeline.video.content_id}
    unknown = tuple(one.unknown for one in labels)
    return Scanned(watched, tuple(labels), unknown, 1, facts, fingerprint)
