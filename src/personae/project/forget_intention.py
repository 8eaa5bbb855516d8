"""The written intention to forget a person: kept in the project from before the first change until the proof is done.

So a forgetting that is killed is known, and whoever opens the project next completes it (see `ProjectContext.settle`).
It names the person and holds their embeddings: private, and overwritten in the end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae import archive
from personae.checks import Fields, any_text, parsed, require, text
from personae.checks import facts as facts_of
from personae.errors import DamagedFileError, ForeignFileError, ModelNotFoundError
from personae.files import open_input, replacing, shred
from personae.forgetting.person import Person
from personae.paths import ProjectPaths
from personae.settings import TABLE
from personae.types import FloatArray

SCHEMA = "personae/forgetting/1"
_TEXTS = ("name", "models", "written", "id")
_SETS = ("names", "paths", "digests")
_ALL_SETS = (*_SETS, "ids", "pictures")
_ARRAYS = ("vectors", "copies", "centres")
_LARGEST = 1e6


def begin(project: ProjectPaths, person: Person) -> None:
    """Write down that `person` shall be forgotten; raises WriteError, and then nothing is begun."""
    plain = {name: getattr(person, name) for name in _TEXTS} | {
        name: sorted(getattr(person, name)) for name in _ALL_SETS
    }
    arrays = {name: getattr(person, name) for name in _ARRAYS}
    path = project.forgetting
    with replacing(path):  # one that is damaged
        # ASCII: paths need not be valid Unicode.
        archive.write(path, arrays, {"person": json.dumps(plain)}, schema=SCHEMA)


def read(project: ProjectPaths) -> Person | None:
    """Whom a forgetting that was begun is about; None where there is none, or where all of it was done.

    Raises StoreError for a note that cannot be read.
    """
    path = project.forgetting
    try:
        arrays, facts = archive.read(path, schema=SCHEMA)
        plain = Fields(parsed(text(facts.get("person"), "person")))
        names, paths, digests = (frozenset(plain.each(name, any_text)) for name in _SETS)
        require(names and all(names), "names are empty")
        return Person(
            name=plain.text("name", empty=False),
            id=plain.text("id"),
            ids=frozenset(plain.each("ids", text)) if "ids" in plain else frozenset(),
            pictures=_pieces(plain),
            names=names,
            paths=paths,
            digests=digests,
            vectors=_vectors(arrays, "vectors"),
            copies=_vectors(arrays, "copies"),
            centres=_vectors(arrays, "centres"),
            models=tuple((any_text(path, "models"), _parameters(of)) for path, of in map(_pair, plain.items("models"))),
            written=tuple(
                (any_text(path, "written"), any_text(kind, "written"))
                for path, kind in map(_pair, plain.items("written"))
            ),
        )
    except ModelNotFoundError:
        return None
    except (DamagedFileError, ForeignFileError, KeyError, TypeError, ValueError):
        pass
    with open_input(path) as file:
        is_overwritten = not any(file.read(8))
    if is_overwritten:  # it is written whole, so this is `end`, killed
        shred(path, in_place=True)
        return None
    raise DamagedFileError(
        path, "somebody was being forgotten here, and this note of it is damaged. Remove it, and forget them again."
    )


def _pieces(plain: Fields) -> frozenset[str]:
    """Those of pictures; none in a note of an older version."""
    found = frozenset(plain.each("pictures", text)) if "pictures" in plain else frozenset()
    require(all(map(bytes.fromhex, found)), "a piece of a picture is empty")
    return found


def _pair(value: Any) -> tuple[Any, Any]:
    require(isinstance(value, list) and len(value) == 2, "a pair is none")
    return value[0], value[1]


def _parameters(value: Any) -> dict[str, Any]:
    known = {setting.name for setting in TABLE}
    found = facts_of(value, "models", halves=True)
    require(set(found) <= known, "models name settings that there are not")
    return found


def _vectors(arrays: Mapping[str, NDArray[Any]], name: str) -> FloatArray:
    return np.array(archive.array(arrays, name, "f", (None, None), -_LARGEST, _LARGEST), np.float32)


def end(project: ProjectPaths) -> None:
    """The proof is done: nothing of the person is to stay in the intention either."""
    shred(project.forgetting, in_place=True)  # under another name nobody would know what is to be completed
