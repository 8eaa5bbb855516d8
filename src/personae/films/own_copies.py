"""Copies and links that Personae made of photos: beside their originals they are no further photos."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from personae.errors import StoreError
from personae.files import sha256_of
from personae.forgetting.archived import COPY, NAMED_COPY
from personae.ledger import LINK, Entry, Ledger
from personae.media.left_out import LeftOut

ANNOTATED = "annotated photo"
KINDS = (COPY, NAMED_COPY, LINK, ANNOTATED)


def without_copies(
    photos: Iterable[Path], given: Iterable[str | Path], ledger: Ledger, left_out: LeftOut
) -> Iterator[Path]:
    """The photos that were found at `given`, files and folders, but for our copies of photos that lie there too.

    So photos may be sorted, and annotated, into a folder below their own, and are counted once. A folder of copies
    alone is looked at like any other, and so is a file that was named outright. `left_out` counts what is left out.
    """
    named = {str(path) for path in given}
    copies = _copies_of([os.path.realpath(path) for path in named if os.path.isdir(path)], ledger)  # noqa: PTH112
    folders: dict[Path, str] = {}
    for path in photos:
        if copies and str(path) not in named:
            folder = folders.get(path.parent) or folders.setdefault(path.parent, os.path.realpath(path.parent))
            entry = copies.get(os.path.join(folder, path.name))  # noqa: PTH118 - text, not a path
            if entry is not None and _is_copy_still(path, entry):
                left_out.add_copy()
                continue
        yield path


def _copies_of(folders: list[str], ledger: Ledger) -> dict[str, Entry]:
    """By path, what was made of photos that lie in `folders` still; nothing where the list cannot be read."""
    with contextlib.suppress(StoreError):
        return {
            entry.path: entry
            for entry in (ledger.of_kinds(KINDS) if folders else ())
            if os.path.isfile(entry.source)  # noqa: PTH113
            and any(os.path.realpath(entry.source).startswith(os.path.join(one, "")) for one in folders)  # noqa: PTH118
        }
    return {}


def _is_copy_still(path: Path, entry: Entry) -> bool:
    """Whether it is what we made: programs for photos write into copies with names in them, and may."""
    try:
        if entry.kind == LINK:
            return path.samefile(entry.source)
        return entry.kind == NAMED_COPY or sha256_of(path) == entry.sha256
    except OSError:
        return False
