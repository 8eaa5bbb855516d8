"""Who is in a picture: uploaded, or below a media root. Answered by the helper process, never here."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, Query, UploadFile

from personae.names import readable
from personae.server import uploads
from personae.server.asking import By, Served
from personae.server.problems import ProblemError

router = APIRouter(tags=["identify"])
Far = Annotated[float | None, Query(gt=0, le=0.5)]


@router.post("/identify")
def identify(service: Served, caller: By, photo: UploadFile, far: Far = None) -> dict[str, Any]:
    """Who is in an uploaded photo. It is deleted when the answer is made."""
    with uploads.kept(service.project.folder, photo) as path:
        return _answer(service, str(path), PurePosixPath(readable(photo.filename or "photo")).name, far)


@router.get("/roots/{root}/identify")
def identify_in_root(service: Served, caller: By, root: str, path: str, far: Far = None) -> dict[str, Any]:
    """Who is in a photo below a media root."""
    found = service.roots.find(root, path)
    if not found.is_file():
        raise ProblemError(422, "photo", "That is no file.")
    return _answer(service, str(found), path, far)


def _answer(service: Served, path: str, name: str, far: float | None) -> dict[str, Any]:
    found: dict[str, Any] = service.helper.ask("identify", path=path, name=name, far=far)
    return found
