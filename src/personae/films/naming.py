"""Naming people one after the other: who is asked about, what an answer does, and what is asked back.

No screen and no keyboard: the terminal and a page put the same lines in and show what comes out. `Naming.question` says
who is asked about, `Naming.answer` takes one line.

    while (question := naming.question) is not None:
        show(question); told = naming.answer(input())
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import uuid4

from personae.errors import InputError, PersonaeError
from personae.films import say
from personae.films.answers import HELP, Answer, understood, who_of
from personae.films.asked import Key, keys_of, numbers_given, taken_by_enter
from personae.films.decidable import Decidable
from personae.films.film import StoredFilm
from personae.films.meant import Who
from personae.films.media import Media, Medium, names_in
from personae.films.people import Part, People, Suggestion, UnknownPerson
from personae.films.undoing import undo_everywhere
from personae.films.warning import is_slight, is_slip
from personae.names import find_name, is_unknown_name, unknown_name, unknown_number, valid_name
from personae.types import count_of

NEAR = 0.8
"""Names that are so alike (difflib's ratio) may be the same, mistyped: "Monika" and "Monica" are at .83."""
_YES, _NO = ("y", "yes"), ("n", "no")


@dataclass(frozen=True)
class Question:
    """Who is asked about. `taken`: the suggestion that Enter takes; `asks`: what is asked back about the answer."""

    person: UnknownPerson
    taken: Suggestion | None = None
    asks: str = ""


@dataclass(frozen=True)
class Told:
    """What came of an answer. "asked": something is asked back; "error": nothing was done, the same person is asked."""

    kind: Literal["said", "later", "asked", "error", "help", "undone", "quit"]
    lines: tuple[str, ...] = ()


@dataclass
class _Step:
    """An answer that can be taken back: about whom, and what was written down, if anything was."""

    person: UnknownPerson
    line: str = ""
    said: tuple[tuple[str, tuple[Decidable, ...]], ...] = ()
    later: frozenset[Key] = frozenset()
    joined: UnknownPerson | None = None
    names: tuple[str, ...] = ()
    learnt: int = 0


@dataclass(frozen=True)
class _Pending:
    """What is asked back. `typed`: the line it is about; `again`: what the same line once more does; `enter`: whether
    Enter goes on, as where the other answer is the unlikely one.
    """

    asks: str
    typed: str
    go_on: Callable[[], Told]
    again: Callable[[], Told] | None = None
    enter: bool = True


@dataclass
class Naming:
    """One dialogue. `media`: the films and sets it is about, None for all; `names`: of the cast, for completion.

    `by`: who answers; `learn`: a name teaches the cast, where it adds something; `agree`: what is asked back is
    answered with yes. `in_step`: there is one line a person, as in a pipe: what is asked back takes the next line only
    where it is y or n (or the same name again); otherwise the person is left for later, and the line is the next
    person's.
    """

    people: People
    media: Media
    only: Sequence[Medium] | None = None
    names: Iterable[str] = ()
    by: str = ""
    learn: bool = True
    agree: bool = False
    in_step: bool = False
    is_over: bool = False
    _left: tuple[UnknownPerson, ...] = ()
    _later: set[Key] = field(default_factory=set)
    _first: UnknownPerson | None = None
    _joined: UnknownPerson | None = None
    _pending: _Pending | None = None
    _steps: list[_Step] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._known = {*self.names}
        for medium in self.only or self.media:
            self._known |= names_in(medium)
        self._look()

    # What is asked

    @property
    def question(self) -> Question | None:
        """Who is asked about now; None where nobody is left, or after quitting."""
        person = self._whom()
        if person is None or self.is_over:
            return None
        return Question(person, taken_by_enter(person), "" if self._pending is None else self._pending.asks)

    @property
    def left(self) -> tuple[UnknownPerson, ...]:
        """Everybody without a name or another answer, also those for later."""
        return self._left

    def is_put_off(self, person: UnknownPerson) -> bool:
        """Whether somebody was left for later."""
        return bool(keys_of(person) & self._later)

    @property
    def said(self) -> tuple[str, ...]:
        """What was said and holds, a line per answer."""
        return tuple(step.line for step in self._steps if step.said)

    @property
    def touched(self) -> tuple[Medium, ...]:
        """The films and sets that something was said about, each once."""
        found = (medium for step in self._steps for _, media in step.said for medium in media)
        return tuple({medium.files: medium for medium in found if isinstance(medium, Medium)}.values())

    @property
    def learnt(self) -> int:
        """How many faces the answers that hold have added to the cast."""
        return sum(step.learnt for step in self._steps)

    def completions(self) -> list[str]:
        """The names that can be completed: of the cast, with and without photos, and those given so far."""
        given = {name for step in self._steps for name in step.names}
        return sorted(self._known | given, key=str.casefold)

    # Answering

    def answer(self, line: str) -> Told:
        """Take one line: an answer about the person of `question`, or one to what it `asks`. Never raises for a line
        that cannot be understood or done: then nothing was done, and the same person is asked about.
        """
        pending, self._pending = self._pending, None
        try:
            if pending is not None:
                word = line.strip().casefold()
                if word in _YES or (not word and pending.enter and not self.in_step):
                    return pending.go_on()
                if not word and not self.in_step:
                    self._pending = pending
                    return Told("asked", (pending.asks,))
                if pending.again is not None and line.strip() == pending.typed:
                    return pending.again()
                if word in _NO:
                    return Told("asked")
                if self.in_step:
                    return self._left_aside(line)
                if pending.again is None:
                    return Told("asked")  # a warning: one key goes on, and no other becomes a name
            return self._do(understood(line))
        except PersonaeError as error:
            self._look()  # what was written down before it went wrong holds
            return Told("error", error.lines)

    def end(self) -> Told | None:
        """No line comes any more: what was asked back stays without an answer, and its person without a name."""
        self.is_over = True
        person = self._whom()
        if self._pending is None or person is None:
            return None
        self._pending = None
        return Told("later", (f"{person.name} has no name: the question was not answered.",))

    def _left_aside(self, line: str) -> Told:
        person = self._whom()
        assert person is not None
        first = f"{person.name} is left for later: the question was not answered by y or n."
        self._put_off()
        if self._whom() is None:
            return Told("later", (first,))
        told = self.answer(line)
        return Told(told.kind, (first, *told.lines))

    def _do(self, answer: Answer) -> Told:
        if answer.kind == "help":
            return Told("help", HELP)
        if answer.kind == "quit":
            self.is_over = True
            return Told("quit")
        if answer.kind == "undo":
            return self._undo()
        person = self._whom()
        if person is None:
            raise InputError("Nobody is left to be asked about. .u takes the last answer back, .q quits.")
        if answer.kind == "enter":
            suggestion = taken_by_enter(person)
            return self._put_off() if suggestion is None else self._take(person, suggestion)
        if answer.kind == "later":
            return self._put_off()
        if answer.kind == "suggestion":
            return self._take(person, self._suggested(person, answer.number))
        if answer.kind == "name":
            return self._name(person, answer.text, is_literal=answer.is_literal)
        if answer.kind == "merge":
            return self._merge(person, answer.text)
        if answer.kind == "strangers":
            return self._all_strangers(person)
        told, saying = {
            "stranger": ("a stranger: stays without a name", say.stranger),
            "no_face": ("no face", say.no_face),
            "new": ("somebody new, without a name for now", lambda who: say.name(who, say.NEW_UNKNOWN)),
        }[answer.kind]
        return self._say(person, f"{person.name}: {told}", saying)

    def _suggested(self, person: UnknownPerson, number: int) -> Suggestion:
        if not 1 <= number <= len(person.choices):
            count = len(person.choices)
            there = "There is no suggestion" if not count else f"There is no suggestion {number}: they go up to {count}"
            raise InputError(f"{there}. For a character called {number} type ={number}")
        return person.choices[number - 1]

    def _take(self, person: UnknownPerson, suggestion: Suggestion) -> Told:
        if suggestion.character is not None:
            return self._name(person, suggestion.character, is_literal=True)
        assert suggestion.other is not None
        return self._merge(person, suggestion.other.name)

    def _name(self, person: UnknownPerson, text: str, *, is_literal: bool = False) -> Told:
        name, near = self._meant(text, is_literal=is_literal)
        if near and not self.agree:
            return self._ask(
                f"Did you mean {near}? Enter or y: yes. The same again makes a new character.",
                text,
                lambda: self._name(person, near, is_literal=True),
                lambda: self._name(person, text, is_literal=True),
            )
        name = near or name
        warnings = [one for one in self.people.warnings(person, name) if not (is_literal and is_slip(one))]
        if not warnings or self.agree:
            return self._named(person, name, warnings)
        slight = all(map(is_slight, warnings))
        keys = "Enter or y: yes. n: no." if slight else "y: yes. n: no."
        return self._ask(
            " ".join([*warnings, f"{name} all the same? {keys}"]), text,
            lambda: self._named(person, name), enter=slight,
        )  # fmt: skip

    def _meant(self, text: str, *, is_literal: bool) -> tuple[str, str]:
        """The name that a text gives, and the known name that may be meant instead, or nothing."""
        known = self.completions()
        name = valid_name(text)
        folded = {each.casefold(): each for each in known}
        found = find_name(text, known) or folded.get(name.casefold())
        if found is not None or is_literal:
            return found or name, ""
        close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=NEAR)
        return name, folded[close[0]] if close else ""

    def _named(self, person: UnknownPerson, name: str, warnings: Sequence[str] = ()) -> Told:
        told = self._say(person, f"{person.name} is {name}", lambda who: say.name(who, name), learn=self.learn)
        self._steps[-1].names = (name,)
        return Told(told.kind, (*warnings, *told.lines))

    def _ask(
        self, asks: str, typed: str, go_on: Callable[[], Told], again: Callable[[], Told] | None = None, *,
        enter: bool = True,
    ) -> Told:  # fmt: skip
        self._pending = _Pending(asks, typed.strip(), go_on, again, enter)
        return Told("asked", (asks,))

    # What an answer does

    def _say(self, person: UnknownPerson, line: str, said: Callable[[Who], say.Saying], *, learn: bool = False) -> Told:
        made = self.people.decide(person, said, by=self.by, learn=learn)
        added = f"; {count_of(made.learnt, 'face')} added to the cast" if made.learnt else ""
        self._later |= numbers_given(made, person)
        self._done(_Step(person, line, ((made.request, made.media),), learnt=made.learnt))
        return Told("said", (line + added,))

    def _done(self, step: _Step) -> None:
        step.joined, self._joined, self._first = self._joined, None, None
        self._steps.append(step)
        self._look()

    def _put_off(self) -> Told:
        person = self._whom()
        assert person is not None
        keys = frozenset(keys_of(person)) - self._later
        self._later |= keys
        step = _Step(person, later=keys)
        step.joined, self._joined, self._first = self._joined, None, None
        self._steps.append(step)
        return Told("later", (f"{person.name}: later",))

    def _all_strangers(self, person: UnknownPerson) -> Told:
        everybody = [person, *(one for one in self._left if not keys_of(one) & keys_of(person))]
        by_medium: dict[tuple[str, str], tuple[Medium, list[int]]] = {}
        for part in (part for one in everybody for part in one.parts):
            by_medium.setdefault((part.kind, part.medium), (self.media.of(part), []))[1].append(part.unknown)
        request = uuid4().hex
        for medium, numbers in by_medium.values():
            medium.decide([say.stranger(unknown_name(number)) for number in numbers], by=self.by, request=request)
        line = f"{count_of(len(everybody), 'stranger')}: not asked for again"
        self._done(_Step(person, line, ((request, tuple(medium for medium, _ in by_medium.values())),)))
        return Told("said", (line,))

    def _merge(self, person: UnknownPerson, text: str) -> Told:
        who, of = who_of(text)
        number = unknown_number(who)
        if number is None and not is_unknown_name(who):
            return self._name(person, text)
        if number is None:
            raise InputError(f"{who} is nobody: unknown people are counted from 1.")
        own = person.parts[0]
        other = self._somebody(number, of) if of else self._beside(own, number)
        if keys_of(other) & keys_of(person):
            raise InputError(f"{unknown_name(number)} is who is asked about. Give somebody else.")
        shared = {(part.kind, part.medium) for part in person.parts} & {(p.kind, p.medium) for p in other.parts}
        if len(person.parts) == len(other.parts) == 1 and shared:
            told = self._say(
                person, f"{person.name} and {unknown_name(number)} are one person",
                lambda mine: say.merge([mine, unknown_name(number)]),
            )  # fmt: skip
            self._first = person
            return told
        self._steps.append(_Step(person, joined=self._joined))
        kept = tuple(one for one in person.suggestions if one.other is None)
        self._joined = UnknownPerson((*person.parts, *other.parts), kept)
        return Told("asked", (f"{person.name} and {other.name} are one person: the next answer is for both.",))

    def _beside(self, own: Part, number: int) -> UnknownPerson:
        """The unknown person of that number in the same film, also one who was set aside."""
        try:
            return self._somebody(number, own.medium)
        except InputError:
            medium = self.media.of(own)
            shown = medium.timeline.appearances if isinstance(medium, StoredFilm) else medium.faces
            if all(one.unknown != number for one in shown):
                raise
            return UnknownPerson((Part(own.medium, own.kind, number, 0),))

    def _somebody(self, number: int, medium: str) -> UnknownPerson:
        for one in self._left:
            for part in one.parts:
                if part.unknown == number and part.medium.casefold() == medium.casefold():
                    return one
        raise InputError(f"Nobody without a name is {unknown_name(number)} of {medium}.")

    def _undo(self) -> Told:
        if not self._steps:
            raise InputError("There is no answer to take back. Earlier decisions: personae log")
        step = self._steps[-1]
        notes: list[str] = []
        for request, media in step.said:
            notes += [note for undone in undo_everywhere(media, request, by=self.by) for note in undone.warnings]
        self._steps.pop()
        self._later -= step.later
        self._look()
        self._joined, self._first = step.joined, step.person
        return Told("undone", (f"Taken back: {step.line or 'the last answer'}", *dict.fromkeys(notes)))

    # Who is left

    def _whom(self) -> UnknownPerson | None:
        if self._joined is not None:
            return self._joined
        if self._first is not None:
            wanted = keys_of(self._first)
            found = next((one for one in self._left if keys_of(one) & wanted), None)
            if found is not None:
                return found
        return next((one for one in self._left if not self.is_put_off(one)), None)

    def _look(self) -> None:
        self._left = tuple(self.people.undecided(self.only))
