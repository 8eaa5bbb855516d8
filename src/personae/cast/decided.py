"""What trainings do about photos that a person decided about, beside leaving them where they were put."""

from __future__ import annotations

import numpy as np

from personae.cast.edit_log import EditLog
from personae.cast.gallery import Gallery
from personae.hints import command
from personae.types import count_of


def decide_copies(gallery: Gallery, near: float) -> None:
    """A copy of a photo that a person moved or took out goes where that photo went.

    A copy is another file given for the same character, whose face is at a cosine of at least `near` to its face.
    """
    edits = EditLog(gallery)
    placements = edits.placements()
    known = gallery.photos(withdrawn=True)
    decided = {record.id: record for record in known if placements.decided(record.sha256)}
    faces = edits.faces_of([photo for photo in decided if photo is not None])
    if not faces:
        return
    enrolment = gallery.enrolled()
    if not len(enrolment):
        return
    records = {record.id: record for record in known}
    firsts = [decided[photo] for photo in faces]
    cosines = enrolment.embeddings @ np.stack(list(faces.values())).T
    with gallery.transaction():
        for row, column in zip(*np.nonzero(cosines >= near), strict=True):
            copy, first = records[enrolment.photo_ids[row]], firsts[column]
            if not placements.decided(copy.sha256) and placements.akin(copy.given, first.given):
                edits.copy_placements(first.sha256, copy.sha256)
                placements = edits.placements()
        edits.apply()


def sentence(given: str, now: str | None, count: int) -> str:
    """What a person decided about photos that were given as `given`: they are `now`'s (None: nobody's)."""
    done = "left out" if now is None else f"enrolled as {now}"
    are = "is" if count == 1 else "are"
    return f"{count_of(count, 'photo')} of {given} {are} {done}, as you decided ({command('log')})."
