"""Forgetting in a folder of faces: the person's folder and pictures, and their name in the list of what we wrote."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from personae.errors import StoreError
from personae.files import replacing, shred
from personae.films import face_disk, face_manifest
from personae.films.face_disk import composed
from personae.films.face_manifest import Manifest
from personae.films.face_sync import remove_folder
from personae.forgetting.names import NameSearch
from personae.forgetting.person import Person
from personae.timeline.places import AnyPlace


@dataclass(frozen=True)
class Theirs:
    """What in a folder of faces is a person's. `pictures`: to be deleted; `left`: files not ours in their folders;
    `folders`: of theirs, or that may be empty then; `manifest`: what stays, None where there was none.
    """

    root: Path
    pictures: frozenset[Path] = frozenset()
    left: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()
    manifest: Manifest | None = None
    changed: bool = False

    def delete(self) -> int:
        """Delete the pictures, and folders that are empty then; how many pictures that were."""
        found = [path for path in sorted(self.pictures) if os.path.lexists(path)]
        for path in found:
            shred(path)
        for folder in self.folders:
            for inner, _, _ in os.walk(folder, topdown=False):
                remove_folder(Path(inner))
        return len(found)

    def rewrite(self) -> None:
        """Write the list of what is there without them."""
        if self.changed and self.manifest is not None:
            with replacing(face_manifest.path_of(self.root)):
                face_manifest.write(self.root, self.manifest)


def theirs_in(root: Path, person: Person, is_theirs: Callable[[AnyPlace], bool]) -> Theirs:
    """What is a person's in a folder of faces; `is_theirs`: whether the face at a place is, or nobody knows whose.

    A folder is theirs by its name too, also where that is not applied yet. Without a list that can be read nobody
    knows whose the pictures are: all of ours go.
    """
    try:
        manifest = face_manifest.read(root)
    except StoreError:
        listed = face_manifest.path_of(root)
        pictures = {path for path in root.rglob("*.jpg") if face_disk.key_of(path.name)}
        return Theirs(root, frozenset({*pictures, listed}), (), tuple(path.parent for path in pictures))
    if manifest is None:
        return Theirs(root)
    search = NameSearch(person.names)
    marks = {
        one.mark
        for one in manifest.folders
        if {one.person.character, one.person.character_id} & person.marks or search.in_file_name(composed(one.name))
    }
    gone = {one.key for one in manifest.pictures if one.mark in marks or is_theirs(one.place)}
    there = face_disk.look(root, manifest)
    own = [one for one in there.folders if one.mark in marks or search.in_file_name(one.name)]
    pictures = {
        path for key, places in there.pictures.items() for folder, path in places if key in gone or folder in own
    } | {path for path in there.loose if face_disk.key_of(path.name) in gone}
    emptied = {folder.path for places in there.pictures.values() for folder, path in places if path in pictures}
    left = tuple(path for path in there.foreign if any(path.is_relative_to(one.path) for one in own))
    stays = Manifest(
        tuple(one for one in manifest.folders if one.mark not in marks),
        tuple(one for one in manifest.pictures if one.key not in gone),
    )
    folders = tuple(sorted({*emptied, *(one.path for one in own)}))
    return Theirs(root, frozenset(pictures), left, folders, stays, changed=stays != manifest)
