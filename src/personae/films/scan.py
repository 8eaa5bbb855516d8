"""Films: who is on screen, when, and for how long. The pipeline, and the files it leaves.

timeline = scan_film("film.mp4", CharacterRecognizer(), "out").timeline
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from personae._version import __version__
from personae.errors import EmbedderMismatchError, ModelNotFoundError
from personae.faces import backends, multiscale
from personae.faces.detector import Detector
from personae.faces.embedder import Embedder
from personae.faces.yunet import YuNetDetector
from personae.films import film_files, missing_pictures, pictures, tracks_file
from personae.films.film_files import FilmFiles
from personae.hints import command
from personae.media.film import Video
from personae.media.video import Film, open_film
from personae.project.recognizer import CharacterRecognizer
from personae.recognition.model import CharacterModel
from personae.settings import Settings
from personae.timeline import decisions as decided
from personae.timeline import depicted, native, setups
from personae.timeline.appearances import Label, build
from personae.timeline.far_in_film import counted, far_in_film
from personae.timeline.grouping import Groups, group
from personae.timeline.identity import People, identify
from personae.timeline.labelling import labels_of, tracks_of
from personae.timeline.looking import WEAK_SCORE
from personae.timeline.timeline import Timeline
from personae.timeline.watching import Watched, discard, watch
from personae.types import Progress, ProgressCallback, seconds_text

FINGERPRINT = 5
"""Version of everything between pictures and tracks; raise it when tracks change."""
RARE_FACES_S = 60.0
EMBEDDED_AT_ONCE = 4
FEW_GAPS = 3
"""So many spans that could not be read are named one by one."""
PRESETS: dict[str, dict[str, float]] = {
    "exact": {},
    "edit": {"bridge_s": 1.0, "min_appearance_s": 0.5},
    "story": {"bridge_s": 3.0, "min_appearance_s": 1.0, "pad_s": 0.5},
}
"""What happens to appearances: as they are; for cutting; for who is in a scene with whom."""


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
    model, settings = trained_model(recognizer), recognizer.settings
    detector, embedder = film_networks(recognizer)
    with film if isinstance(film, Film) else open_film(film, as_one=not isinstance(film, str | Path)) as opened:
        files = out if isinstance(out, FilmFiles) else FilmFiles(Path(out), film_files.film_name(opened.video))
        files.make_folder()
        fingerprint = _fingerprint(opened.video, detector, embedder, settings)
        earlier = tracks_file.read_tracks(files.tracks)
        reused = earlier is not None and earlier.fingerprint == fingerprint and not fresh
        watched = earlier.watched_as(opened.video) if reused and earlier is not None else watch(
            opened, detector, embedder.embed, settings,
            kept_in=files.unfinished, fingerprint=fingerprint, progress=progress_callback,
        )  # fmt: skip
        if reused:
            watched = missing_pictures.with_crops(watched, files.crops, opened)
        known = earlier.groups if reused and earlier is not None else None
        groups = known if known is not None else group_tracks(watched, embedder.id)
        people = identify(watched.records, groups, model, threshold=settings.threshold)
        labels = labels_in(watched, people, earlier)
        card = recognizer.model_card()
        card["film"] = far_in_film(model, far=card["far"], threshold=settings.threshold, strangers=people.strangers)
        facts = {"model": card, "settings": _facts_of(settings)}
        scanned = replace(tracks_file.Scanned.of(watched, labels, earlier, facts, fingerprint), groups=groups)
        timeline, notes = finish(scanned, files, settings, edits, opened)
    discard(files.unfinished)
    if progress_callback is not None:
        progress_callback(Progress("timeline", 1, 1, str(files.timeline)))
    return ScanResult(timeline, files, (*notes, *_undecided(people, labels), *_doubts(watched)), reused)


def group_tracks(watched: Watched, embedder: str) -> Groups:
    """Which of the film's tracks show one person; `embedder`: the contract id of what made their embeddings."""
    second = float(1 / watched.video.time_base)
    same_place = setups.in_same_place(watched.records, watched.look_pts, watched.tiny, second)
    return group(watched.records, same_place, embedder)


def labels_in(watched: Watched, people: People, earlier: tracks_file.Scanned | None) -> list[Label]:
    """One label per track. Unknown people keep the numbers they had in the `earlier` scan."""
    before = earlier if earlier is not None and earlier.is_of(watched.video) else None
    return labels_of(
        people,
        watched.records,
        watched.video,
        None if before is None else (before.watched.records, before.unknown),
        0 if before is None else before.unknowns_used,
    )


def finish(
    scanned: tracks_file.Scanned,
    files: FilmFiles,
    settings: Settings,
    other_edits: Path | None = None,
    film: Film | None = None,
) -> tuple[Timeline, list[str]]:
    """Apply what a person decided, build the timeline, and write everything whole, the timeline last.

    `film`, where it is open, gives the pictures of faces that none was kept of. Also returns a sentence per edit that
    no longer finds its face.
    """
    watched, video = scanned.watched, scanned.watched.video
    tracks = tracks_of(watched.records, watched.shot_numbers)
    edits = decided.read(files.edits, video)
    if other_edits is not None:
        edits = edits.after(decided.read(other_edits, video))
        decided.write(replace(edits, content_id=video.content_id, path=video.path), files.edits)
    final, lost = decided.apply(edits, tracks, scanned.labels, video, scanned.unknown, scanned.unknowns_used)
    final = depicted.of_one_kind(final, tracks, video)
    card = scanned.facts["model"]
    if "film" in card:
        card = {**card, "film": counted(card["film"], final)}
    timeline = build(
        video, watched.shots, tracks, final, settings,
        seen=[watched.seen(record) for record in watched.records],
        model=card, facts=scanned.facts["settings"], gaps=watched.gaps,
    )  # fmt: skip
    if film is not None:
        watched = missing_pictures.completed(watched, timeline, film)
    timeline = pictures.with_pictures(timeline, watched, files)
    tracks_file.write_tracks(files.tracks, replace(scanned.decided(final), watched=watched))
    native.write(timeline, files.timeline)
    return timeline, [f"An edit no longer finds its face: {e.decision} {e.name}, {e.places[0][0]:.1f} s." for e in lost]


