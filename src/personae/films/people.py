"""Who is in the films and kept photos of a project without a name: each person once, however many films show them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from personae.cast.cast import Cast
from personae.cast.trained import EMPTY, TrainedModel
from personae.errors import InputError, PersonaeError
from personae.films import journal
from personae.films.everywhere import decide_everywhere
from personae.films.film import StoredFilm
from personae.films.films import Films
from personae.films.kept_suggestions import KeptSuggestions
from personae.films.meant import Who
from personae.films.photo_set import PhotoSet
from personae.films.photo_sets import PhotoSets
from personae.films.said_of_people import SaidIn
from personae.films.say import Saying
from personae.films.say import name as say_name
from personae.films.seen_people import Shown, named_by, shown_in
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
        self._suggestions = KeptSuggestions()
        self._said: list[str] = []
        self._open: Callable[[str, str], StoredFilm | PhotoSet] | None = None
        self._every: Callable[[], Iterable[StoredFilm | PhotoSet]] | None = None
        self._read: Callable[[StoredFilm | PhotoSet], Shown] | None = None
        self._lock = threading.RLock()

    def sharing(
        self,
        opened: Callable[[str, str], StoredFilm | PhotoSet],
        every: Callable[[], Iterable[StoredFilm | PhotoSet]],
        shown: Callable[[StoredFilm | PhotoSet], Shown],
    ) -> People:
        """The same, with what somebody else keeps: `opened` gives a film or set by its kind and name, `every` all of
        them, films first; `shown` who one shows. Of thousands of people suggestions may be some seconds old then; see
        `suggestions_made`.
        """
        self._open, self._every, self._read = opened, every, shown
        return self

    @property
    def suggestions_made(self) -> int:
        """How often suggestions were found anew while nobody waited for them."""
        return self._suggestions.made

    def undecided(self, media: Iterable[StoredFilm | PhotoSet] | None = None) -> tuple[UnknownPerson, ...]:
        """Whom nobody has named nor set aside, most face time first, then most faces, with who they may be.

        `media`: only who is in one of these, which then comes first of their parts; default all. Who is clearly one in
        several films and sets is one person. Raises a StoreError.
        """
        wanted = None if media is None else list(media)
        every = list(self._media())
        keys = {one.files for one in every}
        every += [one for one in wanted or () if one.files not in keys]
        with self._lock:
            found = self._suggested(every)
        if wanted is not None:
            first = {(_kind(one), one.name) for one in wanted}
            own = (person for person in found if any((part.kind, part.medium) in first for part in person.parts))
            found = [_beginning_in(first, person) for person in own]
        return tuple(sorted(found, key=lambda one: one.order))

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
        as_seen: bool = False,
        known: Container[str] = (),
    ) -> SaidOfPeople:
        """Say of somebody, in every film and set they are in, what `said` makes of "who": `lambda who: say.name(who,
        "Monica")`. All of it is one command, which `undo` takes back. Raises as `Decidable.decide`.

        `learn`: a name teaches the cast, where the faces add something; see `settle`. `as_seen`: raise
        ChangedMeanwhileError where others decided about them since the `position` that their parts were found at,
        all but the commands `known`.
        """
        sayings = [
            (own, [said(unknown_name(part.unknown)) for part in own]) for own in _by_medium(person.parts).values()
        ]
        return self._say(person, sayings, by=by, request=request, learn=learn, as_seen=as_seen, known=known)

    def relate(
        self,
        person: UnknownPerson,
        other: UnknownPerson,
        said: Callable[[Who, Who], Saying],
        *,
        by: str = "",
        request: str = "",
        as_seen: bool = False,
        known: Container[str] = (),
    ) -> SaidOfPeople:
        """Say what two have to do with each other, in every film and set that shows both: that they are one person, or
        two for good. Otherwise as `decide`. Raises InputError where none shows both.
        """
        theirs = _by_medium(other.parts)
        sayings = [
            (own, [said(unknown_name(a.unknown), unknown_name(b.unknown)) for a in own for b in theirs[key]])
            for key, own in _by_medium(person.parts).items()
            if key in theirs
        ]
        if not sayings:
            raise InputError("No film and no set of photos shows both. Give both the same name, or two names.")
        return self._say(person, sayings, by=by, request=request, as_seen=as_seen, known=known)

    def say(
        self, said: Sequence[SaidIn], *, by: str = "", request: str = "", known: Container[str] = ()
    ) -> SaidOfPeople:
        """Say something of several people, or of some faces, in several films and sets, as one command; see `said_of`.

        Raises as `Decidable.decide`, and ChangedMeanwhileError where others decided about them since `position`,
        all but the commands `known`.
        """
        request = request or uuid4().hex
        media = [self._kept(one.kind, one.medium) for one in said]
        made = decide_everywhere(
            [(medium, one.sayings) for medium, one in zip(media, said, strict=True)],
            by=by, request=request, positions=[one.position for one in said], known=known,
        )  # fmt: skip
        told = (_in(one, said, sentence) for one, done in zip(said, made.decided, strict=True)
                for sentence in done.warnings)  # fmt: skip
        if request not in self._said:
            self._said.append(request)
        return SaidOfPeople(request, tuple(media), tuple(dict.fromkeys(told)))

    def foresee(self, said: Sequence[SaidIn]) -> tuple[str, ...]:
        """What `say` would warn of; nothing is written down. Raises as `say`."""
        found: dict[str, None] = {}
        for one in said:
            foreseen = self._kept(one.kind, one.medium).foresee(one.sayings, position=one.position)
            found |= dict.fromkeys(_in(one, said, sentence) for sentence in foreseen.warnings)
        return tuple(found)

    def undo(self, *, by: str = "", command: str | None = None, request: str = "") -> tuple[str, ...]:
        """Take back the last command in every film and set it spoke of, and what it taught; sentences that say so.

        `command`: another one than the last, by its id; `request`: the client's id of this undo: sent twice, it takes
        back once. Empty where there is nothing to take back. Raises as `Decidable.undo`.
        """
        every = list(self._media())
        before = self._undone_by([one for one in every if journal.mentions(one.files, [request])], request)
        command = before or command or self._last_command(every)
        if not command:
            return ()
        told: dict[str, None] = {}
        near = [one for one in every if journal.mentions(one.files, [command, request])]
        own = [one for one in near if one.decisions.of_command(command) or one.decisions.of_request(request)]
        is_untaught = False
        for medium, undone in zip(own, undo_everywhere(own, command, by=by, request=request), strict=True):
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
        with self._lock:
            for medium in self._opened.values():
                if isinstance(medium, StoredFilm):
                    medium.close()
            self._opened.clear()
            self._seen.clear()
            self._suggestions.clear()

    # Inside

    def _say(
        self,
        person: UnknownPerson,
        sayings: Sequence[tuple[Sequence[Part], Sequence[Saying]]],
        *,
        by: str,
        request: str,
        learn: bool = False,
        as_seen: bool = False,
        known: Container[str] = (),
    ) -> SaidOfPeople:
        """Write down what is said of the parts of each film and set, as one command."""
        request = request or uuid4().hex
        media = [self._medium(own[0]) for own, _ in sayings]
        made = decide_everywhere(
            [(medium, said) for medium, (_, said) in zip(media, sayings, strict=True)],
            by=by, request=request, learn=learn, positions=[own[0].position if as_seen else None for own, _ in sayings],
            known=known,
        )  # fmt: skip
        told = (_of(own[0], person, sentence) for (own, _), one in zip(sayings, made.decided, strict=True)
                for sentence in one.warnings)  # fmt: skip
        if request not in self._said:
            self._said.append(request)
        return SaidOfPeople(request, tuple(media), tuple(dict.fromkeys(told)), made.learnt)

    def _media(self) -> Iterator[StoredFilm | PhotoSet]:
        """Every film and set, each opened once."""
        if self._every is not None:
            yield from self._every()
            return
        for name in self._films.names():
            yield self._kept("film", name)
        for name in self._photos.names():
            yield self._kept("photos", name)

    def _medium(self, part: Part) -> StoredFilm | PhotoSet:
        return self._kept(part.kind, part.medium)

    def _kept(self, kind: str, name: str) -> StoredFilm | PhotoSet:
        if self._open is not None:
            return self._open(kind, name)
        if (kind, name) not in self._opened:
            medium: StoredFilm | PhotoSet = self._films[name] if kind == "film" else self._photos[name]
            self._opened[kind, name] = medium
        return self._opened[kind, name]

    def _suggested(self, media: Sequence[StoredFilm | PhotoSet]) -> list[UnknownPerson]:
        """The people in `media`; found again only where something changed. The caller holds the lock."""
        return self._suggestions.now([self._shown_in(one) for one in media], self._model(), exact=self._every is None)

    @staticmethod
    def _undone_by(media: Iterable[StoredFilm | PhotoSet], request: str) -> str:
        """The command that a request took back; empty where it has taken back nothing yet."""
        for medium in media:
            decisions = medium.decisions
            for one in decisions.taken_back_by(decisions.of_request(request)):
                return one.command
        return ""

    def _last_command(self, media: Iterable[StoredFilm | PhotoSet]) -> str:
        last = [made for medium in media if (made := medium.decisions.last_command())]
        return max(last, key=self._order)[0].command if last else ""

    def _shown_in(self, medium: StoredFilm | PhotoSet) -> Shown:
        """What a film or set shows; read again where it was changed since, or a character got another name."""
        if self._read is not None:
            return self._read(medium)
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


def _by_medium(parts: Iterable[Part]) -> dict[tuple[str, str], list[Part]]:
    """By kind and name; a film may show two who were said to be one."""
    found: dict[tuple[str, str], list[Part]] = {}
    for part in parts:
        found.setdefault((part.kind, part.medium), []).append(part)
    return found


def _of(part: Part, person: UnknownPerson, sentence: str) -> str:
    """A sentence about somebody; of several films and sets it says which it is about."""
    return sentence if len(person.parts) == 1 else f"{part.medium}: {sentence}"


def _in(one: SaidIn, said: Sequence[SaidIn], sentence: str) -> str:
    """The same of what is said of several films and sets."""
    return sentence if len(said) == 1 else f"{one.medium}: {sentence}"


def _kind(medium: StoredFilm | PhotoSet) -> str:
    return "film" if isinstance(medium, StoredFilm) else "photos"


def _beginning_in(media: set[tuple[str, str]], person: UnknownPerson) -> UnknownPerson:
    """Somebody called as in one of `media` (kind, name)."""
    return replace(person, parts=tuple(sorted(person.parts, key=lambda part: (part.kind, part.medium) not in media)))
