"""A person out of the arrays of a film: embeddings and pictures of each track, and the labels that name them.

Values in, values out: the keeper reads and writes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae import archive
from personae.errors import StoreError
from personae.forgetting.documents import forget_in_json
from personae.forgetting.person import ALIKE
from personae.forgetting.search import Search
from personae.recognition.prototypes import unit
from personae.timeline import grouping
from personae.types import FloatArray

_OF_A_FILM = ("personae/tracks/", "personae/scan")
_CROPS = "personae/crops/"
_JPEG = b"\xff\xd8\xff"


def is_of_a_film(path: Path, *, crops: bool = False) -> bool:
    """Whether a file holds tracks, of a film, of a whole scan or of a part of one; `crops`: or crops of tracks."""
    try:
        return archive.schema_of(path).startswith((*_OF_A_FILM, _CROPS) if crops else _OF_A_FILM)
    except StoreError:
        return False


def search_tracks(path: Path, arrays: dict[str, NDArray[Any]], facts: dict[str, Any], search: Search) -> None:
    """Search the arrays of a file of tracks or crops: embeddings (k, d) near the person's, and pictures of the face.

    Of tracks that are named after somebody else only the pictures count: of many thousand faces one is near by chance.
    """
    embeddings = arrays.get("embeddings")
    if embeddings is not None and embeddings.ndim == 2:
        named = _named(arrays, facts, len(embeddings))
        if search.likeness.alike(embeddings[~named]).any():
            search.found(path, "an embedding of the face")
    for array in arrays.values():
        if is_of_pictures(array) and any(map(search.likeness.is_in, jpegs(array.tobytes()))):
            search.found(path, "the face, in a picture")
            return


def _named(arrays: dict[str, NDArray[Any]], facts: dict[str, Any], faces: int) -> NDArray[np.bool_]:
    """(faces,) whether each is of a track that has somebody's name."""
    counts, labels = arrays.get("faces_count"), facts.get("labels")
    if counts is None or not isinstance(labels, list) or len(labels) != len(counts) or int(counts.sum()) != faces:
        return np.zeros(faces, bool)
    return np.repeat(np.array([_label(label) is not None for label in labels], bool), counts)


def is_of_pictures(array: NDArray[Any]) -> bool:
    """Whether an array may hold pictures: the bytes of JPEG files, one after the other."""
    return array.dtype == np.uint8 and array.ndim == 1


def jpegs(content: bytes) -> Iterator[bytes]:
    """The pictures that stand one after the other."""
    begin = content.find(_JPEG)
    while begin >= 0:
        end = content.find(_JPEG, begin + len(_JPEG))
        yield content[begin : end if end >= 0 else len(content)]
        begin = end


def own_tracks(
    arrays: dict[str, NDArray[Any]], facts: dict[str, Any], names: Collection[str], vectors: FloatArray
) -> NDArray[np.bool_]:
    """(tracks,) whether each track of `film.tracks` is the person's; empty where the layout is not known.

    It is where `labels` in the facts say so, or where nobody else has it and one of its embeddings (k, d) is near one
    of `vectors` (n, d). `<what>_count` (tracks,) says how many rows of an array each track owns.
    """
    counts, embeddings, labels = arrays.get("faces_count"), arrays.get("embeddings"), facts.get("labels")
    if counts is None or embeddings is None or int(counts.sum()) != len(embeddings):
        return np.zeros(0, bool)
    own = np.zeros(len(counts), bool)
    owner = np.repeat(np.arange(len(counts)), counts)
    if len(vectors) and embeddings.shape[-1] == vectors.shape[-1]:
        alike = (unit(embeddings) @ unit(vectors).T).max(axis=1) >= ALIKE
        own[owner[alike]] = True
    for i in range(len(counts)):
        label = _label(labels[i]) if isinstance(labels, list) and i < len(labels) else None
        own[i] = label in names if label is not None else own[i]
    return own


def forget_in_tracks(
    arrays: dict[str, NDArray[Any]],
    facts: dict[str, Any],
    names: Collection[str],
    vectors: FloatArray,
    also: Collection[int] = (),
) -> tuple[dict[str, NDArray[Any]], dict[str, Any], int]:
    """`film.tracks` without the embeddings and pictures of `own_tracks`; the tracks stay, so that numbers hold.

    `also`: numbers, from 1, of tracks that are the person's too. How many had anything comes with it.
    """
    own = own_tracks(arrays, facts, names, vectors)
    numbers = [number for number in also if 1 <= number <= len(own)]
    own[np.array(numbers, int) - 1] = True
    labels = facts.get("labels")
    if len(own):
        arrays = dict(arrays)
        for what, owned in (("faces", ("embeddings", "weights", "face_px", "face_pts")), ("picture", ("picture",))):
            number = arrays.get(f"{what}_count")
            if number is None:
                continue
            keep = np.repeat(~own, number)
            for name in owned:
                if name in arrays and len(arrays[name]) == len(keep):
                    arrays[name] = arrays[name][keep]
            arrays[f"{what}_count"] = np.where(own, 0, number).astype(number.dtype)
    if (
        own.any()
    ):  # the means of groups of people are of everybody's faces; they are found anew from those that are left
        arrays = {name: array for name, array in arrays.items() if not name.startswith(grouping.PREFIX)}
    if isinstance(labels, list):  # one per track: cleaned in place, so that none moves
        facts = facts | {"labels": [_unnamed(label, names) for label in labels]}
    rest, _ = forget_in_json({key: value for key, value in facts.items() if key != "labels"}, names, ours=True)
    return arrays, (rest | {"labels": facts["labels"]} if "labels" in facts else rest), int(own.sum())


def _label(label: Any) -> str | None:
    """The character that a label of a track names."""
    if isinstance(label, dict):
        label = label.get("character")
    return label if isinstance(label, str) else None


def _unnamed(label: Any, names: Collection[str]) -> Any:
    if isinstance(label, dict):
        return forget_in_json(label, names, ours=True)[0]
    return None if label in names else label
