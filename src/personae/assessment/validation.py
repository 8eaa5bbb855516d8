"""Evaluate a cast: its photos are enrolled in a gallery of its own, and every photo is named by a model without it.

Nothing of the project is changed. Photos that its gallery holds already are not embedded again.
"""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from personae.assessment import crossvalidation as cv
from personae.assessment.advice import Advice, advise
from personae.assessment.evaluation import Evaluation, FaceFacts, evaluate
from personae.cast.context import ProjectContext
from personae.cast.edit_log import EditLog, Negative
from personae.cast.enrolment import WantedPhoto, enrol
from personae.cast.folder import read_cast
from personae.cast.gallery import Enrolment, Gallery
from personae.cast.training import fit_enrolment
from personae.errors import CastError, InputError, PersonaeError, PhotoError, reason_of
from personae.faces.analyzer import FaceAnalyzer
from personae.files import read_whole
from personae.media.left_out import LeftOut
from personae.media.photos import find
from personae.paths import ProjectPaths
from personae.progress import Progress, ProgressCallback
from personae.recognition import model_file, operating_point
from personae.settings import Settings
from personae.types import AnalyzedFaces, FloatArray, IntArray, Reason, count_of


@dataclass(frozen=True, eq=False)
class CastFaces:
    """The enrolled photos of a cast: `enrolment` (n), `facts` (n), `groups` (n,) of near-duplicates, `notes`.

    `negatives`: faces that a person rejected.
    """

    enrolment: Enrolment
    facts: tuple[FaceFacts, ...]
    groups: IntArray
    embedder: str
    notes: tuple[str, ...]
    negatives: tuple[Negative, ...] = ()


@dataclass(frozen=True, eq=False)
class PhotoFaces:
    """Every face in some photos: `embeddings` (n, d), `face_px` (n,), `facts` (n); `notes` on photos left out."""

    embeddings: FloatArray
    face_px: FloatArray
    facts: tuple[FaceFacts, ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.facts)


@dataclass(frozen=True)
class EvaluationReport:
    """An evaluation with what it is of: `cast` folder (None: the project's gallery), `unknown` folder, `embedder`."""

    evaluation: Evaluation
    advice: tuple[Advice, ...]
    notes: tuple[str, ...]
    cast: str | None
    unknown: str | None
    embedder: str
    created: str


def evaluate_cast(
    context: ProjectContext,
    cast: str | Path | None = None,
    *,
    folds: int | None = None,
    unknown: str | Path | None = None,
    groups: str | Path | None = None,
    progress_callback: ProgressCallback | None = None,
) -> EvaluationReport:
    """Cross-validate the cast folder `cast`, or what the project has enrolled (None).

    `folds`: how many, None for the rule in `crossvalidation`; `unknown`: a folder of photos of people outside the cast,
    of which every face counts; `groups`: a CSV file with the columns path and group, whose photos stay together.
    A calibration of the project is applied. Raises CastError where no photo can be left out, InputError for arguments
    that cannot be used.
    """
    settings, analyzer = context.settings, context.analyzer
    faces = cast_faces(cast, context.paths, settings, analyzer, groups=groups, progress=progress_callback)
    others = all_faces([Path(unknown)], analyzer, progress_callback) if unknown is not None else no_faces()
    if unknown is not None and not len(others):
        why = "".join(f" {note}" for note in others.notes[:3])
        raise InputError(f"{unknown}: no face in it. Give a folder of photos of people outside the cast.{why}")
    enrolment = faces.enrolment
    asked, corrected = settings, operating_point.read(context.paths.calibration, faces.embedder)
    settings = operating_point.settings_for(asked, corrected)
    count = folds or cv.count_folds(enrolment.characters, faces.groups)
    fold = cv.stratified_folds(enrolment.characters, faces.groups, count, seed=settings.seed)
    tested = cv.cross_validate(enrolment, fold, settings, faces.embedder, progress_callback, negatives=faces.negatives)
    left_out = cv.leave_characters_out(
        enrolment, settings, faces.embedder, negatives=faces.negatives, progress=progress_callback
    )
    model, _ = fit_enrolment(enrolment, settings, faces.embedder, faces.negatives)
    card = model_file.describe(model, embedder=faces.embedder, gallery_revision="")
    point = operating_point.stated(card, model, asked.far, corrected)["operating_point"]
    strangers = cv.outcomes(
        model, others.embeddings, others.face_px, [None] * len(others), np.arange(len(others), dtype=np.int64)
    )
    evaluation = evaluate(
        faces.facts, faces.groups, tested, left_out, others.facts, strangers,
        far=float(point["far"]), threshold=float(np.mean(model.threshold_)), folds=count, quality=enrolment.quality,
    )  # fmt: skip
    return EvaluationReport(
        evaluation,
        advise(evaluation, faces.facts, tested, others.facts, strangers, enrolment.performers),
        (*faces.notes, *others.notes),
        None if cast is None else str(Path(cast).absolute()),
        None if unknown is None else str(Path(unknown).absolute()),
        faces.embedder,
        datetime.now(UTC).isoformat(timespec="seconds"),
    )


