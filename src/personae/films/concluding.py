"""Name a film's tracks by the cast's model of this moment, and write what comes out, under the locks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from personae.cast.context import ProjectContext
from personae.cast.trained import TrainedModel
from personae.errors import EmbedderMismatchError, ModelNotFoundError
from personae.films import journal, missing_pictures, scan, tracks_file
from personae.films.film_files import FilmFiles
from personae.films.store import MediaStore
from personae.films.tracks_file import Scanned
from personae.hints import command
from personae.media.video import Film
from personae.progress import Progress, ProgressCallback
from personae.timeline.timeline import Timeline
from personae.timeline.watching import Watched


@dataclass(frozen=True, eq=False)
class Pass:
    """What a pass over a film found, and by which networks; `film`, where it is at hand, gives missing pictures."""

    watched: Watched
    fingerprint: dict[str, Any]
    film: Film | None = None


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
    settings, watched = context.settings, found.watched
    while True:
        trained = trained_for(context, found.fingerprint["embedder"])
        assert trained.model is not None
        if progress is not None:
            progress(Progress("naming", 0, len(watched.records)))
        people = scan.identify_tracks(watched, trained.model, settings)
        if progress is not None:
            progress(Progress("naming", len(watched.records), len(watched.records)))
        facts = scan.facts_of(trained, settings, people.strangers)
        with context.locked("scan"), store.locked(files, "scan"):
            if not context.model.is_current(trained):
                continue
            earlier = tracks_file.read_tracks(files.tracks)
            labels = scan.labels_in(watched, people, earlier)
            scanned = Scanned.of(watched, labels, earlier, facts, found.fingerprint)
            if other is None:
                decisions = journal.read(files, watched.video)
            else:
                decisions = journal.imported(files, watched.video, other, request=uuid4().hex)
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
