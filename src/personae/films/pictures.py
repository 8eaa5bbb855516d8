"""A picture per appearance, beside the timeline."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from personae.files import write_whole
from personae.films import crops_file
from personae.films.film_files import FilmFiles
from personae.per_object import PerObject
from personae.timeline.records import TrackRecord
from personae.timeline.timeline import Appearance, BestPicture, Timeline
from personae.timeline.watching import Watched


def with_pictures(timeline: Timeline, watched: Watched, files: FilmFiles) -> Timeline:
    """Write each appearance's best picture and put its name into the timeline.

    Those that are there stay; only for others are the film's crops read, unless the records hold them.
    """
    there, records = _there(files), watched.records
    if not any(record.picture.size for record in records):
        if all(one.best_picture and there.get(_name(one.best_picture)) for one in timeline.appearances):
            return _named(timeline, files)
        records = crops_file.filled(records, files.crops)
    appearances = []
    for one in timeline.appearances:
        record = _shown_best(one, records)
        if record is not None:
            x1, y1, x2, y2 = (float(value) for value in record.best_box)
            best = BestPicture(record.best_pts, (x1, y1, x2, y2))
            if there.get(_name(best)) != record.picture.size:
                # A scan makes it again.
                write_whole(files.faces / _name(best), record.picture.tobytes(), durable=False, private=True)
            one = replace(one, best_picture=replace(best, file=_file(best, files)))
        appearances.append(one)
    return replace(timeline, appearances=tuple(appearances))


_NAMED: PerObject[Appearance] = PerObject()
"""Appearances with the names of their pictures: a timeline made anew mostly has the same."""


def with_pictures_there(timeline: Timeline, files: FilmFiles) -> Timeline:
    """With the names of those pictures that are there; nothing is written."""
    there, folder = _names_there(files), files.faces.name
    named = [
        one if (best := one.best_picture) is None else _with_picture(one, best, _there_as(_name(best), folder, there))
        for one in timeline.appearances
    ]
    return replace(timeline, appearances=tuple(named))


def _with_picture(one: Appearance, best: BestPicture, file: str | None) -> Appearance:
    known = _NAMED.get(one)
    if known is None or known.best_picture is None or known.best_picture.file != file:
        known = _NAMED.put(one, replace(one, best_picture=BestPicture(best.pts, best.box, file)))
    return known


def _file(best: BestPicture, files: FilmFiles) -> str:
    """A picture's path from the timeline's folder on."""
    return f"{files.faces.name}/{_name(best)}"


def _there_as(name: str, folder: str, there: Collection[str]) -> str | None:
    return f"{folder}/{name}" if name in there else None


def _names_there(files: FilmFiles) -> frozenset[str]:
    try:
        with os.scandir(files.faces) as entries:
            return frozenset(entry.name for entry in entries)
    except OSError:
        return frozenset()


def _there(files: FilmFiles) -> Mapping[str, int]:
    """The pictures that are there, with their sizes."""
    try:
        with os.scandir(files.faces) as entries:
            return {entry.name: entry.stat().st_size for entry in entries if entry.is_file()}
    except OSError:
        return {}


def _named(timeline: Timeline, files: FilmFiles) -> Timeline:
    folder = files.faces.name
    named = [
        _with_picture(one, best, f"{folder}/{_name(best)}")
        for one in timeline.appearances
        if (best := one.best_picture) is not None
    ]
    return replace(timeline, appearances=tuple(named))


def _name(best: BestPicture) -> str:
    return f"{best.pts}-{round(best.box[0])}-{round(best.box[1])}.jpg"


def _shown_best(one: Appearance, records: Sequence[TrackRecord]) -> TrackRecord | None:
    """The appearance's track whose picture is to be shown: the best face's, or the best one that has a picture."""
    own = [records[number - 1] for number in one.tracks]
    best = one.best_picture
    return max(
        (record for record in own if record.picture.size),
        key=lambda record: (
            best is not None and (record.best_pts, float(record.best_box[0])) == (best.pts, best.box[0]),
            float(record.weights.max(initial=0.0)),
        ),
        default=None,
    )
