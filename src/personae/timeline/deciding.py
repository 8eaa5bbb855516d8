"""Decisions applied to what the machine made of a film: labels, statements about its time, and what no longer fits.

Pure: the same tracks, labels and decisions give the same result, however the decisions came together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from personae.media.film import Video
from personae.names_of_today import NamesOfToday
from personae.timeline.appearances import Label
from personae.timeline.decisions import Decision, Decisions, Kind
from personae.timeline.face_labels import Drawn, FaceLabels, key_of, named_by_person
from personae.timeline.film_labels import FilmLabels
from personae.timeline.person import Key, Person
from personae.timeline.places import Finder, PhotoPlace, pts_at
from personae.timeline.stated import Stated
from personae.timeline.timeline import BestPicture, Track

DIFFERS_S = 0.5
"""Where the machine sees somebody begin or end so much elsewhere than when an appearance was trimmed, that is said."""


@dataclass(frozen=True)
class Applied:
    """What decisions make of a film.

    `labels`: one per track. `stated`: spans that a person stated, for `appearances.build`. `notes`: a sentence for
    each decision that finds no face any more, or of which the machine now differs. `apart`: pairs of sets of tracks
    (positions) that are different people for good. `highest_unknown`: of all numbers of unknown people. `drawn`: the
    faces that a person drew in photos, whose positions follow those that were found.
    """

    labels: list[Label]
    stated: list[Stated]
    notes: list[str]
    apart: list[tuple[frozenset[int], frozenset[int]]]
    highest_unknown: int
    drawn: tuple[Drawn, ...] = ()


def apply(
    decisions: Decisions,
    tracks: Sequence[Track],
    labels: Sequence[Label],
    video: Video,
    remembered: Sequence[int | None] = (),
    unknowns_used: int = 0,
    *,
    names: NamesOfToday | None = None,
    finder: Finder | None = None,
    last: Last | None = None,
) -> Applied:
    """Every decision in force applied in turn to the machine's `labels`.

    `remembered`: per track the unknown person it was before, so that a face that was said not to be Thor keeps its
    number. `unknowns_used`: the highest number any unknown person has had. `names`: who is called what today.
    `finder`: finds the tracks, where somebody has one. `last`: where the last call got to with the same tracks.
    """
    names = NamesOfToday() if names is None else names
    used = max(unknowns_used, decisions.highest_unknown)
    holds = decisions.in_force()
    last = last or Last()
    film, new = last.from_there((labels, tuple(remembered), used, names), holds)
    if film is None:
        film = FilmLabels(tracks, labels, video, remembered, used, names, finder or Finder(tracks, video))
    applied = _applied(film, new, names)
    last.got_to((labels, tuple(remembered), used, names), holds, film)
    return applied


class Last:
    """Where applying decisions got to, so that one more is applied to that and not all of them anew."""

    def __init__(self) -> None:
        self._known: tuple[_Given, list[Decision], FilmLabels] | None = None

    def from_there(self, given: _Given, holds: Sequence[Decision]) -> tuple[FilmLabels | None, Sequence[Decision]]:
        """The labels as they were then, and the decisions since; None and all where something else is different."""
        known = self._known
        if known is None or not _is_same(known[0], given) or len(known[1]) > len(holds):
            return None, holds
        if any(one is not other for one, other in zip(known[1], holds, strict=False)):
            return None, holds
        return known[2].copy(), holds[len(known[1]) :]

    def got_to(self, given: _Given, holds: list[Decision], film: FilmLabels) -> None:
        """Remember it; `film` is changed no more."""
        self._known = given, holds, film


_Given = tuple[Sequence[Label], tuple[int | None, ...], int, NamesOfToday]
"""Labels of the machine, `remembered`, the highest number used, and the names."""


def _is_same(one: _Given, other: _Given) -> bool:
    return one[0] is other[0] and one[1:3] == other[1:3] and one[3] is other[3]


def apply_to(faces: FaceLabels, decisions: Decisions, names: NamesOfToday) -> Applied:
    """Every decision in force applied in turn to labels. What is about time is about films alone."""
    return _applied(faces, decisions.in_force(), names)


def _applied(faces: FaceLabels, decisions: Iterable[Decision], names: NamesOfToday) -> Applied:
    for one in (decision.today(names) for decision in decisions):
        found = faces.found(one)
        if one.kind == "face" and not any(found):
            found = [{at} for place in one.places if (at := faces.draw(place)) is not None]
        if one.kind in ("trim", "add"):
            if isinstance(faces, FilmLabels):
                _state(faces, one, found)
        elif any(found):
            _BY_KIND[one.kind](faces, one, found)
        else:
            faces.notes.append(_lost(one))
    strangers = faces.strangers
    final = [
        label if label.unknown not in strangers else replace(label, stranger=True) for label in faces.labels
    ] if strangers else faces.labels  # fmt: skip
    count = len(final) - len(faces.drawn)
    drawn = tuple(Drawn(*where, label) for where, label in zip(faces.drawn, final[count:], strict=True))
    final = final[:count] if drawn else final
    return Applied(final, faces.stated, faces.notes, faces.apart, faces.highest_unknown, drawn)


def touching(positions: Iterable[int], tracks: Sequence[Track], span: tuple[int, int]) -> tuple[int, int] | None:
    """From when to when the tracks at `positions` go that touch the span (pts); None where none does."""
    own = [tracks[at] for at in positions if tracks[at].start_pts < span[1] and tracks[at].end_pts > span[0]]
    return (min(one.start_pts for one in own), max(one.end_pts for one in own)) if own else None


def are_apart(one: set[int], other: set[int], apart: Iterable[tuple[frozenset[int], frozenset[int]]]) -> bool:
    """Whether a person said that these tracks (positions) are of different people; `apart`: see `Applied`."""
    return any((a & one and b & other) or (a & other and b & one) for a, b in apart)


def _lost(one: Decision) -> str:
    where = ""
    if one.places:
        place = one.places[0]
        where = f", {place.photo}" if isinstance(place, PhotoPlace) else f", {place[0]:.1f} s"
    return f"A decision no longer finds its face: {one.said()}{where}."


# One function per kind of decision


def _is(film: FaceLabels, one: Decision, found: list[set[int]]) -> None:
    """The faces are somebody's: "name" (and all of that person's), "give", "split" and "face" (no others), "right"."""
    own = set[int]().union(*found)
    before = film.most(own)
    to = one.to if one.kind != "right" else one.who
    if to is None:
        to = film.number_for(own, but=None if before is None else before.unknown)
    following = film.followers(own, one.parts[0]) if one.kind == "name" else set()
    for at in own | following:
        film.put(at, to, by_person=at in own)
    if one.kind == "name":
        people = [one.who, before if before is not None and not film.members(before) else None]
        film.move_stated((person for person in people if person is not None), to)


def _is_not(film: FaceLabels, one: Decision, found: list[set[int]]) -> None:
    who = one.who
    own = {at for at in set[int]().union(*found) if who is not None and key_of(film.labels[at]) == who.key}
    if own:
        to = one.to or film.number_for(own, but=None if who is None else who.unknown)
        for at in own:
            film.put(at, to, by_person=True)


def _is_kind(film: FaceLabels, one: Decision, found: list[set[int]]) -> None:
    for at in set[int]().union(*found):
        film.change(at, replace(film.labels[at], depicted=one.kind == "depicted", depicted_by="person"))


def _is_stranger(film: FaceLabels, one: Decision, found: list[set[int]]) -> None:
    own = set[int]().union(*found)
    unnamed = {at for at in own if film.labels[at].unknown is not None}
    if named := own - unnamed:
        to = one.to or film.number_for(named)
        for at in named:
            film.put(at, to, by_person=True)
    for at in unnamed:
        film.change(at, named_by_person(film.labels[at]))
    film.strangers |= {number for at in own if (number := film.labels[at].unknown) is not None}


def _is_no_face(film: FaceLabels, one: Decision, found: list[set[int]]) -> None:
    for at in set[int]().union(*found):
        film.put(at, None, by_person=True)


def _merge(film: FaceLabels, one: Decision, found: list[set[int]]) -> None:
    if any(are_apart(a, b, film.apart) for a, b in combinations(found, 2)):
        film.notes.append(f"Not merged, because they were said to be different people: {one.said()}.")
        return
    to = one.to
    if to is None or to.unknown is not None:  # a number of another copy of the film says nothing here
        to = film.most(found[0]) or to
    if to is None:
        to = film.number_for(set().union(*found))
    before = [person for own in found if (person := film.most(own)) is not None]
    for own, part in zip(found, one.parts, strict=True):
        for at in own | film.followers(own, part):
            film.put(at, to, by_person=at in own)
    film.move_stated((person for person in before if not film.members(person)), to)


def _keep_apart(film: FaceLabels, one: Decision, found: list[set[int]]) -> None:
    people: list[Key] = []
    for own, part in zip(found, one.parts, strict=True):
        for other in found[: len(people)]:
            film.apart.append((frozenset(other), frozenset(own - other)))
        who = film.most(own)
        if who is not None and who.key in people:
            before = part.who
            if before is None or before.unknown is None or before.key in people:
                known = one.to is not None and one.to.key not in people
                before = one.to if known and one.to else film.number_for(own, but=who.unknown)
            earlier = set().union(*found[: len(people)])
            for at in own - earlier:
                film.put(at, before, by_person=True)
            who = before
        people.append((None, None) if who is None else who.key)


def _state(film: FilmLabels, one: Decision, found: list[set[int]]) -> None:
    """A trim or an addition: laid over the film's time; where the machine now differs is said."""
    who = one.to or one.who
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


def _differing(film: FilmLabels, one: Decision, who: Person, seen_s: tuple[float, ...] | None) -> list[str]:
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


def _box(film: FilmLabels, place: tuple[float, float, float, float, float]) -> BestPicture:
    width, height = film.video.size_wh
    seconds, x1, y1, x2, y2 = place
    return BestPicture(pts_at(seconds, film.video), (x1 * width, y1 * height, x2 * width, y2 * height))


_BY_KIND: dict[Kind, Callable[[FaceLabels, Decision, list[set[int]]], None]] = {
    "name": _is, "give": _is, "right": _is, "split": _is, "face": _is, "not": _is_not,
    "alive": _is_kind, "depicted": _is_kind,
    "stranger": _is_stranger, "no_face": _is_no_face, "merge": _merge, "apart": _keep_apart,
}  # fmt: skip
