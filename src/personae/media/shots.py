"""Shots: where a film cuts or dissolves to another picture, found in one pass over small pictures.

Cuts follow the content method of PySceneDetect (a jump in the difference between neighbouring pictures, held against
the differences around it), with two tests more: a picture that fits the one before after a shift is a pan, and a scene
that is back within a quarter of a second was a flash. Dissolves are found by their model: every picture between is a
mixture of the first and the last (Lienhart 1999), which neither pans nor moving people are. A fade counts in its dark
middle.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from personae.types import FloatArray, PixelArray

CUT_LEVEL = 8.0
"""Mean difference (levels of Y, Cb and Cr together) below which neighbouring pictures are never a cut."""
CUT_RATIO = 2.0
"""How many times as large as the differences around it a cut's is."""
AROUND = 3
AROUND_S = 0.1
"""So many differences on either side count, and all within this time, by the largest of each side."""
SAME_SCENE = 0.85
"""Correlation, after the best shift, from which on two pictures show the same scene."""
RETURNED = 0.4
"""A scene is back when it differs from the one before by less than this share of the jump."""
UNLIKE = 0.6
"""Correlation, after the best shift, above which the ends of a gradual change may still be one scene."""
FLASH_S = 0.25
"""A scene that is back so soon has not been left: photographers' flashes, strobes, single damaged pictures."""
BLEND_ERROR = 0.02
"""What of a picture a mixture of its neighbours may leave unexplained: a share of their difference, squared."""
DISSOLVE_S = (0.24, 0.48, 0.8, 1.2, 1.8, 2.6)
"""Lengths of time over which dissolves are looked for."""
STEP_S = 0.04
"""Dissolves are looked for in pictures this far apart; a film has them at about that rate anyway."""
MIXTURE_ERROR = 0.13
"""What of a dissolve's pictures the mixture of its ends may leave unexplained: a share of the ends' difference."""
SAMPLES = 11
"""So many pictures of a long span are looked at first."""
DISSOLVE_LEVEL = 22.0
"""Mean difference of the ends of a dissolve, at least."""
FLAT = 4.0
"""Standard deviation of luma below which a picture is empty: black, white, one colour."""
SETTLE_S = 3.5
"""So far back, nothing that is still to come changes what was found."""


BoundaryKind = Literal["cut", "dissolve", "fade"]


@dataclass(frozen=True)
class Boundary:
    """Where a shot ends: `pts` is the first picture of the next one, for gradual changes the middle of the change.

    `start_pts` to `end_pts`: the pictures that belong to both shots; empty (both equal to `pts`) for a cut.
    """

    pts: int
    kind: BoundaryKind
    start_pts: int
    end_pts: int


@dataclass(frozen=True, eq=False)
class _Seen:
    pts: int
    small: PixelArray
    coarse: FloatArray
    flat: bool
    change: float


