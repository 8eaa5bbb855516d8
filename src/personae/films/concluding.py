"""Name a film's tracks by the cast's model of this moment, and write what comes out, under the locks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from personae.cast.cast import Cast
from personae.cast.context import ProjectContext
from personae.cast.trained import TrainedModel
from personae.commits import Commit
from personae.errors import EmbedderMismatchError, ModelNotFoundError
from personae.files import Stamp, stamp_of
from personae.films import face_sync, journal, missing_pictures, scan, tracks_file
from personae.films.film_files import FilmFiles
from personae.films.store import MediaStore
from personae.films.tracks_file import Scanned
from personae.hints import command, quoted
from personae.media.video import Film
from personae.progress import Progress, ProgressCallback
from personae.timeline.decisions import Decisions
from personae.timeline.grouping import Groups
from personae.timeline.timeline import Timeline
from personae.timeline.watching import Watched


@dataclass(frozen=True, eq=False)
class Pass:
    """What a pass over a film found, and by which networks; `film`, where it is at hand, gives missing pictures.

    `stored`: the film's tracks where they were read from their file, which then had the stamp `stamp`.
    """

    watched: Watched
    fingerprint: dict[str, Any]
    film: Film | None = None
    stored: Scanned | None = None
    stamp: Stamp = ()

    def groups(self) -> Groups:
        """The film's people: as they are stored, else found now, which takes a long film's tracks some seconds."""
        if self.stored is not None and self.stored.groups is not None:
            return self.stored.groups
        return scan.group_tracks(self.watched, self.fingerprint["embedder"])

    def earlier(self, files: FilmFiles) -> Scanned | None:
        """What the film's tracks hold now; read again only where somebody has written them."""
        if self.stored is not None and self.stamp == stamp_of(files.tracks):
            return self.stored
        return tracks_file.read_tracks(files.tracks)

    def is_outdated(self, files: FilmFiles) -> bool:
        """Whether it was read from a file that somebody has written since."""
        return self.stored is not None and bool(self.stamp) and self.stamp != stamp_of(files.tracks)

    def as_stored(self, files: FilmFiles) -> Pass:
        """The pass as its file has it now: somebody may have been forgotten in it since it was read."""
        stamp = stamp_of(files.tracks)
        stored = tracks_file.read_tracks(files.tracks)
        if stored is None or stored.fingerprint != self.fingerprint:
            return replace(self, stored=None)
        watched = stored.watched_as(self.watched.video)
        if self.film is not None:
            watched = missing_pictures.with_crops(watched, files.crops, self.film)
        return replace(self, watched=watched, stored=stored, stamp=stamp)


@dataclass(frozen=True, eq=False)
class Named:
    """A film as it was written: timeline, the decisions in it, the stamp of its files then, sentences for people."""

    timeline: Timeline
    decisions: Decisions
    stamp: Stamp
    notes: tuple[str, ...]


def named_anew(
    context: ProjectContext,
    store: MediaStore,
    files: FilmFiles,
    found: Pass,
    *,
    other: Path | None = None,
    commit: Commit | None = None,
    progress: ProgressCallback | None = None,
) -> Named:
    """Name the tracks by the model that counts when they are written.

    Naming takes seconds in which somebody may train or forget: then the tracks are named once more. `other`: a file of
    decisions about another copy of the film; `commit`: of the job that this is for. Raises ModelNotFoundError,
    EmbedderMismatchError, ProjectBusyError, WriteError, SupersededError.
    """
    settings, watched, groups = context.settings, found.watched, found.groups()
    while True:
        trained = trained_for(context, found.fingerprint["embedder"])
        if progress is not None:
            progress(Progress("naming", 0, len(watched.records)))
        people = scan.identify_tracks(watched, groups, trained.model, settings)
        if progress is not None:
            progress(Progress("naming", len(watched.records), len(watched.records)))
        facts = scan.facts_of(trained, settings, people.strangers)
        with context.locked("scan"), store.locked(files, "scan"):
            if found.is_outdated(files):
                found = found.as_stored(files)
                watched, groups = found.watched, found.groups()
                continue
            if not context.model.is_current(trained):
                continue
            earlier = found.earlier(files)
            names = Cast(context).names_of_today()
            labels = scan.labels_in(watched, people, earlier, names.ids)
            scanned = replace(Scanned.of(watched, labels, earlier, facts, found.fingerprint), groups=groups)
            if other is None:
                decisions = journal.read(files, watched.video)
            else:
                decisions = journal.imported(files, watched.video, other, request=uuid4().hex)
            conclusion = scan.conclude(scanned, decisions, settings, names)
            if found.film is not None:
                watched = missing_pictures.completed(watched, conclusion.timeline, found.film)
            timeline = store.write(files, conclusion.timeline, replace(conclusion.scanned, watched=watched), commit)
            notes = [*conclusion.notes, *scan.undecided(people, labels)]
            if face_sync.waits(files, timeline, watched.records):
                notes.append(
                    f"Changes in {files.faces} are not applied yet: "
                    f"{command(f'name --timeline {quoted(str(files.timeline))} --faces')}"
                )
            return Named(timeline, decisions, files.stamp(), tuple(notes))


def trained_for(context: ProjectContext, embedder: str) -> TrainedModel:
    """The model that names films of that embedder; empty where nobody is enrolled, and everybody is unknown.

    Raises ModelNotFoundError where there are only enrolled faces, EmbedderMismatchError, another StoreError.
    """
    context.settle()
    trained = context.model.current_or_empty(embedder)
    if trained.matcher is not None and trained.model is None:
        advice = command("train CAST_FOLDER")
        raise ModelNotFoundError(context.model.path, f"films need a trained model. Train first: {advice}")
    if trained.embedder not in (embedder, None):
        raise EmbedderMismatchError(str(trained.embedder), embedder, where=f"The model {context.model.path}")
    return trained
