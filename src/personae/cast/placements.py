"""What edits say about where a photo belongs. Values in, values out: the gallery keeps them, enrolment obeys them.

Each photo comes in under a name (of its folder, or given by a call). A placement says: photos of this character, all of
them or one known by the digest of its file, are now another character's, or nobody's (withdrawn). Placements are
replayed in the order of the edits that made them. So a renamed, merged, split or removed photo that still lies in the
cast folder stays what a person made of it; and undoing an edit is replaying without its placements.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Placement:
    """Photos of `character` (None for `sha256`: all of them) become those of `becomes` (None: withdrawn).

    Where a photo becomes what it is (`becomes` = `character`), it was added by hand, and what withdrew it before is
    lifted; for all photos (no `sha256`) only what withdrew them all is.
    """

    edit: int
    character: str
    sha256: str | None
    becomes: str | None


@dataclass(frozen=True)
class Place:
    """Where a photo belongs: `character`, also the last one of a withdrawn photo.

    `withdrawn_by`, `edit`: the edits that withdrew it and that decided last, or None; `alone`: whether one was about
    this very photo.
    """

    character: str
    withdrawn_by: int | None = None
    edit: int | None = None
    alone: bool = False


class Placements:
    """All placements of a gallery, in the order of their edits."""

    def __init__(self, placements: Iterable[Placement] = ()) -> None:
        self._of_all: dict[str, list[tuple[int, Placement]]] = defaultdict(list)
        self._of_photo: dict[str, list[tuple[int, Placement]]] = defaultdict(list)
        for number, placement in enumerate(placements):
            if placement.sha256 is None:
                self._of_all[placement.character].append((number, placement))
            else:
                self._of_photo[placement.sha256].append((number, placement))

    def moved(self) -> list[tuple[int, str]]:
        """(edit, character) for each character all of whose photos became another's."""
        return [
            (placement.edit, character)
            for character, placements in self._of_all.items()
            for _, placement in placements
            if placement.becomes not in (None, character)
        ]

    def place(self, given: str, sha256: str) -> Place:
        """Where a photo with that digest belongs that came in as `given`."""
        own = self._replay(given, sha256)
        if own.alone or sha256 not in self._of_photo:
            return own
        # A folder that was renamed as the character was: what was decided of its photos holds under the new name.
        for alias in sorted(self._of_all):
            if alias != given and self.character_of(alias) == own.character:
                place = self._replay(alias, sha256)
                if place.alone:
                    return place
        return own

    def character_of(self, given: str, *, after: int = 0) -> str | None:
        """The character that photos given as `given` belong to by edits later than `after`; None where withdrawn."""
        place = self._replay(given, "", after)
        return place.character if place.withdrawn_by is None else None

    def akin(self, given: str, other: str) -> bool:
        """Whether photos given under two names are one character's, if nothing was decided about them alone."""
        return self._replay(given, "").character == self._replay(other, "").character

    def decided(self, sha256: str) -> bool:
        """Whether some edit was about this very photo."""
        return sha256 in self._of_photo

    def _replay(self, given: str, sha256: str, after: int = 0) -> Place:
        place, withdrew_all = Place(given), False
        last = -1
        of_photo = self._of_photo.get(sha256, [])
        while True:
            coming = [
                (number, placement)
                for number, placement in (*self._of_all.get(place.character, []), *of_photo)
                if number > last and placement.edit > after
            ]
            if not coming:
                return place
            last, placement = min(coming, key=lambda item: item[0])
            alone = place.alone or placement.sha256 is not None
            becomes, edit = placement.becomes, placement.edit
            by_hand = becomes == placement.character
            if by_hand and placement.sha256 is not None and becomes in (given, place.character):
                place = Place(becomes, None, edit, alone=True)
            elif placement.character != place.character:
                continue
            elif by_hand:
                if place.withdrawn_by is not None and withdrew_all:
                    place = Place(place.character, None, edit, alone)
            elif place.withdrawn_by is not None:
                continue
            elif becomes is None:
                place, withdrew_all = Place(place.character, edit, edit, alone), placement.sha256 is None
            else:
                place = Place(becomes, None, edit, alone)