def cast_faces(
    cast: str | Path | None,
    project: ProjectPaths,
    settings: Settings,
    analyzer: FaceAnalyzer,
    *,
    groups: str | Path | None = None,
    progress: ProgressCallback | None = None,
) -> CastFaces:
    """The enrolled photos of `cast`, or of the project (None), with groups of near-duplicates."""
    notes: list[str] = []
    if cast is None:
        with Gallery.open(project.gallery, embedder=analyzer.embedder_id, read_only=True) as gallery:
            enrolment, boxes, embedder = gallery.enrolled(), gallery.boxes(), gallery.embedder
            negatives = EditLog(gallery).negatives()
    else:
        folder = read_cast(Path(cast))
        notes += folder.notes
        wanted = [WantedPhoto(photo.character, photo.path, photo.look) for photo in folder.photos]
        with _scratch_gallery(project, analyzer.embedder_id) as gallery:
            enrol(gallery, wanted, analyzer, settings, origin=str(Path(cast).absolute()), progress=progress)
            enrolment, boxes, embedder = gallery.enrolled(), gallery.boxes(), gallery.embedder
            negatives = EditLog(gallery).negatives()
            rejected = [record for record in gallery.photos() if record.status == "rejected"]
        # The project may have enrolled more than this folder; whose a photo is, edits may have changed.
        here = {(os.path.realpath(item.path.parent), item.path.name) for item in wanted}
        enrolment = enrolment[[i for i in range(len(enrolment)) if _key(enrolment, i) in here]]
        rejected = [r for r in rejected if (str(Path(r.path).parent), Path(r.path).name) in here]
        if rejected:
            notes.append(f"{count_of(len(rejected), 'photo')} cannot be enrolled and took no part; train says why.")
        notes += [
            f"{r.path} was left out, as in training: {r.detail}. Test it all the same with --outliers no."
            for r in rejected
            if r.reason is Reason.OUTLIER
        ]
    if not len(enrolment):
        raise CastError("Not one photo could be used, so there is nothing to evaluate. Train to see why.")
    declared, unused = read_groups(Path(groups), enrolment.paths) if groups is not None else (None, 0)
    if unused:
        notes.append(f"{count_of(unused, 'line')} of {groups} name no photo of the cast.")
    facts = tuple(
        FaceFacts(
            enrolment.paths[i],
            enrolment.characters[i],
            _box(boxes[enrolment.photo_ids[i]][0]),
            float(enrolment.face_px[i]),
            boxes[enrolment.photo_ids[i]][1],
        )
        for i in range(len(enrolment))
    )
    found = cv.near_duplicate_groups(enrolment.embeddings, declared)
    return CastFaces(enrolment, facts, found, embedder, tuple(notes), tuple(negatives))


