"""A film's tracks as timelines have them: laid out once for every timeline that is concluded from one pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from personae.timeline.labelling import tracks_of
from personae.timeline.places import Finder
from personae.timeline.timeline import Track

if TYPE_CHECKING:  # which holds one of these
    from personae.timeline.watching import Watched

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

    @classmethod
    def of(cls, watched: Watched) -> Laid:
        """Of one pass over a film."""
        tracks = tracks_of(watched.records, watched.shot_numbers)
        return cls(
            tracks,
            tuple(watched.seen(record) for record in watched.records),
            tuple(watched.followed(record) for record in watched.records),
            Finder(tracks, watched.video),
        )
