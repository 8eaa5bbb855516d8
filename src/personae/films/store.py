"""The media store: owns the files of films wherever they lie, in the project or in a folder that the user named.

A name is reserved before a film is read, by the film's content, so that two films never share files. Two locks guard a
film: one for the long pass over it (`scanning`), one for the moments in which its files are read and written anew
(`locked`). Who needs the project's lock too takes that one first.
"""

from __future__ import annotations

import builtins
import contextlib
import itertools
import json
import logging
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from personae import old_pages
from personae.checks import Fields, parsed
from personae.commits import Commit, Commits
from personae.errors import ForeignFileError, StoreError, TooNewError, UnknownFilmError
from personae.files import file_lock, make_folder, read_whole, sha256_of, shred, write_error, write_whole
from personae.films import face_sync
from personae.films.film_files import FilmFiles, film_in, film_name
from personae.films.media_id import id_of
from personae.films.pictures import with_pictures
from personae.films.tracks_file import Scanned, write_tracks
from personae.media.film import Video
from personae.names import no_such_name
from personae.paths import ProjectPaths
from personae.timeline import native
from personae.timeline.timeline import Timeline

log = logging.getLogger(__name__)
FACES = "pictures of faces"
FILM_KINDS = ("timeline", "tracks with embeddings", "decisions", FACES)
"""What the ledger calls the files of a film."""
RESERVING_TIMEOUT_S = 60.0
"""A reservation takes milliseconds; whoever waits so long waits for a process that hangs."""


