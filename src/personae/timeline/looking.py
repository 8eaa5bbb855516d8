"""Where to look: pictures at a regular interval, and between two of them where faces came, went or jumped.

A film's pictures are much alike, so most need no detector. Two pictures are looked at one interval apart; where each
face of one has its partner in the other, nothing was missed between them. Where not, the picture in the middle is
looked at, and so on: a face's first and last picture are found exactly, both sides of a cut are seen, and fast motion
is looked at more densely.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from personae.faces import align, grain, multiscale, quality
from personae.faces.detector import Detector
from personae.media.film import FilmPicture
from personae.media.film_errors import as_film_error
from personae.settings import Settings
from personae.timeline import seeking
from personae.timeline.wide import Wide
from personae.types import Faces, Picture, PixelArray, Quality

SURE_SCORE = 0.7
"""Detections from here on are faces; weaker ones only carry on what a sure one began (as in ByteTrack)."""
SAME_PLACE = 0.6
"""A face's partner in the next picture lies within this many face sizes."""
SAME_SIZE = 1.6
CUT_OUT_PX = 160
"""Width and height of the cut-out kept for people to look at."""
CUT_OUT_FACES = 1.8
"""How much of the picture it shows, in face sizes."""
SCENE_PX = 256
"""Longer side of the small picture that heads are followed in."""
SAME_VIEW = 0.8
"""Looks whose whole pictures correlate less may have a cut between them, and more is looked at."""
OTHER_VIEW = 0.5
"""Neighbouring pictures that correlate less are of two shots: no face goes on from one to the other."""
SETTLING = 2
"""Windows that are settled at once."""
MOST_HELD_PX = 100_000_000
"""Pixels of the pictures held at once: 150 MB of an ordinary film, a second and a half at 1920x1080."""
TINY_PX = 16
ENOUGH_PX = 32.0
"""Faces of this size are found as surely as larger ones; a second look at each finds their landmarks as exactly."""
FULL_SHORT_SIDE_PX = 540.0
"""Every second regular look at a larger picture is at this size: the smallest faces are looked for half as often."""
LEAST_SHORT_SIDE_PX = 360.0
"""No picture is searched smaller than this: there is little to be saved."""
WORTH_SHRINKING = 0.75
"""A picture is searched at reduced size if that is at most so much of its own."""


