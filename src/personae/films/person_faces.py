"""All tracks and faces of one person in films and sets of photos, and how well each agrees with the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from personae import archive
from personae.checks import MisfitError
from personae.errors import StoreError
from personae.films.film import StoredFilm
from personae.films.photo_set import PhotoSet
from personae.timeline import records
from personae.timeline.agreement import agreement, means_of
from personae.timeline.person import Key
from personae.timeline.timeline import Timeline
from personae.types import FloatArray


@dataclass(frozen=True)
class OwnFace:
    """A track of a film (its number), or a face of a photo (its path, and the face's number from the left from 1).

    `agreement`: cosine to the mean of the person's others, None where nobody can say; `quality` 0..1 and `face_px` of
    the best face; `start_s`, `seconds`: when and how long, of a film; `sure`: a person has said who it is.
    """

    track: int | None = None
    photo: str = ""
    number: int | None = None
    agreement: float | None = None
    quality: float = 0.0
    face_px: float = 0.0
    start_s: float = 0.0
    seconds: float = 0.0
    sure: bool = False


@dataclass(frozen=True, eq=False)
class _Seen:
    """A person's faces in one film or set; `means` (n, d) by networks `embedder`."""

    faces: tuple[OwnFace, ...]
    means: FloatArray
    embedder: str


def faces_of(media: Sequence[StoredFilm | PhotoSet], keys: Iterable[frozenset[Key]]) -> list[tuple[OwnFace, ...]]:
    """The faces of somebody in each of `media`, who is one of `keys` there. Raises a StoreError."""
    seen = [
        _in_film(medium, own) if isinstance(medium, StoredFilm) else _in_photos(medium, own)
        for medium, own in zip(media, keys, strict=True)
    ]
    found: list[list[OwnFace]] = [[*one.faces] for one in seen]
    for embedder in {one.embedder for one in seen if one.embedder}:  # what other networks made is not to be compared
        at = [
            (place, row) for place, one in enumerate(seen) if one.embedder == embedder for row in range(len(one.faces))
        ]
        if not at:
            continue
        means = np.concatenate([one.means for one in seen if one.embedder == embedder and len(one.faces)])
        weights = np.array([seen[place].faces[row].quality for place, row in at], np.float32)
        for (place, row), value in zip(at, agreement(means, weights).tolist(), strict=True):
            found[place][row] = replace(found[place][row], agreement=None if np.isnan(value) else value)
    return [tuple(one) for one in found]


def _in_film(film: StoredFilm, keys: frozenset[Key]) -> _Seen:
    timeline = film.timeline
    own = _tracks_of(timeline, keys)
    at = [place for place, track in enumerate(timeline.tracks) if track.id in own]
    faces = [
        OwnFace(
            track=track.id, start_s=timeline.video.seconds(track.start_pts), sure=own[track.id],
            seconds=float((track.end_pts - track.start_pts) * timeline.video.time_base),
        )
        for track in (timeline.tracks[place] for place in at)
    ]  # fmt: skip
    try:
        means, weights, face_px, embedder = _arrays_of(film, len(timeline.tracks))
    except StoreError:  # without them they are listed all the same
        return _Seen(tuple(faces), np.zeros((len(faces), 1), np.float32), "")
    faces = [
        replace(one, quality=min(float(weights[place]), 1.0), face_px=float(face_px[place]))
        for one, place in zip(faces, at, strict=True)
    ]
    return _Seen(tuple(faces), means[at], embedder)


def _tracks_of(timeline: Timeline, keys: frozenset[Key]) -> dict[int, bool]:
    """Tracks of a person -> whether a person said so."""
    found: dict[int, bool] = {}
    for one in timeline.appearances:
        if (one.character, one.unknown) in keys:
            for number in one.tracks:
                found[number] = found.get(number, True) and one.decided_by == "person"
    return found


def _arrays_of(film: StoredFilm, count: int) -> tuple[FloatArray, FloatArray, FloatArray, str]:
    """Mean faces, best quality and largest face of each track, and what embedded them."""
    arrays, facts = archive.read(film.files.tracks, schema=records.SCHEMA)
    embedder = str(facts.get("fingerprint", {}).get("embedder", ""))
    try:
        faces = archive.array(arrays, "embeddings", "f", (None, None), -records.UNIT, records.UNIT)
        weights = archive.array(arrays, "weights", "f", (len(faces),), 0, records.LARGEST_WEIGHT)
        face_px = archive.array(arrays, "face_px", "f", (len(faces),), 0)
        counts = archive.array(arrays, "faces_count", "i", (count,), 0, len(faces))
    except MisfitError as error:
        raise records.damaged(film.files.tracks, error) from None
    if int(counts.sum()) != len(faces):
        raise records.damaged(film.files.tracks, "faces_count does not add up")
    return means_of(faces, weights, counts), _most(weights, counts), _most(face_px, counts), embedder


def _most(values: FloatArray, counts: np.ndarray[tuple[int], np.dtype[np.integer]]) -> FloatArray:
    found = np.zeros(len(counts), np.float32)
    there = np.flatnonzero(counts)
    if len(there):
        found[there] = np.maximum.reduceat(values, (np.cumsum(counts) - counts)[there])
    return found


def _in_photos(photos: PhotoSet, keys: frozenset[Key]) -> _Seen:
    kept, labels = photos.kept_faces()
    people = iter(labels)
    faces: list[OwnFace] = []
    means: list[FloatArray] = []
    for photo in kept.photos:
        own = photo.faces
        for at in range(len(own)):
            label = next(people)
            if label.name and (label.character, label.unknown) in keys:
                faces.append(
                    OwnFace(
                        photo=photo.path, number=at + 1, quality=min(float(own.quality.score[at]), 1.0),
                        face_px=float(own.quality.face_px[at]), sure=label.decided_by == "person",
                    )
                )  # fmt: skip
                means.append(own.embeddings[at])
    made = means_of(np.stack(means), np.ones(len(means), np.float32), np.ones(len(means), np.int64)) if means else (
        np.zeros((0, 1), np.float32)
    )  # fmt: skip
    return _Seen(tuple(faces), made, kept.embedder)
