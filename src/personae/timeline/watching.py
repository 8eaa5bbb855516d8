"""What a whole film came to: its chunks, each kept as soon as it is done, put together to shots and tracks.

A scan that was killed goes on with the first chunk that is missing and ends as if it had run through.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from personae.faces.detector import Detector
from personae.faces.embedder import Embed
from personae.media import shots
from personae.media.film import Video
from personae.media.video import Film
from personae.progress import Progress, ProgressCallback
from personae.settings import Settings
from personae.timeline import chunks as scan_chunks
from personae.timeline import records
from personae.timeline.chunk_pass import begin, go_on, length_s, threads_for
from personae.timeline.chunks import Chunk
from personae.timeline.labelling import tracks_of
from personae.timeline.laid import Laid
from personae.timeline.looking import same_place
from personae.timeline.places import Finder
from personae.timeline.records import TrackRecord
from personae.timeline.timeline import Shot
from personae.types import IntArray, PixelArray


@dataclass(frozen=True, eq=False)
class Watched:
    """What one pass found: facts of the film, shots, tracks (none crosses a cut), and a tiny picture per look.

    `look_pts` (n,), `tiny` (n, h, 16): when was looked, and what the whole picture was like.
    """

    video: Video
    shots: tuple[Shot, ...]
    records: tuple[TrackRecord, ...]
    gaps: tuple[tuple[int, int, str], ...]
    look_pts: IntArray
    tiny: PixelArray
    detections: int = 0

    @cached_property
    def laid(self) -> Laid:
        """Its tracks as timelines have them."""
        tracks, records = tracks_of(self.records, self.shot_numbers), self.records
        return Laid(
            tracks, tuple(map(self.seen, records)), tuple(map(self.followed, records)), Finder(tracks, self.video)
        )

    def seen(self, record: TrackRecord) -> list[tuple[int, int]]:
        """The spans in which a track's face is visible: from each look to the next one, unless it was missing there."""
        looks_at = np.searchsorted(self.look_pts, record.box_pts[:, 0])
        if looks_at[-1] - looks_at[0] == len(looks_at) - 1:  # as most are
            return [(record.start_pts, record.end_pts)]
        gaps = np.flatnonzero(np.diff(looks_at) > 1)
        starts = record.box_pts[np.concatenate([[0], gaps + 1]), 0]
        ends = record.box_pts[np.concatenate([gaps, [len(looks_at) - 1]]), 1]
        return [(int(start), int(end)) for start, end in zip(starts, ends, strict=True)]

    def followed(self, record: TrackRecord) -> list[tuple[int, int]]:
        """The spans in which a track's head was followed without a face: up to its face where it comes next."""
        if not len(record.followed_pts):
            return []
        looks_at = np.searchsorted(self.look_pts, record.followed_pts[:, 0])
        of_faces = np.searchsorted(self.look_pts, record.box_pts[:, 0])
        runs = np.split(np.arange(len(looks_at)), np.flatnonzero(np.diff(looks_at) > 1) + 1)
        spans = []
        for run in runs:
            start, end = int(record.followed_pts[run[0], 0]), int(record.followed_pts[run[-1], 1])
            before = np.flatnonzero(of_faces == looks_at[run[0]] - 1)
            after = np.flatnonzero(of_faces == looks_at[run[-1]] + 1)
            start = int(record.box_pts[before[-1], 1]) if len(before) else start
            end = int(record.box_pts[after[0], 0]) if len(after) else end
            if start < end:
                spans.append((start, end))
        return spans

    @property
    def shot_numbers(self) -> list[int]:
        """Per track the number of the shot it is in."""
        starts = [shot.start_pts for shot in self.shots]
        at = np.searchsorted(starts, [record.start_pts for record in self.records], "right") - 1
        return [max(int(number), 0) for number in at]


