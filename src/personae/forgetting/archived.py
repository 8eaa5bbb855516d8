"""What archives get, when somebody in it is forgotten: XMP sidecars, and photos sorted into a folder per person.

Their own folder loses the photos and sidecars that we put there. In a sidecar or a copy elsewhere only what we said of
them goes: it is marked, so it is found also after other programs have written the file, and what those say stays.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from personae.files import read_whole, replacing, sha256_of, shred, write_whole
from personae.forgetting.names import NameSearch
from personae.forgetting.person import Person
from personae.ledger import LINK, Entry, link_digest
from personae.media.xmp_embedding import CannotEmbedError, packet_in, with_packet
from personae.media.xmp_people import names_in, without_people
from personae.names import folder_name, readable

SIDECAR = "sidecar"
SORTED_SIDECAR = "sorted sidecar"
COPY = "sorted photo"
NAMED_COPY = "sorted photo with names"
KINDS = frozenset({SIDECAR, SORTED_SIDECAR, COPY, NAMED_COPY, LINK})
SORTED = KINDS - {SIDECAR}
_NUMBERED = re.compile(r"-\d+$")

Outcome = Literal["gone", "cleaned", "partly", "listed", "not in it"]
"""`listed`: it names or shows them still, by others' hand; `partly`: so it does, without what we had said in it."""


def forget_in_file(path: Path, entry: Entry, person: Person) -> Outcome:
    """Delete or clean one file; raises OSError, WriteError."""
    if not os.path.lexists(path):
        return "gone"
    own_folder = entry.kind in SORTED and is_folder_of(path.parent, person)
    if entry.kind in (COPY, LINK):
        if not own_folder:
            return "not in it"
        if entry.kind == LINK:  # the link alone: what it points to is the user's
            if not _leads_where_we_said(path, entry):
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
    if own_folder and outcome != "gone":
        return "partly" if outcome == "cleaned" else "listed" if outcome == "not in it" else outcome
    return outcome


def shows(path: Path, kind: str, person: Person) -> bool:
    """Whether a file that was known to show or name the person still does, after they were forgotten."""
    if not os.path.lexists(path):  # their own folder went with it; what a disk holds that is away, nobody knows
        return not (path.parent.parent if kind in SORTED else path.parent).is_dir()
    if kind in SORTED and is_folder_of(path.parent, person):
        return True
    if kind in (COPY, LINK):  # a whole photo of theirs, in the folder of somebody else; a link is none
        return kind == COPY
    try:
        content = read_whole(path)
        packet = packet_in(content) if kind == NAMED_COPY else content
    except (OSError, ValueError):
        return True
    return packet is not None and NameSearch(person.names).in_bytes(packet)


def is_in_use(folder: Path) -> bool:
    """Whether anything is in a folder: where a disk that is not connected would be, nothing is."""
    try:
        with os.scandir(folder) as found:
            return any(True for _ in found)
    except OSError:
        return False


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
    return "partly" if without is not None and NameSearch(person.names).in_bytes(without) else "cleaned"


def _leads_where_we_said(path: Path, entry: Entry) -> bool:
    """Whether it is our link still; of one that was noted without its digest, its source says so."""
    if not path.is_symlink():
        return False
    target = os.readlink(path)  # noqa: PTH115 - as it was written
    return link_digest(target) == entry.sha256 if entry.sha256 else readable(target) == entry.source


def _is_as_written(path: Path, entry: Entry) -> bool:
    return path.is_file() and not path.is_symlink() and sha256_of(path) == entry.sha256
