"""A film looked through by other machines: cut into pieces, gathered in order, and gone on with as after a scan here.

What comes back is laid into the film's folder of unfinished chunks. From there on everything is as if this machine had
looked: the same names, the same locks, the same commit.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import replace
from pathlib import Path
from typing import Any

from personae.cluster.engine import Engine, PieceFailedError
from personae.cluster.piece import Piece, settings_of
from personae.cluster.result import Result, read_result
from personae.cluster.roots import Roots, named
from personae.errors import DamagedFileError, FilmError
from personae.faces.detector import Detector
from personae.faces.embedder import Embed
from personae.media.film import ReadSoFar, merged
from personae.media.video import Film
from personae.progress import Cancelled, Progress, ProgressCallback
from personae.settings import Settings
from personae.timeline import chunks as scan_chunks
from personae.timeline.chunk_pass import BEHIND_S, length_s, parts_of
from personae.timeline.chunks import Chunk
from personae.timeline.part import Part
from personae.timeline.watching import Watched, watch
from personae.types import count_of

PIECE_S = 600.0
"""A longer film is cut into pieces of about this length: each costs half a minute of looking twice."""
TELL_EVERY_S = 0.2
LATELY_S = 60.0
"""So long back it is counted how many pictures a second are looked at."""


class Elsewhere:
    """Looks through films on other machines: `watch` takes the place of `watching.watch`."""

    def __init__(self, engine: Engine, roots: Roots, *, piece_s: float = PIECE_S) -> None:
        self.engine = engine
        self.pictures = 0.0
        """So many were looked at since it began, as far as machines have told."""
        self.over = threading.Event()
        """When set, every film that is waited for raises Cancelled."""
        self._roots = roots
        self._piece_s = piece_s
        self._lock = threading.Lock()
        self._seen: deque[tuple[float, float]] = deque([(time.monotonic(), 0.0)])

    def seen(self, pictures: float) -> None:
        """More pictures were looked at."""
        now = time.monotonic()
        with self._lock:
            self.pictures += pictures
            self._seen.append((now, self.pictures))
            while len(self._seen) > 1 and now - self._seen[1][0] > LATELY_S:
                self._seen.popleft()

    def standing(self) -> str:
        """How many machines there are, and how many pictures a second they have looked at lately."""
        if not (count := len(self.engine.machines())):
            return "no machine now" if self.pictures else "no machine yet"
        with self._lock:
            since, before = self._seen[0]
            rate = (self.pictures - before) / max(time.monotonic() - since, 1e-3)
        return f"{count_of(count, 'machine')}, {rate:.0f} pictures a second"

    def watch(
        self,
        film: Film,
        detector: Detector,
        embed: Embed,
        settings: Settings,
        *,
        kept_in: Path,
        fingerprint: dict[str, Any],
        progress: ProgressCallback | None = None,
    ) -> Watched:
        """See `watching.watch`. Raises FilmError for what no machine could look through, and ClusterError."""
        laid = _Laid(kept_in, fingerprint)
        if not laid.is_whole:
            root, paths = named(film.opening.paths, self._roots)
            plain = Piece(root, paths, film.opening.as_dict(), settings_of(settings), fingerprint, Part())
            parts = self._parts(film, laid)
            film.close()  # it may wait for long, with hundreds of others: read on, it is opened again
            _Gathering(self, film, laid, plain, progress).gather(parts)
        # What is whole is only put together; what no machine could make fit is looked through here.
        return watch(film, detector, embed, settings, kept_in=kept_in, fingerprint=fingerprint, progress=progress)

    def _parts(self, film: Film, laid: _Laid) -> list[Part]:
        """What is still to be looked through."""
        times = film.picture_times() if film.video.duration_s > 1.5 * self._piece_s else None
        parts = [Part()] if not times else parts_of(times, film.video, self._piece_s)
        if laid.last is None:
            return parts
        next_pts, rest = laid.last.next_pts, laid.rest(film)
        if rest is None:
            return []
        left = [part for part in parts if part.start_pts is not None and part.start_pts > next_pts]
        return [replace(rest, stop_pts=left[0].start_pts if left else None), *left]


class _Laid:
    """The chunks of a film that are there, in its folder of unfinished ones. In memory is only the last."""

    def __init__(self, folder: Path, fingerprint: dict[str, Any]) -> None:
        self._folder = folder
        self._fingerprint = fingerprint
        chunks = scan_chunks.kept(folder, fingerprint)
        self._count = len(chunks)
        self.last: Chunk | None = chunks[-1] if chunks else None

    @property
    def is_whole(self) -> bool:
        """Whether the film's last chunk is there."""
        return self.last is not None and self.last.end_pts is not None

    def add(self, result: Result) -> bool:
        """Lay the chunks of the next piece; False where they do not follow those that are there."""
        base = None if self.last is None else self.last.read
        if self.last is not None and result.chunks[0].start_pts != self.last.next_pts:
            return False
        for chunk in result.chunks:
            self._count += 1
            self.last = replace(chunk, read=_read_after(base, result.before, chunk.read))
            scan_chunks.keep(self._folder, self._count, self.last, self._fingerprint)
        return True

    def rest(self, film: Film) -> Part | None:
        """What comes after the chunks that are there; None where only who has read those can read on."""
        last, start_pts = self.last, film.video.start_pts
        if last is None or last.read.irregular or last.read.restarted or len(last.read.part_starts) > 1:
            return None
        run_up = max(last.start_pts - round(BEHIND_S / film.video.time_base), start_pts)
        return Part(last.next_pts, None, last.start_pts, run_up)


