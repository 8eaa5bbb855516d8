"""What a training has to do: from the photos that are known, those that are wanted and what a person decided, a plan.

Values in, values out: no file, no database. A photo is known by the name it came in under and its path; a file that was
renamed or moved is the photo it was, by the digest of its content.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from personae.cast.characters import Characters
from personae.cast.gallery_records import Enrolment, PhotoRecord, copy_of
from personae.hints import command
from personae.recognition.prototypes import unit
from personae.types import Reason, count_of

RECONSIDER = 0.20
"""A face chosen among several that agrees less than this with the character's other photos is chosen again."""
_AGAIN = (Reason.AMBIGUOUS_FACES, Reason.DUPLICATE, Reason.OUTLIER)


@dataclass(frozen=True, eq=False)
class Known:
    """What the gallery knows before a training.

    `records`: every photo, also withdrawn ones; `gone`: paths at which there surely is no file any more; `uncopied`:
    ids of photos whose small copies were never made; `enrolment`: every enrolled face, None where none is.
    """

    records: tuple[PhotoRecord, ...] = ()
    gone: frozenset[str] = frozenset()
    uncopied: frozenset[int] = frozenset()
    enrolment: Enrolment | None = None


@dataclass(frozen=True)
class Wanted:
    """What a training is asked for.

    `photos`: each as its file is now, its `character` and `given` the name it comes in under; `origin`: the folder that
    is synchronised, None where photos are only added; `rules`: the thresholds photos are judged by; `outliers`: whether
    outliers are looked for.
    """

    photos: tuple[PhotoRecord, ...]
    origin: str | None = None
    rules: str = ""
    outliers: bool = True


@dataclass(frozen=True)
class Plan:
    """What to look at, to move and to take out.

    `again`: photos as they were, of which what was said may have changed; `elsewhere`: known outliers that this
    training was not asked about; `look_at`: new and changed photos, to be looked at last: interrupted before they are
    all in, the next training looks at the others again. `move`: (known, as it is now) of photos that only lie
    elsewhere; `take_out`: known photos that are gone; `added`, `changed`: keys; `unchanged`: how many; `notes`:
    sentences.
    """

    again: tuple[PhotoRecord, ...] = ()
    elsewhere: tuple[PhotoRecord, ...] = ()
    look_at: tuple[PhotoRecord, ...] = ()
    move: tuple[tuple[PhotoRecord, PhotoRecord], ...] = ()
    take_out: tuple[PhotoRecord, ...] = ()
    added: tuple[tuple[str, str], ...] = ()
    changed: tuple[tuple[str, str], ...] = ()
    unchanged: int = 0
    notes: tuple[str, ...] = ()


def plan(known: Known, wanted: Wanted, decided: Characters) -> Plan:
    """What has to be done so that the gallery has what is wanted; every name in `wanted` stands for a character."""
    sorting = _Sorting(known, wanted, decided)
    for photo in wanted.photos:
        sorting.sort(photo)
    vanished = [
        record
        for record in known.records
        if wanted.origin is not None and record.origin == wanted.origin and record.id not in sorting.stayed
    ]
    something_changed = bool(sorting.todo or vanished)
    return Plan(
        again=tuple(_again(known, wanted, sorting, vanished)),
        look_at=tuple(sorting.todo),
        elsewhere=tuple(_elsewhere(known, wanted, sorting.stayed)) if something_changed else (),
        move=tuple(sorting.move),
        take_out=tuple(vanished),
        added=tuple(sorting.added),
        changed=tuple(sorting.changed),
        unchanged=len(sorting.same),
        notes=tuple(sentence(given, now, count) for (given, now), count in sorted(sorting.elsewhere.items(), key=str)),
    )


