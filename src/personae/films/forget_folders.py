"""Forgetting in a folder of faces: the person's folder and pictures, and their name in the list of what we wrote."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from personae.cast.folder import LEFT_OVER
from personae.errors import StoreError
from personae.files import replacing, shred
from personae.films import face_disk, face_manifest
from personae.films.face_disk import composed
from personae.films.face_manifest import Manifest
from personae.films.face_sync import remove_folder
from personae.films.film_files import FilmFiles
from personae.forgetting.keeper import Forgotten
from personae.forgetting.names import NameSearch
from personae.forgetting.person import Person
from personae.timeline import native
from personae.timeline.places import AnyPlace, Finder


@dataclass(frozen=True)
class Theirs:
    """What in a folder of faces is a person's. `pictures`: to be deleted; `folders`: that may be empty then; `named`:
    those that are called after the person; `manifest`: what stays, None where there was none.
    """

    root: Path
    pictures: frozenset[Path] = frozenset()
    folders: tuple[Path, ...] = ()
    named: tuple[Path, ...] = ()
    manifest: Manifest | None = None
    changed: bool = False

    def delete(self, done: Forgotten) -> None:
        """Delete the pictures, and folders that are empty then. What the user put into one stays, under another name
        of the folder, and is listed.
        """
        found = [path for path in sorted(self.pictures) if os.path.lexists(path)]
        for path in found:
            shred(path)
        for folder in self.folders:
            for inner, _, _ in os.walk(folder, topdown=False):
                remove_folder(Path(inner))
        done.removed["pictures"] += sum(path.suffix == ".jpg" for path in found)
        for folder in self.named:
            if folder.is_dir():
                left = _free(self.root / LEFT_OVER)
                folder.rename(left)
                done.listed.append((left, "what you put into their folder"))

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
    search = NameSearch(person.names)
    manifest: Manifest | None = None
    with suppress(StoreError):
        manifest = face_manifest.read(root)
    if manifest is None:
        return _without_a_list(root, search)
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
    stays = Manifest(
        tuple(one for one in manifest.folders if one.mark not in marks),
        tuple(one for one in manifest.pictures if one.key not in gone),
    )
    folders = tuple(sorted({*emptied, *(one.path for one in own)}))
    named = tuple(one.path for one in own)
    return Theirs(root, frozenset(pictures), folders, named, stays, changed=stays != manifest)


def theirs_in_film(files: FilmFiles, person: Person, numbers: Collection[int]) -> Theirs:
    """What is a person's in a film's folders. `numbers`: of their tracks; of a timeline that cannot be read, all."""
    if not files.faces.is_dir():
        return Theirs(files.faces)
    finder: Finder | None = None
    ids: list[int] = []
    with suppress(StoreError):
        timeline = native.read(files.timeline)
        finder, ids = Finder(timeline.tracks, timeline.video), [track.id for track in timeline.tracks]

    def is_theirs(place: AnyPlace) -> bool:
        at = None if finder is None else finder.find(place)
        return at is None or ids[at] in numbers

    return theirs_in(files.faces, person, is_theirs)


def _without_a_list(root: Path, search: NameSearch) -> Theirs:
    if not root.is_dir():
        return Theirs(root)
    pictures = {path for path in root.rglob("*.jpg") if face_disk.key_of(path.name)}
    named = tuple(
        path for path in sorted(root.iterdir())
        if path.is_dir() and not path.is_symlink() and search.in_file_name(composed(path.name))
    )  # fmt: skip
    folders = tuple(sorted({*named, *(path.parent for path in pictures)} - {root}))
    return Theirs(root, frozenset({*pictures, face_manifest.path_of(root)}), folders, named)


def _free(path: Path) -> Path:
    number, free = 2, path
    while os.path.lexists(free):
        free, number = path.with_name(f"{path.name} {number}"), number + 1
    return free
