"""The sets of photos of one project: keep photos, list the sets, open one."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import numpy as np

from personae.cast.context import ProjectContext
from personae.errors import EmbedderMismatchError, InputError, PhotoError, UnknownCharacterError
from personae.files import LARGEST_PHOTO, sha256_of
from personae.films import faces_file
from personae.films.decidable import Decided
from personae.films.faces_file import Kept, StoredPhoto
from personae.films.own_copies import without_copies
from personae.films.photo_concluding import concluded
from personae.films.photo_maker import relative
from personae.films.photo_naming import identities
from personae.films.photo_set import PhotoSet
from personae.films.photo_store import PhotoStore
from personae.films.say import Saying
from personae.media.left_out import LeftOut
from personae.media.photos import find
from personae.progress import Progress, ProgressCallback
from personae.recognition.identification import IdentifiedPicture
from personae.timeline.decisions import Decision
from personae.types import AnalyzedFaces


class PhotoSets:
    """Keeps photos in a project, and opens what was kept."""

    def __init__(self, context: ProjectContext) -> None:
        self.context = context
        self.store = PhotoStore(context.paths, context.settings.lock_timeout_s)

    def names(self) -> tuple[str, ...]:
        """What the sets are called."""
        return tuple(files.title for files in self.store.list())

    def __getitem__(self, name: str) -> PhotoSet:
        """A set by its name; raises UnknownPhotoSetError."""
        self.context.settle()
        return PhotoSet(self.context, self.store, self.store.find(name))

    def __iter__(self) -> Iterator[PhotoSet]:
        self.context.settle()
        return (PhotoSet(self.context, self.store, files) for files in self.store.list())

    def decide(self, sayings: Saying | Iterable[Saying], *, by: str = "", request: str = "") -> Decided:
        """Write down what somebody says of people by name or number, in every set that has all of them.

        An unknown person is the same in every set. It is one command (`request`), and each set's own `undo` takes it
        back there. Raises UnknownCharacterError where no set has them, and as `PhotoSet.decide`.
        """
        said = [sayings] if callable(sayings) else list(sayings)
        made: list[Decision] = []
        warnings: list[str] = []
        nobody: UnknownCharacterError | None = None
        request = request or uuid4().hex
        for kept in self:
            try:
                decided = kept.decide(said, by=by, request=request)
            except UnknownCharacterError as error:
                nobody = nobody or error
                continue
            made += decided.decisions
            warnings += decided.warnings
        if not made:
            raise nobody or UnknownCharacterError("No photos are kept: personae identify PHOTOS --keep")
        return Decided(tuple(made), tuple(warnings))

    def keep(
        self,
        paths: str | Path | Iterable[str | Path],
        name: str | None = None,
        *,
        progress_callback: ProgressCallback | None = None,
    ) -> PhotoSet:
        """Look at photos (files and folders) and keep their faces, named, and grouped where they have no name.

        `name`: of the set, which grows if it is there; default the name of the folder that the photos lie in. Photos
        of before stay, and are not looked at again while their content is the same. What cannot be read is in the
        set's `notes`. Raises InputError where no photo can be kept, EmbedderMismatchError where the set is another
        embedder's, StoreError.
        """
        given = [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]
        left_out, problems, done = LeftOut(), [], 0
        keeping = self.keeping(given, name)
        found = without_copies(find(given, left_out), given, self.context.paths.ledger, left_out)
        for picture in keeping.look(found):
            done += 1
            if picture.error is not None:
                problems.append(f"{picture.path}: {picture.error}")
            if progress_callback is not None:
                progress_callback(Progress("photos", done, None, Path(picture.path).name))
        if not done or done == len(problems):
            raise InputError(" ".join([f"No photo in {', '.join(map(str, given))} can be kept.", *problems[:1],
                                       *left_out.sentences()]))  # fmt: skip
        kept = keeping.finish()
        kept.notes = (*problems, *left_out.sentences(), *kept.notes)
        return kept

    def keeping(self, paths: Iterable[str | Path], name: str | None = None) -> Keeping:
        """For who wants each picture as it is looked at: `look` at photos, then `finish`. `paths`: where they lie."""
        return Keeping(self.context, self.store, common_root(paths), name)


class Keeping:
    """A keeping under way: nothing is written before it is finished."""

    def __init__(self, context: ProjectContext, store: PhotoStore, root: str, name: str | None) -> None:
        context.settle()
        self.context = context
        self._store = store
        self._root = root
        self._name = name
        self._seen: dict[str, tuple[str, AnalyzedFaces]] = {}

    def look(self, photos: Iterable[Path]) -> Iterator[IdentifiedPicture]:
        """Each photo with its names, as `identify` gives them; those that are kept already are not embedded again."""
        analyzer, known = self.context.analyzer, self._known()
        waiting: deque[tuple[Path, str, AnalyzedFaces | None]] = deque()

        def unknown() -> Iterator[Path]:
            for path in photos:
                digest = _digest(path)
                waiting.append((path, digest, known.get(digest)))
                if digest not in known:
                    yield path

        for _, found in analyzer.analyze_many(unknown()):
            while waiting[0][2] is not None:
                yield self._take(*waiting.popleft())
            path, digest, _ = waiting.popleft()
            if isinstance(found, PhotoError):
                yield IdentifiedPicture(str(path), None, (), found.reason)
            else:
                yield self._take(path, digest, found)
        while waiting:
            yield self._take(*waiting.popleft())

    def finish(self) -> PhotoSet:
        """Write what was seen into the set; raises as `PhotoSets.keep`."""
        files = self._store.reserve(self._root, self._name)
        notes = concluded(self.context, self._store, files, self._gathered)
        return PhotoSet(self.context, self._store, files, notes=notes)

    def _known(self) -> dict[str, AnalyzedFaces]:
        """The faces that the set holds already, by their photo's digest; raises EmbedderMismatchError."""
        files = self._store.known(self._root, self._name)
        if files is None:
            return {}
        kept = faces_file.read(files.faces)
        self._check(kept)
        return {photo.sha256: photo.faces for photo in kept.photos}

    def _check(self, kept: Kept) -> None:
        embedder = self.context.analyzer.embedder_id
        if kept.embedder != embedder:
            raise EmbedderMismatchError(kept.embedder, embedder, where="This set of photos")

    def _take(self, path: Path, digest: str, faces: AnalyzedFaces | None) -> IdentifiedPicture:
        assert faces is not None
        self._seen[os.path.abspath(path)] = digest, faces  # noqa: PTH100 - links are not followed
        trained = self.context.model.current_or_empty(faces.embedder)
        return IdentifiedPicture(str(path), faces, identities(faces, trained, self.context.settings.threshold))

    def _gathered(self, earlier: Kept | None) -> Kept:
        """What is kept with what was seen."""
        kept = earlier or Kept(self._root, self.context.analyzer.embedder_id)
        self._check(kept)
        if earlier is not None and not Path(earlier.root).is_dir():
            kept = replace(earlier, root=self._root)
        return added(kept, self._seen)


