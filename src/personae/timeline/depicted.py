"""Faces on pictures in the picture: decided for what one thing is, and said per name, since no total counts them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from personae.media.film import Video
from personae.timeline.appearances import Label
from personae.timeline.person import Key
from personae.timeline.places import SAME_FACE, overlap
from personae.timeline.timeline import Timeline, Track

SAME_THING_S = 2.0
"""Tracks of one person in one place that follow each other within so long show one thing."""
FEW_UNKNOWN = 3
"""So many unknown people on pictures are named one by one."""


Known = dict[Key, tuple[tuple[int, ...], tuple[Label, ...], dict[int, Label]]]
"""Per person the positions of their tracks and the labels that these had, and what became of which."""


def of_one_kind(
    labels: Sequence[Label], tracks: Sequence[Track], video: Video, known: Known | None = None
) -> list[Label]:
    """Labels that agree on what is depicted: a track may end and go on in the same place, and its parts are one thing.

    It is a picture in the picture, or alive, as it is for most of its time: a short part alone does not tell. Who
    stands beside their own portrait is two things, as both are on screen at once. What a person said stays as it is.
    `known`: what the last call found out about the same tracks; who has the same labels is not looked at again.
    """
    known = {} if known is None else known
    people: dict[Key, list[int]] = {}
    for at, label in enumerate(labels):
        key = label.character, label.unknown
        if label.depicted_by == "model" and key != (None, None):
            people.setdefault(key, []).append(at)
    result = list(labels)
    for key, members in people.items():
        own, before = (tuple(members), tuple([labels[at] for at in members])), known.get(key)
        if before is None or before[:2] != own:
            before = known[key] = *own, _changed(members, labels, tracks, video)
        for at, label in before[2].items():
            result[at] = label
    for key in known.keys() - people.keys():
        known.pop(key, None)
    return result


def _changed(
    members: Sequence[int], labels: Sequence[Label], tracks: Sequence[Track], video: Video
) -> dict[int, Label]:
    """The labels of one person's tracks that are not as most of the thing is that they are a part of."""
    within = SAME_THING_S / float(video.time_base)
    things: list[list[int]] = []
    recent: list[list[int]] = []
    for at in sorted(members, key=lambda at: tracks[at].start_pts):
        track = tracks[at]
        recent = [own for own in recent if track.start_pts - tracks[own[-1]].end_pts <= within]
        before = next((own for own in recent if _goes_on(tracks[own[-1]], track)), None)
        if before is None:
            before = []
            things.append(before)
            recent.append(before)
        before.append(at)
    result: dict[int, Label] = {}
    for own in things:
        still = sum((tracks[at].end_pts - tracks[at].start_pts) * (1 if labels[at].depicted else -1) for at in own)
        for at in own:
            if labels[at].depicted != (still > 0):
                result[at] = replace(labels[at], depicted=still > 0)
    return result


def _goes_on(before: Track, after: Track) -> bool:
    return before.end_pts <= after.start_pts and overlap(before.boxes[-1][1:5], after.boxes[0][1:5]) >= SAME_FACE


def left_out(timeline: Timeline, told: Callable[[float], str] = "{:.1f} s".format) -> list[str]:
    """A sentence without its full stop per name that is on pictures: "Thor: 2.1 s on pictures, not counted".

    Many unknown people are taken together. `told`: writes seconds.
    """
    known = [one for one in timeline.depicted if one.character is not None]
    unknown = [one for one in timeline.depicted if one.character is None]
    singly = unknown if len(unknown) <= FEW_UNKNOWN else []
    lines = [f"{one.name}: {told(one.depicted_s)} on pictures, not counted" for one in (*known, *singly)]
    if len(unknown) > len(singly):
        seconds = sum(one.depicted_s for one in unknown)
        lines.append(f"{len(unknown)} unknown people: {told(seconds)} on pictures, not counted")
    return lines
