"""Who is in a picture: uploaded, or below a media root. Answered by the helper process, never here."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response, UploadFile
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from personae.files import LARGEST_PHOTO, sha256_of
from personae.names import readable
from personae.server import browsing, uploads
from personae.server.asking import By, Served, sees
from personae.server.openapi import native
from personae.server.pages import Page, PageOf
from personae.server.problems import ProblemError
from personae.server.ranges import JPEG
from personae.server.ranges import JPEG_ANSWER as BYTES

router = APIRouter(tags=["identify"])
Width = Annotated[int | None, Query(ge=16, le=8192)]


class PhotoEntry(BaseModel):
    """A folder or a photo below a root; `path`: from the root on."""

    kind: Literal["folder", "photo"]
    name: str
    path: str


class PhotoEntries(BaseModel):
    """Some of what a folder holds."""

    entries: list[PhotoEntry]
    next: str | None


Far = Annotated[float | None, Query(gt=0, le=0.5)]


@router.post("/identify", responses=native("Identified", "One picture."))
def identify(service: Served, caller: By, photo: UploadFile, far: Far = None) -> JSONResponse:
    """Who is in an uploaded photo. It is deleted when the answer is made."""
    with uploads.kept(service.project.folder, photo) as path:
        return _answer(service, caller, str(path), PurePosixPath(readable(photo.filename or "photo")).name, far)


@router.get("/roots/{root}/identify", responses=native("Identified", "One picture."))
def identify_in_root(service: Served, caller: By, root: str, path: str, far: Far = None) -> JSONResponse:
    """Who is in a photo below a media root."""
    found = service.roots.find(root, path)
    if not found.is_file():
        raise ProblemError(422, "photo", "That is no file.")
    return _answer(service, caller, str(found), path, far)


@router.get("/roots/{root}/photos")
def list_photos_in_root(
    service: Served,
    caller: By,
    root: str,
    asked: PageOf,
    folder: Annotated[str, Query(max_length=4096)] = "",
    q: Annotated[str, Query(max_length=200)] = "",
) -> PhotoEntries:
    """The folders and photos in one folder of a root; with `q` what is called so at any depth below it."""
    if q.strip():
        found = browsing.search(service.roots, root, folder, q, "photo")
    else:
        found = browsing.in_folder(service.roots, root, folder, "photo")
    page = Page.of(found, lambda one: one.key, asked)
    rows = [
        PhotoEntry(kind="folder" if one.kind == "folder" else "photo", name=one.name, path=one.inside)
        for one in page.rows
    ]
    return PhotoEntries(entries=rows, next=page.next)


@router.get("/roots/{root}/picture", response_class=Response, responses=BYTES)
def get_picture_in_root(service: Served, caller: By, root: str, path: str, width: Width = None) -> Response:
    """A photo below a media root, upright, as a JPEG at most `width` wide."""
    found = service.roots.find(root, path)
    try:
        digest = sha256_of(found, most=LARGEST_PHOTO)
    except OSError:
        raise ProblemError(422, "photo", "That is no photo that can be read.") from None
    jpeg: bytes = service.helper.ask("photo", by=caller.key, path=str(found), sha256=digest, width=width)
    return Response(jpeg, media_type=JPEG, headers={"cache-control": "private, no-store"})


@router.post("/identify/picture", response_class=Response, responses=BYTES)
def identify_picture(service: Served, caller: By, photo: UploadFile, far: Far = None) -> Response:
    """An uploaded photo with a box and a name on every face, as a JPEG."""
    with uploads.kept(service.project.folder, photo) as path:
        return _annotated(service, caller.key, str(path), far)


@router.get("/roots/{root}/identify/picture", response_class=Response, responses=BYTES)
def identify_picture_in_root(service: Served, caller: By, root: str, path: str, far: Far = None) -> Response:
    """A photo below a media root with a box and a name on every face, as a JPEG."""
    found = service.roots.find(root, path)
    if not found.is_file():
        raise ProblemError(422, "photo", "That is no file.")
    return _annotated(service, caller.key, str(found), far)


def _annotated(service: Served, by: str, path: str, far: float | None) -> Response:
    jpeg: bytes = service.helper.ask("annotated", by=by, path=path, far=far)
    return Response(jpeg, media_type=JPEG, headers={"cache-control": "private, no-store"})


def _answer(service: Served, caller: By, path: str, name: str, far: float | None) -> JSONResponse:
    document = service.helper.ask("identify", by=caller.key, path=path, name=name, far=far)
    if not sees(caller, "suggestions"):
        for face in (face for picture in document["pictures"] for face in picture["faces"]):
            if face["character"] is None:  # who somebody without a name may be
                face["candidates"] = []
    return JSONResponse(document)
