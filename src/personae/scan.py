"""Films: who is on screen, when, and for how long. The pipeline, and the files it leaves.

timeline = scan_film("film.mp4", CharacterRecognizer(), "out").timeline
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from personae._version import __version__
from personae.errors import EmbedderMismatchError, ForeignFileError, ModelNotFoundError, StoreError, WriteError
from personae.faces import backends
from personae.faces.detector import Detector
from personae.files import write_whole
from personae.media.film import Video
from personae.media.video import Film, open_film
from personae.recognition.model import CharacterModel
from personae.recognition.recognizer import CharacterRecognizer
from personae.settings import Settings
from personae.timeline import edits as decided
from personae.timeline import identity, native, records, setups
from personae.timeline.appearances import Label, build
from personae.timeline.labelling import Earlier, labels_of, tracks_of
from personae.timeline.looking import WEAK_SCORE
from personae.timeline.timeline import BestPicture, Shot, Timeline
from personae.timeline.watching import Watched, watch
from personae.types import Progress, ProgressCallback

FINGERPRINT = 1
"""Version of everything between pictures and tracks; raise it when tracks change."""
RARE_FACES_S = 60.0


@dataclass(frozen=True)
class FilmFiles:
    """Where the results of one film lie. `name`: what the files begin with."""

    folder: Path
    name: str = "film"

    @property
    def timeline(self) -> Path:
        """The native timeline: safe to share."""
        return self.folder / f"{self.name}.timeline.json"

    @property
    def tracks(self) -> Path:
        """Embeddings and pictures of each track: private."""
        return self.folder / f"{self.name}.tracks"

    @property
    def edits(self) -> Path:
        """What a person decided."""
        return self.folder / f"{self.name}.edits.json"

    @property
    def faces(self) -> Path:
        """A picture per appearance."""
        return self.folder / f"{self.name}.faces"

    @property
    def unfinished(self) -> Path:
        """What an interrupted scan has found so far."""
        return self.folder / f".{self.name}.scan"

    @classmethod
    def of(cls, timeline: Path) -> FilmFiles:
        """The files beside a timeline."""
        return cls(timeline.parent, timeline.name.removesuffix(".json").removesuffix(".timeline"))


@dataclass(frozen=True)
class ScanResult:
    """A film's timeline, where it lies, and sentences for people (`notes`); `reused`: the film was not read again."""

    timeline: Timeline
    files: FilmFiles
    notes: tuple[str, ...] = ()
    reused: bool = False


def scan_film(
    film: str | Path | Sequence[str | Path] | Film,
    recognizer: CharacterRecognizer,
    out: str | Path | FilmFiles,
    *,
    edits: Path | None = None,
    fresh: bool = False,
    progress_callback: ProgressCallback | None = None,
) -> ScanResult:
    """Find who is on screen when, and write timeline, tracks and pictures of faces into the folder `out`.

    `film`: a file, several that follow each other, or one that is open. `edits`: decisions made about another copy of
    the film. Scanning again what was scanned with the same networks reads only `film.tracks`, unless `fresh`; a scan
    that was interrupted goes on. Raises FilmError, ModelNotFoundError, EmbedderMismatchError, WriteError.
    """
    model = trained_model(recognizer)
    settings = recognizer.settings
    with film if isinstance(film, Film) else open_film(film, as_one=not isinstance(film, str | Path)) as opened:
        files = out if isinstance(out, FilmFiles) else FilmFiles(Path(out), film_name(opened.video))
        detector = film_detector(recognizer)
        fingerprint = _fingerprint(opened.video, detector, recognizer)
        known = None if fresh else _watched_before(files.tracks, fingerprint, opened.video)
        watched = known or watch(
            opened,
            detector,
            recognizer.analyzer.embedder.embed,
            settings,
            kept_in=files.unfinished,
            fingerprint=fingerprint,
            progress=progress_callback,
        )
    earlier, used = _numbers_before(files.tracks, watched.video)
    labels, used = name_tracks(watched, model, settings, earlier, used)
    facts = {"model": recognizer.model_card(), "settings": _facts_of(settings), "gaps": [*watched.gaps]}
    timeline, notes = finish(watched, labels, used, files, settings, facts, fingerprint, edits)
    shutil.rmtree(files.unfinished, ignore_errors=True)
    if progress_callback is not None:
        progress_callback(Progress("timeline", 1, 1, str(files.timeline)))
    return ScanResult(timeline, files, (*notes, *_doubts(watched)), known is not None)


