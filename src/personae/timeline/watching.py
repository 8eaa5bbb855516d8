"""The pass over the film: pictures to shots and tracks, in chunks, each kept as soon as it is done.

A chunk begins afresh, so a scan that was killed goes on with the first chunk that is missing and ends as if it had run
through: only the shot detector, which looks a few seconds back, is shown the chunk before once more.
"""

from __future__ import annotations

import os
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from personae.faces.detector import Detector
from personae.faces.embedder import Embed
from personae.media import shots
from personae.media.film import FilmPicture, Video
from personae.media.film_errors import as_film_error
from personae.media.video import Film
from personae.progress import Progress, ProgressCallback
from personae.settings import Settings
from personae.timeline import chunks as scan_chunks
from personae.timeline import records
from personae.timeline.chunks import Chunk
from personae.timeline.following import Glance, Step, first_needed, follow
from personae.timeline.labelling import tracks_of
from personae.timeline.laid import Laid
from personae.timeline.looking import Looker, looks, same_place, scene_of
from personae.timeline.places import Finder
from personae.timeline.records import TrackRecord
from personae.timeline.timeline import Shot
from personae.timeline.tracking import FaceTrack, FaceTracker
from personae.types import FloatArray, IntArray, PixelArray

CHUNK_S = 20.0
"""At most this much of the film is looked at again after an interruption."""
MOST_THREADS = 4
"""More pictures at once take memory and gain little: decoding is one thread's."""
BEHIND_S = 10.0
CUTS_KNOWN_S = 2 * shots.FLASH_S
"""A cut is certain once it cannot be a flash."""


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


class _Pictures:
    """The film's pictures with the shot detector beside them, handed out chunk by chunk."""

    def __init__(self, film: Film, pictures: Iterator[FilmPicture]) -> None:
        self.film = film
        self._pictures = pictures
        self.detector = shots.ShotDetector(film.video.time_base)
        self.boundaries: dict[int, shots.Boundary] = {}
        self.certain_pts = film.video.start_pts
        self._next: FilmPicture | None = None
        self._read = film.so_far
        self.read = film.so_far
        self._pull()

    def _pull(self) -> None:
        self.read = self.film.so_far
        self._next = next(self._pictures, None)

    @property
    def next_pts(self) -> int | None:
        """Where the next picture begins; None at the end."""
        return None if self._next is None else self._next.pts

    def until(self, pts: float) -> Iterator[FilmPicture]:
        """Pictures before `pts`, each shown to the shot detector first."""
        while self._next is not None and self._next.pts < pts:
            picture = self._next
            self._take(self.detector.push(picture.pts, picture.small()))
            self._pull()
            yield picture

    def finish(self) -> None:
        """No picture is to come."""
        self._take(self.detector.finish())

    def _take(self, found: Sequence[shots.Boundary]) -> None:
        # What lies before was settled by the run that was interrupted, or is judged by too little of the film.
        self.boundaries |= {boundary.pts: boundary for boundary in found if boundary.pts >= self.certain_pts}


def threads_for(settings: Settings) -> int:
    """How many pictures are searched at once: the budget of `settings`, else one per core, two to `MOST_THREADS`."""
    return settings.threads or max(2, min(MOST_THREADS, os.cpu_count() or 2))


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
    pictures, glances = _resumed(film, chunks)
    looker, second_pts = Looker(detector, settings), float(1 / film.video.time_base)
    tell = _teller(film, chunks, looker, progress)
    with ThreadPoolExecutor(threads_for(settings), thread_name_prefix="personae-look") as pool:
        waiting: list[tuple[FaceTracker, Chunk]] = []

        def keep(tracker: FaceTracker, chunk: Chunk) -> None:
            known = _boundaries(pictures, chunks)
            seams = (chunk.start_pts, chunk.next_pts) if chunks else (chunk.next_pts,)

            def record_of(track: FaceTrack, followed: list[Step]) -> TrackRecord:
                return records.record_of(track, known, followed, second_pts=second_pts, seams=seams)

            tracks = tracker.finish()
            sighted = [[(one.pts, one.box) for one in track.sightings] for track in tracks]
            # Nobody is followed through what could not be read either.
            ends = [(one.start_pts, one.end_pts) for one in known] + [gap[:2] for gap in film.gaps]
            followed = follow(sighted, glances, ends, second_pts, film.video.size_wh[0])
            found = list(pool.map(record_of, tracks, followed))
            del glances[: first_needed([one.pts for one in glances], chunk.next_pts, second_pts)]
            chunks.append(replace(chunk, records=found))
            scan_chunks.keep(kept_in, len(chunks), chunks[-1], fingerprint)

        def embedded(crops: PixelArray) -> FloatArray:
            with as_film_error(film.video.path):
                return embed(crops)

        while pictures.next_pts is not None:
            start_pts = pictures.next_pts
            tracker = FaceTracker(embedded, second_pts, pool)
            every_pts = settings.look_every_s / film.video.time_base
            found = []
            for look in looks(
                pictures.until(start_pts + CHUNK_S / film.video.time_base),
                looker,
                pool,
                every_pts=every_pts,
                behind_pts=CUTS_KNOWN_S / film.video.time_base,
                cuts=pictures.boundaries,
            ):
                tracker.see(look)
                found.append((look.pts, look.tiny))
                glances.append(Glance.of(look, tracker.faces_now))
                tell(look.pts)
            tracker.end()
            # The last faces of the one before were embedded meanwhile, and where its shots end is known by now; at the
            # film's end only when the shot detector is done.
            while waiting and pictures.next_pts is not None:
                keep(*waiting.pop(0))
            certain = max(pictures.detector.settled_pts, pictures.certain_pts)
            chunk = Chunk(
                [],
                start_pts,
                pictures.next_pts if pictures.next_pts is not None else 2**62,
                [one for one in pictures.boundaries.values() if one.pts < certain],
                certain,
                pictures.read,
                np.array([pts for pts, _ in found], np.int64),
                np.stack([tiny for _, tiny in found]),
                len(found),
            )
            waiting.append((tracker, chunk))
        pictures.finish()
        for each in waiting:
            keep(*each)
    if progress is not None:
        tracks = sum(len(chunk.records) for chunk in chunks)
        progress(Progress("film", _length_s(film), _length_s(film), f"{looker.faces} faces, {tracks} tracks"))
    return _whole(film, chunks, _boundaries(pictures, chunks))


