"""What somebody says about a set of photos, made into decisions for its journal: by name, by number, or of one face."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from personae.errors import InputError, UnknownCharacterError
from personae.films import photo_naming
from personae.films.decision_maker import Chosen, DecisionMaker, NewUnknown, box_in_shares
from personae.films.faces_file import Kept, StoredPhoto
from personae.films.meant import Some, Who, check_who
from personae.names import find_name, highest, readable, unknown_name, unknown_number
from personae.names_of_today import NamesOfToday
from personae.timeline.appearances import Label
from personae.timeline.deciding import Applied
from personae.timeline.decisions import Decision, Decisions, Part
from personae.timeline.face_labels import Drawn
from personae.timeline.person import Key, Person
from personae.timeline.places import AnyPlace, PhotoPlace
from personae.timeline.timeline import name_of

Value = TypeVar("Value")


@dataclass(frozen=True, eq=False)
class PhotoMaker(DecisionMaker):
    """Makes decisions about the faces of a set. `labels`: one per face that was found, as they were before.

    `drawn`: the faces that people drew, as they were before; `unknowns_used`: the highest number of an unknown person
    in all sets of the project.
    """

    kept: Kept
    labels: Sequence[Label]
    decisions: Decisions
    by: str = ""
    request: str = ""
    at: str = ""
    names: NamesOfToday = field(default_factory=NamesOfToday)
    unknowns_used: int = 0
    drawn: Sequence[Drawn] = ()
    shared: dict[str, Any] = field(default_factory=dict, repr=False)
    """What was made of the faces once, for all makers of one command."""

    def after(self, made: Iterable[Decision]) -> PhotoMaker:
        """For the next of several decisions that are written down together."""
        return replace(self, decisions=replace(self.decisions, entries=(*self.decisions.entries, *made)))

    def chosen(self, who: Who) -> Chosen:
        """Who is meant; raises UnknownCharacterError."""
        check_who(who)
        if isinstance(who, int):
            raise UnknownCharacterError(f"{who} says nothing about photos. Give a photo and the number of a face.")
        if isinstance(who, tuple):
            return self._face(*who)
        if isinstance(who, Some):
            found = self._faces(who.faces)
            who.check(found.person)
            return found
        key = who.key if isinstance(who, Person) else self._key(who)
        own = self._positions.get(key, [])
        if not own:
            raise self.nobody(who.name if isinstance(who, Person) else who)
        return self._chosen(own, whole=True)

    def others(self, chosen: Chosen) -> Chosen | None:
        """Those faces of the same person that were not chosen; None where all were."""
        mine = {*chosen.places}
        own = [at for at in self._positions.get(chosen.person.key, []) if self._place(at) not in mine]
        return self._chosen(own, whole=False) if own else None

    def add(
        self,
        who: Who | NewUnknown,
        start_s: float | None = None,
        end_s: float | None = None,
        box: tuple[float, float, float, float] | None = None,
        photo: str | None = None,
    ) -> tuple[Decision, ...]:
        """Say that there is a face in a photo where none was found: `box`, x1, y1, x2, y2 in pixels of the photo.

        Raises InputError where it lies outside, or where a face is there that can be named itself.
        """
        if photo is None or box is None or start_s is not None or end_s is not None:
            raise InputError("In photos a face is added by a photo and a box.")
        at, stored = self._photo(photo)
        x1, y1, x2, y2 = (min(max(side, 0.0), 1.0) for side in box_in_shares(box, stored.faces.size_wh))
        if x1 >= x2 or y1 >= y2:
            raise InputError(f"{box} lies outside of {stored.path}.")
        place = PhotoPlace(stored.path, stored.sha256, (x1, y1, x2, y2))
        for there in self.find_all([place]):
            if self._every[there].name:
                number = there - photo_naming.first_faces(self.kept)[at] + 1
                if there >= len(self.labels):
                    own = [one for one, drawn in enumerate(self.drawn) if drawn.photo == at]
                    number = len(stored.faces) + own.index(there - len(self.labels)) + 1
                raise InputError(f"Face {number} of {stored.path} is there: {self._every[there].name}. Name that one.")
        return self.finished(Decision("face", (Part(None, (place,)),), self._whoever(who)))

    def nobody(self, who: str) -> UnknownCharacterError:
        """That nobody is called so, and who there is."""
        known = [name_of(*key) for key in self._positions]
        return UnknownCharacterError(
            f"Nobody is called {who!r} in these photos. There are: {', '.join(known) or 'none'}."
        )

    @property
    def characters(self) -> set[str]:
        """The characters in the photos."""
        return {key[0] for key in self._positions if key[0] is not None}

    def id_of(self, character: str) -> str | None:
        """The id of a character in the photos."""
        own = (self._every[at] for at in self._positions.get((character, None), ()))
        return next((one.character_id for one in own if one.character_id), None)

    def faces_of(self, character: str) -> Sequence[int]:
        """The positions of a character's faces."""
        return self._positions.get((character, None), ())

    def find_all(self, places: Iterable[AnyPlace]) -> set[int]:
        """The positions of the faces at places."""
        return self._finder.find_all(places)

    @property
    def _finder(self) -> photo_naming.PhotoFinder:
        return self._once("finder", lambda: photo_naming.PhotoFinder(self.kept.photos, self.drawn))

    @property
    def _every(self) -> Sequence[Label]:
        """Whose each face is, also of those that were drawn."""
        return self._once("every", lambda: [*self.labels, *(one.label for one in self.drawn)])

    @property
    def _positions(self) -> Mapping[Key, list[int]]:
        """Where the faces of each person are."""

        def made() -> dict[Key, list[int]]:
            found: dict[Key, list[int]] = {}
            for at, label in enumerate(self._every):
                if label.name:
                    found.setdefault((label.character, label.unknown), []).append(at)
            return found

        return self._once("positions", made)

    def _once(self, what: str, made: Callable[[], Value]) -> Value:
        if what not in self.shared:
            self.shared[what] = made()
        found: Value = self.shared[what]
        return found

    @property
    def next_number(self) -> int:
        """The number of the next unknown person."""
        shown = highest(unknown for _, unknown in self._positions)
        return max(self.unknowns_used, self.kept.unknowns_used, self.decisions.highest_unknown, shown) + 1

    @cached_property
    def applied(self) -> Applied:
        """What the decisions so far make of the photos."""
        return photo_naming.decided(self.kept, self.decisions, self.names)

    def _key(self, who: str) -> tuple[str | None, int | None]:
        known = self._once("names", lambda: {name_of(*key): key for key in self._positions})
        name = find_name(who, known)
        number = unknown_number(who)
        name = unknown_name(number) if name is None and number is not None else name
        if name is None or name not in known:
            raise self.nobody(who)
        return known[name]

    def _face(self, path: str, number: int) -> Chosen:
        at, photo = self._photo(path)
        first, count = photo_naming.first_faces(self.kept)[at], len(photo.faces)
        numbers = [*range(first, first + count)]
        numbers += [len(self.labels) + own for own, one in enumerate(self.drawn) if one.photo == at]
        if not 1 <= number <= len(numbers):
            raise InputError(f"{photo.path} has no face {number}: it has {len(numbers)}.")
        if not self._every[numbers[number - 1]].name:
            raise InputError(f"Face {number} of {photo.path} was said to be none. Take that back with undo.")
        return self._chosen([numbers[number - 1]], whole=False)

    def _photo(self, path: str) -> tuple[int, StoredPhoto]:
        positions = photo_naming.positions_of(self.kept)
        for wanted in (readable(path), relative(path, self.kept.root)):
            if wanted in positions:
                return positions[wanted], self.kept.photos[positions[wanted]]
        raise InputError(f"There is no photo {path!r} in this set. Give its path from {self.kept.root}.")

    def _faces(self, faces: Sequence[tuple[str, int]]) -> Chosen:
        """Single faces, which must be one person's."""
        found = [self._face(*one) for one in faces]
        people = {one.person.key: one.person for one in found}
        if not found:
            raise UnknownCharacterError("No face was given.")
        if len(people) > 1:
            names = " and ".join(sorted(person.name for person in people.values()))
            raise InputError(f"These faces are of {names}. Say it of each of them.")
        places = tuple(place for one in found for place in one.places)
        return Chosen(found[0].person, False, places, tuple(number for one in found for number in one.before))

    def _chosen(self, own: Sequence[int], *, whole: bool) -> Chosen:
        person, before = self._every[own[0]].person, self.kept.unknown
        assert person is not None
        numbers = tuple(before[at] if at < len(before) else None for at in own)
        return Chosen(person, whole, tuple(map(self._place, own)), numbers)

    def _place(self, at: int) -> AnyPlace:
        """Where a face is, by its position: drawn ones come after those that were found."""
        found = photo_naming.places_of(self.kept)
        return found[at] if at < len(found) else self.drawn[at - len(found)].place

    def _whoever(self, who: Who | NewUnknown) -> Person:
        """Somebody of these photos, or a character who is not yet in them."""
        if isinstance(who, NewUnknown):
            return Person(unknown=self.next_number)
        if not isinstance(who, str | Person):
            raise InputError(f"{who!r} says nobody. Give a name.")
        try:
            return self.chosen(who).person
        except UnknownCharacterError:
            person = self.person(who)
            if person.unknown is not None:
                raise
            return person


def relative(path: str | os.PathLike[str], root: str) -> str:
    """A photo's path as its set keeps it: from the root on, with /; absolute where the two lie on different drives."""
    whole = os.path.abspath(path)  # noqa: PTH100 - links are not followed
    try:
        return readable(os.path.relpath(whole, root or os.path.dirname(whole)).replace(os.sep, "/"))  # noqa: PTH120
    except ValueError:
        return readable(whole)
