"""An analyzer without networks, and casts for it: a photo is a text file with numbers of vectors."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from personae.errors import PhotoError
from personae.types import AnalyzedFaces, FloatArray, Quality, Reason
from tests.people import EMBEDDER, people

FACES = people(4, 6, seed=20)
ROWS = FACES.reshape(-1, 128)


def picture_of_row(row: int) -> bytes:
    """What stands for the small picture of a face: it begins and ends like a JPEG file."""
    return b"\xff\xd8\xff\xe0" + np.random.default_rng(row).bytes(300) + b"\xff\xd9"


class StubAnalyzer:
    """Stands in for the networks: a photo shows the faces whose numbers its file holds, "3 11:40" the second 40 px."""

    def __init__(self, vectors: FloatArray = ROWS, embedder: str = EMBEDDER, delay_s: float = 0.0) -> None:
        self.vectors = vectors
        self.embedder_id = embedder
        self.delay_s = delay_s
        self.embedded: list[str] = []

    def analyze(self, path: str | Path, *, copies: bool = False) -> AnalyzedFaces:
        time.sleep(self.delay_s)
        try:
            words = [word.partition(":") for word in Path(path).read_text(encoding="utf-8").split()]
        except (OSError, ValueError) as error:
            raise PhotoError(path, str(error)) from None
        if not all(number.isdigit() for number, _, _ in words):
            raise PhotoError(path, "not a picture")
        rows = [int(number) for number, _, _ in words]
        self.embedded += [Path(path).name] * len(rows)
        n = len(rows)
        sizes = np.array([float(size or 90) for _, _, size in words], np.float32)
        low = np.arange(n, dtype=np.float32) * 200
        reasons = tuple((Reason.FACE_TOO_SMALL,) if size < 32 else () for size in sizes)
        fixed = np.full(n, 50, np.float32)
        return AnalyzedFaces(
            np.stack([low, low, low + sizes, low + sizes], axis=1),
            np.zeros((n, 5, 2), np.float32),
            np.full(n, 0.9, np.float32),
            embeddings=self.vectors[rows],
            quality=Quality(sizes, fixed, fixed, np.zeros(n, np.float32), (sizes / 1000).astype(np.float32), reasons),
            embedder=self.embedder_id,
            size_wh=(800, 400),
            copies=np.zeros((n, 3, self.vectors.shape[1]), np.float32) if copies else None,
            pictures=tuple(picture_of_row(row) for row in rows) if copies else None,
        )

    def analyze_many(
        self, paths: Iterable[Path], *, copies: bool = False
    ) -> Iterator[tuple[Path, AnalyzedFaces | PhotoError]]:
        for path in paths:
            try:
                yield path, self.analyze(path, copies=copies)
            except PhotoError as error:
                yield path, error


def write_cast(folder: Path, characters: int = 3, photos: int = 3) -> Path:
    """A cast folder: character c has photos of the rows 6c, 6c + 1, ..."""
    for c in range(characters):
        (folder / f"c{c}").mkdir(parents=True, exist_ok=True)
        for p in range(photos):
            (folder / f"c{c}" / f"{p}.jpg").write_text(str(c * 6 + p))
    return folder
