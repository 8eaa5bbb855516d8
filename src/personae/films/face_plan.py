"""What the user's changes to a folder of faces say: who is who now. Values in, values out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from personae.errors import InputError
from personae.films.face_disk import FolderThere, There, composed
from personae.films.face_manifest import Manifest, PersonFolder
from personae.films.face_media import FaceMedia
from personae.names import find_name, unknown_number, valid_name
from personae.timeline.person import Key, Person
from personae.types import count_of


@dataclass(frozen=True)
class Change:
    """Somebody is `to`: wherever they are, or where `faces` says which, only these."""

    who: Person
    to: Person
    faces: frozenset[int] | None = None


@dataclass(frozen=True)
class Plan:
    """What there is to say. `problems`: why nothing can be applied; `notes`: what means nothing, or may surprise."""

    changes: tuple[Change, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the folders say what the timeline says."""
        return not self.changes and not self.problems


@dataclass
class _Planner:
    manifest: Manifest
    there: There
    media: FaceMedia
    known: Collection[str]
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @cached_property
    def by_mark(self) -> dict[str, PersonFolder]:
        return {one.mark: one for one in self.manifest.folders}

    @cached_property
    def by_name(self) -> dict[str, PersonFolder]:
        return {composed(one.name): one for one in self.manifest.folders}

    @cached_property
    def face_of(self) -> dict[str, int]:
        """Key -> its face, of those whose face is found and is somebody's."""
        found = ((one.key, self.media.find(one.place)) for one in self.manifest.pictures)
        return {key: at for key, at in found if at is not None and self.media.people[at] is not None}

    @cached_property
    def faces_in(self) -> dict[str, set[int]]:
        """Mark -> the faces whose pictures belonged into that folder, deleted ones too."""
        found: dict[str, set[int]] = {one.mark: set() for one in self.manifest.folders}
        for one in self.manifest.pictures:
            if one.key in self.face_of:
                found[one.mark].add(self.face_of[one.key])
        return found

    @cached_property
    def renamed(self) -> dict[str, FolderThere]:
        """Mark -> the folder that has another name now."""
        found: dict[str, FolderThere] = {}
        for mark, own in self.by_mark.items():
            here = [one for one in self.there.folders if one.mark == mark]
            if not here or any(one.name == composed(own.name) for one in here) or self._is_left(mark, here):
                continue
            if len(here) > 1:
                names = " and ".join(one.name for one in here)
                self.problems.append(f"{names} are copies of one folder, {own.name}. Take all but one away.")
            found[mark] = here[0]
        return found

    def _is_left(self, mark: str, here: Collection[FolderThere]) -> bool:
        """Whether all pictures of a folder that has another name were moved out of it: its name says nothing then."""
        places = [place for one in self.manifest.pictures if one.mark == mark
                  for place in self.there.pictures.get(one.key, ())]  # fmt: skip
        return bool(places) and not any(folder in here for folder, _ in places)

    def today(self, own: PersonFolder) -> Person | None:
        """Who the person of a folder is now: who most of its faces are, else as it was written."""
        people = [person for at in self.faces_in[own.mark] if (person := self.media.people[at]) is not None]
        if people:
            counted = Counter(one.key for one in people)
            most = max(counted.values())
            keys = [key for key, count in counted.items() if count == most]
            key = own.person.key if own.person.key in keys else keys[0]
            return next(one for one in people if one.key == key)
        return own.person if own.person.key in self.media.of_person else None

    def target(self, folder: FolderThere) -> Person | None:
        """Whose folder it is by its name; None where its name is nobody's, which is then a problem."""
        own = self.by_mark.get(folder.mark)
        if own is None or composed(own.name) != folder.name:
            # A folder made anew, or one whose name stands for a name that no folder can have.
            own = self.by_name.get(folder.name)
            own = None if own is not None and folder.mark and own.person.name == folder.name else own
        if own is not None and (person := self.today(own)) is not None:
            return person
        number = unknown_number(folder.name)
        if number is not None:
            if any(key == (None, number) for key in self.media.of_person) or any(
                one.person.unknown == number for one in self.manifest.folders
            ):
                return Person(unknown=number)
            self.problems.append(
                f"{folder.name}: there is no Unknown {number} here. Give the folder a character's name, or the number "
                "of somebody who is there."
            )
            return None
        try:
            return Person(find_name(folder.name, self.known) or valid_name(folder.name))
        except InputError as error:
            self.problems.append(f"The folder {folder.name}: {error}")
            return None

    def plan(self) -> Plan:
        whole = self._whole()
        moved = self._moved()
        whole += self._emptied(moved, {one.who.key for one in whole})
        becomes = {one.who.key: one.to for one in whole}
        changes = [self._unswapped(one, becomes) for one in whole]
        singles: dict[tuple[Key, Key], tuple[Person, Person, set[int]]] = {}
        for face, to in moved.items():
            before = self.media.people[face]
            assert before is not None
            now = becomes.get(before.key, before)
            if now.key != to.key:
                singles.setdefault((now.key, to.key), (now, to, set()))[2].add(face)
        changes += [Change(who, to, frozenset(faces)) for who, to, faces in singles.values()]
        self._spellings(one.to for one in changes)
        self._tell()
        return Plan(tuple(changes), tuple(dict.fromkeys(self.problems)), tuple(dict.fromkeys(self.notes)))

    def _whole(self) -> list[Change]:
        """Renamed folders: their people are who the folder is called after."""
        found = []
        for mark, folder in self.renamed.items():
            own, to = self.by_mark[mark], self.target(folder)
            who = self.today(own)
            if who is None or to is None or who.key == to.key:
                continue
            faces = self.faces_in[mark]
            same = who.key == own.person.key or self.media.of_person[who.key] <= faces
            if same:
                found.append(Change(who, to))
            else:  # somebody decided otherwise since: only whom the folder shows is meant
                for key, part in self._by_person(faces).items():
                    person = self.media.people[min(part)]
                    if key != to.key and person is not None:
                        found.append(Change(person, to, frozenset(part)))
        return found

    def _by_person(self, faces: Iterable[int]) -> dict[Key, set[int]]:
        found: dict[Key, set[int]] = {}
        for at in faces:
            person = self.media.people[at]
            if person is not None:
                found.setdefault(person.key, set()).add(at)
        return found

    def _moved(self) -> dict[int, Person]:
        """Face -> whose folder a picture of it was moved to."""
        found: dict[int, Person] = {}
        targets: dict[Path, Person | None] = {}
        copies, gone = 0, 0
        for one in self.manifest.pictures:
            places = self.there.pictures.get(one.key, [])
            if not places:
                continue
            if one.key not in self.face_of:
                gone += 1
                continue
            if any(self._is_home(folder, one.mark) for folder, _ in places):
                copies += len(places) > 1
                continue
            if len({folder.path for folder, _ in places}) > 1:
                self.problems.append(f"{' and '.join(str(path) for _, path in places)} are one picture: keep one.")
                continue
            folder = places[0][0]
            if folder.path not in targets:
                targets[folder.path] = self.target(folder)
            to, face = targets[folder.path], self.face_of[one.key]
            if to is not None:
                if face in found and found[face].key != to.key:
                    self.problems.append(
                        f"{places[0][1]} shows the face of a picture that lies with {found[face].name}: one track is "
                        "one person. Put both into one folder."
                    )
                found[face] = to
        if copies:
            self.notes.append(f"{count_of(copies, 'picture')} in a second folder too: a copy says nothing.")
        if gone:
            self.notes.append(f"{count_of(gone, 'picture')} of faces that are nobody's any more: passed over.")
        return found

    def _is_home(self, folder: FolderThere, mark: str) -> bool:
        """Whether it is the folder that we put a picture into, under whatever name."""
        return folder.mark == mark or folder.name == composed(self.by_mark[mark].name)

    def _emptied(self, moved: dict[int, Person], done: set[Key]) -> list[Change]:
        """People all of whose faces were moved into one other folder: the two are one person."""
        found = []
        for mark, faces in self.faces_in.items():
            own = self.by_mark[mark]
            targets = {moved[at].key if at in moved else None for at in faces}
            who = self.today(own)
            if len(targets) != 1 or None in targets or who is None or mark in self.renamed or who.key in done:
                continue
            to = moved[min(faces)]
            if who.key != to.key and self.media.of_person[who.key] <= faces:
                found.append(Change(who, to))
        return found

    def _unswapped(self, one: Change, becomes: dict[Key, Person]) -> Change:
        """Whoever becomes somebody who becomes somebody else: these faces only, so that the two do not become one."""
        if one.faces is None and one.to.key in becomes:
            return Change(one.who, one.to, frozenset(self.media.of_person[one.who.key]))
        return one

    def _spellings(self, people: Iterable[Person]) -> None:
        for person in people:
            name = person.character
            if name is not None and name not in self.known:
                near = [one for one in self.known if one.casefold() == name.casefold()]
                if near:
                    self.notes.append(f"There is a {near[0]}, and {name} would be somebody else.")

    def _tell(self) -> None:
        if self.there.foreign:
            self.notes.append(
                f"{count_of(len(self.there.foreign), 'picture')} not written by Personae: left alone, "
                f"such as {self.there.foreign[0]}."
            )
        if self.there.loose:
            self.notes.append(
                f"{count_of(len(self.there.loose), 'picture')} in no person's folder: that says nothing about them."
            )


def plan(manifest: Manifest, there: There, media: FaceMedia, known: Collection[str]) -> Plan:
    """What changes in the folders say about the faces of `media`. `known`: the characters of the cast and the media.

    A folder with another name says that its person is called so; a picture in another folder that its face, through
    its whole track, is that person's; all of a person's, that the two are one. A picture that is gone says nothing.
    """
    return _Planner(manifest, there, media, known).plan()
