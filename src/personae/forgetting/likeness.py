"""The person's face in pictures: whether it is there, and a picture without it."""

from __future__ import annotations

import io
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae.errors import PersonaeError
from personae.forgetting.person import ALIKE, Person
from personae.recognition.prototypes import unit
from personae.types import FloatArray, Picture, PixelArray

_GREY = 128
_MARGINS = (0.15, 0.5, 2.0)
"""How far around a face it is covered, in its widths: what a search still finds is covered further."""
_QUALITIES = (88, 80, 65, 45, 25, 10, 1)
_NO_PICTURE = b"\xff\xd8\xff"
_NOWHERE: FloatArray = np.empty((0, 4), np.float32)


class Likeness:
    """Knows one person's face. `others` (n, d): embeddings of the rest of the cast, who may be nearer; `analyzer`: of
    pictures, asked only where there are some. A picture that was looked at is known again by its bytes.
    """

    def __init__(self, person: Person, others: FloatArray, analyzer: Any) -> None:
        self.vectors, self.analyzer = person.vectors, analyzer
        self.others = others if others.shape[-1] == person.vectors.shape[-1] else np.empty((0, 0), np.float32)
        self._seen: dict[bytes, FloatArray] = {}

    def alike(self, embeddings: FloatArray) -> NDArray[np.bool_]:
        """(n,) which of the faces with these embeddings (n, d) are the person's, and nobody's of the cast rather."""
        if not len(embeddings) or embeddings.shape[-1] != self.vectors.shape[-1] or not len(self.vectors):
            return np.zeros(len(embeddings), bool)
        faces = unit(np.asarray(embeddings, np.float32))
        near = (faces @ unit(self.vectors).T).max(axis=1)
        nearest = (faces @ unit(self.others).T).max(axis=1) if len(self.others) else np.full(len(faces), -1.0)
        return np.asarray((near >= ALIKE) & (near > nearest))

    def is_in(self, content: bytes) -> bool:
        """Whether the person's face is in a picture, by its bytes; False for one that cannot be read."""
        return bool(len(self._boxes_in(content)))

    def covered(self, content: bytes) -> bytes | None:
        """A picture in which the person's face is covered, as a JPEG file; None where it is not in it.

        It has as many bytes as `content` (zeros after the picture's end make up for it), so that what counts them
        holds; where no JPEG is small enough, it is a broken one without anything in it.
        """
        if not self.is_in(content):
            return None
        picture = decoded(content, "a picture")
        assert isinstance(picture, Picture)
        pixels = picture.pixels.copy()
        for margin in _MARGINS:
            for box in self._boxes_in(content):
                _cover(pixels, box, margin)
            without = _jpeg(pixels, len(content))
            if not self.is_in(without):
                return without
        return _jpeg(np.full_like(pixels, _GREY), len(content))

    def _boxes_in(self, content: bytes) -> FloatArray:
        """(k, 4) where in a picture the person's face is, x1 y1 x2 y2 in its pixels."""
        if not len(self.vectors):
            return _NOWHERE
        digest = sha256(content).digest()
        if digest not in self._seen:
            self._seen[digest] = self._look(content)
        return self._seen[digest]

    def _look(self, content: bytes) -> FloatArray:
        picture = decoded(content, "a picture")
        if isinstance(picture, str):
            return _NOWHERE
        try:
            faces = self.analyzer.analyze(picture)
        except PersonaeError:
            return _NOWHERE
        found: FloatArray = faces.boxes_xyxy[self.alike(faces.embeddings)] if len(faces) else _NOWHERE
        return found


def decoded(content: bytes, name: str) -> Picture | str:
    """A picture from its bytes, or why it cannot be searched."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as image:
            return Picture(np.array(image.convert("RGB")), source=name)
    except Exception as error:  # the edge: decoders raise nearly anything on broken files
        return f"a picture in it cannot be searched for the face ({error})"


def _cover(pixels: PixelArray, box: FloatArray, margin: float) -> None:
    x1, y1, x2, y2 = (float(side) for side in box)
    more = margin * max(x2 - x1, y2 - y1)
    top, left = max(int(y1 - more), 0), max(int(x1 - more), 0)
    pixels[top : max(int(y2 + more), 0) + 1, left : max(int(x2 + more), 0) + 1] = _GREY


def _jpeg(pixels: PixelArray, size: int) -> bytes:
    """A JPEG file of exactly `size` bytes, of the best quality that fits."""
    from PIL import Image

    for quality in _QUALITIES:
        with io.BytesIO() as file:
            Image.fromarray(pixels).save(file, "JPEG", quality=quality)
            content = file.getvalue()
        if len(content) <= size:
            return content + bytes(size - len(content))
    return _NO_PICTURE[:size] + bytes(max(size - len(_NO_PICTURE), 0))
