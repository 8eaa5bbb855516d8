"""Who is on screen at each moment, and who with whom, as values."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations, pairwise

from personae.timeline.selection import union
from personae.timeline.timeline import Timeline


@dataclass(frozen=True)
class Stretch:
    """The longest span in which exactly these people are on screen; half-open."""

    start_pts: int
    end_pts: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Pair:
    """Two people on screen at the same time: for how long, and how often."""

    first: str
    second: str
    together_s: float
    times: int


def names_of(timeline: Timeline) -> list[str]:
    """Everybody once: characters in the order of first appearance, then unknown people likewise."""
    found = sorted(timeline.appearances, key=lambda one: (one.character is None, one.start_pts, one.id))
    return list(dict.fromkeys(one.name for one in found))


def stretches(timeline: Timeline) -> list[Stretch]:
    """Every stretch with somebody on screen, in film order; names in the order of `names_of`."""
    order = {name: number for number, name in enumerate(names_of(timeline))}
    spans = defaultdict(list)
    for one in timeline.appearances:
        spans[one.name].append((one.start_pts, one.end_pts))
    changes: dict[int, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for name, intervals in spans.items():
        for start, end in union(intervals):
            changes[start][0].add(name)
            changes[end][1].add(name)
    result: list[Stretch] = []
    here: set[str] = set()
    times = sorted(changes)
    for start, end in pairwise(times):
        arrived, left = changes[start]
        here = (here - left) | arrived
        if here:
            result.append(Stretch(start, end, tuple(sorted(here, key=order.__getitem__))))
    return result


def co_presence(timeline: Timeline) -> list[Pair]:
    """Every two people who are on screen at once, most time first."""
    together: Counter[tuple[str, str]] = Counter()
    times: Counter[tuple[str, str]] = Counter()
    before: set[tuple[str, str]] = set()
    end_before = None
    for stretch in stretches(timeline):
        pairs = set(combinations(stretch.names, 2))
        for pair in pairs:
            together[pair] += stretch.end_pts - stretch.start_pts
            times[pair] += pair not in before or end_before != stretch.start_pts
        before, end_before = pairs, stretch.end_pts
    base = timeline.video.time_base
    return [Pair(*pair, float(pts * base), times[pair]) for pair, pts in together.most_common()]
