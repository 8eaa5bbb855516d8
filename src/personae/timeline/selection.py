"""Parts of a timeline: the appearances of some characters, with others or without them, as values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from personae.errors import UnknownCharacterError
from personae.names import find_name, no_such_name, unknown_name, unknown_number
from personae.timeline.timeline import Appearance, Timeline, Track

CLOSE_UP = 1 / 3
"""A face at least this high, as share of the picture's height, is a close-up."""

Interval = tuple[int, int]


@dataclass(frozen=True)
class Cut:
    """A stretch of the film, half-open, and who was asked for in it."""

    start_pts: int
    end_pts: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Wanted:
    """What to select. `characters`: any of them; `together`: all of these too; `without`: none of these."""

    characters: tuple[str, ...]
    together: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    close_ups: bool = False
    min_s: float = 0.0
    handles_s: float = 0.0


def select(timeline: Timeline, wanted: Wanted) -> tuple[Cut, ...]:
    """Every stretch in which what is wanted holds, in film order; none overlaps another.

    Stretches shorter than `min_s` are left out; the others get `handles_s` more on both ends, within the film, and are
    joined where they then touch. Raises UnknownCharacterError for a name that is nowhere in the timeline.
    """
    characters, together, without = (
        tuple(_called(timeline, name) for name in names)
        for names in (wanted.characters, wanted.together, wanted.without)
    )
    seen = {name: _intervals(timeline, name, wanted.close_ups) for name in characters}
    kept = union(interval for intervals in seen.values() for interval in intervals)
    for name in together:
        kept = intersection(kept, _intervals(timeline, name, False))
    for name in without:
        kept = difference(kept, _intervals(timeline, name, False))
    base = timeline.video.time_base
    first, last = timeline.video.start_pts, timeline.video.start_pts + timeline.video.duration_pts
    handles = round(wanted.handles_s / base)
    long = [(start, end) for start, end in kept if (end - start) * base >= wanted.min_s]
    padded = union((max(first, start - handles), min(last, end + handles)) for start, end in long)
    return tuple(
        Cut(start, end, tuple(name for name in seen if intersection([(start, end)], seen[name])) + together)
        for start, end in padded
    )


def face_share(timeline: Timeline, track: Track) -> float:
    """Middle height of the track's faces as share of the picture's height; 0 without boxes."""
    heights = sorted(y2 - y1 for _, _, y1, _, y2, _ in track.boxes)
    return heights[len(heights) // 2] / timeline.video.size_wh[1] if heights else 0.0


def of_names(timeline: Timeline, names: Iterable[str]) -> Timeline:
    """The timeline with only these characters and unknown people; UnknownCharacterError for a name it has not."""
    kept = {_called(timeline, name) for name in names}
    part = _with(timeline, tuple(found for found in timeline.appearances if found.name in kept))
    return replace(part, depicted=tuple(one for one in timeline.depicted if one.name in kept))


def without_depicted(timeline: Timeline) -> Timeline:
    """The timeline without faces on pictures in the picture; `depicted` still says who was on them."""
    return _with(timeline, tuple(found for found in timeline.appearances if not found.depicted))


def without_unknown(timeline: Timeline) -> Timeline:
    """The timeline with the characters only."""
    part = _with(timeline, tuple(found for found in timeline.appearances if found.character is not None))
    return replace(part, depicted=tuple(one for one in timeline.depicted if one.character is not None))


def without_strangers(timeline: Timeline) -> Timeline:
    """`without_unknown`, and without what tells of others: tracks of nobody shown, and how many people were counted."""
    part = without_unknown(timeline)
    shown = {number for found in part.appearances for number in found.tracks}
    model = {name: fact for name, fact in part.model.items() if name != "film"}
    return replace(part, tracks=tuple(track for track in part.tracks if track.id in shown), model=model)


def _with(timeline: Timeline, appearances: tuple[Appearance, ...]) -> Timeline:
    names = {appearance.name for appearance in appearances}
    characters = tuple(row for row in timeline.characters if row.name in names)
    return replace(timeline, appearances=appearances, characters=characters)


def _called(timeline: Timeline, name: str) -> str:
    """How somebody is shown who is asked for as `name`: "unknown 2" is Unknown 2. Raises UnknownCharacterError.

    In any case, where no two names differ in that alone.
    """
    names = sorted({appearance.name for appearance in timeline.appearances})
    number = unknown_number(name)
    found = find_name(unknown_name(number) if number is not None else name, names)
    alike = [each for each in names if each.casefold() == name.casefold()]
    if found is None and len(alike) != 1:
        raise UnknownCharacterError(f"{name} does not appear in this film. {no_such_name(name, names)}")
    return found or alike[0]


def _intervals(timeline: Timeline, name: str, close_ups: bool) -> list[Interval]:
    found = [appearance for appearance in timeline.appearances if appearance.name == name]
    whole = union((appearance.start_pts, appearance.end_pts) for appearance in found)
    if not close_ups:
        return whole
    numbers = {number for appearance in found for number in appearance.tracks}
    tracks = [track for track in timeline.tracks if track.id in numbers and face_share(timeline, track) >= CLOSE_UP]
    return intersection(whole, union((track.start_pts, track.end_pts) for track in tracks))


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Half-open intervals sorted, those that overlap or touch joined, empty ones dropped."""
    joined: list[Interval] = []
    for start, end in sorted(interval for interval in intervals if interval[0] < interval[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def intersection(a: list[Interval], b: list[Interval]) -> list[Interval]:
    """What is in both, of two lists made by `union`."""
    result, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        start, end = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if start < end:
            result.append((start, end))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return result


def difference(a: list[Interval], b: list[Interval]) -> list[Interval]:
    """What is in `a` and not in `b`, of two lists made by `union`."""
    result = []
    for start, end in a:
        for hole_start, hole_end in b:
            if hole_end <= start or hole_start >= end:
                continue
            if hole_start > start:
                result.append((start, hole_start))
            start = hole_end
        if start < end:
            result.append((start, end))
    return result
