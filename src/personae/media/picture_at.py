"""One picture of a film: the one that is shown at a time."""

from __future__ import annotations

from collections.abc import Sequence

from personae.media.film import FilmPicture, ReadSoFar
from personae.media.video import Film

LONGEST_S = 2
"""So long a picture of a film may be shown, where its rate varies; a longer one is found by reading from the start."""


def picture_at(film: Film, pts: int, starts: Sequence[int] = ()) -> FilmPicture | None:
    """The picture of an open film that is on screen at `pts`; None before the first and after the last.

    `starts`: where each file of the film begins, as its timeline says, so that nothing before is read. Raises
    FilmError.
    """
    video = film.video
    if pts < video.start_pts:
        return None
    entry = max(pts - round(LONGEST_S / video.time_base), video.start_pts)
    found = _last_until(film, pts, entry, starts or (video.start_pts,))
    if found is None and entry > video.start_pts:
        found = _last_until(film, pts, video.start_pts, starts or (video.start_pts,))
    return found if found is not None and pts < found.pts + found.duration_pts else None


def _last_until(film: Film, pts: int, entry: int, starts: Sequence[int]) -> FilmPicture | None:
    found = None
    for picture in film.pictures(start_pts=entry, so_far=ReadSoFar(part_starts=tuple(starts))):
        if picture.pts > pts:
            break
        found = picture
    return found
