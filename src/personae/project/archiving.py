"""What archives get of photos: names and face regions as XMP, and a folder per person. Decided, then written."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from personae.cast.context import ProjectContext
from personae.errors import InputError, PhotoError
from personae.exports.album import common_root
from personae.exports.photo_people import PhotoFaces, of_kept, of_picture
from personae.exports.refusals import Refusals
from personae.exports.sidecars import Sidecars
from personae.exports.sorted_photos import SortedPhotos
from personae.films.photo_set import PhotoSet
from personae.forgetting.archived import SIDECAR
from personae.media.xmp_people import People
from personae.outputs import Outputs
from personae.project.archive_wishes import ArchiveWishes
from personae.recognition.identification import IdentifiedPicture


@dataclass
class Archived:
    """What was written: sidecars by `--out` or beside the photos, copies and links; and sentences for people.

    `nobody`: photos without a sidecar, for nobody in them is to be written down; `unsorted`: photos in no folder;
    `failed`: (file, why): a photo that could not be read, what stood in the place of one of ours and is none.
    """

    sidecars: list[Path] = field(default_factory=list)
    sorted: list[Path] = field(default_factory=list)
    people: int = 0
    nobody: list[Path] = field(default_factory=list)
    unsorted: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failed: list[tuple[Path, str]] = field(default_factory=list)


class Archive:
    """Takes photos one by one, and writes what is wished of each. `root`: the folder they all lie in, None: no one."""

    def __init__(self, wishes: ArchiveWishes, outputs: Outputs, root: Path | None) -> None:
        self._wishes = wishes
        self._root = None if root is None else Path(os.path.abspath(root))  # noqa: PTH100 - links are not followed
        self._done = Archived()
        self._refusals = Refusals()
        self._places: dict[str, Path] = {}
        names = wishes.adobe_names
        self._sidecars = Sidecars(outputs, adobe_names=names, merge=wishes.beside_originals)
        self._beside_copies = Sidecars(outputs, adobe_names=names)
        self._sorted: SortedPhotos | None = None
        if wishes.sort_into is not None:
            beside = self._beside_copies if wishes.xmp or wishes.embed else None
            self._sorted = SortedPhotos(
                wishes.sort_into, outputs, self._refusals, links=wishes.links, embed=wishes.embed, sidecars=beside
            )

    def add_picture(self, picture: IdentifiedPicture) -> None:
        """`add`, for a photo as it was identified; one that could not be read then is passed over."""
        if picture.error is None and picture.faces is not None:
            self.add(of_picture(picture))

    def add(self, photo: PhotoFaces) -> None:
        """Write what is wished of one photo; one that cannot be read is noted.

        Raises InputError where the wished place is the photo's own folder, WriteError.
        """
        photo = photo if self._wishes.unknown else photo.without_unknown()
        self._check_place(photo.path)
        try:
            people = photo.people()
        except PhotoError as error:
            self._refusals.note(photo.path, error.reason)
            return
        if self._wishes.out is not None or self._wishes.beside_originals:
            with self._refusals.noted(photo.path):
                self._write_sidecar(photo.path, people)
        if self._sorted is not None:
            self._sorted.add(photo, people if self._wishes.xmp or self._wishes.embed else None)
            if not photo.who:
                self._done.unsorted.append(photo.path)

    def finish(self) -> Archived:
        """What was written."""
        done = self._done
        done.failed = self._refusals.failed
        done.sidecars = list(dict.fromkeys(done.sidecars))
        done.notes = [*self._sidecars.notes, *self._beside_copies.notes]
        if self._sorted is not None:
            done.sorted = list(dict.fromkeys(self._sorted.made))
            done.people = len({path.parent for path in done.sorted})
            done.notes += self._sorted.notes()
        return done

    def _write_sidecar(self, photo: Path, people: People) -> None:
        place = photo if self._wishes.beside_originals else self._place(photo)
        told = len(self._sidecars.notes) + len(self._refusals.failed)
        written = self._sidecars.write(people, photo, place, kind=SIDECAR)
        if written is not None:
            self._done.sidecars.append(written)
        elif len(self._sidecars.notes) + len(self._refusals.failed) == told:
            self._done.nobody.append(photo)

    def _place(self, photo: Path) -> Path:
        """Where in `out` a copy of the photo would lie."""
        assert self._wishes.out is not None
        own = photo.relative_to(self._root) if self._root and photo.is_relative_to(self._root) else Path(photo.name)
        place, number = self._wishes.out / own, 1
        while self._places.setdefault(str(place).casefold(), photo) != photo:
            number += 1
            place = (self._wishes.out / own).with_name(f"{own.stem}-{number}{own.suffix}")
        return place

    def _check_place(self, photo: Path) -> None:
        """Raise InputError where files would get among the user's own."""
        out, into = self._wishes.out, self._wishes.sort_into
        if out is not None and os.path.realpath(self._place(photo).parent) == os.path.realpath(photo.parent):
            raise InputError(
                f"{out}: the photos lie there. Choose a folder of its own, or give --beside-originals to have "
                "sidecars beside the photos."
            )
        if into is not None and Path(os.path.realpath(photo)).is_relative_to(os.path.realpath(into)):
            raise InputError(f"{into}: the photo {photo} lies there. Choose a folder of its own for the sorted photos.")


def archived(
    context: ProjectContext, photos: PhotoSet | Iterable[IdentifiedPicture], wishes: ArchiveWishes, *, force: bool
) -> Archive:
    """Write what is wished of every photo; raises as `Archive`, StoreError."""
    if isinstance(photos, PhotoSet):
        root: Path | None = photos.root
        digests = photos.digests
        found = [of_kept(one, photos.root, digests.get(one.path, "")) for one in photos.photos]
    else:
        found = [of_picture(one) for one in photos if one.error is None]
        root = common_root([one.path for one in found]) if found else None
    paths = [one.path for one in found]
    archive = Archive(wishes, Outputs.of_project(context.paths.folder, paths, force=force), root)
    for one in found:
        archive.add(one)
    return archive
