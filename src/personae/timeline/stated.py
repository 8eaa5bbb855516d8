"""What a person states about the film's time: where an appearance begins and ends, and that somebody is there unseen.

A statement belongs to the film's time, not to a track. So it is laid over whatever tracks a scan has: a span in which
no face was found counts as presence, never as visible face time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from personae.timeline.person import Person
from personae.timeline.timeline import BestPicture, Seen, Track

SLACK_S = 1.0
"""An appearance that begins or ends so little outside of the one that was trimmed is still that one."""

Span = tuple[int, int]


@dataclass(frozen=True)
class Stated:
    """That `person` is there from `start_pts` to `end_pts`, half-open.

    With `was` these are the limits of the appearance that went over that span; else they are there besides, whether or
    not a face was found. `best`: where they are in the picture, if that was said. `depicted`: on a picture in the
    picture.
    """

    person: Person
    start_pts: int
    end_pts: int
    was: Span | None = None
    depicted: bool = False
    best: BestPicture | None = None


@dataclass(frozen=True)
class Stretch:
    """A span in which one person is there; `parts`: positions of the tracks that show their face.

    `exact`: a person said where it begins and ends, so it is neither padded nor left out for being short.
    """

    start: int
    end: int
    parts: tuple[int, ...] = ()
    seen: Seen = "face"
    exact: bool = False
    best: BestPicture | None = None


def laid_over(
    stretches: Iterable[Stretch], stated: Sequence[Stated], tracks: Sequence[Track], slack: int
) -> list[Stretch]:
    """What the machine found of one person, with every statement about them laid over it in turn; in film order.

    `slack`: `SLACK_S` in ticks of the film's clock.
    """
    result = sorted(stretches, key=lambda one: (one.start, one.end))
    for one in _settled(stated):
        if one.was is not None:
            window = (min(one.was[0], one.start_pts), max(one.was[1], one.end_pts))
            result = [piece for found in result for piece in _trimmed(found, one, window, slack)]
        result += _uncovered(one, result)
        result.sort(key=lambda found: (found.start, found.end))
    return [_with_own_parts(found, tracks) for found in result]


def _settled(stated: Sequence[Stated]) -> list[Stated]:
    """The statements, those that trim what was trimmed before in the place of the earlier ones.

    So a face that was cut off comes back as a face where the appearance is made longer again.
    """
    result: list[Stated] = []
    for one in stated:
        before = next((each for each in result if each.was and (each.start_pts, each.end_pts) == one.was), None)
        if before is not None and before.was is not None and one.was is not None:
            result.remove(before)
            one = replace(one, was=(min(before.was[0], one.was[0]), max(before.was[1], one.was[1])))
        result.append(one)
    return result


def _trimmed(found: Stretch, one: Stated, window: Span, slack: int) -> list[Stretch]:
    """What is left of a stretch: all that lies clearly outside of the window, and inside it what was stated."""
    first, last = window
    if found.end <= first or found.start >= last:
        return [found]
    inside = (max(found.start, one.start_pts), min(found.end, one.end_pts))
    pieces = [replace(found, start=inside[0], end=inside[1], exact=True)] if inside[0] < inside[1] else []
    if found.start < first - slack:
        pieces.insert(0, replace(found, end=first))
    if found.end > last + slack:
        pieces.append(replace(found, start=last))
    return pieces


def _uncovered(one: Stated, stretches: Iterable[Stretch]) -> list[Stretch]:
    """The stated span where the person is not found already."""
    pieces, start = [], one.start_pts
    for found in stretches:
        if found.end <= start or found.start >= one.end_pts:
            continue
        if found.start > start:
            pieces.append((start, found.start))
        start = max(start, found.end)
    if start < one.end_pts:
        pieces.append((start, one.end_pts))
    return [Stretch(first, last, seen="stated", exact=True, best=one.best) for first, last in pieces]


def _with_own_parts(found: Stretch, tracks: Sequence[Track]) -> Stretch:
    own = tuple(at for at in found.parts if tracks[at].start_pts < found.end and tracks[at].end_pts > found.start)
    return found if own == found.parts else replace(found, parts=own or found.parts)
