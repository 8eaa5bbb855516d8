"""A cast on disk: a folder with one sub-folder of photos per character, and sub-folders of those for looks."""

from __future__ import annotations

import csv
import os
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from personae.errors import CastError, InputError, reason_of
from personae.files import read_whole
from personae.leading_out import leads_out
from personae.media.left_out import LeftOut
from personae.media.photos import _SKIPPED_FOLDERS, find, is_photo
from personae.names import is_unknown_name, readable, valid_name
from personae.types import count_of

PERFORMERS_FILE = "performers.csv"
"""In a cast folder: who plays whom, one line `character,performer` each."""

FACE_FOLDERS = ".personae.json"
"""In a folder of a film's faces, one sub-folder per person: what Personae wrote there."""
LEFT_OVER = "left over"
"""What a folder there is called of somebody who was forgotten, where the user's own files are in it."""
_FACE_OF_A_FILM = re.compile(r"-?[0-9]+(--?[0-9]+|-[0-9]+){2}\.jpg")
"""A picture that pages show, which lies there too."""


@dataclass(frozen=True)
class CastPhoto:
    """A photo file and whose it is; `look`: the sub-folder of the character's folder it lies in."""

    character: str
    path: Path
    look: str | None = None


@dataclass(frozen=True)
class Cast:
    """What a cast folder holds. `notes`: sentences about what is odd in it and what to do.

    `performers`: character -> who plays it, from `performers.csv`.
    """

    photos: tuple[CastPhoto, ...]
    notes: tuple[str, ...] = ()
    performers: dict[str, str] = field(default_factory=dict)


def read_cast(folder: Path) -> Cast:
    """List the characters, looks and photos in `folder`; paths are absolute, names as `valid_name` makes them.

    cast/Thor/1.jpg is a photo of Thor; cast/Thor/old/2.jpg one of his look "old", and so is everything deeper in it.
    Raises CastError where there is nothing to train on.
    """
    folder = folder.absolute()
    entries = [entry for entry in _entries(folder) if not _is_hidden(entry) and not leads_out(entry)]
    notes: list[str] = []
    if os.path.lexists(folder / FACE_FOLDERS):
        entries = [entry for entry in entries
                   if not _FACE_OF_A_FILM.fullmatch(entry.name) and not entry.name.startswith(LEFT_OVER)]  # fmt: skip
    folders = [entry for entry in entries if os.path.isdir(entry)]  # noqa: PTH112 - never raises
    loose, left_out = 0, LeftOut()
    for entry in sorted(set(entries) - set(folders)):
        if is_photo(entry):
            loose += 1
        else:
            left_out.add(entry)
    if not folders:
        hint = f" It holds {count_of(loose, 'photo')} itself, to be moved into one." if loose else ""
        hint += "".join(f" {sentence}" for sentence in left_out.sentences())
        raise CastError(f"{folder}: no character in it. Make a sub-folder per character, named after it.{hint}")
    if loose:
        notes.append(
            f"Left out: {count_of(loose, 'photo')} in {folder} itself. Move what is a character's to its folder."
        )
    unnamed = [entry for entry in folders if is_unknown_name(_readable(entry.name))]
    if unnamed:
        names = ", ".join(_readable(entry.name) for entry in unnamed[:3]) + (", ..." if len(unnamed) > 3 else "")
        notes.append(
            f"Left out: {count_of(len(unnamed), 'folder')} of people without a name ({names}). Give a folder the name "
            "of its character to learn it."
        )
    photos: list[CastPhoto] = []
    spellings: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for entry in (one for one in folders if one not in unnamed):
        name = _name_of(entry, notes)
        if name is not None:
            photos += _photos_of(name, entry, notes, left_out)
            spellings[name.casefold()].append((entry.name, name))
    if len(unnamed) == len(folders):
        raise CastError(
            f"{folder}: it has folders of people without a name alone. Name the folder after the character."
        )
    notes += [_written_alike(several) for several in spellings.values() if len(several) > 1]
    if not photos:
        raise CastError(f"{folder}: no photo in its {count_of(len(folders), 'sub-folder')}. Put some in.", notes)
    notes += left_out.sentences()
    performers = _performers(folder, {photo.character for photo in photos}, notes)
    return Cast(tuple(photos), tuple(notes), performers)


