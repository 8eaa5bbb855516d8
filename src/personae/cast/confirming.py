"""What a person says where the cast was doubted: these photos are theirs, those are not; these two are not one.

A confirmed photo is placed where it is: it is never an outlier again, and is not asked about again. One that was
rejected as an outlier has no face in the gallery; it is looked at again and enrolled.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from personae.cast.edit_steps import BegunEdit, EditOutcome, differences, enrolled_by_path, whose
from personae.cast.enrolment import WantedPhoto, enrol
from personae.cast.finding import check_character, find_photos, new_name
from personae.cast.gallery import Gallery
from personae.cast.gallery_records import PhotoRecord
from personae.errors import InputError
from personae.faces.analyzer import FaceAnalyzer
from personae.progress import ProgressCallback
from personae.settings import Settings
from personae.types import Reason, count_of


def confirm(
    gallery: Gallery,
    name: str,
    photos: Iterable[str | Path],
    others: Iterable[str | Path] = (),
    others_are: str | None = None,
) -> EditOutcome:
    """Say that `photos` show `name`, enrolled or rejected as outliers, and that `others` of theirs do not.

    `others_are`: whose those are, known or new; None: they are taken out. One edit, and one undo. What was rejected
    stays so until `enrol_confirmed`.
    """
    name = check_character(gallery, name)
    theirs, wrong = ([] if not given else find_photos(gallery, given, name) for given in ([*photos], [*others]))
    both = {photo.id for photo in theirs} & {photo.id for photo in wrong}
    if both or not (theirs or wrong):
        raise InputError("Give photos to confirm, each either as theirs or as another's.")
    into = None if others_are is None else new_name(others_are)
    if into == name:
        raise InputError(f"{name} is the character they have. Give another name.")
    detail = {"character": name, "confirmed": len(theirs)} | ({} if into is None else {"into": into})
    begun = BegunEdit.of(gallery, "confirm", detail)
    character = begun.id_of(name)
    becomes = None if into is None else whose(begun.log, begun.edit, into)
    for photo in (*theirs, *wrong):
        if not photo.sha256:
            raise InputError(f"{photo.path} was never readable, so it is not enrolled. Nothing has to be done.")
    for photo in theirs:
        begun.place(character, photo.sha256, character)
    for photo in wrong:
        begun.place(character, photo.sha256, becomes)
    outliers = [photo.path for photo in (*theirs, *(wrong if becomes else ())) if photo.reason is Reason.OUTLIER]
    if outliers:
        begun.detail["outliers"] = outliers
    return begun.finish()


def waiting(gallery: Gallery) -> list[PhotoRecord]:
    """Photos that were rejected as outliers, and of which a person said whose they are."""
    characters = gallery.who.all()
    return [
        photo
        for photo in gallery.photos()
        if photo.reason is Reason.OUTLIER and characters.said(photo.given, photo.sha256) == 2
    ]


def enrol_confirmed(
    gallery: Gallery, analyzer: FaceAnalyzer, settings: Settings, progress: ProgressCallback | None = None
) -> EditOutcome:
    """Look again at those that are `waiting`, and enrol them; no entry of the log: they were confirmed by one."""
    found = waiting(gallery)
    here = [photo for photo in found if Path(photo.path).is_file()]
    notes = []
    if len(here) < len(found):
        gone = len(found) - len(here)
        notes.append(
            f"{count_of(gone, 'confirmed photo')} {'is' if gone == 1 else 'are'} not where "
            f"{'it was' if gone == 1 else 'they were'} and cannot be looked at again: add "
            f"{'it' if gone == 1 else 'them'} again."
        )
    if not here:
        return EditOutcome(None, notes=tuple(notes))
    before = enrolled_by_path(gallery)
    wanted = [WantedPhoto(photo.given, Path(photo.path), photo.look) for photo in here]
    report = enrol(gallery, wanted, analyzer, settings, origin=None, progress=progress)
    came_from = {(photo.given, photo.path): photo.origin for photo in here}
    rejected = []
    for photo in gallery.photos():  # they are still their folder's: gone from there, they are gone from here
        origin = came_from.get((photo.given, photo.path))
        if origin is not None:
            gallery.move_photo(photo, replace(photo, origin=origin))
        if (photo.given, photo.path) in came_from and photo.status == "rejected":
            rejected.append((photo.path, str(photo.reason), photo.detail))
    changes = differences(before, enrolled_by_path(gallery))
    return EditOutcome(None, tuple(changes), tuple(rejected), (*report.notes, *notes))


def keep_apart(gallery: Gallery, names: Sequence[str]) -> EditOutcome:
    """Say that characters who look alike are different people: it is not asked again."""
    names = list(dict.fromkeys(check_character(gallery, name) for name in names))
    if len(names) < 2:
        raise InputError("Give two different characters.")
    begun = BegunEdit.of(gallery, "apart", {"characters": names})
    begun.detail["apart"] = [begun.id_of(name) for name in names]
    return begun.finish()


def apart(gallery: Gallery) -> set[frozenset[str]]:
    """Pairs of characters, by id, of whom a person said that they are different people."""
    return {
        frozenset((one, other))
        for edit in gallery.log.edits()
        if edit.action == "apart" and edit.undone_by is None
        for one in edit.detail.get("apart", ())
        for other in edit.detail["apart"]
        if one != other
    }
