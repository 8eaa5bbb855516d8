"""A pass over the pictures of a film, or of a part of it: chunk by chunk, shots, tracks and whom to follow.

A chunk begins afresh. What it takes of the one before (the shot detector looks a few seconds back, heads are followed a
few seconds back) and of the one after (heads are followed on) is the same whether the pass began at the film's start,
was gone on with after a kill, or is of a part alone (see `Part`).
"""

from __future__ import annotations

import os
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np

from personae.faces.detector import Detector
from personae.faces.embedder import Embed
from personae.media import shots
from personae.media.film import FilmPicture, ReadSoFar, Video
from personae.media.film_errors import as_film_error
from personae.media.video import Film
from personae.progress import Progress, ProgressCallback
from personae.settings import Settings
from personae.timeline import records
from personae.timeline.chunks import END, Chunk
from personae.timeline.following import LONGEST_S, Glance, Step, first_needed, follow
from personae.timeline.looking import Looker, looks, scene_of
from personae.timeline.part import Part
from personae.timeline.records import TrackRecord
from personae.timeline.tracking import FaceTrack, FaceTracker
from personae.types import FloatArray, PixelArray

CHUNK_S = 20.0
"""At most this much of the film is looked at again after an interruption."""
MOST_THREADS = 4
"""More pictures at once take memory and gain little: decoding is one thread's."""
BEHIND_S = 10.0
"""So much of the film before it the shot detector has to be shown."""
AHEAD_S = LONGEST_S + shots.SETTLE_S + 1.0
"""So much of the film after it decides on what is in a chunk."""
CUTS_KNOWN_S = 2 * shots.FLASH_S
"""A cut is certain once it cannot be a flash."""
Watching = tuple[Detector, Embed, Settings]
"""By what a film is looked through."""


def parts_of(times: Sequence[int], video: Video, longest_s: float) -> list[Part]:
    """A film in parts of about equal length, none much longer than `longest_s`, each of whole chunks.

    `times`: the pts of all its pictures, in order. Parts end where chunks do: there, one pass over the whole film
    begins afresh as well.
    """
    starts = [times[0]]
    while (at := bisect_left(times, starts[-1] + CHUNK_S / video.time_base)) < len(times):
        starts.append(times[at])
    count = min(max(round(len(starts) * CHUNK_S / longest_s), 1), len(starts))
    firsts = [round(number * len(starts) / count) for number in range(count)]
    shown = shots.steps(times, video.time_base)
    parts = [Part(stop_pts=starts[firsts[1]] if count > 1 else None)]
    for first, after in pairwise([*firsts[1:], None]):
        if first is None:
            break
        before = starts[first - 1]
        run_up = shown[max(bisect_left(shown, before - BEHIND_S / video.time_base + 1) - 1, 0)]
        parts.append(Part(starts[first], None if after is None else starts[after], before, run_up))
    return parts


class Pictures:
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


