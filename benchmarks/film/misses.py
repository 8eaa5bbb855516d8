"""Why points of a made film are missed: the face was not detected, not named, or the truth asks too much.

Each missed point gets one of `CAUSES`. "Truth wrong" are photos on which, looked at by people, nobody would know who it
is; they stay in the F1 and are only told apart here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from personae.timeline.places import overlap
from personae.timeline.timeline import Timeline, Track

if TYPE_CHECKING:
    from benchmarks.film.accuracy import Point

NOT_DETECTED, NOT_NAMED, MISNAMED = "not detected", "detected, not named", "detected, misnamed"
DEPICTED, TRUTH_WRONG = "detected, taken for a picture", "truth wrong"
CAUSES = (NOT_DETECTED, NOT_NAMED, MISNAMED, DEPICTED, TRUTH_WRONG)
UNRECOGNISABLE = frozenset({"Nicole_Kidman_0006.jpg"})
"""Photos looked at one by one (those least like the person's others): a false nose for a role."""
OVERLAP = 0.3


def causes(truth: dict[str, Any], timeline: Timeline, points: Sequence[Point]) -> list[str]:
    """The cause of each of the missed `points`."""
    step, base = Fraction(1, truth["rate"]), Fraction(truth["time_base"])
    of: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in truth["presences"]:
        if not one["depicted"]:
            of[one["who"]].append(one)
    says = {number: one for one in timeline.appearances for number in one.tracks}
    result = []
    for point in points:
        pts = truth["start_pts"] + float(Fraction(point.t_s) / base)
        one, box = _shown(of[point.who], pts, float(step / base))
        there = _track_on(timeline.tracks, box, pts)
        said = None if there is None else says.get(there.id)
        if one["photo"] in UNRECOGNISABLE:
            result.append(TRUTH_WRONG)
        elif there is None or (said is not None and said.character == point.who and not said.depicted):
            result.append(NOT_DETECTED)  # no track, or one that has lost the face for a while
        elif said is None or said.character is None:
            result.append(NOT_NAMED)
        else:
            result.append(DEPICTED if said.depicted else MISNAMED)
    return result


def _shown(presences: Sequence[dict[str, Any]], pts: float, step: float) -> tuple[dict[str, Any], list[float]]:
    """The presence that is visible at `pts`, and its box there."""
    for one in presences:
        if any(start <= pts < end and how == "visible" for start, end, how in one["spans"]):
            row = min(one["boxes"], key=lambda box: abs(box[0] + step / 2 - pts))
            return one, row[1:5]
    raise AssertionError("A missed point is one at which somebody is visible.")


def _track_on(tracks: Sequence[Track], box: list[float], pts: float) -> Track | None:
    """The track that lies on `box` at `pts`, by its picture nearest in time."""
    best = None
    for track in tracks:
        if track.start_pts <= pts < track.end_pts:
            row = min(track.boxes, key=lambda own: abs(own[0] - pts))
            share = overlap(box, list(row[1:5]))
            if share >= OVERLAP and (best is None or share > best[0]):
                best = share, track
    return None if best is None else best[1]


def counts(found: Sequence[str], points: Sequence[Point]) -> dict[str, dict[str, int]]:
    """How many points each cause took, per condition, most first."""
    return {
        cause: dict(Counter(p.condition for why, p in zip(found, points, strict=True) if why == cause).most_common())
        for cause in CAUSES
    }


def lines(missed: dict[str, dict[str, int]]) -> list[str]:
    """The same for people, a line for each cause that there is."""
    return [
        f"missed, {cause}: {sum(where.values())} ({', '.join(f'{name} {count}' for name, count in where.items())})"
        for cause, where in missed.items()
        if where
    ]
