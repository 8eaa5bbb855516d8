"""The films' part of forgetting: timelines, tracks, decisions, pictures and unfinished passes, wherever they lie."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae import archive
from personae.errors import ForeignFileError, ProjectBusyError, StoreError
from personae.files import clear_leftovers, read_whole, replacing, sha256_of, shred, write_whole
from personae.films import crops_file
from personae.films.film_files import FilmFiles
from personae.films.forget_folders import Theirs, theirs_in_film
from personae.films.forget_journal import forget_in_journal
from personae.films.forget_pictures import COVERED, PICTURE, cover_in_file, cover_in_folder
from personae.films.forget_tracks import forget_in_tracks, is_of_a_film, own_tracks, search_tracks
from personae.films.store import MediaStore
from personae.forgetting.documents import as_text, forget_in_json
from personae.forgetting.keeper import Forgotten, Tell, unreached, why_not
from personae.forgetting.likeness import Likeness
from personae.forgetting.person import Person
from personae.forgetting.search import Search

log = logging.getLogger(__name__)
_MADE_OF_A_TIMELINE = (".report.html", ".sheet.html", ".annotated.*")


class FilmsKeeper:
    """Keeps the films of a media store. `only`: no others than these; `likeness`: tells the person's face in pictures
    of others, in which it is covered; None where nobody is to be forgotten.
    """

    def __init__(
        self, store: MediaStore, likeness: Likeness | None = None, only: Collection[FilmFiles] | None = None
    ) -> None:
        self.store, self._likeness = store, likeness
        self._only = only
        self._left: set[Path] = set()

    @cached_property
    def films(self) -> tuple[FilmFiles, ...]:
        """The films it is about, also those that are only begun, and those that cannot be reached now."""
        return self.store.everything() if self._only is None else tuple(self._only)

    def forget(self, person: Person, tell: Tell) -> Forgotten:
        """Clean each film under its lock. What lies outside the project and cannot be reached or written is told."""
        every = Forgotten(Counter(dict.fromkeys(("entries of films", "tracks", "pictures", COVERED), 0)))
        for files in self.films:
            outside = not self.store.is_inside(files)
            try:
                if outside and (why := unreached(files.folder)):
                    if self._may_show(files, person):
                        every.unreached.append((files.timeline, why))
                    continue
                if not files.every():
                    self.store.drop(files)
                    continue
                tell(files.timeline)
                with self.store.locked(files, "forget"):
                    every.add(self._forget_in(files, person, outside))
            except ProjectBusyError:
                raise
            except (OSError, StoreError) as error:
                if not outside:
                    raise
                every.unreached.append((files.timeline, why_not(error)))
        return every

    def search(self, search: Search) -> None:
        """Search every file of the films, those outside the project too."""
        for files in self.films:
            outside = not self.store.is_inside(files)
            if outside and unreached(files.folder):
                continue
            for path in files.every():
                if path not in self._left:
                    inside = path.relative_to(files.faces).parts[:-1] if path.is_relative_to(files.faces) else ()
                    search_file(path, search, folders=inside, own_name=not outside)

    def _forget_in(self, files: FilmFiles, person: Person, outside: bool) -> Forgotten:
        """One film; the caller holds its lock. What shows the person goes first: the rest tells what that is."""
        done = Forgotten()
        if outside:  # in the project everything of that kind goes
            of_people = [path for path in files.faces.glob("*") if path.is_dir()]
            for folder in (files.folder, files.faces, files.unfinished, *of_people):
                clear_leftovers(folder)
        if outside and self._is_changed(files):
            done.listed.append((files.timeline, "timeline, changed since it was written"))
            self._left.add(files.timeline)
        film = _Film(files, person, files.timeline in self._left)
        film.delete(done.removed)
        if film.folders is not None:
            film.folders.delete(done)
        if not outside:
            for path in made_of(files.timeline) if film.shows else ():
                shred(path)
                done.removed["pictures"] += 1
        if film.changed and outside:
            self.store.begin_writing(files)
        film.rewrite(done.removed)
        self._cover_in(files, outside, done.removed)
        if film.changed and outside:
            self.store.written(files)
        unknown = film.unknown_people()
        if unknown:
            done.unknown[files.title if files.private else str(files.timeline)] = unknown
        return done

    def _cover_in(self, files: FilmFiles, outside: bool, removed: Counter[str]) -> None:
        """Cover the person's face in pictures of others; what was made of those shows it too."""
        if self._likeness is None:
            return
        in_files = (path for path in files.every() if path != files.timeline)
        covered = sum(cover_in_file(path, self._likeness) for path in in_files)
        covered += cover_in_folder(files.faces, self._likeness)
        removed[COVERED] += covered
        if covered and not outside:
            for path in made_of(files.timeline):
                shred(path)
                removed["pictures"] += 1

    def _may_show(self, files: FilmFiles, person: Person) -> bool:
        """Whether a film that cannot be read may be about the person, for all that is known of it."""
        entry = self.store.paths.ledger.find(files.timeline)
        return entry is None or not entry.who or person.is_in(entry)

    def _is_changed(self, files: FilmFiles) -> bool:
        """Whether somebody changed a timeline since we wrote it."""
        entry = self.store.paths.ledger.find(files.timeline)
        if entry is None or not entry.sha256 or not files.timeline.is_file():
            return False
        return sha256_of(files.timeline) != entry.sha256


