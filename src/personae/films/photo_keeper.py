"""The photo sets' part of forgetting: the person's faces, their labels, and what was decided about them."""

from __future__ import annotations

import contextlib
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from personae.errors import DamagedFileError, StoreError
from personae.files import clear_leftovers, read_whole, replacing, shred, write_whole
from personae.films import faces_file, journal, photo_naming
from personae.films.faces_file import Kept
from personae.films.forget_folders import theirs_in
from personae.films.forget_journal import forget_in_journal
from personae.films.forget_pictures import COVERED, cover_in_folder
from personae.films.photo_files import PhotoFiles
from personae.films.photo_store import PhotoStore
from personae.forgetting.documents import forget_in_json, without_names
from personae.forgetting.keeper import Forgotten, Tell
from personae.forgetting.likeness import Likeness
from personae.forgetting.person import ALIKE, Person
from personae.forgetting.search import Search
from personae.names import highest
from personae.names_of_today import NamesOfToday
from personae.recognition.prototypes import unit
from personae.timeline.appearances import Label
from personae.timeline.deciding import Applied
from personae.types import FloatArray

log = logging.getLogger(__name__)
_FACES, _ENTRIES, _PICTURES = "faces in photos", "decisions about photos", "pictures"


class PhotosKeeper:
    """Keeps the sets of photos of a project. `likeness`: tells the person's face in pictures of others, in which it is
    covered.
    """

    def __init__(self, store: PhotoStore, likeness: Likeness | None = None) -> None:
        self.store, self._likeness = store, likeness

    def forget(self, person: Person, tell: Tell) -> Forgotten:
        """Take the person's faces out of each set, under its lock; names out of what stays."""
        done = Forgotten(Counter({_FACES: 0, _ENTRIES: 0, _PICTURES: 0}))
        for files in self.store.everything():
            tell(files.faces)
            with self.store.locked(files, "forget"):
                self._forget_in(files, person, done)
        return done

    def search(self, search: Search) -> None:
        """Search every file of the sets, and the faces of whom nobody has named."""
        for files in self.store.everything():
            for path in files.every():
                search.file(path, folders=(files.title, *path.relative_to(files.folder).parts[:-1]))
            with contextlib.suppress(StoreError):
                kept = faces_file.read(files.faces)
                labels = photo_naming.decided(kept, journal.read_photos(files), NamesOfToday()).labels
                unnamed = np.array([label.character is None for label in labels], bool)
                if search.likeness.alike(embeddings_of(kept)[unnamed]).any():
                    search.found(files.faces, "an embedding of the face")

    def _forget_in(self, files: PhotoFiles, person: Person, done: Forgotten) -> None:
        """The faces go first: until then the journal tells which are the person's."""
        clear_leftovers(files.folder)
        kept = _read(files)
        drawn: frozenset[str] = frozenset()
        if kept is not None:
            applied = _applied(kept, files)
            drawn = _that_drew(files, kept, applied, person)
            cleaned, count = forget_in_faces(kept, applied.labels, person)
            done.removed[_FACES] += count + len(drawn)
            if cleaned is not kept:
                with replacing(files.faces):
                    faces_file.write(files.faces, cleaned)
            kept = cleaned
        with contextlib.suppress(FileNotFoundError):
            before = read_whole(files.decisions).decode("utf-8", "surrogatepass")
            after, entries = forget_in_journal(before, person.marks, drawn)
            done.removed[_ENTRIES] += entries
            if after != before:
                with replacing(files.decisions):
                    write_whole(files.decisions, after.encode("utf-8", "surrogatepass"))
        self._forget_pictures(files, kept, person, done)
        if kept is None:
            return
        applied = photo_naming.decided(kept, journal.read_photos(files), NamesOfToday())
        with replacing(files.shared):
            self.store.write_shared(files, kept, applied)
        unknown = {label.unknown for label in applied.labels if label.unknown is not None}
        if unknown:
            done.unknown[f"photos/{files.title}"] = len(unknown)

    def _forget_pictures(self, files: PhotoFiles, kept: Kept | None, person: Person, done: Forgotten) -> None:
        """Pictures of faces that are not kept any more go, and the person's folder."""
        finder = photo_naming.PhotoFinder(() if kept is None else kept.photos)
        found = theirs_in(files.pictures, person, lambda place: not finder.find_all([place]))
        found.delete(done)
        found.rewrite()
        if self._likeness is not None:
            done.removed[COVERED] += cover_in_folder(files.pictures, self._likeness)


