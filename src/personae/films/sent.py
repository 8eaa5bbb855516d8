"""A timeline as it is sent to others: without paths of this machine, and for some without people who have no name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from personae.timeline.selection import without_strangers
from personae.timeline.timeline import Timeline


def as_sent(timeline: Timeline, path: Callable[[str], str], *, strangers: bool = True) -> Timeline:
    """`timeline` with each file's path as `path` gives it; without `strangers` no face of theirs is in it."""
    video = timeline.video
    parts = tuple(replace(part, path=path(part.path)) for part in video.parts)
    timeline = replace(timeline, video=replace(video, path=path(video.path), parts=parts))
    return timeline if strangers else without_strangers(timeline)
