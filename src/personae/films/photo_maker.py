"""What somebody says about a set of photos, made into decisions for its journal: by name, by number, or of one face."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from personae.errors import InputError, UnknownCharacterError
from personae.films import photo_naming
from personae.films.decision_maker import Chosen, DecisionMaker
from personae.films.faces_file import Kept
from personae.films.meant import Some, Who, check_who
from personae.names import find_name, highest, readable, unknown_name, unknown_number
from personae.names_of_today import NamesOfToday
from personae.timeline.appearances import Label
from personae.timeline.deciding import Applied
from personae.timeline.decisions import Decision, Decisions
from personae.timeline.person import Person
from personae.timeline.places import AnyPlace


@dataclass(frozen=True, eq=False)
class PhotoMaker(DecisionMaker):
    """Makes decisions about the faces of a set. `labels`: one per face, as they were before.

    `unknowns_used`: the highest number of an unknown person in all sets of the project.
    """

    kept: Kept
    labels: Sequence[Label]
    decisions: Decisions
    by: str = ""
    request: str = ""
    at: str = ""
    names: NamesOfToday = field(default_factory=NamesOfToday)
    unknowns_used: int = 0

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
        own = [at for at, label in enumerate(self.labels) if (label.character, label.unknown) == key and label.name]
        if not own:
            raise self.nobody(who.name if isinstance(who, Person) else who)
        return self._chosen(own, whole=True)

    def others(self, chosen: Chosen) -> Chosen | None:
        """Those faces of the same person that were not chosen; None where all were."""
        mine, places = {*chosen.places}, photo_naming.places_of(self.kept)
        key = chosen.person.key
        theirs = [at for at, label in enumerate(self.labels) if (label.character, label.unknown) == key and label.name]
        own = [at for at in theirs if places[at] not in mine]
        return self._chosen(own, whole=False) if own else None

    def nobody(self, who: str) -> UnknownCharacterError:
        """That nobody is called so, and who there is."""
        known = dict.fromkeys(label.name for label in self.labels if label.name)
        return UnknownCharacterError(
            f"Nobody is called {who!r} in these photos. There are: {', '.join(known) or 'none'}."
        )

    @property
    def characters(self) -> set[str]:
        """The characters in the photos."""
        return {one.character for one in self.labels if one.character is not None}

    def id_of(self, character: str) -> str | None:
        """The id of a character in the photos."""
        return next((one.character_id for one in self.labels if one.character == character and one.character_id), None)

    def find_all(self, places: Iterable[AnyPlace]) -> set[int]:
        """The positions of the faces at places."""
        return self._finder.find_all(places)

    @cached_property
    def _finder(self) -> photo_naming.PhotoFinder:
        return photo_naming.PhotoFinder(self.kept.photos)

    @property
    def next_number(self) -> int:
        """The number of the next unknown person."""
        shown = highest(label.unknown for label in self.labels)
        return max(self.unknowns_used, self.kept.unknowns_used, self.decisions.highest_unknown, shown) + 1

    @cached_property
    def applied(self) -> Applied:
        """What the decisions so far make of the photos."""
        return photo_naming.decided(self.kept, self.decisions, self.names)

    def _key(self, who: str) -> tuple[str | None, int | None]:
        name = find_name(who, {label.name for label in self.labels if label.name})
        number = unknown_number(who)
        name = unknown_name(number) if name is None and number is not None else name
        found = next((one for one in self.labels if name is not None and one.name == name), None)
        if found is None:
            raise self.nobody(who)
        return found.character, found.unknown

    def _face(self, path: str, number: int) -> Chosen:
        first, wanted = 0, {readable(path), relative(path, self.kept.root)}
        for photo in self.kept.photos:
            if photo.path in wanted:
                if not 1 <= number <= len(photo.faces):
                    raise InputError(f"{photo.path} has no face {number}: it has {len(photo.faces)}.")
                if not self.labels[first + number - 1].name:
                    raise InputError(f"Face {number} of {photo.path} was said to be none. Take that back with undo.")
                return self._chosen([first + number - 1], whole=False)
            first += len(photo.faces)
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
        places, person = photo_naming.places_of(self.kept), self.labels[own[0]].person
        assert person is not None
        return Chosen(person, whole, tuple(places[at] for at in own), tuple(self.kept.unknown[at] for at in own))


def relative(path: str | os.PathLike[str], root: str) -> str:
    """A photo's path as its set keeps it: from the root on, with /; absolute where the two lie on different drives."""
    whole = os.path.abspath(path)  # noqa: PTH100 - links are not followed
    try:
        return readable(os.path.relpath(whole, root or os.path.dirname(whole)).replace(os.sep, "/"))  # noqa: PTH120
    except ValueError:
        return readable(whole)
