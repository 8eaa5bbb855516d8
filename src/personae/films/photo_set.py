"""One set of photos that are kept: who is in them, and what people decided about it. The photos are not needed.

A decision is durable once it is in the journal. `photos.json` is a view of faces, model and journal, written with each.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
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
from personae.timeline.deciding import Applied
from personae.timeline.decisions import Decision, Decisions
from personae.timeline.face_labels import Drawn
from personae.timeline.places import PhotoPlace


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
        self._applied_known: tuple[_State, NamesOfToday, Applied] | None = None
        self._digests_known: tuple[Kept, dict[str, str]] | None = None
        self._photos_known: tuple[Applied, tuple[KeptPhoto, ...]] | None = None

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
            applied = self._applied(state)
            known = self._photos_known
            if known is None or known[0] is not applied:
                known = self._photos_known = applied, photos_of(state.kept, applied.labels, applied.drawn)
            return known[1]

    @property
    def digests(self) -> Mapping[str, str]:
        """Each photo's path from the root -> the SHA-256 of its content when its faces were found."""
        self.context.settle()
        with self._lock:
            kept = self._current().kept
            known = self._digests_known
            if known is None or known[0] is not kept:
                known = self._digests_known = kept, {photo.path: photo.sha256 for photo in kept.photos}
            return known[1]

    @property
    def faces(self) -> tuple[KeptFace, ...]:
        """The faces of all photos, those that were said to be none too."""
        return tuple(face for photo in self.photos for face in photo.faces)

    def kept_faces(self) -> tuple[Kept, tuple[Label, ...]]:
        """The faces that were found with their embeddings, and who each is now. Raises a StoreError."""
        return self.kept_and_drawn()[:2]

    def kept_and_drawn(self) -> tuple[Kept, tuple[Label, ...], tuple[Drawn, ...]]:
        """As `kept_faces`, with the faces that people drew where none was found."""
        self.context.settle()
        with self._lock:
            state = self._current()
            applied = self._applied(state)
            return state.kept, tuple(applied.labels), applied.drawn

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
            return PhotoFaces(state.kept, self._applied(state).labels)

    # Inside

    def _locked(self, purpose: str) -> AbstractContextManager[None]:
        return self._store.locked(self.files, purpose)

    def _identity(self) -> str:
        return f"photos/{self.files.title}"

    def _embedder(self) -> tuple[str, str]:
        return self._current().kept.embedder, f"{self.files.faces}"

    def _faces_named(self, name: str) -> Sequence[tuple[PhotoRecord, EnrolledFace]]:
        faces = [one for one in self.faces if not one.drawn]  # as they stand in `kept`
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
        before = photo_naming.decided(state.kept, decisions, names) if then is not None else self._applied(state, names)
        labels = before.labels
        with nullcontext(so_far(self._store)) if dry else counting(self._store) as numbers:
            maker = PhotoMaker(
                state.kept, labels, decisions, by=by, request=request or uuid4().hex, names=names,
                unknowns_used=numbers.unknown, drawn=before.drawn,
            )  # fmt: skip
            made, maker = said_to(maker, said)
            numbers.unknown = max(numbers.unknown, maker.decisions.highest_unknown)
        if then is not None:
            return Decided(tuple(made))
        trained = self._trained(state.kept.embedder)
        warner = _Warner(maker, labels, trained, names.ids)
        return Decided.of(made, lambda one: warner.of([one]))

    def _warned(self, made: Sequence[Decision], names: NamesOfToday) -> Decided:
        state = self._current()
        before = state.decisions.first(made[0].on)
        applied = photo_naming.decided(state.kept, before, names)
        maker = PhotoMaker(state.kept, applied.labels, before, names=names, drawn=applied.drawn)
        trained = self._trained(state.kept.embedder)
        warner = _Warner(maker, applied.labels, trained, names.ids)
        return Decided.of(made, lambda one: warner.of([one]))

    def _finding(self) -> FindAll:
        state = self._current()
        return photo_naming.PhotoFinder(state.kept.photos, self._applied(state).drawn).find_all

    def _write_down(self, made: Sequence[Decision]) -> None:
        state = self._current()
        decisions = journal.append_photos(self.files, made)
        self._state = _State(state.kept, decisions, self._stamp())
        self._store.write_shared(self.files, state.kept, self._applied(self._state))

    def _applied(self, state: _State, names: NamesOfToday | None = None) -> Applied:
        """What the decisions make of the faces; made anew only where something changed. The caller holds the lock."""
        names = self._names() if names is None else names
        known = self._applied_known
        if known is None or known[0] is not state or known[1] is not names:
            applied = photo_naming.decided(state.kept, state.decisions, names)
            known = self._applied_known = state, names, applied
        return known[2]

    def _current(self) -> _State:
        """The set as it is on disk, with every entry of its journal."""
        stamp = self._stamp()
        if self._state is None or self._state.stamp != stamp:
            kept, decisions = faces_file.read(self.files.faces), journal.read_photos(self.files)
            self._state = _State(kept, decisions, stamp)
        return self._state

    def _stamp(self) -> Stamp:
        return self.files.stamp()


class _Warner:
    """What may be wrong with names that are given. `known`: the characters of the cast."""

    def __init__(
        self, maker: PhotoMaker, labels: Sequence[Label], trained: TrainedModel, known: Collection[str]
    ) -> None:
        self._maker, self._trained = maker, trained
        self._kept, self._count = maker.kept, len(labels)
        self._there = {*known, *maker.characters}

    @cached_property
    def _photo_of(self) -> Sequence[int]:
        """The photo of each face, also of those that were drawn."""
        first = photo_naming.first_faces(self._kept)
        counts = [after - before for before, after in pairwise(first)]
        return [*np.repeat(np.arange(len(counts)), counts).tolist(), *(one.photo for one in self._maker.drawn)]

    def of(self, made: Iterable[Decision]) -> list[str]:
        """A sentence for each name given to a face beside that character's, or to faces that are poor or unlike them,
        and for a new name of one sign.
        """
        found = []
        for one in made:
            if one.kind not in ("name", "give", "merge", "face") or one.to is None or one.to.character is None:
                continue
            name, own = one.to.character, self._maker.find_all(one.places)
            found += one_sign(one, self._there)
            photos = {self._photo_of[at] for at in own}
            if one.kind == "face":
                positions = photo_naming.positions_of(self._kept)
                photos = {positions[place.photo] for place in one.places if isinstance(place, PhotoPlace)}
            others = (at for at in self._maker.faces_of(name) if at not in own)
            beside = next((at for at in others if self._photo_of[at] in photos), None)
            if beside is not None:
                path = self._kept.photos[self._photo_of[beside]].path
                found.append(f"{name} is in {path} beside them: both would be {name}.")
            seen = [at for at in sorted(own) if at < self._count]
            if seen:  # nothing is known of how a face looks that was drawn
                found += self._looks(name, seen)
        return found

    def _looks(self, name: str, own: Sequence[int]) -> list[str]:
        first = photo_naming.first_faces(self._kept)
        faces = [(self._kept.photos[self._photo_of[at]].faces, at - first[self._photo_of[at]]) for at in own]
        found = poor_crop(max(0.0, *(float(photo.quality.score[at]) for photo, at in faces)))
        rows = [photo.embeddings[at] * photo_naming.weights_of(photo)[at] for photo, at in faces]
        similarity = unlike(np.sum(rows, axis=0), name, self._trained)
        return found if similarity is None else [*found, disagreeing(name, similarity)]
