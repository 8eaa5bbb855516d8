"""What all routes share: the project, its jobs, its keys, the folders it may read. No logic of its own."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from personae.cast.gallery_records import CharacterId
from personae.errors import PersonaeError
from personae.files import Stamp
from personae.films.decidable import stamp_of_names
from personae.films.everybody import Somebody, everybody, find
from personae.films.facts import MediumFacts
from personae.films.film import StoredFilm
from personae.films.film_files import FilmFiles
from personae.films.listing import Listed, Listing
from personae.films.media_id import id_of
from personae.films.people import People
from personae.films.photo_set import PhotoSet
from personae.films.questions import Questions, QuestionsOf
from personae.films.summary import Summaries
from personae.jobs.job import Job
from personae.jobs.table import JobTable
from personae.project.film import ProjectFilm
from personae.project.session import Project
from personae.server.addresses import picture_address
from personae.server.helper import Helper
from personae.server.keys import Keys
from personae.server.openings import Openings
from personae.server.problems import ProblemError
from personae.server.requests_seen import RequestsSeen
from personae.server.roots import MediaRoots
from personae.server.views import Views

KEPT_OPEN = 64
"""So many films and sets stay in memory: a decision about one that is open reads no file of it again."""


@dataclass
class Service:
    """One served project. `token`: opens everything, for whoever may read the file it stands in."""

    project: Project
    jobs: JobTable
    keys: Keys
    roots: MediaRoots
    token: str
    helper: Helper
    views: Views = field(default_factory=Views)
    openings: Openings = field(default_factory=Openings)
    requests: RequestsSeen = field(default_factory=RequestsSeen)
    _people: People | None = None
    _handles: dict[str, tuple[Listed, ProjectFilm | PhotoSet]] = field(default_factory=dict)
    _faces: tuple[Stamp, dict[str, str], Counter[str]] | None = None
    _opened: OrderedDict[str, ProjectFilm | PhotoSet] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        context = self.project.context
        self.listing = Listing(self.project.films.store, self.project.photos.store)
        self.summaries = Summaries(context.paths)
        self.queue = QuestionsOf(lambda medium: self.summaries.of(medium).doubtful)

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
        """A film or a set of photos by its id, the same object for every request; raises ProblemError for none.

        It may be read: the last `KEPT_OPEN` stay in memory.
        """
        found = self.handle(id)
        with self._lock:
            self._opened[id] = found
            self._opened.move_to_end(id)
            gone = [self._opened.popitem(last=False)[1] for _ in range(len(self._opened) - KEPT_OPEN)]
        for one in gone:
            one.let_go()
        return found

    def handle(self, id: str) -> ProjectFilm | PhotoSet:
        """The same, for who asks for its files' state and its summary alone: of thousands nothing is read for that."""
        self.project.context.settle()
        with self._lock:
            known = self._handles.get(id)
        if known is not None and known[0].files.stamp()[0] is not None and id_of_medium(known[1]) == id:
            return known[1]  # what is there still needs no list of all of them
        listed = self.listing.now().get(id)
        if listed is None:
            raise ProblemError(404, "unknown-medium", "There is no film and no set of photos with this id.")
        with self._lock:
            return self._handle(id, listed)

    def handles(self) -> list[ProjectFilm | PhotoSet]:
        """All of them, films first."""
        self.project.context.settle()
        listed = self.listing.now()
        with self._lock:
            for id in self._handles.keys() - listed.keys():
                del self._handles[id]
                self._opened.pop(id, None)
            return [self._handle(id, one) for id, one in listed.items()]

    @property
    def people(self) -> People:
        """Who is in films and photos without a name; the same for every request, for it keeps what it has found."""
        with self._lock:
            if self._people is None:
                self._people = self.project.people.sharing(
                    self._by_name, self.handles, lambda medium: self.summaries.of(medium).shown
                )
            return self._people

    @property
    def suggestions_made(self) -> int:
        """See `People.suggestions_made`."""
        return 0 if self._people is None else self._people.suggestions_made

    def questions(self) -> Questions:
        """What is open about people in films and photos. Raises a StoreError."""
        return self.queue.now(self.people, self.handles(), self.project.cast)

    def everybody(self, *, strangers: bool = True) -> tuple[Somebody, ...]:
        """Who is in films and sets of photos; `strangers`: also whom nobody has named. Raises a StoreError."""
        unknown = self.people.undecided() if strangers else ()
        parts = (part for medium in self.handles() for part in self.summaries.of(medium).seen)
        found = everybody(parts, self.project.cast.names(), unknown)
        return tuple(one for one in found if strangers or one.kind == "named")

    def somebody(self, id: str, *, strangers: bool = True) -> Somebody:
        """One of them by their id; raises ProblemError for none."""
        found = find(self.everybody(strangers=strangers), id)
        if found is None:
            raise ProblemError(404, "unknown-person", "Nobody in films or photos has this id now.")
        return found

    def media(self) -> dict[str, tuple[str, str]]:
        """Every film and set of photos: id -> kind and name."""
        return {id: (one.kind, one.name) for id, one in self.listing.now().items()}

    def facts_of(self, id: str) -> MediumFacts:
        """The facts of a film or set by its id; raises ProblemError for none."""
        return self.summaries.of(self.handle(id)).facts

    def kind_and_name(self, id: str) -> tuple[str, str]:
        """What a film or set is and what its project calls it, by its id; raises ProblemError for none."""
        medium = self.handle(id)
        return "film" if isinstance(medium, StoredFilm) else "photos", medium.name

    def scanned(self) -> dict[str, str]:
        """The files that films were scanned from -> the film's id."""
        found: dict[str, str] = {}
        for id, (kind, _) in self.media().items():
            film = self.facts_of(id).film if kind == "film" else None
            found |= dict.fromkeys(map(os.path.realpath, film.paths if film is not None else ()), id)
        return found

    def card(self) -> dict[str, Any] | None:
        """The card of the model of now as results state it; None while there is none."""
        with contextlib.suppress(PersonaeError):
            card = self.project.card
            return None if card is None else card.as_dict()
        return None

    def jobs_of(
        self, kind: str, works: Sequence[dict[str, Any]], *, requests: Sequence[str], by: str, priority: int = 0
    ) -> list[Job]:
        """A job for each of `works`; the one that waits or runs already where it does the very same."""
        known = {_key(job.kind, job.what): job for job in self.jobs.open() if not job.wants_cancel}
        found: list[Job] = []
        for what, request in zip(works, requests, strict=True):
            key = _key(kind, what)
            if key not in known:
                known[key] = self.jobs.add(kind, what, request=request, by=by, priority=priority)
            found.append(known[key])
        return found

    def path_shown(self, path: str) -> str:
        """A file's path as answers have it: from its media root on, else its name alone."""
        return self.roots.inside(path) or PurePath(path).name

    def close(self) -> None:
        """Write what is to be written of what is open."""
        with self._lock:
            for _, medium in self._handles.values():
                _close(medium)
            self._opened.clear()
            self._handles.clear()

    def _by_name(self, kind: str, name: str) -> ProjectFilm | PhotoSet:
        return self.medium(id_of(kind, name))

    def _handle(self, id: str, listed: Listed) -> ProjectFilm | PhotoSet:
        """The caller holds the lock."""
        known = self._handles.get(id)
        if known is None or known[0] != listed:
            self._opened.pop(id, None)
            known = self._handles[id] = listed, self._opened_as(listed)
        return known[1]

    def _opened_as(self, listed: Listed) -> ProjectFilm | PhotoSet:
        project = self.project
        if isinstance(listed.files, FilmFiles):
            return ProjectFilm(project.context, self.listing.films, listed.files)
        return PhotoSet(project.context, self.listing.photos, listed.files)

    def faces_of_cast(self) -> dict[str, str]:
        """Characters who have a picture -> where the one of their best photo is, from /api/v1 on. Kept until the cast
        changes.
        """
        return self._of_cast()[0]

    def rejected_of_cast(self) -> Mapping[str, int]:
        """Name -> how many photos were rejected; kept as `faces_of_cast`."""
        return self._of_cast()[1]

    def _of_cast(self) -> tuple[dict[str, str], Counter[str]]:
        cast, stamp = self.project.cast, stamp_of_names(self.project.context)
        with self._lock:
            if self._faces is not None and self._faces[0] == stamp:
                return self._faces[1:]
        known = cast.photos()
        photos = [photo for photo in known if photo.status == "enrolled"]
        rejected = Counter(photo.character for photo in known if photo.status == "rejected")
        shown = cast.shown(photos)
        best: dict[str, tuple[float, str]] = {}
        for photo in photos:
            face = shown.get(photo.address)
            where = picture_address(CharacterId(photo.character_id), photo, face)
            if face is not None and where is not None and face.quality > best.get(photo.character, (-1.0, ""))[0]:
                best[photo.character] = face.quality, where
        found = {name: where for name, (_, where) in best.items()}
        with self._lock:
            self._faces = stamp, found, rejected
        return found, rejected

    def character(self, id: str) -> str:
        """The name of a character by their id; raises ProblemError for none."""
        name = self.project.cast.names().get(id)
        if name is None:
            raise ProblemError(404, "unknown-character", "There is no character with this id.")
        return name


def id_of_medium(medium: StoredFilm | PhotoSet) -> str:
    """How a film or a set that is open stands in addresses."""
    return id_of("film" if isinstance(medium, StoredFilm) else "photos", medium.name)


def _key(kind: str, what: Mapping[str, Any]) -> tuple[str, str]:
    return kind, json.dumps(what, sort_keys=True)


def _close(medium: StoredFilm | PhotoSet) -> None:
    if isinstance(medium, StoredFilm):
        medium.close()
