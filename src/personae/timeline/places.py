"""Where a face is known by: a time or a photo, and a box as shares of the picture; so it is found in another scan."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from personae.media.film import Video
from personae.timeline.timeline import Box, Track

SAME_FACE = 0.3
"""Boxes that share so much of their union are the same face."""
NEAR_S = 0.3

Place = tuple[float, float, float, float, float]
"""(seconds from the film's first picture, x1, y1, x2, y2 as shares of the picture's width and height)."""


class PhotoPlace(NamedTuple):
    """A place in a photo: its path from the root of its set, the SHA-256 of its content, a box as shares of it."""

    photo: str
    sha256: str
    box: tuple[float, float, float, float]


AnyPlace = Place | PhotoPlace
"""A place in a film or in a photo."""


def place_of(track: Track, video: Video) -> Place:
    """Where a track is known by: its surest box."""
    pts, x1, y1, x2, y2, _ = max(track.boxes, key=lambda box: box[5])
    width, height = video.size_wh
    return (video.seconds(pts), x1 / width, y1 / height, x2 / width, y2 / height)


def pts_at(seconds: float, video: Video) -> int:
    """The presentation time nearest to `seconds` from the first picture, inside the film."""
    pts = video.start_pts + round(seconds / video.time_base)
    return min(max(pts, video.start_pts), video.start_pts + video.duration_pts)


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Shared area of two boxes as a part of their union."""
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or high <= 0:
        return 0.0
    shared = wide * high
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


class Finder:
    """Finds tracks by time and place. A long film has thousands, so they are sorted once."""

    def __init__(self, tracks: Sequence[Track], video: Video) -> None:
        self._video = video
        self._order = sorted(range(len(tracks)), key=lambda at: tracks[at].start_pts)
        self._tracks = tracks
        self._starts = np.array([tracks[at].start_pts for at in self._order], np.int64)
        # How far any track reaches that began so early: those before the first that reaches far enough are over.
        self._ends = np.maximum.accumulate(np.array([tracks[at].end_pts for at in self._order], np.int64))
        self._reach = round(NEAR_S / float(video.time_base))
        self._found: dict[AnyPlace, int | None] = {}

    def find(self, place: AnyPlace) -> int | None:
        """The position of the track that has a face at that time and place, or None, as for a place in a photo.

        A track that lasts at that time goes before one that ends just before or begins just after (at a cut).
        """
        if place not in self._found:  # every decision is applied again with each new one
            self._found[place] = self._look_for(place)
        return self._found[place]

    def _look_for(self, place: AnyPlace) -> int | None:
        if isinstance(place, PhotoPlace):
            return None
        video = self._video
        pts = video.start_pts + round(place[0] / float(video.time_base))
        width, height = video.size_wh
        wanted = (place[1] * width, place[2] * height, place[3] * width, place[4] * height)
        best: tuple[bool, float, int] | None = None
        for at in self.between(pts - self._reach, pts + self._reach + 1):
            track = self._tracks[at]
            shared = overlap(wanted, _box_near(track, pts)[1:5])
            found = (track.start_pts <= pts < track.end_pts, shared, at)
            if shared >= SAME_FACE and (best is None or found[:2] > best[:2]):
                best = found
        return None if best is None else best[2]

    def find_all(self, places: Iterable[AnyPlace]) -> set[int]:
        """The positions of the tracks at any of the places."""
        return {at for place in places if (at := self.find(place)) is not None}

    def between(self, start_pts: int, end_pts: int) -> list[int]:
        """The positions of the tracks that touch the span, in the order of their number."""
        first = int(np.searchsorted(self._ends, start_pts))
        after = int(np.searchsorted(self._starts, end_pts))
        return sorted(at for at in self._order[first:after] if self._tracks[at].end_pts >= start_pts)


def _box_near(track: Track, pts: int) -> Box:
    """The track's box next in time; of two the earlier."""
    after = bisect_left(track.boxes, pts, key=lambda box: box[0])
    return min(track.boxes[max(after - 1, 0) : after + 1], key=lambda box: abs(box[0] - pts))
