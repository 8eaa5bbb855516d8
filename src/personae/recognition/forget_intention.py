"""The written intention to forget a person: kept in the project from before the first change until the proof is done.

So a forgetting that is killed is known, and whoever opens the project next completes it (see `EditMethods.settle`).
It names the person and holds their embeddings: private, and overwritten in the end.
"""

from __future__ import annotations

import json

import numpy as np

from personae import archive
from personae.errors import DamagedFileError, ForeignFileError, ModelNotFoundError
from personae.files import open_input, replacing, shred
from personae.project import Project
from personae.recognition.forget_who import Person

SCHEMA = "personae/forgetting/1"
_TEXTS = ("name", "models", "written", "id")
_SETS = ("names", "paths", "digests")
_ARRAYS = ("vectors", "copies", "centres")


def begin(project: Project, person: Person) -> None:
    """Write down that `person` shall be forgotten; raises WriteError, and then nothing is begun."""
    plain = {name: getattr(person, name) for name in _TEXTS} | {name: sorted(getattr(person, name)) for name in _SETS}
    arrays = {name: getattr(person, name) for name in _ARRAYS}
    path = project.forgetting
    with replacing(path):  # one that is damaged
        # ASCII: paths need not be valid Unicode.
        archive.write(path, arrays, {"person": json.dumps(plain)}, schema=SCHEMA)


def read(project: Project) -> Person | None:
    """Whom a forgetting that was begun is about; None where there is none, or where all of it was done.

    Raises StoreError for a note that cannot be read.
    """
    path = project.forgetting
    try:
        arrays, facts = archive.read(path, schema=SCHEMA)
        plain = json.loads(facts["person"])
        return Person(
            name=plain["name"],
            id=plain["id"],
            names=frozenset(plain["names"]),
            paths=frozenset(plain["paths"]),
            digests=frozenset(plain["digests"]),
            vectors=np.array(arrays["vectors"]),
            copies=np.array(arrays["copies"]),
            centres=np.array(arrays["centres"]),
            models=tuple((model, parameters) for model, parameters in plain["models"]),
            written=tuple((output, kind) for output, kind in plain["written"]),
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


def end(project: Project) -> None:
    """The proof is done: nothing of the person is to stay in the intention either."""
    shred(project.forgetting, in_place=True)  # under another name nobody would know what is to be completed
