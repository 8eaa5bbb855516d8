"""Which character and which photos of a gallery are meant, by what a person writes."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from personae.cast.gallery import Gallery
from personae.cast.gallery_records import CharacterId, PhotoId, PhotoRecord
from personae.errors import InputError, PhotoError, UnknownCharacterError
from personae.files import LARGEST_PHOTO, sha256_of
from personae.hints import command
from personae.names import find_name, is_unknown_name, valid_name


def new_name(name: str) -> str:
    """A name for a character as it is kept; raises InputError for what can be none (see `valid_name`)."""
    name = valid_name(name)
    if is_unknown_name(name):
        raise InputError(
            f"{name!r} is no name for a character: people without a name are shown so. Give it another name."
        )
    return name


def check_character(gallery: Gallery, name: str) -> str:
    """The name of who is meant, as the gallery has it; raises UnknownCharacterError with the names nearest to it."""
    if isinstance(name, CharacterId):
        named = next((each.name for each in gallery.characters() if each.id == name), None)
        if named is None:
            raise UnknownCharacterError("There is no character with this id.")
        return named
    known = [character.name for character in gallery.characters()]
    found = find_name(name, known)
    if found is None:
        name = valid_name(name)
        raise UnknownCharacterError(f"No character is called {name!r}. {did_you_mean(name, known)}")
    return found


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """A sentence with the names that could be meant, or all of them."""
    near = _near(name, known)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    if not known:
        return f"Nobody is enrolled yet. Train first: {command('train CAST_FOLDER')}"
    return f"The cast: {', '.join(known[:20])}{', ...' if len(known) > 20 else ''}."


def _near(name: str, known: Sequence[str]) -> list[str]:
    folded = {each.casefold(): each for each in reversed(known)}
    return [folded[each] for each in difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.6)]


def find_photos(gallery: Gallery, paths: Iterable[str | Path], character: str | None = None) -> list[PhotoRecord]:
    """The known photos at `paths`: by path, by the file's content, or by the end of a path ("Thor/3.jpg"); or by ids.

    `character`: only that character's. Raises InputError where one is not known, with those that could be meant.
    """
    known, paths = gallery.photos(character), list(paths)
    found: dict[int | None, PhotoRecord] = {}
    by_id = {photo.address: photo for photo in known} if any(isinstance(path, PhotoId) for path in paths) else {}
    for path in paths:
        if isinstance(path, PhotoId):
            if path not in by_id:
                raise InputError("There is no photo with this id.")
            found[by_id[path].id] = by_id[path]
            continue
        matches = _matching(known, Path(path))
        if not matches:
            whose = "is not enrolled" if character is None else f"is no photo of {character}"
            names = {Path(photo.path).name: photo.path for photo in known}
            near = difflib.get_close_matches(Path(path).name, names, n=3, cutoff=0.7)
            likely = [names[name] for name in near]
            if character is None:
                people = sorted({photo.character for photo in known})
                likely += [f"the character {name}" for name in _near(str(path), people)]
            hint = f"Did you mean {' or '.join(likely)}?" if likely else ""
            if not hint and known and character is not None:
                hint = f"Photos of {character}: {', '.join(photo.path for photo in known[:5])}" + (
                    ", ..." if len(known) > 5 else "."
                )
            raise InputError(f"{path} {whose}. {hint or 'Give the path of an enrolled photo.'}")
        found |= {photo.id: photo for photo in matches}
    return list(found.values())


def _matching(known: list[PhotoRecord], path: Path) -> list[PhotoRecord]:
    real = real_path(path)
    matches = [photo for photo in known if photo.path == real]
    if not matches and os.path.isfile(path):  # noqa: PTH113 - never raises
        digest = digest_of(path)
        matches = [photo for photo in known if photo.sha256 == digest]
    if not matches:
        parts = path.parts
        matches = [photo for photo in known if Path(photo.path).parts[-len(parts) :] == parts]
        if len({photo.path for photo in matches}) > 1:
            several = ", ".join(photo.path for photo in matches[:5])
            raise InputError(f"{path} could be {several}. Give more of the path.")
    return matches


def real_path(path: str | Path) -> str:
    """A photo's path as the gallery knows it: its folder's real path, and the file's own name."""
    path = Path(path)
    return str(Path(os.path.realpath(path.parent), path.name))


def digest_of(path: Path) -> str:
    """SHA-256 of a photo's file; raises PhotoError."""
    try:
        return sha256_of(path, most=LARGEST_PHOTO)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PhotoError(path, f"cannot be read ({reason}). Check the path.") from None
