"""Small pictures of faces, as data that stands in a page."""

from __future__ import annotations

import base64
import io

from personae.assessment.evaluation import FaceFacts
from personae.errors import PhotoError
from personae.exports.lifting import lifted
from personae.media.photos import load

THUMBNAIL_PX = 112
_MARGIN = 0.28  # of the box, on every side: hair and chin


class Thumbnails:
    """Cuts faces out of their photos, each once."""

    def __init__(self, size_px: int = THUMBNAIL_PX) -> None:
        self.size_px = size_px
        self._made: dict[FaceFacts, str | None] = {}

    def of(self, face: FaceFacts) -> str | None:
        """A data URI (JPEG) of the face, square; None where the photo cannot be read any more."""
        if face not in self._made:
            self._made[face] = self._make(face)
        return self._made[face]

    def _make(self, face: FaceFacts) -> str | None:
        from PIL import Image

        try:
            picture = load(face.path)
        except PhotoError:
            return None
        x1, y1, x2, y2 = face.box_xyxy
        width, height = picture.size_wh
        # No larger than the picture and moved into it, so that no rim is black.
        side = max(1.0, min(max(x2 - x1, y2 - y1) * (1 + 2 * _MARGIN), width, height))
        left = min(max((x1 + x2 - side) / 2, 0.0), width - side)
        top = min(max((y1 + y2 - side) / 2, 0.0), height - side)
        image = Image.fromarray(picture.pixels).crop((int(left), int(top), int(left + side), int(top + side)))
        image = image.resize((self.size_px, self.size_px), Image.Resampling.LANCZOS)
        stream = io.BytesIO()
        lifted(image).save(stream, "JPEG", quality=82)
        return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
