"""How a person is removed from each kind of file a project holds besides the gallery. One function per kind.

Values in, values out: `forgetting` reads and writes. A new kind of file gets its function here.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae.recognition.prototypes import unit
from personae.timeline import grouping
from personae.types import FloatArray

ALIKE = 0.5
"""Cosine from which a face of nobody in particular is taken for the person's."""
FORGOTTEN = "(forgotten)"


@dataclass
class Removed:
    """What was taken out of a document: entries, the tracks they named, and the picture files they pointed to."""

    entries: int = 0
    tracks: set[int] = field(default_factory=set)
    pictures: set[str] = field(default_factory=set)


def names_pattern(names: Collection[str]) -> re.Pattern[str]:
    """Finds any of `names` as whole words."""
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(name) for name in longest_first)})(?!\w)")


def forget_in_json(document: Any, names: Collection[str], tracks: Collection[int] = ()) -> tuple[Any, Removed]:
    """A JSON document without the entries of `names`: timelines, edits of a film, totals, lists of names.

    An object in a list with one of the names as a value goes (an appearance, a total, an edit), and the tracks that
    only such objects name go with it; a name as a key goes with its value; in longer texts it is replaced. `tracks`:
    numbers of unnamed tracks with the person's face; what is made of them stays, without its picture.
    """
    removed = Removed()
    pattern = names_pattern(names)
    tracks_shown = frozenset(tracks)

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            if (
                not tracks_shown.isdisjoint(_tracks_of(value))
                and value.get("character") is None
                and "best_picture" in value
            ):
                _gather_picture(value, removed)
                value = value | {"best_picture": None}
            return {
                key: clean(None if isinstance(item, str) and item in names else item)
                for key, item in value.items()
                if key not in names
            }
        if isinstance(value, list):
            kept = []
            for item in value:
                if _names_one(item, names):
                    removed.entries += 1
                    _gather(item, removed)
                else:
                    kept.append(clean(item))
            return kept
        return pattern.sub(FORGOTTEN, value) if isinstance(value, str) else value

    cleaned = clean(document)
    if isinstance(cleaned, dict) and isinstance(cleaned.get("tracks"), list):
        others = {track for row in cleaned.get("appearances", []) for track in _tracks_of(row)}
        removed.tracks -= others
        cleaned["tracks"] = [
            row for row in cleaned["tracks"] if not (isinstance(row, dict) and row.get("id") in removed.tracks)
        ]
    return cleaned, removed


def forget_in_journal(rows: list[Any], names: Collection[str]) -> tuple[list[Any], Removed]:
    """The lines of a journal of decisions without what was decided about `names`; a line that is torn off goes too.

    A decision that makes somebody else of the person stays, without the name; so does what is left of a merge.
    """
    removed = Removed()
    kept = []
    for row in rows:
        if not isinstance(row, dict):
            continue
        cleaned = _decision_without(row, names)
        if cleaned is None:
            removed.entries += 1
        else:
            kept.append(forget_in_json(cleaned, names)[0])
    return kept, removed


def _decision_without(row: dict[str, Any], names: Collection[str]) -> dict[str, Any] | None:
    """One line without the persons called so; None where nothing is left of it."""
    if "kind" not in row:
        return row
    row = {key: value for key, value in row.items() if key != "more"}  # lines of one append are not counted any more
    parts = row.get("parts")
    parts = parts if isinstance(parts, list) else []
    others = [part for part in parts if not _is_of(part.get("who") if isinstance(part, dict) else None, names)]
    if len(others) == len(parts) and not _is_of(row.get("to"), names):
        return row
    if _is_of(row.get("to"), names):
        return None
    if row["kind"] in ("merge", "apart"):
        return row | {"parts": others} if len(others) > 1 else None
    becomes = row.get("to")
    if row["kind"] in ("name", "give") and isinstance(becomes, dict) and becomes.get("character") is not None:
        return row | {"parts": [part | {"who": None} for part in parts]}
    return None


def _is_of(person: Any, names: Collection[str]) -> bool:
    return isinstance(person, dict) and person.get("character") in names


def _names_one(item: Any, names: Collection[str]) -> bool:
    if isinstance(item, str):
        return item in names
    if isinstance(item, dict):
        return any(isinstance(value, str) and value in names for value in item.values())
    return isinstance(item, list) and any(isinstance(value, str) and value in names for value in item)


def _gather(item: Any, removed: Removed) -> None:
    if isinstance(item, dict):
        removed.tracks.update(_tracks_of(item))
        _gather_picture(item, removed)


def _gather_picture(item: dict[str, Any], removed: Removed) -> None:
    picture = item.get("best_picture")
    if isinstance(picture, dict) and isinstance(picture.get("file"), str):
        removed.pictures.add(picture["file"])


def _tracks_of(item: Any) -> list[int]:
    tracks = item.get("tracks") if isinstance(item, dict) else None
    return [track for track in tracks if isinstance(track, int)] if isinstance(tracks, list) else []


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
    arrays: dict[str, NDArray[Any]], facts: dict[str, Any], names: Collection[str], vectors: FloatArray
) -> tuple[dict[str, NDArray[Any]], dict[str, Any], int]:
    """`film.tracks` without the embeddings and pictures of `own_tracks`; the tracks stay, so that numbers hold."""
    own = own_tracks(arrays, facts, names, vectors)
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
    if own.any():  # the groups' means are of everybody's faces; they are found anew from those that are left
        arrays = {name: array for name, array in arrays.items() if not name.startswith(grouping.PREFIX)}
    if isinstance(labels, list):  # one per track: cleaned in place, so that none moves
        facts = facts | {"labels": [_unnamed(label, names) for label in labels]}
    rest, _ = forget_in_json({key: value for key, value in facts.items() if key != "labels"}, names)
    return arrays, (rest | {"labels": facts["labels"]} if "labels" in facts else rest), int(own.sum())


def _label(label: Any) -> str | None:
    """The character that a label of a track names."""
    if isinstance(label, dict):
        label = label.get("character")
    return label if isinstance(label, str) else None


def _unnamed(label: Any, names: Collection[str]) -> Any:
    if isinstance(label, dict):
        return forget_in_json(label, names)[0]
    return None if label in names else label
