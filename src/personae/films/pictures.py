"""A picture per appearance, beside the timeline."""

from __future__ import annotations

from dataclasses import replace

from personae.files import write_whole
from personae.films.film_files import FilmFiles
from personae.timeline.records import TrackRecord
from personae.timeline.timeline import Appearance, BestPicture, Timeline
from personae.timeline.watching import Watched


def with_pictures(timeline: Timeline, watched: Watched, files: FilmFiles) -> Timeline:
    """Write each appearance's best picture and put its name into the timeline."""
    appearances = []
    for one in timeline.appearances:
        record = _shown_best(one, watched)
        if record is not None:
            name = f"{record.best_pts}-{round(record.best_box[0])}-{round(record.best_box[1])}.jpg"
            path = files.faces / name
            if not path.is_file() or path.stat().st_size != record.picture.size:
                write_whole(path, record.picture.tobytes(), durable=False, private=True)  # a scan makes it again
            x1, y1, x2, y2 = (float(value) for value in record.best_box)
            best = BestPicture(record.best_pts, (x1, y1, x2, y2), f"{files.faces.name}/{name}")
            one = replace(one, best_picture=best)
        appearances.append(one)
    return replace(timeline, appearances=tuple(appearances))


def _shown_best(one: Appearance, watched: Watched) -> TrackRecord | None:
    """The appearance's track whose picture is to be shown: the best face's, or the best one that has a picture."""
    own = [watched.records[number - 1] for number in one.tracks]
    best = one.best_picture
    return max(
        (record for record in own if record.picture.size),
        key=lambda record: (
            best is not None and (record.best_pts, float(record.best_box[0])) == (best.pts, best.box[0]),
            float(record.weights.max(initial=0.0)),
        ),
        default=None,
    )
