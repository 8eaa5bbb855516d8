"""Folders as the interface: a folder per person beside the timeline, which is renamed, and pictures that are moved.

folders = FaceFolders.of_film(film)
folders.write()                # film.faces/Unknown 3/01_....jpg
...                            # rename, move
folders.foresee()              # what that says
folders.apply()                # decisions of one command; `film.undo()` takes them back
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from personae.cast.cast import Cast
from personae.errors import InputError
from personae.films import face_manifest, face_plan, face_sync
from personae.films.decidable import Decided
from personae.films.decision_maker import Chosen, DecisionMaker
from personae.films.face_media import FaceMedia, FilmFaces, PhotoFaces
from personae.films.face_plan import Change, Plan
from personae.films.film import StoredFilm
from personae.films.maker import Maker
from personae.films.photo_maker import PhotoMaker
from personae.films.photo_set import PhotoSet
from personae.films.say import Saying
from personae.films.say import name as say_name
from personae.timeline.decisions import Decision
from personae.timeline.person import Person


@dataclass(frozen=True)
class FoldersWritten:
    """The folders as they are: how many people and pictures. `notes`: sentences for people."""

    folder: Path
    people: int
    pictures: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Foreseen:
    """What the changes in the folders would decide, before anything is done.

    `decisions`: what would be written down; `warnings`: what may be wrong with it; `problems`: why nothing can be
    applied; `notes`: what says nothing, and why.
    """

    decisions: tuple[Decision, ...] = ()
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class FaceFolders(ABC):
    """The folders of one film or set of photos."""

    media: StoredFilm | PhotoSet

    @staticmethod
    def of(media: StoredFilm | PhotoSet) -> FaceFolders:
        """The folders of a film, or of a set of photos."""
        return FilmFolders(media) if isinstance(media, StoredFilm) else PhotoFolders(media)

    @property
    @abstractmethod
    def folder(self) -> Path:
        """Where they are: `film.faces` beside the timeline."""

    @property
    def is_there(self) -> bool:
        """Whether they were written."""
        return face_manifest.is_there(self.folder)

    def write(self) -> FoldersWritten:
        """Write the folders, or bring them up to now: pictures that can be made are added, none is written over.

        Raises InputError where changes in them are not applied yet, StoreError.
        """
        if self.is_there and not self._plan().is_empty:
            raise InputError(f"Changes in {self.folder} are not applied yet. Apply them first.")
        return self._bring()

    def foresee(self) -> Foreseen:
        """What the changes in the folders say; nothing is done. Raises StoreError."""
        plan = self._plan()
        if plan.problems or not plan.changes:
            return Foreseen((), (), plan.problems, plan.notes)
        foreseen = self.media.foresee([self._saying(one) for one in plan.changes])
        warnings = (f"{one.said()}: {text}" for one, text in zip(foreseen.about, foreseen.warnings, strict=True))
        return Foreseen(foreseen.decisions, tuple(warnings), (), plan.notes)

    def apply(self, *, by: str = "") -> Decided:
        """Decide what the folders say, in one command, and bring them up to it. Empty where they say nothing new.

        Raises InputError, with every problem in it, before anything is done; else as `Decidable.decide`.
        """
        plan = self._plan()
        if plan.problems:
            raise InputError(" ".join([f"Nothing in {self.folder} was applied.", *plan.problems]))
        decided = Decided(())
        if plan.changes:
            decided = self.media.decide([self._saying(one) for one in plan.changes], by=by)
        self._bring()
        return decided

    # Inside

    def _plan(self) -> Plan:
        self.media.context.settle()
        media = self.media.face_media()
        return face_sync.plan(self.folder, media, self._known(media))

    def _bring(self) -> FoldersWritten:
        """Bring the folders up to now, unless somebody has changed them meanwhile."""
        with self._writing():
            media = self.media.face_media()
            manifest, there = face_sync.read(self.folder)
            plan = face_plan.plan(manifest, there, media, self._known(media))
            if plan.is_empty:
                manifest = face_sync.bring(self.folder, manifest, there, media, again=True)
        pictures = sum(bool(one.sha256) for one in manifest.pictures)
        bare = {one.mark for one in manifest.folders} - {one.mark for one in manifest.pictures if one.sha256}
        people = len(manifest.folders) - len(bare)
        notes = list(plan.notes)
        if bare:
            names = ", ".join(one.name for one in manifest.folders if one.mark in bare)
            notes.append(f"No picture could be made of {names}: {self._why_none}")
        return FoldersWritten(self.folder, people, pictures, tuple(notes))

    def _saying(self, change: Change) -> Saying:
        to: str | Person = change.to if change.to.character is None else change.to.character
        if change.faces is None:
            return say_name(change.who, to)
        faces = change.faces

        def given(maker: DecisionMaker) -> tuple[Decision, ...]:
            """These faces alone, which no name or number of an appearance would say: a track may be a part of one."""
            places = self._faces_of(maker).places(faces)
            return maker.made("give", [Chosen(change.who, False, places, ())], maker.person(to))

        return given

    def _known(self, media: FaceMedia) -> set[str]:
        """The characters of the cast, and those who are in the film or photos."""
        there = {one.character for one in media.people if one is not None and one.character is not None}
        return there | set(Cast(self.media.context).names_of_today().values())

    @property
    @abstractmethod
    def _why_none(self) -> str:
        """Why a picture cannot be made, and what to do."""

    @abstractmethod
    def _faces_of(self, maker: DecisionMaker) -> FaceMedia:
        """The faces as a maker of decisions has them."""

    @abstractmethod
    def _writing(self) -> AbstractContextManager[None]:
        """Hold the lock of the files, and note what is written."""


class FilmFolders(FaceFolders):
    """A film's: `film.faces`."""

    media: StoredFilm

    def __init__(self, film: StoredFilm) -> None:
        self.media = film

    @property
    def folder(self) -> Path:
        """`film.faces`, which holds the pictures of appearances too."""
        return self.media.files.faces

    _why_none = "the film's crops are gone. Scan the film again."

    def _faces_of(self, maker: DecisionMaker) -> FilmFaces:
        assert isinstance(maker, Maker)
        return FilmFaces(maker.timeline, maker.scanned.watched.records, self.media.files.crops)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self.media.flush()
        store, files = self.media.store, self.media.files
        with self.media.alone():
            outside = store.is_ours(files) and not store.is_inside(files)
            if outside:
                store.begin_writing(files)
            yield
            if outside:
                store.written(files)


class PhotoFolders(FaceFolders):
    """A set's: `faces` in its folder."""

    media: PhotoSet

    def __init__(self, photos: PhotoSet) -> None:
        self.media = photos

    @property
    def folder(self) -> Path:
        """`photos/<name>/faces`."""
        return self.media.files.pictures

    _why_none = "the photos are not where they were kept, or were changed."

    def _faces_of(self, maker: DecisionMaker) -> PhotoFaces:
        assert isinstance(maker, PhotoMaker)
        return PhotoFaces(maker.kept, maker.labels)

    def _writing(self) -> AbstractContextManager[None]:
        return self.media.alone()
