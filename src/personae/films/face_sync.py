"""Bring a folder of faces to what the timeline says. Only what we wrote is moved or deleted, and nothing while changes
of the user's are not applied."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from personae.errors import StoreError
from personae.files import make_folder, sha256_of, shred, write_error, write_whole
from personae.films import face_disk, face_manifest, face_plan
from personae.films.face_disk import MARK, FolderThere, There, composed
from personae.films.face_manifest import FacePlace, Manifest, PersonFolder
from personae.films.face_media import FaceMedia, FilmFaces, MadePicture
from personae.films.face_order import ordered
from personae.films.face_plan import Plan
from personae.films.film_files import FilmFiles, shortened
from personae.films.worth_learning import POOR
from personae.timeline.person import Key, Person
from personae.timeline.records import TrackRecord
from personae.timeline.timeline import Timeline

ENOUGH = 30
"""A person has so many pictures where there are as many that are any good, and one of each track always."""
_OF_SYSTEMS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_NOT_IN_A_NAME = str.maketrans(dict.fromkeys('/\\:*?"<>|', "_"))


def is_there(folder: Path) -> bool:
    """Whether there are people's folders."""
    return face_manifest.is_there(folder)


def keep_up(files: FilmFiles, timeline: Timeline, records: Sequence[TrackRecord]) -> None:
    """After a timeline was concluded anew: bring its folders up to it, unless changes in them are not applied."""
    if not is_there(files.faces):
        return
    with contextlib.suppress(StoreError, OSError):  # the timeline counts; whoever opens the folders is told
        media = FilmFaces(timeline, records, files.crops)
        manifest, there = read(files.faces)
        if face_plan.plan(manifest, there, media, ()).is_empty:
            bring(files.faces, manifest, there, media)


def waits(files: FilmFiles, timeline: Timeline, records: Sequence[TrackRecord]) -> bool:
    """Whether changes in a film's folders are not applied yet."""
    if not is_there(files.faces):
        return False
    with contextlib.suppress(StoreError, OSError):
        manifest, there = read(files.faces)
        return not face_plan.plan(manifest, there, FilmFaces(timeline, records, files.crops), ()).is_empty
    return True


def read(folder: Path) -> tuple[Manifest, There]:
    """What we wrote into a folder of faces, and what lies there now. Raises StoreError."""
    manifest = face_manifest.read(folder) or Manifest()
    return manifest, face_disk.look(folder, manifest)


def plan(folder: Path, media: FaceMedia, known: Collection[str]) -> Plan:
    """What the changes in a folder say. Raises StoreError."""
    manifest, there = read(folder)
    return face_plan.plan(manifest, there, media, known)


def bring(root: Path, manifest: Manifest, there: There, media: FaceMedia, *, again: bool = False) -> Manifest:
    """Make the folders say what `media` says; the caller knows that no change of the user's waits, and holds the lock.

    Pictures stay in the folder that is right for them, also in a folder inside it. Those that the user deleted stay
    deleted. `again`: try to make those that could not be made before. Raises WriteError.
    """
    try:
        return _Bringing(root, manifest, there, media).bring(again=again)
    except OSError as error:
        raise write_error(root, error) from error


