"""The numbers of unknown people and of groups, one number space over all sets of photos of a project.

`photos/.numbers` holds how far was counted, and nothing about anybody. It only grows: a number that was said once never
means somebody else. Where it is missing or damaged, the sets tell as much.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from personae.checks import Fields, MisfitError, parsed
from personae.errors import StoreError
from personae.files import file_lock, make_folder, read_whole, write_whole
from personae.films import faces_file, journal
from personae.films.faces_file import HIGHEST
from personae.films.photo_store import PhotoStore
from personae.names import highest
from personae.recognition.photo_grouping import next_group


@dataclass
class Numbers:
    """How far was counted: the highest number of an unknown person, and of a group plus one."""

    unknown: int = 0
    groups: int = 0


@contextmanager
def counting(store: PhotoStore) -> Iterator[Numbers]:
    """Be the only one to count; what is raised inside is written down at the end. Raises ProjectBusyError, WriteError.

    This lock comes after that of a set, and is held for a moment only.
    """
    folder = store.paths.photos
    make_folder(folder, private=True)
    with file_lock(folder / ".numbers.lock", store.lock_timeout_s, folder, "count unknown people"):
        before = so_far(store)
        numbers = Numbers(before.unknown, before.groups)
        yield numbers
        if numbers != before or not (folder / ".numbers").is_file():
            text = json.dumps({"unknown": numbers.unknown, "groups": numbers.groups})
            write_whole(folder / ".numbers", text.encode(), private=True)


def so_far(store: PhotoStore) -> Numbers:
    """How far was counted."""
    with suppress(OSError, ValueError, MisfitError):
        found = Fields(parsed(read_whole(store.paths.photos / ".numbers")))
        return Numbers(found.whole("unknown", 0, HIGHEST), found.whole("groups", 0, HIGHEST))
    numbers = Numbers()
    for files in store.list():
        with suppress(StoreError):
            kept, decisions = faces_file.read(files.faces), journal.read_photos(files)
            used = [kept.unknowns_used, decisions.highest_unknown, *(label.unknown for label in kept.labels)]
            numbers.unknown = highest([numbers.unknown, *used, *kept.unknown])
            numbers.groups = max(numbers.groups, next_group(kept.group))
    return numbers
