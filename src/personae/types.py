"""The values that travel between rooms: frozen, shapes checked when made, emptiness is a value.

Everywhere: pixels are RGB uint8 of shape (height, width, 3); boxes are [x1, y1, x2, y2] in pixels of the
displayed picture (EXIF rotation applied), half-open, float32; units stand in the names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
PixelArray = NDArray[np.uint8]
IntArray = NDArray[np.int64]
Index = int | slice | NDArray[Any] | Sequence[int]

LANDMARKS = ("right eye", "left eye", "nose", "right mouth corner", "left mouth corner")
"""Order of the five landmarks; right and left are the person's own (the right eye is left in the picture)."""


class Reason(StrEnum):
    """Why a photo is not enrolled, or why a face deserves less trust."""

    UNREADABLE = "UNREADABLE"
    NO_FACE = "NO_FACE"
    FACE_TOO_SMALL = "FACE_TOO_SMALL"
    BLURRY = "BLURRY"
    TOO_DARK = "TOO_DARK"
    LOW_DETECTION_SCORE = "LOW_DETECTION_SCORE"
    EXTREME_POSE = "EXTREME_POSE"
    DUPLICATE = "DUPLICATE"
    AMBIGUOUS_FACES = "AMBIGUOUS_FACES"
    OUTLIER = "OUTLIER"


def _checked(name: str, array: Any, dtype: Any, shape: tuple[int | None, ...]) -> NDArray[Any]:
    """A read-only array of that dtype, its shape held against `shape` (None: any length)."""
    result: NDArray[Any] = np.asarray(array, dtype)
    fits = result.ndim == len(shape)
    for want, got in zip(shape, result.shape, strict=False):
        fits = fits and want in (None, got)
    if not fits:
        wanted = tuple("any" if size is None else size for size in shape)
        raise ValueError(f"{name} has shape {result.shape}, expected {wanted}")
    if result.flags.writeable:
        result = result.view()
        result.flags.writeable = False
    return result


SMALL_PX = 32.0
"""Faces under this size in pixels are small: their embedding is the mean with their mirror image's."""
COPIES_PX = (11.2, 16.0, 22.4)
"""Face sizes in pixels at which enrolled photos are copied, so that small faces have something to be compared with."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded still. `pixels`: (height, width, 3) uint8 RGB, upright; `source`: where it came from.

    `note`: a sentence about what is missing in it, empty for nothing.
    """

    pixels: PixelArray
    source: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "pixels", _checked("pixels", self.pixels, np.uint8, (None, None, 3)))

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]


@dataclass(frozen=True, eq=False)
class Quality:
    """How far each of n faces can be trusted.

    `face_px` (n,): face size in pixels, the mean of box width and height.
    `sharpness` (n,): variance of the Laplacian over the variance of the grey levels in the middle of the crop, at 56x56
    or the face's own size where that is smaller; below 0.1 blurred, 0.2 to 2.5 in sharp photos.
    `brightness` (n,): mean grey level of the middle of the crop, 0..255.
    `yaw` (n,): how far the nose lies off the middle of the eyes, in eye distances, signed; 0 is frontal.
    `score` (n,): 0..1, one number from all of these; `reasons`: per face the codes that lowered it.
    """

    face_px: FloatArray
    sharpness: FloatArray
    brightness: FloatArray
    yaw: FloatArray
    score: FloatArray
    reasons: tuple[tuple[Reason, ...], ...]

    def __post_init__(self) -> None:
        n = len(self.reasons)
        for name in ("face_px", "sharpness", "brightness", "yaw", "score"):
            object.__setattr__(self, name, _checked(name, getattr(self, name), np.float32, (n,)))

    def __len__(self) -> int:
        return len(self.reasons)

    def __getitem__(self, index: Index) -> Self:
        keep = _as_index(index, len(self))
        return type(self)(
            face_px=self.face_px[keep],
            sharpness=self.sharpness[keep],
            brightness=self.brightness[keep],
            yaw=self.yaw[keep],
            score=self.score[keep],
            reasons=tuple(self.reasons[i] for i in keep),
        )

    def with_more(self, other: Quality) -> Self:
        """That of these faces, then that of others."""
        names = ("face_px", "sharpness", "brightness", "yaw", "score")
        both = {name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in names}
        return type(self)(**both, reasons=(*self.reasons, *other.reasons))

    @classmethod
    def empty(cls) -> Self:
        """The quality of no faces."""
        none = np.empty(0, np.float32)
        return cls(none, none, none, none, none, ())


