"""Faces of every size with a detector that is good in one range of sizes.

YuNet, as measured on real faces, finds all between about 24 and 400 px at its input, and places landmarks best from
about 48 px up. So a picture is searched

1. at its own size and then at quarter, sixteenth, ... of it, until its short side is small enough that a face which
   fills the frame, or reaches over it, is in range; large levels in overlapping tiles, so that memory stays bounded;
2. once more around each face that came out small or cut by the picture's edge, enlarged (or shrunk) to a good size on a
   black margin. This second look decides: it finds 16 px faces where the first is unsure, drops what was no face, and
   its landmarks bring the embeddings of 14 to 20 px faces a third nearer to those of the full-size photo.

Steps of four are enough since the range spans a factor of sixteen.

A picture that was enlarged has the pixels of a large one and none of its detail, and its blurred leaves, sleeves and
fingers look like faces. There whatever is not sure must be a face in the mirror too, smaller and larger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personae.types import Faces, IntArray, PixelArray

LEVEL_STEP = 4
LAST_SHORT_SIDE_PX = 256
"""Levels end when the short side is no longer than this: a face up to 1.4 times as large is still in range."""
TILE_PX = 1536
"""Width and height of the largest square searched at once, and of tiles of pictures with more pixels. About 300 MB in
the network. One tile of 1920x1088 takes two thirds of the time of two that cover it."""
TILE_OVERLAP_PX = 160
"""Faces up to this size lie whole in some tile; larger ones are found on the next level, where they are a quarter."""
SECOND_LOOK_PX = 48.0
"""Faces below this size at the detector's input get a second look."""
FIRST_LOOK_SCORE = 0.3
"""Least score for which a second look is worth while."""
TINY_PX = 28.0
"""Below this size first scores say little: of 20 px faces a limit of .3 would give up 3 %, of 16 px faces a quarter."""
TINY_FIRST_LOOK_SCORE = 0.1
TINY_SCORE = 0.8
"""What such an unsure tiny one must reach at the second look; gravel reaches .74, 20 px faces .9."""
SMALL_LOOK_PX = (64.0, 192)
"""Second look at a small face: the size it has then, and the side of what is seen, the face in the middle."""
EDGE_LOOK_PX = (80.0, 256)
"""Second look at a face cut by the edge; with less than this the tightest crops are missed now and then."""
BAND_PX = 256
DETAIL_LEVELS = 12
DETAIL_SHARE = 0.001
"""A picture has detail at its size where in some band of `BAND_PX` rows more than this share of the grey levels is
farther than so many from what half its size shows. In photos and films at their own size that is 17 to 77 levels."""
SURE_SCORE = 0.9
"""From this on a face of a picture without detail is believed at once."""
MIRROR_LOOKS_PX = ((48.0, 160), (96.0, 288))
MIRRORED_SCORE = 0.52
"""What a less sure one must reach in each of these mirrored looks. Of 450 blurred faces all but 13 do, of what is no
face in photos enlarged four to eight times nothing."""
MAX_SECOND_LOOKS = 400
"""At most so many per picture, best scores first: a crowd, or a picture of noise, must end."""
SAME_FACE_OVERLAP = 0.3
"""Two boxes that share more of their union than this are one face (as in OpenCV's FaceDetectorYN)."""
INSIDE_OVERLAP = 0.7
"""So are two of which the smaller lies this far inside the larger: an eye taken for a face on another level."""

Look = Callable[[PixelArray, float], Faces]
"""`look(pixels (h, w, 3) uint8 RGB, min_score)` to all candidates at that very size, not yet merged."""


@dataclass(frozen=True, eq=False)
class _Level:
    """The picture at one size. `scale_xy`: its pixels per pixel of the picture."""

    pixels: PixelArray
    scale_xy: tuple[float, float]


@dataclass(frozen=True)
class Care:
    """Which faces get a second look: those below `small_px`; tiny ones from `tiny_score` on (see the constants).

    `quick`: pictures are made smaller by `shrunk`, not by area averages: landmarks come out a little less exact.
    """

    small_px: float = SECOND_LOOK_PX
    tiny_score: float = TINY_FIRST_LOOK_SCORE
    quick: bool = False


