"""The shots of a film with who is in each, on the film's frame grid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from personae.exports.grid import Grid
from personae.exports.spans import Span, line, spans
from personae.timeline.timeline import Appearance, Shot, Timeline


@dataclass(frozen=True)
class ListedShot:
    """A shot on the frame grid, half-open: [first, end). `number`: from 1 in film order, as the timeline counts too.

    `people`, `unknown`: who is in it, in the order of appearance, each once; `depicted`: who is only on a picture in
    the picture there; `spans`: every appearance in it, cut to the shot.
    """

    number: int
    shot: Shot
    first: int
    end: int
    people: tuple[str, ...]
    unknown: tuple[str, ...]
    depicted: tuple[str, ...]
    spans: tuple[Span, ...]

    @property
    def frames(self) -> int:
        """Length."""
        return self.end - self.first

    @property
    def names(self) -> str:
        """Everybody in it as one text, characters first; empty for nobody."""
        return " + ".join([*self.people, *self.unknown])


def listed_shots(timeline: Timeline, grid: Grid) -> list[ListedShot]:
    """Every shot in film order. None overlaps another, and each has a frame; what could not be read is in none.

    A cut off the grid (variable frame rate, a rate that timecode has not) is the frame that it falls into, for the shot
    before as for the one after.
    """
    found = spans(timeline, grid)
    result: list[ListedShot] = []
    shots = sorted(timeline.shots, key=lambda shot: shot.start_pts)
    for number, shot in enumerate(shots, 1):
        first = max(grid.span(shot.start_pts, shot.start_pts)[0], result[-1].end if result else 0)
        end = grid.span(shot.start_pts, shot.end_pts)[1]
        if number < len(shots) and shots[number].start_pts <= shot.end_pts:
            end = grid.span(shots[number].start_pts, shots[number].start_pts)[0]
        end = max(end, first + 1)
        inside = [one for one in found if _overlaps(one.appearance, shot)]
        cut = [
            Span(one.name, start, stop, one.colour, one.appearance)
            for one in inside
            if (start := max(one.first, first)) < (stop := min(one.end, end))
        ]
        there = [one.appearance for one in inside if not one.appearance.depicted]
        people = _names(one for one in there if one.character is not None)
        unknown = _names(one for one in there if one.character is None)
        pictured = _names(one.appearance for one in inside if one.appearance.depicted)
        depicted = tuple(name for name in pictured if name not in (*people, *unknown))
        result.append(ListedShot(number, shot, first, end, people, unknown, depicted, tuple(cut)))
    return result


def _overlaps(one: Appearance, shot: Shot) -> bool:
    return one.start_pts < shot.end_pts and shot.start_pts < one.end_pts


def _names(found: Iterable[Appearance]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line(one.name) for one in found))
