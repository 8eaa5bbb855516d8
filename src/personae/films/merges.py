"""What made somebody one person: the merges, and the names that joined them with others, over films and sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from personae.cast.cast import Cast
from personae.films import photo_naming, say
from personae.films.decidable import Decidable
from personae.films.film import StoredFilm
from personae.films.photo_set import PhotoSet
from personae.films.say import Saying
from personae.timeline.decisions import Decision
from personae.timeline.person import Key
from personae.timeline.places import AnyPlace, Finder


@dataclass(frozen=True)
class Merge:
    """One command that joined people into one. `media`: (kind, name) of each film and set that it spoke of;
    `people`: who they were; `faces`: how many tracks or faces each of them had.
    """

    command: str
    at: str
    by: str
    media: tuple[tuple[str, str], ...]
    people: tuple[str, ...]
    faces: tuple[int, ...]


def merges_of(media: Iterable[StoredFilm | PhotoSet], keys: Iterable[frozenset[Key]]) -> list[Merge]:
    """What made one person of several, latest first; `keys`: who the person is in each film or set."""
    found: dict[str, list[tuple[StoredFilm | PhotoSet, Decision]]] = {}
    has_others = False
    cast: Cast | None = None
    for medium, own in zip(media, keys, strict=True):
        made, undecided = _joining(medium, own)
        has_others, cast = has_others or undecided, Cast(medium.context)
        for one in made:
            found.setdefault(one.command, []).append((medium, one))
    if cast is None:
        return []
    merges = []
    # A name joins whom it is given to with who has it: the first to give it joins nobody, unless the cast knew them.
    for number, (command, said) in enumerate(sorted(found.items(), key=lambda one: one[1][0][1].at)):
        merge, to = _merge(command, said), said[0][1].to
        is_one = len([who for who in merge.people if to is None or who != to.name]) < 2
        is_first = number == 0 and not any(one.kind == "merge" for _, one in said)
        is_new = to is None or not has_others or not _was_known(cast, to.name, command, merge.at)
        if not (is_one and is_first and is_new):
            merges.append(merge)
    return sorted(merges, key=lambda one: one.at, reverse=True)


def _was_known(cast: Cast, name: str, command: str, at: str) -> bool:
    """Whether the cast had somebody of that name before a command taught it."""
    if any(photo.origin is not None for photo in cast.photos(name)):
        return True
    return any(
        name in (one.detail.get("into"), *one.detail.get("names", ()))
        and one.detail.get("request") != command
        and one.time[:19] < at[:19]
        for one in cast.log()
        if one.action in ("add", "names")
    )


def taken_apart(medium: Decidable, command: str) -> list[Saying]:
    """What is to be said to take apart what a command joined in one film or set."""
    return [say.take_apart(one.id) for one in medium.decisions.in_force()
            if one.command == command and one.kind in ("merge", "name")]  # fmt: skip


def _joining(medium: StoredFilm | PhotoSet, keys: frozenset[Key]) -> tuple[list[Decision], bool]:
    """The decisions of one film or set whose parts are the person now, and were others; and whether the person has
    faces there that none of them speaks of.
    """
    made = [one for one in medium.decisions.in_force() if one.kind in ("merge", "name") and one.to is not None]
    if not made:
        return [], True
    find_all, owner = _finding(medium)
    names = Cast(medium.context).names_of_today()
    joining: list[Decision] = []
    spoken_of: set[int] = set()
    for one in (decision.today(names) for decision in made):
        whose = [Counter(owner[at] for at in find_all(part.places)).most_common(1) for part in one.parts]
        own = [part for part, most in zip(one.parts, whose, strict=True) if most and most[0][0] in keys]
        others = [part for part in own if part.who is not None and one.to is not None and part.who.key != one.to.key]
        if others and len(own) >= (2 if one.kind == "merge" else 1):
            joining.append(one)
            spoken_of |= {at for part in own for at in find_all(part.places)}
    return joining, any(key in keys and at not in spoken_of for at, key in enumerate(owner))


def _finding(medium: StoredFilm | PhotoSet) -> tuple[Callable[[Iterable[AnyPlace]], set[int]], Sequence[Key]]:
    """What finds faces by their places, and who each is."""
    if isinstance(medium, StoredFilm):
        timeline = medium.timeline
        whose = {number: (one.character, one.unknown) for one in timeline.appearances for number in one.tracks}
        finder = Finder(timeline.tracks, timeline.video)
        return finder.find_all, [whose.get(track.id, (None, None)) for track in timeline.tracks]
    kept, labels = medium.kept_faces()
    return photo_naming.PhotoFinder(kept.photos).find_all, [(one.character, one.unknown) for one in labels]


def _merge(command: str, own: Sequence[tuple[StoredFilm | PhotoSet, Decision]]) -> Merge:
    people: dict[str, int] = {}
    for medium, one in own:
        for part in one.parts:
            if part.who is not None:
                name = part.who.name if part.who.character is not None else f"{part.who.name} of {medium.name}"
                people[name] = people.get(name, 0) + len(part.places)
        if one.kind == "name" and one.to is not None:
            people.setdefault(one.to.name, 0)
    first = own[0][1]
    media = tuple(dict.fromkeys(("film" if isinstance(one, StoredFilm) else "photos", one.name) for one, _ in own))
    return Merge(command, first.at, first.by, media, tuple(people), tuple(people.values()))