@dataclass(frozen=True, eq=False)
class Faces:
    """The n faces found in one picture; n may be 0.

    `boxes_xyxy` (n, 4) float32 px, may reach over the picture's edge; `landmarks_xy` (n, 5, 2) float32 px in the
    order of `LANDMARKS`; `scores` (n,) float32, the detector's 0..1.
    """

    boxes_xyxy: FloatArray
    landmarks_xy: FloatArray
    scores: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "scores", _checked("scores", self.scores, np.float32, (None,)))
        n = len(self.scores)
        object.__setattr__(self, "boxes_xyxy", _checked("boxes_xyxy", self.boxes_xyxy, np.float32, (n, 4)))
        object.__setattr__(self, "landmarks_xy", _checked("landmarks_xy", self.landmarks_xy, np.float32, (n, 5, 2)))

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, index: Index) -> Faces:
        keep = _as_index(index, len(self))
        return Faces(self.boxes_xyxy[keep], self.landmarks_xy[keep], self.scores[keep])

    @property
    def face_px(self) -> FloatArray:
        """(n,) face size in pixels: the mean of box width and height."""
        size: FloatArray = (self.boxes_xyxy[:, 2:] - self.boxes_xyxy[:, :2]).mean(axis=1)
        return size

    @classmethod
    def empty(cls) -> Faces:
        """No faces."""
        return Faces(np.empty((0, 4), np.float32), np.empty((0, 5, 2), np.float32), np.empty(0, np.float32))


@dataclass(frozen=True, eq=False)
class AnalyzedFaces(Faces):
    """Faces with their embeddings: what `FaceAnalyzer.analyze` returns.

    `embeddings` (n, d) float32 of unit length; `embedder`: the contract id of what made them; `quality`: of n faces;
    `size_wh`: the picture's width and height in pixels; `note`: the picture's, empty for one that is whole; `copies`
    (n, k, d): of each face shrunk to the sizes of `COPIES_PX`, where they were asked for (zero for faces that cannot be
    enrolled); `pictures` (n): with them, a small JPEG file of each face that can be enrolled. The embeddings of small
    faces, copies included, are means with those of their mirror images.
    """

    embeddings: FloatArray = field(kw_only=True)
    quality: Quality = field(kw_only=True)
    embedder: str = field(kw_only=True)
    size_wh: tuple[int, int] = field(kw_only=True)
    copies: FloatArray | None = field(kw_only=True, default=None)
    note: str = field(kw_only=True, default="")
    pictures: tuple[bytes | None, ...] | None = field(kw_only=True, default=None)

    def __post_init__(self) -> None:
        super().__post_init__()
        n = len(self.scores)
        if self.pictures is not None and len(self.pictures) != n:
            raise ValueError(f"pictures are of {len(self.pictures)} faces, expected {n}")
        if self.copies is not None:
            object.__setattr__(self, "copies", _checked("copies", self.copies, np.float32, (n, None, None)))
        object.__setattr__(self, "embeddings", _checked("embeddings", self.embeddings, np.float32, (n, None)))
        if len(self.quality) != n:
            raise ValueError(f"quality is of {len(self.quality)} faces, expected {n}")

    def __getitem__(self, index: Index) -> AnalyzedFaces:
        keep = _as_index(index, len(self))
        return AnalyzedFaces(
            self.boxes_xyxy[keep],
            self.landmarks_xy[keep],
            self.scores[keep],
            embeddings=self.embeddings[keep],
            quality=self.quality[keep],
            embedder=self.embedder,
            size_wh=self.size_wh,
            copies=None if self.copies is None else self.copies[keep],
            note=self.note,
            pictures=None if self.pictures is None else tuple(self.pictures[i] for i in keep),
        )


def _as_index(index: Index, length: int) -> IntArray:
    """Positions selected by an int, slice, mask or list of positions."""
    if isinstance(index, int | np.integer):
        return np.arange(length)[[index]]
    positions: IntArray = np.arange(length)[index if isinstance(index, slice) else np.asarray(index)]
    return positions


Method = Literal["model", "fallback"]


@dataclass(frozen=True)
class Candidate:
    """A character that a face could be: cosine similarity and calibrated probability."""

    character: str
    similarity: float
    confidence: float


@dataclass(frozen=True)
class Match:
    """A face with a name. An unknown face has no match: it is `None`.

    `similarity`: cosine to the character's nearest prototype in the model's scaled space, -1..1.
    `confidence`: calibrated probability that the name is right, 0..1.
    `method`: "model", or "fallback" where no usable model exists and the nearest enrolled face decided.
    """

    character: str
    similarity: float
    confidence: float
    method: Method = "model"
    look: str | None = None


def count_of(number: int, noun: str, plural: str = "") -> str:
    """A count with its noun: "1 photo", "2 photos"; `plural`: where it is no "s" more."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or f'{noun}s'}"


def seconds_text(seconds: float) -> str:
    """A length as text: 4.2 s; a short one has hundredths, so that what lasted one picture does not read as nothing."""
    return f"{seconds:.2f} s" if 0 < seconds < 0.1 else f"{seconds:.1f} s"


def percent(probability: float, digits: int = 0) -> str:
    """A probability as text, rounded down: what is not certain never reads as 100 %."""
    scale = 10**digits
    return f"{int(probability * 100 * scale + 1e-9) / scale:.{digits}f}%"