class ShotDetector:
    """Feed it every picture of a film in order: `push(pts, small)`, then `finish()`. Both return new boundaries.

    `time_base`: seconds per unit of pts. Boundaries come out up to `SETTLE_S` late, in order of discovery: a dissolve
    may follow a later cut. `settled_pts`: every boundary before it is known.
    """

    def __init__(self, time_base: Fraction) -> None:
        self._unit = time_base
        self._flash = round(FLASH_S / time_base)
        self._lengths = [round(length_s / time_base) for length_s in DISSOLVE_S]
        self._near = round(AROUND_S / time_base)
        self._step = _step_pts(time_base)
        self._recent: deque[_Seen] = deque()
        self._checked: int | None = None
        self._steps: list[_Seen] = []
        self._held: tuple[float, Boundary] | None = None
        self._flat_run: list[_Seen] = []
        self._before_flat: _Seen | None = None
        self._cuts: deque[int] = deque(maxlen=64)
        self._last: _Seen | None = None

    @property
    def settled_pts(self) -> int:
        """Boundaries before this are all known."""
        return (self._last.pts if self._last else 0) - round(SETTLE_S / self._unit)

    def push(self, pts: int, small: PixelArray) -> list[Boundary]:
        """The next picture: (h, w, 3) uint8 Y, Cb, Cr (`FilmPicture.small`); always of one size."""
        last = self._last
        change = 0.0 if last is None else _change(last.small, small)
        seen = _Seen(pts, small, _coarse(small), _spread(small) < FLAT, change)
        found: list[Boundary] = []
        self._recent.append(seen)
        found += self._cuts_before(pts - self._flash)
        found += self._fades(seen)
        if not self._steps or pts - self._steps[-1].pts >= self._step:
            self._steps.append(seen)
            found += self._dissolves()
        self._last = seen
        return found

    def finish(self) -> list[Boundary]:
        """What is still open at the film's end."""
        found = self._cuts_before(None)
        if self._held is not None:
            found += self._release(self._held[1])
        return found

    def _cuts_before(self, limit: int | None) -> list[Boundary]:
        """Cuts at pictures up to `limit` whose surroundings are known now."""
        found: list[Boundary] = []
        recent = self._recent
        for at in range(1, len(recent)):
            seen = recent[at]
            if self._checked is not None and seen.pts <= self._checked:
                continue
            if limit is not None and seen.pts > limit:
                break
            self._checked = seen.pts
            if self._is_cut(at):
                self._cuts.append(seen.pts)
                self._steps = [step for step in self._steps if step.pts >= seen.pts]
                if self._held is not None and self._held[1].start_pts < seen.pts <= self._held[1].end_pts:
                    self._held = None
                found.append(Boundary(seen.pts, "cut", seen.pts, seen.pts))
        # Times may be negative: before the first check nothing is let go.
        while self._checked is not None and len(recent) > AROUND + 2:
            if recent[AROUND + 1].pts >= self._checked - self._flash:
                break
            recent.popleft()
        return found

    def _is_cut(self, at: int) -> bool:
        recent, seen = list(self._recent), self._recent[at]
        if seen.change < CUT_LEVEL:
            return False
        # A picture blended of both scenes divides the jump: its larger part is the cut, and the smaller is no motion.
        blended = set()
        for first, other in ((at - 2, at - 1), (at - 1, at + 1)):
            if first >= 0 and first + 2 < len(recent) and _is_blend(*recent[first : first + 3]):
                blended.add(other)
                if recent[other].pts in self._cuts or recent[other].change > seen.change:
                    return False
        # The largest: a picture shown again (24 a second played as 30, or as 60) says nothing about the motion.
        near = [
            i for i in range(1, len(recent)) if abs(i - at) <= AROUND or abs(recent[i].pts - seen.pts) <= self._near
        ]
        sides = ([i for i in near if i < at and i not in blended], [i for i in near if i > at and i not in blended])
        around = [max(recent[i].change for i in side) for side in sides if side]
        if around and seen.change < CUT_RATIO * float(np.mean(around)):
            return False
        before = recent[at - 1]
        # To or from an empty picture there is nothing to correlate.
        same = not before.flat and not seen.flat and likeness(before.small, seen.small) >= SAME_SCENE
        return not same and not self._returns(at)

    def _returns(self, at: int) -> bool:
        """Whether the scene before is seen again, or the scene after was seen already, within `FLASH_S`."""
        recent, seen = list(self._recent), self._recent[at]
        begin = max((cut for cut in self._cuts if cut < seen.pts), default=recent[0].pts)
        earlier = [s for s in recent[: at - 1] if s.pts >= max(begin, seen.pts - self._flash)]
        later = [s for s in recent[at + 1 :] if s.pts <= seen.pts + self._flash]
        limit = RETURNED * seen.change
        return any(_change(recent[at - 1].small, s.small) < limit for s in later) or any(
            _change(s.small, seen.small) < limit for s in earlier
        )

    def _fades(self, seen: _Seen) -> list[Boundary]:
        """A run of empty pictures that no cut bounds is the middle of a fade."""
        if seen.flat:
            if not self._flat_run:
                self._before_flat = self._last
            self._flat_run.append(seen)
            return []
        run, before = self._flat_run, self._before_flat
        self._flat_run = []
        if not run or before is None:
            return []
        start, end = run[0].pts, seen.pts
        self._steps = [step for step in self._steps if step.pts >= end]
        if any(start <= cut <= end for cut in self._cuts) or _abrupt(before, run[0]) or _abrupt(run[-1], seen):
            return []
        # A dark scene may be all but empty now and then; it is still there afterwards.
        if likeness(before.small, seen.small) >= SAME_SCENE:
            return []
        middle = run[len(run) // 2].pts
        return [Boundary(middle, "fade", start, end)]

    def _dissolves(self) -> list[Boundary]:
        """Looks for a dissolve that ends now; gives out the best one once it is over."""
        steps, now = self._steps, self._steps[-1]
        oldest = now.pts - self._lengths[-1] - 1
        while len(steps) > 2 and steps[1].pts < oldest:
            steps.pop(0)
        best: tuple[float, Boundary] | None = None
        if not now.flat:
            for length in self._lengths:
                begin = now.pts - length
                first = next((i for i, step in enumerate(steps) if step.pts >= begin), len(steps))
                if first == 0 and steps[0].pts > begin + self._step * 2:
                    break
                found = _mixture(steps[first:])
                if found is not None and (best is None or found[0] > best[0]):
                    best = found
        if best is not None and (self._held is None or best[0] > self._held[0]):
            self._held = best
            return []
        if self._held is not None and now.pts - self._held[1].end_pts > round(0.5 / self._unit):
            return self._release(self._held[1])
        return []

    def _release(self, boundary: Boundary) -> list[Boundary]:
        self._held = None
        self._steps = [step for step in self._steps if step.pts >= boundary.end_pts]
        if any(boundary.start_pts <= cut <= boundary.end_pts for cut in self._cuts):
            return []
        return [boundary]


def steps(times: Sequence[int], time_base: Fraction) -> list[int]:
    """The pictures, by pts, in which dissolves are looked for: who begins at one of them goes on as one pass does."""
    found: list[int] = []
    for pts in times:
        if not found or pts - found[-1] >= _step_pts(time_base):
            found.append(pts)
    return found


def _step_pts(time_base: Fraction) -> float:
    return STEP_S * 0.75 / float(time_base)


def spans(boundaries: Iterable[Boundary], start_pts: int, end_pts: int) -> list[tuple[int, int]]:
    """The shots between boundaries: half-open [start, end) spans that cover the film."""
    edges = sorted({start_pts, end_pts, *(b.pts for b in boundaries if start_pts < b.pts < end_pts)})
    return list(itertools.pairwise(edges))


def likeness(one: PixelArray, other: PixelArray) -> float:
    """Correlation of two small pictures, -1..1, at the best shift of up to a fifth of the width and height."""
    import cv2

    height, width = one.shape[:2]
    top, left = height // 5, width // 5
    middle = other[top : height - top, left : width - left]
    return float(cv2.matchTemplate(one, middle, cv2.TM_CCOEFF_NORMED).max())


def _half(small: PixelArray) -> PixelArray:
    """Half as wide and high: enough for the ends of a dissolve, at a tenth of the cost."""
    import cv2

    return np.asarray(cv2.resize(small, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)


def _is_blend(before: _Seen, seen: _Seen, after: _Seen) -> bool:
    """Whether a picture is a mixture of the two beside it, as rate converters make them; motion is none."""
    difference = before.coarse - after.coarse
    energy = float(difference @ difference)
    if energy == 0:
        return False
    rest = seen.coarse - after.coarse
    share = float(rest @ difference) / energy
    left = rest - share * difference
    return 0.1 < share < 0.9 and float(left @ left) < BLEND_ERROR * energy


def _abrupt(one: _Seen, other: _Seen) -> bool:
    return _change(one.small, other.small) >= 2 * CUT_LEVEL


def _change(one: PixelArray, other: PixelArray) -> float:
    """Mean absolute difference of Y, Cb and Cr, added up."""
    import cv2

    return float(sum(cv2.mean(cv2.absdiff(one, other))[:3]))


def _spread(small: PixelArray) -> float:
    """Standard deviation of luma."""
    import cv2

    return float(cv2.meanStdDev(small)[1][0, 0])


def _coarse(small: PixelArray) -> FloatArray:
    """(1728,) float32: the picture at 32x18, for the fit of mixtures."""
    import cv2

    return np.asarray(cv2.resize(small, (32, 18), interpolation=cv2.INTER_AREA), np.float32).ravel()


def _mixture(steps: list[_Seen], *, look: bool = False) -> tuple[float, Boundary] | None:
    """The dissolve from the first to the last of these pictures and how clear it is, if there is one.

    Each picture is fitted as a A + (1 - a) B with A the first, B the last. `look`: without the last and dearest test.
    """
    if len(steps) < 5 or steps[0].flat:
        return None
    import cv2

    first, last = steps[0].coarse, steps[-1].coarse
    level = cv2.norm(first, last, cv2.NORM_L1) / len(last) * 3
    if level < DISSOLVE_LEVEL:
        return None
    if len(steps) > 2 * SAMPLES:
        # A look at a few of them tells nearly always that it is none.
        few = [steps[round(i)] for i in np.linspace(0, len(steps) - 1, SAMPLES)]
        if _mixture(few, look=True) is None:
            return None
    difference = first - last
    energy = float(difference @ difference)
    inner = np.stack([step.coarse for step in steps[1:-1]]) - last
    share = inner @ difference / energy
    error = ((inner - share[:, None] * difference) ** 2).sum(axis=1) / energy
    changing = (share > 0.15) & (share < 0.85)
    if int(changing.sum()) < 3 or (mixed := float(error[changing].mean())) > MIXTURE_ERROR:
        return None
    share = np.concatenate([[1.0], share, [0.0]])
    falls = -np.diff(share)
    if float(falls.max()) > 0.5 or float(falls.min()) < -0.1:
        return None
    if not look and likeness(_half(steps[0].small), _half(steps[-1].small)) >= UNLIKE:
        return None
    middle = int(np.argmax(share < 0.5))
    start = int(np.argmax(share < 0.95)) - 1
    end = int(np.argmax(share <= 0.05))
    clear = level * (1 - mixed / MIXTURE_ERROR)
    return clear, Boundary(steps[middle].pts, "dissolve", steps[max(start, 0)].pts, steps[end].pts)
