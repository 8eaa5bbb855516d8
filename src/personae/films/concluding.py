"""Name a film's tracks by the cast's model of this moment, and write what comes out, under the locks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from personae.cast.context import ProjectContext
from personae.cast.trained import Stamp, TrainedModel, stamp_of
from personae.errors import EmbedderMismatchError, ModelNotFoundError
from personae.films import missing_pictures, scan, tracks_file
from personae.films.film_files import FilmFiles
from personae.films.store import MediaStore
from personae.films.tracks_file import Scanned
from personae.hints import command
from personae.media.video import Film
from personae.progress import Progress, ProgressCallback
from personae.timeline import decisions as decided
from personae.timeline.timeline import Timeline
from personae.timeline.watching import Watched


@dataclass(frozen=True, eq=False)
class Pass:
    """What a pass over a film found, and by which networks; `film`, where it is at hand, gives missing pictures.

    `read_from`: where it was not made now but read, the state of its file before that.
    """

    watched: Watched
    fingerprint: dict[str, Any]
    film: Film | None = None
    read_from: Stamp | None = None

    def as_stored(self, tracks: Path) -> Pass:
        """The pass as its file has it now: somebody may have been forgotten in it since it was read."""
        stamp = stamp_of(tracks)
        stored = tracks_file.read_tracks(tracks)
        if stored is None or stored.fingerprint != self.fingerprint:
            return replace(self, read_from=stamp)
        return replace(self, watched=stored.watched_as(self.watched.video), read_from=stamp)


def named_anew(
    context: ProjectContext,
    store: MediaStore,
    files: FilmFiles,
    found: Pass,
    *,
    other: Path | None = None,
    progress: ProgressCallback | None = None,
) -> tuple[Timeline, list[str]]:
    """Name the tracks by the model that counts when they are written; the timeline, and sentences for people.

    Naming takes seconds in which somebody may train or forget: then the tracks are named once more. `other`: a file of
    decisions about another copy of the film. Raises ModelNotFoundError, EmbedderMismatchError, ProjectBusyError,
    WriteError.
    """
    settings = context.settings
    while True:
        watched = found.watched
        trained = trained_for(context, found.fingerprint["embedder"])
        assert trained.model is not None
        if progress is not None:
            progress(Progress("naming", 0, len(watched.records)))
        people = scan.identify_tracks(watched, trained.model, settings)
        if progress is not None:
            progress(Progress("naming", len(watched.records), len(watched.records)))
        facts = scan.facts_of(trained, settings, people.strangers)
        with context.locked("scan"), store.locked(files, "scan"):
            if found.read_from not in (None, stamp_of(files.tracks)):
                found = found.as_stored(files.tracks)
                continue
            if not context.model.is_current(trained):
                continue
            earlier = tracks_file.read_tracks(files.tracks)
            labels = scan.labels_in(watched, people, earlier)
            scanned = Scanned.of(watched, labels, earlier, facts, found.fingerprint)
            decisions = decided.read(files.edits, watched.video)
            if other is not None:
                decisions = decisions.after(decided.read(other, watched.video))
                video = watched.video
                decided.write(replace(decisions, content_id=video.content_id, path=video.path), files.edits)
            conclusion = scan.conclude(scanned, decisions, settings)
            if found.film is not None:
                watched = missing_pictures.completed(watched, conclusion.timeline, found.film)
            timeline = store.write(files, conclusion.timeline, replace(conclusion.scanned, watched=watched))
            return timeline, [*conclusion.notes, *scan.undecided(people, labels)]


def trained_for(context: ProjectContext, embedder: str) -> TrainedModel:
    """The model that names films of that embedder; raises ModelNotFoundError or EmbedderMismatchError without one."""
    context.settle()
    trained = context.model.current(embedder)
    if trained.model is None:
        advice = command("train CAST_FOLDER")
        raise ModelNotFoundError(context.model.path, f"films need a trained model. Train first: {advice}")
    if trained.embedder != embedder:
        raise EmbedderMismatchError(str(trained.embedder), embedder, where=f"The model {context.model.path}")
    return trained
