"""Who is in the films and kept photos of a project without a name: each person once, however many films show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

from personae.cast.cast import Cast
from personae.cast.trained import EMPTY, TrainedModel
from personae.errors import PersonaeError
from personae.films.everywhere import decide_everywhere
from personae.films.film import StoredFilm
from personae.films.films import Films
from personae.films.meant import Who
from personae.films.photo_set import PhotoSet
from personae.films.photo_sets import PhotoSets
from personae.films.say import Saying
from personae.films.say import name as say_name
from personae.films.seen_people import Shown, named_by, shown_in
from personae.films.suggesting import suggested
from personae.films.undoing import summed, undo_everywhere
from personae.films.unknown_parts import decided_in, parts_of
from personae.films.unknown_person import DecidedPart, Part, SaidOfPeople, Suggestion, UnknownPerson
from personae.names import unknown_name
from personae.timeline.decisions import Decision

__all__ = ["DecidedPart", "Part", "People", "SaidOfPeople", "Suggestion", "UnknownPerson"]


class People:
    """The people of a project without a name. It keeps what it opened: `settle` brings all up to date, `close` lets go.

    Safe to use from several threads as its films and sets are.
    """

    def __init__(self, films: Films[Any], photos: PhotoSets) -> None:
        self._films = films
        self._photos = photos
        self._opened: dict[tuple[str, str], StoredFilm | PhotoSet] = {}
        self._seen: dict[tuple[str, str, str], tuple[Any, Shown]] = {}
        self._said: list[str] = []

    def undecided(self, media: Iterable[StoredFilm | PhotoSet] | None = None) -> tuple[UnknownPerson, ...]:
        """Whom nobody has named nor set aside, most face time first, then most faces, with who they may be.

        `media`: only who is in one of these, which then comes first of their parts; default all. Who is clearly one in
        several films and sets is one person. Raises a StoreError.
        """
        wanted = None if media is None else list(media)
        every = list(self._media())
        keys = {one.files for one in every}
        every += [one for one in wanted or () if one.files not in keys]
        found = suggested([self._shown_in(one) for one in every], self._model())
        if wanted is not None:
            first = {(_kind(one), one.name) for one in wanted}
            own = (person for person in found if any((part.kind, part.medium) in first for part in person.parts))
            found = [_beginning_in(first, person) for person in own]
        return tuple(sorted(found, key=_most_first))

    def decided(self, media: Iterable[StoredFilm | PhotoSet] | None = None) -> tuple[DecidedPart, ...]:
        """Who has a name or was set aside, film by film; `media`: default all. Raises a StoreError."""
        return tuple(part for medium in (self._media() if media is None else media) for part in decided_in(medium))

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
        parts: dict[tuple[str, str], list[Part]] = {}  # a film may show two who were said to be one
        for part in person.parts:
            parts.setdefault((part.kind, part.medium), []).append(part)
        media = [self._kept(*key) for key in parts]
        sayings = [[said(unknown_name(part.unknown)) for part in own] for own in parts.values()]
        made = decide_everywhere(list(zip(media, sayings, strict=True)), by=by, request=request, learn=learn)
        told = (_of(own[0], person, sentence) for own, one in zip(parts.values(), made.decided, strict=True)
                for sentence in one.warnings)  # fmt: skip
        if request not in self._said:
            self._said.append(request)
        return SaidOfPeople(request, tuple(media), tuple(dict.fromkeys(told)), made.learnt)

    def undo(self, *, by: str = "") -> tuple[str, ...]:
        """Take back the last command in every film and set it spoke of, and what it taught; sentences that say so.

        Empty where there is nothing to take back. Raises as `Decidable.undo`.
        """
        last = [(medium, made) for medium in self._media() if (made := medium.decisions.last_command())]
        if not last:
            return ()
        command = max(last, key=lambda one: self._order(one[1]))[1][0].command
        told: dict[str, None] = {}
        own = [medium for medium, made in last if made[0].command == command]
        is_untaught = False
        for medium, undone in zip(own, undo_everywhere(own, command, by=by), strict=True):
            told |= dict.fromkeys([f"Taken back in {medium.name}: {summed(undone.decisions)}.", *undone.warnings])
            is_untaught = is_untaught or bool(undone.warnings)
        if is_untaught:
            self.settle()  # others may have the name by the model that was taught
        return tuple(told)

    def settle(self) -> None:
        """Name everybody anew in the films and sets that the model of now has not named. Raises as their `relabel`.

        For the end of a round of naming: what was taught counts in suggestions at once, and this takes a while.
        """
        for medium in self._media():
            if named_by(medium) != self._card():
                medium.relabel()

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

    def _shown_in(self, medium: StoredFilm | PhotoSet) -> Shown:
        """What a film or set shows; read again where it was changed since, or a character got another name."""
        state = (medium.stamp, tuple(sorted(Cast(medium.context).names().items())))
        key = _kind(medium), str(medium.files.folder), medium.name
        if key not in self._seen or self._seen[key][0] != state:
            self._seen[key] = state, shown_in(medium, parts_of(medium))
        return self._seen[key][1]

    def _model(self) -> TrainedModel:
        """What suggests characters; empty where nothing can."""
        try:
            return self._films.context.model.current_or_empty()
        except PersonaeError:
            return EMPTY

    def _card(self) -> dict[str, Any] | None:
        card = self._model().card(self._films.context.settings.threshold)
        return None if card is None else card.as_dict()

    def _order(self, made: tuple[Decision, ...]) -> tuple[str, int]:
        """What was decided last: by its time, which is told in whole seconds; of one second, by what was said here."""
        one = made[-1]
        return one.at, self._said.index(one.request) if one.request in self._said else -1


def _most_first(one: UnknownPerson) -> tuple[float, int, str, str, int]:
    first = one.parts[0]
    return -one.face_time_s, -one.faces, first.kind, first.medium, first.unknown


def _of(part: Part, person: UnknownPerson, sentence: str) -> str:
    """A sentence about somebody; of several films and sets it says which it is about."""
    return sentence if len(person.parts) == 1 else f"{part.medium}: {sentence}"


def _kind(medium: StoredFilm | PhotoSet) -> str:
    return "film" if isinstance(medium, StoredFilm) else "photos"


def _beginning_in(media: set[tuple[str, str]], person: UnknownPerson) -> UnknownPerson:
    """Somebody called as in one of `media` (kind, name)."""
    return replace(person, parts=tuple(sorted(person.parts, key=lambda part: (part.kind, part.medium) not in media)))
