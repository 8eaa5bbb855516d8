"""Pictures that were not kept are read from the film: the crops of earlier scans, best faces of a moment's length."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from personae.errors import FilmError
from personae.films import crops_file
from personae.media.film import RESTARTED, FilmPicture, ReadSoFar
from personae.media.video import Film
from personae.timeline.face_pictures import FacePicture, crops_of, jpeg_of
from personae.timeline.looking import CutOut
from personae.timeline.records import TrackRecord
from personae.timeline.timeline import Timeline
from personae.timeline.watching import Watched
from personae.types import FloatArray

READ_ON_S = 10.0
"""Reading on for so long is no slower than entering the film anew."""
_NO_PICTURE = np.empty(0, np.uint8)


@dataclass(frozen=True, eq=False)
class _Wanted:
    """A face to be cut out of the film: the position of its track, when, where, and how good it is."""

    track: int
    pts: int
    box: FloatArray
    weight: float


def completed(watched: Watched, timeline: Timeline, film: Film) -> Watched:
    """`watched` with a picture for the best face of each appearance, as far as `film`, which is open, can be read."""
    best = {(one.best_picture.pts, one.best_picture.box[0]) for one in timeline.appearances if one.best_picture}
    found = list(watched.records)
    wanted = [
        _Wanted(at, record.best_pts, record.best_box, 0.0)
        for at, record in enumerate(found)
        if not record.picture.size and (record.best_pts, float(record.best_box[0])) in best
    ]
    for one, jpeg in _read(film, watched, wanted):
        found[one.track] = replace(found[one.track], picture=jpeg)
    return replace(watched, records=tuple(found)) if wanted else watched


def with_crops(watched: Watched, crops: Path, film: Film) -> Watched:
    """`watched` with its crops: from the file `crops`; where an earlier version kept none, from `film`, which is open.

    Those are of the faces whose embeddings were kept.
    """
    watched = replace(watched, records=crops_file.filled(watched.records, crops))
    if crops.is_file():
        return watched
    second_pts, found = float(1 / watched.video.time_base), list(watched.records)
    wanted = [one for at, record in enumerate(found) for one in _faces(at, record, second_pts)]
    for one, jpeg in _read(film, watched, wanted):
        record = found[one.track]
        if one.pts == record.best_pts:
            found[one.track] = replace(record, picture=jpeg)
        else:
            crop = FacePicture(one.pts, one.box, one.weight, jpeg)
            spares = tuple(sorted((*record.spares, crop), key=lambda spare: -spare.weight))
            found[one.track] = replace(record, spares=spares)
    return replace(watched, records=tuple(found))


def _faces(track: int, record: TrackRecord, second_pts: float) -> Iterator[_Wanted]:
    """The faces that crops of a track are wanted of: its best one, unless its picture is there, and others."""
    best = FacePicture(record.best_pts, record.best_box, float(record.weights.max(initial=0)), _NO_PICTURE)
    at = np.searchsorted(record.box_pts[:, 0], record.face_pts, "right") - 1
    others = [
        FacePicture(int(pts), box, float(weight), _NO_PICTURE)
        for pts, box, weight in zip(record.face_pts, record.boxes[at, :4], record.weights, strict=True)
    ]
    if not record.picture.size:
        yield _Wanted(track, best.pts, best.box, best.weight)
    for one in crops_of(best, others, (), record.end_pts - record.start_pts, second_pts):
        yield _Wanted(track, one.pts, one.box, one.weight)


def _read(film: Film, watched: Watched, wanted: Sequence[_Wanted]) -> Iterator[tuple[_Wanted, NDArray[np.uint8]]]:
    """The faces as JPEG files, in order of time, as far as the film can be read.

    A film whose clock starts again cannot be entered in the middle; there none is found.
    """
    if any(why == RESTARTED for _, _, why in watched.gaps):
        return
    # What was just read tells where the film can be entered.
    starts = tuple(part.start_pts for part in watched.video.parts) or (watched.video.start_pts,)
    read = film.so_far if film.so_far.part_starts else ReadSoFar(part_starts=starts)
    far = READ_ON_S / watched.video.time_base
    pictures: Iterator[FilmPicture] = iter(())
    picture: FilmPicture | None = None
    with contextlib.suppress(FilmError):
        for one in sorted(wanted, key=lambda one: one.pts):
            if picture is None or one.pts - picture.pts > far:
                pictures = film.pictures(start_pts=one.pts, so_far=read)
                picture = next(pictures, None)
            while picture is not None and picture.pts < one.pts:
                picture = next(pictures, None)
            if picture is not None and picture.pts == one.pts:
                yield one, jpeg_of(CutOut.of(picture.rgb(), one.box).picture())
