"""Conclude a set of photos: its new faces grouped among all of the project, everybody named and numbered, and written.

Several sets are read and one is written. The project's lock is held for the writing alone, and what was read is checked
then: whoever kept, trained or forgot meanwhile makes it be done once more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from personae.cast.cast import Cast
from personae.cast.context import ProjectContext
from personae.errors import StoreError
from personae.files import Stamp, stamp_of
from personae.films import faces_file, journal, photo_naming, photo_people
from personae.films.faces_file import Kept
from personae.films.photo_files import PhotoFiles
from personae.films.photo_numbers import Numbers, counting, so_far
from personae.films.photo_people import Others
from personae.films.photo_store import PhotoStore
from personae.names import highest
from personae.names_of_today import NamesOfToday
from personae.progress import ProgressCallback
from personae.recognition.photo_grouping import next_group
from personae.timeline.deciding import Applied

log = logging.getLogger(__name__)
Gather = Callable[[Kept | None], Kept]


def concluded(
    context: ProjectContext,
    store: PhotoStore,
    files: PhotoFiles,
    gather: Gather,
    *,
    progress: ProgressCallback | None = None,
) -> tuple[str, ...]:
    """Name the faces of a set by the model that counts when they are written; sentences for people.

    `gather`: makes the faces to be named of those that are kept, None where there are none. Raises StoreError,
    EmbedderMismatchError, ProjectBusyError.
    """
    stamp: Stamp | None = None
    while True:
        context.settle()
        names = Cast(context).names_of_today()
        if stamp is None or stamp != _stamp(store, files):
            _bring_together(context, store, names)
            stamp = _stamp(store, files)
            earlier = _earlier(files, names)
            others = photo_people.others_of(_read(store, files, names))
            kept = gather(earlier)
            kept = photo_people.grouped(kept, others, so_far(store).groups)
        trained = context.model.current_or_empty(kept.embedder)
        labelled = photo_naming.named(kept, trained, context.settings.threshold, names.ids, progress)
        labelled = photo_people.named_as_elsewhere(labelled, others)
        with context.locked("keep"), store.locked(files, "keep"):
            if _stamp(store, files) != stamp or not context.model.is_current(trained):
                continue
            with counting(store) as numbers:
                applied = _written(store, files, labelled, others, numbers, Cast(context).names_of_today())
            return tuple(applied.notes)


def _written(
    store: PhotoStore, files: PhotoFiles, labelled: Kept, others: Others, numbers: Numbers, names: NamesOfToday
) -> Applied:
    """Number the unknown people and write the set; the caller holds the locks, that of counting too."""
    numbered = photo_people.numbered(labelled, others, numbers.unknown)
    applied = photo_naming.decided(numbered, journal.read_photos(files), names)
    store.write(files, numbered, applied)
    numbers.unknown = highest([numbers.unknown, numbered.unknowns_used, applied.highest_unknown])
    numbers.groups = max(numbers.groups, next_group(numbered.group))
    return applied


def _bring_together(context: ProjectContext, store: PhotoStore, names: NamesOfToday) -> None:
    """Give the sets of an earlier version, which were grouped and numbered each alone, one number space.

    Numbers that no set has had yet stay; of two sets with one number, the later by name gets another.
    """
    for files in store.list():
        if not _is_alone(files):
            continue
        with context.locked("keep"), store.locked(files, "keep"):
            earlier = None
            with suppress(StoreError):  # it cannot be read, so it has no part in grouping, as `_read` says
                earlier = _earlier(files, names)
            if earlier is None or not earlier.alone:
                continue
            others = photo_people.others_of(one for one in _read(store, files, names) if not one[0].alone)
            taken = {number for _, number in others.numbers}
            unknown = tuple(None if number in taken else number for number in earlier.unknown)
            labels = tuple(
                replace(label, unknown=None) if label.unknown in taken else label for label in earlier.labels
            )
            with counting(store) as numbers:
                kept = photo_people.with_groups_of_its_own(earlier, numbers.groups)
                _written(store, files, replace(kept, unknown=unknown, labels=labels), others, numbers, names)


def _is_alone(files: PhotoFiles) -> bool:
    with suppress(OSError):
        return faces_file.is_alone(files.faces)
    return False


def _earlier(files: PhotoFiles, names: NamesOfToday) -> Kept | None:
    """What a set keeps, with the numbers that its unknown people have by decisions; None where it keeps nothing."""
    if not files.faces.is_file():
        return None
    kept = faces_file.read(files.faces)
    return photo_naming.remembering(kept, photo_naming.decided(kept, journal.read_photos(files), names))


def _read(store: PhotoStore, files: PhotoFiles, names: NamesOfToday) -> Iterator[tuple[Kept, Applied]]:
    """The other sets; one that cannot be read is left out, and said."""
    for other in store.list():
        if other != files and other.faces.is_file():
            try:
                kept = faces_file.read(other.faces)
                yield kept, photo_naming.decided(kept, journal.read_photos(other), names)
            except StoreError as error:
                log.warning("The set of photos %s has no part in grouping: %s", other.title, error)


def _stamp(store: PhotoStore, files: PhotoFiles) -> Stamp:
    """Tells whether any set's faces were written since."""
    return stamp_of(files.faces, *(other.faces for other in store.list() if other != files))