THOROUGH = Care()
BRISK = Care(36.0, 0.4, quick=True)
"""For films, where a face is seen many times: less than a quarter of the second looks, and the same names."""


def search(pixels: PixelArray, look: Look, min_score: float, care: Care = THOROUGH) -> Faces:
    """Every face of (h, w, 3) uint8 RGB `pixels` with at least `min_score`, best first, in its coordinates."""
    threshold = min(care.tiny_score, min_score)
    found: list[Faces] = []
    level_of: list[IntArray] = []
    levels = list(_levels(pixels, care.quick))
    for number, level in enumerate(levels):
        faces = _search_level(level, look, threshold)
        found.append(scaled(faces, 1 / level.scale_xy[0], 1 / level.scale_xy[1]))
        level_of.append(np.full(len(faces), number))
    candidates, origin = concatenate(found), np.concatenate(level_of)
    keep = suppress(candidates)
    candidates, origin = candidates[keep], origin[keep]
    sure = [
        _second_look(candidates[[at]], levels[int(origin[at])], look, min_score, care)
        for at in range(min(len(candidates), MAX_SECOND_LOOKS))
    ]
    if any(len(face) and face.scores[0] < SURE_SCORE for face in sure) and is_enlarged(pixels):
        sure = [
            face if not len(face) or _is_one_mirrored(face, levels[level], look) else face[:0]
            for face, level in zip(sure, origin.tolist(), strict=False)
        ]
    merged = concatenate(sure)
    return merged[suppress(merged)]