@dataclass
class _Film:
    """The files of one film, and what in them is a person's. `leave`: the timeline stays as it is."""

    files: FilmFiles
    person: Person
    leave: bool = False
    own: dict[Path, NDArray[np.bool_]] = field(default_factory=dict)
    documents: list[tuple[Path, bytes, int]] = field(default_factory=list)
    pictures: set[Path] = field(default_factory=set)
    tracks: set[int] = field(default_factory=set)
    shows: bool = False
    folders: Theirs | None = None
    _timeline: Any = None

    def __post_init__(self) -> None:
        for path in self._archives():
            with contextlib.suppress(StoreError):
                arrays, facts = _read(path)
                self.own[path] = own_tracks(arrays, facts, self.person.marks, self.person.vectors)
        self._read_timeline()
        own = self.own.get(self.files.tracks, np.zeros(0, bool))
        self.folders = theirs_in_film(self.files, self.person, {*self.tracks, *(np.flatnonzero(own) + 1).tolist()})
        for path in (self.files.edits, self.files.reserved):
            self._read_document(path)
        self._read_journal()

    @property
    def changed(self) -> bool:
        """Whether anything of the person was found."""
        folders = self.folders is not None and (self.folders.pictures or self.folders.changed)
        return bool(self.documents or self.pictures or folders or any(own.any() for own in self.own.values()))

    def delete(self, removed: Counter[str]) -> None:
        """Delete the pictures of the person."""
        for path in sorted(self.pictures):
            if path.is_file():
                shred(path)
                removed["pictures"] += 1

    def rewrite(self, removed: Counter[str]) -> None:
        """Write tracks and documents anew; the documents last, which say whose the tracks are."""
        self._rewrite_crops()
        for path in self._archives():
            rewrite_tracks(path, self.person, removed, self.tracks if path == self.files.tracks else ())
        if self.folders is not None:
            self.folders.rewrite()
        for path, content, entries in self.documents:
            removed["entries of films"] += entries
            with replacing(path):
                write_whole(path, content)

    def _rewrite_crops(self) -> None:
        """Take the person's crops out; those of which nobody can say whose they are go all."""
        path, own = self.files.crops, self.own.get(self.files.tracks)
        if not path.is_file():
            return
        if own is None:
            shred(path)
            return
        own = own.copy()
        own[[number - 1 for number in self.tracks if 1 <= number <= len(own)]] = True
        try:
            crops, said = archive.read(path, schema=crops_file.SCHEMA)
        except ForeignFileError as error:
            log.warning("%s", error)
        except StoreError:
            shred(path)
        else:
            if own.any():
                with replacing(path):
                    archive.write(path, crops_file.without(crops, own), said, schema=crops_file.SCHEMA)

    def unknown_people(self) -> int:
        """How many unknown people the timeline has."""
        rows = self._timeline.get("appearances") if isinstance(self._timeline, dict) else None
        return len({str(row.get("unknown")) for row in rows or () if _has(row, "unknown")})

    def _archives(self) -> list[Path]:
        return [path for path in self.files.every() if is_of_a_film(path)]

    def _read_timeline(self) -> None:
        document, before = _document(self.files.timeline)
        if document is None:
            return
        tracks = self.own.get(self.files.tracks, np.zeros(0, bool))
        numbers = frozenset((np.flatnonzero(tracks) + 1).tolist())
        cleaned, gone = forget_in_json(document, self.person.marks, numbers)
        _drop_missing_pictures(cleaned, self.files.folder)
        self._timeline, self.tracks = cleaned, gone.tracks
        self.shows = cleaned != document
        if self.shows and not self.leave:
            self.documents.append((self.files.timeline, as_text(cleaned, before), gone.entries))
        left = json.dumps(cleaned, ensure_ascii=False)
        self.pictures |= {self.files.folder / one for one in gone.pictures if json.dumps(one) not in left}
        if self.files.faces.is_dir():  # of earlier scans: nobody knows any more whose they are
            self.pictures |= {
                path
                for path in self.files.faces.iterdir()
                if PICTURE.fullmatch(path.name)
                and json.dumps(f"{self.files.faces.name}/{path.name}", ensure_ascii=False) not in left
            }
        # A timeline may come from a stranger: it names no picture elsewhere.
        real = os.path.realpath(self.files.folder)
        self.pictures = {path for path in self.pictures if Path(os.path.realpath(path)).is_relative_to(real)}

    def _read_document(self, path: Path) -> None:
        document, before = _document(path)
        if document is not None:
            cleaned, gone = forget_in_json(document, self.person.marks)
            if cleaned != document:
                self.documents.append((path, as_text(cleaned, before), gone.entries))

    def _read_journal(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            before = read_whole(self.files.decisions).decode("utf-8", "surrogatepass")
            after, entries = forget_in_journal(before, self.person.marks)
            if after != before:
                self.documents.append((self.files.decisions, after.encode("utf-8", "surrogatepass"), entries))


def rewrite_tracks(path: Path, person: Person, removed: Counter[str], also: Collection[int] = ()) -> None:
    """Write a file of tracks anew without the person; one that is damaged is left to the search.

    `also`: numbers, from 1, of tracks that a person said are theirs.
    """
    try:
        schema = archive.schema_of(path)
        arrays, facts = archive.read(path, schema=schema)
    except StoreError as error:
        log.warning("%s", error)
        return
    cleaned, said, count = forget_in_tracks(arrays, facts, person.marks, person.vectors, also)
    removed["tracks"] += count
    if count or said != facts:
        with replacing(path):
            archive.write(path, cleaned, said, schema=schema)


def search_file(path: Path, search: Search, *, folders: Iterable[str] = (), own_name: bool = True) -> None:
    """Search a file, and the arrays in it where it holds tracks."""
    if search.file(path, folders=tuple(folders), own_name=own_name) and is_of_a_film(path, crops=True):
        with contextlib.suppress(StoreError):
            search_tracks(path, *_read(path), search)


def made_of(timeline: Path) -> list[Path]:
    """What was made of a timeline beside it: faces are drawn into it, and names, where no search finds them."""
    stem = timeline.name.removesuffix(".timeline.json")
    ends = tuple(stem + end.rstrip("*") for end in _MADE_OF_A_TIMELINE)
    return sorted(path for path in timeline.parent.iterdir() if path.name.startswith(ends) and path.is_file())


def _read(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    return archive.read(path, schema=archive.schema_of(path))


def _document(path: Path) -> tuple[Any, str]:
    """A JSON document and its text; None for what is none or is not there. Raises OSError."""
    try:
        text = read_whole(path).decode("utf-8", "surrogatepass")
        return json.loads(text), text
    except (FileNotFoundError, ValueError, RecursionError):
        return None, ""


def _drop_missing_pictures(timeline: Any, folder: Path) -> None:
    """Let nothing in a timeline point to a picture that is gone: it may have been deleted before a kill."""
    rows = timeline.get("appearances") if isinstance(timeline, dict) else None
    for row in rows if isinstance(rows, list) else ():
        best = row.get("best_picture") if isinstance(row, dict) else None
        name = best.get("file") if isinstance(best, dict) else None
        if isinstance(name, str) and not (folder / name).is_file():
            row["best_picture"] = None


def _has(row: Any, name: str) -> bool:
    return isinstance(row, dict) and row.get(name) is not None
