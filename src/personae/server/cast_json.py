"""The cast as clients see it: ids, names and file names; no paths, no embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from personae.cast.editor import EditReport
from personae.cast.gallery_records import CharacterId, Edit, PhotoRecord, ShownFace, without_paths
from personae.names import readable
from personae.server.addresses import photo_digest, picture_address
from personae.server.jobs_json import JobRow
from personae.server.plain import file_of, without_folders
from personae.server.service import Service


class Character(BaseModel):
    """Somebody in the cast. `photos`: how many are enrolled; without any nobody is recognised as them. `rejected`: how
    many cannot be used; `picture`: address of the best face's, from /api/v1 on.
    """

    id: str
    name: str
    photos: int
    rejected: int
    picture: str | None


class Characters(BaseModel):
    """A page of the cast."""

    characters: list[Character]
    next: str | None


class LookAlike(BaseModel):
    """Another character, and how many photos would pass for them; `picture` as of a character."""

    id: str
    name: str
    photos: int
    picture: str | None


class CharacterCard(BaseModel):
    """One character. `reasons`: why photos were rejected -> how many; `picture`: address of the best face's.
    `performer`: who plays them, and `roles`: the other characters of that one.
    """

    id: str
    name: str
    photos: int
    rejected: int
    reasons: dict[str, int]
    looks: list[str]
    look_alikes: list[LookAlike]
    picture: str | None
    performer: str | None
    roles: list[Character]


class CastPhoto(BaseModel):
    """A photo of a character. `picture`: address of a small picture of its face; null for a rejected photo, and for one
    from before they were kept. `original`: address of the photo itself, null where it lies below no media root.
    `confirmed`: a person said of this photo whose it is.
    """

    id: str
    file: str
    status: str
    reason: str | None
    detail: str
    look: str | None
    quality: float | None
    face_px: float | None
    picture: str | None
    original: str | None
    confirmed: bool


class CastPhotos(BaseModel):
    """A page of a character's photos."""

    photos: list[CastPhoto]
    next: str | None


class Moved(BaseModel):
    """A photo that an edit moved: whose it was and is, null for nobody's."""

    file: str
    before: str | None
    after: str | None


class Unused(BaseModel):
    """A photo that cannot be used, and why."""

    file: str
    reason: str
    detail: str


class EditAnswer(BaseModel):
    """What an edit did. `edits`: ids of its entries in the log (of an undo: of the edits that it took back); none where
    nothing had to be done.
    """

    edits: list[int]
    moved: list[Moved]
    rejected: list[Unused]
    notes: list[str]


class Confirmed(EditAnswer):
    """The same; `job`: the one that looks again at photos that had been rejected, null where there are none."""

    job: JobRow | None


class LoggedEdit(BaseModel):
    """An entry of the log of edits. What is null or empty is no matter of this action. `undoes`: of an undo, the edit
    that it took back; `character`: of photos that were added, whom they were added to; `photos`: how many it is about.
    """

    id: int
    time: str
    action: str
    undone_by: int | None
    undoable: bool
    undoes: int | None
    character: str | None
    characters: list[str]
    into: str | None
    file: str | None
    photos: int
    moved: list[Moved]
    rejected: list[Unused]


class LoggedEdits(BaseModel):
    """A page of the log of edits, oldest first."""

    edits: list[LoggedEdit]
    next: str | None


def edit_answer(service: Service, report: EditReport) -> EditAnswer:
    """What an edit did."""
    paths = [change.path for change in report.changes]
    if any("/" in note or "\\" in note for note in report.notes):
        paths += [photo.path for photo in service.project.cast.photos()]
        paths += [path for edit in report.edits for path, *_ in edit.detail.get("photos", ())]
    return EditAnswer(
        edits=[edit.id for edit in report.edits],
        moved=[_moved(change.path, change.before, change.after) for change in report.changes],
        rejected=[unused(*photo) for photo in report.rejected],
        notes=[without_folders(note, paths) for note in report.notes],
    )


def logged(edit: Edit) -> LoggedEdit:
    """An entry of the log."""
    said = edit.detail
    photos = said.get("photos", ())
    return LoggedEdit(
        id=edit.id,
        time=edit.time,
        action=edit.action,
        undone_by=edit.undone_by,
        undoable=edit.undoable,
        undoes=said.get("edit"),
        character=_text(said.get("character", said.get("into") if edit.action == "add" else None)),
        characters=[readable(name) for name in (*said.get("characters", ()), *said.get("names", ()))],
        into=_text(said.get("into")),
        file=None if said.get("photo") is None else file_of(said["photo"]),
        photos=said.get("confirmed") or (len(photos) if isinstance(photos, list | tuple) else int(photos)),
        moved=[_moved(*row) for row in photos] if isinstance(photos, list) else [],
        rejected=[unused(*row) for row in said.get("rejected", ())],
    )


def unused(path: str, reason: str, detail: str) -> Unused:
    """A photo that cannot be used."""
    return Unused(file=file_of(path), reason=reason, detail=readable(without_paths(path, detail)))


def cast_photo(
    service: Service, character: CharacterId, photo: PhotoRecord, face: ShownFace | None, *, confirmed: bool = False
) -> CastPhoto:
    """A photo of a character."""
    return CastPhoto(
        id=photo.address,
        file=file_of(photo.path),
        status=photo.status,
        reason=None if photo.reason is None else str(photo.reason),
        detail=readable(without_paths(photo.path, photo.detail)),
        look=_text(photo.look),
        quality=None if face is None else round(face.quality, 4),
        face_px=None if face is None else round(face.face_px, 1),
        picture=picture_address(character, photo, face),
        original=original_address(service, character, photo),
        confirmed=confirmed,
    )


def original_address(service: Service, character: CharacterId, photo: PhotoRecord) -> str | None:
    """Where the photo itself is, from /api/v1 on; None where it lies below no media root, or is no file."""
    path = Path(photo.path)
    if not photo.sha256 or not path.is_absolute() or not service.roots.holds(path) or not path.is_file():
        return None
    return f"/characters/{character}/photos/{photo.address}/original/{photo_digest(photo.sha256)}.jpg"


def _moved(path: str, before: str | None, after: str | None) -> Moved:
    return Moved(file=file_of(path), before=_text(before), after=_text(after))


def _text(value: Any) -> str | None:
    return None if value is None else readable(str(value))