def watch(
    film: Film,
    detector: Detector,
    embed: Embed,
    settings: Settings,
    *,
    kept_in: Path,
    fingerprint: dict[str, Any],
    progress: ProgressCallback | None = None,
) -> Watched:
    """Look through the film. Finished chunks are kept in the folder `kept_in` until the caller removes it.

    Raises FilmError for a film that cannot be read, WriteError where a chunk cannot be kept.
    """
    chunks = scan_chunks.kept(kept_in, fingerprint)
    if chunks and chunks[-1].end_pts is not None:
        film.was_read(chunks[-1].read, chunks[-1].end_pts)
        return _whole(film, chunks)
    watching = (detector, embed, settings)
    with ThreadPoolExecutor(threads_for(settings), thread_name_prefix="personae-look") as pool:
        one = go_on(film, watching, pool, chunks, progress) if chunks else begin(film, watching, pool, progress)
        for chunk in one.chunks():
            chunks.append(chunk)
            scan_chunks.keep(kept_in, len(chunks), chunk, fingerprint)
    if progress is not None:
        progress(Progress("film", length_s(film), length_s(film), f"{one.faces} faces, {one.tracks} tracks"))
    return _whole(film, chunks)


def _whole(film: Film, chunks: Sequence[Chunk]) -> Watched:
    """All chunks as one: tracks joined over their seams, and cut where shots end."""
    video, boundaries = film.video, list({one.pts: one for chunk in chunks for one in chunk.boundaries}.values())
    end_pts = video.start_pts + video.duration_pts
    spans = shots.spans(boundaries, video.start_pts, end_pts)
    cuts = {start for start, _ in spans[1:]}
    whole: list[TrackRecord] = []
    for chunk in chunks:
        whole = _joined(whole, chunk.records, chunk.start_pts, cuts)
    look_pts = np.concatenate([np.empty(0, np.int64), *(chunk.look_pts for chunk in chunks)])
    in_order = sorted(cuts)
    parts = [part for record in whole for part in _cut_everywhere(record, in_order, look_pts)]
    mixtures = [(one.start_pts, one.end_pts) for one in boundaries if one.kind == "dissolve"]
    second_pts = float(1 / video.time_base)
    parts = [records.with_crops(records.without_mixtures(part, mixtures), mixtures, second_pts) for part in parts]
    parts.sort(key=lambda record: (record.start_pts, tuple(record.boxes[0])))
    return Watched(
        video,
        tuple(Shot(start, end) for start, end in spans),
        tuple(parts),
        film.gaps,
        look_pts,
        np.concatenate([chunk.tiny for chunk in chunks]) if chunks else np.empty((0, 1, 1), np.uint8),
        sum(chunk.detections for chunk in chunks),
    )


def _joined(before: list[TrackRecord], after: list[TrackRecord], seam: int, cuts: set[int]) -> list[TrackRecord]:
    """Tracks that end at a seam continued by those that begin there in the same place."""
    if seam in cuts:
        return [*before, *after]
    ends = [i for i, record in enumerate(before) if record.end_pts == seam]
    result, rest = list(before), []
    for record in after:
        at = next(
            (
                i
                for i in ends
                if record.start_pts == seam and same_place(before[i].boxes[-1:, :4], record.boxes[:1, :4])
            ),
            None,
        )
        if at is None:
            rest.append(record)
        else:
            ends.remove(at)
            result[at] = records.joined(before[at], record)
    return [*result, *rest]


def _cut_everywhere(record: TrackRecord, cuts: Sequence[int], look_pts: IntArray) -> list[TrackRecord]:
    parts, rest = [], record
    for pts in cuts[int(np.searchsorted(cuts, record.start_pts, "right")) :]:
        if pts >= rest.end_pts:
            break
        # Seen by the looks before and after: seen between them.
        at = int(np.searchsorted(rest.box_pts[:, 0], pts))
        around = np.searchsorted(look_pts, rest.box_pts[max(at - 1, 0) : at + 1, 0])
        first, second = records.cut(rest, pts, whole=len(around) == 2 and bool(around[1] - around[0] == 1))
        if first is not None and second is not None:
            parts.append(first)
            rest = second
    shots = [-(2**62), *cuts, 2**62]
    return [
        records.followed_within(part, *shots[(at := bisect_right(shots, part.start_pts)) - 1 : at + 1])
        for part in (*parts, rest)
    ]
