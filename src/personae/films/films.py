"""The films of one project: scan them, list them, open one."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from personae.cast.context import ProjectContext
from personae.commits import Commit
from personae.errors import (
    FilmError,
    ModelNotFoundError,
    PersonaeError,
    ProjectBusyError,
    StoreError,
    WriteError,
)
from personae.files import stamp_of
from personae.films import missing_pictures, scan, tracks_file
from personae.films.concluding import Pass, named_anew, trained_for
from personae.films.film import StoredFilm
from personae.films.film_files import FilmFiles
from personae.films.seen_so_far import SeenPerson, people_so_far
from personae.films.store import MediaStore
from personae.media.film_errors import as_film_error
from personae.media.video import Film, find_films, open_film
from personae.progress import Progress, ProgressCallback
from personae.timeline.chunks import discard

ENDS_ALL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
CROPS_SHARE = 64
"""Of the crops that may be kept, so much is written before all films are looked at again."""
Opened = TypeVar("Opened", bound=StoredFilm)
Source = str | Path | Film | Sequence[str | Path]


@dataclass(frozen=True)
class FilmOutcome(Generic[Opened]):
    """What became of one of many films: `film` where it was scanned, else `error`. `source`: what was given."""

    source: Any
    film: Opened | None
    error: PersonaeError | None = None


class Films(Generic[Opened]):
    """Scans films into a project, or into a folder that the user names, and opens what was scanned."""

    opened_as: type[Opened]
    """What a film is opened as."""

    def __init__(self, context: ProjectContext) -> None:
        self.context = context
        self.store = MediaStore(context.paths, context.settings.lock_timeout_s)
        self._crops_room = 0

    def names(self) -> tuple[str, ...]:
        """The films that were scanned, the project's own first; see `MediaStore.named`."""
        return tuple(self.store.named())

    def __getitem__(self, name: str | Path) -> Opened:
        """A film by its name or by the path of its timeline; raises UnknownFilmError."""
        self.context.settle()
        return self.opened_as(self.context, self.store, self.store.find(name))

    def __iter__(self) -> Iterator[Opened]:
        self.context.settle()
        return (self.opened_as(self.context, self.store, files) for files in self.store.list())

    def check(self) -> None:
        """Load networks and model; raises what would go wrong at the first film, and is no film's fault."""
        trained_for(self.context, self.context.analyzer.embedder_id)

    def scan(
        self,
        film: Source,
        out: str | Path | FilmFiles | None = None,
        *,
        decisions: str | Path | None = None,
        fresh: bool = False,
        commit: Commit | None = None,
        progress_callback: ProgressCallback | None = None,
        **opening: Any,
    ) -> Opened:
        """Find who is on screen when, and write timeline, tracks and pictures of faces.

        `film`: a file, several that follow each other, or one that is open; `opening`: what `open_film` takes besides.
        `out`: a folder outside the project; default a folder of the film's own in it. `decisions`: a file of decisions
        about another copy of the film. Scanning again what was scanned with the same networks reads only the tracks,
        unless `fresh`; a scan that was interrupted goes on. The model is the one at the end of the pass: what was
        trained or forgotten meanwhile counts. `commit`: of the job that this is for.

        Raises FilmError, ModelNotFoundError, EmbedderMismatchError, ProjectBusyError, WriteError, SupersededError.
        """
        context = self.context
        context.settle()
        networks, settings = context.film_networks, context.settings
        trained_for(context, networks.embedder.id)
        as_one = not isinstance(film, str | Path)
        with film if isinstance(film, Film) else open_film(film, as_one=as_one, **opening) as opened:
            files = out if isinstance(out, FilmFiles) else self.store.reserve(opened.video, _folder(out))
            with self.store.scanning(files):
                stamp, earlier = stamp_of(files.tracks), tracks_file.read_tracks(files.tracks)
                watched, fingerprint, reused = scan.look(
                    opened, networks, settings, earlier,
                    kept_in=files.unfinished, fresh=fresh, by=context.watch, progress=progress_callback,
                )  # fmt: skip
                if reused:
                    watched = missing_pictures.with_crops(watched, files.crops, opened)
                found = named_anew(
                    context,
                    self.store,
                    files,
                    Pass(watched, fingerprint, opened, earlier if reused else None, stamp),
                    other=_path(decisions),
                    commit=commit,
                    progress=progress_callback,
                )
                discard(files.unfinished)
                self._trim_crops(files)
        if progress_callback is not None:
            progress_callback(Progress("timeline", 1, 1, str(files.timeline)))
        return self.opened_as(
            context, self.store, files, named=found, notes=(*found.notes, *scan.doubts(watched)), reused=reused
        )

    def scan_many(
        self,
        films: Iterable[Source],
        out: str | Path | None = None,
        *,
        decisions: str | Path | None = None,
        fresh: bool = False,
        progress_callback: ProgressCallback | None = None,
        opening: Mapping[str, Any] | None = None,
    ) -> Iterator[FilmOutcome[Opened]]:
        """`scan` one film after the other; one that cannot be read has an `error`, and the others are done.

        What would fail the others too is raised: a full disk, a missing model, a project that somebody else writes to.
        """
        self.check()
        for film in films:
            try:
                with as_film_error(name_of(film)):
                    found = self.scan(film, out, decisions=decisions, fresh=fresh,
                                      progress_callback=progress_callback, **(opening or {}))  # fmt: skip
            except (FilmError, StoreError) as error:
                if ends_all(error):
                    raise
                yield FilmOutcome(film, None, error)
            else:
                yield FilmOutcome(film, found)

    def _trim_crops(self, files: FilmFiles) -> None:
        """After a scan. All films are looked at again only when this session has written a 64th of the limit.

        To list ten thousand films takes four times as long as to write one.
        """
        most = self.context.settings.crops_mb * 10**6
        with contextlib.suppress(OSError):
            self._crops_room -= files.crops.stat().st_size
        if self._crops_room <= 0:
            self.store.trim_crops(most - most // CROPS_SHARE, files)
            self._crops_room = most // CROPS_SHARE

    def seen_so_far(self, paths: Sequence[str | Path], *, most: int = 12) -> tuple[int, list[SeenPerson]]:
        """How many people a scan of these files that is under way has seen, and the first `most`, most seen first."""
        self.context.settle()
        return people_so_far(self.context, paths, most=most)

    def find(self, paths: Iterable[str | Path]) -> list[Path]:
        """The films among files and folders of films, in order; raises FilmError."""
        return [film for path in paths for film in find_films(Path(path))]


def ends_all(error: PersonaeError) -> bool:
    """Whether what failed one film would fail the others too: a full disk, a project that somebody else writes to."""
    if isinstance(error, WriteError):
        return isinstance(error.__cause__, OSError) and error.__cause__.errno in ENDS_ALL
    return isinstance(error, ModelNotFoundError | ProjectBusyError)


def name_of(film: Source) -> str | Path:
    """What a film is called in errors."""
    if isinstance(film, Film):
        return film.video.path
    return film if isinstance(film, str | Path) else next(iter(film), "")


def _folder(out: str | Path | None) -> Path | None:
    return None if out is None else Path(out)


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)
