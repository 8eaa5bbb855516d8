"""A cast on disk: a folder with one sub-folder of photos per character, and sub-folders of those for looks."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from personae.errors import CastError
from personae.media.photos import SUFFIXES, find


@dataclass(frozen=True)
class CastPhoto:
    """A photo file and whose it is; `look`: the sub-folder of the character's folder it lies in."""

    character: str
    path: Path
    look: str | None = None


@dataclass(frozen=True)
class Cast:
    """What a cast folder holds. `notes`: sentences about what is odd in it and what to do."""

    photos: tuple[CastPhoto, ...]
    notes: tuple[str, ...] = ()


def read_cast(folder: Path) -> Cast:
    """List the characters, looks and photos in `folder`; paths are absolute, names in Unicode's composed form (NFC).

    cast/Thor/1.jpg is a photo of Thor; cast/Thor/old/2.jpg one of his look "old", and so is everything deeper in it.
    Raises CastError where there is nothing to train on.
    """
    folder = folder.absolute()
    if not folder.exists():
        raise CastError(f"{folder}: there is no such folder. Give one with a sub-folder of photos per character.")
    if not folder.is_dir():
        raise CastError(f"{folder}: this is a file. Give a folder with a sub-folder of photos per character.")
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise CastError(f"{folder}: cannot be read ({error.strerror}). Check its permissions.") from None
    folders = [entry for entry in entries if entry.is_dir() and not _is_hidden(entry)]
    notes: list[str] = []
    loose = sum(entry.suffix.lower() in SUFFIXES and entry.is_file() and not _is_hidden(entry) for entry in entries)
    if not folders:
        hint = f" It holds {loose} photos itself: move them into a folder named after the character." if loose else ""
        raise CastError(f"{folder}: no character in it. Make a sub-folder of photos per character.{hint}")
    if loose:
        notes.append(f"{loose} photos lie in {folder} itself and belong to no character: move them into a sub-folder.")
    photos: list[CastPhoto] = []
    spellings: dict[str, list[str]] = defaultdict(list)
    for entry in folders:
        name = _readable(entry.name)
        if name != unicodedata.normalize("NFC", entry.name):
            notes.append(f"The name of the folder {name} is not valid Unicode: rename it.")
        own = [CastPhoto(name, path, _look(entry, path)) for path in find([entry])]
        if not own:
            notes.append(f"{name} has no photo: put some into {entry}.")
        photos += own
        spellings[name.casefold()].append(entry.name)
    for names in spellings.values():
        if len(names) > 1:
            distinct = len({unicodedata.normalize("NFC", name) for name in names}) > 1
            taken = "different characters" if distinct else "one character"
            notes.append(
                f"{' and '.join(names)} differ only in how they are written and are trained as {taken}: "
                "rename or merge the folders if that is wrong."
            )
    if not photos:
        raise CastError(f"{folder}: no photo in any of its {len(folders)} sub-folders. Put some in.")
    return Cast(tuple(photos), tuple(notes))


def _is_hidden(entry: Path) -> bool:
    return entry.name.startswith((".", "@", "__MACOSX"))


def _look(character: Path, photo: Path) -> str | None:
    inner = photo.relative_to(character).parts
    return _readable(inner[0]) if len(inner) > 1 else None


def _readable(name: str) -> str:
    """A folder's name as text: composed (NFC), and what is not valid Unicode written out."""
    return unicodedata.normalize("NFC", name.encode("utf-8", "backslashreplace").decode())
