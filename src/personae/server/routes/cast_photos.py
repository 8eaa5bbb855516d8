"""The photos of a character: look at them, upload, take out, reject."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, Response, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from personae.cast.gallery_records import CharacterId, PhotoId
from personae.jobs.uploaded import UPLOADED
from personae.server import uploads
from personae.server.addresses import Digest, photo_digest
from personae.server.asking import By, RequestId, Served
from personae.server.cast_json import CastPhotos, Confirmed, EditAnswer, cast_photo, edit_answer
from personae.server.jobs_json import JobAnswer, JobRow, job_dict
from personae.server.originals import below
from personae.server.pages import Page, PageOf
from personae.server.plain import file_of
from personae.server.problems import ProblemError
from personae.server.ranges import JPEG, JPEG_ANSWER, content
from personae.server.routes.cast import PhotoIds
from personae.server.routes.pictures import Width
from personae.server.saying import Name
from personae.server.service import Service

router = APIRouter(tags=["cast"])
NewName = Annotated[str, Form(min_length=1, max_length=500)]
Look = Annotated[str | None, Form(min_length=1, max_length=500)]
_Some = Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=10_000)]
KEEP = "private, max-age=31536000, immutable"
"""Of what never changes at its address: browsers keep it, and nobody between."""


class _Photos(BaseModel):
    model_config = ConfigDict(extra="forbid")
    photos: PhotoIds


class _Confirm(BaseModel):
    """`others`: photos of theirs that do not show them; `others_are`: whose they are, null: they are taken out."""

    model_config = ConfigDict(extra="forbid")
    photos: _Some = []
    others: _Some = []
    others_are: Name | None = None


@router.get("/characters/{id}/photos")
def list_photos_of_character(
    service: Served, caller: By, id: str, asked: PageOf, status: Literal["enrolled", "rejected"] | None = None
) -> CastPhotos:
    """A character's photos by file name, enrolled and rejected, each rejected one with its reason."""
    cast = service.project.cast
    photos = cast.photos(service.character(id))
    wanted = [photo for photo in photos if status in (None, photo.status)]
    page = Page.of(wanted, lambda photo: (file_of(photo.path), str(photo.address)), asked)
    shown = cast.shown(page.rows)
    said = cast.confirmed(page.rows)
    rows = [
        cast_photo(service, CharacterId(id), photo, shown.get(photo.address), confirmed=photo.address in said)
        for photo in page.rows
    ]
    return CastPhotos(photos=rows, next=page.next)


@router.post("/characters/{id}/photos", status_code=202, response_model=JobAnswer)
def add_photos_of_character(
    service: Served, caller: By, id: str, photos: list[UploadFile], request: RequestId, look: Look = None
) -> dict[str, Any]:
    """Enrol photos as a character's: a job. What they are called is not kept, nor are they when it has ended:
    they are named by their place in what was sent, "photo 1" on.
    """
    service.character(id)
    return _uploaded(service, "add", {"character": id, "look": look}, photos, request, caller.name)


@router.post("/photos-of-cast", status_code=202, response_model=JobAnswer)
def add_photos(
    service: Served, caller: By, name: NewName, photos: list[UploadFile], request: RequestId, look: Look = None
) -> dict[str, Any]:
    """The same by name: of a character who is known, or new."""
    return _uploaded(service, "add", {"name": name, "look": look}, photos, request, caller.name)


@router.post("/characters/{id}/photos/remove")
def remove_photos(service: Served, caller: By, id: str, body: _Photos, request: RequestId) -> EditAnswer:
    """Take photos out of a character."""
    cast = service.project.cast
    photos = map(PhotoId, body.photos)
    return edit_answer(service, cast.remove_photos(photos, of=CharacterId(id), request=request))


@router.post("/characters/{id}/photos/confirm")
def confirm_photos(service: Served, caller: By, id: str, body: _Confirm, request: RequestId) -> Confirmed:
    """Say that photos show this character, and that others of theirs do not: it outranks every training. Photos that
    had been rejected as outliers are looked at again by a job.
    """
    cast = service.project.cast
    report = cast.confirm_photos(
        map(PhotoId, body.photos), of=CharacterId(id), others=map(PhotoId, body.others), others_are=body.others_are,
        enrol=False, request=request,
    )  # fmt: skip
    job = None
    if cast.waits_to_be_enrolled():
        job = service.jobs.add("confirm", service.roots.within(), request=f"{request}/enrol", by=caller.name)
    answer = edit_answer(service, report)
    return Confirmed(**dict(answer), job=None if job is None else JobRow(**job_dict(job)))


@router.post("/characters/{id}/photos/{photo}/reject")
def reject_photo(service: Served, caller: By, id: str, photo: str, request: RequestId) -> EditAnswer:
    """Learn that the face of an enrolled photo is not this character's; later matching respects it."""
    return edit_answer(service, service.project.cast.reject(PhotoId(photo), CharacterId(id), request=request))


@router.post("/characters/{id}/reject", status_code=202, response_model=JobAnswer)
def reject_face(
    service: Served,
    caller: By,
    id: str,
    photo: UploadFile,
    request: RequestId,
    face: Annotated[int | None, Form(ge=1, le=100_000)] = None,
) -> dict[str, Any]:
    """Learn that a face of an uploaded photo is not this character's: a job. `face`: from the left from 1; without it
    the only one, or the one that has the name now.
    """
    service.character(id)
    return _uploaded(service, "reject", {"character": id, "face": face}, [photo], request, caller.name)


@router.get(
    "/characters/{id}/photos/{photo}/{digest}.jpg",
    response_class=Response,
    responses=JPEG_ANSWER,
)
def get_picture_of_photo(service: Served, caller: By, id: str, photo: str, digest: str) -> Response:
    """The small picture of an enrolled face. It never changes; 410 where it is not there any more."""
    cast = service.project.cast
    name = cast.names().get(id)
    photos = [] if name is None else [one for one in cast.photos(name) if one.address == photo]
    for face in cast.shown(photos).values():
        if face.digest == digest:
            return Response(face.picture, media_type="image/jpeg", headers={"Cache-Control": KEEP})
    raise ProblemError(410, "gone", "This picture is not there any more.")


@router.get("/characters/{id}/photos/{photo}/original/{digest}.jpg", response_class=Response, responses=JPEG_ANSWER)
def get_original_of_photo(
    service: Served, caller: By, request: Request, id: str, photo: str, digest: Digest, width: Width = None
) -> Response:
    """A photo of a character, upright, also one that was rejected, where it lies below a media root."""
    photos = service.project.cast.photos(service.character(id))
    found = next((one for one in photos if one.address == photo and photo_digest(one.sha256) == digest), None)
    if found is None:
        raise ProblemError(410, "gone", "This photo is not there any more.")
    path = str(below(service.roots, Path(found.path), "The photo"))
    jpeg = service.helper.ask("photo", by=caller.key, path=path, sha256=found.sha256, width=width)
    return content(jpeg, request, JPEG, digest=f"{digest}-{width or 0}")


def _uploaded(
    service: Service, kind: str, what: dict[str, Any], photos: list[UploadFile], request: str, by: str
) -> dict[str, Any]:
    job = uploads.for_job(
        service.project.folder,
        photos,
        lambda folder, paths: service.jobs.add(
            kind, what | {"photos": paths, UPLOADED: folder}, request=request, by=by
        ),
    )
    return {"job": job_dict(job)}
