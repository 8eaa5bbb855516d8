"""Decisions applied to what the machine made of a film: labels, statements about its time, and what no longer fits.

Pure: the same tracks, labels and decisions give the same result, however the decisions came together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from personae.media.film import Video
from personae.timeline.appearances import Label
from personae.timeline.decisions import Decision, Decisions, Kind, Part
from personae.timeline.person import Key, Person
from personae.timeline.places import Finder, pts_at
from personae.timeline.stated import Stated
from personae.timeline.timeline import BestPicture, Track

DIFFERS_S = 0.5
"""Where the machine sees somebody begin or end so much elsewhere than when an appearance was trimmed, that is said."""


@dataclass(frozen=True)
class Applied:
    """What decisions make of a film.

    `labels`: one per track. `stated`: spans that a person stated, for `appearances.build`. `notes`: a sentence for
    each decision that finds no face any more, or of which the machine now differs. `apart`: pairs of sets of tracks
    (positions) that are different people for good. `highest_unknown`: of all numbers of unknown people.
    """

    labels: list[Label]
    stated: list[Stated]
    notes: list[str]
    apart: list[tuple[frozenset[int], frozenset[int]]]
    highest_unknown: int


def apply(
    decisions: Decisions,
    tracks: Sequence[Track],
    labels: Sequence[Label],
    video: Video,
    remembered: Sequence[int | None] = (),
    unknowns_used: int = 0,
    *,
    names: Mapping[str, str] | None = None,
) -> Applied:
    """Every decision in force applied in turn to the machine's `labels`.

    `remembered`: per track the unknown person it was before, so that a face that was said not to be Thor keeps its
    number. `unknowns_used`: the highest number any unknown person has had. `names`: character id -> name of today.
    """
    film = _Film(tracks, labels, video, remembered, max(unknowns_used, decisions.highest_unknown), names or {})
    for one in decisions.in_force():
        found = film.found(one)
        if one.parts and not any(found) and one.kind not in ("trim", "add"):
            film.notes.append(_lost(one))
        else:
            _BY_KIND[one.kind](film, one, found)
    strangers = film.strangers
    final = [
        label if label.unknown not in strangers else replace(label, stranger=True) for label in film.labels
    ] if strangers else film.labels  # fmt: skip
    return Applied(final, film.stated, film.notes, film.apart, film.highest_unknown)


def touching(positions: Iterable[int], tracks: Sequence[Track], span: tuple[int, int]) -> tuple[int, int] | None:
    """From when to when the tracks at `positions` go that touch the span (pts); None where none does."""
    own = [tracks[at] for at in positions if tracks[at].start_pts < span[1] and tracks[at].end_pts > span[0]]
    return (min(one.start_pts for one in own), max(one.end_pts for one in own)) if own else None


def are_apart(one: set[int], other: set[int], apart: Iterable[tuple[frozenset[int], frozenset[int]]]) -> bool:
    """Whether a person said that these tracks (positions) are of different people; `apart`: see `Applied`."""
    return any((a & one and b & other) or (a & other and b & one) for a, b in apart)


def _lost(one: Decision) -> str:
    return f"A decision no longer finds its face: {one.said()}, {one.places[0][0]:.1f} s."


class _Film:
    """The labels as they become, with who has which tracks."""

    def __init__(
        self,
        tracks: Sequence[Track],
        labels: Sequence[Label],
        video: Video,
        remembered: Sequence[int | None],
        highest_unknown: int,
        names: Mapping[str, str],
    ) -> None:
        self.tracks, self.video, self.names = tracks, video, names
        self.labels = [_with_name(label, names) for label in labels]
        self.remembered = remembered or [None] * len(tracks)
        self.highest_unknown = max([highest_unknown, *(label.unknown or 0 for label in labels)])
        self.stated: list[Stated] = []
        self.notes: list[str] = []
        self.apart: list[tuple[frozenset[int], frozenset[int]]] = []
        self.strangers: set[int] = set()
        self._finder = Finder(tracks, video)
        self._members: dict[Key, set[int]] = {}
        for at, label in enumerate(self.labels):
            self._members.setdefault(_key(label), set()).add(at)

    def found(self, one: Decision) -> list[set[int]]:
        """Per part of a decision the positions of its tracks."""
        found = [self._finder.find_all(part.places) for part in one.parts]
        if one.span_s is not None and one.was_s is None and one.kind != "add":
            found = [own | self._same_appearance(own, one.span_s) for own in found]
        return found

    def members(self, person: Person) -> set[int]:
        """The tracks of somebody."""
        return self._members.get(person.key, set())

    def today(self, person: Person | None) -> Person | None:
        """Somebody with the name of today."""
        return None if person is None else person.with_names(self.names)

    def put(self, at: int, person: Person | None, *, by_person: bool) -> None:
        """Say whose face a track shows; None: nobody's."""
        label = self.labels[at]
        self._members[_key(label)].discard(at)
        character, unknown = (None, None) if person is None else person.key
        label = replace(
            label, character=character, unknown=unknown, character_id=None if person is None else person.character_id,
            decided_by="model", stranger=False,
        )  # fmt: skip
        self.labels[at] = _by_person(label) if by_person else label
        self._members.setdefault(_key(label), set()).add(at)

    def change(self, at: int, label: Label) -> None:
        """Another label of the same person."""
        self.labels[at] = label

    def new_number(self) -> int:
        """The next number of an unknown person."""
        self.highest_unknown += 1
        return self.highest_unknown

    def number_for(self, found: Iterable[int], *, but: int | None = None) -> Person:
        """The unknown person that these tracks were before, other than `but`; else a new one."""
        before = (self.remembered[at] for at in sorted(found))
        number = next((one for one in before if one not in (None, but)), None)
        return Person(unknown=self.new_number() if number is None else number)

    def most(self, found: Iterable[int]) -> Person | None:
        """Who most of the tracks' time shows."""
        time: dict[Key, int] = {}
        who: dict[Key, Person] = {}
        for at in sorted(found):
            person = self.labels[at].person
            if person is not None:
                who[person.key] = person
                time[person.key] = time.get(person.key, 0) + self.tracks[at].end_pts - self.tracks[at].start_pts
        return who[max(time, key=time.__getitem__)] if time else None

    def followers(self, found: set[int], part: Part) -> set[int]:
        """Undecided tracks of the people of whom most is found: an unknown person's, or of who the part is about."""
        wanted = self.today(part.who)
        keys = {_key(self.labels[at]) for at in found}
        followers: set[int] = set()
        for key in keys:
            if key[1] is None and (wanted is None or key != wanted.key):
                continue
            members = self._members[key]
            length = {at: self.tracks[at].end_pts - self.tracks[at].start_pts for at in members}
            if 2 * sum(length[at] for at in members & found) >= sum(length.values()):
                followers |= {at for at in members - found if self.labels[at].decided_by == "model"}
        return followers

    def move_stated(self, people: Iterable[Person], to: Person) -> None:
        """What was stated about some people holds for who they are now."""
        keys = {person.key for person in people}
        self.stated = [replace(one, person=to) if one.person.key in keys else one for one in self.stated]

    def _same_appearance(self, found: set[int], span_s: tuple[float, float]) -> set[int]:
        video = self.video
        same = {(_key(self.labels[at]), self.labels[at].depicted) for at in found}
        return {
            at
            for key, depicted in same
            for at in self._members[key]
            if self.labels[at].depicted == depicted
            and video.seconds(self.tracks[at].start_pts) < span_s[1]
            and video.seconds(self.tracks[at].end_pts) > span_s[0]
        }


