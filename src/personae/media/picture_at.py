"""One picture of a film: the one that is shown at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence

from personae.media.film import FilmPicture, ReadSoFar
from personae.media.video import Film

_LONGEST_S = (0, 2, None)
"""So long may the picture on screen have been shown already: a frame, where the rate varies seconds, or from the start
on. The shorter it is taken to be, the less is read.
"""


def picture_at(film: Film, pts: int, starts: Sequence[int] = ()) -> FilmPicture | None:
    """The picture of an open film that is on screen at `pts`; None before the first and after the last.

    `starts`: where each file of the film begins, as its timeline says, so that nothing before is read. Raises
    FilmError.
    """
    video = film.video
    if pts < video.start_pts:
        return None
    first = video.start_pts
    for longest_s in _LONGEST_S:
        back = pts - first if longest_s is None else math.ceil(longest_s / video.time_base + video.frame_pts)
        found = _last_until(film, pts, max(pts - back, first), starts or (first,))
        if found is not None:
            return found if pts < found.pts + found.duration_pts else None
        if pts - back <= first:
            break
    return None


def _last_until(film: Film, pts: int, entry: int, starts: Sequence[int]) -> FilmPicture | None:
    found = None
    for picture in film.pictures(start_pts=entry, so_far=ReadSoFar(part_starts=tuple(starts))):
        if picture.pts > pts:
            break
        found = picture
    return found
