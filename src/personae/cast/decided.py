"""What trainings do about photos that a person decided about, beside leaving them where they were put."""

from __future__ import annotations

import numpy as np

from personae.cast.edit_log import EditLog
from personae.cast.gallery import Gallery


def decide_copies(gallery: Gallery, near: float) -> None:
    """A copy of a photo that a person moved or took out goes where that photo went.

    A copy is another file given for the same character, whose face is at a cosine of at least `near` to its face.
    """
    edits = EditLog(gallery)
    characters = edits.characters()
    known = gallery.photos(withdrawn=True)
    decided = {record.id: record for record in known if characters.placements.decided(record.sha256)}
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
            if not characters.placements.decided(copy.sha256) and characters.akin(copy.given, first.given):
                gallery.who.copy_placements(first.sha256, copy.sha256)
                characters = edits.characters()
        edits.apply()
