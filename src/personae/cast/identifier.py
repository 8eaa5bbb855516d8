"""Name the faces of pictures by the cast's trained model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from personae.cast.context import ProjectContext
from personae.cast.trained import ModelCard, TrainedModel
from personae.errors import InputError, PhotoError
from personae.recognition.identification import IdentifiedPicture, Identity, identify_together
from personae.recognition.matching import check_embeddings
from personae.recognition.prototypes import unit
from personae.types import AnalyzedFaces, Match

if TYPE_CHECKING:  # the libraries beneath take longer to load than most commands need
    from personae.faces.analyzer import Source


class Identifier:
    """Names faces. Each answer is made with one trained model: the one on disk when the picture was looked at.

    `empty_cast`: where nobody is enrolled, everybody is unknown; otherwise ModelNotFoundError is raised.
    """

    def __init__(self, context: ProjectContext, *, empty_cast: bool = False) -> None:
        self.context = context
        self._empty_cast = empty_cast

    def trained(self, embedder: str | None = None) -> TrainedModel:
        """What names faces now; raises StoreError or EmbedderMismatchError."""
        self.context.settle()  # before the slot's lock: whoever holds the project's may be waiting for that one
        slot = self.context.model
        return slot.current_or_empty(embedder) if self._empty_cast else slot.current(embedder)

    def embeddings(
        self, embeddings: ArrayLike, *, face_px: ArrayLike | None = None, threshold: float | None = None
    ) -> list[Match | None]:
        """Who each face is, by embeddings (n, d) or (d,); `face_px` (n,): the faces' sizes in pixels."""
        matcher = self.trained().matcher
        if matcher is None:
            return [None] * len(np.atleast_2d(np.asarray(embeddings)))
        found = matcher.decide(embeddings, face_px=face_px, threshold=self._threshold(threshold))
        return [found.match(face) for face in range(len(found))]

    def picture(self, source: Source, *, threshold: float | None = None) -> IdentifiedPicture:
        """Every face of one picture with its name; raises PhotoError where it cannot be read."""
        return self._identified(source, self.context.analyzer.analyze(source), threshold)

    def pictures(self, sources: Iterable[Source], *, threshold: float | None = None) -> Iterator[IdentifiedPicture]:
        """`picture` for any number of pictures in flat memory; one that cannot be read has an `error`."""
        if isinstance(sources, str | bytes):
            raise InputError(f"{sources!r:.60} is one picture: give a list of pictures.")
        self.trained(self.context.analyzer.embedder_id)
        for source, faces in self.context.analyzer.analyze_many(sources):
            if isinstance(faces, PhotoError):
                yield IdentifiedPicture(_name_of(source), None, (), faces.reason)
            else:
                yield self._identified(source, faces, threshold)

    def compare(self, first: ArrayLike, second: ArrayLike) -> float:
        """Cosine of two embeddings (d,), after the model's scaler where there is a model."""
        model = self.context.model.current_or_empty().model
        dimension = np.shape(first)[-1] if model is None else model.n_features_in_
        pair = np.concatenate([check_embeddings(each, dimension) for each in (first, second)])
        a, b = unit(pair if model is None else model.scaler_.transform(unit(pair)))
        return float(a @ b)

    def card(self) -> ModelCard | None:
        """Facts about what names the faces; None for an empty cast."""
        return self.trained().card(self._threshold(None))

    def _identified(self, source: Source, faces: AnalyzedFaces, threshold: float | None) -> IdentifiedPicture:
        matcher = self.trained(faces.embedder).matcher
        if matcher is None:
            unknown = Identity(None, (), "model")
            return IdentifiedPicture(_name_of(source), faces, (unknown,) * len(faces))
        found = matcher.decide(faces.embeddings, face_px=faces.quality.face_px, threshold=self._threshold(threshold))
        return IdentifiedPicture(_name_of(source), faces, tuple(identify_together(found)))

    def _threshold(self, given: float | None) -> float | None:
        """The cosine to decide by: given at the call, else by the settings, else (None) the model's own."""
        return self.context.settings.threshold if given is None else given


def _name_of(source: Source) -> str:
    from personae.faces.analyzer import name_of

    return name_of(source)