def forget_in_faces(kept: Kept, labels: Sequence[Label], person: Person) -> tuple[Kept, int]:
    """The faces without a person's, and how many those were; the same object where nothing of them is in it.

    A face is theirs by its label, decisions applied (`labels`), or where nobody else has it and it is alike.
    """
    alike = _alike(embeddings_of(kept), person.vectors)
    own = np.array(
        [_is(label, person) if label.character is not None else bool(near)
         for label, near in zip(labels, alike, strict=True)], bool,
    )  # fmt: skip
    machine = tuple(Label() if _is(label, person) else label for label in kept.labels)
    cleaned = replace(
        kept,
        root=without_names(kept.root, person.marks),
        labels=machine,
        photos=tuple(
            photo if (path := without_names(photo.path, person.marks)) == photo.path else replace(photo, path=path)
            for photo in kept.photos
        ),
        model=None if kept.model is None else forget_in_json(dict(kept.model), person.marks, ours=True)[0],
        unknowns_used=max(kept.unknowns_used, highest(kept.unknown)),
    ).only(~own)
    same = (cleaned.root, cleaned.model) == (kept.root, kept.model) and machine == kept.labels
    same = same and not own.any() and [one.path for one in cleaned.photos] == [one.path for one in kept.photos]
    return (kept if same else cleaned), int(own.sum())


def embeddings_of(kept: Kept) -> FloatArray:
    """(n, d) of all faces."""
    rows = [photo.faces.embeddings for photo in kept.photos if len(photo.faces)]
    return np.concatenate(rows) if rows else np.empty((0, 0), np.float32)


def _is(label: Label, person: Person) -> bool:
    return bool({label.character, label.character_id} & person.marks)


def _alike(embeddings: FloatArray, vectors: FloatArray) -> NDArray[np.bool_]:
    if not len(embeddings) or not len(vectors) or embeddings.shape[1] != vectors.shape[1]:
        return np.zeros(len(embeddings), bool)
    near: NDArray[np.bool_] = (unit(embeddings) @ unit(vectors).T).max(axis=1) >= ALIKE
    return near


def _read(files: PhotoFiles) -> Kept | None:
    """The faces of a set; a damaged file of them goes whole, for nobody can say whose they are."""
    if not files.faces.is_file():
        return None
    try:
        return faces_file.read(files.faces)
    except DamagedFileError as error:
        log.warning("%s", error)
        shred(files.faces)
    except StoreError as error:
        log.warning("%s", error)
    return None


def _applied(kept: Kept, files: PhotoFiles) -> Applied:
    """Who the faces are; where the journal cannot be read, by the model alone."""
    try:
        return photo_naming.decided(kept, journal.read_photos(files), NamesOfToday())
    except StoreError as error:
        log.warning("%s", error)
        return Applied(list(kept.labels), [], [], [], kept.unknowns_used)


def _that_drew(files: PhotoFiles, kept: Kept, applied: Applied, person: Person) -> frozenset[str]:
    """The ids of the decisions that drew the person's faces, whoever they were then."""
    first = len(kept.labels)
    own = {first + at for at, one in enumerate(applied.drawn) if _is(one.label, person)}
    if not own:
        return frozenset()
    finder = photo_naming.PhotoFinder(kept.photos, applied.drawn)
    entries = journal.read_photos(files).entries
    return frozenset(one.id for one in entries if one.kind == "face" and finder.find_all(one.places) & own)
