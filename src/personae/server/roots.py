"""Media roots: the only folders whose files the service reads, and no way out of them."""

from __future__ import annotations

import contextlib
import os
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from personae.errors import InputError
from personae.jobs.job import WITHIN
from personae.names import readable

_DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{name}{number}" for name in ("COM", "LPT") for number in "0123456789¹²³")}


@dataclass(frozen=True)
class Root:
    """One folder. `id`: how it stands in addresses; `name`: what people call it."""

    id: str
    name: str
    path: Path


class MediaRoots:
    """The folders that a server was started with. Whatever leads out of them is not there."""

    def __init__(self, folders: Iterable[Path], *, without: Iterable[Path] = ()) -> None:
        """`without`: folders that are not there although they lie in others, as the project itself."""
        self._without = tuple(Path(os.path.realpath(one)) for one in without)
        self.roots: tuple[Root, ...] = ()
        names: dict[str, int] = {}
        for folder in folders:
            real = Path(os.path.realpath(folder))
            if not real.is_dir():
                raise InputError(f"{folder} is no folder. Give the folders that hold your films and photos.")
            names[real.name] = names.get(real.name, 0) + 1
            number = names[real.name]
            name = real.name if number == 1 else f"{real.name} ({number})"
            self.roots += (Root(sha256(os.fsencode(real)).hexdigest()[:12], readable(name), real),)

    def within(self) -> dict[str, list[str]]:
        """For the `what` of jobs that read files below the roots."""
        return {WITHIN: [str(one.path) for one in self.roots]}

    def find(self, root: str, inside: str) -> Path:
        """The file or folder `inside` (with "/", relative) a root, every link resolved; raises InputError for no such.

        Nothing is said of what lies outside: it is as if it was not there.
        """
        found = next((one for one in self.roots if one.id == root), None)
        if found is None:
            raise InputError("There is no root with this id. GET /roots lists them.")
        if is_plain(inside):
            path = Path(os.path.realpath(_as_written(found.path, inside)))
            is_there = os.path.exists(path)  # noqa: PTH110 - never raises
            if is_there and path.is_relative_to(found.path) and not self.leaves_out(path):
                return path
        raise InputError(f"There is no {inside!r} in this folder.")

    def inside(self, path: str | Path) -> str | None:
        """A file's path from the root on that holds it, with "/"; None where none does. Links are not followed."""
        plain = Path(os.path.normpath(path))
        found = (plain.relative_to(one.path).as_posix() for one in self.roots if plain.is_relative_to(one.path))
        return next(found, None)

    def holds(self, path: str | Path) -> bool:
        """Whether a file lies in one of the folders, every link resolved, and has a name that can be asked for."""
        real = Path(os.path.realpath(path))
        inside = any(real.is_relative_to(one.path) for one in self.roots)
        return inside and is_text(os.fspath(path)) and not self.leaves_out(real)

    def leaves_out(self, real: Path) -> bool:
        """Whether a path, every link resolved, is not there although it lies in a root."""
        return any(real.is_relative_to(one) for one in self._without)


def is_plain(inside: str, system: str = os.name) -> bool:
    """Whether a relative path names nothing but folders and a file below: no way up, no NUL, no half letters.

    On Windows also no drive, no stream, no device, and no name whose end it would drop.
    """
    parts = inside.split("/")
    if inside.startswith("/") or "\0" in inside or not is_text(inside) or ".." in parts:
        return False
    return system != "nt" or not any(_is_special(part) for part in parts)


def is_text(name: str) -> bool:
    """Whether a name can be written as text; that of a file may be any bytes."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def _is_special(part: str) -> bool:
    stem = part.partition(".")[0].rstrip(" ").upper()
    return any(letter in part for letter in '\\:*?"<>|') or part != part.rstrip(". ") or stem in _DEVICES


def _as_written(folder: Path, inside: str) -> Path:
    """The path as the disk writes it: letters with accents are composed on one system and taken apart on another."""
    path = folder
    for part in inside.split("/"):
        path = _child(path, part) if part not in {"", "."} else path
    return path


def _child(folder: Path, name: str) -> Path:
    path = folder / name
    if name.isascii() or os.path.lexists(path):
        return path
    wanted = unicodedata.normalize("NFC", name)
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if unicodedata.normalize("NFC", entry.name) == wanted:
                return folder / entry.name
    return path
