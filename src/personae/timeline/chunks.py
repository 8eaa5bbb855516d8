"""What an unfinished scan has found, chunk by chunk: each is kept as soon as it is done, to go on from after a kill."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from personae import archive
from personae.checks import Fields, MisfitError, require, text, whole
from personae.errors import StoreError
from personae.media import shots
from personae.media.film import Gap, ReadSoFar
from personae.timeline import records
from personae.timeline.records import TrackRecord
from personae.types import IntArray, PixelArray

SCHEMA = "personae/scan-chunk/1"
END = 2**62
"""Where the chunk after a film's last one would begin."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """One chunk's findings. `boundaries`: those that were certain at its end; `read`: where reading stood then.

    `end_pts`: of the film, in its last chunk, whose `boundaries` are all there are.
    """

    records: list[TrackRecord]
    start_pts: int
    next_pts: int
    boundaries: list[shots.Boundary]
    certain_pts: int
    read: ReadSoFar
    look_pts: IntArray
    tiny: PixelArray
    detections: int
    end_pts: int | None = None


def path_of(folder: Path, number: int) -> Path:
    """The file of one chunk, numbered from 1."""
    return folder / f"chunk-{number:05}.tracks"


def discard(folder: Path) -> None:
    """Delete the chunks in `folder`, and it too unless anything else lies in it."""
    with contextlib.suppress(OSError):
        for path in (*folder.glob("chunk-*.tracks"), *folder.glob(".personae-*.tmp")):
            path.unlink()
        folder.rmdir()


def keep(folder: Path, number: int, chunk: Chunk, fingerprint: dict[str, Any]) -> None:
    """Write one chunk; raises WriteError."""
    facts = {
        "fingerprint": fingerprint,
        "start_pts": chunk.start_pts,
        "next_pts": chunk.next_pts,
        "certain_pts": chunk.certain_pts,
        "boundaries": [asdict(boundary) for boundary in chunk.boundaries],
        "read": asdict(chunk.read),
        "detections": chunk.detections,
        "end_pts": chunk.end_pts,
    }
    extra: dict[str, NDArray[Any]] = {"look_pts": chunk.look_pts, "tiny": chunk.tiny}
    # Not durable: after a power cut the scan would only go on from an earlier chunk.
    records.write(path_of(folder, number), chunk.records, facts, extra, schema=SCHEMA, durable=False)


def kept(folder: Path, fingerprint: dict[str, Any]) -> list[Chunk]:
    """Chunks of an interrupted scan of this film with these settings, in order, up to the first that is missing.

    One that cannot be right is as good as missing: it is looked through again.
    """
    chunks: list[Chunk] = []
    while True:
        try:
            rows, facts, arrays = records.read(path_of(folder, len(chunks) + 1), schema=SCHEMA)
            if facts.get("fingerprint") != fingerprint:
                discard(folder)
                return []
            chunk = _chunk_of(rows, Fields(facts), arrays)
            require(not chunks or chunk.start_pts == chunks[-1].next_pts, "a chunk does not follow the one before")
        except (StoreError, MisfitError):
            return chunks
        chunks.append(chunk)


def _chunk_of(rows: list[TrackRecord], facts: Fields, arrays: dict[str, NDArray[Any]]) -> Chunk:
    """A chunk from what its file holds; MisfitError where something cannot be right."""
    start_pts, next_pts = facts.whole("start_pts"), facts.whole("next_pts")
    look_pts = archive.array(arrays, "look_pts", "i", (None,), start_pts, next_pts)
    require(len(look_pts) and bool((np.diff(look_pts) > 0).all()), "look_pts do not rise")
    inside = all(start_pts <= record.start_pts for record in rows)
    require(inside, "box_pts: a track begins before its chunk")
    kinds = get_args(shots.BoundaryKind)
    return Chunk(
        rows,
        start_pts,
        next_pts,
        [
            shots.Boundary(
                one.whole("pts"),
                one.one_of("kind", kinds),  # type: ignore[arg-type]
                one.whole("start_pts"),
                one.whole("end_pts"),
            )
            for one in facts.rows("boundaries")
        ],
        facts.whole("certain_pts"),
        read_so_far(facts.inner("read")),
        look_pts,
        archive.array(arrays, "tiny", "u", (len(look_pts), None, None)),
        facts.whole("detections", 0),
        None if facts.get_or_none("end_pts") is None else facts.whole("end_pts", start_pts),
    )


def read_so_far(facts: Fields) -> ReadSoFar:
    """Where a reading stood, from JSON types; MisfitError where something cannot be right."""
    return ReadSoFar(
        facts.whole("frames", 0),
        facts.flag("irregular"),
        tuple(facts.each("gaps", _gap)),
        tuple(facts.each("part_starts", whole)),
    )


def _gap(value: Any, at: str) -> Gap:
    row = Fields({"row": value}, at).items("row", 3)
    return whole(row[0], at), whole(row[1], at), text(row[2], at)
