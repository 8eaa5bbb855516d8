"""Which films and sets of photos a project has, by their ids: listed again only where a folder has changed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from personae.films.film_files import FilmFiles
from personae.films.media_id import id_of
from personae.films.photo_files import PhotoFiles
from personae.films.photo_store import PhotoStore
from personae.films.store import MediaStore

SETTLED_NS = 100_000_000
"""A folder that changed so shortly before it was listed may have changed again in the same tick of its clock."""


@dataclass(frozen=True)
class Listed:
    """A film or set: its `name` in its project, and where its files lie."""

    kind: Literal["film", "photos"]
    name: str
    files: FilmFiles | PhotoFiles


class Listing:
    """The films and sets of a project. Safe to use from several threads."""

    def __init__(self, films: MediaStore, photos: PhotoStore) -> None:
        self.films = films
        self.photos = photos
        self._known: tuple[Any, Mapping[str, Listed]] = (None, {})
        self._lock = threading.Lock()

    def now(self) -> Mapping[str, Listed]:
        """Each film and set by its id, films first, by name. Raises a StoreError."""
        with self._lock:
            begun = time.time_ns()
            state, newest = self._state()
            if state == self._known[0]:
                return self._known[1]
            films = [Listed("film", name, files) for name, files in self.films.named().items()]
            sets = [Listed("photos", files.title, files) for files in self.photos.list()]
            found = {id_of(one.kind, one.name): one for one in (*films, *sets)}
            self._known = state if newest < begun - SETTLED_NS else None, found
            return found

    def _state(self) -> tuple[Any, int]:
        """What tells whether anything was added or taken away: each folder's time, and the films that lie elsewhere."""
        folders: list[tuple[str, int]] = []
        for folder in (self.films.paths.films, self.films.paths.photos):
            folders.append(("", _time_of(folder)))
            try:
                with os.scandir(folder) as entries:
                    folders += [(one.path, one.stat().st_mtime_ns) for one in entries if one.is_dir()]
            except OSError:
                continue
        outside = [entry.path for entry in self.films.paths.ledger.of_kinds(["timeline"])]
        there = [Path(path).is_file() for path in outside]
        return (folders, outside, there), max(time for _, time in folders)


def _time_of(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0
