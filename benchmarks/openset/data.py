"""Embeddings of many people, split once by person: background, calibration, cast, strangers.

Statistics may come from background and calibration only. `load` gives each reader the parts it asks for and no other,
and `Split.learnable` holds nothing of the people who are tested.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from personae.recognition.prototypes import unit
from personae.types import COPIES_PX, AnalyzedFaces, FloatArray, Picture
from personae.types import Faces as DetectedFaces

if TYPE_CHECKING:
    from personae.faces.analyzer import FaceAnalyzer

BACKGROUND, CALIBRATION, CAST, STRANGERS = range(4)
CONDITIONS = ("clean", "lowres", "lowres2")
COPIES = (14, 20, 28)
FACE_PER_CROP = 0.8
"""An archive gives the width that the aligned crop was shrunk to; the face measures so much of that."""
EMBEDDER = "sface:d128:p1:fb143eea0783"


@dataclass(frozen=True, eq=False)
class Faces:
    """n photos under each condition: `embeddings[condition]` (n, d), `face_px[condition]` (n,), `person` (n,).

    `mirrored[condition]` (n, d): of the mirror images; `copies` (n, k, d): small copies as enrolment makes them, and
    `copies_px` (n, k) their sizes.
    """

    embeddings: dict[str, FloatArray]
    mirrored: dict[str, FloatArray]
    face_px: dict[str, NDArray[np.float64]]
    copies: FloatArray
    copies_px: NDArray[np.float64]
    person: NDArray[np.int64]


def load(path: Path, parts: tuple[int, ...]) -> Faces:
    """The faces of those parts of an archive (.npz) or of a folder of name/*.jpg."""
    return _from_archive(path, parts) if path.suffix == ".npz" else _from_folder(path, parts)


def _from_archive(path: Path, parts: tuple[int, ...]) -> Faces:
    with np.load(path) as data:
        rows = np.isin(data["part"], parts)

        def vectors(name: str) -> FloatArray:
            return np.asarray(unit(data[name][rows].astype(np.float32)))

        # An archive holds no mirror images of the copies at fixed sizes; the small photo's own stands for them.
        copies = [vectors(f"s{px}") for px in COPIES] + [unit(vectors("lowres") + vectors("lowres_flip"))]
        sizes = [*(np.full(rows.sum(), px) for px in COPIES), data["lowres_px"][rows]]
        return Faces(
            {name: vectors(name) for name in CONDITIONS},
            {name: vectors(f"{name}_flip") for name in CONDITIONS},
            {
                name: data["face_px"][rows].astype(np.float64)
                if name == "clean"
                else data[f"{name}_px"][rows] * FACE_PER_CROP
                for name in CONDITIONS
            },
            np.stack(copies, axis=1),
            np.stack(sizes, axis=1) * FACE_PER_CROP,
            data["identity"][rows].astype(np.int64),
        )


def part_of(name: str) -> int:
    """Cast or strangers, by a digest of the name: the same person is in the same part in every run."""
    return CAST if hashlib.sha256(name.encode()).digest()[0] % 2 else STRANGERS


def _from_folder(path: Path, parts: tuple[int, ...]) -> Faces:
    """Embed the face nearest the centre of each picture, as it is ("clean") and shrunk to 11 to 22 px ("lowres").

    A folder `cast` and a folder `unknown` in `path` are the parts; else people are split by `part_of`.
    """
    from personae.faces.analyzer import FaceAnalyzer
    from personae.media.photos import find
    from personae.media.photos import load as load_photo

    analyzer = FaceAnalyzer()
    rng = np.random.default_rng(0)
    embeddings: dict[str, list[FloatArray]] = {"clean": [], "lowres": []}
    mirrored: dict[str, list[FloatArray]] = {"clean": [], "lowres": []}
    sizes: dict[str, list[float]] = {"clean": [], "lowres": []}
    copies: list[FloatArray] = []
    people: list[int] = []
    numbers: dict[str, int] = {}
    given = (path / "cast").is_dir() and (path / "unknown").is_dir()
    for photo in find([path]):
        inner = photo.relative_to(path).parts
        name = photo.name if given and inner[0] == "unknown" else photo.parent.name
        part = (STRANGERS if inner[0] == "unknown" else CAST) if given else part_of(name)
        if part not in parts:
            continue
        picture = load_photo(photo)
        found = analyzer.analyze(picture, copies=True)
        if not len(found):
            continue
        middle = (found.boxes_xyxy[:, :2] + found.boxes_xyxy[:, 2:]) / 2 - np.array(picture.size_wh) / 2
        best = int(np.linalg.norm(middle, axis=1).argmin())
        (shrunk, its_mirror), px = _shrunk(picture, found, best, analyzer, float(rng.uniform(11.2, 21.6)))
        assert found.copies is not None
        copies.append(found.copies[best])
        embeddings["clean"].append(found.embeddings[best])
        mirrored["clean"].append(found.embeddings[best])  # nobody looks at it
        sizes["clean"].append(float(found.face_px[best]))
        embeddings["lowres"].append(shrunk)
        mirrored["lowres"].append(its_mirror)
        sizes["lowres"].append(px)
        people.append(numbers.setdefault(name, len(numbers)))
    return Faces(
        {name: np.stack(rows) for name, rows in embeddings.items()},
        {name: np.stack(rows) for name, rows in mirrored.items()},
        {name: np.array(values) for name, values in sizes.items()},
        np.stack(copies),
        np.broadcast_to(COPIES_PX, (len(copies), len(COPIES_PX))).astype(np.float64),
        np.array(people),
    )


def _shrunk(
    picture: Picture, found: AnalyzedFaces, face: int, analyzer: FaceAnalyzer, px: float
) -> tuple[FloatArray, float]:
    """Embeddings (2, d) of a face and its mirror image, the picture shrunk until the face has `px` pixels, JPEG 60."""
    import io

    from PIL import Image

    from personae.faces.align import crops

    scale = px / float(found.face_px[face])
    size = [max(1, round(side * scale)) for side in picture.size_wh]
    buffer = io.BytesIO()
    Image.fromarray(picture.pixels).resize((size[0], size[1]), Image.Resampling.BILINEAR).save(
        buffer, "JPEG", quality=60
    )
    small = Picture(np.asarray(Image.open(buffer).convert("RGB")))
    # The landmarks of the sharp picture: the benchmark is of recognition, not of detection.
    one = DetectedFaces(found.boxes_xyxy[[face]] * scale, found.landmarks_xy[[face]] * scale, found.scores[[face]])
    crop = crops(small, one)
    return analyzer.embedder.embed(np.concatenate([crop, crop[:, :, ::-1]])), px
