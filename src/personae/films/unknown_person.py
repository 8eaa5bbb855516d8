"""Somebody without a name: where they are, and who they may be. Values."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from personae.films.decidable import Decidable
from personae.names import unknown_name

LEAST_SHOWN = 0.05
"""A suggestion that is less probable is no choice: it would be noise, and a key away from a mistake."""


@dataclass(frozen=True)
class Part:
    """What one film or one set of photos (`medium`, its name) shows of somebody: there they are `unknown`.

    `faces`: appearances in a film, faces in photos; `face_time_s`: visible face time, 0 in photos; `picture`: a file
    that shows them best, a whole photo where `face` tells which face from the left; None where there is none. `best`:
    the number of the track, or of the face among all of the set from 1, that shows them best; `position`: how many
    decisions the journal held.
    """

    medium: str
    kind: Literal["film", "photos"]
    unknown: int
    faces: int
    face_time_s: float = 0.0
    picture: Path | None = None
    face: int | None = None
    best: int | None = field(default=None, compare=False)
    position: int | None = field(default=None, compare=False)

    @property
    def who(self) -> str:
        """As they are called in it: "Unknown 4"."""
        return unknown_name(self.unknown)

    @property
    def name(self) -> str:
        """As people read it: "Unknown 4 of ep2"."""
        return f"{unknown_name(self.unknown)} of {self.medium}"


@dataclass(frozen=True)
class DecidedPart:
    """Somebody who has a name in one film or set, or who was set aside as a stranger there; the rest as in `Part`."""

    medium: str
    kind: Literal["film", "photos"]
    who: str
    faces: int
    face_time_s: float = 0.0
    stranger: bool = False


@dataclass(frozen=True)
class Suggestion:
    """Who somebody may be: a character, or another unknown person; `probability` is calibrated."""

    probability: float
    character: str | None = None
    other: Part | None = None

    @property
    def name(self) -> str:
        """The character, or "Unknown 4 of ep2"."""
        return self.character or (self.other.name if self.other is not None else "")


@dataclass(frozen=True)
class UnknownPerson:
    """Somebody without a name. `parts`: where they are, most first; `suggestions`: who they may be, likeliest first."""

    parts: tuple[Part, ...]
    suggestions: tuple[Suggestion, ...] = ()

    @property
    def choices(self) -> tuple[Suggestion, ...]:
        """The suggestions that are worth being shown to somebody who chooses."""
        return tuple(one for one in self.suggestions if one.probability >= LEAST_SHOWN)

    @property
    def name(self) -> str:
        """How they are called where they are most: "Unknown 4 of ep2"."""
        return self.parts[0].name

    @property
    def faces(self) -> int:
        """Appearances in films and faces in photos."""
        return sum(part.faces for part in self.parts)

    @property
    def face_time_s(self) -> float:
        """Visible face time in all films."""
        return sum(part.face_time_s for part in self.parts)

    @property
    def order(self) -> tuple[float, int, str, str, int]:
        """Their place in lists: most face time first, then most faces."""
        first = self.parts[0]
        return -self.face_time_s, -self.faces, first.kind, first.medium, first.unknown

    @property
    def picture(self) -> Path | None:
        """A file that shows them best."""
        return next((part.picture for part in self.parts if part.picture is not None), None)


@dataclass(frozen=True)
class SaidOfPeople:
    """What was written down, by medium, under one request; `warnings`: what may be wrong with it.

    `learnt`: how many faces the cast was taught.
    """

    request: str
    media: tuple[Decidable, ...]
    warnings: tuple[str, ...] = ()
    learnt: int = 0
