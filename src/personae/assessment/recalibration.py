"""Move a trained model's operating point, with strangers' photos where there are some. Nothing is trained anew."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from personae import settings_file
from personae.assessment.crossvalidation import Outcomes, outcomes
from personae.assessment.intervals import Share, share
from personae.assessment.validation import PhotoFaces, all_faces
from personae.cast.context import ProjectContext
from personae.cast.enrolment import NEAR_DUPLICATE
from personae.cast.gallery import Gallery
from personae.errors import CastError, EmbedderMismatchError, InputError, SettingError
from personae.faces.analyzer import FaceAnalyzer
from personae.leading_out import leads_out
from personae.media.left_out import LeftOut
from personae.media.photos import find
from personae.names import readable
from personae.paths import ProjectPaths
from personae.progress import ProgressCallback
from personae.recognition import model_file, operating_point
from personae.recognition.model import CharacterModel
from personae.recognition.operating_point import MeasuredFar
from personae.settings import TABLE
from personae.types import FloatArray, count_of

_FAR = next(setting for setting in TABLE if setting.name == "far")


@dataclass(frozen=True)
class CalibrationReport:
    """What `calibrate` did. `threshold_before`, `threshold`: cosines; `far`: asked; `measured`: None where nothing was.

    `strangers`: of the strangers' faces given, those named now (None: none given); `right`, `wrong`: the same of the
    cast's photos; `folders`: what each folder was taken for; `settings_diff`: the change to settings.toml.
    """

    far: float
    threshold_before: float
    threshold: float
    measured: MeasuredFar | None
    strangers: Share | None
    right: Share | None
    wrong: Share | None
    folders: tuple[tuple[str, str], ...]
    settings_diff: str
    notes: tuple[str, ...]


def calibrate(
    context: ProjectContext,
    validation: str | Path | None = None,
    *,
    far: float | None = None,
    undo: bool = False,
    dry: bool = False,
    progress_callback: ProgressCallback | None = None,
) -> CalibrationReport:
    """Set the project's model to the false-accept rate `far` (None: that of the settings).

    `validation`: a folder of photos. Its sub-folders named like characters hold photos of them; everything else is
    strangers'. How often strangers are named is then measured, kept in the project and used by every later training;
    `undo` forgets it; `dry`: nothing is written, and the report says what would be. A `far` given is written into the
    project's settings. Raises StoreError without a model, InputError for a folder without a stranger, SettingError
    where a threshold is set by hand.
    """
    place, settings = context.paths, context.settings
    if settings.threshold is not None:
        raise SettingError("A threshold is set by hand, and nothing can be fitted. Take it out of the settings first.")
    context.settle()
    asked = settings.far if far is None else float(_FAR.parse(far))
    changes = {} if far is None else {"far": asked}
    settings = replace(settings, far=asked)
    model, card = model_file.load(place.model)
    embedder = str(card["embedder"])
    before = float(np.mean(model.threshold_))
    folders: tuple[tuple[str, str], ...] = ()
    notes: list[str] = []
    strangers: PhotoFaces | None = None
    genuine: PhotoFaces | None = None
    found: MeasuredFar | None
    truth: list[str | None] = []
    if validation is not None:
        analyzer = context.analyzer
        if analyzer.embedder_id != embedder:
            raise EmbedderMismatchError(embedder, analyzer.embedder_id, where=f"The model {place.model}")
        of_character, other, folders = sort_folder(Path(validation), [str(name) for name in model.classes_])
        counts = [sum(1 for _ in find(paths, LeftOut())) for paths in (other, list(of_character.values()))]
        strangers = all_faces(other, analyzer, progress_callback, counted=(0, counts[1]))
        notes += strangers.notes
        if not len(strangers):
            why = "".join(f" {note}" for note in strangers.notes[:3])
            raise InputError(f"{validation}: no face of a stranger in it. Give photos of people outside the cast.{why}")
        genuine, truth, more = _genuine(of_character, analyzer, place, progress_callback, counts[0])
        notes += more
        found = operating_point.measure(
            model, strangers.embeddings, strangers.face_px, settings.far, embedder=embedder,
            source=str(Path(validation).absolute()),
        )  # fmt: skip
    else:
        found = None if undo else operating_point.read(place.calibration, embedder)
    diff = settings_file.difference(place.settings, changes) if changes else ""
    model.recalibrate(operating_point.settings_for(settings, found).far)
    if not dry:
        with context.locked("calibrate"):
            if undo:
                place.calibration.unlink(missing_ok=True)
            elif found is not None and validation is not None:
                operating_point.write(found, place.calibration)
            if diff:
                settings_file.change(place.settings, changes)
            model_file.save(model, _card(model, card, settings.far, found), place.model)
    named = _outcomes(model, strangers, [None] * len(strangers)) if strangers is not None else None
    own = _outcomes(model, genuine, truth) if genuine is not None and len(genuine) else None
    return CalibrationReport(
        settings.far,
        before,
        float(np.mean(model.threshold_)),
        found,
        None if named is None else share(named.named),
        None if own is None else share(own.right, own.truth),
        None if own is None else share(own.wrong, own.truth),
        folders,
        diff,
        tuple(notes),
    )


def sort_folder(folder: Path, characters: list[str]) -> tuple[dict[str, Path], list[Path], tuple[tuple[str, str], ...]]:
    """(character -> its sub-folder, everything else, (sub-folder, what it was taken for)); raises CastError."""
    try:
        entries = sorted(entry for entry in folder.absolute().iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise CastError(f"{folder}: cannot be read ({error.strerror}). Give a folder of photos.") from None
    known = {_key(name): name for name in characters}
    own: dict[str, Path] = {}
    other: list[Path] = []
    folders: list[tuple[str, str]] = []
    for entry in (one for one in entries if not leads_out(one)):
        name = known.get(_key(entry.name)) if os.path.isdir(entry) else None  # noqa: PTH112 - never raises
        if name is None or name in own:
            other.append(entry)
        else:
            own[name] = entry
        if os.path.isdir(entry):  # noqa: PTH112
            folders.append((entry.name, "strangers" if name is None else name))
    return own, other, tuple(folders)


def _key(name: str) -> str:
    composed = unicodedata.normalize("NFC", readable(name))
    return " ".join(composed.split()).casefold()


def _genuine(
    folders: dict[str, Path],
    analyzer: FaceAnalyzer,
    project: ProjectPaths,
    progress: ProgressCallback | None,
    counted: int,
) -> tuple[PhotoFaces | None, list[str | None], list[str]]:
    """Photos with one face, that are not enrolled: the model would only recognise what it has learned.

    `counted`: photos that progress counted before.
    """
    enrolled = _enrolled_as(set(folders), project)
    parts: list[PhotoFaces] = []
    truth: list[str | None] = []
    notes: list[str] = []
    several = known = 0
    to_come = {name: sum(1 for _ in find([folder], LeftOut())) for name, folder in folders.items()}
    for name, folder in folders.items():
        own = to_come.pop(name)
        faces = all_faces([folder], analyzer, progress, whose=name, counted=(counted, sum(to_come.values())))
        counted += own
        notes += faces.notes
        photos = Counter(fact.path for fact in faces.facts)
        alone = [i for i, fact in enumerate(faces.facts) if photos[fact.path] == 1]
        seen = [_is_near(faces.embeddings[i], enrolled[name]) for i in alone]
        keep = [i for i, is_known in zip(alone, seen, strict=True) if not is_known]
        several += len(faces) - len(alone)
        known += len(alone) - len(keep)
        if keep:
            facts = tuple(faces.facts[i] for i in keep)
            parts.append(PhotoFaces(faces.embeddings[keep], faces.face_px[keep], facts))
            truth += [name] * len(keep)
    if several:
        notes.append(f"{count_of(several, 'face')} in characters' photos with several faces took no part.")
    if known:
        notes.append(f"{count_of(known, 'photo')} enrolled already took no part.")
    if not parts:
        return None, [], notes
    joined = PhotoFaces(
        np.concatenate([part.embeddings for part in parts]),
        np.concatenate([part.face_px for part in parts]),
        tuple(fact for part in parts for fact in part.facts),
    )
    return joined, truth, notes


def _enrolled_as(names: Collection[str], project: ProjectPaths) -> dict[str, FloatArray]:
    """Character -> embeddings (n, d) of its enrolled photos."""
    if not project.gallery.is_file():
        return {name: np.empty((0, 0), np.float32) for name in names}
    with Gallery.open(project.gallery, embedder=None, read_only=True) as gallery:
        everything = gallery.enrolled()
    characters = np.array(everything.characters)
    return {name: everything.embeddings[characters == name] for name in names}


def _is_near(embedding: FloatArray, others: FloatArray) -> bool:
    return len(others) > 0 and bool((others @ embedding).max() >= NEAR_DUPLICATE)


def _outcomes(model: CharacterModel, faces: PhotoFaces, truth: list[str | None]) -> Outcomes:
    return outcomes(model, faces.embeddings, faces.face_px, truth, np.arange(len(faces), dtype=np.int64))


def _card(model: CharacterModel, old: dict[str, Any], far: float, found: MeasuredFar | None) -> dict[str, Any]:
    """The old card with a new operating point; when and from what it was trained stays."""
    new = model_file.describe(model, embedder=str(old["embedder"]), gallery_revision=str(old["gallery_revision"]))
    kept = {name: old[name] for name in ("personae_version", "created", "gallery_revision")}
    return operating_point.stated({**old, **new, **kept}, model, far, found)
