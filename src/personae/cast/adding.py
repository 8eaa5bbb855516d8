"""Photos and faces that a person adds to a character, known or new."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from personae.cast.edit_log import EditLog
from personae.cast.edit_steps import EditOutcome, differences, enrolled_by_path, give, outcome_of
from personae.cast.enrolment import WantedPhoto, enrol
from personae.cast.finding import check_character, digest_of, new_name, real_path
from personae.cast.gallery import Gallery
from personae.cast.gallery_records import CharacterId, EnrolledFace, PhotoRecord, as_rows, without_paths
from personae.errors import CastError, PhotoError
from personae.faces.analyzer import FaceAnalyzer
from personae.hints import command, quoted
from personae.media.left_out import LeftOut
from personae.media.photos import find
from personae.progress import ProgressCallback
from personae.settings import Settings
from personae.types import Reason, count_of


def add(
    gallery: Gallery,
    name: str,
    photos: Iterable[str | Path],
    analyzer: FaceAnalyzer,
    settings: Settings,
    *,
    look: str | None = None,
    progress: ProgressCallback | None = None,
) -> EditOutcome:
    """Enrol `photos` (files and folders) as those of `name`; brings back what edits took out of that character.

    Raises CastError where not one of them can be used, or one shows a face that is enrolled as somebody else.
    """
    name = check_character(gallery, name) if isinstance(name, CharacterId) else _as_known(gallery, new_name(name))
    log = EditLog(gallery)
    files: dict[str, str] = {}
    unread: list[PhotoError] = []
    left_out = LeftOut()
    for path in find(photos, left_out):
        try:
            files[real_path(path)] = digest_of(path)
        except PhotoError as error:
            unread.append(error)
    if not files:
        said = [f"No photo in {', '.join(map(str, photos))}.", *left_out.sentences()]
        raise unread[0] if unread else CastError(" ".join(said))
    before = enrolled_by_path(gallery)
    edit = log.record("add", {"into": name})
    give(log, edit, name, set(files.values()))
    log.apply()
    known = {photo.sha256 for photo in gallery.photos(name) if photo.status == "enrolled"}
    wanted = [WantedPhoto(name, Path(path), look) for path, digest in files.items() if digest not in known]
    had = {(photo.given, photo.path) for photo in gallery.photos(withdrawn=True)}
    report = enrol(gallery, wanted, analyzer, settings, origin=None, progress=progress)
    after = enrolled_by_path(gallery)
    _check_not_somebody_elses(gallery, before, after, set(files.values()), name)
    rejected = tuple((error.path, str(Reason.UNREADABLE), error.reason) for error in unread) + tuple(
        (photo.path, str(photo.reason), photo.detail)
        for photo in gallery.photos(name)
        if photo.path in files and photo.status == "rejected"
    )
    used = [photo for photo in gallery.photos(name) if photo.status == "enrolled" and photo.sha256 in files.values()]
    if not used:
        raise _not_one(name, rejected)
    changes = differences(before, after)
    notes = [*report.notes, *left_out.sentences()]
    if not any(change.after == name for change in changes):
        notes.insert(0, _nothing_new(name, len(used), len(rejected)))
    if not changes and not any((name, path) not in had for path in files):
        log.drop(edit)
        return EditOutcome(None, (), rejected, tuple(notes))
    log.explain(
        edit,
        {
            "into": name,
            "added": [path for path in files if (name, path) not in had],
            "photos": as_rows(changes),
        },
    )
    return outcome_of(log, edit, changes, rejected, notes)


def add_faces(
    gallery: Gallery, name: str, faces: Sequence[tuple[PhotoRecord, EnrolledFace]], theirs: Collection[str] = ()
) -> EditOutcome:
    """Enrol faces that were embedded elsewhere (in a film) as those of `name`; what is enrolled already stays.

    `theirs`: digests of faces that are theirs in any case: what is enrolled of them as another's, by an answer that was
    corrected since, becomes theirs.
    """
    name, log = new_name(name), EditLog(gallery)
    before = enrolled_by_path(gallery)
    had = {(photo.given, photo.path) for photo in gallery.photos(withdrawn=True)}
    edit = log.record("add", {"into": name})
    others = [photo for photo in gallery.photos() if photo.status == "enrolled" and photo.character != name
              and photo.sha256 in theirs]  # fmt: skip
    moved = {photo.sha256 for photo in others}
    character = give(log, edit, name, {photo.sha256 for photo, _ in faces} - moved)
    for photo in others:
        log.place(edit, photo.character_id, photo.sha256, character)
    for photo, face in faces:
        if (name, photo.path) not in had and photo.sha256 not in moved:
            gallery.put_photo(replace(photo, character=name, given=name, character_id=character), face)
    log.apply()
    changes = differences(before, enrolled_by_path(gallery))
    if not changes:
        log.drop(edit)
        return EditOutcome(None, notes=(f"{name} has these faces.",))
    added = [photo.path for photo, _ in faces if (name, photo.path) not in had and photo.sha256 not in moved]
    log.explain(edit, {"into": name, "added": added, "photos": as_rows(changes)})
    return outcome_of(log, edit, changes)


def add_names(gallery: Gallery, names: Iterable[str]) -> EditOutcome:
    """Make characters without photos of `names`; who is in the cast already stays as they are.

    Raises InputError for what can be no name.
    """
    wanted: dict[str, str] = {}  # in other capitals it is the same name
    for name in map(new_name, names):
        wanted.setdefault(name.casefold(), name)
    log, known = EditLog(gallery), {character.name.casefold() for character in gallery.characters()}
    new = [name for folded, name in wanted.items() if folded not in known]
    there = [name for folded, name in wanted.items() if folded in known]
    notes = [f"{name} is in the cast already." for name in there]
    if len(there) > 3:
        notes = [f"{len(there)} of these names are in the cast already."]
    if not new:
        return EditOutcome(None, notes=tuple(notes))
    edit = log.record("names", {"names": new})
    before = log.characters()
    for name in new:
        gone = before.called(name)  # an edit took them out
        if gone is not None:
            log.place(edit, gone, None, gone)
        else:
            log.gallery.who.add(name, made_by=edit)
    log.apply()
    return outcome_of(log, edit, (), (), notes)


def _as_known(gallery: Gallery, name: str) -> str:
    """A name as the cast has it: in other capitals it is the same, as for films."""
    names = [character.name for character in gallery.characters()]
    same = [one for one in names if one.casefold() == name.casefold()]
    return same[0] if name not in names and len(same) == 1 else name


def _not_one(name: str, rejected: Collection[tuple[str, str, str]]) -> CastError:
    """For photos none of which can be used."""
    listed = [f"{path}: {reason} ({without_paths(path, detail)})" for path, reason, detail in rejected]
    if all(reason == Reason.DUPLICATE for _, reason, _ in rejected):
        listed.append(
            f"{name} has these pictures already, perhaps in another size or compression. Nothing has to be done; "
            f"to teach more, add other photos of {name}."
        )
    return CastError(
        f"Not one photo could be used, so nothing was added to {name}:", listed, paths=[path for path, *_ in rejected]
    )


def _nothing_new(name: str, had: int, rejected: int) -> str:
    """What is said where `name` has no photo more than before."""
    if not rejected:
        return f"{name} has {'this photo' if had == 1 else 'these photos'}."
    return f"Nothing was added: {name} has {had} of these photos, and {count_of(rejected, 'photo')} cannot be used."


def _check_not_somebody_elses(
    gallery: Gallery, before: dict[str, set[str]], after: dict[str, set[str]], digests: set[str], name: str
) -> None:
    for photo in gallery.photos():
        lost = photo.character in before.get(photo.path, ()) and photo.character not in after.get(photo.path, ())
        shown = photo.sha256 in digests or photo.reason is Reason.DUPLICATE
        if lost and photo.character != name and shown:
            raise CastError(
                f"{photo.path} shows the face that is enrolled as {photo.character}. Move it instead: "
                + command(f"split {quoted(photo.character)} {quoted(photo.path)} --into {quoted(name)}"),
                paths=[photo.path],
            )