def _name_of(folder: Path, notes: list[str]) -> str | None:
    """The character that a folder is named after; None where no character can be called so. Says what is odd."""
    readable = _readable(folder.name)
    if readable != unicodedata.normalize("NFC", folder.name):
        notes.append(f"The name of the folder {readable} is not valid Unicode: rename it.")
    try:
        name = valid_name(readable)
    except InputError as error:
        notes.append(f"Left out: the folder {folder}. {error}")
        return None
    if name != readable:
        notes.append(f"The folder '{readable}' is taken for {name}'s: white space around a name is no part of it.")
    return name


def _photos_of(name: str, folder: Path, notes: list[str], left_out: LeftOut) -> list[CastPhoto]:
    """The photos of one character; what else lies there is counted in `left_out`, or said where there is no photo."""
    here = LeftOut()
    own = [CastPhoto(name, path, _look(folder, path)) for path in find([folder], here)]
    if own:
        left_out.update(here)
    elif here:
        notes += [f"{name} has no photo that is read here.", *here.sentences(f" of {name}")]
    else:
        notes.append(f"{name} has no photo: put some into {folder}.")
    return own


def _written_alike(several: list[tuple[str, str]]) -> str:
    distinct = len({name for _, name in several}) > 1
    taken = "different characters" if distinct else "one character"
    return (
        f"{' and '.join(written for written, _ in several)} differ only in how they are written and are "
        f"trained as {taken}: rename or merge the folders if that is wrong."
    )


def _performers(folder: Path, characters: set[str], notes: list[str]) -> dict[str, str]:
    """What `performers.csv` in the cast folder declares, one line `character,performer` each; empty without it."""
    path = folder / PERFORMERS_FILE
    try:
        rows = list(csv.reader(read_whole(path).decode("utf-8-sig").splitlines()))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CastError(
            f"{path}: cannot be read ({reason_of(error)}). It has lines `character,performer` in UTF-8."
        ) from None
    found: dict[str, str] = {}
    for row in rows:
        cells = [cell.strip() for cell in row]
        if not any(cells) or [cell.casefold() for cell in cells[1:]] == ["performer"]:
            continue
        if len(cells) != 2 or not all(cells):
            raise CastError(f"{path}: the line {','.join(row)!r} is not `character,performer`.")
        try:
            character, performer = map(valid_name, cells)
        except InputError as error:
            raise CastError(f"{path}: {error}") from None
        if character not in characters:
            notes.append(f"{PERFORMERS_FILE} names {character}, who has no photo here.")
        found[character] = performer
    return found


def _entries(folder: Path) -> list[Path]:
    wanted = "a folder with a sub-folder of photos per character"
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        raise CastError(f"{folder}: there is no such folder. Give {wanted}.") from None
    except NotADirectoryError:
        raise CastError(f"{folder}: this is a file. Give {wanted}.") from None
    except OSError as error:
        raise CastError(f"{folder}: cannot be read ({error.strerror}). Check its name and permissions.") from None
    except ValueError:
        raise CastError(f"{str(folder)!r} is not the name of a folder (it holds a NUL character).") from None


def _is_hidden(entry: Path) -> bool:
    return entry.name.startswith(".") or entry.name in _SKIPPED_FOLDERS


def _look(character: Path, photo: Path) -> str | None:
    inner = photo.relative_to(character).parts
    return _readable(inner[0]) if len(inner) > 1 else None


def _readable(name: str) -> str:
    """A folder's name as text: composed (NFC), and what is not valid Unicode written out."""
    return unicodedata.normalize("NFC", readable(name))
