"""The media store's part for photos: a folder per set, `photos/<name>/` of the project. A set is locked like a film."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from personae.checks import Fields, parsed
from personae.errors import InputError, UnknownPhotoSetError
from personae.files import file_lock, make_folder, read_whole, write_error, write_whole
from personae.films import faces_file, kept_photos
from personae.films.faces_file import Kept
from personae.films.film_files import shortened
from personae.films.photo_files import PhotoFiles
from personae.films.store import RESERVING_TIMEOUT_S
from personae.names import readable
from personae.paths import ProjectPaths
from personae.timeline.deciding import Applied


@dataclass(frozen=True)
class PhotoStore:
    """The sets of photos of one project. Nothing is held between calls; any number of processes may use it."""

    paths: ProjectPaths
    lock_timeout_s: float

    def reserve(self, root: str, name: str | None = None) -> PhotoFiles:
        """The files of the set `name`, of before or new; without a name, of the set of the photos below `root`.

        Two folders of one name get two sets, also of two processes at one time. Raises InputError for what can be no
        name, ProjectBusyError, WriteError.
        """
        if name is not None:
            files = PhotoFiles(self.paths.photos / _checked(name))
            self._make(files)
            return files
        base = shortened(readable(os.path.basename(root)).lstrip(".") or "photos")  # noqa: PTH119
        self._make(PhotoFiles(self.paths.photos))
        with file_lock(self.paths.photos / ".names.lock", RESERVING_TIMEOUT_S, self.paths.photos, "reserve a name"):
            number = 1
            while True:
                files = PhotoFiles(self.paths.photos / (base + (f"-{number}" if number > 1 else "")))
                if self._root_of(files) in (None, root):
                    self._make(files)
                    if not files.faces.is_file():
                        write_whole(files.reserved, json.dumps({"root": root}).encode(), private=True)
                    return files
                number += 1

    @contextmanager
    def locked(self, files: PhotoFiles, purpose: str) -> Iterator[None]:
        """Be the only one to read and write the files of a set; raises ProjectBusyError."""
        with file_lock(files.folder / f".{files.name}.lock", self.lock_timeout_s, files.folder, purpose):
            yield

    def write(self, files: PhotoFiles, kept: Kept, applied: Applied) -> None:
        """Write the faces whole, and then the document. The caller holds the set's lock. Raises WriteError."""
        faces_file.write(files.faces, kept)
        self.write_shared(files, kept, applied)
        with suppress(OSError):
            files.reserved.unlink(missing_ok=True)

    def write_shared(self, files: PhotoFiles, kept: Kept, applied: Applied) -> None:
        """Write the document that may be shared. The caller holds the set's lock. Raises WriteError."""
        write_whole(files.shared, kept_photos.as_json(kept, applied), private=True)

    def list(self) -> tuple[PhotoFiles, ...]:
        """The sets that hold photos, by name."""
        return tuple(files for files in self.everything() if files.faces.is_file() or files.shared.is_file())

    def everything(self) -> tuple[PhotoFiles, ...]:
        """Every set with any file, also one that is only begun."""
        if not self.paths.photos.is_dir():
            return ()
        every = (PhotoFiles(folder) for folder in sorted(self.paths.photos.iterdir()) if folder.is_dir())
        return tuple(files for files in every if files.every())

    def known(self, root: str, name: str | None = None) -> PhotoFiles | None:
        """The files that `reserve` would give, where they hold faces already; nothing is made."""
        own = (files for files in self.list() if files.faces.is_file())
        if name is not None:
            return next((files for files in own if files.title == name), None)
        return next((files for files in own if self._root_of(files) == root), None)

    def find(self, name: str) -> PhotoFiles:
        """The files of a set; raises UnknownPhotoSetError."""
        known = {files.title: files for files in self.list()}
        if name in known:
            return known[name]
        names = ", ".join(known) or "none"
        raise UnknownPhotoSetError(f"No photos are kept as {name!r} in {self.paths.folder}. There are: {names}.")

    def _make(self, files: PhotoFiles) -> None:
        try:
            make_folder(files.folder, private=True)
        except OSError as error:
            raise write_error(files.folder, error) from error

    @staticmethod
    def _root_of(files: PhotoFiles) -> str | None:
        """Below which folder the photos of a set lie; None where nobody has it."""
        for path in (files.shared, files.reserved):
            with suppress(OSError, ValueError):
                return Fields(parsed(read_whole(path))).text("root")
        return "" if files.faces.is_file() else None


def _checked(name: str) -> str:
    if not name or name.startswith(".") or any(sign in name for sign in "/\\:\0") or name != shortened(name):
        raise InputError(
            f"{name!r} is no name for a set of photos: it becomes a folder's. Give it one without / and \\, and no dot "
            "at its beginning."
        )
    return name