def added(kept: Kept, seen: dict[str, tuple[str, AnalyzedFaces]]) -> Kept:
    """With photos that were seen, by absolute path: new ones, others in the place of old ones, moved ones.

    New faces are in no group yet.
    """
    photos, numbers, groups, at = [], [], [], 0
    for photo in kept.photos:
        own_faces = slice(at, at + len(photo.faces))
        photos.append(photo)
        numbers.append(kept.unknown[own_faces])
        groups.append(kept.group[own_faces])
        at += len(photo.faces)
    by_path = {photo.path: number for number, photo in enumerate(photos)}
    by_digest = {photo.sha256: number for number, photo in enumerate(photos)}
    for path, (digest, faces) in seen.items():
        own = relative(path, kept.root)
        place, same = by_path.get(own), by_digest.get(digest)
        if place is None and same is not None and not Path(kept.root, photos[same].path).is_file():
            photos[same] = StoredPhoto(own, digest, photos[same].faces)  # moved
            by_path[own] = same
            continue
        if place is not None and photos[place].sha256 == digest:
            continue
        nobody, alone = (None,) * len(faces), np.full(len(faces), -1)
        if place is None:
            by_path[own] = by_digest[digest] = len(photos)
            photos.append(StoredPhoto(own, digest, faces))
            numbers.append(nobody)
            groups.append(alone)
        else:
            photos[place], numbers[place], groups[place] = StoredPhoto(own, digest, faces), nobody, alone
            by_digest[digest] = place
    unknown = tuple(number for own in numbers for number in own)
    group = np.concatenate([np.empty(0, np.int64), *groups])
    return replace(kept, photos=tuple(photos), group=group, labels=(), unknown=unknown)


def common_root(paths: Iterable[str | Path]) -> str:
    """The folder that all photos at these paths lie in; empty where there is none, on two drives."""
    whole = [os.path.abspath(path) for path in paths]  # noqa: PTH100 - links are not followed
    folders = [path if os.path.isdir(path) else os.path.dirname(path) for path in whole]  # noqa: PTH112, PTH120
    try:
        return os.path.commonpath(folders)
    except ValueError:
        return ""


def _digest(path: Path) -> str:
    """The digest of a photo's content; empty for one that cannot be read, which the analyzer says."""
    try:
        return sha256_of(path, most=LARGEST_PHOTO)
    except (OSError, ValueError):
        return ""
