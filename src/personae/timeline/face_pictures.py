"""Crops: pictures of a track's faces for people, the best one first, and more that are far apart in time.

Where shots end is settled when a film was read to its end, and by then its pictures are gone: so a track keeps one
for each part that it may be cut into.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from personae.media.shots import Boundary
from personae.timeline.tracking import Shown
from personae.types import FloatArray, PixelArray

Span = tuple[int, int]
JPEG_QUALITY = 88
MOST_CROPS = 6
APART_S = 1.0
"""Crops of one track lie so far apart at least, and further in a long one, so that they differ."""
APART_SHARE = 1 / 12
"""The same, as a share of the track's length: there is room for six, wherever the first ones lie."""
MOST_OF_A_PART = 3
"""So many are kept of a track's part in one chunk of a scan if it goes on in the next one; of one that goes through the
whole chunk the best alone. So hours of one face take no more memory than one crop a chunk."""


@dataclass(frozen=True, eq=False)
class FacePicture:
    """A face's cut-out as the bytes (uint8) of a JPEG file; when and where it was (`box` (4,)), its weight 0..1."""

    pts: int
    box: FloatArray
    weight: float
    jpeg: NDArray[np.uint8]


def pictures_of(
    shown: Sequence[Shown], boundaries: Sequence[Boundary], *, apart: float = math.inf, most: int = 1
) -> list[FacePicture]:
    """The best face of each part that `boundaries` cut a track into, the best of all first; at least one.

    And more that lie `apart` pts from each other at least, best ones first, up to `most` in all. A face in a dissolve
    is mixed with another shot: it is taken only where a part has none outside.
    """
    edges = sorted({one.pts for one in boundaries})
    mixtures = [(one.start_pts, one.end_pts) for one in boundaries if one.kind == "dissolve"]

    def worth(one: Shown) -> tuple[bool, float]:
        return not any(start <= one.pts < end for start, end in mixtures), one.weight

    best: dict[int, Shown] = {}
    for one in shown:
        part = bisect_right(edges, one.pts)
        if part not in best or worth(one) > worth(best[part]):
            best[part] = one
    clear = [one for one in shown if worth(one)[0]]
    return [
        FacePicture(one.pts, np.array(one.box, np.float32), one.weight, jpeg_of(one.cut_out))
        for one in sorted(far_apart([*best.values()], clear, apart, most), key=worth, reverse=True)
    ]


def apart_pts(length_pts: int, second_pts: float) -> float:
    """How far apart the crops of a track `length_pts` long lie at least."""
    return max(APART_S * second_pts, APART_SHARE * length_pts)


def crops_of(
    best: FacePicture, others: Sequence[FacePicture], mixtures: Sequence[Span], length_pts: int, second_pts: float
) -> tuple[FacePicture, ...]:
    """What is kept besides its `best` of a track `length_pts` long, sharpest first: see `MOST_CROPS`.

    Nothing in `mixtures`, the half-open spans of dissolves.
    """
    clear = [one for one in others if not any(start <= one.pts < end for start, end in mixtures)]
    found = far_apart([best], clear, apart_pts(length_pts, second_pts), MOST_CROPS)
    return tuple(sorted(found[1:], key=lambda one: -one.weight))


class Weighed(Protocol):
    """A face at a time, and how good it is."""

    @property
    def pts(self) -> int:
        """When."""
        ...

    @property
    def weight(self) -> float:
        """0..1."""
        ...


Dated = TypeVar("Dated", bound=Weighed)


def far_apart(kept: list[Dated], others: Sequence[Dated], apart_pts: float, most: int) -> list[Dated]:
    """`kept`, and after them of the `others`, best ones first, those that lie far enough from all, up to `most`."""
    for one in sorted(others, key=lambda one: -one.weight):
        if len(kept) >= most:
            break
        if all(abs(one.pts - other.pts) >= apart_pts for other in kept):
            kept.append(one)
    return kept


def jpeg_of(pixels: PixelArray) -> NDArray[np.uint8]:
    """(bytes,) uint8: a JPEG file of (h, w, 3) RGB."""
    import io

    from PIL import Image

    with io.BytesIO() as file:
        Image.fromarray(pixels).save(file, "JPEG", quality=JPEG_QUALITY)
        return np.frombuffer(file.getvalue(), np.uint8)


def to_arrays(spares: Sequence[Sequence[FacePicture]]) -> dict[str, NDArray[Any]]:
    """The pictures of n tracks besides their best as arrays, without the pictures' bytes; none where there are none."""
    every = [one for own in spares for one in own]
    if not every:
        return {}
    return {
        "spare_count": np.array([len(own) for own in spares], np.int64),
        "spare_pts": np.array([one.pts for one in every], np.int64),
        "spare_box": np.stack([one.box for one in every]),
        "spare_weight": np.array([one.weight for one in every], np.float32),
        "spare_bytes": np.array([len(one.jpeg) for one in every], np.int64),
    }


def from_arrays(
    arrays: Mapping[str, NDArray[Any]], pictures: Sequence[NDArray[np.uint8]]
) -> list[tuple[NDArray[np.uint8], tuple[FacePicture, ...]]]:
    """Per track its best picture and the others; `pictures`: all of a track's, one after the other.

    Who was forgotten has none left. Raises KeyError, IndexError or ValueError for arrays that do not fit together.
    """
    if "spare_count" not in arrays:
        return [(picture, ()) for picture in pictures]
    ends = np.cumsum(arrays["spare_count"])
    if len(ends) != len(pictures):
        raise ValueError("spare_count")
    found = []
    for picture, end, count in zip(pictures, ends.tolist(), arrays["spare_count"].tolist(), strict=True):
        own = range(end - count, end) if picture.size else range(0)
        sizes = [int(arrays["spare_bytes"][at]) for at in own]
        edges = np.cumsum([len(picture) - sum(sizes), *sizes]).tolist()
        spares = tuple(
            FacePicture(
                int(arrays["spare_pts"][at]),
                arrays["spare_box"][at],
                float(arrays["spare_weight"][at]),
                picture[start:stop],
            )
            for at, start, stop in zip(own, edges[:-1], edges[1:], strict=True)
        )
        found.append((picture[: edges[0]], spares))
    return found