@dataclass
class _Sorting:
    """The wanted photos taken apart, one after the other: `todo` is to be looked at, `same` is as it was."""

    known: Known
    wanted: Wanted
    decided: Characters
    todo: list[PhotoRecord] = field(default_factory=list)
    same: list[tuple[PhotoRecord, PhotoRecord]] = field(default_factory=list)
    move: list[tuple[PhotoRecord, PhotoRecord]] = field(default_factory=list)
    added: list[tuple[str, str]] = field(default_factory=list)
    changed: list[tuple[str, str]] = field(default_factory=list)
    stayed: set[int | None] = field(default_factory=set)
    elsewhere: dict[tuple[str, str | None], int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        records = self.known.records
        self._by_key = {(record.given, record.path): record for record in records}
        self._gone = {
            (name, record.sha256): record
            for record in records
            if record.sha256 and record.path in self.known.gone
            for name in (record.character, record.given)
        }
        self._holders = {record.key: record.given for record in records}

    def sort(self, photo: PhotoRecord) -> None:
        """Decide about one wanted photo."""
        place = self.decided.place(photo.given, photo.sha256)
        now = self.decided.name_of(place.character)
        old = self._old(photo, now)
        if place.withdrawn_by is not None:  # a person took it out, and it is not even looked at
            self.elsewhere[photo.given, None] += 1
            if old is not None and old.sha256 == photo.sha256:
                self.stayed.add(old.id)
                self.move.append((old, photo))
            return
        if now != photo.character:
            self.elsewhere[photo.given, now] += 1
        photo = replace(photo, character=now, character_id=place.character)
        if self._holders.setdefault(photo.key, photo.given) != photo.given and (old is None or old.withdrawn_by):
            self.stayed.add(None if old is None else old.id)
            return  # one file under two names that are one character now
        if old is None:
            self.added.append(photo.key)
            self.todo.append(photo)
            return
        self.stayed.add(old.id)
        if old.sha256 != photo.sha256:
            self.changed.append(photo.key)
            self.todo.append(photo)
            return
        if (old.path, old.look, old.origin, old.given) != (photo.path, photo.look, photo.origin, photo.given):
            # What was enrolled otherwise stays so, also when it turns up in a folder.
            origin = old.origin if None in (old.origin, self.wanted.origin) else self.wanted.origin
            self.move.append((old, replace(photo, origin=origin)))
        self.same.append((photo, old))

    def _old(self, photo: PhotoRecord, now: str) -> PhotoRecord | None:
        """The known photo that this is; a file that was renamed or moved is the photo it was."""
        old = self._by_key.get((photo.given, photo.path))
        if old is not None:
            return old
        old = self._gone.get((photo.given, photo.sha256)) or self._gone.get((now, photo.sha256))
        return None if old is None or old.id in self.stayed else old


def renamed_folders(known: Known, wanted: Wanted, decided: Characters) -> dict[str, str]:
    """New name -> the name that a character's photos came in under before, where its folder was renamed.

    That is so where a folder is gone with all its photos, and most of them lie in a folder with a name that is new.
    """
    if wanted.origin is None:
        return {}
    lying: dict[str, set[str]] = defaultdict(set)
    for photo in wanted.photos:
        lying[photo.given].add(photo.sha256)
    new = [name for name in lying if decided.start(name) is None]
    had: dict[str, list[PhotoRecord]] = defaultdict(list)
    for record in known.records:
        if record.origin is not None:
            had[record.given].append(record)
    found: dict[str, str] = {}
    for name, records in had.items():
        if name in lying or not all(record.path in known.gone for record in records):
            continue
        shares = {each: sum(record.sha256 in lying[each] for record in records) for each in new if each not in found}
        best = max(shares, key=lambda each: shares[each], default="")
        if best and 2 * shares[best] > len(records):
            found[best] = name
    return found


def _again(known: Known, wanted: Wanted, sorting: _Sorting, vanished: Sequence[PhotoRecord]) -> Iterable[PhotoRecord]:
    """Photos to look at again though they are as they were: what was said of them may have changed."""
    something_changed = bool(sorting.todo or vanished)
    doubted = doubtful(known, {record.id for record in vanished}) if something_changed else set()
    lonely = _without_first(known)
    return [
        photo
        for photo, old in sorting.same
        if old.id in doubted
        or old.id in known.uncopied
        or ((something_changed or wanted.origin is None) and old.reason in _AGAIN)
        or old.id in lonely
        or (old.status == "rejected" and old.rules != wanted.rules)
        or (old.reason is Reason.OUTLIER and not wanted.outliers)
    ]


def _without_first(known: Known) -> set[int | None]:
    """Ids of the duplicates of which an edit took out what they were duplicates of."""
    there = [record for record in known.records if record.withdrawn_by is None]
    copies = {(record.character, copy_of(record.path)) for record in there if record.status == "enrolled"}
    holders: dict[str, set[str]] = defaultdict(set)
    for record in there:
        if record.status == "enrolled" or record.reason is Reason.DUPLICATE:
            holders[record.sha256].add(record.character)
    return {
        record.id
        for record in there
        if record.reason is Reason.DUPLICATE
        and (record.character, record.detail) not in copies
        and len(holders[record.sha256]) < 2
    }


def _elsewhere(known: Known, wanted: Wanted, stayed: Collection[int | None]) -> Iterable[PhotoRecord]:
    """Outliers that this training was not asked about: its photos may tell that they are none."""
    for old in known.records:
        other = old.id not in stayed and (wanted.origin is None or old.origin != wanted.origin)
        if old.reason is Reason.OUTLIER and other and old.withdrawn_by is None and old.path not in known.gone:
            yield old


def doubtful(known: Known, without: Collection[int | None] = ()) -> set[int]:
    """Photos whose face was chosen among several and agrees badly with the character's other photos.

    `without`: ids of photos that do not count any more.
    """
    enrolment = known.enrolment
    if enrolment is None:
        return set()
    chosen = {record.id for record in known.records if record.status == "enrolled" and record.faces_found > 1}
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row, character in enumerate(enrolment.characters):
        if enrolment.photo_ids[row] not in without:
            rows_of[character].append(row)
    found = set()
    for rows in rows_of.values():
        total = enrolment.embeddings[rows].sum(axis=0)
        for row in rows if len(rows) > 1 else []:
            own = enrolment.embeddings[row]
            if enrolment.photo_ids[row] in chosen and unit(total - own) @ own < RECONSIDER:
                found.add(enrolment.photo_ids[row])
    return found


def overruled(photos: Iterable[tuple[str, str]]) -> str:
    """What is left out as it is somebody else's; `photos`: (character, whose it is) of each, some."""
    counts = Counter(photos)
    each = ", ".join(
        f"{count} of {given} {'is' if count == 1 else 'are'} {owner}'s"
        for (given, owner), count in sorted(counts.items())
    )
    left_out = f"{count_of(counts.total(), 'photo')} left out, as you decided whose"
    return f"{left_out} {'it is' if counts.total() == 1 else 'they are'}: {each} ({command('log')})."


def lost(characters: Iterable[str]) -> str:
    """What a training took away; `characters`: of each photo that was enrolled and is rejected now, some."""
    counts = Counter(characters)
    each = ", ".join(f"{count} of {name}" for name, count in sorted(counts.items()))
    were = "photo that was enrolled is" if counts.total() == 1 else "photos that were enrolled are"
    return (
        f"{counts.total()} {were} rejected now: {each}. Undo does not take a training back: "
        f"train on the right folder, or add the photos again ({command('add')})."
    )


def sentence(given: str, now: str | None, count: int) -> str:
    """What a person decided about photos that were given as `given`: they are `now`'s (None: nobody's)."""
    done = "left out" if now is None else f"enrolled as {now}"
    are = "is" if count == 1 else "are"
    return f"{count_of(count, 'photo')} of {given} {are} {done}, as you decided ({command('log')})."