class ChunkPass:
    """Looks through pictures chunk by chunk. `earlier`: the chunks before, of a pass that goes on."""

    def __init__(
        self,
        film: Film,
        watching: Watching,
        pool: Executor,
        pictures: Pictures,
        *,
        earlier: Sequence[Chunk] = (),
        glances: list[Glance] | None = None,
        progress: ProgressCallback | None = None,
    ) -> None:
        detector, embed, self._settings = watching
        self._film = film
        self._embed = embed
        self._pool = pool
        self._second_pts = float(1 / film.video.time_base)
        self._looker = Looker(detector, self._settings)
        self._earlier = {boundary.pts: boundary for chunk in earlier for boundary in chunk.boundaries}
        self._glances = [] if glances is None else glances
        self._tell = _teller(film, self._looker, progress)
        self.pictures = pictures
        self.is_first = not earlier
        self.tracks = sum(len(chunk.records) for chunk in earlier)

    @property
    def boundaries(self) -> list[shots.Boundary]:
        """Every end of a shot that is known so far, those found before an interruption too."""
        return list({**self.pictures.boundaries, **self._earlier}.values())

    @property
    def faces(self) -> int:
        """How many were seen, roughly: each as often as it was looked at."""
        return self._looker.faces

    def chunks(self, stop_pts: int | None = None) -> Iterator[Chunk]:
        """Every chunk up to the film's end, or up to the one that begins at `stop_pts`."""
        pictures, waiting = self.pictures, list[tuple[FaceTracker, Chunk]]()
        while pictures.next_pts is not None and (stop_pts is None or pictures.next_pts < stop_pts):
            began = self._look_through(pictures.next_pts + CHUNK_S / self._film.video.time_base)
            began[0].end()
            # The last faces of the one before were embedded meanwhile, and where its shots end is known by now; at the
            # film's end only when the shot detector is done.
            while waiting and pictures.next_pts is not None:
                yield self._finished(*waiting.pop(0))
            waiting.append(began)
        if stop_pts is not None and pictures.next_pts is not None:
            self._look_through(pictures.next_pts + AHEAD_S / self._film.video.time_base)
        is_end = pictures.next_pts is None
        if is_end:
            pictures.finish()
        for at, one in enumerate(waiting, 1):
            chunk = self._finished(*one)
            is_last = is_end and at == len(waiting) and chunk.next_pts == END
            yield self._last(chunk) if is_last else chunk

    def look_before(self, start_pts: int) -> None:
        """Look through what comes before a part, for the heads that are followed back into it."""
        self._look_through(start_pts)
        self._leave_glances(start_pts)
        self.is_first = False

    def _look_through(self, until_pts: float) -> tuple[FaceTracker, Chunk]:
        pictures, time_base = self.pictures, self._film.video.time_base
        assert pictures.next_pts is not None
        start_pts, found = pictures.next_pts, list[tuple[int, PixelArray]]()
        tracker = FaceTracker(self._embedded, self._second_pts, self._pool)
        for look in looks(
            pictures.until(until_pts),
            self._looker,
            self._pool,
            every_pts=self._settings.look_every_s / time_base,
            behind_pts=CUTS_KNOWN_S / time_base,
            cuts=pictures.boundaries,
        ):
            tracker.see(look)
            found.append((look.pts, look.tiny))
            self._glances.append(Glance.of(look, tracker.faces_now))
            self._tell(look.pts, self.tracks)
        certain = max(pictures.detector.settled_pts, pictures.certain_pts)
        chunk = Chunk(
            [],
            start_pts,
            END if pictures.next_pts is None else pictures.next_pts,
            [one for one in pictures.boundaries.values() if one.pts < certain],
            certain,
            pictures.read,
            np.array([pts for pts, _ in found], np.int64),
            np.stack([tiny for _, tiny in found]),
            len(found),
        )
        return tracker, chunk

    def _finished(self, tracker: FaceTracker, chunk: Chunk) -> Chunk:
        """A chunk with its tracks, when what comes after it is known as far as they need it."""
        known, second_pts = self.boundaries, self._second_pts
        seams = (chunk.next_pts,) if self.is_first else (chunk.start_pts, chunk.next_pts)

        def record_of(track: FaceTrack, followed: list[Step]) -> TrackRecord:
            return records.record_of(track, known, followed, second_pts=second_pts, seams=seams)

        tracks = tracker.finish()
        sighted = [[(one.pts, one.box) for one in track.sightings] for track in tracks]
        # Nobody is followed through what could not be read either.
        ends = [(one.start_pts, one.end_pts) for one in known] + [gap[:2] for gap in self._film.gaps]
        followed = follow(sighted, self._glances, ends, second_pts, self._film.video.size_wh[0])
        found = list(self._pool.map(record_of, tracks, followed))
        self._leave_glances(chunk.next_pts)
        self.is_first = False
        self.tracks += len(found)
        return replace(chunk, records=found)

    def _leave_glances(self, pts: int) -> None:
        del self._glances[: first_needed([one.pts for one in self._glances], pts, self._second_pts)]

    def _last(self, chunk: Chunk) -> Chunk:
        """The film's last chunk, which knows all that the pass knows."""
        video = self._film.video
        end_pts = video.start_pts + video.duration_pts
        return replace(chunk, boundaries=self.boundaries, certain_pts=END, read=self._film.so_far, end_pts=end_pts)

    def _embedded(self, crops: PixelArray) -> FloatArray:
        with as_film_error(self._film.video.path):
            return self._embed(crops)


def begin(film: Film, watching: Watching, pool: Executor, progress: ProgressCallback | None) -> ChunkPass:
    """A pass from the film's first picture on."""
    return ChunkPass(film, watching, pool, Pictures(film, film.pictures()), progress=progress)


def go_on(
    film: Film, watching: Watching, pool: Executor, chunks: Sequence[Chunk], progress: ProgressCallback | None
) -> ChunkPass:
    """A pass from the chunk after `chunks` on; the shot detector has seen what it needs of those before.

    And the last looks before, as far as somebody who is first seen in that chunk may be followed back.
    """
    behind, last = BEHIND_S / film.video.time_base, chunks[-1]
    first = max((i for i, chunk in enumerate(chunks) if chunk.start_pts <= last.certain_pts - behind), default=0)
    read = chunks[first - 1].read if first else None
    again = Pictures(film, film.pictures(start_pts=chunks[first].start_pts if first else None, so_far=read))
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
    return ChunkPass(film, watching, pool, again, earlier=chunks, glances=glances, progress=progress)


def look_through(
    film: Film, watching: Watching, part: Part, progress: ProgressCallback | None = None
) -> tuple[ReadSoFar, list[Chunk]]:
    """The chunks of one part, and where reading stood at its first picture. Raises FilmError."""
    with ThreadPoolExecutor(threads_for(watching[2]), thread_name_prefix="personae-look") as pool:
        if part.start_pts is None:
            whole = begin(film, watching, pool, progress)
            return ReadSoFar(), list(whole.chunks(part.stop_pts))
        pictures = Pictures(film, film.pictures(start_pts=part.run_up_pts))
        before = part.before_pts if part.before_pts is not None else part.start_pts
        pictures.certain_pts = before
        for _ in pictures.until(before):
            pass
        alone = ChunkPass(film, watching, pool, pictures, progress=progress)
        if pictures.next_pts is not None and pictures.next_pts < part.start_pts:
            alone.look_before(part.start_pts)
        pictures.certain_pts = max(pictures.detector.settled_pts, before)
        return pictures.read, list(alone.chunks(part.stop_pts))


def _teller(film: Film, looker: Looker, progress: ProgressCallback | None) -> Callable[[int, int], None]:
    """Reports how far the scan is, how fast, and what was found."""
    begun, told = time.monotonic(), 0.0
    from_pts: int | None = None

    def tell(pts: int, tracks: int) -> None:
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
        message = f"{speed:.1f}x, {left:.0f} s left, {looker.faces} faces, {tracks} tracks"
        progress(Progress("film", int(video.seconds(pts)), length_s(film), message))

    return tell


def length_s(film: Film) -> int:
    """The length that progress counts to."""
    return max(int(film.video.duration_s), 1)
