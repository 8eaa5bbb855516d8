"""`photos.faces`: the faces of a set of photos with their embeddings, the model's labels, who was who (private)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae import archive
from personae.checks import Fields, MisfitError, require
from personae.errors import DamagedFileError, ModelNotFoundError, StoreError
from personae.files import open_input
from personae.names import highest
from personae.timeline import native_reader
from personae.timeline.appearances import Label
from personae.timeline.native_boxes import FARTHEST_PX
from personae.timeline.records import LARGEST_WEIGHT, UNIT
from personae.types import AnalyzedFaces, IntArray, Quality, Reason

SCHEMA = "personae/faces/1"
_REASONS = tuple(Reason)
HIGHEST = 10**9
"""No number of a group or an unknown person is higher."""
_LARGEST_PX = 10**6
_LONGEST_HEAD = 100_000_000
_QUALITY = ("face_px", "sharpness", "brightness", "yaw", "score")
_BOUNDS = {"face_px": (0.0, FARTHEST_PX), "score": (0.0, LARGEST_WEIGHT)}


@dataclass(frozen=True, eq=False)
class StoredPhoto:
    """A photo of a set: its path from the set's root (with /), the SHA-256 of its content, its faces."""

    path: str
    sha256: str
    faces: AnalyzedFaces


@dataclass(frozen=True, eq=False)
class Kept:
    """What `photos.faces` holds: `photos` under a folder `root`, each face embedded by `embedder`.

    Of all n faces, photo by photo: `group` (n,) the person that the faces alone tell, one number space over all sets of
    the project, -1 for who is not grouped yet; `labels`: the model's; `unknown`: the unknown person that each was at
    last, decisions applied, or None. `unknowns_used`: the highest number any unknown person has had; `model`: the card
    of what named them, None while the cast was empty; `alone`: an earlier version grouped this set without the others.
    """

    root: str
    embedder: str
    photos: tuple[StoredPhoto, ...] = ()
    group: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    labels: tuple[Label, ...] = ()
    unknown: tuple[int | None, ...] = ()
    unknowns_used: int = 0
    model: Mapping[str, Any] | None = None
    alone: bool = False

    def only(self, stays: NDArray[np.bool_]) -> Kept:
        """Without the faces that do not stay (n,); photos stay, also those without a face then."""
        photos, at = [], 0
        for photo in self.photos:
            own = stays[at : at + len(photo.faces)]
            photos.append(replace(photo, faces=photo.faces[np.flatnonzero(own)]))
            at += len(photo.faces)
        rows = np.flatnonzero(stays).tolist()
        return replace(
            self,
            photos=tuple(photos),
            group=self.group[stays],
            labels=tuple(self.labels[at] for at in rows),
            unknown=tuple(self.unknown[at] for at in rows),
        )


def write(path: Path, kept: Kept) -> None:
    """Write the file whole; raises WriteError and as `archive.write`."""
    faces = [photo.faces for photo in kept.photos]
    dimension = max((one.embeddings.shape[1] for one in faces if len(one)), default=0)

    def stacked(name: str, of: Sequence[Any], shape: tuple[int, ...], dtype: type = np.float32) -> NDArray[Any]:
        return np.concatenate([np.empty((0, *shape), dtype), *(getattr(one, name) for one in of if len(one))])

    arrays: dict[str, NDArray[Any]] = {
        "faces_count": np.array([len(one) for one in faces], np.int64),
        "size_wh": np.array([one.size_wh for one in faces], np.int64).reshape(-1, 2),
        "boxes": stacked("boxes_xyxy", faces, (4,)),
        "landmarks": stacked("landmarks_xy", faces, (5, 2)),
        "detection": stacked("scores", faces, ()),
        "embeddings": stacked("embeddings", faces, (dimension,)),
        "reasons": np.array([_bits(own) for one in faces for own in one.quality.reasons], np.int64),
        # Earlier versions read groups of this set alone, numbered without gaps.
        "group": np.unique(kept.group, return_inverse=True)[1].astype(np.int64),
        "project_group": kept.group,
    }
    arrays |= {name: stacked(name, [one.quality for one in faces], ()) for name in _QUALITY}
    facts = {
        "root": kept.root,
        "embedder": kept.embedder,
        "photos": [{"path": one.path, "sha256": one.sha256, "note": one.faces.note} for one in kept.photos],
        "labels": [_label_row(label) for label in kept.labels],
        "unknown": list(kept.unknown),
        "unknowns_used": kept.unknowns_used,
        "model": None if kept.model is None else dict(kept.model),
    }
    archive.write(path, arrays, facts, schema=SCHEMA)


