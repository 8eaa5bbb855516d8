"""Everybody who is in films and sets of photos, named or not, over all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from personae.films.film import StoredFilm
from personae.films.media_id import id_of
from personae.films.photo_set import PhotoSet
from personae.films.unknown_person import UnknownPerson
from personae.timeline.person import Key, Person

Kind = Literal["named", "unknown", "stranger"]


@dataclass(frozen=True)
class SeenPart:
    """What one film or set (`medium`, its name) shows of somebody; see `unknown_person.Part`."""

    medium: str
    kind: Literal["film", "photos"]
    person: Person
    faces: int
    face_time_s: float
    stranger: bool
    position: int

    @property
    def id(self) -> str:
        """Of the film or set, in addresses."""
        return id_of(self.kind, self.medium)


@dataclass(frozen=True)
class Somebody:
    """Somebody over all films and sets; `parts`: most first. `id`: how they stand in addresses."""

    id: str
    kind: Kind
    name: str
    parts: tuple[SeenPart, ...]

    @property
    def faces(self) -> int:
        """Appearances in films and faces in photos."""
        return sum(part.faces for part in self.parts)

    @property
    def face_time_s(self) -> float:
        """Visible face time in all films."""
        return sum(part.face_time_s for part in self.parts)

    @property
    def order(self) -> tuple[float, int, str]:
        """Their place in lists: most face time first, then most faces."""
        return -self.face_time_s, -self.faces, self.id

    def keys_in(self, medium: str) -> frozenset[Key]:
        """Who they are in the film or set with that id."""
        return frozenset(part.person.key for part in self.parts if part.id == medium)


def id_of_name(name: str) -> str:
    """How a name that is not in the cast stands in addresses."""
    return f"name-{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def everybody(
    parts: Iterable[SeenPart], names: Mapping[str, str], unknown: Iterable[UnknownPerson] = ()
) -> tuple[Somebody, ...]:
    """Everybody in films and sets, of what each shows (`seen_in`). `names`: id -> name in the cast; `unknown`: who is
    clearly one without a name, in several of them.
    """
    return tuple(sorted(_together(list(parts), names, unknown), key=lambda one: one.order))


def seen_in(medium: StoredFilm | PhotoSet) -> tuple[SeenPart, ...]:
    """Everybody in one film or set. Raises a StoreError."""
    if isinstance(medium, StoredFilm):
        timeline, position = medium.snapshot()
        aside = {one.unknown for one in timeline.appearances if one.stranger}
        return tuple(
            SeenPart(
                medium.name, "film", Person(row.character, row.unknown, row.character_id), row.appearances,
                row.visible_face_time_s, row.unknown is not None and row.unknown in aside, position,
            )
            for row in timeline.characters
        )  # fmt: skip
    position = len(medium.decisions.entries)
    faces: Counter[Key] = Counter()
    whose: dict[Key, tuple[Person, bool]] = {}
    for one in medium.faces:
        if one.name:
            person = Person(one.character, one.unknown, one.character_id)
            faces[person.key] += 1
            whose[person.key] = person, one.stranger
    return tuple(
        SeenPart(medium.name, "photos", whose[key][0], count, 0.0, whose[key][1], position)
        for key, count in faces.items()
    )


def _together(
    parts: Sequence[SeenPart], names: Mapping[str, str], unknown: Iterable[UnknownPerson]
) -> Iterable[Somebody]:
    ids = {name: id for id, name in names.items()}
    groups = {(part.kind, part.medium, part.unknown): one.order for one in unknown for part in one.parts}
    found: dict[tuple[object, ...], list[SeenPart]] = {}
    for part in parts:
        who = part.person
        if who.character is not None:
            key: tuple[object, ...] = ("named", ids.get(who.character) or who.character_id or id_of_name(who.character))
        elif part.stranger:
            # In photos a number is one person over all sets.
            key = ("stranger", part.kind, "" if part.kind == "photos" else part.medium, who.unknown)
        else:
            own = part.kind, part.medium, who.unknown
            key = ("unknown", groups.get((part.kind, part.medium, who.unknown or 0), own))
        found.setdefault(key, []).append(part)
    for (kind, *rest), theirs in found.items():
        theirs.sort(key=lambda part: (-part.face_time_s, -part.faces, part.kind, part.medium))
        first = theirs[0]
        if kind == "named":
            yield Somebody(str(rest[0]), "named", str(first.person.character), tuple(theirs))
        else:
            name = f"{first.person.name} of {first.medium}"
            yield Somebody(f"{first.id}.{first.person.unknown}", "unknown" if kind == "unknown" else "stranger", name,
                           tuple(theirs))  # fmt: skip


def find(everybody: Iterable[Somebody], id: str) -> Somebody | None:
    """Who stands so in addresses: also by any film or set that shows them, and the number that they have in it.

    Whom the cast has learnt since is found by what stood for their name before.
    """
    for one in everybody:
        if id in {one.id, id_of_name(one.name)} or any(f"{part.id}.{part.person.unknown}" == id for part in one.parts
                               if part.person.unknown is not None):  # fmt: skip
            return one
    return None
