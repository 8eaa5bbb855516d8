"""Decisions about a scanned film: give a face its name, take a wrong one away, say that it is alive or a picture, undo.

And teach them to the gallery.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from personae.cast.gallery import EnrolledFace, PhotoRecord
from personae.errors import EmbedderMismatchError, ModelNotFoundError
from personae.films import journal
from personae.films.film_files import FilmFiles
from personae.films.maker import Maker, NewUnknown
from personae.films.scan import finish
from personae.films.tracks_file import Scanned, read_beside
from personae.paths import DEFAULT_FOLDER, ProjectPaths
from personae.project.recognizer import CharacterRecognizer
from personae.settings import Settings
from personae.timeline import native
from personae.timeline.decisions import Decision
from personae.timeline.timeline import Timeline
from personae.types import Quality

LEARNT_FACES = 5
"""At most so many faces of a film are added for one decision: the best ones."""


def name_person(
    timeline_path: str | Path,
    who: str,
    name: str | NewUnknown | None,
    *,
    author: str = "",
    settings: Settings | None = None,
) -> Timeline:
    """Record that `who` is `name` (None: is not who it says), and build the timeline again.

    `who`: a name or number in the timeline ("Unknown 2"), which is the person wherever they are; or the id of one
    appearance. `name`: a character, an unknown person's number (the two become one), or `NEW_UNKNOWN`, an unknown
    person of their own.
    Raises UnknownCharacterError for a `who` that is not in the timeline, StoreError where `film.tracks` is missing.
    """
    return decide(
        timeline_path, lambda film: film.reject(who) if name is None else film.name(who, name), author, settings
    )


def mark_depicted(
    timeline_path: str | Path, who: str, depicted: bool, *, author: str = "", settings: Settings | None = None
) -> Timeline:
    """Record that `who` is on a picture in the picture (a poster, a screen), or alive; and build the timeline again.

    A picture is in the timeline but in no total. `who`: a name or number in the timeline, or the id of one appearance.
    Whom a person names counts as alive, unless this says that it is a picture. Raises as `name_person`.
    """
    return decide(timeline_path, lambda film: film.mark(who, depicted=depicted), author, settings)


def decide(
    timeline_path: str | Path,
    make: Callable[[Maker], tuple[Decision, ...]],
    author: str = "",
    settings: Settings | None = None,
) -> Timeline:
    """Record what `make` decides about the film, and build the timeline again; raises as `Maker` and `name_person`."""
    files, timeline, scanned = _scanned(timeline_path)
    maker = Maker(timeline, scanned, journal.read(files, timeline.video), author)
    journal.append(files, timeline.video, make(maker))
    return finish(scanned, files, settings_of(timeline, settings))[0]


def _scanned(timeline_path: str | Path) -> tuple[FilmFiles, Timeline, Scanned]:
    settle(timeline_path)
    files = FilmFiles.of(Path(timeline_path))
    return files, native.read(files.timeline), read_beside(files.timeline)


def undo(timeline_path: str | Path, *, settings: Settings | None = None) -> tuple[Timeline, tuple[Decision, ...]]:
    """Take back all that the last command decided; the timeline without it, and what it was (empty: there was none)."""
    files, timeline, scanned = _scanned(timeline_path)
    decisions = journal.read(files, timeline.video)
    last = decisions.last_command()
    journal.append(files, timeline.video, Maker(timeline, scanned, decisions).undo())
    return finish(scanned, files, settings_of(timeline, settings))[0], last


def settings_of(timeline: Timeline, settings: Settings | None) -> Settings:
    """`settings`, with what shaped the timeline kept as it was."""
    kept = ("bridge_s", "min_appearance_s", "pad_s", "min_unknown_s", "scene_gap_s")
    return replace(
        settings or Settings(), **{name: timeline.settings[name] for name in kept if name in timeline.settings}
    )


def settle(timeline_path: str | Path) -> None:
    """Complete a forgetting that was broken off in the project of a film, before the film names the person again.

    Raises ProjectBusyError while another process is at it, StoreError.
    """
    project = ProjectPaths.forgetting_above(timeline_path)
    if project is not None:
        CharacterRecognizer(project.folder).settle()


def project_of(timeline_path: str | Path) -> Path | None:
    """The project that a scanned film belongs to: of `--out OUT --cast`, OUT/personae; of the project's own films, it.

    None where the timeline lies in neither.
    """
    folder = Path(timeline_path).absolute().parent
    for project in (folder / DEFAULT_FOLDER, folder.parent.parent if folder.parent.name == "films" else None):
        if project is not None and ProjectPaths(project).gallery.is_file():
            return project
    return None


def learn(timeline_path: str | Path, name: str, recognizer: CharacterRecognizer) -> int:
    """Add the best faces that a person named `name` in this film to the gallery; how many were added.

    It is an edit of the gallery like `add`: logged, kept by later trainings, and undone by `personae undo`.
    Raises EmbedderMismatchError where the film was scanned with another embedder, ModelNotFoundError where the
    recognizer's project has no gallery.
    """
    files, timeline, scanned = _scanned(timeline_path)
    if not recognizer.project.gallery.is_file():
        raise ModelNotFoundError(
            recognizer.project.gallery, "there is no gallery to add faces to. Say which project is meant: --project"
        )
    embedder, found = recognizer.analyzer.embedder_id, str(scanned.fingerprint["embedder"])
    if embedder != found:
        raise EmbedderMismatchError(embedder, found, where=f"The timeline {files.timeline}")
    named = {
        number
        for one in timeline.appearances
        if one.character == name and one.decided_by == "person"
        for number in one.tracks
    }
    report = recognizer.add_faces(name, _best_faces(scanned, named, name, timeline))
    return len(report.changes)


def _best_faces(
    scanned: Scanned, numbers: set[int], name: str, timeline: Timeline
) -> list[tuple[PhotoRecord, EnrolledFace]]:
    found: list[tuple[float, PhotoRecord, EnrolledFace]] = []
    for number in sorted(numbers):
        record = scanned.watched.records[number - 1]
        for at in np.argsort(-record.weights, kind="stable")[:LEARNT_FACES]:
            weight, pts = float(record.weights[at]), int(record.face_pts[at])
            box = record.boxes[int(np.searchsorted(record.box_pts[:, 0], pts)), :4]
            one = np.ones(1, np.float32)
            quality = Quality(record.face_px[[at]], one, one * 100, one * 0, one * weight, ((),))
            where = f"{timeline.video.path}#t={timeline.video.seconds(pts):.3f}"
            digest = hashlib.sha256(record.embeddings[at].tobytes()).hexdigest()
            photo = PhotoRecord(name, where, sha256=digest).enrolled(faces_found=1)
            nowhere = np.zeros((5, 2), np.float32)
            found.append((weight, photo, EnrolledFace(box, nowhere, 1.0, quality, record.embeddings[at])))
    found.sort(key=lambda item: -item[0])
    return [(photo, face) for _, photo, face in found[:LEARNT_FACES]]
