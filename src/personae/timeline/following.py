"""Following a head whose face is not detected: through the looks after a track's last face, and before its first.

A head that turns away keeps its place, or moves on steadily, above a body that stays the same. So what lies around the
head is looked for again in the next look (normalised cross-correlation, Lewis 1995), and the colours below it must stay
those that were below the face. Nothing says whose head it is but where it came from: following ends where that is in
doubt (at a cut, at the picture's edge, at another face, where head and body are not found again, after a while).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from personae.timeline.looking import OTHER_VIEW, Look, likeness, offsets
from personae.types import PixelArray

LONGEST_S = 8.0
"""So long a head is followed."""
AROUND = (1.0, 0.5, 1.0, 1.1)
"""What is looked for again: so many face sizes left of the face's middle, above its box, right, and below the box."""
BODY = (0.9, 0.15, 1.2)
"""The body: so many face widths to either side, and from so many heights below the box to so many."""
CLEAR_S = 0.8
"""A body is known by its colours so long before its face was last seen."""
LEAST_PX = 4
LEAST_BODY_PX = 24
"""A body of fewer pixels tells nothing."""
FOUND = 0.55
"""Correlation from which on the surroundings are found again."""
FOUND_ALONE = 0.7
"""The same where no body can be seen."""
SAME_BODY = 0.65
"""What the colours of the body share at least with those below the last face."""
HEAD = 0.2
"""So many face sizes around its box a head reaches."""
SAME_HEAD = 0.4
"""Correlation that the head itself must have, however well its surroundings are found again."""
REACH = 0.35
REACH_PER_S = 1.5
LONGEST_REACH = 1.5
"""A head's next place lies within so many face sizes, and so many more a second, but no more than so many."""
AT_EDGE = 0.15
"""A head so near to the left or right edge of the picture, in face widths, is leaving, and is not followed."""
LEAST_INSIDE = 0.7
"""Nor is a head of which less is inside the picture."""
FLAT = 4.0
"""Surroundings whose brightness varies less are not found again with any certainty."""
ONE_HEAD = 1.0
"""Two followed heads within so many face sizes are one; so near to a face, a head is that one's or behind it."""
BINS = 16
"""Steps of brightness, and of either difference of colours."""

Box = tuple[float, float, float, float]
Colours = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Glance:
    """What following needs of a look: `faces` (n, 4) boxes of all tracks; `scene` and `tiny` as of a look."""

    pts: int
    end_pts: int
    faces: NDArray[np.float32]
    scene: PixelArray
    tiny: PixelArray

    @classmethod
    def of(cls, look: Look, faces: Sequence[Box]) -> Glance:
        """That of a look; `faces`: the boxes in it that are of a track."""
        return cls(look.pts, look.end_pts, np.array(faces, np.float32).reshape(-1, 4), look.scene, look.tiny)


@dataclass(frozen=True)
class Step:
    """A head in a look in which its face was not detected."""

    pts: int
    end_pts: int
    box: Box


@dataclass(frozen=True, eq=False)
class _View:
    """The looks, where shots end between them (see `_torn`), and `scale`: pixels of a scene per pixel of the film."""

    glances: Sequence[Glance]
    torn: NDArray[np.bool_]
    second_pts: float
    scale: float


@dataclass(eq=False)
class _Way:
    """The way of one head from a face of its track, with `step` 1 or -1: `at`, the number of the glance of each step.

    `seen`: that face and those on its other side, the nearest first: number of the glance, and box.
    """

    track: int
    step: int
    seen: Sequence[tuple[int, Box]]
    at: list[int] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)


Sighted = Sequence[tuple[int, Box]]
"""(pts, box) of each look in which a track's face was detected, in order."""