@contextmanager
def _scratch_gallery(project: ProjectPaths, embedder: str) -> Iterator[Gallery]:
    """A gallery that may be written to and vanishes, with what the project's holds if it is of this embedder."""
    with tempfile.TemporaryDirectory(prefix="personae-") as folder:
        path = Path(folder) / "gallery.sqlite"
        usable = False
        if project.gallery.is_file():
            try:
                with Gallery.open(project.gallery, embedder=embedder, read_only=True) as gallery:
                    usable = gallery.embedder == embedder
            except PersonaeError:
                usable = False
        with Gallery.open(path, embedder=embedder) as gallery:
            if usable:
                EditLog(gallery).copy_from(project.gallery, read_only=True)
                gallery.take_over(project.gallery)
            yield gallery


def all_faces(
    paths: Sequence[Path],
    analyzer: FaceAnalyzer,
    progress: ProgressCallback | None = None,
    *,
    whose: str = "strangers",
    counted: tuple[int, int] = (0, 0),
) -> PhotoFaces:
    """Every face in the photos at `paths` (files and folders at any depth), which are photos of `whose`.

    `counted`: photos that progress counted before, and how many more will come after these.
    """
    left_out = LeftOut()
    photos = list(find(paths, left_out))
    embeddings, sizes, facts, notes = [], [], [], left_out.sentences()
    for done, (path, (_, faces)) in enumerate(zip(photos, analyzer.analyze_many(photos), strict=True), 1):
        if isinstance(faces, AnalyzedFaces):
            embeddings.append(faces.embeddings)
            sizes.append(faces.face_px)
            facts += _facts(str(path), faces)
            notes += [f"{path}: {faces.note}"] if faces.note else []
        elif isinstance(faces, PhotoError):
            notes.append(str(faces))
        if progress is not None:
            before, after = counted
            name = f"{whose}: {path.name}"
            progress(Progress("others", before + done, before + len(photos) + after, name))
    if not facts:
        return replace(no_faces(), notes=tuple(notes))
    return PhotoFaces(np.concatenate(embeddings), np.concatenate(sizes), tuple(facts), tuple(notes))


def no_faces() -> PhotoFaces:
    """No faces."""
    return PhotoFaces(np.empty((0, 0), np.float32), np.empty(0, np.float32), ())


def _facts(path: str, faces: AnalyzedFaces) -> list[FaceFacts]:
    return [
        FaceFacts(path, None, _box(faces.boxes_xyxy[i]), float(faces.face_px[i]), float(faces.quality.yaw[i]))
        for i in range(len(faces))
    ]


def read_groups(file: Path, paths: Sequence[str]) -> tuple[list[str | None], int]:
    """The group of each of `paths` by a CSV file with the columns path and group, and how many lines name none of them.

    A path may be absolute, relative to the file, or the end of one (Thor/1.jpg). Raises InputError.
    """
    try:
        text = io.StringIO(read_whole(file).decode("utf-8-sig"), newline="")
        rows = [[cell.strip() for cell in row] for row in csv.reader(text) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file} cannot be read as CSV ({reason_of(error)}). Give lines of: path,group") from None
    if rows and [cell.casefold() for cell in rows[0][:2]] == ["path", "group"]:
        rows = rows[1:]
    if any(len(row) < 2 or not row[0] or not row[1] for row in rows):
        raise InputError(f"{file}: a line without path or group. Give lines of: path,group")
    ends: dict[str, set[int]] = {}
    for i, path in enumerate(paths):
        parts = Path(path).parts
        for start in range(len(parts)):
            ends.setdefault("/".join(parts[start:]), set()).add(i)
    declared: list[str | None] = [None] * len(paths)
    unused = 0
    for name, group, *_ in rows:
        absolute = os.path.normpath(file.parent.absolute() / name)
        found = (
            ends.get("/".join(Path(absolute).parts)) or ends.get("/".join(Path(os.path.normpath(name)).parts)) or set()
        )
        if len(found) > 1:
            raise InputError(f"{file}: {name} could be {len(found)} photos. Write more of its path, as in Thor/1.jpg.")
        for i in found:
            declared[i] = group
        unused += not found
    return declared, unused


def _key(enrolment: Enrolment, i: int) -> tuple[str, str]:
    path = Path(enrolment.paths[i])
    return str(path.parent), path.name


def _box(box: FloatArray) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(value) for value in box)
    return x1, y1, x2, y2
