"""What archives get, when somebody in it is forgotten: XMP sidecars, and photos sorted into a folder per person.

Their own folder loses the photos and sidecars that we put there. In a sidecar or a copy elsewhere only what we said of
them goes: it is marked, so it is found also after other programs have written the file, and what those say stays.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from personae.files import read_whole, replacing, sha256_of, shred, write_whole
from personae.forgetting.names import NameSearch
from personae.forgetting.person import Person
from personae.ledger import LINK, Entry
from personae.media.xmp_embedding import CannotEmbedError, packet_in, with_packet
from personae.media.xmp_people import names_in, without_people
from personae.names import folder_name

SIDECAR = "sidecar"
SORTED_SIDECAR = "sorted sidecar"
COPY = "sorted photo"
NAMED_COPY = "sorted photo with names"
KINDS = frozenset({SIDECAR, SORTED_SIDECAR, COPY, NAMED_COPY, LINK})
SORTED = KINDS - {SIDECAR}
_NUMBERED = re.compile(r"-\d+$")

Outcome = Literal["gone", "cleaned", "listed", "not in it"]
"""`listed`: it names or shows them still, by others' hand."""


def forget_in_file(path: Path, entry: Entry, person: Person) -> Outcome:
    """Delete or clean one file; raises OSError, WriteError."""
    own_folder = entry.kind in SORTED and is_folder_of(path.parent, person)
    if entry.kind in (COPY, LINK):
        if not own_folder:
            return "not in it"
        if entry.kind == LINK:  # the link alone: what it points to is the user's
            if not path.is_symlink():
                return "listed"
            path.unlink()
        elif not _is_as_written(path, entry):
            return "listed"
        else:
            shred(path)
        return "gone"
    if own_folder and _is_as_written(path, entry):
        shred(path)
        return "gone"
    outcome = _clean(path, person, embedded=entry.kind == NAMED_COPY)
    return "listed" if own_folder and outcome != "gone" else outcome


def is_folder_of(folder: Path, person: Person) -> bool:
    """Whether photos were sorted into this folder because the person is on them."""
    called = {folder_name(name) for name in person.spellings}
    return folder.name in called or _NUMBERED.sub("", folder.name) in called


def leave_folder(folder: Path, person: Person) -> None:
    """Delete the person's own folder where nothing is left in it."""
    if is_folder_of(folder, person):
        with contextlib.suppress(OSError):
            folder.rmdir()


def names_of(path: Path) -> Iterator[str]:
    """Every name that a file may be about: in its XMP, and of the folder it was sorted into."""
    yield path.parent.name
    yield _NUMBERED.sub("", path.parent.name)
    with contextlib.suppress(OSError, ValueError):
        content = read_whole(path)
        packet = content if path.suffix.lower() == ".xmp" else packet_in(content)
        yield from names_in(packet) if packet is not None else ()


def _clean(path: Path, person: Person, *, embedded: bool) -> Outcome:
    content = read_whole(path)
    try:
        packet = packet_in(content) if embedded else content
        if packet is None:
            return "not in it"
        without = without_people(packet, person.spellings)
        if without == packet:
            return "listed" if NameSearch(person.names).in_bytes(packet) else "not in it"
        if without is None and not embedded:
            shred(path)
            return "gone"
        with replacing(path):
            write_whole(path, with_packet(content, without) if embedded else without or b"")
    except (CannotEmbedError, ValueError):  # other programs have made it into something else
        return "listed" if NameSearch(person.names).in_bytes(content) else "not in it"
    return "listed" if without is not None and NameSearch(person.names).in_bytes(without) else "cleaned"


def _is_as_written(path: Path, entry: Entry) -> bool:
    return path.is_file() and not path.is_symlink() and sha256_of(path) == entry.sha256
