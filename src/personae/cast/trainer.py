"""Train a cast: bring the gallery in line with photos, fit the model, write it; and fit it anew after an edit."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from personae.cast.context import ProjectContext
from personae.cast.edit_log import EditLog, Negative
from personae.cast.enrolment_plan import lost
from personae.cast.gallery import Enrolment, Gallery, PhotoRecord, remove_database
from personae.cast.training import fit_enrolment
from personae.errors import CastError, StoreError
from personae.files import clear_leftovers
from personae.progress import Progress, ProgressCallback
from personae.recognition import model_file, operating_point
from personae.recognition.heads.registry import check_head
from personae.settings import Settings

if TYPE_CHECKING:
    from personae.cast.enrolment import EnrolmentReport, WantedPhoto

log = logging.getLogger(__name__)
_DEFAULTS = Settings()
_KEPT = ("far", "threshold", "strangers", "max_clusters", "background_weight", "seed", "head")


@dataclass(frozen=True)
class CharacterReport:
    """One character after training: photos used, and (path, reason, detail) of each rejected one."""

    character: str
    used: int
    rejected: tuple[tuple[str, str, str], ...]
    looks: tuple[str, ...] = ()
    not_used: int = 0


@dataclass(frozen=True)
class TrainingReport:
    """What `train` did: per character, what changed in the gallery, the model's card and where it lies."""

    characters: tuple[CharacterReport, ...]
    model: dict[str, Any]
    model_path: str
    added: int
    changed: int
    removed: tuple[tuple[str, str], ...]
    unchanged: int
    faces_embedded: int
    seconds: float
    notes: tuple[str, ...] = field(default=())
    without_photos: tuple[str, ...] = ()
    """Characters of the cast that have no photo enrolled, and so are not in the model."""


