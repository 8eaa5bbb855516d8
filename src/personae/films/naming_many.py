"""Naming many people at once: all that was asked for is checked before anything is written down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from personae.errors import CastError, InputError, UnknownCharacterError
from personae.films import say
from personae.films.answers import who_of
from personae.films.everywhere import decide_everywhere
from personae.films.meant import Who
from personae.films.media import Media, Medium
from personae.films.names_table import Wanted
from personae.films.people import People, UnknownPerson
from personae.films.photo_set import PhotoSet
from personae.names import unknown_name, unknown_number


def _new(who: Who) -> say.Saying:
    return say.name(who, say.NEW_UNKNOWN)


_INSTEAD = {".s": say.stranger, ".x": say.no_face, ".n": _new}
"""What can stand in the place of a name."""


@dataclass
class _OfMedium:
    medium: Medium
    sayings: list[say.Saying] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """What shall be said, checked and not yet written down. `warnings`: what may be wrong with it."""

    media: tuple[_OfMedium, ...]
    warnings: tuple[str, ...]

    def carry_out(self, *, by: str = "", learn: bool = True) -> tuple[str, int]:
        """Write everything down as one command; its id, and how many faces the cast was taught by it."""
        request = uuid4().hex
        said = [(one.medium, one.sayings) for one in self.media]
        return request, decide_everywhere(said, by=by, request=request, learn=learn).learnt


def plan(people: People, media: Media, only: Sequence[Medium], wanted: Iterable[Wanted]) -> Plan:
    """Check what is wanted in the films and sets `only` (none: all of the project).

    Raises CastError that lists all that cannot be done, with where it stands.
    """
    chosen = [*only] or [*media]
    if not chosen:
        raise InputError("There is no film and no set of photos yet. Scan a film, or identify photos with --keep.")
    unknown = people.undecided(chosen)
    by_medium: dict[int, _OfMedium] = {}
    warnings: dict[str, None] = {}
    wrong: list[str] = []
    twice: dict[tuple[int, str], str] = {}
    for one in wanted:
        try:
            for medium, who in _meant(one, chosen, unknown):
                name = name_in(medium, one.name)
                saying = _saying(who, name)
                warnings |= dict.fromkeys(medium.warnings(saying))
                if (before := twice.setdefault((id(medium), str(who).casefold()), one.name)) != one.name:
                    raise InputError(f"{one.who} cannot be {before} and {one.name}.")
                own = by_medium.setdefault(id(medium), _OfMedium(medium))
                own.sayings.append(saying)
        except InputError as error:
            wrong.append(f"{one.where}: {error}" if one.where else str(error))
    if wrong:
        raise CastError("Nothing was named, because this cannot be done:", wrong)
    for own in by_medium.values():
        own.medium.warnings(own.sayings)  # all of it together, one after the other
    return Plan(tuple(by_medium.values()), tuple(warnings))


def split_pair(word: str) -> tuple[str, str]:
    """ "Unknown 1=Monica" as its two parts; the first "=" is where they part. Raises InputError."""
    who, _, name = word.partition("=")
    if not who.strip() or not name.strip():
        raise InputError(f"{word!r} does not say who is called what. Write WHO=NAME.")
    return who.strip(), name.strip()


def name_in(medium: Medium, name: str) -> str:
    """ "Unknown 4 of ep2" as "Unknown 4" in ep2, others as they are. Raises InputError in another film or set."""
    who, of = who_of(name)
    if of and not _is_called(medium, of):
        raise InputError(
            f"{who} is in {of}, and this is about {medium.name}. Who is in both gets one name in both: give it to each."
        )
    return who if of else name


def _saying(who: Who, name: str) -> say.Saying:
    instead = _INSTEAD.get(name.casefold())
    if instead is not None:
        return instead(who)
    if name.startswith("."):
        raise InputError(f"{name} says nothing here. Give a name, or one of {', '.join(_INSTEAD)}.")
    return say.name(who, name)


def _meant(one: Wanted, chosen: Sequence[Medium], unknown: Sequence[UnknownPerson]) -> list[tuple[Medium, Who]]:
    """Everywhere somebody is who is meant."""
    who, of = who_of(one.who)
    of = one.medium or of
    within = [medium for medium in chosen if not of or _is_called(medium, of)]
    if not within:
        known = ", ".join(medium.name for medium in chosen)
        raise InputError(f"{of} is none of the films and sets meant here: {known}.")
    number = unknown_number(who)
    if number is not None:
        named = {medium.name for medium in within}
        found = [
            person for person in unknown
            if any(part.unknown == number and part.medium in named for part in person.parts)
        ]  # fmt: skip
        if len(found) > 1:
            names = " or ".join(f'"{part.name}"' for person in found for part in person.parts
                                if part.unknown == number and part.medium in named)  # fmt: skip
            raise InputError(f"{who} is in several films or sets. Say which: {names}.")
        if found:
            shown = {part.medium: unknown_name(part.unknown) for part in found[0].parts}
            return [(medium, shown[medium.name]) for medium in within if medium.name in shown]
    return _where_called(who, within)


def _where_called(who: str, media: Sequence[Medium]) -> list[tuple[Medium, Who]]:
    """The films and sets in which somebody is called so; raises UnknownCharacterError where nobody is."""
    found: list[tuple[Medium, Who]] = []
    error: UnknownCharacterError | None = None
    for medium in media:
        meant = in_photos(who) if isinstance(medium, PhotoSet) else who
        try:
            medium.warnings(say.confirm(meant))
            found.append((medium, meant))
        except UnknownCharacterError as nobody:
            error = nobody
    if not found and error is not None:
        raise error if len(media) == 1 else UnknownCharacterError(f"Nobody is called {who!r} in these films and sets.")
    return found


def in_photos(who: str) -> Who:
    """Somebody in photos: "beach/7.jpg#2" is one face."""
    photo, _, number = who.rpartition("#")
    return (photo, int(number)) if photo and number.isascii() and number.isdigit() else who


def _is_called(medium: Medium, name: str) -> bool:
    path = medium.files.faces if isinstance(medium, PhotoSet) else medium.path
    return name.casefold() == medium.name.casefold() or name == str(path)
