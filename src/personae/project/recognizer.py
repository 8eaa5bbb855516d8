"""`CharacterRecognizer`: the specification's service object, over the parts of a project.

One recognizer may be used from several threads and tasks; its async methods run in a worker thread, so the event loop
goes on. Nothing is read or loaded when one is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from personae.cast.cast import Cast
from personae.cast.context import ProjectContext
from personae.cast.edit_log import Edit
from personae.cast.editor import EditReport
from personae.cast.gallery import EnrolledFace, PhotoRecord
from personae.cast.identifier import Identifier
from personae.cast.trainer import TrainingReport
from personae.errors import EmbedderMismatchError, StoreError
from personae.paths import ProjectPaths
from personae.progress import ProgressCallback
from personae.project.completion import complete
from personae.recognition.identification import IdentifiedPicture
from personae.recognition.model import CharacterModel
from personae.recognition.scaler import EmbeddingScaler
from personae.settings import Settings
from personae.types import Match, Picture

if TYPE_CHECKING:
    from personae.faces.analyzer import FaceAnalyzer
    from personae.project.forgetting import ForgetReport


class CharacterRecognizer:
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
        self.context = ProjectContext(
            project, settings=settings, analyzer=analyzer, model_path=model_path, complete=complete
        )
        self.cast = Cast(self.context)
        self._identifier = Identifier(self.context)

    @property
    def project(self) -> ProjectPaths:
        """Where the project's files lie."""
        return self.context.paths

    @property
    def model_path(self) -> Path:
        """The model's file."""
        return self.context.model_path

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.context.settings

    @property
    def analyzer(self) -> FaceAnalyzer:
        """What finds and embeds faces, made at first use."""
        return self.context.analyzer

    # The specification's attributes

    @property
    def face_model(self) -> CharacterModel | None:
        """The trained model, loaded at first use; None where there is none that can be used."""
        try:
            return self._identifier.trained().model
        except (StoreError, EmbedderMismatchError):
            return None

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
        return await asyncio.to_thread(self.cast.train_photos, character_photos, progress_callback=progress_callback)

    def train_folder(
        self, folder: str | Path, *, fresh: bool = False, progress_callback: ProgressCallback | None = None
    ) -> TrainingReport:
        """Synchronise the gallery with a cast folder and train; see `Cast.train`."""
        return self.cast.train(folder, fresh=fresh, progress_callback=progress_callback)

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
        return self._identifier.embeddings(embeddings, face_px=face_px, threshold=threshold)

    def identify_picture(
        self, picture_or_path: str | Path | Picture, *, threshold: float | None = None
    ) -> IdentifiedPicture:
        """Every face of one picture with its name; raises PhotoError where it cannot be read."""
        return self._identifier.picture(picture_or_path, threshold=threshold)

    def identify_pictures(
        self, pictures_or_paths: Iterable[str | Path | Picture], *, threshold: float | None = None
    ) -> Iterator[IdentifiedPicture]:
        """`identify_picture` for any number of pictures in flat memory; one that cannot be read has an `error`."""
        return self._identifier.pictures(pictures_or_paths, threshold=threshold)

    def compare_faces(self, first: ArrayLike, second: ArrayLike) -> float:
        """Cosine of two embeddings (d,), after the model's scaler where there is a model; 1 is the same direction."""
        return self._identifier.compare(first, second)

    def model_card(self) -> dict[str, Any]:
        """Facts about what names the faces, as `identify` writes them beside its results."""
        card = self._identifier.card()
        assert card is not None  # an empty cast is an error here
        return card.as_dict()

    def card(self) -> dict[str, Any]:
        """The trained model's whole card; raises a StoreError where there is no usable model."""
        return self.cast.card()

    def prepare(self) -> None:
        """Load networks and model now; raises what would go wrong at the first picture."""
        self._identifier.trained(self.analyzer.embedder_id)

    def is_outdated(self) -> bool:
        """Whether the gallery has changed since the model was made from it."""
        return self.cast.is_outdated()

    # Edits: see `Cast`

    def add_photos(
        self,
        name: str,
        photos: Iterable[str | Path],
        *,
        look: str | None = None,
        progress_callback: ProgressCallback | None = None,
    ) -> EditReport:
        """Enrol photos (files and folders) as `name`'s, known or new. Raises CastError where none can be used."""
        return self.cast.add(name, photos, look=look, progress_callback=progress_callback)

    def add_names(self, names: Iterable[str]) -> EditReport:
        """Make characters without photos, to be named by. Raises InputError for what can be no name."""
        return self.cast.add_names(names)

    def add_faces(self, name: str, faces: Sequence[tuple[PhotoRecord, EnrolledFace]]) -> EditReport:
        """Enrol faces that are embedded already, such as those that a person named in a film."""
        return self.cast.add_faces(name, faces)

    def is_character(self, name: str) -> bool:
        """Whether the gallery knows a character of that name."""
        return self.cast.is_character(name)

    def remove_character(self, name: str) -> EditReport:
        """Take a character out of the cast. Raises UnknownCharacterError."""
        return self.cast.remove(name)

    def remove_photos(self, photos: Iterable[str | Path]) -> EditReport:
        """Take single photos out. Raises InputError where one is not enrolled."""
        return self.cast.remove_photos(photos)

    def rename_character(self, old: str, new: str) -> EditReport:
        """Give a character another name. Raises UnknownCharacterError, InputError where the name is taken."""
        return self.cast.rename(old, new)

    def merge_characters(self, *names: str, into: str | None = None) -> EditReport:
        """Make several characters one, called `into` (default: the first). Raises UnknownCharacterError."""
        return self.cast.merge(*names, into=into)

    def split_character(self, name: str, photos: Iterable[str | Path], *, into: str) -> EditReport:
        """Give some photos of a character to another, new or known. Raises UnknownCharacterError, InputError."""
        return self.cast.split(name, photos, into=into)

    def reject_photo(self, photo: str | Path, character: str, *, face: int | None = None) -> EditReport:
        """Learn that a face of `photo` is not `character`; see `Cast.reject`."""
        return self.cast.reject(photo, character, face=face)

    def undo(self, steps: int = 1) -> EditReport:
        """Take back the last edits that hold. Raises InputError where there are fewer."""
        return self.cast.undo(steps)

    def edits(self) -> list[Edit]:
        """The log of edits, oldest first."""
        return self.cast.log()

    def forget_character(self, name: str, *, progress_callback: ProgressCallback | None = None) -> ForgetReport:
        """Remove a person from everything in the project, for good, and prove it. The one edit without undo.

        Killed at any moment, it is completed by whoever opens the project next.
        """
        from personae.project.forgetting import forget

        return forget(self.context, name, progress_callback=progress_callback)

    def settle(self) -> None:
        """Complete a forgetting that was broken off; every method does so before it reads or writes the project.

        Raises ProjectBusyError while another process is at it, StoreError.
        """
        self.context.settle()

    def locked(self, purpose: str) -> AbstractContextManager[None]:
        """Be the only writer of a project in which no forgetting is pending; raises ProjectBusyError, StoreError."""
        return self.context.locked(purpose)
