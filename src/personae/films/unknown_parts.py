"""Whom nobody has named nor set aside in one film or one set of photos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from personae import archive
from personae.checks import MisfitError
from personae.errors import PersonaeError
from personae.films import photo_naming
from personae.films.film import StoredFilm
from personae.films.kept_photos import KeptFace, photos_of
from personae.films.photo_set import PhotoSet
from personae.films.unknown_person import DecidedPart, Part
from personae.timeline import records
from personae.timeline.timeline import Appearance, Timeline


def parts_of(medium: StoredFilm | PhotoSet) -> tuple[Part, ...]:
    """Each of them, most face time or most faces first. Raises a StoreError."""
    return tuple(_in_film(medium) if isinstance(medium, StoredFilm) else _in_photos(medium))


def decided_in(medium: StoredFilm | PhotoSet) -> tuple[DecidedPart, ...]:
    """Who has a name in a film or set, or was set aside as a stranger. Raises a StoreError."""
    if isinstance(medium, StoredFilm):
        timeline = medium.timeline
        aside = {one.unknown for one in timeline.appearances if one.stranger}
        return tuple(
            DecidedPart(medium.name, "film", row.name, row.appearances, row.visible_face_time_s, row.character is None)
            for row in timeline.characters
            if row.character is not None or row.unknown in aside
        )
    faces = Counter((one.name, one.stranger) for one in medium.faces if one.character is not None or one.stranger)
    return tuple(
        DecidedPart(medium.name, "photos", name, count, stranger=stranger)
        for (name, stranger), count in faces.most_common()
    )


def _in_film(film: StoredFilm) -> Iterator[Part]:
    timeline, position = film.snapshot()
    weights = _best_weights(film, timeline)

    def shows(one: Appearance) -> tuple[bool, float, int]:
        there = one.best_picture is not None and one.best_picture.file is not None
        return there, max((weights.get(number, 0.0) for number in one.tracks), default=0.0), one.end_pts - one.start_pts

    best: dict[int, Appearance] = {}
    for one in sorted(timeline.appearances, key=shows):
        if one.unknown is not None and not one.stranger and not one.depicted:
            best[one.unknown] = one
    for row in timeline.characters:
        if row.unknown is not None and row.unknown in best:
            picture = best[row.unknown].best_picture
            file = None if picture is None or picture.file is None else film.path.parent / picture.file
            track = max(best[row.unknown].tracks, key=lambda number: weights.get(number, 0.0), default=None)
            yield Part(
                film.name, "film", row.unknown, row.appearances, row.visible_face_time_s, file, None, track, position
            )  # fmt: skip


def _best_weights(film: StoredFilm, timeline: Timeline) -> Mapping[int, float]:
    """How good the best face of each track is (large, sharp, from the front), by track; empty where nobody can say."""
    try:
        arrays, _ = archive.read(film.files.tracks, schema=records.SCHEMA)
        weights = archive.array(arrays, "weights", "f", (None,), 0, records.LARGEST_WEIGHT)
        counts = archive.array(arrays, "faces_count", "i", (len(timeline.tracks),), 0, len(weights))
    except (PersonaeError, MisfitError):  # without them they are listed all the same
        return {}
    own = np.split(weights, np.cumsum(counts)[:-1])
    return {track.id: float(each.max(initial=0.0)) for track, each in zip(timeline.tracks, own, strict=False)}


def _in_photos(photos: PhotoSet) -> Iterator[Part]:
    position = len(photos.decisions.entries)  # before they are read: who decides on it may only be told too much
    kept, labels, drawn = photos.kept_and_drawn()
    weights = []
    faces = [face for photo in photos_of(kept, labels, drawn) for face in photo.faces]
    found = (float(one) for photo in kept.photos for one in photo_naming.weights_of(photo.faces))
    weights = [0.0 if face.drawn else next(found) for face in faces]
    best: dict[int, tuple[float, int, KeptFace]] = {}
    counts: Counter[int] = Counter()
    for at, (weight, face) in enumerate(zip(weights, faces, strict=True), 1):
        if face.unknown is not None and not face.stranger:
            counts[face.unknown] += 1
            if face.unknown not in best or weight > best[face.unknown][0]:
                best[face.unknown] = weight, at, face
    for number, count in counts.most_common():
        _, at, shown = best[number]
        picture = Path(kept.root) / shown.photo
        yield Part(photos.name, "photos", number, count, 0.0, picture, shown.number, at, position)
