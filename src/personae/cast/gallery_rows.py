"""The values in a gallery's rows: as SQLite takes them, and checked as they come out of a file anybody may change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from personae.checks import Fields, any_text, facts, parsed
from personae.recognition.vectors import check_vectors, dimension_of
from personae.types import COPIES_PX, FloatArray

LARGEST_PX = 1e6
_LARGEST = 2**63 - 1
_LARGEST_PICTURE = 2**20
_JPEG_BEGINS = b"\xff\xd8\xff"


def detail_of(value: object) -> dict[str, Any]:
    """What an entry of the log says: an object whose fields have the types that are read; ValueError otherwise."""
    detail = facts(parsed(text_of(value)), "edits.detail", halves=True)
    row = Fields(detail, "edits.detail")
    for name in ("character", "into", "photo"):
        if name in row:
            row.or_none(name, any_text)
    for name in ("characters", "added", "notes"):
        if name in row:
            row.each(name, any_text)
    if "added" in row:
        any_text(row.get("into"), "edits.detail.into")
    if "before" in row:
        before = row.inner("before")
        for character in detail["before"]:
            name, given = before.items(character, 2)
            any_text(name, before.where(character))
            Fields({"": given}, before.where(character)).each("", any_text)
    if "rejected" in row:
        row.each("rejected", _unused)
    if isinstance(detail.get("photos"), list):
        row.each("photos", _moved)
    elif "photos" in row:
        row.whole("photos", 0)
    return detail


def _moved(value: Any, at: str) -> None:
    """A photo that moved: its path, and whose it was and is."""
    path, *names = Fields({"": value}, at).items("", 3)
    any_text(path, at)
    for name in names:
        if name is not None:
            any_text(name, at)


def _unused(value: Any, at: str) -> None:
    """A photo that could not be used: its path, the reason, and more of it."""
    for each in Fields({"": value}, at).items("", 3):
        any_text(each, at)


def box_of(blob: Any) -> FloatArray:
    """A box (4,) from what is stored; ValueError where it is none."""
    box = np.frombuffer(blob, "<f4", count=4).astype(np.float32)
    if len(blob) != 16 or not np.isfinite(box).all():
        raise ValueError("faces.box is not four numbers")
    return box


def vector_of(blob: Any, what: str, embedder: str) -> FloatArray:
    """One embedding (d,) of `embedder` from what is stored; ValueError where it is none."""
    vector: FloatArray = np.frombuffer(blob, "<f4").astype(np.float32)
    if dimension_of(embedder) not in (None, len(vector)):
        raise ValueError(f"{what} is not of {embedder}")
    check_vectors(vector[None], what)
    return vector


def jpeg_of(blob: Any) -> bytes:
    """A face's small picture from what is stored; ValueError where it is no JPEG file."""
    if not isinstance(blob, bytes) or not blob.startswith(_JPEG_BEGINS) or len(blob) > _LARGEST_PICTURE:
        raise ValueError("faces.picture is no small JPEG file")
    return blob


def copies_of(blobs: Sequence[Any], row_bytes: int) -> FloatArray:
    """(n, k, d) float32 from one blob a face, each (k, d) with rows of `row_bytes`; zero where there is none."""
    sizes = {len(blob) for blob in blobs if blob is not None}
    if len(sizes) > 1 or any(not isinstance(blob, bytes | None) for blob in blobs):
        raise ValueError("copies of different lengths")
    if sizes and row_bytes and sizes != {row_bytes * len(COPIES_PX)}:
        raise ValueError("copies that do not fit the embeddings")
    size = sizes.pop() if sizes else row_bytes
    flat = np.frombuffer(b"".join(bytes(size) if blob is None else blob for blob in blobs), "<f4").astype(np.float32)
    return flat.reshape(len(blobs), size // max(row_bytes, 1), row_bytes // 4)


def stored(value: Any) -> Any:
    """A value as SQLite takes it: names that are not valid Unicode as bytes, dates after 2262 as the last it can."""
    if isinstance(value, int):
        return min(value, _LARGEST)
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-8", "surrogatepass")
    return value


def text_of(value: object) -> str:
    """What `stored` made of a text; raises ValueError for anything else."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogatepass")
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    return value
