"""What is kept of a track: its boxes, its best faces' embeddings, its crops. Written as `film.tracks` (private).

A record is plain arrays; records are cut at shot boundaries and joined over the chunks of a scan.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae import archive
from personae.checks import MisfitError, require
from personae.errors import DamagedFileError
from personae.media.shots import Boundary
from personae.timeline import face_pictures
from personae.timeline.face_pictures import FacePicture
from personae.timeline.following import Step
from personae.timeline.native_boxes import FARTHEST_PX
from personae.timeline.record_checks import check_rising, check_times
from personae.timeline.stillness import usual_change
from personae.timeline.tracking import FaceTrack
from personae.types import FloatArray, IntArray

SCHEMA = "personae/tracks/2"
UNIT = 1.01
LARGEST_WEIGHT = 10.0
"""Quality and detection score together; a plug-in's scores may have another scale."""
"""What an embedding's length may be at most, for what is stored is rounded."""
_ARRAYS = (
    "followed_pts",
    "followed_boxes",
    "boxes",
    "box_pts",
    "embeddings",
    "weights",
    "face_px",
    "face_pts",
    "box_changes",
    "best_box",
    "picture",
)
_COUNTED = {"followed_boxes": "followed", "boxes": "boxes", "embeddings": "faces", "picture": "picture"}


@dataclass(frozen=True, eq=False)
class TrackRecord:
    """One track. `box_pts` (m, 2) int64: start and end of each picture it was seen in; `boxes` (m, 5): box and score.

    `embeddings` (k, d) of k faces with `weights` (k,) 0..1, `face_px` (k,) and `face_pts` (k,); `best_pts`, `best_box`
    (4,): its best face; `picture`: that face's cut-out as a JPEG file's bytes (uint8), maybe empty; `box_changes` (m,):
    how much the aligned face differs from an earlier one (see `changes_of`), NaN where nobody compared; `spares`: its
    other crops, and while a film is looked through those of the parts that it may be cut into; `surface`: 0..1, whether
    the face is on a surface that moves with it (see `surface_of`), NaN where that could not be told; `followed_pts`
    (f, 2), `followed_boxes` (f, 4): pictures before, between and after those, in which only its head was followed.
    """

    box_pts: IntArray
    boxes: FloatArray
    embeddings: FloatArray
    weights: FloatArray
    face_px: FloatArray
    face_pts: IntArray
    best_pts: int
    best_box: FloatArray
    picture: NDArray[np.uint8]
    box_changes: FloatArray
    spares: tuple[FacePicture, ...] = ()
    surface: float = math.nan
    followed_pts: IntArray = field(default_factory=lambda: np.empty((0, 2), np.int64))
    followed_boxes: FloatArray = field(default_factory=lambda: np.empty((0, 4), np.float32))

    @property
    def start_pts(self) -> int:
        """Start of the first picture it was seen in."""
        return int(self.box_pts[0, 0])

    @property
    def end_pts(self) -> int:
        """End of the last."""
        return int(self.box_pts[-1, 1])

    @property
    def stillness(self) -> float:
        """How much the face changes from moment to moment: see `usual_change`."""
        return usual_change(self.box_changes.tolist())

    @property
    def mean_score(self) -> float:
        """Mean detection score."""
        return float(self.boxes[:, 4].mean())


def record_of(
    track: FaceTrack,
    boundaries: Sequence[Boundary] = (),
    followed: Sequence[Step] = (),
    *,
    second_pts: float = math.inf,
    seams: Sequence[int] = (),
) -> TrackRecord:
    """The record of a finished track, its samples embedded; it may be cut at `boundaries` later.

    `followed`: where its head was followed; `second_pts`: a second in pts; `seams`: start and end of the chunk, where
    a track may go on in another chunk.
    """
    inside = [one for one in boundaries if one.start_pts <= track.end_pts and track.start_pts <= one.end_pts]
    goes_on = sum(pts in (track.start_pts, track.end_pts) for pts in seams)
    most = (face_pictures.MOST_CROPS, face_pictures.MOST_OF_A_PART, 1)[goes_on]
    apart = face_pictures.apart_pts(track.end_pts - track.start_pts, second_pts)
    best, *spares = face_pictures.pictures_of(track.shown, inside, apart=apart, most=most)
    embeddings = [sample.embedding for sample in track.samples if sample.embedding is not None]
    return TrackRecord(
        np.array([(s.pts, s.end_pts) for s in track.sightings], np.int64),
        np.array([(*s.box, s.score) for s in track.sightings], np.float32),
        np.stack(embeddings).astype(np.float32) if embeddings else np.empty((0, 0), np.float32),
        np.array([sample.weight for sample in track.samples], np.float32),
        np.array([sample.face_px for sample in track.samples], np.float32),
        np.array([sample.pts for sample in track.samples], np.int64),
        best.pts,
        best.box,
        best.jpeg,
        np.array([track.changes.get(s.pts, np.nan) for s in track.sightings], np.float32),
        tuple(spares),
        track.surface,
        np.array([(step.pts, step.end_pts) for step in followed], np.int64).reshape(-1, 2),
        np.array([step.box for step in followed], np.float32).reshape(-1, 4),
    )


