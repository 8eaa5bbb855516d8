"""Edits of a gallery: add, remove, rename, merge, split, reject, undo. Each is a few placements and one log entry.

Every function works inside one transaction of the gallery that its caller has begun, and looks at no picture unless it
is given an analyzer. What a person decided here outranks every later training (see `placements`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from personae.cast.edit_log import EditLog
from personae.cast.enrolment import WantedPhoto, enrol
from personae.cast.finding import check_character, did_you_mean, digest_of, find_photos, new_name, real_path
from personae.cast.gallery import Gallery
from personae.cast.gallery_records import Change, Edit, EnrolledFace, Negative, PhotoRecord, as_rows
from personae.errors import CastError, InputError, PhotoError
from personae.faces.analyzer import FaceAnalyzer
from personae.hints import command, quoted
from personae.media.left_out import LeftOut
from personae.media.photos import find
from personae.settings import Settings
from personae.types import AnalyzedFaces, ProgressCallback, Reason, count_of

__all__ = [
    "EditOutcome", "add", "add_faces", "check_character", "did_you_mean", "digest_of", "find_photos", "merge",
    "real_path", "reject", "remove_character", "remove_photos", "rename", "split", "undo",
]  # fmt: skip


@dataclass(frozen=True)
class EditOutcome:
    """What one edit did: its log entry (None where nothing had to be done), the photos it moved, what to know."""

    edit: Edit | None
    changes: tuple[Change, ...] = ()
    rejected: tuple[tuple[str, str, str], ...] = ()
    """Photos that were to be added and cannot be used: (path, reason, detail)."""
    notes: tuple[str, ...] = ()


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
    name, log = new_name(name), EditLog(gallery)
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
    _give(log, edit, name, set(files.values()))
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
        log.drop(edit)
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
    name, log = new_name(name), EditLog(gallery)
    before = _enrolled(gallery)
    had = {(photo.given, photo.path) for photo in gallery.photos(withdrawn=True)}
    edit = log.record("add", {"into": name})
    character = _give(log, edit, name, {photo.sha256 for photo, _ in faces})
    for photo, face in faces:
        if (name, photo.path) not in had:
            gallery.put_photo(replace(photo, character=name, given=name, character_id=character), face)
    log.apply()
    changes = _differences(before, _enrolled(gallery))
    if not changes:
        log.drop(edit)
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


def _give(log: EditLog, edit: int, name: str, digests: Collection[str]) -> str:
    """Say that photos are those of the character `name`, known or new; its id."""
    characters = log.characters()
    character = _whose(log, edit, name)
    if character in characters.rows and characters.placements.place(character, "").withdrawn_by is not None:
        log.place(edit, character, None, character)
    start = characters.start(name)
    for digest in sorted(digests):
        if start not in (None, character):  # a former name of somebody else, whose folder may hold this photo
            log.place(edit, str(start), digest, start)
            log.place(edit, str(start), digest, character)
        log.place(edit, character, digest, character)
    return character


def _whose(log: EditLog, edit: int, name: str) -> str:
    """The id of the character called `name`: in the cast, gone, or made by this edit."""
    return log.characters().called(name) or log.gallery.who.add(name, made_by=edit)


def remove_character(gallery: Gallery, name: str) -> EditOutcome:
    """Take a character out of the cast with every photo of it."""
    name = check_character(gallery, name)
    begun = _Begun.of(gallery, "remove", {"character": name})
    character = begun.id_of(name)
    for digest in sorted({photo.sha256 for photo in gallery.photos(name) if photo.sha256}):
        begun.place(character, digest, None)
    begun.place(character, None, None)
    return begun.finish()


def remove_photos(gallery: Gallery, photos: Iterable[str | Path]) -> EditOutcome:
    """Take photos out of whatever character they are enrolled as."""
    found = find_photos(gallery, photos)
    begun = _Begun.of(gallery, "remove", {})
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
    begun = _Begun.of(gallery, "rename", {"character": old, "into": new})
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
    begun = _Begun.of(gallery, "merge", {"characters": names, "into": target})
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
    begun = _Begun.of(gallery, "split", {"character": name, "into": into})
    character, other = begun.id_of(name), _whose(begun.log, begun.edit, into)
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
    begun = _Begun.of(gallery, "reject", {"character": character, "photo": path})
    whose = begun.id_of(character)
    if faces is None or face is None:
        for photo in enrolled:
            _require_digest(photo)
            vector, face_px = own[photo.id or 0]
            begun.log.put_negative(begun.edit, Negative(whose, photo.path, face_px, vector), photo.sha256)
            begun.place(whose, photo.sha256, None)
    else:
        vector = faces.embeddings[face]
        negative = Negative(whose, path, float(faces.face_px[face]), vector)
        begun.log.put_negative(begun.edit, negative, digest)
        if any(float(vector @ other) > 0.99 for other, _ in own.values()):
            begun.place(whose, digest, None)
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


@dataclass(frozen=True)
class _Begun:
    """An edit that is under way: its log entry, and where every photo was before it."""

    log: EditLog
    edit: int
    before: dict[int, tuple[str, str | None]]
    detail: dict[str, Any]

    @classmethod
    def of(cls, gallery: Gallery, action: str, detail: dict[str, Any]) -> _Begun:
        log = EditLog(gallery)
        return cls(log, log.record(action, detail), log.whereabouts(), detail)

    def id_of(self, name: str) -> str:
        """The id of a character in the cast, as `check_character` gave its name."""
        found = self.log.gallery.id_of(name)
        assert found is not None
        return found

    def place(self, character: str, sha256: str | None, becomes: str | None) -> None:
        self.log.place(self.edit, character, sha256, becomes)

    def rename(self, character: str, name: str) -> None:
        self.detail.update(self.log.rename(character, name))

    def finish(self) -> EditOutcome:
        self.log.apply()
        after = self.log.whereabouts()
        changes = [
            Change(path, name, after[photo][1])
            for photo, (path, name) in sorted(self.before.items())
            if photo in after and after[photo][1] != name
        ]
        self.log.explain(self.edit, {**self.detail, "photos": as_rows(changes)})
        return _outcome(self.log, self.edit, changes)


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
    if gallery.id_of(name) is not None:
        raise InputError(f"There is a character called {name} already. {hint}")


def _require_digest(photo: PhotoRecord) -> None:
    if not photo.sha256:
        raise InputError(f"{photo.path} was never readable, so it is not enrolled. Nothing has to be done.")
