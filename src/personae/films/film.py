"""One scanned film: its timeline, and what people decide about it. The film's own file is not needed.

A decision is durable once it is in the journal. The timeline is a view of tracks, model and journal: it is written
within half a second, and on `close`; whoever reads it before has the journal applied.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from uuid import uuid4

from personae.cast.context import ProjectContext
from personae.cast.gallery import EnrolledFace, PhotoRecord
from personae.commits import Commit
from personae.errors import PersonaeError
from personae.files import Stamp, stamp_of
from personae.films import crops_file, journal, scan
from personae.films.changed import FindAll
from personae.films.concluding import Named, Pass, named_anew
from personae.films.decidable import Decidable, Decided, said_to
from personae.films.face_media import FilmFaces
from personae.films.film_files import FilmFiles
from personae.films.maker import Maker
from personae.films.pictures import with_pictures_there
from personae.films.say import Saying
from personae.films.store import MediaStore
from personae.films.teaching import best_faces, tracks_named
from personae.films.tracks_file import Scanned, has_every_track, read_beside
from personae.films.warning import warnings_of
from personae.names_of_today import NamesOfToday
from personae.progress import ProgressCallback
from personae.settings import Settings
from personae.timeline import native
from personae.timeline.decisions import Decision, Decisions
from personae.timeline.person import with_names
from personae.timeline.timeline import Timeline

log = logging.getLogger(__name__)
EARLIER_KEPT = 64
"""So many earlier timelines of an open film are known, for whoever decides has seen one; they share what is alike."""
READY_TRIES = 4
"""So often a timeline is made ready before somebody decides again; then it is made while they wait."""
VIEW_AFTER_S = 0.5
"""A timeline is written so long after a decision: somebody who decides once often decides again."""


@dataclass
class _State:
    """A film as it was read, and what was decided since. `stamp`: of the files that it was read from.

    `written`: the timeline in its file; `timeline`: with every decision, None until somebody asks for it; `earlier`:
    as it was after so many decisions, for who speaks of what they saw then; `conclusion`: what `timeline` was made of.
    """

    written: Timeline
    decisions: Decisions
    stamp: Stamp
    scanned: Scanned | None = None
    timeline: Timeline | None = None
    earlier: dict[int, Timeline] = field(default_factory=dict)
    conclusion: scan.Conclusion | None = None

    def after(self, decisions: Decisions, stamp: Stamp) -> _State:
        """The same film when more was decided."""
        earlier = dict(self.earlier)
        if self.timeline is not None:
            earlier[len(self.decisions.entries)] = self.timeline
        for position in sorted(earlier)[:-EARLIER_KEPT]:
            del earlier[position]
        return _State(self.written, decisions, stamp, self.scanned, None, earlier)


@dataclass(frozen=True, eq=False)
class Ready:
    """A timeline that waits to be written, as text too. `of`: the state that it is of."""

    of: _State
    timeline: Timeline
    text: str


class StoredFilm(Decidable):
    """A film of a project, or one that lies in a folder outside it. Safe to use from several threads.

    `notes`: sentences of the scan or relabelling that has just been made, for people; `reused`: the film was not read
    again then.
    """

    def __init__(
        self,
        context: ProjectContext,
        store: MediaStore,
        files: FilmFiles,
        *,
        named: Named | None = None,
        notes: tuple[str, ...] = (),
        reused: bool = False,
    ) -> None:
        self.context = context
        self.files = files
        self.notes = notes
        self.reused = reused
        self._store = store
        self._lock = threading.RLock()
        self._concluding = threading.Lock()
        self._known = scan.Known()
        self._timer: threading.Timer | None = None
        self._state: _State | None = None
        self._is_dirty = False
        self._name: str | None = None
        self._outside = None if store.is_inside(files) else files.timeline
        if named is not None:
            self._state = _State(named.timeline, named.decisions, named.stamp, None, named.timeline)

    @property
    def name(self) -> str:
        """What the film is called in its project; one outside whose title another has goes by its timeline's path."""
        if self._outside is None:
            return self.files.title
        if self._name is None:
            self._name = self._store.name_of(self.files)
        return self._name

    @property
    def key(self) -> str:
        """What tells it from any other film or set: where its files lie."""
        return str(self.files.timeline)

    @property
    def store(self) -> MediaStore:
        """What its files are kept by."""
        return self._store

    @property
    def path(self) -> Path:
        """Where its timeline lies."""
        return self.files.timeline

    @property
    def timeline(self) -> Timeline:
        """The timeline as it is now, every decision applied, with the names that characters have today.

        Raises a StoreError.
        """
        return self.snapshot()[0]

    def snapshot(self) -> tuple[Timeline, int]:
        """The `timeline`, and how many decisions the journal held for it. Raises a StoreError."""
        self.context.settle(self._outside)
        with self._lock:
            state = self._current()
            timeline, position = self._view(state), len(state.decisions.entries)
        return with_names(timeline, self._names()), position

    @property
    def stamp(self) -> Stamp:
        """What tells its present state from another: of its files."""
        return self._stamp()

    @property
    def decisions(self) -> Decisions:
        """What people decided about it, oldest first, undone decisions and the undoings too."""
        self.context.settle(self._outside)
        with self._lock:
            return self._current().decisions

    # Deciding

    def import_decisions(self, path: str | Path) -> Decided:
        """Add the decisions of another file: of another copy of the film, or what a contact sheet saved. Each once.

        Nothing is replaced: what was decided here stays, and of two decisions the later one holds. Raises
        ForeignFileError, DamagedFileError, StoreError, ProjectBusyError.
        """
        with self.alone():
            state = self._current()
            scanned, before = self._scanned(state), {one.id for one in state.decisions.entries}
            video = state.written.video
            decisions = journal.imported(self.files, video, Path(path), request=uuid4().hex)
            made = tuple(one for one in decisions.entries if one.id not in before)
            self._state = _State(state.written, decisions, self._stamp(), scanned)
            self._write_view_later()
            return Decided(made)

    def relabel(self, *, commit: Commit | None = None, progress_callback: ProgressCallback | None = None) -> Self:
        """Name everybody anew by the cast's model of now, and apply the decisions; the film itself is not read.

        In an empty cast everybody is unknown then; a film of no project keeps its names. `commit`: of the job that this
        is for. Raises StoreError where the tracks are missing, EmbedderMismatchError where the model is another
        embedder's, SupersededError.
        """
        self.context.settle(self._outside)
        if self.context.model.current_or_empty().matcher is None and not self._store.is_ours(self.files):
            with self._lock, self._store.locked(self.files, "relabel"):
                self.notes = self._write_view(self._current(), self.context.settings)
            return self
        stamp = stamp_of(self.files.tracks)
        scanned = read_beside(self.files.timeline, labels=False)
        found = Pass(scanned.watched, scanned.fingerprint, stored=scanned, stamp=stamp)
        # Without this film's own lock: who decides meanwhile does not wait.
        named = named_anew(self.context, self._store, self.files, found, commit=commit, progress=progress_callback)
        with self._lock:
            self._state, self.notes = None, named.notes
            if named.stamp == self._stamp():  # the timeline has every decision already
                self._is_dirty = False
        return self

    def flush(self) -> None:
        """Write the timeline now, if something was decided since it was. Raises ProjectBusyError, WriteError."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        ready: Ready | None = None
        for tries in range(READY_TRIES + 1):
            with self._lock:
                if not self._is_dirty or not self.files.timeline.exists():  # removed, or it lies elsewhere by now
                    return
                state = self._current()
                if tries == READY_TRIES or (ready is not None and ready.of is state):
                    with self._store.locked(self.files, "write"):
                        state = self._current()
                        self._write_view(state, self._settings(state.written), ready)
                    self._is_dirty = False
                    return
                self._scanned(state)
            # Most of the work, without the lock: who decides meanwhile does not wait.
            timeline = self._view(state)
            ready = Ready(state, timeline, native.dumps(timeline))

    def let_go(self) -> None:
        """Keep nothing in memory that can be read again, as `close`; the film stays usable."""
        self.close()

    def close(self) -> None:
        """Write what is to be written, and let everything go. Where it cannot be written the log says so."""
        self._flush_quietly()
        with self._lock:
            self._state = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def face_media(self) -> FilmFaces:
        """Its tracks as they are now; see `Decidable`. Raises StoreError where the tracks are missing."""
        with self._lock:
            state, names = self._current(), self._names()
            return FilmFaces(
                with_names(self._view(state), names), self._scanned(state).watched.records, self.files.crops
            )

    # Inside

    def _locked(self, purpose: str) -> AbstractContextManager[None]:
        return self._store.locked(self.files, purpose)

    def _is_ours(self) -> bool:
        return self._store.is_ours(self.files)

    def _identity(self) -> str:
        with self._lock:
            return self._current().written.video.content_id

    def _embedder(self) -> tuple[str, str]:
        return str(self._scanned(self._current()).fingerprint["embedder"]), f"The timeline {self.files.timeline}"

    def _faces_named(self, name: str) -> Sequence[tuple[PhotoRecord, EnrolledFace]]:
        state = self._current()
        timeline = with_names(self._view(state), self._names())
        scanned, named = self._scanned(state), tracks_named(timeline, name)
        crops = crops_file.filled(scanned.watched.records, self.files.crops) if named else ()
        return best_faces(scanned, named, name, timeline, crops)

    def _decisions(self) -> Decisions:
        return self._current().decisions

    def _considered(
        self,
        said: Sequence[Saying],
        by: str,
        request: str,
        names: NamesOfToday,
        *,
        dry: bool = False,
        then: int | None = None,
        seen: int | None = None,
    ) -> Decided:
        state = self._current()
        scanned = self._scanned(state)
        timeline = with_names(self._view(state, then), names)
        maker = Maker(
            timeline, scanned, state.decisions.first(then), by=by, request=request or uuid4().hex, names=names,
            seen=None if seen is None else with_names(self._view(state, seen), names),
        )  # fmt: skip
        made, _ = said_to(maker, said)
        if not made or then is not None:
            return Decided(tuple(made))
        trained = self._trained()
        return Decided.of(made, lambda one: warnings_of([one], timeline, scanned, trained, names.ids))

    def _warned(self, made: Sequence[Decision], names: NamesOfToday) -> Decided:
        state = self._current()
        timeline, trained = with_names(self._view(state, made[0].on), names), self._trained()
        return Decided.of(made, lambda one: warnings_of([one], timeline, self._scanned(state), trained, names.ids))

    def _finding(self) -> FindAll:
        return self._scanned(self._current()).watched.laid.finder.find_all

    def _write_down(self, made: Sequence[Decision]) -> None:
        state = self._current()
        self._scanned(state)
        decisions = journal.append(self.files, state.written.video, made)
        self._state = state.after(decisions, self._stamp())
        self._write_view_later()

    def _current(self) -> _State:
        """The film as it is on disk, with every entry of its journal."""
        stamp = self._stamp()
        if self._state is not None and self._state.stamp == stamp:
            return self._state
        timeline = native.read(self.files.timeline)
        decisions = journal.read(self.files, timeline.video)
        behind = self._is_behind(timeline)
        self._state = _State(timeline, decisions, stamp, None, None if behind else timeline)
        if behind:  # whoever decided was killed before the timeline was written
            self._write_view_later()
        return self._state

    def _view(self, state: _State, position: int | None = None) -> Timeline:
        """The timeline with every decision, or with the first `position` of them."""
        if position is not None and position < len(state.decisions.entries):
            if position not in state.earlier:
                state.earlier[position] = self._conclude(state, state.decisions.first(position), None).timeline
            return state.earlier[position]
        timeline = state.timeline
        if timeline is None:
            with self._concluding:
                state.conclusion = self._conclude(state, state.decisions, self._known)
            timeline = state.timeline = with_pictures_there(state.conclusion.timeline, self.files)
        return timeline

    def _conclude(self, state: _State, decisions: Decisions, known: scan.Known | None) -> scan.Conclusion:
        return scan.conclude(self._scanned(state), decisions, self._settings(state.written), self._names(), known)

    def _is_behind(self, timeline: Timeline) -> bool:
        """Whether something was decided after it was written, or tracks were forgotten; without tracks it stays."""
        journal_at, timeline_at = stamp_of(self.files.decisions, self.files.timeline)
        decided = journal_at is not None and timeline_at is not None and journal_at[1] >= timeline_at[1]
        return self.files.tracks.is_file() and (decided or not has_every_track(self.files.tracks, timeline))

    def _scanned(self, state: _State) -> Scanned:
        if state.scanned is None:
            state.scanned = read_beside(self.files.timeline)
        return state.scanned

    def _stamp(self) -> Stamp:
        return self.files.stamp()

    def _settings(self, timeline: Timeline) -> Settings:
        return scan.shaped_as(timeline, self.context.settings)

    def _write_view(self, state: _State, settings: Settings, ready: Ready | None = None) -> tuple[str, ...]:
        """Write the timeline; sentences for people. The caller holds the film's lock. `ready`: what was made before."""
        scanned = self._scanned(state)
        is_ready = ready is not None and ready.of is state
        conclusion = state.conclusion if is_ready else None
        if conclusion is None:
            conclusion = scan.conclude(scanned, state.decisions, settings, self._names())
        timeline = self._store.write(
            self.files, conclusion.timeline, conclusion.scanned,
            ready=None if ready is None or not is_ready else (ready.timeline, ready.text),
            same_tracks=conclusion.scanned.is_same(scanned),
        )  # fmt: skip
        self._state = _State(
            timeline, state.decisions, self._stamp(), conclusion.scanned, timeline, state.earlier, conclusion
        )
        return conclusion.notes

    def _write_view_later(self) -> None:
        self._is_dirty = True
        if self._timer is None:
            self._timer = threading.Timer(VIEW_AFTER_S, self._flush_quietly)
            self._timer.start()  # the process waits for it at its end

    def _flush_quietly(self) -> None:
        """Write the timeline; where that fails the decisions are in the journal all the same, and readers apply it."""
        try:
            self.flush()
        except (PersonaeError, OSError) as error:
            log.warning("The timeline was not written, but what was decided is kept. %s", error)