@dataclass(frozen=True)
class MediaStore:
    """The films of one project. Nothing is held between calls; any number of processes may use it."""

    paths: ProjectPaths
    lock_timeout_s: float

    def reserve(self, video: Video, out: Path | None = None) -> FilmFiles:
        """Where the results of a film go: OUT/name.*, or a folder of its own in the project; its name is taken now.

        A film that was scanned before, which is known by its path or its content, gets the files it had. Two films
        never share a name, also of two processes at one time. What is not a timeline of ours is left alone. Raises
        ProjectBusyError, WriteError.
        """
        folder = self.paths.films if out is None else out
        self._make(folder, private=out is None)
        with file_lock(folder / ".names.lock", RESERVING_TIMEOUT_S, folder, "reserve a name"):
            files = self._files_for(video, folder, private=out is None)
            self._make(files.folder, private=files.private)
            facts = {"content_id": video.content_id, "path": video.path, "pid": os.getpid()}
            write_whole(files.reserved, json.dumps(facts).encode(), private=True)
            if not self.is_inside(files) and self.paths.ledger.find(files.timeline) is None:
                self.paths.ledger.record(files.timeline, sha256="", kind=FILM_KINDS[0])
            return files

    def _files_for(self, video: Video, folder: Path, *, private: bool) -> FilmFiles:
        """The files of the same content if there are any, else those of the same path, else the first free ones."""
        same_path: FilmFiles | None = None
        for number in itertools.count(1):
            name = film_name(video) + (f"-{number}" if number > 1 else "")
            files = FilmFiles(folder / name, private=True) if private else FilmFiles(folder, name)
            known = self._film_of(files)
            if known is None:
                return same_path or files
            if known[0] == video.content_id:
                return files
            # Timelines of earlier versions may hold relative paths.
            if same_path is None and known[1] and Path(known[1]) == Path(video.path):
                same_path = files
        raise AssertionError  # never: numbers do not end

    @contextmanager
    def scanning(self, files: FilmFiles, on_wait: Callable[[str], None] | None = None) -> Iterator[None]:
        """Be the only one to look through a film; raises ProjectBusyError."""
        self._make(files.folder, private=files.private)
        with file_lock(files.folder / f".{files.name}.scan.lock", self.lock_timeout_s, files.folder, "scan",
                       on_wait=on_wait):  # fmt: skip
            yield

    @contextmanager
    def locked(self, files: FilmFiles, purpose: str) -> Iterator[None]:
        """Be the only one to read and write the files of a film; raises ProjectBusyError."""
        with file_lock(files.folder / f".{files.name}.lock", self.lock_timeout_s, files.folder, purpose):
            yield

    def write(
        self,
        files: FilmFiles,
        timeline: Timeline,
        scanned: Scanned,
        commit: Commit | None = None,
        *,
        ready: tuple[Timeline, str] | None = None,
        same_tracks: bool = False,
    ) -> Timeline:
        """Write pictures, tracks and timeline whole, the timeline last; the timeline with the names of its pictures.

        What lies outside the project is noted in its ledger. `commit`: of the job that this is for; `ready`: a timeline
        whose text is made already; `same_tracks`: their file holds them already. The caller holds the film's lock.
        Raises WriteError, SupersededError.
        """
        result = {} if commit is None else {"medium": id_of("film", self.name_of(files))}
        with Commits(self.paths.folder).of(commit, result):
            return self._write(files, timeline, scanned, ready, same_tracks=same_tracks)

    def _write(
        self,
        files: FilmFiles,
        timeline: Timeline,
        scanned: Scanned,
        ready: tuple[Timeline, str] | None,
        *,
        same_tracks: bool,
    ) -> Timeline:
        who = people_in(timeline)
        if not self.is_inside(files):  # noted first: killed in between, `forget` looks at one file too many
            self._note(files, who, is_written=False)
        timeline = with_pictures(timeline, scanned.watched, files)
        if not same_tracks or not files.tracks.is_file():
            write_tracks(files.tracks, scanned)
        if ready is not None and ready[0] == timeline:
            write_whole(files.timeline, ready[1].encode())
        else:
            native.write(timeline, files.timeline)
        face_sync.keep_up(files, timeline, scanned.watched.records)
        with contextlib.suppress(OSError):
            files.reserved.unlink(missing_ok=True)
        if not self.is_inside(files):
            self._note(files, who)
        self._mark_pages(files, timeline)
        return timeline

    def _mark_pages(self, files: FilmFiles, timeline: Timeline) -> None:
        """Pages of another timeline than this one say so from now on. They are no part of it: a failure is told."""
        try:
            old_pages.mark(
                self.paths.ledger, files.timeline, timeline.video.content_id, lambda: native.digest(timeline)
            )
        except (OSError, StoreError) as error:
            log.warning("Whether pages are older than %s was not noted in them: %s", files.timeline, error)

    def trim_crops(self, limit: int, keep: FilmFiles) -> None:
        """Delete the crops of the films that were scanned longest ago, until all take `limit` bytes at most.

        Those of `keep` stay. They are a cache: a scan of the film that is at hand makes them again.
        """
        found = []
        for files in self.list():
            with contextlib.suppress(OSError):
                stat = files.crops.stat()
                found.append((stat.st_mtime_ns, stat.st_size, files))
        left = sum(size for _, size, _ in found)
        for _, size, files in sorted(found, key=lambda one: one[0]):
            if left <= limit:
                return
            if files.crops != keep.crops:
                shred(files.crops)
                left -= size

    def is_inside(self, files: FilmFiles) -> bool:
        """Whether the files lie in the project's own folder."""
        return Path(os.path.realpath(files.folder)).is_relative_to(os.path.realpath(self.paths.folder))

    def is_ours(self, files: FilmFiles) -> bool:
        """Whether a film is one of this project: in its folder, or in its ledger."""
        return self.is_inside(files) or self.paths.ledger.find(files.timeline) is not None

    def list(self) -> list[FilmFiles]:
        """The films that have a timeline: the project's own by name, then those outside that its ledger lists."""
        own = sorted(self.paths.films.glob("*/*.timeline.json")) if self.paths.films.is_dir() else []
        outside = [Path(entry.path) for entry in self.paths.ledger.of_kinds(["timeline"])]
        private = set(own)  # there may be thousands
        found = dict.fromkeys([*own, *(path for path in outside if path.is_file())])
        return [FilmFiles.of(path, private=path in private) for path in found]

    def everything(self) -> tuple[FilmFiles, ...]:
        """Every film with any file in the project or in a folder that the ledger lists: also one that is only begun.

        Also those whose folder cannot be reached now.
        """
        own: builtins.list[FilmFiles] = []
        for root, folders, _ in os.walk(self.paths.folder):
            folders[:] = sorted(name for name in folders if film_in(name) is None)  # those are one film's own
            folder = Path(root)
            if folder == self.paths.photos:  # sets of photos have a keeper of their own
                folders.clear()
            own += FilmFiles.in_folder(folder, private=folder.parent == self.paths.films)
        outside: dict[FilmFiles, None] = {}
        for entry in self.paths.ledger.entries():
            path = Path(entry.path)
            name = film_in(path.name) if entry.kind in FILM_KINDS else None
            if name is not None and not self.is_inside(FilmFiles(path.parent, name)):
                outside[FilmFiles(path.parent, name)] = None
        return (*own, *outside)

    def adopt(self) -> None:
        """Note timelines beside the project's folder in its ledger, as scans of earlier versions wrote them there."""
        beside = Path(os.path.realpath(self.paths.folder)).parent
        known = {entry.path for entry in self.paths.ledger.entries()}
        for path in sorted(beside.glob("*.timeline.json")):
            with contextlib.suppress(StoreError):
                if str(path) not in known:
                    native.read_film(path)
                    self._note(FilmFiles.of(path), ())

    def begin_writing(self, files: FilmFiles) -> None:
        """Note that files of a film outside the project are written anew: until `written` they are ours as they are."""
        self._note(files, self._who(files), is_written=False)

    def written(self, files: FilmFiles) -> None:
        """Note the files of a film outside the project as they are now."""
        self._note(files, self._who(files))

    def drop(self, files: FilmFiles) -> None:
        """Take a film that is gone off the ledger."""
        singles = (files.timeline, files.tracks, files.crops, files.decisions, files.edits, files.faces)
        self.paths.ledger.drop([path for path in singles if self.paths.ledger.find(path) is not None])

    def _who(self, files: FilmFiles) -> tuple[str, ...]:
        entry = self.paths.ledger.find(files.timeline)
        return () if entry is None else entry.who

    def named(self) -> dict[str, FilmFiles]:
        """The films by their names; one outside whose name is taken goes by the path of its timeline."""
        found: dict[str, FilmFiles] = {}
        for files in self.list():
            found[files.title if files.title not in found else str(files.timeline)] = files
        return found

    def name_of(self, files: FilmFiles) -> str:
        """The name that `find` knows a film by."""
        if files.private:  # those of the project have it first; to list thousands takes longer than to write one
            return files.title
        return next((name for name, one in self.named().items() if one.timeline == files.timeline), files.title)

    def find(self, name: str | Path) -> FilmFiles:
        """The files of one film, by its name or the path of its timeline; raises UnknownFilmError."""
        path = Path(name)
        if (isinstance(name, Path) or path.name.endswith(".json")) and path.is_file():
            real = os.path.realpath(path)
            own = (files for files in self.list() if os.path.realpath(files.timeline) == real)
            return next(own, FilmFiles.of(path))  # one of the project is called as it is there
        known = self.named()
        found = known.get(str(name)) or next((one for one in known.values() if one.name == str(name)), None)
        if found is not None:
            return found
        raise UnknownFilmError(
            f"No film is called {str(name)!r} in {self.paths.folder}. {no_such_name(str(name), list(known))}"
        )

    def _note(self, files: FilmFiles, who: Collection[str], *, is_written: bool = True) -> None:
        """Note every file of a film, with its digest once it `is_written`."""
        ledger = self.paths.ledger
        single = (files.timeline, files.tracks, files.decisions, files.crops)
        for kind, path in (*zip(FILM_KINDS, single, strict=True), ("decisions", files.edits)):
            if path.is_file() or path == files.timeline:
                digest = sha256_of(path) if path.is_file() and is_written else ""
                ledger.record(path, sha256=digest, kind=kind, who=who)
        if files.faces.is_dir():
            ledger.record(files.faces, sha256="", kind=FACES, who=who)

    @staticmethod
    def _film_of(files: FilmFiles) -> tuple[str, str] | None:
        """Content id and path of the film that has these files; None where they are free, empty for a foreign file."""
        try:
            return native.read_film(files.timeline)
        except (ForeignFileError, TooNewError):
            return "", ""
        except StoreError:  # not there, or a damaged one, which a new scan mends
            try:
                facts = Fields(parsed(read_whole(files.reserved)))
                return facts.text("content_id"), facts.text("path")
            except (OSError, ValueError):
                return None

    @staticmethod
    def _make(folder: Path, *, private: bool) -> None:
        try:
            make_folder(folder, private=private)
        except OSError as error:
            raise write_error(folder, error) from error


def people_in(timeline: Timeline) -> list[str]:
    """Every character whose name the files of a film hold: who is in it, and whom its model knows."""
    known = timeline.model.get("characters", [])
    named = [one.character for one in timeline.appearances if one.character is not None]
    return list(dict.fromkeys([*named, *(known if isinstance(known, list) else [])]))
