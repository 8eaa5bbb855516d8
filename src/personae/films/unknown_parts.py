"""Whom nobody has named nor set aside in one film or one set of photos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from personae.films.film import StoredFilm
from personae.films.photo_set import PhotoSet
from personae.films.unknown_person import DecidedPart, Part
from personae.timeline.timeline import Appearance


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
    timeline = film.timeline
    best: dict[int, Appearance] = {}
    for one in sorted(timeline.appearances, key=lambda one: one.end_pts - one.start_pts):
        if one.unknown is not None and not one.stranger and not one.depicted:
            best[one.unknown] = one
    for row in timeline.characters:
        if row.unknown is not None and row.unknown in best:
            picture = best[row.unknown].best_picture
            file = None if picture is None or picture.file is None else film.path.parent / picture.file
            yield Part(film.name, "film", row.unknown, row.appearances, row.visible_face_time_s, file)


def _in_photos(photos: PhotoSet) -> Iterator[Part]:
    faces = [one for one in photos.faces if one.unknown is not None and not one.stranger]
    root = photos.root
    for number, count in Counter(one.unknown for one in faces).most_common():
        largest = max((one for one in faces if one.unknown == number), key=_size)
        assert number is not None
        yield Part(photos.name, "photos", number, count, 0.0, root / largest.photo, largest.number)


def _size(face: Any) -> float:
    x1, y1, x2, y2 = face.box_xyxy
    return float((x2 - x1) * (y2 - y1))