def name_tracks(
    watched: Watched, model: CharacterModel, settings: Settings, earlier: Earlier | None, unknowns_used: int
) -> tuple[list[Label], int]:
    """The model's opinion: one label per track, and the highest number an unknown person has."""
    second = float(1 / watched.video.time_base)
    evidence = identity.evidence_of(watched.records, model)
    bonus = setups.same_place_bonus(watched.records, watched.look_pts, watched.tiny, second, identity.SAME_PLACE_BONUS)
    people = identity.identify(watched.records, evidence, model, threshold=settings.threshold, bonus=bonus)
    return labels_of(people, watched.records, watched.video, earlier, unknowns_used)


def finish(
    watched: Watched,
    labels: Sequence[Label],
    unknowns_used: int,
    files: FilmFiles,
    settings: Settings,
    facts: dict[str, Any],
    fingerprint: dict[str, Any],
    other_edits: Path | None = None,
) -> tuple[Timeline, list[str]]:
    """Apply what a person decided, build the timeline, and write everything whole: the timeline last."""
    video = watched.video
    tracks = tracks_of(watched.records, [watched.shot_of(record) for record in watched.records])
    edits = decided.read(files.edits, video)
    if other_edits is not None:
        theirs = decided.read(other_edits, video)
        edits = replace(edits, edits=(*theirs.edits, *(e for e in edits.edits if e not in theirs.edits)))
    final, lost, used = decided.apply(edits, tracks, labels, video, unknowns_used)
    notes = [f"An edit no longer finds its face: {e.decision} {e.name} at {e.places[0][0]:.1f} s." for e in lost]
    if other_edits is not None:
        decided.write(replace(edits, content_id=video.content_id, path=video.path), files.edits)
    timeline = build(
        video, watched.shots, tracks, final, settings, model=facts["model"], facts=facts["settings"], gaps=watched.gaps
    )
    timeline = _with_pictures(timeline, watched, files)
    _write_tracks(files.tracks, watched, labels, final, used, facts, fingerprint)
    native.write(timeline, files.timeline)
    return timeline, notes


def relabel(timeline_path: Path, settings: Settings) -> tuple[Timeline, list[str]]:
    """Build a film's timeline again from its tracks and edits: after an edit, or with other settings.

    Raises StoreError where the film's tracks are missing.
    """
    files = FilmFiles.of(timeline_path)
    before = native.read(files.timeline)
    try:
        rows, facts, arrays = records.read(files.tracks)
    except ModelNotFoundError:
        raise StoreError(files.tracks, "is missing, and edits need it. Scan the film again.") from None
    watched = _watched(rows, facts, arrays, before.video)
    labels = [_label(row) for row in facts["labels"]]
    return finish(watched, labels, facts["unknowns_used"], files, settings, facts["facts"], facts["fingerprint"])


def trained_model(recognizer: CharacterRecognizer) -> CharacterModel:
    """The recognizer's model; raises ModelNotFoundError or EmbedderMismatchError where it cannot name a film."""
    recognizer.prepare()
    model = recognizer.face_model
    if model is None:
        raise ModelNotFoundError(
            recognizer.model_path, "films need a trained model. Train first: personae train CAST_FOLDER"
        )
    found = str(recognizer.card()["embedder"]) if recognizer.model_path.is_file() else recognizer.analyzer.embedder_id
    if found != recognizer.analyzer.embedder_id:
        raise EmbedderMismatchError(found, recognizer.analyzer.embedder_id, where=f"The model {recognizer.model_path}")
    return model


def film_detector(recognizer: CharacterRecognizer) -> Detector:
    """The recognizer's detector at a lower threshold: weak detections carry tracks on."""
    settings = recognizer.settings
    weak = replace(settings, min_detection_score=min(WEAK_SCORE, settings.min_detection_score))
    return backends.make_detector(weak)


def film_name(video: Video) -> str:
    """What a film's files are called: its own name without suffix."""
    return Path(video.path).stem or "film"


def _fingerprint(video: Video, detector: Detector, recognizer: CharacterRecognizer) -> dict[str, Any]:
    return {
        "version": FINGERPRINT,
        "content_id": video.content_id,
        "stream": video.stream,
        "time_base": f"{video.time_base}",
        "detector": detector.id,
        "embedder": recognizer.analyzer.embedder_id,
        "look_every_s": recognizer.settings.look_every_s,
    }


