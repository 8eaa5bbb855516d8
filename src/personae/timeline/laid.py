"""A film's tracks as timelines have them: laid out once for every timeline that is concluded from one pass."""

from __future__ import annotations

from dataclasses import dataclass

from personae.timeline.places import Finder
from personae.timeline.timeline import Track

Spans = tuple[list[tuple[int, int]], ...]


@dataclass(frozen=True, eq=False)
class Laid:
    """The tracks, per track the spans (pts) in which its face is `seen` and its head alone `followed`, and what finds
    tracks by places.
    """

    tracks: tuple[Track, ...]
    seen: Spans
    followed: Spans
    finder: Finder
