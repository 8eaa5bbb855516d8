"""Whom a scan that is under way has seen so far: read from the chunks that it keeps to go on from.

Nothing can be decided about them yet: their names and numbers are made when the whole film was seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from personae.cast.context import ProjectContext
from personae.checks import Fields, parsed
from personae.errors import PersonaeError, StoreError
from personae.files import read_whole
from personae.recognition.prototypes import unit
from personae.timeline import chunks, records
from personae.timeline.records import TrackRecord

ALIKE = 0.4
"""Mean faces of two tracks that are so alike are shown as one person: better one picture too few than too many."""
LEAST_FACES = 2
"""A track of fewer faces may be nobody's."""
MOST_TRACKS = 2000
"""So many tracks are compared; later ones of a long film show hardly anybody new."""


@dataclass(frozen=True, eq=False)
class SeenPerson:
    """Somebody seen so far. `jpeg`: their best face; `faces`: how often it was found."""

    jpeg: bytes
    faces: int


def people_so_far(
    context: ProjectContext, paths: Sequence[str | Path], *, most: int = 12
) -> tuple[int, list[SeenPerson]]:
    """How many people a scan of these files has seen until now, and the first `most` of them, most seen first.

    None are seen before its first chunk is done, and after the scan has ended.
    """
    folder = _folder(context, str(paths[0])) if paths else None
    if folder is None:
        return 0, []
    found = _people(_tracks(folder))
    found.sort(key=lambda own: -sum(len(one.weights) for one in own))
    return len(found), [_shown(own) for own in found[:most]]


def _folder(context: ProjectContext, path: str) -> Path | None:
    """Where the unfinished scan of a file is kept: of the project's films, the one that was reserved for it."""
    for folder in context.paths.films.glob("*/.*.scan"):
        reserved = folder.with_suffix(".reserved")
        try:
            known = Fields(parsed(read_whole(reserved))).text("path")
        except (OSError, ValueError, PersonaeError):
            continue
        if Path(known) == Path(path) and chunks.path_of(folder, 1).is_file():
            return folder
    return None


def _tracks(folder: Path) -> Iterable[TrackRecord]:
    number = count = 0
    while count < MOST_TRACKS:
        number += 1
        try:
            rows, _, _ = records.read(chunks.path_of(folder, number), schema=chunks.SCHEMA)
        except StoreError:  # not there yet, or not any more: the scan has ended
            return
        own = [one for one in rows if len(one.weights) >= LEAST_FACES and one.picture.size]
        count += len(own)
        yield from own


def _people(tracks: Iterable[TrackRecord]) -> list[list[TrackRecord]]:
    """The tracks of each person, as far as their mean faces tell."""
    means: list[Any] = []
    found: list[list[TrackRecord]] = []
    for one in tracks:
        mean = unit((one.embeddings * one.weights[:, None]).sum(axis=0, keepdims=True).astype(np.float64))[0]
        alike = np.array(means) @ mean if means else np.empty(0)
        if len(alike) and alike.max() >= ALIKE:
            found[int(alike.argmax())].append(one)
        else:
            means.append(mean)
            found.append([one])
    return found


def _shown(own: list[TrackRecord]) -> SeenPerson:
    best = max(own, key=lambda one: float(one.weights.max()))
    return SeenPerson(best.picture.tobytes(), sum(len(one.weights) for one in own))
