"""Shot scale by face height: how large a character is shown, and for how long."""

from __future__ import annotations

from collections import defaultdict

from personae.timeline.selection import CLOSE_UP, face_share
from personae.timeline.timeline import Timeline

SCALES = (("close-up", CLOSE_UP), ("medium close-up", 0.2), ("medium", 0.1), ("long", 0.0))
"""Name, and the smallest height of a face (forehead to chin) as share of the picture's, largest first."""


def scale_of(share: float) -> str:
    """The shot scale that a face of this height stands for."""
    return next(name for name, least in SCALES if share >= least)


def seconds_by_scale(timeline: Timeline) -> dict[str, dict[str, float]]:
    """Per person and scale, seconds of tracks; a track counts as what its middle face height says."""
    owner = {number: one.name for one in timeline.appearances for number in one.tracks}
    result: dict[str, dict[str, float]] = defaultdict(lambda: {name: 0.0 for name, _ in SCALES})
    for track in timeline.tracks:
        if track.id in owner and track.boxes:
            seconds = float((track.end_pts - track.start_pts) * timeline.video.time_base)
            result[owner[track.id]][scale_of(face_share(timeline, track))] += seconds
    return dict(result)
