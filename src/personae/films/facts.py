"""A film or a set of photos in a few facts: how long, how many people, how much of it is decided."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from personae.files import Stamp
from personae.films.decidable import stamp_of_names
from personae.films.film import StoredFilm
from personae.films.photo_set import PhotoSet
from personae.films.seen_people import named_by


@dataclass(frozen=True)
class FilmFacts:
    """What is only known of a film. `size_wh`: displayed pixels; `paths`: the files that it was scanned from."""

    duration_s: float
    size_wh: tuple[int, int]
    frame_rate: Fraction
    paths: tuple[str, ...]


@dataclass(frozen=True)
class MediumFacts:
    """A film or set of photos. `characters`: the names in it; `unknown`: how many are still to be named; `strangers`:
    how many stay without a name.

    `decided`: the share of the visible face time (of the faces in photos) that has a name or was set aside; `position`:
    how many decisions its journal holds; `named_by`: the card of the model that named it, None where none has.
    """

    name: str
    characters: tuple[str, ...]
    unknown: int
    strangers: int
    decided: float
    position: int
    named_by: Mapping[str, Any] | None
    film: FilmFacts | None = None
    photos: int = 0
    faces: int = 0

    def is_stale(self, card: Mapping[str, Any] | None) -> bool:
        """Whether the model of now, by its card, has not named it: `relabel` would."""
        return self.named_by != card


class FactsOfMedia:
    """The facts of films and sets, read again only where something changed. Safe to use from several threads."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Stamp, MediumFacts]] = {}
        self._lock = threading.Lock()

    def of(self, key: str, stamp: Stamp, opened: Callable[[], StoredFilm | PhotoSet]) -> MediumFacts:
        """The facts of the film or set `key`, whose files have that `stamp`; `opened` opens it. Raises a StoreError."""
        with self._lock:
            known = self._known.get(key)
        if known is not None and known[0] == stamp:
            return known[1]
        medium = opened()
        facts = facts_of(medium)
        with self._lock:
            self._known[key] = stamp, facts
        return facts


def stamp_with_names(medium: StoredFilm | PhotoSet) -> Stamp:
    """What tells the facts of now from earlier ones: of its files, and of the names in the cast."""
    return (*medium.stamp, *stamp_of_names(medium.context))


def facts_of(medium: StoredFilm | PhotoSet) -> MediumFacts:
    """The facts of a film or set. Raises a StoreError."""
    return _of_film(medium) if isinstance(medium, StoredFilm) else _of_photos(medium)


def _of_film(film: StoredFilm) -> MediumFacts:
    timeline, position = film.snapshot()
    aside = {one.unknown for one in timeline.appearances if one.stranger}
    rows = timeline.characters
    done = [row for row in rows if row.character is not None or row.unknown in aside]
    whole, video = sum(row.visible_face_time_s for row in rows), timeline.video
    return MediumFacts(
        film.files.title,
        tuple(row.character for row in rows if row.character is not None),
        len(rows) - len(done),
        sum(row.character is None for row in done),
        sum(row.visible_face_time_s for row in done) / whole if whole else 1.0,
        position,
        named_by(film),
        FilmFacts(video.duration_s, video.size_wh, video.frame_rate,
                  tuple(part.path for part in video.parts) or (video.path,)),
    )  # fmt: skip


def _of_photos(photos: PhotoSet) -> MediumFacts:
    position, shown = len(photos.decisions.entries), photos.photos
    faces = [face for photo in shown for face in photo.faces if face.name]
    unknown = {face.unknown for face in faces if face.unknown is not None and not face.stranger}
    strangers = {face.unknown for face in faces if face.stranger} - unknown
    open_faces = sum(face.unknown in unknown for face in faces)
    return MediumFacts(
        photos.name,
        tuple(dict.fromkeys(face.character for face in faces if face.character is not None)),
        len(unknown),
        len(strangers),
        1 - open_faces / len(faces) if faces else 1.0,
        position,
        named_by(photos),
        photos=len(shown),
        faces=len(faces),
    )