def _facts_of(settings: Settings) -> dict[str, Any]:
    """The settings that shape a timeline, as JSON types."""
    names = (
        "far", "threshold", "look_every_s", "bridge_s", "min_appearance_s", "pad_s", "min_unknown_s", "scene_gap_s",
        "detector", "embedder",
    )  # fmt: skip
    return {"personae_version": __version__, **{name: getattr(settings, name) for name in names}}


def _doubts(watched: Watched) -> list[str]:
    """A sentence where a film has next to no faces."""
    length = watched.video.duration_s
    seen = sum(
        float((record.end_pts - record.start_pts) * watched.video.time_base) >= 0.5 for record in watched.records
    )
    notes = [f"{why}: {watched.video.seconds(start):.1f} s to {watched.video.seconds(end):.1f} s could not be read."
             for start, end, why in watched.gaps]  # fmt: skip
    if length >= RARE_FACES_S and seen < length / RARE_FACES_S:
        notes.append(
            f"Only {seen} faces in {length / 60:.0f} minutes: is this animation, or the wrong video stream? "
            "Streams are chosen with --stream."
        )
    return notes


def _with_pictures(timeline: Timeline, watched: Watched, files: FilmFiles) -> Timeline:
    """Write each appearance's best picture and put its name into the timeline."""
    pictures = {(record.best_pts, float(record.best_box[0])): record.picture for record in watched.records}
    appearances = []
    for one in timeline.appearances:
        best = one.best_picture
        content = pictures.get((best.pts, best.box[0])) if best is not None else None
        if best is not None and content is not None and content.size:
            name = f"{best.pts}-{round(best.box[0])}-{round(best.box[1])}.jpg"
            if not (files.faces / name).is_file():
                write_whole(files.faces / name, content.tobytes())
            best = BestPicture(best.pts, best.box, f"{files.faces.name}/{name}")
        appearances.append(replace(one, best_picture=best))
    return replace(timeline, appearances=tuple(appearances))


# film.tracks


def _write_tracks(
    path: Path,
    watched: Watched,
    labels: Sequence[Label],
    final: Sequence[Label],
    unknowns_used: int,
    facts: dict[str, Any],
    fingerprint: dict[str, Any],
) -> None:
    video = watched.video
    everything = {
        "fingerprint": fingerprint,
        "exact": [video.start_pts, video.duration_pts, video.frames, video.variable_rate],
        "shots": [asdict(shot) for shot in watched.shots],
        "gaps": [list(gap) for gap in watched.gaps],
        "detections": watched.detections,
        "labels": [asdict(label) for label in labels],
        "unknown": [label.unknown for label in final],
        "unknowns_used": unknowns_used,
        "facts": facts,
    }
    records.write(path, watched.records, everything, {"look_pts": watched.look_pts, "tiny": watched.tiny})


def _watched(
    rows: Sequence[records.TrackRecord], facts: dict[str, Any], arrays: dict[str, Any], video: Video
) -> Watched:
    start_pts, duration_pts, frames, variable_rate = facts["exact"]
    return Watched(
        replace(video, start_pts=start_pts, duration_pts=duration_pts, frames=frames, variable_rate=variable_rate),
        tuple(Shot(**shot) for shot in facts["shots"]),
        tuple(rows),
        tuple((start, end, why) for start, end, why in facts["gaps"]),
        arrays["look_pts"],
        arrays["tiny"],
        facts["detections"],
    )


def _watched_before(path: Path, fingerprint: dict[str, Any], video: Video) -> Watched | None:
    """What an earlier scan of this film with these networks saw; raises ForeignFileError and TooNewError."""
    try:
        rows, facts, arrays = records.read(path)
    except (ForeignFileError, WriteError):
        raise
    except StoreError:
        return None
    return _watched(rows, facts, arrays, video) if facts["fingerprint"] == fingerprint else None


def _numbers_before(path: Path, video: Video) -> tuple[Earlier | None, int]:
    """Tracks of the earlier scan with the unknown people they were, and the highest number used."""
    try:
        rows, facts, _ = records.read(path)
    except StoreError:
        return None, 0
    if facts["fingerprint"]["content_id"] != video.content_id:
        return None, 0
    return (rows, facts["unknown"]), int(facts["unknowns_used"])


def _label(row: dict[str, Any]) -> Label:
    best = row["best"]
    picture = None if best is None else BestPicture(best["pts"], tuple(best["box"]), best["file"])
    return Label(**{**row, "best": picture})
