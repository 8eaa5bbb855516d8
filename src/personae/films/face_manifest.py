"""`.personae.json` in a folder of faces: which pictures we wrote, whose they were, where each face is known by.

By it a change of the user's is told from what changed elsewhere, and a picture is known after it was moved. It has
names, as the folders have, and no embeddings.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from personae.cast.folder import FACE_FOLDERS
from personae.checks import Fields, parsed
from personae.errors import DamagedFileError, ForeignFileError, TooNewError
from personae.files import read_whole, write_whole
from personae.timeline.person import Person
from personae.timeline.places import AnyPlace, PhotoPlace

SCHEMA = "personae/face-folders/1"
_KIND = "personae/face-folders/"


@dataclass(frozen=True)
class PersonFolder:
    """A person's folder as we wrote it. `mark`: stands in a hidden file in it, so that it is known under a new name."""

    mark: str
    name: str
    person: Person


@dataclass(frozen=True)
class FacePlace:
    """A picture that we made: of the face at `place`, `weight` 0..1. `key`: what its file's name holds.

    `mark`: of the folder it belongs to; `sha256`: of its content, "" where there never was a picture of that face.
    """

    key: str
    mark: str
    place: AnyPlace
    weight: float
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What we wrote into a folder of faces of one film or set of photos."""

    folders: tuple[PersonFolder, ...] = ()
    pictures: tuple[FacePlace, ...] = field(default=())

    @property
    def people(self) -> set[str]:
        """The characters whose folders there are."""
        return {one.person.character for one in self.folders if one.person.character is not None}


def path_of(folder: Path) -> Path:
    """Where a folder of faces keeps its manifest."""
    return folder / FACE_FOLDERS


def is_there(folder: Path) -> bool:
    """Whether we wrote people's folders there."""
    return path_of(folder).is_file()


def write(folder: Path, manifest: Manifest) -> None:
    """Write it whole, for its owner alone; raises WriteError."""
    write_whole(path_of(folder), as_json(manifest), private=True)


def as_json(manifest: Manifest) -> bytes:
    """The manifest as a document; see `schemas/face-folders-1.schema.json`."""
    document = {
        "schema": SCHEMA,
        "folders": [
            {"mark": one.mark, "name": one.name, "character": one.person.character,
             "character_id": one.person.character_id, "unknown": one.person.unknown}
            for one in manifest.folders
        ],
        "pictures": [
            {"key": one.key, "folder": one.mark, "place": _place_row(one.place), "weight": round(one.weight, 4),
             "sha256": one.sha256}
            for one in manifest.pictures
        ],
    }  # fmt: skip
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def read(folder: Path) -> Manifest | None:
    """What we wrote there; None where there is no manifest. Raises DamagedFileError, ForeignFileError, TooNewError."""
    path = path_of(folder)
    try:
        fields = Fields(parsed(read_whole(path)))
        schema = fields.text("schema")
        if not schema.startswith(_KIND):
            raise ForeignFileError(path, "this is no list of faces of Personae. Move it away.")
        if schema != SCHEMA:
            raise TooNewError(path, f"was written by a newer Personae ({schema}). Update Personae.")
        folders = tuple(_folder(row) for row in fields.rows("folders"))
        marks = {one.mark for one in folders}
        return Manifest(folders, tuple(_picture(row, marks) for row in fields.rows("pictures")))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise DamagedFileError(
            path, f"this list of faces is damaged: {error}. Move the folder away, and have it written anew."
        ) from None


def _folder(row: Fields) -> PersonFolder:
    character = row.or_none("character", _text)
    unknown = None if row.get("unknown") is None else row.whole("unknown", 1)
    return PersonFolder(
        row.text("mark", empty=False), row.text("name", empty=False),
        Person(character, unknown, row.or_none("character_id", _text)),
    )  # fmt: skip


def _picture(row: Fields, marks: Iterable[str]) -> FacePlace:
    return FacePlace(
        row.text("key", empty=False), row.one_of("folder", tuple(marks)), _place(row.items("place")),
        row.number("weight", 0.0), row.text("sha256"),
    )  # fmt: skip


def _place_row(place: AnyPlace) -> list[Any]:
    if isinstance(place, PhotoPlace):
        return [place.photo, place.sha256, *place.box]
    return list(place)


def _place(row: list[Any]) -> AnyPlace:
    texts, numbers = row[:-4][:2] if len(row) == 6 else [], row[-4:] if len(row) == 6 else row
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in numbers) or len(row) not in (5, 6):
        raise ValueError("place: no place in a film or photo")
    if texts:
        photo, sha256 = (_text(one, "place") for one in texts)
        x1, y1, x2, y2 = map(float, numbers)
        return PhotoPlace(photo, sha256, (x1, y1, x2, y2))
    seconds, x1, y1, x2, y2 = map(float, numbers)
    return (seconds, x1, y1, x2, y2)


def _text(value: Any, at: str) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{at}: no text")
    return value
