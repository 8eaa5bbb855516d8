"""The time of every picture of a film file: as the container gives it, made up where it gives none or a wrong one.

Containers differ. MP4, Matroska and MPEG-TS say when a picture is shown; AVI and ASF number pictures in the order in
which they are decoded, which is another one where pictures refer to later ones; a bare stream says nothing.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

from personae.media.film import MISSING, RESTARTED, Gap, Video, is_irregular

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.frame import VideoFrame

HOLE_S = 0.5
"""A shorter hole in a film of constant rate is no gap: a player shows the picture before it a little longer."""
JUMP_BACK_S = 1.0
"""A clock that goes back further than this has been restarted (joined recordings); less is a picture out of place."""
DAMAGED = "damaged: could not be decoded"
_REACH = 16
"""No codec keeps a picture back for longer than so many others."""


class DecodingOrder:
    """Times of presentation out of times that rise in the order of decoding.

    Pictures come out of the decoder in the order of presentation, so each gets the earliest time that went in and was
    not given out yet. Where the times were right, they stay as they are.
    """

    def __init__(self, frame_pts: float) -> None:
        self._reach = _REACH * frame_pts
        self._waiting: list[int] = []
        self._owed: list[int] = []

    def sent(self, pts: int) -> None:
        """A packet with this time went into the decoder."""
        self._waiting.append(pts)
        heapq.heappush(self._owed, pts)

    def time_of(self, pts: int) -> int:
        """The time of the picture whose packet was sent with `pts`."""
        if pts not in self._waiting:
            return pts
        self._waiting.remove(pts)
        # What was sent so long before will not come any more; its time is nobody's.
        lost = sum(other < pts - self._reach for other in self._waiting)
        self._waiting = [other for other in self._waiting if other >= pts - self._reach]
        for _ in range(lost):
            heapq.heappop(self._owed)
        return heapq.heappop(self._owed)


class Unseen:
    """The packets that went into the decoder and gave no picture yet, by pts, and where the file broke."""

    def __init__(self, second_pts: int) -> None:
        self._second = second_pts
        self._pts: list[int] = []
        self._breaks: list[int] = []

    def sent(self, packet: Packet[Any]) -> None:
        """A packet goes in. One outside the film's edit list is decoded but not shown, and not missed."""
        if packet.is_corrupt:
            self.broke()
        if packet.pts is not None and not packet.is_discard:
            self._pts.append(packet.pts)

    def broke(self) -> None:
        """Something was lost hereabouts."""
        self._breaks.append(self._pts[-1] if self._pts else 0)

    def between(self, last: int, pts: int) -> bool:
        """Whether something after `last` and before `pts` was lost; what lies before `pts` is then forgotten."""
        lost = any(last < p < pts for p in self._pts) or any(last - self._second < p < pts for p in self._breaks)
        self._pts = [p for p in self._pts if p > pts]
        self._breaks = [p for p in self._breaks if p > pts - self._second]
        return lost

    def after(self, last: int, restart: int | None = None) -> int | None:
        """The latest of what was lost after `last`: up to the picture `restart` that starts the clock again.

        All that was sent before that picture is then forgotten. None: nothing was lost.
        """
        at = len(self._pts) if restart is None or restart not in self._pts else self._pts.index(restart)
        lost = [p for p in self._pts[:at] if p > last]
        self._pts, self._breaks = self._pts[at:], []
        return max(lost, default=None)


class FilmTimes:
    """Gives every frame a rising pts: fills in missing ones, passes over repeated ones, goes on after a restart."""

    def __init__(self, video: Video, irregular: bool) -> None:
        self.frame = max(round(video.frame_pts), 1)
        self._start = video.start_pts
        self._exact = video.frame_pts
        self._irregular = irregular or video.variable_rate
        self._hole = round(HOLE_S / video.time_base)
        self._jump = round(JUMP_BACK_S / video.time_base)
        self._last: int | None = None
        self._timed = self._start
        self._untimed = 0
        self._shift = 0

    def length(self, frame: VideoFrame) -> int:
        """How long a frame lasts by itself, in pts."""
        return int(frame.duration) if frame.duration and frame.duration > 0 else self.frame

    def next(self, frame: VideoFrame, unseen: Unseen) -> tuple[int | None, list[Gap]]:
        """Its pts (None: pass over it), and the gaps just before it."""
        if self._last is None:
            self._last = self._timed = frame.pts if frame.pts is not None else self._start
            return self._last, []
        pts, gaps = self._after(self._last, frame, unseen)
        self._last = self._last if pts is None else pts
        return pts, gaps

    def _after(self, last: int, frame: VideoFrame, unseen: Unseen) -> tuple[int | None, list[Gap]]:
        if frame.pts is None:  # counted from the last one that had a time, so that roundings do not add up
            self._untimed += 1
            return max(self._timed + round(self._untimed * self._exact), last + 1), []
        expected = last + self.frame
        pts = frame.pts + self._shift
        if last - pts >= self._jump:
            rest = self.rest(expected, unseen, restart=frame.pts)
            pts = rest[0][1] if rest else expected
            self._shift = pts - frame.pts
            self._timed, self._untimed = pts, 0
            return pts, [*rest, (pts, pts, RESTARTED)]
        lost = unseen.between(last - self._shift, frame.pts)
        if pts <= last:
            return None, []
        self._timed, self._untimed = pts, 0
        if pts - expected > self._exact / 2 and lost:
            return pts, [(expected, pts, DAMAGED)]
        if pts - expected >= self._hole and not self._irregular:
            return pts, [(expected, pts, MISSING)]
        self._irregular |= is_irregular(float(self._exact), pts - last, missing=True)
        return pts, []

    def rest(self, end: int, unseen: Unseen, restart: int | None = None) -> list[Gap]:
        """The gap after the last picture, which ends at `end`, where more went into the decoder than came out."""
        # Half a frame: fields of one picture may come apart.
        last = unseen.after(end - self._shift - self.frame // 2 - 1, restart)
        return [] if last is None else [(end, max(last + self._shift, end) + self.frame, DAMAGED)]