def read(path: Path) -> Kept:
    """What the file holds, every value checked.

    Raises StoreError where it is missing, DamagedFileError, ForeignFileError, TooNewError.
    """
    try:
        arrays, facts = archive.read(path, schema=SCHEMA)
        return _kept(arrays, Fields(facts))
    except ModelNotFoundError:
        raise StoreError(path, "is missing. Keep the photos again: personae identify PHOTOS --keep NAME") from None
    except DamagedFileError:
        raise _damaged(path, "its content does not fit together") from None
    except MisfitError as error:
        raise _damaged(path, str(error)) from None


def is_alone(path: Path) -> bool:
    """Whether an earlier version wrote the file, which grouped sets alone. Reads the file's head; raises OSError."""
    with open_input(path) as file:
        length = int.from_bytes(file.read(8), "little")
        return b'"project_group":{' not in file.read(min(length, _LONGEST_HEAD))


def _kept(arrays: Mapping[str, NDArray[Any]], facts: Fields) -> Kept:
    rows, embedder = list(facts.rows("photos")), facts.text("embedder", empty=False)
    count = archive.array(arrays, "faces_count", "i", (len(rows),), 0, 1 << 20)
    n = int(count.sum())
    sizes = archive.array(arrays, "size_wh", "i", (len(rows), 2), 1, _LARGEST_PX)
    boxes = archive.array(arrays, "boxes", "f", (n, 4), -FARTHEST_PX, FARTHEST_PX)
    landmarks = archive.array(arrays, "landmarks", "f", (n, 5, 2), -FARTHEST_PX, FARTHEST_PX)
    detection = archive.array(arrays, "detection", "f", (n,), 0, LARGEST_WEIGHT)
    embeddings = archive.array(arrays, "embeddings", "f", (n, None), -UNIT, UNIT)
    bits = archive.array(arrays, "reasons", "i", (n,), 0, (1 << len(_REASONS)) - 1)
    alone = "project_group" not in arrays
    group = archive.array(arrays, "group", "i", (n,), 0, max(n - 1, 0))
    if not alone:
        group = archive.array(arrays, "project_group", "i", (n,), 0, HIGHEST)
    reasons = tuple(tuple(why for at, why in enumerate(_REASONS) if one >> at & 1) for one in bits.tolist())
    of = {name: archive.array(arrays, name, "f", (n,), *_BOUNDS.get(name, (-1e9, 1e9))) for name in _QUALITY}
    quality = Quality(**of, reasons=reasons)
    photos, at = [], 0
    for row, own, size in zip(rows, count.tolist(), sizes.tolist(), strict=True):
        rows_of = slice(at, at + own)
        faces = AnalyzedFaces(
            boxes[rows_of], landmarks[rows_of], detection[rows_of], embeddings=embeddings[rows_of],
            quality=quality[rows_of], embedder=embedder, size_wh=(size[0], size[1]), note=row.text("note"),
        )  # fmt: skip
        photos.append(StoredPhoto(row.text("path"), row.text("sha256"), faces))
        at += own
    labels = tuple(_label_of(row) for row in facts.rows("labels"))
    require(len(labels) == n, f"labels are {len(labels)} of {n} faces")
    unknown = tuple(
        None if one is None else native_reader.number_of_unknown(one, f"unknown[{number}]")
        for number, one in enumerate(facts.items("unknown", n))
    )
    used = highest([facts.whole("unknowns_used", 0, HIGHEST), *unknown])
    model = None if facts.get("model") is None else facts.facts("model")
    return Kept(facts.text("root"), embedder, tuple(photos), group, labels, unknown, used, model, alone)


def _bits(reasons: Sequence[Reason]) -> int:
    return sum(1 << _REASONS.index(why) for why in reasons)


def _label_row(label: Label) -> dict[str, Any]:
    return {
        "character": label.character,
        "character_id": label.character_id,
        "unknown": label.unknown,
        "similarity": label.similarity,
        "confidence": label.confidence,
    }


def _label_of(row: Fields) -> Label:
    character, unknown, identity = native_reader.person_of(row)
    return Label(
        character, unknown, row.number("similarity", -UNIT, UNIT), row.number("confidence", 0, 1), character_id=identity
    )


def _damaged(path: Path, why: str) -> DamagedFileError:
    return DamagedFileError(
        path, f"this file is damaged: {why}. Delete it, and keep the photos again: personae identify PHOTOS --keep NAME"
    )
