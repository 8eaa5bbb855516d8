"""Teach the cast what a person said about a film: the best faces of whom they named."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from personae.cast.gallery import EnrolledFace, PhotoRecord
from personae.films import crops_file
from personae.films.faces_file import Kept
from personae.films.tracks_file import Scanned
from personae.timeline.records import TrackRecord
from personae.timeline.timeline import Timeline
from personae.types import Quality

LEARNT_FACES = 5
"""At most so many faces of a film are added for one decision: the best ones."""


def tracks_named(timeline: Timeline, name: str) -> set[int]:
    """Numbers of the tracks of which a person said that they are `name`."""
    return {
        number
        for one in timeline.appearances
        if one.character == name and one.decided_by == "person"
        for number in one.tracks
    }


def best_faces_of_photos(kept: Kept, own: Collection[int], name: str) -> list[tuple[PhotoRecord, EnrolledFace]]:
    """The best of the faces `own` (positions) of a set as photos of `name`; each is known by photo and content."""
    found: list[tuple[float, PhotoRecord, EnrolledFace]] = []
    first = 0
    for photo in kept.photos:
        faces = photo.faces
        for at in range(len(faces)):
            if first + at in own:
                where = f"{Path(kept.root, photo.path)}#face={at + 1}"
                digest = hashlib.sha256(faces.embeddings[at].tobytes()).hexdigest()
                record = PhotoRecord(name, where, sha256=digest).enrolled(faces_found=1)
                face = EnrolledFace(
                    faces.boxes_xyxy[at], faces.landmarks_xy[at], float(faces.scores[at]), faces.quality[at],
                    faces.embeddings[at],
                )  # fmt: skip
                found.append((float(faces.quality.score[at]), record, face))
        first += len(faces)
    found.sort(key=lambda item: -item[0])
    return [(record, face) for _, record, face in found[:LEARNT_FACES]]


def best_faces(
    scanned: Scanned, numbers: Collection[int], name: str, timeline: Timeline, crops: Sequence[TrackRecord] = ()
) -> list[tuple[PhotoRecord, EnrolledFace]]:
    """The best faces of those tracks as photos of `name`, the best first; each is known by film, time and content.

    `crops`: the records with their pictures, where they are at hand: each face has that of its track nearest in time.
    """
    found: list[tuple[float, PhotoRecord, EnrolledFace]] = []
    for number in sorted(numbers):
        record = scanned.watched.records[number - 1]
        for at in np.argsort(-record.weights, kind="stable")[:LEARNT_FACES]:
            weight, pts = float(record.weights[at]), int(record.face_pts[at])
            box = record.boxes[int(np.searchsorted(record.box_pts[:, 0], pts)), :4]
            one = np.ones(1, np.float32)
            quality = Quality(record.face_px[[at]], one, one * 100, one * 0, one * weight, ((),))
            where = f"{timeline.video.path}#t={timeline.video.seconds(pts):.3f}"
            digest = hashlib.sha256(record.embeddings[at].tobytes()).hexdigest()
            photo = PhotoRecord(name, where, sha256=digest).enrolled(faces_found=1)
            nowhere = np.zeros((5, 2), np.float32)
            picture = _picture_at(crops[number - 1], pts) if crops else None
            face = EnrolledFace(box, nowhere, 1.0, quality, record.embeddings[at], picture=picture)
            found.append((weight, photo, face))
    found.sort(key=lambda item: -item[0])
    return [(photo, face) for _, photo, face in found[:LEARNT_FACES]]


def _picture_at(record: TrackRecord, pts: int) -> bytes | None:
    """The track's crop nearest in time, as the bytes of a JPEG file; None where it has none."""
    crops = crops_file.crops_of(record)
    return min(crops, key=lambda one: abs(one.pts - pts)).jpeg.tobytes() if crops else None
