"""The trained model as one frozen value, and the slot that always holds the one on disk.

A model, its card and its revision belong together: an answer is made with one of these values and never mixes two. The
slot looks at the file's identity (one `stat`) before every answer, so a training, an edit or a forgetting by another
recognizer or another process is heeded at once.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from personae.cast.edit_log import EditLog
from personae.cast.fallback import NearestFace
from personae.cast.gallery import Gallery
from personae.errors import EmbedderMismatchError, ModelNotFoundError, StoreError
from personae.files import Stamp, stamp_of
from personae.recognition import model_file
from personae.recognition.backgrounds import background_for
from personae.recognition.model import CharacterModel
from personae.recognition.operating_point import MeasuredFar
from personae.settings import Settings
from personae.types import Method

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModelCard:
    """Facts about what names the faces, as results state them.

    `far`, `created`, `head`: None where they are not known (a threshold set by hand, the fallback). `characters`: whom
    it can name; `without_photos`: how many the cast has besides, whom it cannot name before they have a face.
    """

    method: Method
    embedder: str
    personae_version: str
    created: str | None
    far: float | None
    threshold: float
    head: str | None
    characters: tuple[str, ...]
    without_photos: int = 0

    def as_dict(self) -> dict[str, Any]:
        """What names the faces, as JSON types: for results, which who is without photos had no part in."""
        facts = {**asdict(self), "characters": list(self.characters)}
        del facts["without_photos"]
        return facts


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """What names faces: `matcher` with the `facts` of its file; never changed once it is made.

    `matcher` is None for an empty cast: then everybody is unknown. `stamp`: of the files it was read from.
    """

    matcher: CharacterModel | NearestFace | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    stamp: Stamp = ()

    @property
    def model(self) -> CharacterModel | None:
        """The fitted model; None for the fallback and for an empty cast."""
        return self.matcher if isinstance(self.matcher, CharacterModel) else None

    @property
    def embedder(self) -> str | None:
        """Contract id of the embedder that its vectors are of; None for an empty cast."""
        return None if self.matcher is None else str(self.facts["embedder"])

    @property
    def characters(self) -> tuple[str, ...]:
        """The names it can give."""
        return () if self.matcher is None else tuple(str(name) for name in self.matcher.classes_)

    def threshold_at(self, far: float) -> float | None:
        """The cosine from which the share `far` of strangers gets a name; None for an empty cast."""
        if self.matcher is None:
            return None
        measured = self.facts.get("calibration")
        return self.matcher.calibration_.threshold(MeasuredFar(**measured).nominal_for(far) if measured else far)

    def card(self, threshold: float | None) -> ModelCard | None:
        """Facts for results, where a face is decided by `threshold` (None: the model's own); None for an empty cast."""
        if self.matcher is None:
            return None
        fallback = isinstance(self.matcher, NearestFace)
        point = self.facts.get("operating_point", {}) if threshold is None else {}
        return ModelCard(
            "fallback" if fallback else "model",
            str(self.facts["embedder"]),
            str(self.facts.get("personae_version", "")),
            self.facts.get("created"),
            point.get("far"),
            self.matcher.threshold_ if threshold is None else threshold,
            None if fallback else self.facts.get("head", {}).get("text", "prototypes"),
            self.characters,
            len(self.facts.get("without_photos", ())),
        )


EMPTY = TrainedModel()


class ModelSlot:
    """The trained model of one project: read when it is first asked for, and anew whenever the file is another one.

    Safe to use from several threads. `settings` is called when a model is read; `named`: somebody asked
    for this very file.
    """

    def __init__(self, path: Path, gallery: Path, settings: Callable[[], Settings], *, named: bool = False) -> None:
        self.path = path
        self._named = named
        self.gallery = gallery
        self._settings = settings
        self._lock = threading.RLock()
        self._loaded: TrainedModel | None = None

    def current(self, embedder: str | None = None) -> TrainedModel:
        """The model on disk as it is now; the nearest enrolled face where it cannot be used.

        `embedder`: contract id of the vectors to come, where it is known. Raises StoreError or EmbedderMismatchError
        where nothing can name a face; ModelNotFoundError among them means that nobody is enrolled.
        """
        with self._lock:
            loaded = self._loaded
            if loaded is None or loaded.stamp != self._stamp(loaded) or (embedder and loaded.embedder != embedder):
                loaded = self._loaded = self._read(embedder)
            return loaded

    def current_or_empty(self, embedder: str | None = None) -> TrainedModel:
        """The same; `EMPTY` where there is no model because nobody is enrolled, unless its file was `named`."""
        try:
            return self.current(embedder)
        except ModelNotFoundError:
            if self._named:
                raise
            return EMPTY

    def is_current(self, used: TrainedModel) -> bool:
        """Whether `used` is still what is on disk."""
        now = self.current_or_empty(used.embedder)
        return now is used or (now.matcher is None and used.matcher is None)

    def fitted(self, model: CharacterModel, facts: Mapping[str, Any]) -> None:
        """Use a model that has just been written, without reading it again."""
        with self._lock:
            stamp = stamp_of(self.path)
            self._loaded = TrainedModel(model, facts, stamp)

    def drop(self) -> None:
        """Let the model go; the next answer reads it again."""
        with self._lock:
            self._loaded = None

    def _stamp(self, loaded: TrainedModel) -> Stamp:
        if loaded.model is not None:
            return stamp_of(self.path)
        return stamp_of(self.path, self.gallery)

    def _read(self, embedder: str | None) -> TrainedModel:
        stamp = stamp_of(self.path)  # before it is read: what is written in between is seen at the next answer
        problem: StoreError | EmbedderMismatchError
        try:
            model, facts = model_file.load(self.path)
            if embedder is None or facts["embedder"] == embedder:
                model.set_params(strangers=self._settings().strangers)
                return TrainedModel(model, facts, stamp)
            problem = EmbedderMismatchError(facts["embedder"], embedder, where=f"The model {self.path}")
        except StoreError as error:
            problem = error
        return self._fallback(problem, embedder)

    def _fallback(self, problem: StoreError | EmbedderMismatchError, embedder: str | None) -> TrainedModel:
        """Enrolled faces in place of a model, with a warning; raises `problem` where there are none."""
        if not self.gallery.is_file():
            raise problem
        stamp = stamp_of(self.path, self.gallery)
        with Gallery.open(self.gallery, embedder=embedder, read_only=True) as gallery:
            enrolment, found, negatives = gallery.enrolled(), gallery.embedder, EditLog(gallery).negatives()
        if not len(enrolment):
            raise problem
        log.warning(
            "No usable model (%s); faces are compared with the nearest of %d enrolled ones instead. "
            "Train again to rebuild the model.",
            problem,
            len(enrolment),
        )
        settings = self._settings()
        nearest = NearestFace(enrolment, background_for(found, enrolment.embeddings.shape[1]), settings, negatives)
        return TrainedModel(nearest, {"embedder": found, "operating_point": {"far": settings.far}}, stamp)