def relabel(timeline_path: Path, settings: Settings) -> Timeline:
    """Build a film's timeline again from its tracks and edits: after an edit, or with other settings.

    Raises StoreError where the film's tracks are missing.
    """
    files = FilmFiles.of(timeline_path)
    return finish(tracks_file.read_beside(timeline_path), files, settings)[0]


def trained_model(recognizer: CharacterRecognizer) -> CharacterModel:
    """The recognizer's model; raises ModelNotFoundError or EmbedderMismatchError where it cannot name a film."""
    recognizer.prepare()
    model = recognizer.face_model
    if model is None:
        raise ModelNotFoundError(
            recognizer.model_path, f"films need a trained model. Train first: {command('train CAST_FOLDER')}"
        )
    found = str(recognizer.card()["embedder"]) if recognizer.model_path.is_file() else recognizer.analyzer.embedder_id
    if found != recognizer.analyzer.embedder_id:
        raise EmbedderMismatchError(found, recognizer.analyzer.embedder_id, where=f"The model {recognizer.model_path}")
    return model


_opened: WeakKeyDictionary[CharacterRecognizer, tuple[Settings, Detector, Embedder]] = WeakKeyDictionary()


def film_networks(recognizer: CharacterRecognizer) -> tuple[Detector, Embedder]:
    """The recognizer's networks for films: weak detections count too, for they carry tracks on.

    One thread each: several pictures are searched side by side, which wastes less than sharing one between threads.
    They stay open for the recognizer's next film.
    """
    settings = recognizer.settings
    known = _opened.get(recognizer)
    if known is not None and known[0] == settings:
        return known[1:]
    threads = 1 if settings.threads is None else settings.threads
    weak = min(WEAK_SCORE, settings.min_detection_score)
    detector = backends.make_detector(replace(settings, min_detection_score=weak, threads=threads))
    if isinstance(detector, YuNetDetector):
        detector.care = multiscale.BRISK
    # A few crops at once: several threads embed, and more crops take more memory and no less time.
    few = min(settings.batch_size, EMBEDDED_AT_ONCE)
    embedder = backends.make_embedder(replace(settings, threads=threads, batch_size=few))
    # A recognizer may have been given an embedder that settings cannot name.
    same = embedder.id == recognizer.analyzer.embedder_id
    embedder = embedder if same else recognizer.analyzer.embedder
    _opened[recognizer] = (settings, detector, embedder)
    return detector, embedder


def _fingerprint(video: Video, detector: Detector, embedder: Embedder, settings: Settings) -> dict[str, Any]:
    return {
        "version": FINGERPRINT,
        "content_id": video.content_id,
        "stream": video.stream,
        "time_base": f"{video.time_base}",
        "detector": detector.id,
        "embedder": embedder.id,
        "look_every_s": settings.look_every_s,
    }


def _facts_of(settings: Settings) -> dict[str, Any]:
    """The settings that shape a timeline, as JSON types."""
    names = (
        "far", "threshold", "look_every_s", "bridge_s", "min_appearance_s", "pad_s", "min_unknown_s", "scene_gap_s",
        "detector", "embedder",
    )  # fmt: skip
    return {"personae_version": __version__, **{name: getattr(settings, name) for name in names}}


def _undecided(people: People, labels: Sequence[Label]) -> list[str]:
    """A sentence per unknown person who is one of two characters."""
    either = {
        label.unknown: people.either[person]
        for person, label in zip(people.person.tolist(), labels, strict=True)
        if person >= 0 and label.unknown is not None and people.either[person]
    }
    return [f"{who} is {' or '.join(names)}: they are not told apart by their faces." for who, names in either.items()]


def _doubts(watched: Watched) -> list[str]:
    """A sentence where a film has next to no faces."""
    length = watched.video.duration_s
    seen = sum(
        float((record.end_pts - record.start_pts) * watched.video.time_base) >= 0.5 for record in watched.records
    )
    notes = unread(watched)
    if length >= RARE_FACES_S and seen < length / RARE_FACES_S:
        notes.append(
            f"Only {seen} faces in {length / 60:.0f} minutes: is this animation, or the wrong video stream? "
            "Streams are chosen with --stream."
        )
    return notes


def unread(film: Watched | Timeline) -> list[str]:
    """A sentence per span that could not be read; one for all of a kind where they are many."""
    video, notes = film.video, []
    for why in dict.fromkeys(gap[2] for gap in film.gaps):
        found = [(video.seconds(start), video.seconds(end)) for start, end, reason in film.gaps if reason == why]
        if len(found) <= FEW_GAPS:
            for start, end in found:
                digits = 2 if end - start < 0.1 else 1  # a single picture too has a beginning and an end
                notes.append(f"{why}: {start:.{digits}f} s to {end:.{digits}f} s could not be read.")
        else:
            lost = sum(end - start for start, end in found)
            notes.append(
                f"{why}: {len(found)} places between {found[0][0]:.1f} s and {found[-1][1]:.1f} s, "
                f"{seconds_text(lost)} in all, could not be read. The timeline lists them."
            )
    return notes
