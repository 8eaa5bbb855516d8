"""What all routes share: the project, its jobs, its keys, the folders it may read. No logic of its own."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass
class Service:
    """One served project. `token`: opens everything, for whoever may read the file it stands in."""

    project: Project
    jobs: JobTable
    keys: Keys
    roots: MediaRoots
    token: str
    helper: Helper

    def film(self, id: str) -> ProjectFilm:
        """A film by its id; raises ProblemError for none."""
        for name in self.project.films.names():
            if id_of("film", name) == id:
                return self.project.films[name]
        raise ProblemError(404, "unknown-film", "There is no film with this id.")

    def medium(self, id: str) -> ProjectFilm | PhotoSet:
        """A film or a set of photos by its id; raises ProblemError for none."""
        for name in self.project.photos.names():
            if id_of("photos", name) == id:
                return self.project.photos[name]
        return self.film(id)

    def character(self, id: str) -> str:
        """The name of a character by their id; raises ProblemError for none."""
        name = self.project.cast.names().get(id)
        if name is None:
            raise ProblemError(404, "unknown-character", "There is no character with this id.")
        return name


def id_of(kind: str, name: str) -> str:
    """How a film or a set stands in addresses: names are no part of them."""
    return sha256(f"{kind}\0{name}".encode()).hexdigest()[:16]


def facts_of(medium: StoredFilm | PhotoSet) -> dict[str, Any]:
    """A film or a set in lists."""
    kind = "film" if isinstance(medium, StoredFilm) else "photos"
    return {"id": id_of(kind, medium.name), "kind": kind, "name": medium.name,
            "position": len(medium.decisions.entries)}  # fmt: skip
