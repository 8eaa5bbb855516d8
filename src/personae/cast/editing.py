"""Edits of a gallery: add, remove, rename, merge, split, reject, undo. Each is a few placements and one log entry.

Every function works inside one transaction of the gallery that its caller has begun, and looks at no picture unless it
is given an analyzer. What a person decided here outranks every later training (see `placements`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from personae.cast.adding import add, add_faces, add_names
from personae.cast.edit_log import EditLog
from personae.cast.edit_steps import BegunEdit, EditOutcome, differences, enrolled_by_path, whose
from personae.cast.finding import check_character, did_you_mean, digest_of, find_photos, new_name, real_path
from personae.cast.gallery import Gallery
from personae.cast.gallery_records import Edit, Negative, PhotoRecord, as_rows
from personae.errors import CastError, InputError
from personae.hints import command, quoted
from personae.types import AnalyzedFaces, count_of

__all__ = [
    "EditOutcome", "add", "add_faces", "add_names", "check_character", "did_you_mean", "digest_of", "find_photos",
    "merge", "real_path", "reject", "remove_character", "remove_photos", "rename", "split", "undo",
]  # fmt: skip


def remove_character(gallery: Gallery, name: str) -> EditOutcome:
    """Take a character out of the cast with every photo of it."""
    name = check_character(gallery, name)
    begun = BegunEdit.of(gallery, "remove", {"character": name})
    character = begun.id_of(name)
    for digest in sorted({photo.sha256 for photo in gallery.photos(name) if photo.sha256}):
        begun.place(character, digest, None)
    begun.place(character, None, None)
    return begun.finish()


def remove_photos(gallery: Gallery, photos: Iterable[str | Path], of: str | None = None) -> EditOutcome:
    """Take photos out of whatever character they are enrolled as, or of the one that is given."""
    found = find_photos(gallery, photos, None if of is None else check_character(gallery, of))
    begun = BegunEdit.of(gallery, "remove", {})
    for photo in found:
        _require_digest(photo)
        begun.place(photo.character_id, photo.sha256, None)
    return begun.finish()


def rename(gallery: Gallery, old: str, new: str) -> EditOutcome:
    """Give a character another name, that nobody has. Its id stays, and so do all its photos: one row is written."""
    old, new = check_character(gallery, old), new_name(new)
    if old == new:
        raise InputError(f"{old} is called that already. Give another name.")
    merging = command(f"merge {quoted(old)} {quoted(new)} --into {quoted(new)}")
    _require_free(gallery, new, f"To make them one character: {merging}")
    begun = BegunEdit.of(gallery, "rename", {"character": old, "into": new})
    begun.rename(begun.id_of(old), new)
    return begun.finish()


def merge(gallery: Gallery, names: Sequence[str], into: str | None = None) -> EditOutcome:
    """Make several characters one, called `into`: one of them (default the first), or a name that nobody has.

    The one has the id of the character that was called so, or of the first; the other ids come back with `undo`.
    """
    names = list(dict.fromkeys(check_character(gallery, name) for name in names))
    if len(names) < 2:
        raise InputError("Merging needs two characters. Give two different names.")
    target = names[0] if into is None else new_name(into)
    if target not in names:
        _require_free(gallery, target, f"Name {target} among those to merge.")
    begun = BegunEdit.of(gallery, "merge", {"characters": names, "into": target})
    ids = [begun.id_of(name) for name in names]
    kept = ids[names.index(target)] if target in names else ids[0]
    if target not in names:
        begun.rename(kept, target)
    for character in ids:
        if character != kept:
            begun.place(character, None, kept)
    return begun.finish()


def split(gallery: Gallery, name: str, photos: Iterable[str | Path], into: str) -> EditOutcome:
    """Give some photos of a character to another one, new or known."""
    name, into = check_character(gallery, name), new_name(into)
    if name == into:
        raise InputError(f"{name} is the character they have. Give another name to split into.")
    found = find_photos(gallery, photos, name)
    if not found:
        raise InputError(f"Give at least one photo of {name}.")
    left = {photo.id for photo in gallery.photos(name) if photo.status == "enrolled"} - {photo.id for photo in found}
    if not left:
        raise CastError(f"That is every photo of {name}. Use {command('rename')} or {command('merge')}")
    begun = BegunEdit.of(gallery, "split", {"character": name, "into": into})
    character, other = begun.id_of(name), whose(begun.log, begun.edit, into)
    for photo in found:
        _require_digest(photo)
        begun.place(character, photo.sha256, other)
    return begun.finish()


def reject(
    gallery: Gallery, character: str, path: str, digest: str, faces: AnalyzedFaces | None, face: int | None
) -> EditOutcome:
    """Learn that a face is not `character`: an enrolled photo is taken out, and the face remembered as a negative.

    `path`, `digest`: of the photo; `faces`, `face`: its faces and the number of the one meant (None for the enrolled).
    """
    character = check_character(gallery, character)
    enrolled = [
        photo
        for photo in gallery.photos(character)
        if photo.status == "enrolled" and (photo.path == path or (digest and photo.sha256 == digest))
    ]
    own = gallery.faces_of([photo.id for photo in enrolled if photo.id is not None])
    begun = BegunEdit.of(gallery, "reject", {"character": character, "photo": path})
    owner = begun.id_of(character)
    if faces is None or face is None:
        for photo in enrolled:
            _require_digest(photo)
            vector, face_px = own[photo.id or 0]
            begun.log.put_negative(begun.edit, Negative(owner, photo.path, face_px, vector), photo.sha256)
            begun.place(owner, photo.sha256, None)
    else:
        vector = faces.embeddings[face]
        negative = Negative(owner, path, float(faces.face_px[face]), vector)
        begun.log.put_negative(begun.edit, negative, digest)
        if any(float(vector @ other) > 0.99 for other, _ in own.values()):
            begun.place(owner, digest, None)
    return begun.finish()


def undo(gallery: Gallery, steps: int = 1) -> list[EditOutcome]:
    """Take back the last `steps` edits that hold, the last one first; raises InputError where there are fewer."""
    if steps < 1:
        raise InputError("Undo at least 1 step.")
    log = EditLog(gallery)
    last_first = [edit for edit in reversed(log.edits()) if edit.undoable]
    if len(last_first) < steps:
        left = f"only {count_of(len(last_first), 'edit')}" if last_first else "no edit"
        raise InputError(f"The log holds {left} to undo. See it: {command('log')}")
    return [_undo_one(gallery, log, edit) for edit in last_first[:steps]]


def undo_edit(gallery: Gallery, edit: int) -> EditOutcome:
    """Take back one edit, whatever came after it; raises InputError where it does not hold."""
    log = EditLog(gallery)
    found = [one for one in log.edits(edit) if one.undoable]
    if not found:
        raise InputError(f"There is no edit {edit} to undo. See the log: {command('log')}")
    return _undo_one(gallery, log, found[0])


def _undo_one(gallery: Gallery, log: EditLog, edit: Edit) -> EditOutcome:
    before = enrolled_by_path(gallery)
    entry = log.record("undo", {"edit": edit.id})
    log.take_back(edit, entry)
    after = enrolled_by_path(gallery)
    lost = [
        path
        for path, character, _ in edit.detail.get("photos", ())
        if character is not None and character not in after.get(path, ())
    ]
    notes = []
    if lost:
        notes.append(
            f"{count_of(len(lost), 'photo')} of edit {edit.id} could not be brought back, because a later training "
            f"left {'it' if len(lost) == 1 else 'them'} out of the gallery. What is still in the cast folder comes "
            f"back when you train again: {', '.join(lost[:5])}" + (", ..." if len(lost) > 5 else "")
        )
    changes = differences(before, after)
    log.explain(entry, {"edit": edit.id, "photos": as_rows(changes)})
    return EditOutcome(replace(edit, undone_by=entry), tuple(changes), (), tuple(notes))


def _require_free(gallery: Gallery, name: str, hint: str) -> None:
    if gallery.id_of(name) is not None:
        raise InputError(f"There is a character called {name} already. {hint}")


def _require_digest(photo: PhotoRecord) -> None:
    if not photo.sha256:
        raise InputError(f"{photo.path} was never readable, so it is not enrolled. Nothing has to be done.")