def cut(record: TrackRecord, pts: int, *, whole: bool = False) -> tuple[TrackRecord | None, TrackRecord | None]:
    """The record before and from `pts` on; None for a side without a picture. A picture across `pts` ends there.

    `whole`: the face is taken to be seen at `pts` too, so the parts reach up to it from both sides.
    """
    if record.end_pts <= pts:
        return record, None
    if record.start_pts >= pts:
        return None, record
    before = record.box_pts[:, 0] < pts
    if before.all():
        return _part(record, before, record.start_pts, pts), None
    until = pts if whole else min(int(record.box_pts[before][-1, 1]), pts)
    since = pts if whole else int(record.box_pts[~before][0, 0])
    return _part(record, before, record.start_pts, until), _part(record, ~before, since, record.end_pts)


def _part(record: TrackRecord, seen: NDArray[np.bool_], start: int, end: int) -> TrackRecord:
    box_pts = record.box_pts[seen].copy()
    box_pts[0, 0], box_pts[-1, 1] = start, end
    faces = (record.face_pts >= start) & (record.face_pts < end)
    part = replace(
        record,
        box_pts=box_pts,
        boxes=record.boxes[seen],
        embeddings=record.embeddings[faces],
        weights=record.weights[faces],
        face_px=record.face_px[faces],
        face_pts=record.face_pts[faces],
        box_changes=record.box_changes[seen] if seen[0] else _without_first(record.box_changes[seen]),
        spares=tuple(spare for spare in record.spares if start <= spare.pts < end),
    )
    if start <= record.best_pts < end:
        return part
    if part.spares:
        best, *others = sorted(part.spares, key=lambda spare: -spare.weight)
        return replace(part, best_pts=best.pts, best_box=best.box, picture=best.jpeg, spares=tuple(others))
    at = int(part.boxes[:, 4].argmax())
    if faces.any():
        at = int(np.searchsorted(box_pts[:, 0], part.face_pts[int(part.weights.argmax())], "right")) - 1
    no_picture = np.empty(0, np.uint8)
    return replace(part, best_pts=int(box_pts[at, 0]), best_box=part.boxes[at, :4], picture=no_picture)


def followed_within(record: TrackRecord, start: int, end: int) -> TrackRecord:
    """The record without what was followed outside of its shot, which lasts from `start` to `end`."""
    inside = (record.followed_pts[:, 0] >= start) & (record.followed_pts[:, 0] < end)
    # A picture is not followed where the face itself was found: two parts of a scan may differ in that.
    inside &= ~np.isin(record.followed_pts[:, 0], record.box_pts[:, 0])
    followed_pts = np.minimum(record.followed_pts[inside], end)
    return replace(record, followed_pts=followed_pts, followed_boxes=record.followed_boxes[inside])


def without_mixtures(record: TrackRecord, mixtures: Sequence[tuple[int, int]]) -> TrackRecord:
    """The track without its faces in `mixtures`, the half-open spans of dissolves: they are of two people.

    A bright shot that dissolves into a dark one would lend the faces there its own. A track that is hardly seen but in
    a dissolve keeps them: there is nothing else to know it by.
    """

    def clear(pts: IntArray) -> NDArray[np.bool_]:
        outside: NDArray[np.bool_] = np.all([(pts < start) | (end <= pts) for start, end in mixtures], axis=0)
        return outside

    mixtures = [(start, end) for start, end in mixtures if start < record.end_pts and record.start_pts < end]
    if not mixtures:
        return record
    faces, boxes = clear(record.face_pts), clear(record.box_pts[:, 0])
    if not faces.any() and 2 * boxes.sum() < len(boxes):
        return record
    return replace(
        record,
        embeddings=record.embeddings[faces],
        weights=record.weights[faces],
        face_px=record.face_px[faces],
        face_pts=record.face_pts[faces],
        box_changes=np.where(boxes, record.box_changes, np.nan).astype(np.float32),
    )


