"""`film.crops`: pictures of each track's faces, the best first (private).

So questions about people, and folders of their faces, need no film. They have a file of their own because they are most
of what is kept, and change only when a film is scanned: a decision or a new model writes `film.tracks` anew, not them.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae import archive
from personae.checks import MisfitError, require
from personae.errors import DamagedFileError, ModelNotFoundError, StoreError
from personae.timeline.face_pictures import FacePicture
from personae.timeline.native_boxes import FARTHEST_PX
from personae.timeline.records import LARGEST_WEIGHT, TrackRecord

log = logging.getLogger(__name__)
SCHEMA = "personae/crops/1"
COUNT, BYTES = "crop_count", "crop_bytes"
ROWS = ("crop_pts", "crop_box", "crop_weight", BYTES)
"""Arrays with a row per crop; `COUNT` says how many each track has, `BYTES` how much of `JPEG` each takes."""
JPEG = "jpeg"
_JPEG_BEGINS = (0xFF, 0xD8, 0xFF)
_NONE = np.empty(0, np.uint8)


def path_of(tracks: Path) -> Path:
    """The file of crops beside a file of tracks."""
    return tracks.with_name(f"{tracks.name.removesuffix('.tracks')}.crops")


def crops_of(record: TrackRecord) -> tuple[FacePicture, ...]:
    """A track's crops, the best first; empty where its pictures are elsewhere."""
    if not record.picture.size:
        return ()
    best = FacePicture(record.best_pts, record.best_box, float(record.weights.max(initial=0)), record.picture)
    return best, *record.spares


def write(path: Path, records: Sequence[TrackRecord]) -> None:
    """Write the records' crops whole; raises WriteError and as `archive.write`."""
    own = [crops_of(record) for record in records]
    every = [crop for crops in own for crop in crops]
    arrays: dict[str, NDArray[Any]] = {
        COUNT: np.array([len(crops) for crops in own], np.int64),
        "crop_pts": np.array([crop.pts for crop in every], np.int64),
        "crop_box": np.array([crop.box for crop in every], np.float32).reshape(-1, 4),
        "crop_weight": np.array([crop.weight for crop in every], np.float32),
        BYTES: np.array([len(crop.jpeg) for crop in every], np.int64),
        JPEG: np.concatenate([_NONE, *(crop.jpeg for crop in every)]),
    }
    facts = {"tracks": digest_of_tracks(records)}
    archive.write(path, arrays, facts, schema=SCHEMA)


def read(path: Path, records: Sequence[TrackRecord]) -> list[tuple[FacePicture, ...]] | None:
    """Per track its crops, the best first; None where there is no such file, or one of another scan.

    Raises a StoreError for a file that cannot be read.
    """
    try:
        arrays, facts = archive.read(path, schema=SCHEMA)
    except ModelNotFoundError:
        return None
    if facts.get("tracks") != digest_of_tracks(records):
        return None
    try:
        return _crops(arrays, len(records))
    except MisfitError as error:
        raise DamagedFileError(path, f"this file is damaged: {error}. Delete it, and scan the film again.") from None


def filled(records: Sequence[TrackRecord], path: Path) -> tuple[TrackRecord, ...]:
    """The records with their crops from a file, as far as there are any; what is wrong with it is logged."""
    try:
        crops = read(path, records)
    except StoreError as error:
        log.warning("%s", error)
        crops = None
    if crops is None:
        return tuple(records)
    return tuple(
        replace(record, picture=own[0].jpeg, spares=own[1:])
        if own and not record.picture.size and own[0].pts == record.best_pts
        else record
        for record, own in zip(records, crops, strict=True)
    )


def bare(records: Sequence[TrackRecord]) -> tuple[TrackRecord, ...]:
    """The records without pictures, as `film.tracks` holds them."""
    return tuple(replace(record, picture=_NONE, spares=()) if record.picture.size else record for record in records)


def without(arrays: dict[str, NDArray[Any]], own: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    """The arrays of a file without the crops of the tracks `own` (n,); the tracks stay, so that numbers hold.

    Arrays that do not fit together are left with no crop at all.
    """
    count = arrays.get(COUNT, np.zeros(len(own), np.int64))
    if len(count) != len(own) or count.sum() != len(arrays[BYTES]) or arrays[BYTES].sum() != len(arrays[JPEG]):
        return {name: array if name == COUNT else array[:0] for name, array in arrays.items()} | {COUNT: count * 0}
    stays = np.repeat(~own, count)
    cleaned = {name: arrays[name][stays] for name in ROWS}
    return cleaned | {COUNT: np.where(own, 0, count), JPEG: arrays[JPEG][np.repeat(stays, arrays[BYTES])]}


def digest_of_tracks(records: Sequence[TrackRecord]) -> str:
    """What tells the tracks of one scan from those of another."""
    digest = hashlib.sha256()
    digest.update(np.array([(r.start_pts, r.end_pts, r.best_pts) for r in records], np.int64).tobytes())
    return digest.hexdigest()


def _crops(arrays: dict[str, NDArray[Any]], n: int) -> list[tuple[FacePicture, ...]]:
    count = archive.array(arrays, COUNT, "i", (n,), 0, 1 << 20)
    m = int(count.sum())
    pts = archive.array(arrays, "crop_pts", "i", (m,))
    box = archive.array(arrays, "crop_box", "f", (m, 4), -FARTHEST_PX, FARTHEST_PX)
    weight = archive.array(arrays, "crop_weight", "f", (m,), 0, LARGEST_WEIGHT)
    size = archive.array(arrays, BYTES, "i", (m,), 0, 1 << 40)
    jpeg = archive.array(arrays, JPEG, "u", (None,))
    require(int(size.sum()) == len(jpeg), f"{BYTES} does not add up to the {len(jpeg)} of {JPEG}")
    edges = np.cumsum(size)
    begin = edges - size
    found = np.stack([jpeg[begin + i] for i in range(3)], axis=1) if m and size.min() > 3 else np.empty((0, 3))
    require(len(found) == m and bool((found == _JPEG_BEGINS).all()), f"{JPEG}: a crop is no JPEG")
    ends = edges.tolist()
    every = [
        FacePicture(at, where, worth, jpeg[end - length : end])
        for at, where, worth, length, end in zip(pts.tolist(), box, weight.tolist(), size.tolist(), ends, strict=True)
    ]
    lasts = np.cumsum(count).tolist()
    return [tuple(every[last - k : last]) for k, last in zip(count.tolist(), lasts, strict=True)]
