"""Where to look: pictures at a regular interval, and between two of them where faces came, went or jumped.

A film's pictures are much alike, so most need no detector. Two pictures are looked at one interval apart; where each
face of one has its partner in the other, nothing was missed between them. Where not, the picture in the middle is
looked at, and so on: a face's first and last picture are found exactly, both sides of a cut are seen, and fast motion
is looked at more densely.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from personae.faces import align, grain, quality
from personae.faces.detector import Detector
from personae.media.film import FilmPicture
from personae.settings import Settings
from personae.types import Faces, Picture, PixelArray, Quality

SURE_SCORE = 0.7
"""Detections from here on are faces; weaker ones only carry on what a sure one began (as in ByteTrack)."""
WEAK_SCORE = 0.4
SAME_PLACE = 0.6
"""A face's partner in the next picture lies within this many face sizes."""
SAME_SIZE = 1.6
CUT_OUT_PX = 160
"""Width and height of the cut-out kept for people to look at."""
CUT_OUT_FACES = 1.8
"""How much of the picture it shows, in face sizes."""
SAME_VIEW = 0.8
"""Looks whose whole pictures correlate less may have a cut between them, and more is looked at."""
WINDOWS_AHEAD = 4
TINY_PX = 16


@dataclass(frozen=True, eq=False)
class Look:
    """What was seen in one picture: n faces with crops (n, 112, 112, 3) and quality; the picture (h, w, 3) RGB.

    `tiny` (h, 16) uint8: the whole picture's luma, by which a camera set-up is known again.
    """

    pts: int
    end_pts: int
    faces: Faces
    crops: PixelArray
    quality: Quality
    pixels: PixelArray
    tiny: PixelArray

    def cut_out(self, face: int) -> PixelArray:
        """(160, 160, 3) uint8 RGB: a face with some of what is around it, for people; black beyond the picture."""
        return cut_out(self.pixels, self.faces.boxes_xyxy[face])


@dataclass
class Looker:
    """Detects, aligns and assesses the faces of single pictures; safe in several threads. `looks` counts them."""

    detector: Detector
    settings: Settings
    looks: int = 0
    faces: int = 0

    def look(self, picture: FilmPicture) -> Look:
        """The faces of one picture, sure ones and weak ones."""
        pixels = picture.rgb()
        still = Picture(grain.without_grain(pixels))
        faces = self.detector.detect(still)
        crops = align.crops(still, faces)
        self.looks += 1
        self.faces += len(faces)
        return Look(
            picture.pts,
            picture.pts + picture.duration_pts,
            faces,
            crops,
            quality.assess(crops, faces, self.settings),
            pixels,
            picture.grey(TINY_PX),
        )


@dataclass
class _Window:
    """The pictures after one regular look up to the next, and that look on its way."""

    pictures: list[FilmPicture] = field(default_factory=list)
    last: Future[Look] | None = None


def looks(
    pictures: Iterable[FilmPicture],
    looker: Looker,
    pool: Executor,
    *,
    every_pts: Fraction | float,
    cuts: Container[int] = (),
) -> Iterator[Look]:
    """Looks at `pictures`, in order: one in `every_pts`, the first, the last, and what has to be seen between them.

    A few windows of pictures are held at once, so that decoding, detection and what follows go on side by side. `cuts`:
    pts at which shots begin, as far as they are known when pictures so far behind are settled.
    """
    waiting: deque[_Window] = deque()
    before: Look | None = None
    window = _Window()
    next_pts: float | None = None
    for picture in pictures:
        window.pictures.append(picture)
        if next_pts is None or picture.pts >= next_pts:
            next_pts = picture.pts + float(every_pts)
            window.last = pool.submit(looker.look, picture)
            waiting.append(window)
            window = _Window()
        while len(waiting) > WINDOWS_AHEAD:
            for look in _settled(before, waiting.popleft(), looker, cuts):
                yield look
                before = look
    if window.pictures:
        window.last = pool.submit(looker.look, window.pictures[-1])
        waiting.append(window)
    while waiting:
        for look in _settled(before, waiting.popleft(), looker, cuts):
            yield look
            before = look


def _settled(before: Look | None, window: _Window, looker: Looker, cuts: Container[int]) -> Iterator[Look]:
    """The looks of one window in order: those that had to be added, and its last."""
    assert window.last is not None
    last = window.last.result()
    if before is not None:
        yield from _between(before, last, window.pictures[:-1], looker, cuts)
    yield last


def _between(
    first: Look, last: Look, pictures: list[FilmPicture], looker: Looker, cuts: Container[int]
) -> Iterator[Look]:
    if not pictures:
        return
    cut = last.pts in cuts or any(picture.pts in cuts for picture in pictures)
    if not cut and all_have_partners(first, last) and likeness(first, last) >= SAME_VIEW:
        return
    middle = len(pictures) // 2
    look = looker.look(pictures[middle])
    yield from _between(first, look, pictures[:middle], looker, cuts)
    yield look
    yield from _between(look, last, pictures[middle + 1 :], looker, cuts)


def all_have_partners(first: Look, last: Look) -> bool:
    """Whether each sure face of either look has a face of about its place and size in the other."""
    near = same_place(first.faces.boxes_xyxy, last.faces.boxes_xyxy)
    sure_first, sure_last = first.faces.scores >= SURE_SCORE, last.faces.scores >= SURE_SCORE
    return bool((near.any(axis=1) | ~sure_first).all() and (near.any(axis=0) | ~sure_last).all())


def likeness(first: Look, last: Look) -> float:
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


def cut_out(pixels: PixelArray, box_xyxy: NDArray[np.float32]) -> PixelArray:
    """See `Look.cut_out`."""
    import cv2

    x1, y1, x2, y2 = box_xyxy.astype(np.float64)
    side = max(x2 - x1, y2 - y1, 1.0) * CUT_OUT_FACES
    scale = CUT_OUT_PX / side
    centre_x, centre_y = (x1 + x2) / 2, (y1 + y2) / 2
    matrix = np.array([[scale, 0, CUT_OUT_PX / 2 - centre_x * scale], [0, scale, CUT_OUT_PX / 2 - centre_y * scale]])
    # Only the part that is shown, so that a large picture is not walked over, and averaged where it shrinks.
    left, top = max(int(centre_x - side / 2) - 1, 0), max(int(centre_y - side / 2) - 1, 0)
    right, bottom = int(centre_x + side / 2) + 2, int(centre_y + side / 2) + 2
    part = pixels[top:bottom, left:right]
    if not part.size:
        return np.zeros((CUT_OUT_PX, CUT_OUT_PX, 3), np.uint8)
    shrink = max(1, int(1 / scale))
    if shrink > 1:
        size = max(part.shape[1] // shrink, 1), max(part.shape[0] // shrink, 1)
        shown = np.array([part.shape[1] / size[0], part.shape[0] / size[1]])
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    else:
        shown = np.ones(2)
    matrix[:, 2] += matrix[:, :2] @ np.array([left, top])
    matrix[:, :2] = matrix[:, :2] * shown
    return np.asarray(cv2.warpAffine(part, matrix, (CUT_OUT_PX, CUT_OUT_PX), flags=cv2.INTER_LINEAR), np.uint8)