def follow(
    tracks: Sequence[Sighted], glances: Sequence[Glance], ends: Sequence[tuple[int, int]], second_pts: float, width: int
) -> list[list[Step]]:
    """Per track the looks in which its head is there without a detected face, in order.

    `glances`: the looks, in order; `ends`: first and last pts of each cut and dissolve; `second_pts`: a second in pts;
    `width`: of the film's pictures.
    """
    if not glances or not glances[0].scene.size:
        return [[] for _ in tracks]
    number = {glance.pts: at for at, glance in enumerate(glances)}
    view = _View(glances, _torn(glances, ends), second_pts, glances[0].scene.shape[1] / width)
    ways: list[_Way] = []
    for track, sighted in enumerate(tracks):
        seen = [(number[pts], box) for pts, box in sighted if pts in number]
        for at, ((one, _), (after, _)) in enumerate(pairwise([(-1, None), *seen, (len(glances), None)])):
            if after - one > 1:  # looks without its face: gone through from both sides
                ways += [_Way(track, 1, seen[:at][::-1])] * (at > 0) + [_Way(track, -1, seen[at:])] * (at < len(seen))
    for way in ways:
        _go(way, view)
    _settle(ways)
    result: list[dict[int, Step]] = [{} for _ in tracks]
    for way in ways:
        for at, box in zip(way.at, way.boxes, strict=True):
            result[way.track].setdefault(at, Step(glances[at].pts, glances[at].end_pts, box))
    return [[steps[at] for at in sorted(steps)] for steps in result]


def first_needed(looks: Sequence[int], pts: int, second_pts: float) -> int:
    """The number of the first of `looks` (pts) to which somebody who is first seen from `pts` on may be followed."""
    return bisect_left(looks, pts - LONGEST_S * second_pts)