class _Bringing:
    def __init__(self, root: Path, manifest: Manifest, there: There, media: FaceMedia) -> None:
        self.root, self.manifest, self.there, self.media = root, manifest, there, media
        self.folder_of: dict[Key, PersonFolder] = {}
        self.path_of: dict[str, Path] = {}
        self.pictures: list[FacePlace] = []
        self.at: dict[str, Path] = {}  # key -> where it lies
        self.touched: set[str] = set()
        self.emptied: set[Path] = set()
        self.unlisted = {key: path for path in there.foreign if (key := face_disk.key_of(path.name))}

    def bring(self, *, again: bool) -> Manifest:
        make_folder(self.root, private=True)
        self._take_folders()
        self._move()
        self._add(again=again)
        self._number()
        self._tidy()
        manifest = Manifest(tuple(self.folder_of.values()), tuple(self.pictures))
        if manifest != self.manifest or not is_there(self.root):
            face_manifest.write(self.root, manifest)
        return manifest

    def _take_folders(self) -> None:
        """The people's folders that are right, or become so by another name."""
        marks = {one.mark: one for one in self.manifest.folders}
        by_name = {composed(one.name): one for one in self.manifest.folders}
        whose: dict[str, list[Person]] = {}
        for one in self.manifest.pictures:
            face = self.media.find(one.place)
            person = None if face is None else self.media.people[face]
            where = self.there.where(one.key)
            if person is not None and where is not None:
                whose.setdefault(str(where[0].path), []).append(person)
        waiting = []
        for folder in self.there.folders:
            own = marks.get(folder.mark) or (None if folder.mark else by_name.get(folder.name))
            people = whose.get(str(folder.path), [])
            if own is not None and own.person.key in self.media.of_person and not people:
                people = [own.person]
            named = next((one for one in people if composed(name_for(one)) == folder.name), None)
            if named is not None:
                self._take(folder, own, named)
            elif people and own is not None:
                waiting.append((folder, own, people))
        for folder, own, people in waiting:  # after those that are called right
            person = max(people, key=lambda each: sum(one.key == each.key for one in people))
            wanted = self.root / name_for(person)
            if not os.path.lexists(wanted):
                self._rename(folder.path, wanted)
                self._take(replace(folder, path=wanted), own, person)

    def _take(self, folder: FolderThere, own: PersonFolder | None, person: Person) -> None:
        if person.key not in self.folder_of:
            mark = own.mark if own is not None and own.mark not in self.path_of else _new_mark()
            self._own(PersonFolder(mark, folder.path.name, person), folder.path)

    def _rename(self, path: Path, wanted: Path) -> None:
        """A folder under the person's name; what else is in it stays in it."""
        path.rename(wanted)
        for found in self.there.pictures.values():
            for at, (folder, inside) in enumerate(found):
                if folder.path == path:
                    found[at] = (replace(folder, path=wanted), wanted / inside.relative_to(path))

    def _own(self, folder: PersonFolder, path: Path) -> None:
        self.folder_of[folder.person.key] = folder
        self.path_of[folder.mark] = path
        if path.is_dir():
            mark = path / MARK
            if not mark.is_file() or mark.read_bytes() != folder.mark.encode():
                write_whole(mark, folder.mark.encode(), durable=False, private=True)

    def _folder_for(self, person: Person, *, make: bool) -> PersonFolder:
        own = self.folder_of.get(person.key)
        if own is None:
            path, number = self.root / name_for(person), 2
            taken = {composed(each.name).casefold() for each in self.path_of.values()}
            while composed(path.name).casefold() in taken or (path.exists() and not path.is_dir()):
                path, number = self.root / f"{name_for(person)} ({number})", number + 1
            own = PersonFolder(_new_mark(), path.name, person)
            self._own(own, path)
        path = self.path_of[own.mark]
        if make and not (path / MARK).is_file():
            make_folder(path, private=True)
            write_whole(path / MARK, own.mark.encode(), durable=False, private=True)
        return own

    def _move(self) -> None:
        """Put each picture that we wrote to its person; those of nobody go."""
        for one in self.manifest.pictures:
            face = self.media.find(one.place)
            person = None if face is None else self.media.people[face]
            lies = self.there.pictures.get(one.key, [])
            if person is None:
                for folder, path in lies:
                    if sha256_of(path) == one.sha256:
                        shred(path)
                        self.touched.add(folder.mark)
                continue
            own = self._folder_for(person, make=bool(lies))
            path_here = self.path_of[own.mark]
            here = next((path for _, path in lies if path.is_relative_to(path_here)), None)
            before = here if here is not None else lies[0][1] if lies else None
            # A person's folder that was moved into another one whole is no look of theirs: its pictures come out.
            nested = before is not None and before.parent != path_here and (before.parent / MARK).is_file()
            if before is not None and (here is None or nested):
                here = _free(path_here / before.name)
                before.rename(here)
                self.touched.add(own.mark)
                self.emptied.add(before.parent)
            if here is not None:
                self.at[one.key] = here
            self.pictures.append(replace(one, mark=own.mark))
            if own.mark != one.mark:
                self.touched.add(own.mark)

    def _add(self, *, again: bool) -> None:
        """Pictures of faces of which there are none yet."""
        found = {one.key: self.media.find(one.place) for one in self.pictures}
        known = {face for one in self.pictures if (face := found[one.key]) is not None and (one.sha256 or not again)}
        missing = {at for at, person in enumerate(self.media.people) if person is not None} - known
        if not missing:
            return
        if again:
            self.pictures = [one for one in self.pictures if one.sha256 or found[one.key] not in missing]
        taken = {one.key for one in self.pictures}
        by_person: dict[Key, list[list[MadePicture]]] = {}
        for face, every in _by_face(self.media.pictures(missing)).items():
            person = self.media.people[face]
            assert person is not None
            by_person.setdefault(person.key, []).append([one for one in every if one.key not in taken])
        for tracks in by_person.values():
            firsts, others = (
                [own[0] for own in tracks if own],
                [one for own in tracks for one in own[1:] if one.weight >= POOR],
            )
            others.sort(key=lambda one: -one.weight)
            for made in [*firsts, *others[: max(0, ENOUGH - len(firsts))]]:
                self._write(made)

    def _write(self, made: MadePicture) -> None:
        person = self.media.people[made.face]
        assert person is not None
        own = self._folder_for(person, make=bool(made.jpeg))
        digest = sha256(made.jpeg).hexdigest() if made.jpeg else ""
        there = self.unlisted.get(made.key)
        if there is not None and sha256_of(there) == digest:
            # The list was lost, or a kill came before it was written: where it lies is what somebody says.
            if there.is_relative_to(self.path_of[own.mark]):
                self.at[made.key] = there
        elif made.jpeg:
            path = _free(self.path_of[own.mark] / f"00_{made.key}.jpg")
            write_whole(path, made.jpeg, durable=False, private=True)
            self.at[made.key] = path
            self.touched.add(own.mark)
        self.pictures.append(FacePlace(made.key, own.mark, made.place, made.weight, digest))

    def _number(self) -> None:
        """Name the pictures of folders in which something changed in their order."""
        for mark in self.touched:
            own = [one for one in self.pictures if one.mark == mark and one.key in self.at]
            digits = max(2, len(str(len(own))))
            for number, one in enumerate(ordered(own, self.media), 1):
                path = self.at[one.key]
                wanted = path.with_name(f"{number:0{digits}}_{one.key}.jpg")
                if path != wanted and not os.path.lexists(wanted):
                    path.rename(wanted)
                    self.at[one.key] = wanted

    def _tidy(self) -> None:
        """Folders of ours that are nobody's any more go where nothing of the user's is in them."""
        ours = {path for mark, path in self.path_of.items() if (path / MARK).is_file()}
        known = {one.mark for one in self.manifest.folders}
        for folder in self.there.folders:
            if folder.path not in ours and folder.mark in known and folder.path.is_dir():
                remove_folder(folder.path)
        for path in self.emptied - set(self.path_of.values()):
            if path.parent != self.root:
                remove_folder(path)
        used = {one.mark for one in self.pictures}
        self.folder_of = {key: one for key, one in self.folder_of.items() if one.mark in used}


def remove_folder(folder: Path) -> None:
    """Take our mark out of a folder, and the folder away where it is empty then, but for what systems put there."""
    (folder / MARK).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        left = list(folder.iterdir())
        if all(path.name in _OF_SYSTEMS and path.is_file() for path in left):
            for path in left:
                path.unlink()
            folder.rmdir()


def name_for(person: Person) -> str:
    """What a person's folder is called: their name, without what file systems refuse."""
    name = shortened(person.name.translate(_NOT_IN_A_NAME))
    return f"_{name[1:]}" if name.startswith(".") else name


def _by_face(made: Iterable[MadePicture]) -> dict[int, list[MadePicture]]:
    found: dict[int, list[MadePicture]] = {}
    for one in made:
        found.setdefault(one.face, []).append(one)
    return found


def _free(path: Path) -> Path:
    """The path, or, where a file has that name, one beside it."""
    number, free = 2, path
    while os.path.lexists(free):
        free, number = path.with_name(f"{path.stem} ({number}){path.suffix}"), number + 1
    return free


def _new_mark() -> str:
    return secrets.token_hex(8)
