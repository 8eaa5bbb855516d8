"""The labels of a film's tracks while decisions are applied to them, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from personae.media.film import Video
from personae.timeline.appearances import Label
from personae.timeline.decisions import Decision, Part
from personae.timeline.person import Key, Person
from personae.timeline.places import Finder
from personae.timeline.stated import Stated
from personae.timeline.timeline import Track


class FilmLabels:
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
            self._members.setdefault(key_of(label), set()).add(at)

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
        self._members[key_of(label)].discard(at)
        character, unknown = (None, None) if person is None else person.key
        label = replace(
            label, character=character, unknown=unknown, character_id=None if person is None else person.character_id,
            decided_by="model", stranger=False,
        )  # fmt: skip
        self.labels[at] = named_by_person(label) if by_person else label
        self._members.setdefault(key_of(label), set()).add(at)

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
        keys = {key_of(self.labels[at]) for at in found}
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
        same = {(key_of(self.labels[at]), self.labels[at].depicted) for at in found}
        return {
            at
            for key, depicted in same
            for at in self._members[key]
            if self.labels[at].depicted == depicted
            and video.seconds(self.tracks[at].start_pts) < span_s[1]
            and video.seconds(self.tracks[at].end_pts) > span_s[0]
        }


def key_of(label: Label) -> Key:
    """Whose face it is."""
    return label.character, label.unknown


def _with_name(label: Label, names: Mapping[str, str]) -> Label:
    name = names.get(label.character_id or "", label.character)
    return label if name == label.character else replace(label, character=name)


def named_by_person(label: Label) -> Label:
    """Named by a person, and so alive: who looked would have said that it is a picture, with a decision of its own."""
    if label.depicted_by == "model":
        label = replace(label, depicted=False, depicted_by="person")
    return replace(label, decided_by="person", confidence=1.0)
