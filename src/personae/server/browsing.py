"""What lies below a media root: the folders and films of one folder, or what is called so below it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from personae.media.left_out import FILMS
from personae.media.photos import SUFFIXES as PHOTO_SUFFIXES
from personae.names import plain, readable
from personae.server.roots import MediaRoots

Kind = Literal["film", "photo"]
_SUFFIXES: dict[Kind, Collection[str]] = {"film": FILMS, "photo": PHOTO_SUFFIXES}
MOST_LOOKED_AT = 200_000
"""So many names are looked at for one search."""


@dataclass(frozen=True)
class Found:
    """A folder, a film or a photo. `inside`: its path from the root on, with "/"; `path`: where it is, every link
    resolved.
    """

    kind: Literal["folder", "film", "photo"]
    inside: str
    path: Path

    @property
    def name(self) -> str:
        """What it is called."""
        return self.inside.rpartition("/")[2]

    @property
    def key(self) -> tuple[str, str, str]:
        """Its place in lists: folders first, by name in whatever case."""
        return "0" if self.kind == "folder" else "1", self.name.casefold(), self.inside


def in_folder(roots: MediaRoots, root: str, folder: str, kind: Kind = "film") -> list[Found]:
    """What one folder holds: folders, and films or photos. What leads out of the root is not there. Raises InputError
    for no such folder.
    """
    base, path = roots.find(root, ""), roots.find(root, folder)
    return [found for found in _in(roots, base, path, folder.strip("/"), kind) if path.is_dir()]


def search(roots: MediaRoots, root: str, folder: str, letters: str, kind: Kind = "film") -> list[Found]:
    """What has these letters in its name, at any depth; links to folders are not followed."""
    base, wanted = roots.find(root, ""), plain(letters)
    looked_at, waiting, found = 0, [(roots.find(root, folder), folder.strip("/"))], []
    while waiting and looked_at < MOST_LOOKED_AT:
        path, inside = waiting.pop()
        for one in _in(roots, base, path, inside, kind):
            looked_at += 1
            if wanted in plain(one.name):
                found.append(one)
            if one.kind == "folder" and one.path == path / one.name:
                waiting.append((one.path, one.inside))
    return found


def _in(roots: MediaRoots, base: Path, path: Path, inside: str, kind: Kind) -> Iterator[Found]:
    try:
        entries = list(os.scandir(path))
    except OSError:  # not a folder, or one that may not be read
        return
    for entry in entries:
        name = readable(entry.name)
        if name.startswith(".") or name != entry.name:
            continue
        real = Path(os.path.realpath(entry.path))
        if not real.is_relative_to(base) or roots.leaves_out(real):
            continue
        own = f"{inside}/{name}" if inside else name
        if real.is_dir():
            yield Found("folder", own, real)
        elif real.suffix.lower() in _SUFFIXES[kind] and real.is_file():
            yield Found(kind, own, real)
