"""Edits of a gallery: add, remove, rename, merge, split, reject, undo. Each is a few placements and one log entry.

Every function works inside one transaction of the gallery that its caller has begun, and looks at no picture unless it
is given an analyzer. What a person decided here outranks every later training (see `placements`).
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from personae.cast.edit_log import Change, Edit, EditLog, Negative, as_rows
from personae.cast.enrolment import WantedPhoto, enrol
from personae.cast.gallery import EnrolledFace, Gallery, PhotoRecord
from personae.errors import CastError, InputError, PhotoError, UnknownCharacterError
from personae.faces.analyzer import FaceAnalyzer
from personae.files import LARGEST_PHOTO, sha256_of
from personae.hints import command, quoted
from personae.media.left_out import LeftOut
from personae.media.photos import find
from personae.names import find_name, valid_name
from personae.progress import ProgressCallback
from personae.settings import Settings
from personae.types import AnalyzedFaces, FloatArray, Reason, count_of


@dataclass(frozen=True)
class EditOutcome:
    """What one edit did: its log entry (None where nothing had to be done), the photos it moved, what to know."""

    edit: Edit | None
    changes: tuple[Change, ...] = ()
    rejected: tuple[tuple[str, str, str], ...] = ()
    """Photos that were to be added and cannot be used: (path, reason, detail)."""
    notes: tuple[str, ...] = ()


# Finding what is meant


def check_character(gallery: Gallery, name: str) -> str:
    """`name` as the gallery has it; raises UnknownCharacterError with the names nearest to it."""
    known = sorted({photo.character for photo in gallery.photos()})
    found = find_name(name, known)
    if found is None:
        name = valid_name(name)
        raise UnknownCharacterError(f"No character is called {name!r}. {did_you_mean(name, known)}")
    return found


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """A sentence with the names that could be meant, or all of them."""
    near = _near(name, known)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    if not known:
        return f"Nobody is enrolled yet. Train first: {command('train CAST_FOLDER')}"
    return f"The cast: {', '.join(known[:20])}{', ...' if len(known) > 20 else ''}."


def _near(name: str, known: Sequence[str]) -> list[str]:
    folded = {each.casefold(): each for each in reversed(known)}
    return [folded[each] for each in difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.6)]


def find_photos(gallery: Gallery, paths: Iterable[str | Path], character: str | None = None) -> list[PhotoRecord]:
    """The known photos at `paths`: by path, by the file's content, or by the end of a path ("Thor/3.jpg").

    `character`: only that character's. Raises InputError where one is not known, with those that could be meant.
    """
    known = gallery.photos(character)
    found: dict[int | None, PhotoRecord] = {}
    for path in paths:
        matches = _matching(known, Path(path))
        if not matches:
            whose = "is not enrolled" if character is None else f"is no photo of {character}"
            names = {Path(photo.path).name: photo.path for photo in known}
            near = difflib.get_close_matches(Path(path).name, names, n=3, cutoff=0.7)
            likely = [names[name] for name in near]
            if character is None:
                people = sorted({photo.character for photo in known})
                likely += [f"the character {name}" for name in _near(str(path), people)]
            hint = f"Did you mean {' or '.join(likely)}?" if likely else ""
            if not hint and known and character is not None:
                hint = f"Photos of {character}: {', '.join(photo.path for photo in known[:5])}" + (
                    ", ..." if len(known) > 5 else "."
                )
            raise InputError(f"{path} {whose}. {hint or 'Give the path of an enrolled photo.'}")
        found |= {photo.id: photo for photo in matches}
    return list(found.values())


def _matching(known: list[PhotoRecord], path: Path) -> list[PhotoRecord]:
    real = real_path(path)
    matches = [photo for photo in known if photo.path == real]
    if not matches and os.path.isfile(path):  # noqa: PTH113 - never raises
        digest = digest_of(path)
        matches = [photo for photo in known if photo.sha256 == digest]
    if not matches:
        parts = path.parts
        matches = [photo for photo in known if Path(photo.path).parts[-len(parts) :] == parts]
        if len({photo.path for photo in matches}) > 1:
            several = ", ".join(photo.path for photo in matches[:5])
            raise InputError(f"{path} could be {several}. Give more of the path.")
    return matches


def real_path(path: str | Path) -> str:
    """A photo's path as the gallery knows it: its folder's real path, and the file's own name."""
    path = Path(path)
    return str(Path(os.path.realpath(path.parent), path.name))


def digest_of(path: Path) -> str:
    """SHA-256 of a photo's file; raises PhotoError."""
    try:
        return sha256_of(path, most=LARGEST_PHOTO)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PhotoError(path, f"cannot be read ({reason}). Check the path.") from None


