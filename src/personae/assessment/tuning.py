"""Tune a project's settings to a cast: search, say what it gains, and save what gains for sure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from personae import settings_file
from personae.assessment.crossvalidation import leave_characters_out
from personae.assessment.intervals import design_effect
from personae.assessment.search import TuningResult, search_space, tune
from personae.assessment.validation import all_faces, cast_faces
from personae.cast.context import ProjectContext
from personae.cast.training import fit_enrolment
from personae.errors import MissingExtraError
from personae.paths import ProjectPaths
from personae.recognition import operating_point
from personae.recognition.heads.registry import check_head
from personae.recognition.operating_point import MeasuredFar
from personae.settings import Settings
from personae.types import ProgressCallback


@dataclass(frozen=True)
class TuningReport:
    """What a tuning found. `far`: asked; `settings_diff`: what `save` changes in settings.toml, empty for nothing.

    `strangers`: how often strangers really get a name, None where that cannot be told (a cast of one, or a threshold
    given by hand).
    """

    result: TuningResult
    strangers: MeasuredFar | None
    far: float
    settings_diff: str
    notes: tuple[str, ...]
    project: ProjectPaths

    @property
    def has_something_to_save(self) -> bool:
        """Whether settings or threshold gain beyond their interval."""
        return bool(self.settings_diff) or (self.strangers is not None and self.strangers.is_clear)

    def save(self) -> tuple[str, ...]:
        """Write what gains beyond its interval into the project; the paths written. Raises SettingError, WriteError."""
        written = []
        if self.settings_diff:
            settings_file.change(self.project.settings, self.result.changes)
            written.append(str(self.project.settings))
        if self.strangers is not None and self.strangers.is_clear:
            operating_point.write(self.strangers, self.project.calibration)
            written.append(str(self.project.calibration))
        return tuple(written)


def tune_cast(
    context: ProjectContext,
    cast: str | Path | None = None,
    *,
    folds: int | None = None,
    unknown: str | Path | None = None,
    groups: str | Path | None = None,
    progress_callback: ProgressCallback | None = None,
) -> TuningReport:
    """Search the settings for the cast folder `cast`, or what the project has enrolled (None). Nothing is saved yet.

    `folds`, `unknown`, `groups`: as in `validation.evaluate_cast`; strangers are those of `unknown`, else the cast's
    own people, left out in turn. Raises CastError where no photo can be left out.
    """
    place, settings, analyzer = context.paths, context.settings, context.analyzer
    faces = cast_faces(cast, place, settings, analyzer, groups=groups, progress=progress_callback)
    result = tune(
        faces.enrolment, faces.groups, settings, faces.embedder,
        folds=folds, negatives=faces.negatives, progress=progress_callback,
    )  # fmt: skip
    chosen = result.chosen if result.is_worth_saving else settings
    strangers = None
    notes = [*faces.notes, *_not_tried(settings)]
    if settings.threshold is None:
        embedder = faces.embedder
        if unknown is not None:
            others = all_faces([Path(unknown)], analyzer, progress_callback)
            notes += others.notes
            if len(others):
                model, _ = fit_enrolment(faces.enrolment, chosen, embedder, faces.negatives)
                strangers = operating_point.measure(
                    model, others.embeddings, others.face_px, settings.far, embedder=embedder,
                    source=str(Path(unknown).absolute()),
                )  # fmt: skip
        else:
            nominal = operating_point.counting_point(len(faces.enrolment), settings.far)
            found = leave_characters_out(
                faces.enrolment, replace(chosen, far=nominal), embedder, negatives=faces.negatives
            )
            if len(found):
                strangers = operating_point.measured(
                    int(found.named.sum()), len(found), nominal, embedder=embedder,
                    source="the cast's own people, each left out in turn",
                    alike=design_effect(found.named, np.array(faces.enrolment.characters)[found.rows]),
                )  # fmt: skip
    diff = settings_file.difference(place.settings, result.changes) if result.is_worth_saving else ""
    return TuningReport(result, strangers, settings.far, diff, tuple(notes), place)


def _not_tried(settings: Settings) -> list[str]:
    """A sentence for heads of the search that cannot be trained here, with what to install."""
    missing: dict[str, list[str]] = {}
    for head in dict(search_space(settings)).get("head", []):
        try:
            check_head(head)
        except MissingExtraError as error:
            missing.setdefault(str(error), []).append(head)
    return [
        f"Not tried: {'the heads' if len(heads) > 1 else 'the head'} {', '.join(heads)}. {why}"
        for why, heads in missing.items()
    ]
