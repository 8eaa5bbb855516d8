"""What lies in a folder of faces now: people's folders, known by their marks, and where each picture of ours is."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from personae.files import sha256_of
from personae.films.face_manifest import FacePlace, Manifest
from personae.media.photos import _SKIPPED_FOLDERS, SUFFIXES
from personae.names import readable

MARK = ".person"
"""A hidden file in a person's folder: renaming the folder keeps it, moving pictures leaves it behind."""
_LONGEST_MARK = 64
_LARGEST = 1 << 20
"""Bytes: no picture of ours is larger."""
_KEY = re.compile(r"_([0-9a-z]+|-[0-9]+)((?:--?[0-9]+){2})(?![0-9])")
"""In a file's name: "03_30720-277-49", also as copies are called ("03_30720-277-49 (1)")."""


@dataclass(frozen=True)
class FolderThere:
    """A folder right in the folder of faces. `name`: composed (NFC); `mark`: "" where it has none."""

    path: Path
    name: str
    mark: str


@dataclass(frozen=True)
class There:
    """What was found. `pictures`: key -> the folders it lies in, with its path in each; `foreign`: pictures not ours,
    `loose`: pictures of ours in no person's folder.
    """

    folders: tuple[FolderThere, ...] = ()
    pictures: dict[str, list[tuple[FolderThere, Path]]] = field(default_factory=dict)
    foreign: tuple[Path, ...] = ()
    loose: tuple[Path, ...] = ()

    def where(self, key: str) -> tuple[FolderThere, Path] | None:
        """Where a picture lies; None where it is gone, or lies in several folders."""
        found = self.pictures.get(key, [])
        return found[0] if len({folder.path for folder, _ in found}) == 1 else None


def look(root: Path, manifest: Manifest) -> There:
    """Look at a folder of faces. A picture is ours by the key in its name, or, renamed, by its content."""
    keys = {one.key: one for one in manifest.pictures if one.sha256}
    folders, pictures = [], dict[str, list[tuple[FolderThere, Path]]]()
    unnamed: list[tuple[FolderThere, Path]] = []
    loose = []
    for entry in _entries(root):
        if entry.is_file() and (key := key_of(entry.name)) in keys:
            loose.append(entry)
        if entry.is_symlink() or not entry.is_dir() or entry.name.startswith(".") or entry.name in _SKIPPED_FOLDERS:
            continue
        folder = FolderThere(entry, composed(entry.name), _mark_of(entry))
        folders.append(folder)
        for path in _pictures_in(entry):
            key = key_of(path.name)
            if key in keys:
                pictures.setdefault(key, []).append((folder, path))
            else:
                unnamed.append((folder, path))
    foreign = _by_content(unnamed, [one for key, one in keys.items() if key not in pictures], pictures)
    return There(tuple(folders), pictures, tuple(foreign), tuple(loose))


def key_of(name: str) -> str:
    """The key in a file's name; empty where there is none."""
    found = _KEY.search(name)
    return "" if found is None else found[1] + found[2]


def composed(name: str) -> str:
    """A folder's name as text: some file systems write letters and their accents apart."""
    return unicodedata.normalize("NFC", readable(name))


def _by_content(
    unnamed: list[tuple[FolderThere, Path]],
    missing: Collection[FacePlace],
    pictures: dict[str, list[tuple[FolderThere, Path]]],
) -> list[Path]:
    """Find missing pictures among files of other names; the files that are none of ours."""
    by_digest = {one.sha256: one.key for one in missing}
    foreign = []
    for folder, path in unnamed:
        key = None
        if by_digest:
            try:
                key = by_digest.get(sha256_of(path)) if path.stat().st_size <= _LARGEST else None
            except OSError:
                key = None
        if key is None:
            foreign.append(path)
        else:
            pictures.setdefault(key, []).append((folder, path))
    return foreign


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _pictures_in(folder: Path) -> list[Path]:
    found = []
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _SKIPPED_FOLDERS)
        found += [
            Path(root, name)
            for name in sorted(names)
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in SUFFIXES  # noqa: PTH122
        ]
    return found


def _mark_of(folder: Path) -> str:
    try:
        with (folder / MARK).open("rb") as file:
            return file.read(_LONGEST_MARK).decode("ascii", "replace").strip()
    except OSError:
        return ""