# Edits


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
    name, log = valid_name(name), EditLog(gallery)
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
    before = _enrolled(gallery)
    edit = log.record("add", {"into": name})
    placements = log.placements()
    if placements.place(name, "").withdrawn_by is not None:
        log.place(edit, name, None, name)
    for digest in sorted(set(files.values())):
        log.place(edit, name, digest, name)
    log.apply()
    known = {photo.sha256 for photo in gallery.photos(name) if photo.status == "enrolled"}
    wanted = [WantedPhoto(name, Path(path), look) for path, digest in files.items() if digest not in known]
    had = {(photo.given, photo.path) for photo in gallery.photos(withdrawn=True)}
    report = enrol(gallery, wanted, analyzer, settings, origin=None, progress=progress)
    after = _enrolled(gallery)
    _check_not_somebody_elses(gallery, before, after, set(files.values()), name)
    rejected = tuple((error.path, str(Reason.UNREADABLE), error.reason) for error in unread) + tuple(
        (photo.path, str(photo.reason), photo.detail)
        for photo in gallery.photos(name)
        if photo.path in files and photo.status == "rejected"
    )
    used = [photo for photo in gallery.photos(name) if photo.status == "enrolled" and photo.sha256 in files.values()]
    if not used:
        raise CastError(
            f"Not one photo could be used, so nothing was added to {name}:",
            (f"{path}: {reason} ({detail})" for path, reason, detail in rejected),
        )
    changes = _differences(before, after)
    if not changes and not any((name, path) not in had for path in files):
        gallery.query("DELETE FROM edits WHERE id = ?", (edit,))
        return EditOutcome(None, (), rejected, (f"{name} has {'this photo' if len(files) == 1 else 'these photos'}.",))
    log.explain(
        edit,
        {
            "into": name,
            "added": [path for path in files if (name, path) not in had],
            "photos": as_rows(changes),
        },
    )
    return _outcome(log, edit, changes, rejected, [*report.notes, *left_out.sentences()])


def add_faces(gallery: Gallery, name: str, faces: Sequence[tuple[PhotoRecord, EnrolledFace]]) -> EditOutcome:
    """Enrol faces that were embedded elsewhere (in a film) as those of `name`; what is enrolled already stays."""
    name, log = valid_name(name), EditLog(gallery)
    before = _enrolled(gallery)
    had = {(photo.given, photo.path) for photo in gallery.photos(withdrawn=True)}
    edit = log.record("add", {"into": name})
    for photo, face in faces:
        log.place(edit, name, photo.sha256, name)
        if (name, photo.path) not in had:
            gallery.put_photo(replace(photo, character=name, given=name), face)
    log.apply()
    changes = _differences(before, _enrolled(gallery))
    if not changes:
        gallery.query("DELETE FROM edits WHERE id = ?", (edit,))
        return EditOutcome(None, notes=(f"{name} has these faces.",))
    added = [photo.path for photo, _ in faces if (name, photo.path) not in had]
    log.explain(edit, {"into": name, "added": added, "photos": as_rows(changes)})
    return _outcome(log, edit, changes)


def _check_not_somebody_elses(
    gallery: Gallery, before: dict[str, set[str]], after: dict[str, set[str]], digests: set[str], name: str
) -> None:
    for photo in gallery.photos():
        lost = photo.character in before.get(photo.path, ()) and photo.character not in after.get(photo.path, ())
        if lost and photo.character != name and photo.sha256 in digests:
            raise CastError(
                f"{photo.path} shows the face that is enrolled as {photo.character}. Move it instead: "
                + command(f"split {quoted(photo.character)} {quoted(photo.path)} --into {quoted(name)}")
            )


def remove_character(gallery: Gallery, name: str) -> EditOutcome:
    """Take a character out of the cast with every photo of it."""
    name = check_character(gallery, name)
    log = EditLog(gallery)
    edit = log.record("remove", {"character": name})
    for digest in sorted({photo.sha256 for photo in gallery.photos(name) if photo.sha256}):
        log.place(edit, name, digest, None)
    log.place(edit, name, None, None)
    return _apply(log, edit, {"character": name})


def remove_photos(gallery: Gallery, photos: Iterable[str | Path]) -> EditOutcome:
    """Take photos out of whatever character they are enrolled as."""
    found = find_photos(gallery, photos)
    log = EditLog(gallery)
    edit = log.record("remove", {})
    for photo in found:
        _require_digest(photo)
        log.place(edit, photo.character, photo.sha256, None)
    return _apply(log, edit, {})


def rename(gallery: Gallery, old: str, new: str) -> EditOutcome:
    """Give a character another name, that nobody has."""
    old, new = check_character(gallery, old), valid_name(new)
    if old == new:
        raise InputError(f"{old} is called that already. Give another name.")
    merging = command(f"merge {quoted(old)} {quoted(new)} --into {quoted(new)}")
    _require_free(gallery, new, f"To make them one character: {merging}")
    log = EditLog(gallery)
    edit = log.record("rename", {"character": old, "into": new})
    log.place(edit, old, None, new)
    return _apply(log, edit, {"character": old, "into": new})


