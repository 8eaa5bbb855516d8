"""Media roots by name: where each machine sees the same films. `archive=/mnt/films`; several with ";" between."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from personae.errors import InputError, SettingError

Roots = Mapping[str, Path]


def roots_of(text: str | None) -> dict[str, Path]:
    """The roots that the setting `roots` names; raises SettingError."""
    found: dict[str, Path] = {}
    for one in filter(None, (part.strip() for part in (text or "").split(";"))):
        name, equals, folder = one.partition("=")
        if not equals or not name.strip() or not folder.strip() or "/" in name:
            raise SettingError(f"--roots: {one!r} is not NAME=FOLDER.")
        found[name.strip()] = Path(folder.strip()).absolute()
    return found


def named(paths: Sequence[Path], roots: Roots) -> tuple[str, tuple[str, ...]]:
    """The name of the root that holds a film's files, and their paths in it; with no roots "", and whole paths.

    Raises InputError where no root holds all of them.
    """
    whole = [path.absolute() for path in paths]
    if not roots:
        return "", tuple(path.as_posix() for path in whole)
    for name, folder in sorted(roots.items(), key=lambda one: -len(one[1].parts)):  # the innermost one
        if all(path.is_relative_to(folder) for path in whole):
            return name, tuple(path.relative_to(folder).as_posix() for path in whole)
    known = ", ".join(f"{name}={folder}" for name, folder in roots.items())
    raise InputError(f"{whole[0]} lies in none of the folders that other machines see ({known}). See --roots.")


def here(root: str, paths: Sequence[str], roots: Roots) -> list[Path]:
    """Where this machine has a film's files; nothing outside its roots. Raises InputError for a root it has not."""
    if not root and roots:
        raise InputError("The film is not named by a root, and this machine reads only what lies in its own.")
    if not root:
        return [Path(path) for path in paths]
    if root not in roots or not roots[root].is_dir():
        raise InputError(f"This machine has no folder for the root {root!r}: --roots {root}=FOLDER.")
    found = [Path(os.path.realpath(roots[root] / PurePosixPath(path))) for path in paths]
    real = Path(os.path.realpath(roots[root]))
    if not all(path.is_relative_to(real) for path in found):
        raise InputError(f"{paths[0]} leads out of the root {root!r}.")
    return found
