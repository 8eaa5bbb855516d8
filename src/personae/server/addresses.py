"""How single files stand in addresses: by digests of what they are, so that an address never means another content."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated

from fastapi import Path, Request

from personae.cast.gallery_records import CharacterId, PhotoRecord, ShownFace
from personae.media.film import Video

Digest = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
PhotoId = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]


def film_digest(video: Video) -> str:
    """Of a film's content."""
    return sha256(video.content_id.encode()).hexdigest()[:32]


def photo_id(path: str) -> str:
    """Which photo of a set it is; `path`: from the set's root. Names are no part of addresses."""
    return sha256(f"photo\0{path}".encode()).hexdigest()[:16]


def photo_digest(sha256_hex: str) -> str:
    """Of a photo's content."""
    return sha256_hex[:32]


def face_digest(path: str, photo_sha256: str, box_xyxy: Sequence[float]) -> str:
    """Of the picture of a face that is cut out of a photo: its content and the box say what it looks like, and `path`
    which of two equal photos it is in, for they may have different names.
    """
    return sha256(f"face\0{path}\0{photo_sha256}\0{list(box_xyxy)}".encode()).hexdigest()[:32]


def crop_digest(jpeg: bytes) -> str:
    """Of a film's crop."""
    return sha256(jpeg).hexdigest()[:32]


def address(request: Request, operation: str, **parts: object) -> str:
    """The path of a route for a client of this request, from the server's root on."""
    return request.url_for(operation, **{name: str(part) for name, part in parts.items()}).path


def picture_address(character: CharacterId, photo: PhotoRecord, face: ShownFace | None) -> str | None:
    """Where a face's picture is, from /api/v1 on; its digest stands in it, so that it may be kept for ever."""
    if face is None or face.digest is None:
        return None
    return f"/characters/{character}/photos/{photo.address}/{face.digest}.jpg"