def _key(label: Label) -> Key:
    return label.character, label.unknown


def _with_name(label: Label, names: Mapping[str, str]) -> Label:
    name = names.get(label.character_id or "", label.character)
    return label if name == label.character else replace(label, character=name)


def _by_person(label: Label) -> Label:
    """Named by a person, and so alive: who looked would have said that it is a picture, with a decision of its own."""
    if label.depicted_by == "model":
        label = replace(label, depicted=False, depicted_by="person")
    return replace(label, decided_by="person", confidence=1.0)


# One function per kind of decision


def _is(film: _Film, one: Decision, found: list[set[int]]) -> None:
    """The faces are somebody's: "name" (and all of that person's), "give" and "split" (no others), "right"."""
    (own,) = found
    before = film.most(own)
    to = film.today(one.to if one.kind != "right" else one.who)
    if to is None:
        to = film.number_for(own, but=None if before is None else before.unknown)
    following = film.followers(own, one.parts[0]) if one.kind == "name" else set()
    for at in own | following:
        film.put(at, to, by_person=at in own)
    if one.kind == "name":
        people = [film.today(one.who), before if before is not None and not film.members(before) else None]
        film.move_stated((person for person in people if person is not None), to)


def _is_not(film: _Film, one: Decision, found: list[set[int]]) -> None:
    who = film.today(one.who)
    own = {at for at in found[0] if who is not None and _key(film.labels[at]) == who.key}
    if own:
        to = one.to or film.number_for(own, but=None if who is None else who.unknown)
        for at in own:
            film.put(at, to, by_person=True)


