"""What all routes share: the project, its jobs, its keys, the folders it may read. No logic of its own."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from personae.films.film import StoredFilm
from personae.films.photo_set import PhotoSet
from personae.jobs.table import JobTable
from personae.project.film import ProjectFilm
from personae.project.session import Project
from personae.server.helper import Helper
from personae.server.keys import Keys
from personae.server.problems import ProblemError
from personae.server.roots import MediaRoots

KEPT_OPEN = 64
"""So many films and sets stay open: a decision about one that is open reads no file of it again."""


@dataclass
class Service:
    """One served project. `token`: opens everything, for whoever may read the file it stands in."""

    project: Project
    jobs: JobTable
    keys: Keys
    roots: MediaRoots
    token: str
    helper: Helper
    _opened: OrderedDict[str, ProjectFilm | PhotoSet] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def film(self, id: str) -> ProjectFilm:
        """A film by its id; raises ProblemError for none."""
        found = self.medium(id)
        if not isinstance(found, ProjectFilm):
            raise ProblemError(404, "unknown-film", "There is no film with this id.")
        return found

    def photo_set(self, id: str) -> PhotoSet:
        """A set of photos by its id; raises ProblemError for none."""
        found = self.medium(id)
        if not isinstance(found, PhotoSet):
            raise ProblemError(404, "unknown-photo-set", "There is no set of photos with this id.")
        return found

    def medium(self, id: str) -> ProjectFilm | PhotoSet:
        """A film or a set of photos by its id, the same object for every request; raises ProblemError for none."""
        with self._lock:
            known = self._opened.get(id)
            if known is not None and known.stamp[0] is not None and id_of_medium(known) == id:
                self._opened.move_to_end(id)
                return known
            self._opened.pop(id, None)
            found = self._found(id)
            self._opened[id] = found
            while len(self._opened) > KEPT_OPEN:
                _close(self._opened.popitem(last=False)[1])
            return found

    def close(self) -> None:
        """Write what is to be written of what is open."""
        with self._lock:
            for medium in self._opened.values():
                _close(medium)
            self._opened.clear()

    def _found(self, id: str) -> ProjectFilm | PhotoSet:
        project = self.project
        for kind, every in (("film", project.films), ("photos", project.photos)):
            for name in every.names():
                if id_of(kind, name) == id:
                    found: ProjectFilm | PhotoSet = every[name]
                    return found
        raise ProblemError(404, "unknown-medium", "There is no film and no set of photos with this id.")

    def character(self, id: str) -> str:
        """The name of a character by their id; raises ProblemError for none."""
        name = self.project.cast.names().get(id)
        if name is None:
            raise ProblemError(404, "unknown-character", "There is no character with this id.")
        return name


def id_of(kind: str, name: str) -> str:
    """How a film or a set stands in addresses: names are no part of them."""
    return sha256(f"{kind}\0{name}".encode()).hexdigest()[:16]


def id_of_medium(medium: StoredFilm | PhotoSet) -> str:
    """The same of one that is open."""
    return id_of("film" if isinstance(medium, StoredFilm) else "photos", medium.name)


def facts_of(medium: StoredFilm | PhotoSet) -> dict[str, Any]:
    """A film or a set in lists."""
    kind = "film" if isinstance(medium, StoredFilm) else "photos"
    return {"id": id_of(kind, medium.name), "kind": kind, "name": medium.name,
            "position": len(medium.decisions.entries)}  # fmt: skip


def _close(medium: StoredFilm | PhotoSet) -> None:
    if isinstance(medium, StoredFilm):
        medium.close()
