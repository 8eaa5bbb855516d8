"""Who is in the films and kept photos of a project without a name: each person once, however many films show them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from personae.films.decidable import Decidable
from personae.films.film import StoredFilm
from personae.films.films import Films
from personae.films.meant import Who
from personae.films.photo_set import PhotoSet
from personae.films.photo_sets import PhotoSets
from personae.films.say import Saying
from personae.names import unknown_name
from personae.timeline.timeline import Appearance


@dataclass(frozen=True)
class Part:
    """What one film or one set of photos (`medium`, its name) shows of somebody: there they are `unknown`.

    `faces`: appearances in a film, faces in photos; `face_time_s`: visible face time, 0 in photos; `picture`: a file
    that shows them best, a whole photo where `face` tells which face from the left; None where there is none.
    """

    medium: str
    kind: Literal["film", "photos"]
    unknown: int
    faces: int
    face_time_s: float = 0.0
    picture: Path | None = None
    face: int | None = None

    @property
    def name(self) -> str:
        """As people read it: "Unknown 4 of ep2"."""
        return f"{unknown_name(self.unknown)} of {self.medium}"


@dataclass(frozen=True)
class Suggestion:
    """Who somebody may be: a character, or another unknown person; `probability` is calibrated."""

    probability: float
    character: str | None = None
    other: Part | None = None

    @property
    def name(self) -> str:
        """The character, or "Unknown 4 of ep2"."""
        return self.character or (self.other.name if self.other is not None else "")


@dataclass(frozen=True)
class UnknownPerson:
    """Somebody without a name. `parts`: where they are, most first; `suggestions`: who they may be, likeliest first."""

    parts: tuple[Part, ...]
    suggestions: tuple[Suggestion, ...] = ()

    @property
    def name(self) -> str:
        """How they are called where they are most: "Unknown 4 of ep2"."""
        return self.parts[0].name

    @property
    def faces(self) -> int:
        """Appearances in films and faces in photos."""
        return sum(part.faces for part in self.parts)

    @property
    def face_time_s(self) -> float:
        """Visible face time in all films."""
        return sum(part.face_time_s for part in self.parts)

    @property
    def picture(self) -> Path | None:
        """A file that shows them best."""
        return next((part.picture for part in self.parts if part.picture is not None), None)


@dataclass(frozen=True)
class SaidOfPeople:
    """What was written down, by medium, under one request; `warnings`: what may be wrong with it."""

    request: str
    media: tuple[Decidable, ...]
    warnings: tuple[str, ...] = ()


class People:
    """The people of a project without a name."""

    def __init__(self, films: Films[Any], photos: PhotoSets) -> None:
        self._films = films
        self._photos = photos

    def undecided(self, media: Iterable[StoredFilm | PhotoSet] | None = None) -> tuple[UnknownPerson, ...]:
        """Whom nobody has named nor set aside, most face time first, then most faces; `media`: default all."""
        found = []
        for medium in self._media() if media is None else media:
            parts = _in_film(medium) if isinstance(medium, StoredFilm) else _in_photos(medium)
            found += [UnknownPerson((part,)) for part in parts]
        return tuple(sorted(found, key=lambda one: (-one.face_time_s, -one.faces, one.name)))

    def decide(
        self, person: UnknownPerson, said: Callable[[Who], Saying], *, by: str = "", request: str = ""
    ) -> SaidOfPeople:
        """Say of somebody, in every film and set they are in, what `said` makes of "who": `lambda who: say.name(who,
        "Monica")`. All of it is one command, which each medium's `undo` takes back. Raises as `Decidable.decide`.
        """
        request = request or uuid4().hex
        decided: list[Decidable] = []
        warnings: list[str] = []
        for part in person.parts:
            medium: Decidable = self._films[part.medium] if part.kind == "film" else self._photos[part.medium]
            warnings += medium.decide(said(unknown_name(part.unknown)), by=by, request=request).warnings
            decided.append(medium)
        return SaidOfPeople(request, tuple(decided), tuple(warnings))

    def _media(self) -> Iterator[StoredFilm | PhotoSet]:
        yield from self._films
        yield from self._photos


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