def with_crops(record: TrackRecord, mixtures: Sequence[tuple[int, int]], second_pts: float) -> TrackRecord:
    """The track as it stays, with no more `spares` than its crops (see `face_pictures.crops_of`)."""
    if not record.spares:
        return record
    best = FacePicture(record.best_pts, record.best_box, float(record.weights.max(initial=0)), record.picture)
    length = record.end_pts - record.start_pts
    return replace(record, spares=face_pictures.crops_of(best, record.spares, mixtures, length, second_pts))


def _without_first(changes: FloatArray) -> FloatArray:
    """Without the one that compares with a face before the cut."""
    changes = changes.copy()
    changes[np.flatnonzero(~np.isnan(changes))[:1]] = np.nan
    return changes


def joined(first: TrackRecord, second: TrackRecord) -> TrackRecord:
    """Two records of one track, one after the other, as one."""
    worse, better = sorted((second, first), key=lambda each: float(each.weights.max(initial=0)))
    # A shot may end between the two.
    spare = FacePicture(worse.best_pts, worse.best_box, float(worse.weights.max(initial=0)), worse.picture)

    def both(name: str) -> Any:
        return np.concatenate([getattr(first, name), getattr(second, name)])

    return TrackRecord(
        both("box_pts"),
        both("boxes"),
        both("embeddings"),
        both("weights"),
        both("face_px"),
        both("face_pts"),
        better.best_pts,
        better.best_box,
        better.picture,
        both("box_changes"),
        (*first.spares, *second.spares, *([spare] if spare.jpeg.size else [])),
        _joined_surface(first, second),
        both("followed_pts"),
        both("followed_boxes"),
    )


def _joined_surface(first: TrackRecord, second: TrackRecord) -> float:
    """What both tell, each for as long as it lasts; one that could not tell says nothing."""
    known = [each for each in (first, second) if not math.isnan(each.surface)]
    lengths = [max(each.end_pts - each.start_pts, 1) for each in known]
    if not known:
        return math.nan
    return sum(each.surface * length for each, length in zip(known, lengths, strict=True)) / sum(lengths)


def write(
    path: Path,
    records: Sequence[TrackRecord],
    facts: dict[str, Any],
    extra: Mapping[str, NDArray[Any]] | None = None,
    *,
    schema: str = SCHEMA,
    durable: bool = True,
) -> None:
    """Write records with JSON-able facts and arrays of other names whole (see `open_whole`); raises WriteError.

    A track's other pictures follow its best one in `picture`, so that who takes a track's pictures away takes all.
    """
    spares = [record.spares for record in records]
    records = [
        replace(record, picture=np.concatenate([record.picture, *(spare.jpeg for spare in record.spares)]))
        if record.spares
        else record
        for record in records
    ]
    dimension = max((record.embeddings.shape[1] for record in records), default=0)
    arrays: dict[str, NDArray[Any]] = {
        name: _concatenated([getattr(record, name) for record in records], name, dimension) for name in _ARRAYS
    }
    for name, what in _COUNTED.items():
        arrays[f"{what}_count"] = np.array([len(getattr(record, name)) for record in records], np.int64)
    arrays["best_pts"] = np.array([record.best_pts for record in records], np.int64)
    arrays["surface"] = np.array([record.surface for record in records], np.float32)
    arrays |= face_pictures.to_arrays(spares)
    archive.write(path, {**arrays, **(extra or {})}, facts, schema=schema, durable=durable)


def read(path: Path, *, schema: str = SCHEMA) -> tuple[list[TrackRecord], dict[str, Any], dict[str, NDArray[Any]]]:
    """The records, the facts and every array of a file; raises a StoreError where it cannot be read."""
    arrays, facts = archive.read(path, schema=schema)
    try:
        # Earlier files compared embedded faces only: too few to tell pictures from living faces.
        arrays.setdefault("box_changes", np.full(_length(arrays, "boxes"), np.nan, np.float32))
        arrays.setdefault("surface", np.full(_length(arrays, "best_pts"), np.nan, np.float32))
        if "followed_boxes" not in arrays:  # earlier scans followed nobody
            arrays["followed_pts"], arrays["followed_boxes"] = np.empty((0, 2), np.int64), np.empty((0, 4), np.float32)
            arrays["followed_count"] = np.zeros(_length(arrays, "best_pts"), np.int64)
        return _records(arrays), facts, arrays
    except MisfitError as error:
        raise damaged(path, error) from None


