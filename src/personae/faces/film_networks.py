"""The networks as films want them: opened once and kept for the next film."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from personae.faces import backends
from personae.faces.analyzer import FaceAnalyzer
from personae.faces.detector import Detector
from personae.faces.embedder import Embedder
from personae.settings import Settings

WEAK_SCORE = 0.4
"""Detections from this score on carry on what a sure one began."""
EMBEDDED_AT_ONCE = 4


@dataclass(frozen=True)
class FilmNetworks:
    """A detector that also finds weak faces and spends little on each, for a face is seen many times; an embedder.

    They work in one thread each, for several pictures are searched side by side: that wastes less than sharing one
    picture between threads. How many is `settings.threads`, the budget of all work (see `timeline.watching`).
    """

    detector: Detector
    embedder: Embedder

    @classmethod
    def of(cls, settings: Settings, analyzer: FaceAnalyzer) -> Self:
        """The networks that `settings` name; the embedder of `analyzer` where settings cannot name it."""
        weak = min(WEAK_SCORE, settings.min_detection_score)
        detector = backends.make_detector(replace(settings, min_detection_score=weak, threads=1)).for_films()
        # A few crops at once: several threads embed, and more crops take more memory and no less time.
        few = min(settings.batch_size, EMBEDDED_AT_ONCE)
        embedder = backends.make_embedder(replace(settings, threads=1, batch_size=few))
        return cls(detector, embedder if embedder.id == analyzer.embedder_id else analyzer.embedder)
