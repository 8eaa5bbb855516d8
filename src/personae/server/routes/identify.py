"""Who is in a picture: uploaded, or below a media root. Answered by the helper process, never here."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated

from fastapi import APIRouter, Query, Response, UploadFile
from fastapi.responses import JSONResponse

from personae.names import readable
from personae.server import uploads
from personae.server.asking import By, Served, sees
from personae.server.openapi import native
from personae.server.problems import ProblemError
from personae.server.ranges import JPEG
from personae.server.ranges import JPEG_ANSWER as BYTES

router = APIRouter(tags=["identify"])
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
