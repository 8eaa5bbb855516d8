"""From people to labels: depicted faces marked, unknown people numbered once and for ever."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import numpy as np

from personae.media.film import Video
from personae.timeline.appearances import Label
from personae.timeline.identity import People
from personae.timeline.places import SAME_FACE, overlap
from personae.timeline.records import TrackRecord
from personae.timeline.stillness import STILL
from personae.timeline.timeline import BestPicture, Track

STILL_S = 1.5
STILL_PX = 32.0
"""Shorter tracks and smaller faces do not tell."""
ON_SURFACE = 0.5
"""From here on most of a track's time speaks for a surface (see `TrackRecord.surface`)."""

Earlier = tuple[Sequence[TrackRecord], Sequence[int | None]]
"""Tracks of an earlier scan, and the unknown person that each was, or None."""


def tracks_of(records: Sequence[TrackRecord], shots: Sequence[int]) -> tuple[Track, ...]:
    """Tracks numbered from 1, with the number of their shot."""
    return tuple(
        Track(
            number,
            shot,
            record.start_pts,
            record.end_pts,
            tuple(map(tuple, map(chain, record.box_pts[:, :1].tolist(), record.boxes.tolist()))),
            tuple(map(tuple, map(chain, record.followed_pts[:, :1].tolist(), record.followed_boxes.tolist()))),
        )
        for number, (record, shot) in enumerate(zip(records, shots, strict=True), 1)
    )


def is_depicted(record: TrackRecord, video: Video) -> bool:
    """Whether the face is one on a picture in the picture: it stays the same, on a surface that moves with it.

    Who only holds still is alive, and so is whoever cannot be told.
    """
    base = video.time_base
    if (record.end_pts - record.start_pts) * base.numerator / base.denominator < STILL_S or not len(record.face_px):
        return False
    still = record.stillness < STILL and float(record.face_px.mean()) >= STILL_PX
    return still and record.surface >= ON_SURFACE


def labels_of(
    people: People,
    records: Sequence[TrackRecord],
    video: Video,
    earlier: Earlier | None,
    unknowns_used: int,
    ids: Mapping[str, str] | None = None,
) -> list[Label]:
    """One label per track; `unknowns_used`: the highest number any unknown person has had; `ids`: of the characters.

    Unknown people keep the number that most of their time had in the `earlier` scan; new ones get new numbers, in
    order of their first appearance.
    """
    members: dict[int, list[int]] = {}
    for at, person in enumerate(people.person.tolist()):
        if person >= 0 and people.character[person] is None:
            members.setdefault(person, []).append(at)
    numbers = _numbers_from(earlier, records, members)
    for person, own in sorted(members.items(), key=lambda item: min(records[at].start_pts for at in item[1])):
        if person not in numbers and not all(is_depicted(records[at], video) for at in own):
            unknowns_used += 1
            numbers[person] = unknowns_used
    for person in members:
        if person not in numbers:
            unknowns_used += 1
            numbers[person] = unknowns_used
    labels = []
    for at, (record, person) in enumerate(zip(records, people.person.tolist(), strict=True)):
        if person < 0:
            labels.append(Label())
            continue
        x1, y1, x2, y2 = record.best_box.tolist()
        labels.append(
            Label(
                people.character[person],
                numbers.get(person),
                float(people.similarity[at]),
                float(people.confidence[at]),
                is_depicted(record, video),
                best=BestPicture(record.best_pts, (x1, y1, x2, y2)),
                best_weight=float(record.weights.max(initial=0.0)),
                character_id=None if ids is None else ids.get(people.character[person] or ""),
            )
        )
    return labels


def _numbers_from(
    earlier: Earlier | None, records: Sequence[TrackRecord], members: dict[int, list[int]]
) -> dict[int, int]:
    """Person -> the number it had before; each number goes to the person it shares most time with."""
    if earlier is None:
        return {}
    shared: Counter[tuple[int, int]] = Counter()
    before = _Before(earlier)
    for person, own in members.items():
        for at in own:
            for record, number in before.same_as(records[at]):
                both = min(records[at].end_pts, record.end_pts) - max(records[at].start_pts, record.start_pts)
                shared[person, number] += both
    numbers: dict[int, int] = {}
    for (person, number), _ in sorted(shared.items(), key=lambda item: (-item[1], item[0])):
        if person not in numbers and number not in numbers.values():
            numbers[person] = number
    return numbers


def remembered(earlier: Earlier | None, records: Sequence[TrackRecord]) -> tuple[int | None, ...]:
    """Per track, the unknown person that was there in an earlier scan, or None."""
    before = _Before(earlier if earlier is not None else ((), ()))
    return tuple(next((number for _, number in before.same_as(record)), None) for record in records)


class _Before:
    """The unknown people's tracks of an earlier scan, to be found by time: a long film has thousands."""

    def __init__(self, earlier: Earlier) -> None:
        known = [(record, number) for record, number in zip(*earlier, strict=True) if number is not None]
        self._known = sorted(known, key=lambda pair: pair[0].start_pts)
        self._starts = np.array([record.start_pts for record, _ in self._known], np.int64)
        self._ends = np.maximum.accumulate(np.array([record.end_pts for record, _ in self._known], np.int64))
        self._own = {id(record): name for record, name in zip(*earlier, strict=True)}

    def same_as(self, record: TrackRecord) -> Iterator[tuple[TrackRecord, int]]:
        """Those that show a face in the same place at the same time, and who it was."""
        # A film that is only named anew has the very same tracks.
        if id(record) in self._own:
            name = self._own[id(record)]
            if name is not None:
                yield record, name
            return
        first = int(np.searchsorted(self._ends, record.start_pts, "right"))
        for before, number in self._known[first : int(np.searchsorted(self._starts, record.end_pts))]:
            if _same_track(record, before):
                yield before, number


def _same_track(a: TrackRecord, b: TrackRecord) -> bool:
    """Whether two tracks show a face in one place at one time."""
    start, end = max(a.start_pts, b.start_pts), min(a.end_pts, b.end_pts)
    if end <= start:
        return False
    middle = (start + end) // 2
    boxes = [
        record.boxes[min(int(np.searchsorted(record.box_pts[:, 0], middle)), len(record.boxes) - 1), :4]
        for record in (a, b)
    ]
    return overlap(boxes[0].tolist(), boxes[1].tolist()) >= SAME_FACE
