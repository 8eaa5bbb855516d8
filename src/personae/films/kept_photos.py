"""The photos of a set and who is in them, as values, and as `photos.json`, which is safe to share."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from personae._version import __version__
from personae.films.faces_file import Kept
from personae.per_object import PerObject
from personae.timeline.appearances import Label
from personae.timeline.deciding import Applied
from personae.timeline.face_labels import Drawn
from personae.timeline.timeline import name_of

SCHEMA = "personae/photos/1"


@dataclass(frozen=True)
class KeptFace:
    """A face in a photo: `number` from the left from 1, `box_xyxy` in pixels, and who it is.

    `drawn`: none was found there, and a person drew the box; these are counted after those that were found.

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
    drawn: bool = False

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


@dataclass(frozen=True)
class _Made:
    """The photos as they were made last, and of what: a decision changes few of many thousands."""

    labels: Sequence[Label]
    drawn: dict[int, list[Drawn]]
    photos: tuple[KeptPhoto, ...]


_MADE: PerObject[_Made] = PerObject()


def photos_of(kept: Kept, labels: Sequence[Label], drawn: Iterable[Drawn] = ()) -> tuple[KeptPhoto, ...]:
    """The photos with `labels`, one per face that was found, and the faces that a person drew.

    Those that did not change since the last call are the same objects.
    """
    last, labels = _MADE.get(kept), tuple(labels)
    photos, at = [], 0
    by_photo: dict[int, list[Drawn]] = {}
    for one in drawn:
        by_photo.setdefault(one.photo, []).append(one)
    for place, photo in enumerate(kept.photos):
        count = len(photo.faces)
        same = last is not None and labels[at : at + count] == last.labels[at : at + count]
        if last is not None and same and by_photo.get(place) == last.drawn.get(place):
            photos.append(last.photos[place])
            at += count
            continue
        faces = []
        for number, (x1, y1, x2, y2) in enumerate(photo.faces.boxes_xyxy.tolist(), 1):
            faces.append(_face(photo.path, number, (x1, y1, x2, y2), labels[at]))
            at += 1
        width, height = photo.faces.size_wh
        for number, one in enumerate(by_photo.get(place, ()), len(faces) + 1):
            x1, y1, x2, y2 = one.place.box
            box = (x1 * width, y1 * height, x2 * width, y2 * height)
            faces.append(_face(photo.path, number, box, one.label, drawn=True))
        photos.append(KeptPhoto(photo.path, photo.faces.size_wh, tuple(faces)))
    return _MADE.put(kept, _Made(labels, by_photo, tuple(photos))).photos


def _face(
    path: str, number: int, box: tuple[float, float, float, float], own: Label, *, drawn: bool = False
) -> KeptFace:
    return KeptFace(
        path, number, box, own.character, own.unknown, own.similarity, own.confidence, own.decided_by, own.depicted,
        own.stranger, own.character_id, drawn,
    )  # fmt: skip


def as_json(kept: Kept, applied: Applied) -> bytes:
    """`photos.json`, without embeddings; see `schemas/photos-1.schema.json`."""
    head = {
        "schema": SCHEMA,
        "personae_version": __version__,
        "root": kept.root,
        "model": None if kept.model is None else dict(kept.model),
    }
    begin = json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}")
    photos = ",\n  ".join(map(_line, photos_of(kept, applied.labels, applied.drawn)))
    return f'{begin},\n "photos": [\n  {photos}\n ]\n}}\n'.encode()


_LINES: PerObject[str] = PerObject()


def _line(photo: KeptPhoto) -> str:
    """A photo as a line of JSON: most are as they were in the document before."""
    known = _LINES.get(photo)
    if known is None:
        row = {"path": photo.path, "size": list(photo.size_wh), "faces": [_row(face) for face in photo.faces]}
        known = _LINES.put(photo, json.dumps(row, ensure_ascii=False))
    return known


def _row(face: KeptFace) -> dict[str, Any]:
    row: dict[str, Any] = {
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
    return row | {"drawn": True} if face.drawn else row
