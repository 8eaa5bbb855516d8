"""The photos of a set and who is in them, as values, and as `photos.json`, which is safe to share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from personae._version import __version__
from personae.films.faces_file import Kept
from personae.timeline.appearances import Label
from personae.timeline.timeline import name_of

SCHEMA = "personae/photos/1"


@dataclass(frozen=True)
class KeptFace:
    """A face in a photo: `number` from the left from 1, `box_xyxy` in pixels, and who it is.

    A character, an unknown person's number, or neither: then a person said that it is no face. `similarity`: cosine to
    the character, of an unknown to the nearest; `decided_by`: who said the name; `stranger`: stays without a name.
    """

    photo: str
    number: int
    box_xyxy: tuple[float, float, float, float]
    character: str | None
    unknown: int | None
    similarity: float
    confidence: float
    decided_by: Literal["model", "person"] = "model"
    depicted: bool = False
    stranger: bool = False
    character_id: str | None = None

    @property
    def name(self) -> str:
        """The character, or how the unknown person is shown; empty for no face."""
        return name_of(self.character, self.unknown)


@dataclass(frozen=True)
class KeptPhoto:
    """A photo of a set: its path from the set's root, its width and height in pixels, its faces from the left."""

    path: str
    size_wh: tuple[int, int]
    faces: tuple[KeptFace, ...]


def photos_of(kept: Kept, labels: Sequence[Label]) -> tuple[KeptPhoto, ...]:
    """The photos with `labels`, one per face."""
    photos, at = [], 0
    for photo in kept.photos:
        faces = []
        for number, (x1, y1, x2, y2) in enumerate(photo.faces.boxes_xyxy.tolist(), 1):
            own, at = labels[at], at + 1
            faces.append(
                KeptFace(
                    photo.path, number, (x1, y1, x2, y2), own.character, own.unknown, own.similarity, own.confidence,
                    own.decided_by, own.depicted, own.stranger, own.character_id,
                )
            )  # fmt: skip
        photos.append(KeptPhoto(photo.path, photo.faces.size_wh, tuple(faces)))
    return tuple(photos)


def as_json(kept: Kept, labels: Sequence[Label]) -> bytes:
    """`photos.json`, without embeddings; see `schemas/photos-1.schema.json`."""
    document = {
        "schema": SCHEMA,
        "personae_version": __version__,
        "root": kept.root,
        "model": None if kept.model is None else dict(kept.model),
        "photos": [
            {"path": one.path, "size": list(one.size_wh), "faces": [_row(face) for face in one.faces]}
            for one in photos_of(kept, labels)
        ],
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _row(face: KeptFace) -> dict[str, Any]:
    return {
        "box": [round(side, 1) for side in face.box_xyxy],
        "character": face.character,
        "character_id": face.character_id,
        "unknown": face.unknown,
        "similarity": round(face.similarity, 4),
        "confidence": round(face.confidence, 4),
        "decided_by": face.decided_by,
        "depicted": face.depicted,
        "stranger": face.stranger,
    }
