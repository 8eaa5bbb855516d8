"""Any embedder of the ArcFace kind in an ONNX file: an aligned crop in, one vector out, fed as a description says.

SFace is one such description. For a file that is not in the table of known networks the description is read from a JSON
file of the same name beside it (`my.onnx`, `my.json`); nothing is guessed from the shapes in the file.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np

from personae.errors import EmbeddingError, InputError, WeightsError, reason_of
from personae.faces import align, preparation, weights
from personae.faces.runtime import Session
from personae.files import read_whole
from personae.settings import Settings
from personae.types import FloatArray, PixelArray

Levels = float | tuple[float, float, float]
"""One number for all three colours, or one for each."""


@dataclass(frozen=True)
class EmbedderDescription:
    """How to feed an embedder: crops of `input_px` squared in `colour_order`, each value `(level - mean) * scale`.

    `mean`, `scale`: one number, or three in the order of the colours. `template_xy`: where the five landmarks lie in
    its crop, in pixels, in the order of `LANDMARKS`; None means the usual ArcFace positions, scaled to `input_px`.
    `layout`: the order of the input's axes. `max_batch`: crops the network takes at once, None for any number.
    `preprocessing` is the version of all this; raise it with any change. Raises InputError where a value is of no use.
    """

    name: str
    dimension: int
    input_px: int = 112
    colour_order: Literal["RGB", "BGR"] = "RGB"
    mean: Levels = 127.5
    scale: Levels = 1 / 127.5
    template_xy: tuple[tuple[float, float], ...] | None = None
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    max_batch: int | None = None
    preprocessing: int = 1

    def __post_init__(self) -> None:
        wrong = [
            f"{field} is {getattr(self, field)!r}, expected {wanted}"
            for field, (fits, wanted) in {
                # The name is part of the contract id, which is split at colons and plus signs.
                "name": (re.fullmatch(r"[A-Za-z0-9_.-]+", str(self.name)), "letters, digits, and any of _ . -"),
                "dimension": (_is_whole(self.dimension, 1), "a whole number of at least 1"),
                "input_px": (_is_whole(self.input_px, 16), "a whole number of at least 16"),
                "colour_order": (self.colour_order in ("RGB", "BGR"), "RGB or BGR"),
                "mean": (_numbers(self.mean, (), (3,)), "a number, or three"),
                "scale": (_numbers(self.scale, (), (3,)) and np.all(self.scale), "a number other than 0, or three"),
                "template_xy": (self.template_xy is None or _numbers(self.template_xy, (5, 2)), "five pairs [x, y]"),
                "layout": (self.layout in ("NCHW", "NHWC"), "NCHW or NHWC"),
                "max_batch": (self.max_batch is None or _is_whole(self.max_batch, 1), "null or at least 1"),
                "preprocessing": (_is_whole(self.preprocessing, 0), "a whole number"),
            }.items()
            if not fits
        ]
        if wrong:
            raise InputError(f"The description of the embedder {self.name} is wrong: {'; '.join(wrong)}.")


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _numbers(value: object, *shapes: tuple[int, ...]) -> bool:
    """Whether `value` holds finite numbers in one of those shapes."""
    try:
        array = np.asarray(value)
    except ValueError:  # lists of different lengths
        return False
    return array.dtype.kind in "if" and array.shape in shapes and bool(np.isfinite(array).all())


SFACE = EmbedderDescription(name="sface", dimension=128, mean=0.0, scale=1.0)
"""SFace takes levels 0..255 as they are: mean and scale are part of its graph."""

DESCRIPTIONS: dict[str, EmbedderDescription] = {
    "sface": SFACE,
    "sface-fp32": SFACE,
    "buffalo_l": EmbedderDescription(name="buffalo_l", dimension=512),
}
"""Name of the network in `weights.NETWORKS` -> how to feed it."""


class OnnxEmbedder:
    """Embedder over one ONNX file; reads the settings `batch_size`, `provider` and `threads`.

    `network`: the name of a known network or a path. Nothing is read before the first use.
    """

    def __init__(self, description: EmbedderDescription, network: str | Path, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self.description = description
        self._batch_size = min(settings.batch_size, description.max_batch or settings.batch_size)
        self._weights = weights.LazyWeights(network)
        self._network = preparation.LazyNetwork(self._weights, "embedder")
        self._session = Session(self._network.take_model, provider=settings.provider, threads=settings.threads)

    @property
    def id(self) -> str:
        """Contract id: name, dimension, preprocessing version, start of the weights' sha256."""
        what = self.description
        return f"{what.name}:d{what.dimension}:p{what.preprocessing}:{self._weights.get().sha256[:12]}"

    @property
    def dimension(self) -> int:
        """Length of an embedding."""
        return self.description.dimension

    def embed(self, crops: PixelArray) -> FloatArray:
        """(n, 112, 112, 3) uint8 RGB crops to (n, dimension) float32 vectors of unit length; n may be 0.

        Raises InputError for another shape or type, EmbeddingError where the network gives NaN or a zero vector.
        """
        if crops.ndim != 4 or crops.shape[1:] != (align.CROP_PX, align.CROP_PX, 3) or crops.dtype != np.uint8:
            raise InputError(
                f"Crops are {crops.dtype} of shape {crops.shape}; expected uint8 of shape (n, 112, 112, 3), "
                "as personae.faces.align.crops makes them."
            )
        result = np.empty((len(crops), self.dimension), np.float32)
        for at in range(0, len(crops), self._batch_size):
            result[at : at + self._batch_size] = self._embed_batch(crops[at : at + self._batch_size])
        return result

    def describe(self) -> dict[str, Any]:
        """What is really in use, for `personae doctor`; opens the network. JSON types only."""
        found = self._weights.get()
        runs_on = self._session.runs_on()
        return {
            "network": found.network.name if found.network else None,
            "path": str(found.path),
            "sha256": found.sha256,
            "prepared": str(self._network.path) if self._network.path else None,
            "description": asdict(self.description),
            **asdict(runs_on),
        }

    def _embed_batch(self, crops: PixelArray) -> FloatArray:
        what = self.description
        blob = self._fitted(crops).transpose(0, 3, 1, 2).astype(np.float32)
        if what.colour_order == "BGR":
            blob = blob[:, ::-1]
        if what.mean != 0.0 or what.scale != 1.0:
            mean, scale = (np.reshape(np.asarray(level, np.float32), (-1, 1, 1)) for level in (what.mean, what.scale))
            blob = (blob - mean) * scale
        if what.layout == "NHWC":
            blob = blob.transpose(0, 2, 3, 1)
        vectors = self._run(np.ascontiguousarray(blob))
        if vectors.shape != (len(crops), what.dimension):
            raise WeightsError(
                f"{self._weights.get().path} gives {vectors.shape} for {len(crops)} crops, its description says "
                f"{what.dimension} dimensions. {self._advice(len(crops))}"
            )
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not (np.isfinite(norms).all() and (norms > 0).all()):
            raise EmbeddingError(
                f"The embedder {what.name} gave a vector that is not finite or has no length. "
                "Try --provider cpu; if it stays, use another embedder."
            )
        result: FloatArray = vectors / norms
        return result

    def _run(self, blob: FloatArray) -> FloatArray:
        """The network's first output, (n, d); vectors written as (n, d, 1, 1) become (n, d)."""
        try:
            vectors = next(iter(self._session.run(blob).values()))
        except WeightsError as error:
            raise WeightsError(f"{self._weights.get().path}: {error} {self._advice(len(blob))}") from error
        only_ones = vectors.ndim > 2 and set(vectors.shape[2:]) == {1}
        return vectors.reshape(vectors.shape[:2]) if only_ones else vectors

    def _advice(self, crops: int) -> str:
        one = 'If it takes one crop at a time, add "max_batch": 1. ' if crops > 1 else ""
        return f"{one}Correct the description (input_px, layout, dimension), or use another file."

    def _fitted(self, crops: PixelArray) -> PixelArray:
        """The crops at the size and with the landmark positions that the network wants."""
        what = self.description
        if what.input_px == align.CROP_PX and what.template_xy is None:
            return crops
        import cv2

        factor = what.input_px / align.CROP_PX
        wanted = align.TEMPLATE_XY * factor if what.template_xy is None else np.array(what.template_xy, np.float32)
        matrix = align.similarity(align.TEMPLATE_XY[None], wanted)[0]
        size = (what.input_px, what.input_px)
        result: PixelArray = np.stack([cv2.warpAffine(crop, matrix, size, flags=cv2.INTER_LINEAR) for crop in crops])
        return result


