"""One scanned film: its timeline, and what people decide about it. The film's own file is not needed."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from personae.cast.context import ProjectContext
from personae.cast.trained import stamp_of
from personae.films import scan
from personae.films.concluding import Pass, named_anew
from personae.films.film_files import FilmFiles
from personae.films.store import MediaStore
from personae.films.tracks_file import read_beside
from personae.progress import ProgressCallback
from personae.timeline import decisions as decided
from personae.timeline import native
from personae.timeline.timeline import Timeline


class StoredFilm:
    """A film of a project, or one that lies in a folder outside it.

    `notes`: sentences of the scan that has just been made, for people; `reused`: the film was not read again then.
    """

    def __init__(
        self,
        context: ProjectContext,
        store: MediaStore,
        files: FilmFiles,
        *,
        timeline: Timeline | None = None,
        notes: tuple[str, ...] = (),
        reused: bool = False,
    ) -> None:
        self.context = context
        self.files = files
        self.notes = notes
        self.reused = reused
        self._store = store
        self._timeline = timeline

    @property
    def name(self) -> str:
        """What the film is called in its project."""
        return self.files.title

    @property
    def path(self) -> Path:
        """Where its timeline lies."""
        return self.files.timeline

    @property
    def timeline(self) -> Timeline:
        """The timeline, as it was when it was read first; raises a StoreError."""
        if self._timeline is None:
            self.context.settle()
            self._timeline = native.read(self.files.timeline)
        return self._timeline

    def relabel(self, *, progress_callback: ProgressCallback | None = None) -> Self:
        """Name everybody anew by the cast's model of now, and apply the decisions; the film itself is not read.

        Without a model the names stay, and the timeline is built again. Raises StoreError where the tracks are
        missing, EmbedderMismatchError where the model is another embedder's.
        """
        self.context.settle()
        stamp, scanned = stamp_of(self.files.tracks), read_beside(self.files.timeline)
        if self.context.model.current_or_empty().model is not None:
            found = Pass(scanned.watched, scanned.fingerprint, read_from=stamp)
            self._timeline, notes = named_anew(self.context, self._store, self.files, found, progress=progress_callback)
        else:
            with self._store.locked(self.files, "relabel"):
                scanned = read_beside(self.files.timeline)
                decisions = decided.read(self.files.edits, scanned.watched.video)
                conclusion = scan.conclude(scanned, decisions, self.context.settings)
                notes = conclusion.notes
                self._timeline = self._store.write(self.files, conclusion.timeline, conclusion.scanned)
        self.notes = tuple(notes)
        return self