def _end_pts(result: Result) -> int:
    """Up to where a piece was looked through."""
    last = result.chunks[-1]
    return last.next_pts if last.end_pts is None else last.end_pts


def _read_after(base: ReadSoFar | None, before: ReadSoFar, read: ReadSoFar) -> ReadSoFar:
    """Where reading the whole film would stand: `base` at the piece's first picture, where it itself had `before`."""
    if base is None:
        return read
    gaps = base.gaps
    for gap in read.gaps:
        if gap not in before.gaps:
            gaps = merged(gaps, gap)
    frames = base.frames + read.frames - before.frames
    return replace(base, frames=frames, irregular=base.irregular or read.irregular, gaps=gaps)


class _Gathering:
    """The pieces of one film, on their way."""

    def __init__(
        self, asking: Elsewhere, film: Film, laid: _Laid, plain: Piece, progress: ProgressCallback | None
    ) -> None:
        self._asking = asking
        self._engine = asking.engine
        self._film = film
        self._laid = laid
        self._plain = plain
        self._progress = progress
        self._seconds: dict[Part, float] = {}
        self._lock = threading.Lock()

    def gather(self, parts: Sequence[Part]) -> None:
        """Have `parts` looked through, and lay them in order; where two do not meet, the rest is one piece."""
        waiting = [(self._piece(part), self._submit(part)) for part in parts]
        had_rest = False
        try:
            while waiting and not self._laid.is_whole:
                piece, future = waiting[0]
                result = self._result(piece, future)
                waiting.pop(0)
                self._teller(piece.part)({"done": self._film.video.seconds(_end_pts(result))})
                fits = self._laid.add(result)
                self._engine.done_with(piece)
                if (not fits or (not waiting and not self._laid.is_whole)) and not had_rest:
                    self._cancel(waiting)
                    rest, had_rest = self._laid.rest(self._film), True
                    waiting = [] if rest is None else [(self._piece(rest), self._submit(rest))]
        finally:
            self._cancel(waiting)

    def _piece(self, part: Part) -> Piece:
        return replace(self._plain, part=part)

    def _submit(self, part: Part) -> Future[bytes]:
        return self._engine.submit(self._piece(part), self._teller(part))

    def _result(self, piece: Piece, future: Future[bytes]) -> Result:
        path = self._film.video.path
        while True:
            try:
                content = future.result(TELL_EVERY_S)
            except NotYet:
                self._tell()
                continue
            except PieceFailedError as error:
                self._engine.done_with(piece)  # asked for again, it is tried anew
                raise FilmError(path, f"{error}") from None
            except CancelledError:
                raise FilmError(path, "the work on it was cancelled.") from None
            try:
                return read_result(content, piece)
            except DamagedFileError as error:
                self._engine.done_with(piece)
                raise FilmError(path, str(error)) from None

    def _cancel(self, waiting: Iterable[tuple[Piece, Future[bytes]]]) -> None:
        for _, future in waiting:
            future.cancel()

    def _teller(self, part: Part) -> Callable[[dict[str, Any]], None]:
        video = self._film.video
        begin = 0.0 if part.start_pts is None else video.seconds(part.start_pts)

        def tell(told: dict[str, Any]) -> None:
            seconds = max(float(told.get("done", 0)) - begin, 0.0)
            with self._lock:
                more = seconds - self._seconds.get(part, 0.0)
                self._seconds[part] = max(seconds, self._seconds.get(part, 0.0))
            self._asking.seen(max(more, 0.0) * float(video.frame_rate))

        return tell

    def _tell(self) -> None:
        if self._asking.over.is_set():
            raise Cancelled
        if self._progress is None:
            return
        with self._lock:
            seen = sum(self._seconds.values())
        length = length_s(self._film)
        self._progress(Progress("film", min(int(seen), length), length, self._asking.standing()))