def _torn(glances: Sequence[Glance], ends: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
    """(n + 1,) whether a shot ends between a glance and the one before it, or either is in a dissolve."""
    torn = np.ones(len(glances) + 1, bool)
    first, last = np.array(ends, np.int64).reshape(-1, 2).T
    for at in range(1, len(glances)):
        before, after = glances[at - 1], glances[at]
        cut = (first <= after.pts) & (before.pts < last)
        torn[at] = cut.any() or likeness(before, after) < OTHER_VIEW
    return torn


def _go(way: _Way, view: _View) -> None:
    """Go from the way's first face as far as the head is found."""
    glances, second = view.glances, view.second_pts
    start, box = way.seen[0]
    pts = glances[start].pts
    # What is below a face that somebody walks in front of is soon not its own body.
    clear = [one for one in way.seen if abs(glances[one[0]].pts - pts) >= CLEAR_S * second]
    before, place = clear[0] if clear else way.seen[-1]
    body, now = (_body_colours(glances[at], at_box, view.scale) for at, at_box in ((before, place), (start, box)))
    changed = body is not None and now is not None and _shared(body, now) < SAME_BODY
    if changed or _leaves(box, glances[start], view.scale):
        return
    at = start
    while True:
        nearer, at = at, at + way.step
        if not 0 <= at < len(glances) or view.torn[max(at, nearer)]:
            return
        if abs(glances[at].pts - pts) > LONGEST_S * second:
            return
        reach = REACH + REACH_PER_S * abs(glances[at].pts - glances[nearer].pts) / second
        found = _found_again(glances[nearer], box, glances[at], body, min(reach, LONGEST_REACH), view.scale)
        if found is None or _taken(glances[at], found):
            return
        box = found
        way.at.append(at)
        way.boxes.append(box)


def _found_again(
    before: Glance, box: Box, after: Glance, body: NDArray[np.float64] | None, reach: float, scale: float
) -> Box | None:
    """Where the head of `box` in one look is in the next, at most `reach` face sizes off; None where it is not."""
    import cv2

    if before.scene.shape != after.scene.shape or not before.scene.size:
        return None
    height, width = after.scene.shape[:2]
    x1, y1, x2, y2 = (value * scale for value in box)
    size = max((x2 - x1 + y2 - y1) / 2, 1.0)
    middle = (x1 + x2) / 2
    pad = max(round(size * reach), 2)
    # Not nearer to the picture's edge than it may have moved: who walks out would seem to stand still there.
    left, top = max(round(middle - AROUND[0] * size), pad), max(round(y1 - AROUND[1] * size), pad)
    right, bottom = min(round(middle + AROUND[2] * size), width - pad), min(round(y2 + AROUND[3] * size), height - pad)
    if min(right - left, bottom - top) < max(size / 2, LEAST_PX):
        return None
    looked_for = before.scene[top:bottom, left:right]
    if float(looked_for.std()) < FLAT:
        return None
    searched = after.scene[top - pad : bottom + pad, left - pad : right + pad]
    _, best, _, (fx, fy) = cv2.minMaxLoc(cv2.matchTemplate(searched, looked_for, cv2.TM_CCOEFF_NORMED))
    dx, dy = (fx - pad) / scale, (fy - pad) / scale
    found = (box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy)
    if _leaves(found, after, scale):
        return None
    if _head_likeness(before, box, after, found, scale) < SAME_HEAD:
        return None
    now = None if body is None else _body_colours(after, found, scale)
    if body is None or now is None:
        return found if best >= FOUND_ALONE else None
    return found if best >= FOUND and _shared(body, now) >= SAME_BODY else None


def _head_likeness(before: Glance, box: Box, after: Glance, found: Box, scale: float) -> float:
    """Correlation of the head in one look and where it would be in the next: where it is gone, the wall is the same."""
    import cv2

    x1, y1, x2, y2 = (value * scale for value in box)
    grow = HEAD * (x2 - x1 + y2 - y1) / 2
    height, width = before.scene.shape[:2]
    left, top = max(round(x1 - grow), 0), max(round(y1 - grow), 0)
    right, bottom = min(round(x2 + grow), width), min(round(y2 + grow), height)
    dx, dy = round((found[0] - box[0]) * scale), round((found[1] - box[1]) * scale)
    left, right = max(left, -dx), min(right, width - dx)
    top, bottom = max(top, -dy), min(bottom, height - dy)
    if right - left < LEAST_PX or bottom - top < LEAST_PX:
        return -1.0
    one, other = before.scene[top:bottom, left:right], after.scene[top + dy : bottom + dy, left + dx : right + dx]
    return float(cv2.matchTemplate(other, one, cv2.TM_CCOEFF_NORMED)[0, 0])


def _leaves(box: Box, glance: Glance, scale: float) -> bool:
    """Whether a head is at an edge of the picture, or mostly above or below it."""
    height, width = (length / scale for length in glance.scene.shape[:2])
    wide, tall = box[2] - box[0], box[3] - box[1]
    inside = min(box[3], height) - max(box[1], 0.0)
    return bool(min(box[0], width - box[2]) < AT_EDGE * wide or inside < LEAST_INSIDE * tall)


def _body_colours(glance: Glance, box: Box, scale: float) -> NDArray[np.float64] | None:
    """(3, BINS) how brightness and two colour differences are spread below a face; None where nothing can be seen."""
    x1, y1, x2, y2 = (value * scale for value in box)
    middle, wide, tall = (x1 + x2) / 2, x2 - x1, y2 - y1
    left, right = max(round(middle - BODY[0] * wide), 0), round(middle + BODY[0] * wide)
    top, bottom = max(round(y2 + BODY[1] * tall), 0), round(y2 + BODY[2] * tall)
    part = glance.scene[top:bottom, left : max(right, 0)].reshape(-1, 3).astype(np.int16)
    if len(part) < LEAST_BODY_PX:
        return None
    grey = (part[:, 0] + 2 * part[:, 1] + part[:, 2]) // 4
    red, blue = (part[:, 0] - part[:, 1]) // 2 + 128, (part[:, 2] - part[:, 1]) // 2 + 128
    return np.stack([_spread(grey, 0, 256), _spread(red, 64, 192), _spread(blue, 64, 192)])


def _spread(values: NDArray[np.int16], low: int, high: int) -> NDArray[np.float64]:
    """(BINS,) shares, each value shared with the neighbouring bins."""
    bins = ((values.clip(low, high - 1) - low) * BINS // (high - low)).astype(np.int64)
    counts = np.bincount(bins, minlength=BINS) / len(values)
    smooth = np.convolve(np.pad(counts, 1, mode="edge"), [0.25, 0.5, 0.25], "valid")
    return np.asarray(smooth / smooth.sum(), np.float64)


def _shared(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """What two spreads have in common, 0 to 1: the least of the three."""
    return float(np.minimum(one, other).sum(axis=1).mean())


def _taken(glance: Glance, box: Box) -> bool:
    """Whether a face was detected where the head would be: the track's own, or somebody else's."""
    if not len(glance.faces):
        return False
    distance, _ = offsets(np.array([box], np.float32), glance.faces)
    return bool((distance <= ONE_HEAD).any())


def _settle(ways: list[_Way]) -> None:
    """Where two tracks follow one head, the nearer face has it."""
    for one, other in combinations(ways, 2):
        for at in sorted(set(one.at) & set(other.at)):
            if at not in one.at or at not in other.at:  # let go of meanwhile
                continue
            i, j = one.at.index(at), other.at.index(at)
            distance, _ = offsets(np.array([one.boxes[i]], np.float32), np.array([other.boxes[j]], np.float32))
            if distance[0, 0] <= ONE_HEAD:
                loser, first = (other, j) if i <= j else (one, i)
                del loser.at[first:], loser.boxes[first:]
