"""What somebody says about a film, made into decisions for its journal: by name, by number, or of one appearance.

made = Maker(timeline, scanned, decisions, by="Ada").name("Unknown 2", "Hela")
journal.append(files, timeline.video, made)

Nothing is written here. Every method gives the decisions of one command, which share a `request`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import combinations
from typing import Any
from uuid import uuid4

from personae.errors import InputError, UnknownCharacterError
from personae.films.meant import Meant, Who, appearances_of, meant, nobody
from personae.films.tracks_file import Scanned
from personae.names import readable, unknown_number, valid_name
from personae.timeline import deciding
from personae.timeline.deciding import Applied, are_apart, touching
from personae.timeline.decisions import Decision, Decisions, Kind, Part, with_ids
from personae.timeline.person import Person
from personae.timeline.places import Finder, Place, place_of, pts_at
from personae.timeline.timeline import Appearance, Timeline

MOST_HINTS = 5
"""So many places tell which unknown person somebody stated something about."""


@dataclass(frozen=True)
class NewUnknown:
    """An unknown person of their own, whom nobody has counted yet."""


NEW_UNKNOWN = NewUnknown()


@dataclass(frozen=True, eq=False)
class Maker:
    """Makes decisions about a film from its timeline, its tracks, and what was decided so far.

    `by`: who decides; `request`: the client's id of the command (one is made up where there is none); `at`: the time in
    UTC, now where it is empty; `ids`: character -> id of the characters of the cast.
    Methods raise UnknownCharacterError where nobody of that name is in the timeline, InputError for what cannot be.
    """

    timeline: Timeline
    scanned: Scanned
    decisions: Decisions
    by: str = ""
    request: str = ""
    at: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)

    def after(self, made: Iterable[Decision]) -> Maker:
        """For the next of several decisions that are written down together."""
        return replace(self, decisions=replace(self.decisions, entries=(*self.decisions.entries, *made)))

    def name(self, who: Who, to: str | Person | NewUnknown) -> tuple[Decision, ...]:
        """Say who somebody is. A person gets another name wherever they are; of one appearance, only its faces do.

        `to`: a character, another unknown person (the two become one), or `NEW_UNKNOWN`.
        """
        chosen = meant(self.timeline, who)
        if isinstance(to, NewUnknown):
            person = Person(unknown=self._next_number)
            return self._made("name" if chosen.whole else "split", [chosen], person)
        person = self._person(to)
        other = appearances_of(self.timeline, person)
        if chosen.whole and person.unknown is not None and other and person.key != chosen.person.key:
            return self._made("merge", [Meant(person, other, True), chosen], person)
        return self._made("name" if chosen.whole else "give", [chosen], person)

    def confirm(self, who: Who) -> tuple[Decision, ...]:
        """Say that they are who it says."""
        return self._made("right", [meant(self.timeline, who)])

    def reject(self, who: Who) -> tuple[Decision, ...]:
        """Say that they are not who it says. They are an unknown person then: who they were before, or a new one."""
        chosen = meant(self.timeline, who)
        return self._made("not", [chosen], self._unknown_instead(chosen))

    def mark(self, who: Who, *, depicted: bool) -> tuple[Decision, ...]:
        """Say that they are on a picture in the picture, or alive."""
        return self._made("depicted" if depicted else "alive", [meant(self.timeline, who)])

    def stranger(self, who: Who) -> tuple[Decision, ...]:
        """Say that they stay without a name and are not to be asked for again."""
        chosen = meant(self.timeline, who)
        to = self._unknown_instead(chosen) if chosen.person.unknown is None else None
        return self._made("stranger", [chosen], to)

    def no_face(self, who: Who) -> tuple[Decision, ...]:
        """Say that what was found is nobody's face."""
        return self._made("no_face", [meant(self.timeline, who)])

    def split(self, who: Who) -> tuple[Decision, ...]:
        """Say that these faces are somebody of their own."""
        return self._made("split", [meant(self.timeline, who)], Person(unknown=self._next_number))

    def merge(self, people: Sequence[Who], into: str | Person | None = None) -> tuple[Decision, ...]:
        """Say that several are one person: `into`, else the one character among them, else the first."""
        chosen = [meant(self.timeline, who) for who in people]
        if len(chosen) < 2:
            raise InputError("Give two or more people to merge.")
        characters = list({one.person.key: one.person for one in chosen if one.person.character is not None}.values())
        if into is None and len(characters) > 1:
            names = " and ".join(person.name for person in characters)
            raise InputError(f"{names} are two characters. Say who the person is: into.")
        to = self._person(into) if into is not None else (characters or [chosen[0].person])[0]
        chosen.sort(key=lambda one: one.person.key != to.key)  # who they are then goes first
        made = self._made("merge", chosen, to)
        self._check_not_apart(made[0])
        return made

    def keep_apart(self, one: Who, other: Who) -> tuple[Decision, ...]:
        """Say that two are different people: nothing merges them again, or proposes it."""
        first, second = meant(self.timeline, one), meant(self.timeline, other)
        was_one = first.person.key == second.person.key
        return self._made("apart", [first, second], Person(unknown=self._next_number) if was_one else None)

    def take_apart(self, merge: str) -> tuple[Decision, ...]:
        """Take a merge apart, whatever was decided since; `merge`: its id. Its parts stay different people."""
        found = next((one for one in self.decisions.in_force() if one.id == merge and one.kind == "merge"), None)
        if found is None:
            raise InputError(f"There is no merge {merge!r} that holds in this film.")
        return self._finished(Decision("apart", found.parts))

    def trim(self, who: Who, start_s: float | None = None, end_s: float | None = None) -> tuple[Decision, ...]:
        """Say when one appearance begins and ends, in seconds from the film's first picture; None: as it does now."""
        chosen = meant(self.timeline, who)
        if len(chosen.appearances) != 1:
            times = len(chosen.appearances)
            raise InputError(f"{chosen.person.name} appears {times} times. Give one appearance's number.")
        one, video = chosen.appearances[0], self.timeline.video
        was = video.seconds(one.start_pts), video.seconds(one.end_pts)
        span = self._span(was[0] if start_s is None else start_s, was[1] if end_s is None else end_s)
        labels = self._applied.labels
        own = [at for at, label in enumerate(labels) if label.person is not None and
               label.person.key == chosen.person.key and label.depicted == one.depicted]  # fmt: skip
        seen = touching(own, self.timeline.tracks, (one.start_pts, one.end_pts))
        seen_s = None if seen is None else (video.seconds(seen[0]), video.seconds(seen[1]))
        part = Part(chosen.person, self._places([one])[:MOST_HINTS])
        return self._finished(Decision("trim", (part,), span_s=span, was_s=was, seen_s=seen_s, depicted=one.depicted))

    def add(
        self,
        who: Who | NewUnknown,
        start_s: float,
        end_s: float | None = None,
        box: tuple[float, float, float, float] | None = None,
    ) -> tuple[Decision, ...]:
        """Say that somebody is there though no face was found, in seconds from the film's first picture.

        `box`: where in the picture at `start_s`, x1, y1, x2, y2 in displayed pixels; with it `end_s` may be left out
        for one picture. The person may be a character whom nobody has found in this film.
        """
        video = self.timeline.video
        if end_s is None:
            if box is None:
                raise InputError("Give the end of the span, or the box of one picture.")
            end_s = start_s + float(1 / video.frame_rate)
        span = self._span(start_s, end_s)
        person, places = self._whoever(who)
        width, height = video.size_wh
        place: Place | None = None
        if box is not None:
            if not all(map(math.isfinite, box)) or not (box[0] < box[2] and box[1] < box[3]):
                raise InputError(f"{box} is no box: x1, y1, x2, y2 in pixels, the second corner below the first.")
            place = (span[0], box[0] / width, box[1] / height, box[2] / width, box[3] / height)
        return self._finished(Decision("add", (Part(person, places),), span_s=span, box=place))

    def undo(self, ids: Sequence[str] | None = None) -> tuple[Decision, ...]:
        """Take decisions back: those with `ids`, else all of the last command; empty where there is none to undo.

        An undo can be taken back too, by its id.
        """
        if ids is None:
            ids = [one.id for one in self.decisions.last_command()]
            if not ids:
                return ()
        known = {one.id for one in self.decisions.entries}
        if missing := [one for one in ids if one not in known]:
            raise InputError(f"There is no decision {missing[0]!r} about this film.")
        return self._finished(Decision("undo", takes_back=tuple(ids)))

    # Who is meant

    def _person(self, to: str | Person) -> Person:
        """Who somebody shall be; an unknown person must be known by number."""
        if isinstance(to, str):
            number = unknown_number(to)
            to = Person(unknown=number) if number is not None else self._character(valid_name(to))
        elif to.character is not None:
            to = replace(to, character=valid_name(to.character))
        if to.unknown is not None and to.unknown >= self._next_number:
            raise nobody(self.timeline, to.name)
        return to

    def _character(self, name: str) -> Person:
        known = (one.character_id for one in self.timeline.appearances if one.character == name)
        return Person(name, None, self.ids.get(name) or next((one for one in known if one), None))

    def _whoever(self, who: Who | NewUnknown) -> tuple[Person, tuple[Place, ...]]:
        """Somebody in the timeline, or a character who is not yet in it; and a few of their places."""
        if isinstance(who, NewUnknown):
            return Person(unknown=self._next_number), ()
        try:
            chosen = meant(self.timeline, who)
        except UnknownCharacterError:
            if isinstance(who, int) or (isinstance(who, str) and unknown_number(who) is not None):
                raise
            person = self._character(valid_name(who)) if isinstance(who, str) else who
            if person.unknown is not None:
                raise
            return person, ()
        return chosen.person, self._places(chosen.appearances)[:MOST_HINTS]

    def _unknown_instead(self, chosen: Meant) -> Person:
        """Who somebody is that is not who it says: the unknown person of before, or a new one."""
        at_of = {track.id: at for at, track in enumerate(self.timeline.tracks)}
        before = (self.scanned.unknown[at_of[number]] for one in chosen.appearances for number in one.tracks)
        number = next((one for one in before if one not in (None, chosen.person.unknown)), None)
        return Person(unknown=self._next_number if number is None else number)

    # What it becomes

    @property
    def _next_number(self) -> int:
        shown = (one.unknown or 0 for one in self.timeline.appearances)
        return max(self.scanned.unknowns_used, self.decisions.highest_unknown, *shown, 0) + 1

    @cached_property
    def _applied(self) -> Applied:
        one = self.scanned
        return deciding.apply(
            self.decisions, self.timeline.tracks, one.labels, self.timeline.video, one.unknown, one.unknowns_used
        )

    def _check_not_apart(self, merge: Decision) -> None:
        finder = Finder(self.timeline.tracks, self.timeline.video)
        found = [finder.find_all(part.places) for part in merge.parts]
        if any(are_apart(a, b, self._applied.apart) for a, b in combinations(found, 2)):
            raise InputError(f"{merge.said()}: they were said to be different people. Take that back first, with undo.")

    def _span(self, start_s: float, end_s: float) -> tuple[float, float]:
        """A span inside the film, on ticks of its clock."""
        video = self.timeline.video
        if not (math.isfinite(start_s) and math.isfinite(end_s)):
            raise InputError("Give seconds from the film's first picture.")
        start, end = pts_at(start_s, video), pts_at(end_s, video)
        if start >= end:
            raise InputError(
                f"From {start_s:g} s to {end_s:g} s is nothing of the film, which is {video.duration_s:.2f} s long."
            )
        return video.seconds(start), video.seconds(end)

    def _places(self, appearances: Iterable[Appearance]) -> tuple[Place, ...]:
        numbers = {number for one in appearances for number in one.tracks}
        return tuple(place_of(one, self.timeline.video) for one in self.timeline.tracks if one.id in numbers)

    def _made(self, kind: Kind, chosen: Iterable[Meant], to: Person | None = None) -> tuple[Decision, ...]:
        parts = tuple(Part(one.person, self._places(one.appearances)) for one in chosen)
        for part in parts:
            if part.who is not None and not part.places:
                raise InputError(
                    f"No face of {part.who.name} was found there: a person stated it. Take that back with undo."
                )
        return self._finished(Decision(kind, parts, to))

    def _finished(self, one: Decision) -> tuple[Decision, ...]:
        stamp: dict[str, Any] = {
            "by": readable(self.by),
            "at": self.at or datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "on": len(self.decisions.entries),
            "request": readable(self.request) or uuid4().hex,
        }
        return with_ids([replace(one, **stamp)])