def merge(gallery: Gallery, names: Sequence[str], into: str | None = None) -> EditOutcome:
    """Make several characters one, called `into`: one of them (default the first), or a name that nobody has."""
    names = list(dict.fromkeys(check_character(gallery, name) for name in names))
    if len(names) < 2:
        raise InputError("Merging needs two characters. Give two different names.")
    target = names[0] if into is None else valid_name(into)
    if target not in names:
        _require_free(gallery, target, f"Name {target} among those to merge.")
    log = EditLog(gallery)
    detail = {"characters": names, "into": target}
    edit = log.record("merge", detail)
    for name in names:
        if name != target:
            log.place(edit, name, None, target)
    return _apply(log, edit, detail)


def split(gallery: Gallery, name: str, photos: Iterable[str | Path], into: str) -> EditOutcome:
    """Give some photos of a character to another one, new or known."""
    name, into = check_character(gallery, name), valid_name(into)
    if name == into:
        raise InputError(f"{name} is the character they have. Give another name to split into.")
    found = find_photos(gallery, photos, name)
    if not found:
        raise InputError(f"Give at least one photo of {name}.")
    left = {photo.id for photo in gallery.photos(name) if photo.status == "enrolled"} - {photo.id for photo in found}
    if not left:
        raise CastError(f"That is every photo of {name}. Use {command('rename')} or {command('merge')}")
    log = EditLog(gallery)
    detail = {"character": name, "into": into}
    edit = log.record("split", detail)
    for photo in found:
        _require_digest(photo)
        log.place(edit, name, photo.sha256, into)
    return _apply(log, edit, detail)


def reject(
    gallery: Gallery, character: str, path: str, digest: str, faces: AnalyzedFaces | None, face: int | None
) -> EditOutcome:
    """Learn that a face is not `character`: an enrolled photo is taken out, and the face remembered as a negative.

    `path`, `digest`: of the photo; `faces`, `face`: its faces and the number of the one meant (None for the enrolled).
    """
    character, log = check_character(gallery, character), EditLog(gallery)
    enrolled = [
        photo
        for photo in gallery.photos(character)
        if photo.status == "enrolled" and (photo.path == path or (digest and photo.sha256 == digest))
    ]
    detail: dict[str, Any] = {"character": character, "photo": path}
    edit = log.record("reject", detail)
    if faces is None or face is None:
        for photo in enrolled:
            _require_digest(photo)
            ((blob, face_px),) = gallery.query("SELECT embedding, face_px FROM faces WHERE photo = ?", (photo.id,))
            log.put_negative(edit, Negative(character, photo.path, face_px, _vector(blob)), photo.sha256)
            log.place(edit, character, photo.sha256, None)
    else:
        vector = faces.embeddings[face]
        log.put_negative(edit, Negative(character, path, float(faces.face_px[face]), vector), digest)
        own = log.faces_of([photo.id for photo in enrolled if photo.id is not None])
        if any(float(vector @ other) > 0.99 for other in own.values()):
            log.place(edit, character, digest, None)
    return _apply(log, edit, detail)


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
    before = _enrolled(gallery)
    entry = log.record("undo", {"edit": edit.id})
    log.take_back(edit, entry)
    after = _enrolled(gallery)
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
    changes = _differences(before, after)
    log.explain(entry, {"edit": edit.id, "photos": as_rows(changes)})
    return EditOutcome(replace(edit, undone_by=entry), tuple(changes), (), tuple(notes))


# Inside


def _apply(log: EditLog, edit: int, detail: dict[str, Any]) -> EditOutcome:
    changes = log.apply()
    log.explain(edit, {**detail, "photos": as_rows(changes)})
    return _outcome(log, edit, changes)


def _outcome(
    log: EditLog,
    edit: int,
    changes: Sequence[Change],
    rejected: tuple[tuple[str, str, str], ...] = (),
    notes: Sequence[str] = (),
) -> EditOutcome:
    (entry,) = log.edits(edit)
    return EditOutcome(entry, tuple(changes), rejected, tuple(notes))


def _enrolled(gallery: Gallery) -> dict[str, set[str]]:
    """Path -> the characters it is enrolled as."""
    found: dict[str, set[str]] = {}
    for photo in gallery.photos():
        if photo.status == "enrolled":
            found.setdefault(photo.path, set()).add(photo.character)
    return found


def _differences(before: dict[str, set[str]], after: dict[str, set[str]]) -> list[Change]:
    changes = []
    for path in sorted({*before, *after}):
        gone = sorted(before.get(path, set()) - after.get(path, set()))
        come = sorted(after.get(path, set()) - before.get(path, set()))
        for i in range(max(len(gone), len(come))):
            changes.append(Change(path, gone[i] if i < len(gone) else None, come[i] if i < len(come) else None))
    return changes


def _require_free(gallery: Gallery, name: str, hint: str) -> None:
    if gallery.photos(name):
        raise InputError(f"There is a character called {name} already. {hint}")


def _require_digest(photo: PhotoRecord) -> None:
    if not photo.sha256:
        raise InputError(f"{photo.path} was never readable, so it is not enrolled. Nothing has to be done.")


def _vector(blob: bytes) -> FloatArray:
    vector: FloatArray = np.frombuffer(blob, "<f4").astype(np.float32)
    return vector
