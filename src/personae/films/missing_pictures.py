"""Best faces that no picture was kept of are read from the film: those of earlier files, and of a moment's length."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from personae.errors import FilmError
from personae.media.film import RESTARTED, ReadSoFar
from personae.media.video import Film
from personae.timeline.face_pictures import jpeg_of
from personae.timeline.looking import CutOut
from personae.timeline.timeline import Timeline
from personae.timeline.watching import Watched


def completed(watched: Watched, timeline: Timeline, film: Film) -> Watched:
    """`watched` with a picture for the best face of each appearance, as far as `film`, which is open, can be read.

    A film whose clock starts again cannot be entered in the middle; there they stay without.
    """
    best = {(one.best_picture.pts, one.best_picture.box[0]) for one in timeline.appearances if one.best_picture}
    found = list(watched.records)
    wanted = [
        at for at, record in enumerate(found)
        if not record.picture.size and (record.best_pts, float(record.best_box[0])) in best
    ]  # fmt: skip
    if not wanted or any(why == RESTARTED for _, _, why in watched.gaps):
        return watched
    # What was just read tells where the film can be entered.
    starts = tuple(part.start_pts for part in watched.video.parts) or (watched.video.start_pts,)
    read = film.so_far if film.so_far.part_starts else ReadSoFar(part_starts=starts)
    with contextlib.suppress(FilmError):
        for at in sorted(wanted, key=lambda at: found[at].best_pts):
            record = found[at]
            picture = next(film.pictures(start_pts=record.best_pts, so_far=read), None)
            if picture is not None and picture.pts == record.best_pts:
                cut_out = CutOut.of(picture.rgb(), record.best_box).picture()
                found[at] = replace(record, picture=jpeg_of(cut_out))
    return replace(watched, records=tuple(found))
