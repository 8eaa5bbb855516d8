"""Pictures of others that show somebody who was forgotten, beside them: the face is covered, and the picture stays.

They are our own cut-outs, in files of tracks and crops and in folders of faces, so no user's picture is touched.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae import archive
from personae.errors import ForeignFileError, StoreError
from personae.files import read_whole, replacing, write_whole
from personae.films import face_disk, face_manifest
from personae.films.forget_tracks import is_of_a_film, is_of_pictures, jpegs
from personae.forgetting.likeness import Likeness

PICTURE = re.compile(r"-?[0-9]+-[-0-9]+(-[-0-9]+)?\.jpg")
"""The name of a best picture, right in a film's folder of faces."""
COVERED = "faces covered in pictures of others"


def cover_in_file(path: Path, likeness: Likeness) -> int:
    """Cover the person's face in the pictures of a file of tracks or crops; in how many it was.

    A file that is damaged, or is not ours, is left to the search. Raises WriteError.
    """
    if not is_of_a_film(path, crops=True):
        return 0
    try:
        schema = archive.schema_of(path)
        arrays, facts = archive.read(path, schema=schema)
    except (StoreError, ForeignFileError):
        return 0
    found = {name: _covered(array, likeness) for name, array in arrays.items() if is_of_pictures(array)}
    count = sum(number for _, number in found.values())
    if count:
        with replacing(path):
            archive.write(path, arrays | {name: array for name, (array, _) in found.items()}, facts, schema=schema)
    return count


def cover_in_folder(root: Path, likeness: Likeness) -> int:
    """Cover the person's face in the pictures that we put into a folder of faces; in how many it was.

    Those that the user put there stay as they are. Raises WriteError.
    """
    if not root.is_dir():
        return 0
    manifest: face_manifest.Manifest | None = None
    with suppress(StoreError):
        manifest = face_manifest.read(root)
    paths = {path: "" for path in root.iterdir() if PICTURE.fullmatch(path.name)}
    if manifest is not None:
        there = face_disk.look(root, manifest)
        paths |= {path: key for key, places in there.pictures.items() for _, path in places}
        paths |= {path: face_disk.key_of(path.name) for path in there.loose}
    digests: dict[str, str] = {}
    count = 0
    for path, key in sorted(paths.items()):
        if path.is_symlink() or not path.is_file():
            continue
        without = likeness.covered(read_whole(path))
        if without is not None:
            with replacing(path):
                write_whole(path, without, private=True)
            digests[key] = sha256(without).hexdigest()
            count += 1
    if manifest is not None and digests:
        pictures = tuple(replace(one, sha256=digests.get(one.key, one.sha256)) for one in manifest.pictures)
        with replacing(face_manifest.path_of(root)):
            face_manifest.write(root, replace(manifest, pictures=pictures))
    return count


def _covered(array: NDArray[Any], likeness: Likeness) -> tuple[NDArray[Any], int]:
    """The bytes of pictures, as many of each as before, and in how many of them the face was."""
    count, pieces = 0, []
    content = array.tobytes()
    begins = content.find(b"\xff\xd8\xff")
    for jpeg in jpegs(content):
        without = likeness.covered(jpeg)
        count += without is not None
        pieces.append(jpeg if without is None else without)
    if not count:
        return array, 0
    return np.frombuffer(content[:begins] + b"".join(pieces), np.uint8), count
