"""`CharacterRecognizer`: the service object. Trains into a project, loads the model at first use, names faces.

One recognizer may be used from several threads and tasks; its async methods run in a worker thread, so the event loop
goes on. Nothing is read or loaded when one is made.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from personae.cast.edit_log import EditLog, Negative
from personae.cast.fallback import NearestFace
from personae.cast.gallery import Enrolment, Gallery, PhotoRecord, remove_database
from personae.cast.training import fit_enrolment
from personae.errors import (
    CastError,
    EmbedderMismatchError,
    PhotoError,
    StoreError,
)
from personae.files import clear_leftovers
from personae.paths import ProjectPaths
from personae.project.edit_methods import EditMethods
from personae.recognition import model_file, operating_point
from personae.recognition.backgrounds import background_for
from personae.recognition.heads.registry import check_head
from personae.recognition.identification import IdentifiedPicture, identify_together
from personae.recognition.matching import check_embeddings
from personae.recognition.model import CharacterModel
from personae.recognition.prototypes import unit
from personae.recognition.scaler import EmbeddingScaler
from personae.settings import Settings, resolve
from personae.types import AnalyzedFaces, Match, Method, Picture, Progress, ProgressCallback

if TYPE_CHECKING:
    from personae.cast.enrolment import EnrolmentReport, WantedPhoto
    from personae.faces.analyzer import FaceAnalyzer

log = logging.getLogger(__name__)


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


class CharacterRecognizer(EditMethods):
    """Trains on photos and names faces, in one project folder.

    `project`: the folder, default `PERSONAE_PROJECT` or ./personae; `settings`: default environment and the project's
    settings file; `analyzer`: default from the settings; `model_path`: a model file outside the project.
    """

    def __init__(
        self,
        project: str | Path | None = None,
        *,
        settings: Settings | None = None,
        analyzer: FaceAnalyzer | None = None,
        model_path: str | Path | None = None,
    ) -> None:
        self.project = ProjectPaths.at(project)
        self._settings = settings
        self._analyzer = analyzer
        self.model_path = self.project.model if model_path is None else Path(model_path)
        self._lock = threading.RLock()
        self._loaded: CharacterModel | NearestFace | None = None
        self._card: dict[str, Any] = {}

    # The specification's attributes

    @property
    def face_model(self) -> CharacterModel | None:
        """The trained model, loaded at first use; None where there is none that can be used."""
        matcher = self._matcher_or_none()
        return matcher if isinstance(matcher, CharacterModel) else None

    @property
    def embedding_scaler(self) -> EmbeddingScaler | None:
        """The model's scaler."""
        model = self.face_model
        return None if model is None else model.scaler_

    @property
    def character_clusters(self) -> dict[str, NDArray[np.float32]]:
        """Character -> its prototypes (k, d), unit length, in scaled space."""
        model = self.face_model
        if model is None:
            return {}
        groups = model.prototypes_.groups
        return {
            str(name): model.prototypes_.centres[groups == number].astype(np.float32)
            for number, name in enumerate(model.classes_)
        }

    @property
    def model_trained(self) -> bool:
        """Whether there is a trained model that can be used."""
        return self.face_model is not None

    @property
    def training_metrics(self) -> dict[str, Any]:
        """The metrics of the last training; empty where there is no model."""
        model = self.face_model
        return {} if model is None else model.metrics_.as_dict()

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        with self._lock:
            if self._settings is None:
                self._settings = resolve(project=self.project.folder)
            return self._settings

    @property
    def analyzer(self) -> FaceAnalyzer:
        """What finds and embeds faces, made at first use."""
        with self._lock:
            if self._analyzer is None:
                from personae.faces.analyzer import FaceAnalyzer

                self._analyzer = FaceAnalyzer(self.settings)
            return self._analyzer

    # Training

    async def train_character_faces(
        self,
        character_photos: Mapping[str, Sequence[str | Path]],
        progress_callback: ProgressCallback | None = None,
    ) -> TrainingReport:
        """Enrol photos (character -> paths) beside what is enrolled already, and train.

        `progress_callback` is called with a `Progress` from the working thread. Raises CastError where not one photo
        can be used; photos that cannot are in the report.
        """
        from personae.cast.enrolment import WantedPhoto

        for name, paths in character_photos.items():
            if isinstance(paths, str | Path):
                raise CastError(f"The photos of {name} are {str(paths)!r}: give a list of paths.")
        wanted = [WantedPhoto(name, Path(path)) for name, paths in character_photos.items() for path in paths]
        return await asyncio.to_thread(self._train, wanted, None, False, (), progress_callback)

    def train_folder(
        self,
        folder: str | Path,
        *,
        fresh: bool = False,
        progress_callback: ProgressCallback | None = None,
    ) -> TrainingReport:
        """Synchronise the gallery with a cast folder (one sub-folder of photos per character) and train.

        Photos that came from this folder and are gone are taken out; what was enrolled otherwise stays, unless `fresh`.
        """
        from personae.cast.enrolment import WantedPhoto
        from personae.cast.folder import read_cast

        cast = read_cast(Path(folder))
        wanted = [WantedPhoto(photo.character, photo.path, photo.look) for photo in cast.photos]
        origin = str(Path(folder).absolute())
        return self._train(wanted, origin, fresh, cast.notes, progress_callback, cast.performers)

    def _train(
        self,
        wanted: list[WantedPhoto],
        origin: str | None,
        fresh: bool,
        notes: Iterable[str],
        progress: ProgressCallback | None,
        performers: Mapping[str, str] | None = None,
    ) -> TrainingReport:
        from personae.cast.enrolment import enrol

        check_head(self.settings.head)  # before an hour of embedding
        started = time.monotonic()

        def waiting(message: str) -> None:
            log.warning("%s", message)
            if progress is not None:
                progress(Progress("waiting", 0, None, message))

        with self.locked("train", on_wait=waiting):
            remove_database(self.project.fresh_gallery)  # left by a training that was killed
            for place in (self.project.folder, self.project.cache):
                clear_leftovers(place)
            with self._gallery_to_train(fresh) as gallery:
                if performers is not None and performers != gallery.performers:
                    gallery.set_performers(performers)
                report = enrol(gallery, wanted, self.analyzer, self.settings, origin=origin, progress=progress)
                enrolment, records, revision = gallery.enrolled(), gallery.photos(), gallery.digest
                negatives = EditLog(gallery).negatives()
            if not len(enrolment):
                raise _nothing_usable(records, report.notes)
            if fresh:
                with Gallery.open(self.project.gallery, embedder=None) as gallery:
                    gallery.take_over(self.project.fresh_gallery)
                remove_database(self.project.fresh_gallery)
            if progress is not None:
                progress(Progress("model", 0, 1, f"{len(enrolment)} photos"))
            card, left_out = self._make_model(enrolment, negatives, self.analyzer.embedder_id, revision, self.settings)
            if progress is not None:
                progress(Progress("model", 1, 1, str(self.model_path)))
        return self._report(report, records, left_out, card, [*notes], time.monotonic() - started)

    def _make_model(
        self, enrolment: Enrolment, negatives: Sequence[Negative], embedder: str, revision: str, settings: Settings
    ) -> tuple[dict[str, Any], dict[str, int]]:
        """Fit, save and use the model of a gallery; its card, and photos left out by `max_photos`."""
        measured = operating_point.read(self.project.calibration, embedder)
        fitted_to = operating_point.settings_for(settings, measured)
        model, left_out = fit_enrolment(enrolment, fitted_to, embedder, negatives)
        card = model_file.describe(model, embedder=embedder, gallery_revision=revision)
        card = operating_point.stated(card, model, settings.far, measured)
        model_file.save(model, card, self.model_path)
        with self._lock:
            self._loaded, self._card = model, card
        return card, left_out

    def _gallery_to_train(self, fresh: bool) -> Gallery:
        """The project's gallery, or a new one beside it: killed half-way, what was enrolled before is still there."""
        path = self.project.fresh_gallery if fresh else self.project.gallery
        gallery = Gallery.open(path, embedder=self.analyzer.embedder_id)
        if fresh and self.project.gallery.is_file():
            EditLog(gallery).copy_from(self.project.gallery)
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
            str(self.model_path),
            len(enrolled.added),
            len(enrolled.changed),
            tuple(enrolled.removed),
            enrolled.unchanged,
            enrolled.embedded,
            seconds,
            (*notes, *enrolled.notes),
        )

    # Identification

    async def identify_character(self, embedding: ArrayLike) -> Match | None:
        """Who one face is, by its embedding (d,); None for an unknown.

        Raises EmbeddingError for a vector that cannot be compared, ModelNotFoundError where nothing is enrolled.
        """
        return (await asyncio.to_thread(self.identify_embeddings, embedding))[0]

    def identify_embeddings(
        self, embeddings: ArrayLike, *, face_px: ArrayLike | None = None, threshold: float | None = None
    ) -> list[Match | None]:
        """Who each face is, by embeddings (n, d): one matrix product for all of them.

        `face_px` (n,): the faces' sizes in pixels, where they are known; small faces are named far better with it.
        """
        matcher = self._matcher()
        decisions = matcher.decide(embeddings, face_px=face_px, threshold=self._threshold(threshold))
        return [decisions.match(face) for face in range(len(decisions))]

    def identify_picture(
        self, picture_or_path: str | Path | Picture, *, threshold: float | None = None
    ) -> IdentifiedPicture:
        """Every face of one picture with its name; raises PhotoError where it cannot be read."""
        faces = self.analyzer.analyze(picture_or_path)
        return self._identified(picture_or_path, faces, threshold)

    def identify_pictures(
        self, pictures_or_paths: Iterable[str | Path | Picture], *, threshold: float | None = None
    ) -> Iterator[IdentifiedPicture]:
        """`identify_picture` for any number of pictures in flat memory; one that cannot be read has an `error`."""
        self._matcher(self.analyzer.embedder_id)
        for source, faces in self.analyzer.analyze_many(pictures_or_paths):
            if isinstance(faces, PhotoError):
                yield IdentifiedPicture(_name_of(source), None, (), faces.reason)
            else:
                yield self._identified(source, faces, threshold)

    def _identified(
        self, source: str | Path | Picture, faces: AnalyzedFaces, threshold: float | None
    ) -> IdentifiedPicture:
        matcher = self._matcher(faces.embedder)
        decisions = matcher.decide(
            faces.embeddings, face_px=faces.quality.face_px, threshold=self._threshold(threshold)
        )
        return IdentifiedPicture(_name_of(source), faces, tuple(identify_together(decisions)))

    def _threshold(self, given: float | None) -> float | None:
        """The cosine to decide by: given at the call, else by the settings, else (None) the model's own."""
        return self.settings.threshold if given is None else given

    def compare_faces(self, first: ArrayLike, second: ArrayLike) -> float:
        """Cosine of two embeddings (d,), after the model's scaler where there is a model; 1 is the same direction."""
        model = self.face_model
        dimension = np.shape(first)[-1] if model is None else model.n_features_in_
        pair = np.concatenate([check_embeddings(each, dimension) for each in (first, second)])
        a, b = unit(pair if model is None else model.scaler_.transform(unit(pair)))
        return float(a @ b)

    def model_card(self) -> dict[str, Any]:
        """Facts about what names the faces, as `identify` writes them beside its results."""
        matcher = self._matcher()
        fallback = isinstance(matcher, NearestFace)
        method: Method = "fallback" if fallback else "model"
        by_hand = self._threshold(None)
        point = self._card.get("operating_point", {}) if by_hand is None else {}
        return {
            "method": method,
            "embedder": self._card["embedder"],
            "personae_version": self._card.get("personae_version", ""),
            "created": self._card.get("created"),
            "far": point.get("far"),
            "threshold": matcher.threshold_ if by_hand is None else by_hand,
            "head": None if fallback else self._card.get("head", {}).get("text", "prototypes"),
            "characters": [str(name) for name in matcher.classes_],
        }

    def card(self) -> dict[str, Any]:
        """The trained model's whole card; raises a StoreError where there is no usable model."""
        self.settle()
        return model_file.load(self.model_path)[1]

    def prepare(self) -> None:
        """Load networks and model now; raises what would go wrong at the first picture."""
        self._matcher(self.analyzer.embedder_id)

    def is_outdated(self) -> bool:
        """Whether the gallery has changed since the model was made from it."""
        self.settle()
        if not self.project.gallery.is_file():
            return False
        with Gallery.open(self.project.gallery, embedder=None, read_only=True) as gallery:
            return gallery.digest != str(self.card()["gallery_revision"])

    # Loading

    def _forget_loaded(self) -> None:
        with self._lock:
            self._loaded, self._card = None, {}

    def _matcher_or_none(self) -> CharacterModel | NearestFace | None:
        try:
            return self._matcher()
        except (StoreError, EmbedderMismatchError):
            return None

    def _matcher(self, embedder: str | None = None) -> CharacterModel | NearestFace:
        """The model, loaded once; the nearest enrolled face where no model can be used.

        `embedder`: the contract id of the vectors to come, where it is known.
        """
        self.settle()  # before the lock: whoever holds the project's may be waiting for this one
        with self._lock:
            if self._loaded is None or (embedder and self._card["embedder"] != embedder):
                self._loaded, self._card = self._ensure_model_loaded(embedder)
            return self._loaded

    def _ensure_model_loaded(self, embedder: str | None) -> tuple[CharacterModel | NearestFace, dict[str, Any]]:
        problem: StoreError | EmbedderMismatchError
        try:
            model, card = model_file.load(self.model_path)
            if embedder is None or card["embedder"] == embedder:
                model.set_params(strangers=self.settings.strangers)
                return model, card
            problem = EmbedderMismatchError(card["embedder"], embedder, where=f"The model {self.model_path}")
        except StoreError as error:
            problem = error
        return self._fallback(problem, embedder)

    def _fallback(
        self, problem: StoreError | EmbedderMismatchError, embedder: str | None
    ) -> tuple[NearestFace, dict[str, Any]]:
        """Enrolled faces in place of a model, with a warning; raises `problem` where there are none."""
        if not self.project.gallery.is_file():
            raise problem
        with Gallery.open(self.project.gallery, embedder=embedder, read_only=True) as gallery:
            enrolment, found, negatives = gallery.enrolled(), gallery.embedder, EditLog(gallery).negatives()
        if not len(enrolment):
            raise problem
        log.warning(
            "No usable model (%s); faces are compared with the nearest of %d enrolled ones instead. "
            "Train again to rebuild the model.",
            problem,
            len(enrolment),
        )
        background = background_for(found, enrolment.embeddings.shape[1])
        nearest = NearestFace(enrolment, background, self.settings, negatives)
        return nearest, {"embedder": found, "operating_point": {"far": self.settings.far}}


def _nothing_usable(records: Sequence[PhotoRecord], notes: Sequence[str]) -> CastError:
    listed = [f"{record.path}: {record.reason} ({record.detail})" for record in records[:20]]
    more = [f"and {len(records) - 20} more"] if len(records) > 20 else []
    message = "Not one photo could be used, so there is nothing to train on:"
    return CastError(message, (*listed, *more, *notes))


def _name_of(source: str | Path | Picture) -> str:
    return source.source if isinstance(source, Picture) else str(source)