def _boundaries(pictures: _Pictures, chunks: Sequence[Chunk]) -> list[shots.Boundary]:
    """Every end of a shot that is known so far, those found before an interruption too."""
    kept = {boundary.pts: boundary for chunk in chunks for boundary in chunk.boundaries}
    return list({**pictures.boundaries, **kept}.values())


def _resumed(film: Film, chunks: Sequence[Chunk]) -> tuple[_Pictures, list[Glance]]:
    """The pictures from the first missing chunk on; the shot detector has seen what it needs of those before.

    And the last looks before, as far as somebody who is first seen in that chunk may be followed back.
    """
    if not chunks:
        return _Pictures(film, film.pictures()), []
    behind, last = BEHIND_S / film.video.time_base, chunks[-1]
    first = max((i for i, chunk in enumerate(chunks) if chunk.start_pts <= last.certain_pts - behind), default=0)
    read = chunks[first - 1].read if first else None
    again = _Pictures(film, film.pictures(start_pts=chunks[first].start_pts if first else None, so_far=read))
    again.certain_pts = last.certain_pts
    needed = first_needed(last.look_pts.tolist(), last.next_pts, float(1 / film.video.time_base))
    tiny = dict(zip(last.look_pts[needed:].tolist(), last.tiny[needed:], strict=True))
    glances = []
    for picture in again.until(last.next_pts):
        if picture.pts in tiny:
            faces = [record.boxes[record.box_pts[:, 0] == picture.pts, :4] for record in last.records]
            boxes = np.concatenate([np.empty((0, 4), np.float32), *faces])
            end_pts, scene = picture.pts + picture.duration_pts, scene_of(picture.rgb())
            glances.append(Glance(picture.pts, end_pts, boxes, scene, tiny[picture.pts]))
    return again, glances


def _teller(
    film: Film, chunks: Sequence[Chunk], looker: Looker, progress: ProgressCallback | None
) -> Callable[[int], None]:
    """Reports how far the scan is, how fast, and what was found."""
    begun, told = time.monotonic(), 0.0
    from_pts: int | None = None

    def tell(pts: int) -> None:
        nonlocal from_pts, told
        now = time.monotonic()
        if from_pts is None:
            from_pts = pts
        if progress is None or now - told < 0.2:
            return
        told = now
        video = film.video
        seconds = float((pts - from_pts) * video.time_base)
        speed = seconds / max(now - begun, 1e-3)
        left = max(video.duration_s - video.seconds(pts), 0) / speed if speed > 0 else 0.0
        tracks = sum(len(chunk.records) for chunk in chunks)
        message = f"{speed:.1f}x, {left:.0f} s left, {looker.faces} faces, {tracks} tracks"
        progress(Progress("film", int(video.seconds(pts)), _length_s(film), message))

    return tell


def _length_s(film: Film) -> int:
    """The length that progress counts to."""
    return max(int(film.video.duration_s), 1)


def _whole(film: Film, chunks: Sequence[Chunk], boundaries: Sequence[shots.Boundary]) -> Watched:
    """All chunks as one: tracks joined over their seams, and cut where shots end."""
    video = film.video
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
