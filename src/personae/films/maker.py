"""What somebody says about a film, made into decisions for its journal: by name, by number, or of one appearance.

made = Maker(timeline, scanned, decisions, by="Ada").name("Unknown 2", "Hela")
journal.append(files, timeline.video, made)

Nothing is written here. Every method gives the decisions of one command, which share a `request`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from personae.errors import InputError, UnknownCharacterError
from personae.films.decision_maker import NEW_UNKNOWN, Chosen, DecisionMaker, NewUnknown, box_in_shares, is_number
from personae.films.meant import Meant, Some, Who, meant, nobody, person_of
from personae.films.tracks_file import Scanned
from personae.names import highest, unknown_number
from personae.names_of_today import NamesOfToday
from personae.timeline import deciding
from personae.timeline.deciding import Applied, touching
from personae.timeline.decisions import Decision, Decisions, Part
from personae.timeline.native_reader import LONGEST_S
from personae.timeline.person import Person
from personae.timeline.places import AnyPlace, Finder, Place, place_of, pts_at
from personae.timeline.timeline import Appearance, Timeline

__all__ = ["NEW_UNKNOWN", "Maker", "NewUnknown"]
MOST_HINTS = 5
"""So many places tell which unknown person somebody stated something about."""


@dataclass(frozen=True, eq=False)
class Maker(DecisionMaker):
    """Makes decisions about a film from its timeline, its tracks, and what was decided so far.

    `seen`: the earlier timeline that who decides has looked at: numbers of appearances are of that one.
    """

    timeline: Timeline
    scanned: Scanned
    decisions: Decisions
    by: str = ""
    request: str = ""
    at: str = ""
    names: NamesOfToday = field(default_factory=NamesOfToday)
    seen: Timeline | None = None

    def after(self, made: Iterable[Decision]) -> Maker:
        """For the next of several decisions that are written down together."""
        return replace(self, decisions=replace(self.decisions, entries=(*self.decisions.entries, *made)))

    def trim(self, who: Who, start_s: float | None = None, end_s: float | None = None) -> tuple[Decision, ...]:
        """Say when one appearance begins and ends, in seconds from the film's first picture; None: as it does now."""
        chosen = self._meant(who)
        if len(chosen.appearances) != 1:
            times = len(chosen.appearances)
            raise InputError(f"{chosen.person.name} appears {times} times. Give one appearance's number.")
        one, video = chosen.appearances[0], self.timeline.video
        was = video.seconds(one.start_pts), video.seconds(one.end_pts)
        span = self._span(was[0] if start_s is None else start_s, was[1] if end_s is None else end_s)
        labels = self.applied.labels
        own = [at for at, label in enumerate(labels) if label.person is not None and
               label.person.key == chosen.person.key and label.depicted == one.depicted]  # fmt: skip
        seen = touching(own, self.timeline.tracks, (one.start_pts, one.end_pts))
        seen_s = None if seen is None else (video.seconds(seen[0]), video.seconds(seen[1]))
        part = Part(chosen.person, self._places([one])[:MOST_HINTS])
        return self.finished(Decision("trim", (part,), span_s=span, was_s=was, seen_s=seen_s, depicted=one.depicted))

    def add(
        self,
        who: Who | NewUnknown,
        start_s: float | None = None,
        end_s: float | None = None,
        box: tuple[float, float, float, float] | None = None,
        photo: str | None = None,
    ) -> tuple[Decision, ...]:
        """Say that somebody is there though no face was found, in seconds from the film's first picture.

        `box`: where in the picture at `start_s`, x1, y1, x2, y2 in displayed pixels; with it `end_s` may be left out
        for one picture. The person may be a character whom nobody has found in this film.
        """
        if photo is not None or start_s is None:
            raise InputError("In a film somebody is added by a time: give start_s, and no photo.")
        video = self.timeline.video
        if end_s is None:
            if box is None:
                raise InputError("Give the end of the span, or the box of one picture.")
            end_s = _seconds(start_s) + float(1 / video.frame_rate)
        span = self._span(start_s, end_s)
        person, places = self._whoever(who)
        place = None if box is None else (span[0], *box_in_shares(box, video.size_wh))
        return self.finished(Decision("add", (Part(person, places),), span_s=span, box=place))

    # Who is meant

    def chosen(self, who: Who) -> Chosen:
        """Who is meant; raises UnknownCharacterError."""
        if isinstance(who, Some):
            found_some = self._tracks(who.tracks)
            who.check(found_some.person)
            return found_some
        found = self._meant(who)
        at_of = {track.id: at for at, track in enumerate(self.timeline.tracks)}
        before = (self.scanned.unknown[at_of[number]] for one in found.appearances for number in one.tracks)
        return Chosen(found.person, found.whole, self._places(found.appearances), tuple(before))

    def others(self, chosen: Chosen) -> Chosen | None:
        """Those faces of the same person that were not chosen; None where all were."""
        mine = {*chosen.places}
        own = {number for one in self.timeline.appearances if person_of(one).key == chosen.person.key
               for number in one.tracks}  # fmt: skip
        at = [at for at, track in enumerate(self.timeline.tracks) if track.id in own]
        at = [each for each in at if place_of(self.timeline.tracks[each], self.timeline.video) not in mine]
        return self._of_tracks(chosen.person, at) if at else None

    def nobody(self, who: str) -> UnknownCharacterError:
        """That nobody is called so, and who there is."""
        return nobody(self.timeline, who)

    def _tracks(self, numbers: Sequence[int]) -> Chosen:
        """Single tracks, which must be one person's."""
        at = [at for at, track in enumerate(self.timeline.tracks) if track.id in {*numbers}]
        whose = {number: person_of(one) for one in self.timeline.appearances for number in one.tracks}
        people = {whose[number].key: whose[number] for number in numbers if number in whose}
        if len(at) != len({*numbers}) or not all(number in whose for number in numbers) or not numbers:
            raise UnknownCharacterError("Some of these faces are not there any more. Look again.")
        if len(people) > 1:
            names = " and ".join(sorted(person.name for person in people.values()))
            raise InputError(f"These faces are of {names}. Say it of each of them.")
        return self._of_tracks(next(iter(people.values())), at)

    def _of_tracks(self, person: Person, at: Sequence[int]) -> Chosen:
        places = tuple(place_of(self.timeline.tracks[each], self.timeline.video) for each in at)
        return Chosen(person, False, places, tuple(self.scanned.unknown[each] for each in at))

    def _meant(self, who: Who) -> Meant:
        is_text = isinstance(who, str) and who.isascii() and who.isdigit() and who not in self.characters
        is_number = isinstance(who, int) or is_text
        return meant(self.seen if self.seen is not None and is_number else self.timeline, who)

    @property
    def characters(self) -> set[str]:
        """The characters in the timeline."""
        return {one.character for one in self.timeline.appearances if one.character is not None}

    def id_of(self, character: str) -> str | None:
        """The id of a character in the timeline."""
        known = (one.character_id for one in self.timeline.appearances if one.character == character)
        return next((one for one in known if one), None)

    def find_all(self, places: Iterable[AnyPlace]) -> set[int]:
        """The positions of the tracks at places."""
        return self._finder.find_all(places)

    @cached_property
    def _finder(self) -> Finder:
        return Finder(self.timeline.tracks, self.timeline.video)

    def _whoever(self, who: Who | NewUnknown) -> tuple[Person, tuple[Place, ...]]:
        """Somebody in the timeline, or a character who is not yet in it; and a few of their places."""
        if isinstance(who, NewUnknown):
            return Person(unknown=self.next_number), ()
        try:
            chosen = self._meant(who)
        except UnknownCharacterError:
            if isinstance(who, int | tuple | Some) or (isinstance(who, str) and unknown_number(who) is not None):
                raise
            person = self.person(who)
            if person.unknown is not None:
                raise
            return person, ()
        return chosen.person, self._places(chosen.appearances)[:MOST_HINTS]

    # What it becomes

    @property
    def next_number(self) -> int:
        """The number of the next unknown person."""
        shown = highest(one.unknown for one in self.timeline.appearances)
        return max(self.scanned.unknowns_used, self.decisions.highest_unknown, shown) + 1

    @cached_property
    def applied(self) -> Applied:
        """What the decisions so far make of the film."""
        one = self.scanned
        return deciding.apply(
            self.decisions, self.timeline.tracks, one.labels, self.timeline.video, one.unknown, one.unknowns_used,
            names=self.names,
        )  # fmt: skip

    def _span(self, start_s: float, end_s: float) -> tuple[float, float]:
        """A span inside the film, on ticks of its clock."""
        video = self.timeline.video
        start_s, end_s = _seconds(start_s), _seconds(end_s)
        start, end = pts_at(start_s, video), pts_at(end_s, video)
        if start >= end:
            raise InputError(
                f"From {start_s:g} s to {end_s:g} s is nothing of the film, which is {video.duration_s:.2f} s long."
            )
        return video.seconds(start), video.seconds(end)

    def _places(self, appearances: Iterable[Appearance]) -> tuple[Place, ...]:
        numbers = {number for one in appearances for number in one.tracks}
        return tuple(place_of(one, self.timeline.video) for one in self.timeline.tracks if one.id in numbers)


def _seconds(value: float) -> float:
    """Seconds that any film's clock can hold; what is beyond lies outside of every film."""
    if not is_number(value):
        raise InputError("Give seconds from the film's first picture.")
    return max(-LONGEST_S, min(float(value), LONGEST_S))