@dataclass(frozen=True, eq=False)
class CutOut:
    """The part of a picture around one face, for people to look at. `part` (h, w, 3) RGB begins at `corner_xy`.

    `square`: left, top and side of what is shown, in the film's pixels. `wide`: more of it, small and grey.
    """

    part: PixelArray
    corner_xy: tuple[int, int]
    square: tuple[float, float, float]
    wide: Wide

    @classmethod
    def of(cls, pixels: PixelArray, box_xyxy: NDArray[np.float32]) -> CutOut:
        """Copied out of `pixels` (h, w, 3), so that these need not be kept."""
        box, size = box_xyxy.astype(np.float64), np.array([pixels.shape[1], pixels.shape[0]], np.float64)
        side = min(float(max(*(box[2:] - box[:2]), 1.0)) * CUT_OUT_FACES, *size)
        corner = np.clip((box[:2] + box[2:] - side) / 2, 0.0, size - side)
        left, top = np.maximum(corner - 1, 0).astype(int)
        right, bottom = (corner + side + 2).astype(int)
        square = (float(corner[0]), float(corner[1]), side)
        return cls(pixels[top:bottom, left:right].copy(), (int(left), int(top)), square, Wide.of(pixels, box_xyxy))

    def picture(self) -> PixelArray:
        """(160, 160, 3) uint8 RGB, the face in the middle, or nearer to the edge of the film's picture where it is."""
        import cv2

        part = self.part
        left, top, side = self.square
        scale = CUT_OUT_PX / side
        matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
        matrix[:, 2] += matrix[:, :2] @ np.array(self.corner_xy)
        shrink = max(1, int(1 / scale))
        if shrink > 1:  # averaged, since the warp looks at single pixels
            size = max(part.shape[1] // shrink, 1), max(part.shape[0] // shrink, 1)
            matrix[:, :2] *= np.array([part.shape[1] / size[0], part.shape[0] / size[1]])
            part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
        to = (CUT_OUT_PX, CUT_OUT_PX)
        warped = cv2.warpAffine(part, matrix, to, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(warped, np.uint8)


@dataclass(frozen=True, eq=False)
class Look:
    """What was seen in one picture: n faces with crops (n, 112, 112, 3), quality, and what is around each.

    `tiny` (h, 16) uint8: the whole picture's luma, by which a camera set-up is known again; `scene` (h, w, 3) RGB: the
    whole picture, small, in which heads are followed (see `scene_of`).
    """

    pts: int
    end_pts: int
    faces: Faces
    crops: PixelArray
    quality: Quality
    around: tuple[CutOut, ...]
    tiny: PixelArray
    scene: PixelArray = field(default_factory=lambda: np.empty((0, 0, 3), np.uint8))

    def with_more(self, other: Look) -> Look:
        """With the faces of another look at the same picture besides."""
        return replace(
            self,
            faces=multiscale.concatenate([self.faces, other.faces]),
            crops=np.concatenate([self.crops, other.crops]),
            quality=self.quality.with_more(other.quality),
            around=(*self.around, *other.around),
        )


@dataclass
class Looker:
    """Detects, aligns and assesses the faces of single pictures; safe in several threads. `faces`: roughly counted."""

    detector: Detector
    settings: Settings
    faces: int = 0

    def look(self, picture: FilmPicture, least_px: float = 0.0) -> Look:
        """The faces of one picture, sure ones and weak ones.

        `least_px`: no smaller face matters, so the picture may be searched as small as such a face allows.
        Raises FilmError for whatever fails, memory included.
        """
        with as_film_error(picture.path):
            pixels = picture.rgb()
            still = Picture(grain.without_grain(pixels))
            return self._look_at(picture, pixels, still, self._found(still, least_px))

    def _look_at(self, picture: FilmPicture, pixels: PixelArray, still: Picture, faces: Faces) -> Look:
        crops = align.crops(still, faces)
        self.faces += len(faces)
        return Look(
            picture.pts,
            picture.pts + picture.duration_pts,
            faces,
            crops,
            quality.assess(crops, faces, self.settings),
            tuple(CutOut.of(pixels, box) for box in faces.boxes_xyxy),
            picture.grey(TINY_PX),
            scene_of(pixels),
        )

    def look_again(self, picture: FilmPicture, seen: Look, before: Look) -> Look:
        """What was `seen` in the picture, and what is found where faces of the look `before` should be.

        Raises FilmError for whatever fails, memory included.
        """
        missing = ~same_place(before.faces.boxes_xyxy, seen.faces.boxes_xyxy).any(axis=1)
        if not missing.any():
            return seen
        with as_film_error(picture.path):
            pixels = picture.rgb()
            still = Picture(grain.without_grain(pixels))
            more = seeking.sought(self.detector, still.pixels, before.faces.boxes_xyxy[missing], seen.faces.boxes_xyxy)
            return seen.with_more(self._look_at(picture, pixels, still, more)) if len(more) else seen

    def _found(self, picture: Picture, least_px: float) -> Faces:
        least_scale = LEAST_SHORT_SIDE_PX / min(picture.size_wh)
        scale = max(ENOUGH_PX / max(least_px, ENOUGH_PX), least_scale)
        if scale > WORTH_SHRINKING:
            return self.detector.detect(picture)
        width, height = picture.size_wh
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        faces = self.detector.detect(Picture(multiscale.shrunk(picture.pixels, size)))
        return multiscale.scaled(faces, width / size[0], height / size[1])

    def look_after(self, picture: FilmPicture, before: Future[Look]) -> Look:
        """A look soon after a full one, `before`: at reduced size, if large pictures had no small faces there."""
        least_px = ENOUGH_PX * min(picture.pixels.size_wh) / FULL_SHORT_SIDE_PX
        return self.look(picture, min([least_px, *before.result().faces.face_px.tolist()]))


@dataclass(eq=False)
class _Window:
    """The pictures after one regular look up to the next, and both looks on their way.

    `before`: the window before, None at the start; `settled`: the looks of this window in order, its last one included.
    """

    before: _Window | None = None
    pictures: list[FilmPicture] = field(default_factory=list)
    last: Future[Look] | None = None
    settled: Future[list[Look]] | None = None

    def settle(self, looker: Looker, cuts: Container[int]) -> list[Look]:
        """The looks of this window in order: those that have to be added, and its last.

        It goes on from what the window before came to: a head that was found again there is looked for here too.
        """
        assert self.last is not None
        last = self.last.result()
        if self.before is None:
            return [last]
        assert self.before.settled is not None
        first = self.before.settled.result()[-1]
        self.before = None  # else all windows of a film would be held
        return _filled(first, last, self.pictures, looker, cuts)


def scene_of(pixels: PixelArray) -> PixelArray:
    """A picture (h, w, 3) RGB so small that its longer side has `SCENE_PX`; smaller ones stay as they are."""
    import cv2

    scale = SCENE_PX / max(pixels.shape[:2])
    if scale >= 1:
        return pixels.copy()
    size = max(round(pixels.shape[1] * scale), 1), max(round(pixels.shape[0] * scale), 1)
    if scale < 1 / 4:  # not every pixel of a large picture need be read
        pixels = np.asarray(cv2.resize(pixels, (2 * size[0], 2 * size[1]), interpolation=cv2.INTER_LINEAR), np.uint8)
    return multiscale.shrunk(pixels, size)


def looks(
    pictures: Iterable[FilmPicture],
    looker: Looker,
    pool: Executor,
    *,
    every_pts: Fraction | float,
    behind_pts: Fraction | float = 0,
    cuts: Container[int] = (),
) -> Iterator[Look]:
    """Looks at `pictures`, in order: one in `every_pts`, the first, the last, and what has to be seen between them.

    A few windows of pictures are held at once, so that decoding, detection and what follows go on side by side: each is
    settled when what is read is `behind_pts` ahead of it. `cuts`: pts at which shots begin, as far as they are known by
    then.
    """
    waiting: deque[_Window] = deque()
    settling: deque[_Window] = deque()

    def settle() -> None:
        window = waiting.popleft()
        known = frozenset(picture.pts for picture in window.pictures if picture.pts in cuts)
        window.settled = pool.submit(window.settle, looker, known)
        settling.append(window)

    def too_many(picture: FilmPicture) -> bool:
        held = sum(len(each.pictures) for each in (*settling, *waiting, window))
        return held * picture.pixels.size_wh[0] * picture.pixels.size_wh[1] > MOST_HELD_PX

    window = _Window()
    next_pts: float | None = None
    regular = 0
    for picture in pictures:
        window.pictures.append(picture)
        if next_pts is None or picture.pts >= next_pts:
            next_pts = picture.pts + float(every_pts)
            full = None if window.before is None or regular % 2 == 0 else window.before.last
            if full is None:
                window.last = pool.submit(looker.look, picture)
            else:
                window.last = pool.submit(looker.look_after, picture, full)
            regular += 1
            waiting.append(window)
            window = _Window(window)
        while waiting and (picture.pts - waiting[0].pictures[-1].pts >= behind_pts or too_many(picture)):
            settle()
        while settling and (len(settling) > SETTLING or too_many(picture)):
            yield from _result(settling.popleft())
    if window.pictures:
        window.last = pool.submit(looker.look, window.pictures[-1])
        waiting.append(window)
    while waiting:
        settle()
    while settling:
        yield from _result(settling.popleft())


def _result(window: _Window) -> list[Look]:
    assert window.settled is not None
    return window.settled.result()


def _filled(
    first: Look, last: Look, pictures: Sequence[FilmPicture], looker: Looker, cuts: Container[int]
) -> list[Look]:
    """The looks after `first` up to `last`; `pictures`: those between them, and that of the last."""
    cut = next((at for at, picture in enumerate(pictures) if picture.pts in cuts), None)
    same_view = cut is None and likeness(first, last) >= SAME_VIEW
    if same_view:
        last = looker.look_again(pictures[-1], last, first)
    if len(pictures) < 2 or (same_view and all_have_partners(first, last)):
        return [last]
    middle = (len(pictures) - 1) // 2 if cut is None else max(cut - 1, 0)
    look = looker.look(pictures[middle], _least_px(first, last))
    before = _filled(first, look, pictures[: middle + 1], looker, cuts)
    return [*before, *_filled(before[-1], last, pictures[middle + 1 :], looker, cuts)]


def _least_px(first: Look, last: Look) -> float:
    """Size of the smallest face of either look."""
    return float(min([*first.faces.face_px, *last.faces.face_px], default=0.0))


def all_have_partners(first: Look, last: Look) -> bool:
    """Whether each sure face of either look has a face of about its place and size in the other."""
    near = same_place(first.faces.boxes_xyxy, last.faces.boxes_xyxy)
    sure_first, sure_last = first.faces.scores >= SURE_SCORE, last.faces.scores >= SURE_SCORE
    return bool((near.any(axis=1) | ~sure_first).all() and (near.any(axis=0) | ~sure_last).all())


class View(Protocol):
    """Anything with a tiny picture of the whole."""

    @property
    def tiny(self) -> PixelArray:
        """(h, w) uint8."""


def likeness(first: View, last: View) -> float:
    """Correlation of the two whole pictures, tiny as they are: -1..1; 1 where both are of one colour."""
    a, b = (look.tiny.astype(np.float64).ravel() - look.tiny.mean() for look in (first, last))
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / norm if norm > 1e-6 else float(not a.any() and not b.any())


def same_place(a_xyxy: NDArray[np.float32], b_xyxy: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(n, m) whether two boxes lie within `SAME_PLACE` face sizes of each other and are about equally large."""
    distance, ratio = offsets(a_xyxy, b_xyxy)
    near: NDArray[np.bool_] = (distance <= SAME_PLACE) & (ratio <= SAME_SIZE)
    return near


def offsets(
    a_xyxy: NDArray[np.float32], b_xyxy: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(n, m) distance of the centres in mean face sizes, and ratio of the larger size to the smaller."""
    size_a = np.maximum((a_xyxy[:, 2:] - a_xyxy[:, :2]).mean(axis=1), 1e-3)[:, None]
    size_b = np.maximum((b_xyxy[:, 2:] - b_xyxy[:, :2]).mean(axis=1), 1e-3)[None]
    centre_a, centre_b = (a_xyxy[:, :2] + a_xyxy[:, 2:]) / 2, (b_xyxy[:, :2] + b_xyxy[:, 2:]) / 2
    gap = np.linalg.norm(centre_a[:, None] - centre_b[None], axis=2)
    distance: NDArray[np.float32] = gap / ((size_a + size_b) / 2)
    ratio: NDArray[np.float32] = np.maximum(size_a / size_b, size_b / size_a)
    return distance, ratio
