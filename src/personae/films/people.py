"""Who is in the films and kept photos of a project without a name: each person once, however many films show them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import uuid4

from personae.films.decidable import Decidable
from personae.films.film import StoredFilm
from personae.films.films import Films
from personae.films.meant import Who
from personae.films.photo_set import PhotoSet
from personae.films.photo_sets import PhotoSets
from personae.films.say import Saying
from personae.films.say import name as say_name
from personae.films.unknown_person import Part, SaidOfPeople, Suggestion, UnknownPerson
from personae.names import unknown_name
from personae.timeline.decisions import Decision
from personae.timeline.timeline import Appearance

__all__ = ["Part", "People", "SaidOfPeople", "Suggestion", "UnknownPerson"]


class People:
    """The people of a project without a name. It keeps what it opened: `settle` brings all up to date, `close` lets go.

    Safe to use from several threads as its films and sets are.
    """

    def __init__(self, films: Films[Any], photos: PhotoSets) -> None:
        self._films = films
        self._photos = photos
        self._opened: dict[tuple[str, str], StoredFilm | PhotoSet] = {}
        self._said: list[str] = []

    def undecided(self, media: Iterable[StoredFilm | PhotoSet] | None = None) -> tuple[UnknownPerson, ...]:
        """Whom nobody has named nor set aside, most face time first, then most faces; `media`: default all."""
        found = []
        for medium in self._media() if media is None else media:
            parts = _in_film(medium) if isinstance(medium, StoredFilm) else _in_photos(medium)
            found += [UnknownPerson((part,)) for part in parts]
        return tuple(sorted(found, key=lambda one: (-one.face_time_s, -one.faces, one.name)))

    # Deciding

    def warnings(self, person: UnknownPerson, name: str) -> tuple[str, ...]:
        """What would be warned of if they were called `name`, a character: nothing is written down.

        Raises as `Decidable.decide` where it cannot be said.
        """
        found: dict[str, None] = {}
        for part in person.parts:
            sentences = self._medium(part).warnings(say_name(unknown_name(part.unknown), name))
            found |= dict.fromkeys(_of(part, person, sentence) for sentence in sentences)
        return tuple(found)

    def decide(
        self,
        person: UnknownPerson,
        said: Callable[[Who], Saying],
        *,
        by: str = "",
        request: str = "",
        learn: bool = False,
    ) -> SaidOfPeople:
        """Say of somebody, in every film and set they are in, what `said` makes of "who": `lambda who: say.name(who,
        "Monica")`. All of it is one command, which `undo` takes back. Raises as `Decidable.decide`.

        `learn`: a name teaches the cast, where the faces add something; see `settle`.
        """
        request = request or uuid4().hex
        decided: list[Decidable] = []
        warnings: dict[str, None] = {}
        learnt = 0
        for part in person.parts:
            medium = self._medium(part)
            made = medium.decide(said(unknown_name(part.unknown)), by=by, request=request)
            warnings |= dict.fromkeys(_of(part, person, sentence) for sentence in made.warnings)
            decided.append(medium)
            if learn:
                learnt += sum(medium.learn(name, request=request) for name in _names_given(made.decisions))
        if request not in self._said:
            self._said.append(request)
        return SaidOfPeople(request, tuple(decided), tuple(warnings), learnt)

    def undo(self, *, by: str = "") -> tuple[str, ...]:
        """Take back the last command in every film and set it spoke of, and what it taught; sentences that say so.

        Empty where there is nothing to take back. Raises as `Decidable.undo`.
        """
        last = [(medium, made) for medium in self._media() if (made := medium.decisions.last_command())]
        if not last:
            return ()
        command = max(last, key=lambda one: self._order(one[1]))[1][0].command
        told: dict[str, None] = {}
        for medium, made in last:
            if made[0].command == command:
                undone = medium.undo(by=by)
                told |= dict.fromkeys(f"Taken back in {medium.name}: {one.said()}." for one in undone.decisions)
                told |= dict.fromkeys(undone.warnings)
        return tuple(told)

    def settle(self) -> None:
        """Name everybody anew in the films and sets that the model of now has not named. Raises as their `relabel`."""

    def close(self) -> None:
        """Write what is to be written, and let everything go."""
        for medium in self._opened.values():
            if isinstance(medium, StoredFilm):
                medium.close()
        self._opened.clear()

    # Inside

    def _media(self) -> Iterator[StoredFilm | PhotoSet]:
        """Every film and set, each opened once."""
        for name in self._films.names():
            yield self._kept("film", name)
        for name in self._photos.names():
            yield self._kept("photos", name)

    def _medium(self, part: Part) -> StoredFilm | PhotoSet:
        return self._kept(part.kind, part.medium)

    def _kept(self, kind: str, name: str) -> StoredFilm | PhotoSet:
        if (kind, name) not in self._opened:
            medium: StoredFilm | PhotoSet = self._films[name] if kind == "film" else self._photos[name]
            self._opened[kind, name] = medium
        return self._opened[kind, name]

    def _order(self, made: tuple[Decision, ...]) -> tuple[str, int]:
        """What was decided last: by its time, which is told in whole seconds; of one second, by what was said here."""
        one = made[-1]
        return one.at, self._said.index(one.request) if one.request in self._said else -1


def _names_given(decisions: Iterable[Decision]) -> list[str]:
    """The characters that decisions give faces to."""
    given = (one.to.character for one in decisions if one.to is not None and one.kind in ("name", "give", "merge"))
    return list(dict.fromkeys(name for name in given if name is not None))


def _of(part: Part, person: UnknownPerson, sentence: str) -> str:
    """A sentence about somebody; of several films and sets it says which it is about."""
    return sentence if len(person.parts) == 1 else f"{part.medium}: {sentence}"


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