def damaged(path: Path, why: object) -> DamagedFileError:
    """What to do about a file of tracks in which something cannot be right."""
    return DamagedFileError(path, f"this file is damaged: {why}. Scan the film again.")


def _records(arrays: dict[str, NDArray[Any]]) -> list[TrackRecord]:
    """The records in arrays that a file may hold, every value checked."""
    check = partial(archive.array, arrays)
    best_pts = check("best_pts", "i", (None,))
    n, m, k = len(best_pts), _length(arrays, "boxes"), _length(arrays, "embeddings")
    check("boxes", "f", (m, 5), -FARTHEST_PX, FARTHEST_PX)
    check("box_pts", "i", (m, 2))
    followed = _length(arrays, "followed_boxes")
    check("followed_boxes", "f", (followed, 4), -FARTHEST_PX, FARTHEST_PX)
    check("followed_pts", "i", (followed, 2))
    check("embeddings", "f", (k, None), -UNIT, UNIT)
    check("weights", "f", (k,), 0, LARGEST_WEIGHT)
    check("face_px", "f", (k,), 0, FARTHEST_PX)
    check("face_pts", "i", (k,))
    check("best_box", "f", (n, 4), -FARTHEST_PX, FARTHEST_PX)
    check("picture", "u", (None,))
    changes = check("box_changes", "f", (m,))
    require(not np.isinf(changes).any(), "box_changes is infinite")
    surface = check("surface", "f", (n,))
    known = surface[~np.isnan(surface)]
    require(bool(((known >= 0) & (known <= 1)).all()), "surface is not between 0 and 1")
    for name in ("boxes", "best_box", "followed_boxes"):
        sides = arrays[name]
        require(bool((sides[:, :2] <= sides[:, 2:4]).all()), f"{name}: a box ends before it begins")
    lengths = np.linalg.norm(arrays["embeddings"], axis=1)
    require(bool((np.abs(lengths - 1) < UNIT - 1).all()), "embeddings are not of unit length")
    spans: dict[str, list[slice]] = {}
    for name, what in _COUNTED.items():
        held = len(arrays[name])
        counts = check(f"{what}_count", "i", (n,), 1 if what == "boxes" else 0, held)
        ends = np.cumsum(counts).tolist()
        require((ends[-1] if ends else 0) == held, f"{what}_count does not add up to the {held} of {name}")
        spans[what] = [slice(end - count, end) for end, count in zip(ends, counts.tolist(), strict=True)]
    try:
        pictures = face_pictures.from_arrays(arrays, [arrays["picture"][span] for span in spans["picture"]])
    except (KeyError, IndexError, ValueError, TypeError, OverflowError) as error:
        raise MisfitError(f"spare pictures do not fit together ({error})") from None
    check_times(arrays, n)
    check_rising(arrays["followed_pts"], arrays["followed_count"], "followed_pts")
    found = []
    each = zip(spans["boxes"], spans["faces"], spans["followed"], pictures, strict=True)
    for i, (boxes, faces, own_followed, (picture, spares)) in enumerate(each):
        require(picture[:3].tobytes() in (b"", b"\xff\xd8\xff"), f"picture: that of track {i} is no JPEG")
        record = TrackRecord(
            arrays["box_pts"][boxes],
            arrays["boxes"][boxes],
            arrays["embeddings"][faces],
            arrays["weights"][faces],
            arrays["face_px"][faces],
            arrays["face_pts"][faces],
            int(best_pts[i]),
            arrays["best_box"][i],
            picture,
            changes[boxes],
            spares,
            float(surface[i]),
            arrays["followed_pts"][own_followed],
            arrays["followed_boxes"][own_followed],
        )
        found.append(record)
    return found


def _length(arrays: dict[str, NDArray[Any]], name: str) -> int:
    return arrays[name].shape[0] if name in arrays and arrays[name].ndim else 0


def _concatenated(parts: list[NDArray[Any]], name: str, dimension: int) -> NDArray[Any]:
    if name == "best_box":
        return np.stack(parts) if parts else np.empty((0, 4), np.float32)
    if name == "embeddings":
        parts = [part.reshape(len(part), dimension) for part in parts]
    if parts:
        return np.concatenate(parts)
    widths = {"boxes": (0, 5), "followed_boxes": (0, 4), "embeddings": (0, dimension)}
    widths |= {"box_pts": (0, 2), "followed_pts": (0, 2)}
    dtype = np.int64 if name.endswith("pts") else np.uint8 if name == "picture" else np.float32
    return np.empty(widths.get(name, (0,)), dtype)