class Trainer:
    """Trains the cast of one project."""

    def __init__(self, context: ProjectContext) -> None:
        self.context = context

    def train_folder(
        self,
        folder: str | Path,
        *,
        fresh: bool = False,
        force: bool = False,
        progress: ProgressCallback | None = None,
    ) -> TrainingReport:
        """Synchronise the gallery with a cast folder, and train; see `Cast.train`."""
        from personae.cast.enrolment import WantedPhoto
        from personae.cast.folder import read_cast

        cast = read_cast(Path(folder))
        wanted = [WantedPhoto(photo.character, photo.path, photo.look) for photo in cast.photos]
        origin = str(Path(folder).absolute())
        return self.train(
            wanted, origin, fresh=fresh, force=force, notes=cast.notes, performers=cast.performers, progress=progress
        )

    def train(
        self,
        wanted: list[WantedPhoto],
        origin: str | None,
        *,
        fresh: bool = False,
        force: bool = False,
        notes: Iterable[str] = (),
        performers: Mapping[str, str] | None = None,
        progress: ProgressCallback | None = None,
    ) -> TrainingReport:
        """Enrol `wanted` and train; `origin`: the folder they are all photos of, None: beside what is enrolled."""
        from personae.cast.enrolment import enrol

        context, settings = self.context, self.context.settings
        check_head(settings.head)  # before an hour of embedding
        started = time.monotonic()

        def waiting(message: str) -> None:
            log.warning("%s", message)
            if progress is not None:
                progress(Progress("waiting", 0, None, message))

        with context.locked("train", on_wait=waiting):
            remove_database(context.paths.fresh_gallery)  # left by a training that was killed
            for place in (context.paths.folder, context.paths.cache):
                clear_leftovers(place)
            with self._gallery_to_train(fresh) as gallery:
                if performers is not None and performers != gallery.performers:
                    gallery.set_performers(performers)
                with gallery.unless_refused():
                    report = enrol(
                        gallery, wanted, context.analyzer, settings, origin=origin, force=force, progress=progress
                    )
                    enrolment, records = gallery.enrolled(), gallery.photos()
                    if not len(enrolment):
                        raise _nothing_usable(records, report.notes)
                revision, negatives = gallery.digest, EditLog(gallery).negatives()
                without_photos = _without_photos(gallery)
            if fresh:
                with Gallery.open(context.paths.gallery, embedder=None) as gallery:
                    gallery.take_over(context.paths.fresh_gallery)
                remove_database(context.paths.fresh_gallery)
            if progress is not None:
                progress(Progress("model", 0, 1, f"{len(enrolment)} photos"))
            card, left_out = self._make_model(
                enrolment, negatives, context.analyzer.embedder_id, revision, without_photos, settings
            )
            if progress is not None:
                progress(Progress("model", 1, 1, str(context.model_path)))
        return self._report(report, records, left_out, card, [*notes], time.monotonic() - started)

    def fit_gallery(self, gallery: Gallery, settings: Settings | None = None) -> dict[str, int]:
        """Fit the model to an open gallery, or remove it where nobody is enrolled; photos per character.

        `settings`: to fit with, None for `kept_settings`. The caller holds the project's lock.
        """
        enrolment = gallery.enrolled()
        if not len(enrolment):
            model_file.remove(self.context.model_path)
            self.context.model.drop()
            return {}
        negatives = EditLog(gallery).negatives()
        settings = settings or self.kept_settings()
        card, _ = self._make_model(
            enrolment, negatives, gallery.embedder, gallery.digest, _without_photos(gallery), settings
        )
        return {entry["character"]: entry["photos"] for entry in card["characters"]}

    def fit_if_outdated(self, gallery: Gallery) -> dict[str, int]:
        """`fit_gallery`, unless the model is that of the gallery as it is: a kill may have come before it was made."""
        try:
            card = model_file.load(self.context.model_path)[1]
        except StoreError:
            return self.fit_gallery(gallery)
        if (card["gallery_revision"], card.get("without_photos")) != (gallery.digest, _without_photos(gallery)):
            return self.fit_gallery(gallery)
        return {entry["character"]: entry["photos"] for entry in card["characters"]}

    def kept_settings(self) -> Settings:
        """The settings, where nobody gave one of them as the model was trained: an edit is no reason to change it."""
        return replace(self.context.settings, **self.kept_parameters())

    def kept_parameters(self) -> dict[str, Any]:
        """Those of the model's parameters that `kept_settings` keeps, as JSON types."""
        settings = self.context.settings
        try:
            card = model_file.load(self.context.model_path)[1]
        except StoreError:
            return {}
        point, trained = card["operating_point"], dict(card["parameters"])
        trained |= {"far": point["far"] if point["fitted"] else None, "head": card.get("head", {}).get("asked")}
        return {
            name: trained[name]
            for name in _KEPT
            if trained.get(name) is not None and getattr(settings, name) == getattr(_DEFAULTS, name)
        }

    def _make_model(
        self,
        enrolment: Enrolment,
        negatives: Sequence[Negative],
        embedder: str,
        revision: str,
        without_photos: Sequence[str],
        settings: Settings,
    ) -> tuple[dict[str, Any], dict[str, int]]:
        """Fit, write and use the model of a gallery; its card, and photos left out by `max_photos`."""
        measured = operating_point.read(self.context.paths.calibration, embedder)
        fitted_to = operating_point.settings_for(settings, measured)
        model, left_out = fit_enrolment(enrolment, fitted_to, embedder, negatives)
        card = model_file.describe(model, embedder=embedder, gallery_revision=revision)
        card = operating_point.stated(card, model, settings.far, measured)
        card["without_photos"] = [*without_photos]
        model_file.save(model, card, self.context.model_path)
        self.context.model.fitted(model, card)
        return card, left_out

    def _gallery_to_train(self, fresh: bool) -> Gallery:
        """The project's gallery, or a new one beside it: killed half-way, what was enrolled before is still there."""
        paths = self.context.paths
        gallery = Gallery.open(
            paths.fresh_gallery if fresh else paths.gallery, embedder=self.context.analyzer.embedder_id
        )
        if fresh and paths.gallery.is_file():
            EditLog(gallery).copy_from(paths.gallery)
        return gallery

    def _report(
        self,
        enrolled: EnrolmentReport,
        records: Sequence[PhotoRecord],
        left_out: dict[str, int],
        card: dict[str, Any],
        notes: list[str],
        seconds: float,
    ) -> TrainingReport:
        if enrolled.lost:
            notes.append(lost(character for character, _ in enrolled.lost))
        by_character: dict[str, list[PhotoRecord]] = {}
        for record in records:
            by_character.setdefault(record.character, []).append(record)
        characters: list[CharacterReport] = []
        for name, photos in sorted(by_character.items()):
            used = [photo for photo in photos if photo.status == "enrolled"]
            rejected = tuple(
                (photo.path, str(photo.reason), photo.detail) for photo in photos if photo.status == "rejected"
            )
            if not used:
                notes.append(f"{name} has no usable photo and is not in the model.")
            looks = tuple(sorted({photo.look for photo in used if photo.look is not None}))
            not_used = left_out.get(name, 0)
            characters.append(CharacterReport(name, len(used) - not_used, rejected, looks, not_used))
        return TrainingReport(
            tuple(characters),
            card,
            str(self.context.model_path),
            len(enrolled.added),
            len(enrolled.changed),
            tuple(enrolled.removed),
            enrolled.unchanged,
            enrolled.embedded,
            seconds,
            (*notes, *enrolled.notes),
            tuple(card["without_photos"]),
        )


def _without_photos(gallery: Gallery) -> list[str]:
    """The characters of the cast that have no enrolled photo, by name."""
    return [character.name for character in gallery.characters() if not character.photos]


def _nothing_usable(records: Sequence[PhotoRecord], notes: Sequence[str]) -> CastError:
    listed = [f"{record.path}: {record.reason} ({record.detail})" for record in records[:20]]
    more = [f"and {len(records) - 20} more"] if len(records) > 20 else []
    message = "Not one photo could be used, so there is nothing to train on:"
    return CastError(message, (*listed, *more, *notes), paths=[record.path for record in records])