def _is_kind(film: _Film, one: Decision, found: list[set[int]]) -> None:
    for at in found[0]:
        film.change(at, replace(film.labels[at], depicted=one.kind == "depicted", depicted_by="person"))


def _is_stranger(film: _Film, one: Decision, found: list[set[int]]) -> None:
    own = found[0]
    unnamed = {at for at in own if film.labels[at].unknown is not None}
    if named := own - unnamed:
        to = one.to or film.number_for(named)
        for at in named:
            film.put(at, to, by_person=True)
    for at in unnamed:
        film.change(at, _by_person(film.labels[at]))
    film.strangers |= {number for at in own if (number := film.labels[at].unknown) is not None}


def _is_no_face(film: _Film, one: Decision, found: list[set[int]]) -> None:
    for at in found[0]:
        film.put(at, None, by_person=True)


def _merge(film: _Film, one: Decision, found: list[set[int]]) -> None:
    if any(are_apart(a, b, film.apart) for a, b in combinations(found, 2)):
        film.notes.append(f"Not merged, because they were said to be different people: {one.said()}.")
        return
    to = film.today(one.to)
    if to is None or to.unknown is not None:  # a number of another copy of the film says nothing here
        to = film.most(found[0]) or to
    if to is None:
        to = film.number_for(set().union(*found))
    before = [person for own in found if (person := film.most(own)) is not None]
    for own, part in zip(found, one.parts, strict=True):
        for at in own | film.followers(own, part):
            film.put(at, to, by_person=at in own)
    film.move_stated(before, to)


def _keep_apart(film: _Film, one: Decision, found: list[set[int]]) -> None:
    people: list[Key] = []
    for own, part in zip(found, one.parts, strict=True):
        for other in found[: len(people)]:
            film.apart.append((frozenset(other), frozenset(own - other)))
        who = film.most(own)
        if who is not None and who.key in people:
            before = part.who
            if before is None or before.unknown is None or before.key in people:
                before = film.number_for(own, but=who.unknown)
            earlier = set().union(*found[: len(people)])
            for at in own - earlier:
                film.put(at, before, by_person=True)
            who = before
        people.append((None, None) if who is None else who.key)


def _state(film: _Film, one: Decision, found: list[set[int]]) -> None:
    """A trim or an addition: laid over the film's time; where the machine now differs is said."""
    who = film.today(one.to or one.who)
    if who is not None and who.unknown is not None and any(found):
        who = film.most(found[0]) or who
    if who is None or one.span_s is None:
        return
    start, end = (pts_at(seconds, film.video) for seconds in one.span_s)
    was = None if one.was_s is None else tuple(pts_at(seconds, film.video) for seconds in one.was_s)
    span = (start, end) if was is None else (was[0], was[1])
    tracks = (at for at in film.members(who) if film.labels[at].depicted == one.depicted)
    seen = touching(tracks, film.tracks, span)
    film.notes += _differing(film, one, who, None if seen is None else tuple(map(film.video.seconds, seen)))
    best = None if one.box is None else _box(film, one.box)
    film.stated.append(Stated(who, start, end, None if was is None else span, one.depicted, best))


def _differing(film: _Film, one: Decision, who: Person, seen_s: tuple[float, ...] | None) -> list[str]:
    """A sentence where the machine sees another thing than when somebody trimmed or added."""
    before = one.seen_s
    if one.kind == "add":
        if before is None and seen_s is not None:
            return [f"{one.said()}: the scan now finds the face, from {seen_s[0]:.1f} s to {seen_s[1]:.1f} s."]
        return []
    if before is None:
        return []
    if seen_s is None:
        return [f"{one.said()}: the scan now finds no face of {who.name} there."]
    if any(abs(now - then) > DIFFERS_S for now, then in zip(seen_s, before, strict=True)):
        return [
            f"{one.said()}: the scan now sees them from {seen_s[0]:.1f} s to {seen_s[1]:.1f} s, "
            f"and did from {before[0]:.1f} s to {before[1]:.1f} s."
        ]
    return []


def _box(film: _Film, place: tuple[float, float, float, float, float]) -> BestPicture:
    width, height = film.video.size_wh
    seconds, x1, y1, x2, y2 = place
    return BestPicture(pts_at(seconds, film.video), (x1 * width, y1 * height, x2 * width, y2 * height))


_BY_KIND: dict[Kind, Callable[[_Film, Decision, list[set[int]]], None]] = {
    "name": _is, "give": _is, "right": _is, "split": _is, "not": _is_not, "alive": _is_kind, "depicted": _is_kind,
    "stranger": _is_stranger, "no_face": _is_no_face, "merge": _merge, "apart": _keep_apart, "trim": _state,
    "add": _state,
}  # fmt: skip
