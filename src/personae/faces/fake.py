"""Fakes: drawn faces, and a detector and an embedder that find and know them. Deterministic, fast, without networks.

A drawn face is a square: a magenta ring, which no photo has, around 6x6 blocks whose colours belong to one identity.
`FakeDetector` finds the rings, `FakeEmbedder` reads the blocks; both bear JPEG, dimming and resizing as long as a face
keeps about 32 px. Cosines behave as with a real embedder: near 1 for one drawing, less for another `take` of the same
identity, around 0 (seldom above .3) for two identities.

    photo = draw_picture([("Thor", 96), ("Loki", 64)])
    faces = FaceAnalyzer(detector=FakeDetector(), embedder=FakeEmbedder()).analyze(photo)
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from personae.errors import InputError
from personae.faces.align import CROP_PX, TEMPLATE_XY
from personae.settings import Settings
from personae.types import Faces, FloatArray, Picture, PixelArray

GRID = 6
"""Blocks per side."""
RING = 1 / 8
"""Width of the ring as a part of the face's side."""
DIMENSION = GRID * GRID * 3
MIN_SIDE_PX = 12
"""Smallest ring that counts as a face."""
BACKGROUND_GREY = 118
_LOW, _HIGH = 96.0, 176.0
_TAKE_LEVELS = 24.0


def draw_face(identity: str | int, size: int, *, take: int = 0) -> PixelArray:
    """(size, size, 3) uint8 RGB: the face of `identity`. Another `take` is another photo of the same one."""
    if size < MIN_SIDE_PX:
        raise InputError(f"A drawn face of {size} px is too small to be found; draw at least {MIN_SIDE_PX} px.")
    levels = np.where(_random(f"identity {identity}").random((GRID, GRID, 3)) < 0.5, _LOW, _HIGH)
    if take:
        levels = levels + _random(f"take {take} of {identity}").normal(0, _TAKE_LEVELS, levels.shape)
    # Green stays at least half of the lesser of red and blue, so that no block looks like a piece of the ring.
    levels[:, :, 1] = np.maximum(levels[:, :, 1], levels[:, :, ::2].min(axis=2) * 0.55)
    at = (np.arange(size) + 0.5) / size
    cell = np.floor((at - RING) / (1 - 2 * RING) * GRID).astype(int)
    inner = (cell >= 0) & (cell < GRID)
    face = np.empty((size, size, 3))
    face[:] = (255, 0, 255)
    clipped = np.clip(cell, 0, GRID - 1)
    face[np.ix_(inner, inner)] = levels[clipped][:, clipped][np.ix_(inner, inner)]
    return np.clip(np.round(face), 0, 255).astype(np.uint8)


def draw_picture(
    people: Sequence[tuple[str | int, int]], *, take: int = 0, size_wh: tuple[int, int] | None = None
) -> Picture:
    """A picture with the faces `(identity, size in pixels)` side by side; no people, no faces.

    `size_wh`: width and height in pixels; by default just large enough, with a margin around each face.
    """
    gap = 16
    needed_wh = sum(size + gap for _, size in people) + gap, max([size for _, size in people], default=32) + 2 * gap
    width, height = size_wh or needed_wh
    if width < needed_wh[0] or height < needed_wh[1]:
        raise InputError(f"{width}x{height} px do not hold these faces; {needed_wh[0]}x{needed_wh[1]} do.")
    pixels = np.full((height, width, 3), BACKGROUND_GREY, np.uint8)
    x = gap
    for identity, size in people:
        pixels[gap : gap + size, x : x + size] = draw_face(identity, size, take=take)
        x += size + gap
    return Picture(pixels, source="drawn")


class FakeDetector:
    """Detector of `personae.detectors` that finds drawn faces, upright and whole; best score first."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._min_score = (settings or Settings()).min_detection_score

    @property
    def id(self) -> str:
        """Contract id; there are no weights, so its last part is all zeros."""
        return "fake:p1:000000000000"

    def for_films(self) -> Self:
        """Itself: it spends little on any face."""
        return self

    def detect(self, picture: Picture) -> Faces:
        """The drawn faces. The score says how much of the ring is there."""
        import cv2

        red, green, blue = (picture.pixels[:, :, channel].astype(np.int16) for channel in range(3))
        lesser = np.minimum(red, blue)
        ring = ((lesser > 30) & (green * 20 < lesser * 9)).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(ring, connectivity=8)
        boxes, scores = [], []
        for x, y, width, height, area in stats[1:].tolist():
            side = (width + height) / 2
            whole = side**2 * (1 - (1 - 2 * RING) ** 2)
            score = min(area / whole, 1.0) * min(width, height) / max(width, height)
            if side >= MIN_SIDE_PX and score >= self._min_score:
                boxes.append((x, y, x + width, y + height))
                scores.append(score)
        if not boxes:
            return Faces.empty()
        boxes_xyxy = np.array(boxes, np.float32)
        order = np.argsort(-np.array(scores), kind="stable")
        size = boxes_xyxy[:, None, 2:] - boxes_xyxy[:, None, :2]
        # Landmarks where alignment maps the box onto the whole crop; pixel centres, hence the halves.
        landmarks_xy = (TEMPLATE_XY + 0.5) / CROP_PX * size + boxes_xyxy[:, None, :2] - 0.5
        return Faces(boxes_xyxy[order], landmarks_xy[order], np.array(scores)[order])


class FakeEmbedder:
    """Embedder of `personae.embedders` that reads the blocks of drawn faces."""

    def __init__(self, settings: Settings | None = None) -> None:
        del settings  # it has none; embedders are made with them

    @property
    def id(self) -> str:
        """Contract id; there are no weights, so its last part is all zeros."""
        return f"fake:d{DIMENSION}:p1:000000000000"

    @property
    def dimension(self) -> int:
        """Length of an embedding."""
        return DIMENSION

    def embed(self, crops: PixelArray) -> FloatArray:
        """(n, 112, 112, 3) uint8 RGB crops to (n, 108) float32 vectors of unit length; InputError for other input."""
        if crops.ndim != 4 or crops.shape[1:] != (CROP_PX, CROP_PX, 3) or crops.dtype != np.uint8:
            raise InputError(
                f"Crops are {crops.dtype} of shape {crops.shape}; expected uint8 of shape (n, 112, 112, 3), "
                "as personae.faces.align.crops makes them."
            )
        edges = (RING + (1 - 2 * RING) * np.arange(GRID + 1) / GRID) * CROP_PX
        # The middle half of each block: its rim mixes with the neighbours when a picture is resized.
        quarter = (edges[1] - edges[0]) / 4
        spans = [slice(round(low + quarter), round(high - quarter)) for low, high in pairwise(edges)]
        values = np.stack([crops[:, y, x].mean(axis=(1, 2)) for y in spans for x in spans], axis=1)
        # Relative to their mean, which dimming changes; the constant keeps a crop without blocks from having no length.
        centred: NDArray[np.float64] = values - values.mean(axis=(1, 2), keepdims=True)
        flat = centred.reshape(len(crops), DIMENSION)
        flat[:, 0] += 1e-3
        vectors: FloatArray = (flat / np.linalg.norm(flat, axis=1, keepdims=True)).astype(np.float32)
        return vectors


def _random(seed: str) -> np.random.Generator:
    """A generator that depends on the text alone, on every machine (`hash` differs from run to run)."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big"))
