"""The labels of faces while decisions are applied to them, one after the other: of a film's tracks, or of photos."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Self

from personae.names import highest
from personae.timeline.appearances import Label
from personae.timeline.decisions import Decision, Part
from personae.timeline.person import Key, Person
from personae.timeline.places import AnyPlace, PhotoPlace
from personae.timeline.stated import Stated

FOLLOWS = 0.95
"""Confidence in a name that a face has because most of its group was named by a person: so much of a group is one
person (B-cubed precision on small and sharp faces mixed). What the machine thought of another name says nothing."""


@dataclass(frozen=True)
class Drawn:
    """A face that a person drew where none was found: where, in the photo at which position, and whose it is.

    There is no embedding of it, so it has no part in grouping, and teaches nothing.
    """

    photo: int
    place: PhotoPlace
    label: Label


class FaceLabels:
    """The labels as they become, with who has which faces.

    `find`: the positions of the faces at places; `lengths`: what each face counts, a track by its time; `remembered`:
    the unknown person that each was before.
    """

    def __init__(
        self,
        labels: Sequence[Label],
        lengths: Sequence[int],
        find: Callable[[Iterable[AnyPlace]], set[int]],
        remembered: Sequence[int | None],
        highest_unknown: int,
        names: Mapping[str, str],
    ) -> None:
        self.lengths = lengths
        self.labels = [_with_name(label, names) for label in labels]
        self.remembered = remembered or [None] * len(labels)
        self.highest_unknown = max(highest_unknown, highest(label.unknown for label in labels))
        self.stated: list[Stated] = []
        self.notes: list[str] = []
        self.apart: list[tuple[frozenset[int], frozenset[int]]] = []
        self.strangers: set[int] = set()
        self.drawn: list[tuple[int, PhotoPlace]] = []
        """The faces that a person drew, with the position of each one's photo; their labels are the last ones."""
        self._find = find
        self._members: dict[Key, set[int]] = {}
        for at, label in enumerate(self.labels):
            self._members.setdefault(key_of(label), set()).add(at)

    def copy(self) -> Self:
        """The same, to go on from."""
        other = copy(self)
        other.labels, other.stated, other.notes = list(self.labels), list(self.stated), list(self.notes)
        other.apart, other.strangers, other.drawn = list(self.apart), set(self.strangers), list(self.drawn)
        other._members = {key: set(own) for key, own in self._members.items()}
        return other

    def found(self, one: Decision) -> list[set[int]]:
        """Per part of a decision the positions of its faces."""
        return [self._find(part.places) for part in one.parts]

    def draw(self, place: AnyPlace) -> int | None:
        """The position of a new face that a person drew at a place; None where there is no such photo."""
        return None

    def members(self, person: Person) -> set[int]:
        """The faces of somebody."""
        return self._members.get(person.key, set())

    def put(self, at: int, person: Person | None, *, by_person: bool) -> None:
        """Say whose a face is; None: nobody's."""
        label = self.labels[at]
        self._members[key_of(label)].discard(at)
        character, unknown = (None, None) if person is None else person.key
        label = replace(
            label, character=character, unknown=unknown, character_id=None if person is None else person.character_id,
            decided_by="model", stranger=False, confidence=label.confidence if character is None else FOLLOWS,
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
        """The unknown person that these faces were before, other than `but`; else a new one."""
        before = (self.remembered[at] for at in sorted(found))
        number = next((one for one in before if one not in (None, but)), None)
        return Person(unknown=self.new_number() if number is None else number)

    def most(self, found: Iterable[int]) -> Person | None:
        """Who most of the faces' time shows."""
        time: dict[Key, int] = {}
        who: dict[Key, Person] = {}
        for at in sorted(found):
            person = self.labels[at].person
            if person is not None:
                who[person.key] = person
                time[person.key] = time.get(person.key, 0) + self.lengths[at]
        return who[max(time, key=time.__getitem__)] if time else None

    def followers(self, found: set[int], part: Part) -> set[int]:
        """Undecided faces of the people of whom most is found: an unknown person's, or of who the part is about."""
        wanted = part.who
        keys = {key_of(self.labels[at]) for at in found}
        followers: set[int] = set()
        for key in keys:
            if key[1] is None and (wanted is None or key != wanted.key):
                continue
            members = self._members[key]
            if self.is_most_of(members, found):
                followers |= {at for at in members - found if self.labels[at].decided_by == "model"}
        return followers

    def is_most_of(self, members: set[int], found: set[int]) -> bool:
        """Whether somebody whose faces are `members` is the one whose `found` faces were meant."""
        return 2 * sum(self.lengths[at] for at in members & found) >= sum(self.lengths[at] for at in members)

    def move_stated(self, people: Iterable[Person], to: Person) -> None:
        """What was stated about some people holds for who they are now."""
        keys = {person.key for person in people}
        self.stated = [replace(one, person=to) if one.person.key in keys else one for one in self.stated]


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
