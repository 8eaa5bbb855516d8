"""The chain from picture to named vectors: load, detect, align, assess, embed; one picture or a stream of them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any

import numpy as np

from personae.errors import NO_MEMORY, EmbeddingError, PersonaeError, PhotoError, is_out_of_memory, reason_of
from personae.faces import align, backends, quality
from personae.faces.copies import small_copies
from personae.faces.detector import Detector
from personae.faces.embedder import Embedder, mean_direction
from personae.faces.face_pictures import face_picture
from personae.media import photos
from personae.settings import Settings
from personae.types import (
    COPIES_PX,
    SMALL_PX,
    AnalyzedFaces,
    Faces,
    FloatArray,
    IntArray,
    Picture,
    PixelArray,
    Quality,
)

Source = photos.Photo | Picture | PixelArray
"""A path, a photo's content, an open file that can be sought, or pixels: decoded, or (h, w, 3) uint8 RGB."""

LOOKING_THREADS = 2
"""Pictures decoded and searched at once by `analyze_many`. The networks use every core by themselves; the second thread
is there so that one picture is decoded (one core) while another is searched. More only take memory."""


@dataclass(frozen=True, eq=False)
class _Looked:
    """A picture after detection, its pixels let go; only the crops are still needed."""

    faces: Faces
    crops: PixelArray
    quality: Quality
    size_wh: tuple[int, int]
    note: str
    small: IntArray
    """(m,) faces that `mirrored` (m, 112, 112, 3) shows."""
    mirrored: PixelArray
    copied: IntArray | None
    """(u,) faces that `copies` (u * 2k, 112, 112, 3) shows, each small and each then mirrored; None: not asked for."""
    copies: PixelArray
    pictures: tuple[bytes | None, ...] | None

    @property
    def every(self) -> PixelArray:
        """All crops to embed: the faces, their mirror images, their copies."""
        return np.concatenate([self.crops, self.mirrored, self.copies])