def is_enlarged(pixels: PixelArray) -> bool:
    """Whether (h, w, 3) uint8 pixels are a large picture of which half its size shows as much."""
    import cv2

    height, width = pixels.shape[:2]
    if height * width <= TILE_PX**2:
        return False
    # From the middle, where a sharp picture tells at once.
    for top in sorted(range(0, height, BAND_PX), key=lambda top: abs(2 * top + BAND_PX - height)):
        band = np.ascontiguousarray(pixels[top : top + BAND_PX, :, 1])
        half = cv2.resize(band, (max(1, width // 2), max(1, len(band) // 2)), interpolation=cv2.INTER_AREA)
        lost = cv2.absdiff(band, np.asarray(cv2.resize(half, band.shape[::-1], interpolation=cv2.INTER_CUBIC)))
        if np.count_nonzero(lost > DETAIL_LEVELS) > DETAIL_SHARE * band.size:
            return False
    return True


def _levels(pixels: PixelArray, quick: bool) -> Iterator[_Level]:
    import cv2

    height, width = pixels.shape[:2]
    yield _Level(pixels, (1.0, 1.0))
    shrink = LEVEL_STEP
    while min(height, width) * LEVEL_STEP / shrink > LAST_SHORT_SIDE_PX:
        size = max(1, round(width / shrink)), max(1, round(height / shrink))
        smaller = shrunk(pixels, size) if quick else cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        yield _Level(smaller, (size[0] / width, size[1] / height))
        shrink *= LEVEL_STEP


def shrunk(pixels: PixelArray, size_wh: tuple[int, int]) -> PixelArray:
    """(h, w, 3) uint8 in a smaller size: halved by means of four, as often as it goes, and interpolated.

    A fifth of the time of area averages, and nearly as good for a detector.
    """
    import cv2

    while pixels.shape[1] >= 2 * size_wh[0] and pixels.shape[0] >= 2 * size_wh[1]:
        half = pixels.shape[1] // 2, pixels.shape[0] // 2
        pixels = np.asarray(
            cv2.resize(pixels[: 2 * half[1], : 2 * half[0]], half, interpolation=cv2.INTER_AREA), np.uint8
        )
    if pixels.shape[1::-1] != size_wh:
        pixels = np.asarray(cv2.resize(pixels, size_wh, interpolation=cv2.INTER_LINEAR), np.uint8)
    return pixels


def _search_level(level: _Level, look: Look, min_score: float) -> Faces:
    height, width = level.pixels.shape[:2]
    found = []
    whole = height * width <= TILE_PX**2
    for y1, y2 in [(0, height)] if whole else _spans(height):
        for x1, x2 in [(0, width)] if whole else _spans(width):
            faces = look(level.pixels[y1:y2, x1:x2], min_score)
            # What an inner edge of the tile cuts, the neighbour or the next level sees whole.
            low, high = faces.boxes_xyxy[:, :2], faces.boxes_xyxy[:, 2:]
            cut = (low < 0) & (np.array([x1, y1]) > 0)
            cut |= (high > (x2 - x1, y2 - y1)) & (np.array([x2, y2]) < (width, height))
            found.append(_moved(faces[np.flatnonzero(~cut.any(axis=1))], x1, y1))
    return concatenate(found)


def _spans(length: int) -> list[tuple[int, int]]:
    """Overlapping spans of at most `TILE_PX` that cover `length`, all of one size."""
    if length <= TILE_PX:
        return [(0, length)]
    count = -(-(length - TILE_OVERLAP_PX) // (TILE_PX - TILE_OVERLAP_PX))
    size = -(-(length + (count - 1) * TILE_OVERLAP_PX) // count)
    return [(start, start + size) for start in np.linspace(0, length - size, count).round().astype(int).tolist()]


def _second_look(face: Faces, level: _Level, look: Look, min_score: float, care: Care) -> Faces:
    """The one candidate `face`, looked at again where that may change anything; no face where it was none."""
    there = scaled(face, *level.scale_xy)
    box = there.boxes_xyxy[0].astype(np.float64)
    size = float(there.face_px[0])
    height, width = level.pixels.shape[:2]
    at_edge = box[0] < 0 or box[1] < 0 or box[2] > width or box[3] > height
    if size >= care.small_px and not at_edge:
        return face[face.scores >= min_score]
    if face.scores[0] < min(min_score, care.tiny_score if size < TINY_PX else FIRST_LOOK_SCORE):
        return face[:0]
    size_then, side_then = SMALL_LOOK_PX if size < care.small_px else EDGE_LOOK_PX
    canvas, scale_xy, shift_xy = _around(there, level, size_then, side_then)
    again = look(canvas, min_score if face.scores[0] >= FIRST_LOOK_SCORE else max(min_score, TINY_SCORE))
    again = scaled(_moved(again, -shift_xy[0], -shift_xy[1]), 1 / scale_xy[0], 1 / scale_xy[1])
    again = scaled(again, 1 / level.scale_xy[0], 1 / level.scale_xy[1])
    same = overlaps(face.boxes_xyxy, again.boxes_xyxy)[0] > SAME_FACE_OVERLAP
    best = np.flatnonzero(same)[np.argsort(-again.scores[same], kind="stable")][:1]
    if not len(best) and at_edge:
        return face[face.scores >= min_score]  # half a face may be surer beside its surroundings than alone
    return again[best]


def _is_one_mirrored(face: Faces, level: _Level, look: Look) -> bool:
    """Whether the one `face` is sure, or one in the mirror at every size of `MIRROR_LOOKS_PX`."""
    if face.scores[0] >= SURE_SCORE:
        return True
    there = scaled(face, *level.scale_xy)
    for size_then, side_then in MIRROR_LOOKS_PX:
        canvas, scale_xy, shift_xy = _around(there, level, size_then, side_then)
        boxes = look(np.ascontiguousarray(canvas[:, ::-1]), MIRRORED_SCORE).boxes_xyxy
        boxes = np.stack([side_then - boxes[:, 2], boxes[:, 1], side_then - boxes[:, 0], boxes[:, 3]], axis=1)
        own = _moved(scaled(there, *scale_xy), *shift_xy).boxes_xyxy
        if not (overlaps(own, boxes) > SAME_FACE_OVERLAP).any():
            return False
    return True


def _around(
    there: Faces, level: _Level, size_then: float, side_then: int
) -> tuple[PixelArray, tuple[float, float], tuple[float, float]]:
    """The surroundings of the one face `there` on its level, in which it is `size_then` px large; see `_cut_out`."""
    box = there.boxes_xyxy[0].astype(np.float64)
    side = side_then * max(float(there.face_px[0]), 1.0) / size_then
    return _cut_out(level.pixels, (box[:2] + box[2:]) / 2 - side / 2, side, side_then)


def _cut_out(
    pixels: PixelArray, corner_xy: NDArray[np.float64], side: float, canvas_px: int
) -> tuple[PixelArray, tuple[float, float], tuple[float, float]]:
    """A square of the picture, resized onto a black canvas `canvas_px` wide and high; with its scale and shift.

    A point (x, y) of `pixels` comes to lie at `(x + .5) * scale - .5 + shift`.
    """
    import cv2

    height, width = pixels.shape[:2]
    x1, y1 = (max(0, int(np.floor(value))) for value in corner_xy)
    x2, y2 = (min(most, int(np.ceil(value + side))) for value, most in zip(corner_xy, (width, height), strict=True))
    scale = canvas_px / side
    size = max(1, round((x2 - x1) * scale)), max(1, round((y2 - y1) * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    patch = cv2.resize(pixels[y1:y2, x1:x2], size, interpolation=method)
    at = [max(0, round((low - value) * scale)) for low, value in zip((x1, y1), corner_xy, strict=True)]
    canvas = np.zeros((canvas_px, canvas_px, 3), np.uint8)
    patch = patch[: canvas.shape[0] - at[1], : canvas.shape[1] - at[0]]
    canvas[at[1] : at[1] + patch.shape[0], at[0] : at[0] + patch.shape[1]] = patch
    exact = size[0] / (x2 - x1), size[1] / (y2 - y1)
    return canvas, exact, (at[0] - x1 * exact[0], at[1] - y1 * exact[1])


def concatenate(parts: list[Faces]) -> Faces:
    """All faces of all parts, in order."""
    if len(parts) == 1:
        return parts[0]
    return Faces(
        np.concatenate([np.empty((0, 4), np.float32), *(part.boxes_xyxy for part in parts)]),
        np.concatenate([np.empty((0, 5, 2), np.float32), *(part.landmarks_xy for part in parts)]),
        np.concatenate([np.empty(0, np.float32), *(part.scores for part in parts)]),
    )


def suppress(faces: Faces) -> IntArray:
    """Positions of the faces that stay when of several boxes around one face the best does, best score first."""
    order = np.argsort(-faces.scores, kind="stable")
    if len(order) < 2:
        return order
    kept = []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        shared = overlaps(faces.boxes_xyxy[[best]], faces.boxes_xyxy[order])[0]
        inside = overlaps(faces.boxes_xyxy[[best]], faces.boxes_xyxy[order], of_smaller=True)[0]
        order = order[(shared <= SAME_FACE_OVERLAP) & (inside <= INSIDE_OVERLAP)]
    return np.array(kept, np.int64)


def overlaps(
    a_xyxy: NDArray[np.float32], b_xyxy: NDArray[np.float32], *, of_smaller: bool = False
) -> NDArray[np.float32]:
    """(n, m) shared area of each pair of boxes as a part of their union, or of the smaller of the two."""
    low = np.maximum(a_xyxy[:, None, :2], b_xyxy[None, :, :2])
    high = np.minimum(a_xyxy[:, None, 2:], b_xyxy[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    area_a = (a_xyxy[:, 2:] - a_xyxy[:, :2]).prod(axis=1)[:, None]
    area_b = (b_xyxy[:, 2:] - b_xyxy[:, :2]).prod(axis=1)[None]
    whole = np.minimum(area_a, area_b) if of_smaller else area_a + area_b - shared
    result: NDArray[np.float32] = shared / np.maximum(whole, 1e-6)
    return result


def _moved(faces: Faces, x: float, y: float) -> Faces:
    shift = np.array([x, y], np.float32)
    return Faces(faces.boxes_xyxy + np.tile(shift, 2), faces.landmarks_xy + shift, faces.scores)


def scaled(faces: Faces, x: float, y: float) -> Faces:
    """In a picture resized by (x, y): boxes are edges, which scale; landmarks are pixel centres, which also shift."""
    scale = np.array([x, y], np.float32)
    landmarks_xy: NDArray[np.float32] = (faces.landmarks_xy + np.float32(0.5)) * scale - np.float32(0.5)
    return Faces(faces.boxes_xyxy * np.tile(scale, 2), landmarks_xy, faces.scores)
