"""Media roots: the only folders whose files the service reads, and no way out of them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from personae.errors import InputError


@dataclass(frozen=True)
class Root:
    """One folder. `id`: how it stands in addresses; `name`: what people call it."""

    id: str
    name: str
    path: Path


class MediaRoots:
    """The folders that a server was started with. Whatever leads out of them is not there."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self.roots: tuple[Root, ...] = ()
        names: dict[str, int] = {}
        for folder in folders:
            real = Path(os.path.realpath(folder))
            if not real.is_dir():
                raise InputError(f"{folder} is no folder. Give the folders that hold your films and photos.")
            names[real.name] = names.get(real.name, 0) + 1
            number = names[real.name]
            name = real.name if number == 1 else f"{real.name} ({number})"
            self.roots += (Root(sha256(os.fsencode(real)).hexdigest()[:12], name, real),)

    def find(self, root: str, inside: str) -> Path:
        """The file or folder `inside` (with "/", relative) a root, every link resolved; raises InputError for no such.

        Nothing is said of what lies outside: it is as if it was not there.
        """
        found = next((one for one in self.roots if one.id == root), None)
        if found is not None and is_plain(inside):
            path = Path(os.path.realpath(found.path / inside))
            if path.is_relative_to(found.path) and os.path.lexists(path):
                return path
        raise InputError(f"There is no {inside!r} in this folder.")

    def inside(self, path: str | Path) -> str | None:
        """A file's path from the root on that holds it, with "/"; None where none does. Links are not followed."""
        plain = Path(os.path.normpath(path))
        found = (plain.relative_to(one.path).as_posix() for one in self.roots if plain.is_relative_to(one.path))
        return next(found, None)

    def holds(self, path: str | Path) -> bool:
        """Whether a file lies in one of the folders, every link resolved."""
        real = Path(os.path.realpath(path))
        return any(real.is_relative_to(one.path) for one in self.roots)


def is_plain(inside: str) -> bool:
    """Whether a relative path names nothing but folders and a file below: no drive, no stream, no way up, no NUL."""
    if "\\" in inside or ":" in inside or "\0" in inside or inside.startswith("/"):
        return False
    return ".." not in inside.split("/")
