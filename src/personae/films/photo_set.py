"""One set of photos that are kept: who is in them, and what people decided about it. The photos are not needed.

A decision is durable once it is in the journal. `photos.json` is a view of faces, model and journal, written with each.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from uuid import uuid4

import numpy as np

from personae.cast.context import ProjectContext
from personae.cast.gallery import EnrolledFace, PhotoRecord
from personae.cast.trained import TrainedModel
from personae.files import Stamp
from personae.films import faces_file, journal, photo_naming
from personae.films.changed import FindAll
from personae.films.decidable import Decidable, Decided, said_to
from personae.films.face_media import PhotoFaces
from personae.films.faces_file import Kept
from personae.films.kept_photos import KeptFace, KeptPhoto, photos_of
from personae.films.photo_concluding import concluded
from personae.films.photo_files import PhotoFiles
from personae.films.photo_maker import PhotoMaker
from personae.films.photo_numbers import counting, so_far
from personae.films.photo_store import PhotoStore
from personae.films.say import Saying
from personae.films.teaching import best_faces_of_photos
from personae.films.warning import disagreeing, one_sign, poor_crop, unlike
from personae.names_of_today import NamesOfToday
from personae.progress import ProgressCallback
from personae.timeline.appearances import Label
from personae.timeline.decisions import Decision, Decisions


@dataclass(frozen=True, eq=False)
class _State:
    """A set as it was read. `stamp`: of the files that it was read from."""

    kept: Kept
    decisions: Decisions
    stamp: Stamp


class PhotoSet(Decidable):
    """Photos whose faces are kept in a project. Safe to use from several threads.

    `notes`: sentences of the keeping or relabelling that has just been made, for people.
    """

    def __init__(
        self, context: ProjectContext, store: PhotoStore, files: PhotoFiles, *, notes: tuple[str, ...] = ()
    ) -> None:
        self.context = context
        self.files = files
        self.notes = notes
        self._store = store
        self._lock = threading.RLock()
        self._state: _State | None = None

    @property
    def name(self) -> str:
        """What the set is called."""
        return self.files.title

    @property
    def key(self) -> str:
        """What tells it from any other film or set: where its files lie."""
        return str(self.files.faces)

    @property
    def store(self) -> PhotoStore:
        """What its files are kept by."""
        return self._store

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return self.files.folder

    @property
    def root(self) -> Path:
        """The folder that the photos' paths begin at."""
        self.context.settle()
        with self._lock:
            return Path(self._current().kept.root)

    @property
    def photos(self) -> tuple[KeptPhoto, ...]:
        """The photos as they are now, every decision applied, with the names of today. Raises a StoreError."""
        self.context.settle()
        with self._lock:
            state = self._current()
            applied = photo_naming.decided(state.kept, state.decisions, self._names())
            return photos_of(state.kept, applied.labels)

    @property
    def digests(self) -> dict[str, str]:
        """Each photo's path from the root -> the SHA-256 of its content when its faces were found."""
        self.context.settle()
        with self._lock:
            return {photo.path: photo.sha256 for photo in self._current().kept.photos}

    @property
    def faces(self) -> tuple[KeptFace, ...]:
        """The faces of all photos, those that were said to be none too."""
        return tuple(face for photo in self.photos for face in photo.faces)

    def kept_faces(self) -> tuple[Kept, tuple[Label, ...]]:
        """The faces with their embeddings, and who each is now. Raises a StoreError."""
        self.context.settle()
        with self._lock:
            state = self._current()
            applied = photo_naming.decided(state.kept, state.decisions, self._names())
            return state.kept, tuple(applied.labels)

    @property
    def stamp(self) -> Stamp:
        """What tells its present state from another: of its files."""
        return self._stamp()

    @property
    def decisions(self) -> Decisions:
        """What people decided about it, oldest first, undone decisions and the undoings too."""
        self.context.settle()
        with self._lock:
            return self._current().decisions

    def let_go(self) -> None:
        """Keep nothing in memory that can be read again; the set stays usable."""
        with self._lock:
            self._state = None

    def relabel(self, *, progress_callback: ProgressCallback | None = None) -> Self:
        """Name every face anew by the cast's model of now, and apply the decisions; the photos are not read.

        Raises StoreError where the faces are missing, EmbedderMismatchError where the model is another embedder's.
        """

        def same(kept: Kept | None) -> Kept:
            return kept or faces_file.read(self.files.faces)

        self.notes = concluded(self.context, self._store, self.files, same, progress=progress_callback)
        return self

    def face_media(self) -> PhotoFaces:
        """Its faces as they are now; see `Decidable`. Raises StoreError."""
        with self._lock:
            state = self._current()
            names = self._names()
            return PhotoFaces(state.kept, photo_naming.decided(state.kept, state.decisions, names).labels)

    # Inside

    def _locked(self, purpose: str) -> AbstractContextManager[None]:
        return self._store.locked(self.files, purpose)

    def _identity(self) -> str:
        return f"photos/{self.files.title}"

    def _embedder(self) -> tuple[str, str]:
        return self._current().kept.embedder, f"{self.files.faces}"

    def _faces_named(self, name: str) -> Sequence[tuple[PhotoRecord, EnrolledFace]]:
        faces = self.faces
        named = {at for at, one in enumerate(faces) if one.character == name and one.decided_by == "person"}
        return best_faces_of_photos(self._current().kept, named, name)

    def _decisions(self) -> Decisions:
        return self._current().decisions

    def _considered(
        self,
        said: Sequence[Saying],
        by: str,
        request: str,
        names: NamesOfToday,
        *,
        dry: bool = False,
        then: int | None = None,
        seen: int | None = None,
    ) -> Decided:
        state = self._current()
        decisions = state.decisions.first(then)
        labels = photo_naming.decided(state.kept, decisions, names).labels
        with nullcontext(so_far(self._store)) if dry else counting(self._store) as numbers:
            maker = PhotoMaker(
                state.kept, labels, decisions, by=by, request=request or uuid4().hex, names=names,
                unknowns_used=numbers.unknown,
            )  # fmt: skip
            made, maker = said_to(maker, said)
            numbers.unknown = max(numbers.unknown, maker.decisions.highest_unknown)
        if then is not None:
            return Decided(tuple(made))
        trained = self._trained(state.kept.embedder)
        return Decided.of(made, lambda one: _warnings([one], maker, labels, trained, names.ids))

    def _warned(self, made: Sequence[Decision], names: NamesOfToday) -> Decided:
        state = self._current()
        before = state.decisions.first(made[0].on)
        labels = photo_naming.decided(state.kept, before, names).labels
        maker, trained = PhotoMaker(state.kept, labels, before, names=names), self._trained(state.kept.embedder)
        return Decided.of(made, lambda one: _warnings([one], maker, labels, trained, names.ids))

    def _finding(self) -> FindAll:
        return photo_naming.PhotoFinder(self._current().kept.photos).find_all

    def _write_down(self, made: Sequence[Decision]) -> None:
        state = self._current()
        decisions = journal.append_photos(self.files, made)
        self._state = _State(state.kept, decisions, self._stamp())
        applied = photo_naming.decided(state.kept, decisions, self._names())
        self._store.write_shared(self.files, state.kept, applied)

    def _current(self) -> _State:
        """The set as it is on disk, with every entry of its journal."""
        stamp = self._stamp()
        if self._state is None or self._state.stamp != stamp:
            kept, decisions = faces_file.read(self.files.faces), journal.read_photos(self.files)
            self._state = _State(kept, decisions, stamp)
        return self._state

    def _stamp(self) -> Stamp:
        return self.files.stamp()


