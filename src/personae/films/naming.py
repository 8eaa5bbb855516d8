"""Decisions about a scanned film: give a face its name, take a wrong one away, say that it is alive or a picture, undo.

And teach them to the gallery.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from personae.cast.cast import Cast
from personae.cast.gallery import EnrolledFace, PhotoRecord
from personae.errors import EmbedderMismatchError, ModelNotFoundError, UnknownCharacterError
from personae.films import scan
from personae.films.film_files import FilmFiles
from personae.films.store import MediaStore
from personae.films.tracks_file import Scanned, read_beside
from personae.names import valid_name
from personae.paths import DEFAULT_FOLDER, ProjectPaths
from personae.settings import Settings
from personae.timeline import decisions as decided
from personae.timeline import native
from personae.timeline.decisions import UNKNOWN, Decision, DecisionKind
from personae.timeline.timeline import Appearance, Timeline
from personae.types import Quality

LEARNT_FACES = 5
"""At most so many faces of a film are added for one decision: the best ones."""


def name_person(
    timeline_path: str | Path, who: str, name: str | None, *, author: str = "", settings: Settings | None = None
) -> Timeline:
    """Record that `who` is `name` (None: is not who it says), and build the timeline again.

    `who`: a name or number in the timeline ("Unknown 2"), or the id of one appearance. `name`: a character, an unknown
    person's number (the two become one), or "new" for an unknown person of their own.
    Raises UnknownCharacterError for a `who` that is not in the timeline, StoreError where `film.tracks` is missing.
    """
    files, timeline, scanned = _scanned(timeline_path)
    chosen = _chosen(timeline, who, files)
    if name == "new":
        name = f"Unknown {scanned.unknowns_used + 1}"
    elif name is not None:
        name = valid_name(name)
    edit = _edit_of(timeline, chosen, "wrong" if name is None else "name", name or chosen[0].name, author)
    return _decide(edit, files, timeline, scanned, settings)


def mark_depicted(
    timeline_path: str | Path, who: str, depicted: bool, *, author: str = "", settings: Settings | None = None
) -> Timeline:
    """Record that `who` is on a picture in the picture (a poster, a screen), or alive; and build the timeline again.

    A picture is in the timeline but in no total. `who`: a name or number in the timeline, or the id of one appearance.
    Whom a person names counts as alive, unless this says that it is a picture. Raises as `name_person`.
    """
    files, timeline, scanned = _scanned(timeline_path)
    chosen = _chosen(timeline, who, files)
    edit = _edit_of(timeline, chosen, "depicted" if depicted else "alive", chosen[0].name, author)
    return _decide(edit, files, timeline, scanned, settings)


def _scanned(timeline_path: str | Path) -> tuple[FilmFiles, Timeline, Scanned]:
    files = FilmFiles.of(Path(timeline_path))
    return files, native.read(files.timeline), read_beside(files.timeline)


def _chosen(timeline: Timeline, who: str, files: FilmFiles) -> list[Appearance]:
    chosen = [one for one in timeline.appearances if who in (one.name, str(one.id))]
    if not chosen:
        known = ", ".join(dict.fromkeys(one.name for one in timeline.appearances))
        raise UnknownCharacterError(f"Nobody is called {who!r} in {files.timeline}. There are: {known or 'none'}.")
    return chosen


def _edit_of(timeline: Timeline, chosen: list[Appearance], decision: DecisionKind, name: str, author: str) -> Decision:
    numbers = {number for one in chosen for number in one.tracks}
    places = tuple(decided.place_of(track, timeline.video) for track in timeline.tracks if track.id in numbers)
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Decision(decision, name, places, author, now)


def _decide(
    edit: Decision, files: FilmFiles, timeline: Timeline, scanned: Scanned, settings: Settings | None
) -> Timeline:
    edits = decided.read(files.edits, timeline.video)
    edits = replace(edits, edits=(*edits.edits, edit), content_id=timeline.video.content_id, path=timeline.video.path)
    decided.write(edits, files.edits)
    return _written(files, scanned, settings_of(timeline, settings))


def _written(files: FilmFiles, scanned: Scanned, settings: Settings) -> Timeline:
    conclusion = scan.conclude(scanned, decided.read(files.edits, scanned.watched.video), settings)
    project = project_of(files.timeline)
    store = MediaStore(ProjectPaths.at(project if project is not None else files.folder), settings.lock_timeout_s)
    return store.write(files, conclusion.timeline, conclusion.scanned)


def undo(timeline_path: str | Path, *, settings: Settings | None = None) -> tuple[Timeline, Decision | None]:
    """Take back the last decision; the timeline without it, and what it was (None where there was none)."""
    files, timeline, scanned = _scanned(timeline_path)
    edits, last = decided.read(files.edits, timeline.video).undone()
    if last is not None:
        decided.write(edits, files.edits)
    return _written(files, scanned, settings_of(timeline, settings)), last


def settings_of(timeline: Timeline, settings: Settings | None) -> Settings:
    """`settings`, with what shaped the timeline kept as it was."""
    kept = ("bridge_s", "min_appearance_s", "pad_s", "min_unknown_s", "scene_gap_s")
    return replace(
        settings or Settings(), **{name: timeline.settings[name] for name in kept if name in timeline.settings}
    )


def project_of(timeline_path: str | Path) -> Path | None:
    """The project that a scanned film belongs to: of `--out OUT --cast`, OUT/personae; of the project's own films, it.

    None where the timeline lies in neither.
    """
    folder = Path(timeline_path).absolute().parent
    for project in (folder / DEFAULT_FOLDER, folder.parent.parent if folder.parent.name == "films" else None):
        if project is not None and ProjectPaths(project).gallery.is_file():
            return project
    return None


def learn(timeline_path: str | Path, name: str, cast: Cast) -> int:
    """Add the best faces that a person named `name` in this film to the gallery; how many were added.

    It is an edit of the gallery like `add`: logged, kept by later trainings, and undone by `personae undo`.
    Raises EmbedderMismatchError where the film was scanned with another embedder, ModelNotFoundError where the
    project has no gallery.
    """
    files, timeline, scanned = _scanned(timeline_path)
    if not cast.context.paths.gallery.is_file():
        raise ModelNotFoundError(
            cast.context.paths.gallery, "there is no gallery to add faces to. Say which project is meant: --project"
        )
    embedder, found = cast.context.analyzer.embedder_id, str(scanned.fingerprint["embedder"])
    if embedder != found:
        raise EmbedderMismatchError(embedder, found, where=f"The timeline {files.timeline}")
    named = {
        number
        for one in timeline.appearances
        if one.character == name and one.decided_by == "person" and not UNKNOWN.fullmatch(name)
        for number in one.tracks
    }
    report = cast.add_faces(name, _best_faces(scanned, named, name, timeline))
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