def embedder_for(network: str | Path, settings: Settings) -> OnnxEmbedder:
    """The embedder over a known network (by name) or an ONNX file (by path).

    Raises WeightsError where the file is missing or nobody says how to feed it.
    """
    name = str(network)
    if name not in DESCRIPTIONS:
        row = weights.find(network).network
        name = row.name if row is not None else ""
    description = DESCRIPTIONS.get(name)
    return OnnxEmbedder(description or _read_description(Path(network).expanduser()), network, settings)


def _read_description(path: Path) -> EmbedderDescription:
    beside = path.with_suffix(".json")
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", path.stem)
    example = json.dumps(asdict(EmbedderDescription(name=name, dimension=512)))
    try:
        values = json.loads(read_whole(beside))
    except FileNotFoundError:
        raise WeightsError(
            f"{path} is not a network known here, so say how to feed it: write {beside} like this: {example}"
        ) from None
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"{beside} cannot be read as JSON ({reason_of(error)}). Write it like this: {example}"
        ) from None
    known = {item.name for item in fields(EmbedderDescription)}
    try:
        if unknown := set(values) - known:
            raise TypeError(f"unknown: {', '.join(sorted(unknown))}")
        return EmbedderDescription(**values)
    except (TypeError, InputError) as error:
        raise WeightsError(f"{beside} does not describe an embedder ({error}). Write it like this: {example}") from None