class FaceAnalyzer:
    """Finds the faces of pictures and embeds them. Nothing is loaded before the first use; safe in several threads.

    Detector and embedder come from `settings` (by name or path) unless given as objects.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        detector: Detector | None = None,
        embedder: Embedder | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self._detector = detector
        self._embedder = embedder
        self._lock = threading.Lock()

    @property
    def detector(self) -> Detector:
        """The detector, made at the first use."""
        with self._lock:
            if self._detector is None:
                self._detector = backends.make_detector(self.settings)
            return self._detector

    @property
    def embedder(self) -> Embedder:
        """The embedder, made at the first use."""
        with self._lock:
            if self._embedder is None:
                self._embedder = backends.make_embedder(self.settings)
            return self._embedder

    @property
    def embedder_id(self) -> str:
        """Contract id of the embedder; vectors with different ids are never compared."""
        return self.embedder.id

    def analyze(self, picture_or_path: Source, *, copies: bool = False) -> AnalyzedFaces:
        """Every face of one picture with its embedding; maybe none. From left to right, and from the top down.

        A small face's embedding is the mean with its mirror image's, which takes a tenth off the misses there.
        `copies`: for enrolment: also embed small copies of the faces that can be enrolled (six more embeddings each),
        and keep a small picture of each.

        Of a file that is cut short what is there is looked at, and `note` says so.
        Raises PhotoError for a picture that cannot be read, or in which a library fails, WeightsError and
        MissingExtraError from the networks.
        """
        with _one_photo(picture_or_path):
            seen = self._look(picture_or_path, copies)
            return self._analyzed(seen, self.embedder.embed(seen.every))

    def analyze_many(
        self, pictures_or_paths: Iterable[Source], *, copies: bool = False
    ) -> Iterator[tuple[Source, AnalyzedFaces | PhotoError]]:
        """`(what was given, its faces)` for each, in the order given; a PhotoError takes the place of the faces.

        Faces of several pictures are embedded together, up to `batch_size` crops, while the next pictures are decoded
        and searched. At most a few pictures and one batch of crops are in memory, however many are given; the
        iterable is read only as far ahead as that.
        """
        looked_at: deque[tuple[Source, Future[_Looked | PhotoError]]] = deque()
        waiting: list[tuple[Source, _Looked | PhotoError]] = []
        pool = ThreadPoolExecutor(LOOKING_THREADS, thread_name_prefix="personae-look")
        try:
            for source in pictures_or_paths:
                looked_at.append((source, pool.submit(copy_context().run, self._try_look, source, copies)))
                if len(looked_at) > 2 * LOOKING_THREADS:
                    given, future = looked_at.popleft()
                    waiting.append((given, future.result()))
                    if self._is_batch(waiting):
                        yield from self._embed_together(waiting)
                        waiting = []
            for given, future in looked_at:
                waiting.append((given, future.result()))
            looked_at.clear()
            yield from self._embed_together(waiting)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def describe(self) -> dict[str, Any]:
        """What is really in use, for `personae doctor`; opens the networks. JSON types only."""
        return {
            kind: {"id": backend.id, **(backend.describe() if hasattr(backend, "describe") else {})}
            for kind, backend in (("detector", self.detector), ("embedder", self.embedder))
        }

    def _look(self, source: Source, copies: bool) -> _Looked:
        limit = self.settings.max_picture_mpx
        if isinstance(source, Picture | np.ndarray):
            picture = source if isinstance(source, Picture) else Picture(source)
        else:
            picture = photos.load(source, max_mpx=limit, partial=True)
        if not picture.pixels.size:
            raise PhotoError(name_of(source), "it has no pixels.")
        found = self.detector.detect(picture)
        faces = found[np.lexsort((found.boxes_xyxy[:, 1], found.boxes_xyxy[:, 0]))]
        crops = align.crops(picture, faces)
        assessed = quality.assess(crops, faces, self.settings)
        small = np.flatnonzero(faces.face_px < SMALL_PX)
        copied, shrunk, pictures = None, align.NO_CROPS, None
        if copies:
            copied = np.array([i for i, reasons in enumerate(assessed.reasons) if not reasons], np.int64)
            made = small_copies(crops[copied], faces[copied], COPIES_PX)
            shrunk = np.concatenate([made, made[:, :, :, ::-1]], axis=1).reshape(-1, *crops.shape[1:])
            pictures = tuple(
                None if reasons else face_picture(picture, box)
                for reasons, box in zip(assessed.reasons, faces.boxes_xyxy, strict=True)
            )
        return _Looked(
            faces, crops, assessed, picture.size_wh, picture.note, small, crops[small, :, ::-1], copied, shrunk,
            pictures,
        )  # fmt: skip

    def _try_look(self, source: Source, copies: bool) -> _Looked | PhotoError:
        try:
            with _one_photo(source):
                return self._look(source, copies)
        except PhotoError as error:
            return error

    def _is_batch(self, waiting: list[tuple[Source, _Looked | PhotoError]]) -> bool:
        """Whether to stop gathering: a batch is full, or there is nothing to embed anyway."""
        crops = sum(
            len(seen.crops) + len(seen.mirrored) + len(seen.copies) for _, seen in waiting if isinstance(seen, _Looked)
        )
        return crops == 0 or crops >= self.settings.batch_size or len(waiting) >= self.settings.batch_size

    def _embed_together(
        self, waiting: list[tuple[Source, _Looked | PhotoError]]
    ) -> Iterator[tuple[Source, AnalyzedFaces | PhotoError]]:
        if not waiting:
            return
        seen = [item for _, item in waiting if isinstance(item, _Looked)]
        try:
            with _one_photo("several photos"):
                crops = np.concatenate([item.every for item in seen]) if seen else align.NO_CROPS
                embeddings = self.embedder.embed(crops)
        except PhotoError as error:
            for source, item in waiting:
                if isinstance(item, PhotoError):
                    yield source, item
                elif len(seen) == 1:
                    yield source, PhotoError(name_of(source), error.reason)
                else:  # each by itself tells which it was
                    yield from self._embed_together([(source, item)])
            return
        at = 0
        for source, item in waiting:
            if isinstance(item, PhotoError):
                yield source, item
            else:
                count = len(item.every)
                yield source, self._analyzed(item, embeddings[at : at + count])
                at += count

    def _analyzed(self, seen: _Looked, every: FloatArray) -> AnalyzedFaces:
        n, m = len(seen.faces), len(seen.small)
        embeddings, copies = every[:n].copy(), None
        embeddings[seen.small] = mean_direction(embeddings[seen.small], every[n : n + m])
        if seen.copied is not None:
            copies = np.zeros((n, len(COPIES_PX), every.shape[1]), np.float32)
            made = every[n + m :].reshape(len(seen.copied), 2, len(COPIES_PX), every.shape[1])
            copies[seen.copied] = mean_direction(made[:, 0], made[:, 1])
        return AnalyzedFaces(
            seen.faces.boxes_xyxy,
            seen.faces.landmarks_xy,
            seen.faces.scores,
            embeddings=embeddings,
            quality=seen.quality,
            embedder=self.embedder_id,
            size_wh=seen.size_wh,
            copies=copies,
            note=seen.note,
            pictures=seen.pictures,
        )


@contextmanager
def _one_photo(source: Source) -> Iterator[None]:
    """Whatever a library raises inside is this photo's failure: PhotoError. Errors of ours pass as they are."""
    try:
        yield
    except EmbeddingError as error:
        raise PhotoError(name_of(source), str(error)) from error
    except (PersonaeError, ImportError):  # what is missing here is missing for every photo
        raise
    except Exception as error:  # the edge: libraries and plug-ins raise nearly anything
        if is_out_of_memory(error):
            raise PhotoError(name_of(source), f"{NO_MEMORY} for it. Shrink it, or free memory.") from error
        raise PhotoError(
            name_of(source), f"its faces could not be looked at ({reason_of(error)}). Export it anew, or leave it out."
        ) from error


def name_of(source: Source) -> str:
    """What a source is called in results and messages."""
    if isinstance(source, np.ndarray):
        return "picture"
    return source.source or "picture" if isinstance(source, Picture) else photos.name_of(source)