def _warnings(
    made: list[Decision], maker: PhotoMaker, labels: list[Label], trained: TrainedModel, known: Collection[str]
) -> list[str]:
    """A sentence for each name given to a face beside that character's, or to faces that are poor or unlike them, and
    for a new name of one sign. `known`: the characters of the cast.
    """
    there = {*known, *(label.character for label in labels)}
    kept = maker.kept
    photo_of = [number for number, photo in enumerate(kept.photos) for _ in range(len(photo.faces))]
    found = []
    for one in made:
        if one.kind not in ("name", "give", "merge") or one.to is None or one.to.character is None:
            continue
        name, own = one.to.character, maker.find_all(one.places)
        found += one_sign(one, there)
        photos = {photo_of[at] for at in own}
        beside = next(
            (at for at, label in enumerate(labels) if label.character == name and at not in own
             and photo_of[at] in photos), None,
        )  # fmt: skip
        if beside is not None:
            path = kept.photos[photo_of[beside]].path
            found.append(f"{name} is in {path} beside them: both would be {name}.")
        scores = np.concatenate([photo.faces.quality.score for photo in kept.photos])
        found += poor_crop(float(scores[sorted(own)].max(initial=0.0)))
        rows = [photo.faces.embeddings * photo_naming.weights_of(photo.faces)[:, None] for photo in kept.photos]
        similarity = unlike(np.concatenate(rows)[sorted(own)].sum(axis=0), name, trained)
        if similarity is not None:
            found.append(disagreeing(name, similarity))
    return found
