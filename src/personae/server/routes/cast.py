"""Characters: list, add, rename, merge, remove, and their photos."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from personae.jobs.uploaded import UPLOADED
from personae.server import uploads
from personae.server.asking import By, RequestId, Served
from personae.server.jobs_json import job_dict
from personae.server.problems import ProblemError
from personae.server.saying import Name

router = APIRouter(tags=["cast"])


class _Names(BaseModel):
    model_config = ConfigDict(extra="forbid")
    names: Annotated[list[Name], Field(min_length=1, max_length=10_000)]


class _Rename(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Name


class _Merge(BaseModel):
    model_config = ConfigDict(extra="forbid")
    characters: Annotated[list[str], Field(min_length=2, max_length=1000)]
    into: Name | None = None


@router.get("/characters")
def list_characters(service: Served, caller: By) -> dict[str, Any]:
    """Everybody in the cast, by name, with how many photos are enrolled."""
    cast = service.project.cast
    ids, photos = cast.names(), cast.characters()
    found = [{"id": id, "name": name, "photos": photos.get(name, 0)} for id, name in ids.items()]
    return {"characters": sorted(found, key=lambda one: str(one["name"]))}


@router.post("/characters")
def add_characters(service: Served, caller: By, body: _Names) -> dict[str, Any]:
    """Characters without photos: they can be given as names."""
    report = service.project.cast.add_names(body.names)
    return {"edits": [edit.id for edit in report.edits]}


@router.patch("/characters/{id}")
def rename_character(service: Served, caller: By, id: str, body: _Rename) -> dict[str, Any]:
    """Give a character another name."""
    report = service.project.cast.rename(service.character(id), body.name)
    return {"edits": [edit.id for edit in report.edits], "notes": report.notes}


@router.delete("/characters/{id}")
def remove_character(service: Served, caller: By, id: str) -> dict[str, Any]:
    """Take a character out of the cast; `undo` brings them back."""
    report = service.project.cast.remove(service.character(id))
    return {"edits": [edit.id for edit in report.edits], "notes": report.notes}


@router.post("/characters/merge")
def merge_characters(service: Served, caller: By, body: _Merge) -> dict[str, Any]:
    """Make several characters one."""
    names = [service.character(id) for id in body.characters]
    report = service.project.cast.merge(*names, into=body.into)
    return {"edits": [edit.id for edit in report.edits], "notes": report.notes}


@router.post("/cast/undo")
def undo_edits(service: Served, caller: By) -> dict[str, Any]:
    """Take back the last edit of the cast."""
    report = service.project.cast.undo()
    return {"edits": [edit.id for edit in report.edits], "notes": report.notes}


@router.post("/photos-of-cast", status_code=202)
def add_photos(
    service: Served,
    caller: By,
    name: Annotated[str, Form(max_length=500)],
    photos: list[UploadFile],
    request: RequestId,
) -> dict[str, Any]:
    """Enrol photos as a character's, known or new: a job. What they are called is not kept."""
    job = uploads.for_job(
        service.project.folder, photos,
        lambda folder, paths: service.jobs.add(
            "add", {"name": name, "photos": paths, UPLOADED: folder}, request=request, by=caller.name
        ),
    )  # fmt: skip
    return {"job": job_dict(job)}


@router.post("/train", status_code=202)
def train(service: Served, caller: By, root: str, folder: str, request: RequestId) -> dict[str, Any]:
    """Train on a folder of photos per character, below a media root: a job."""
    path = service.roots.find(root, folder)
    if not path.is_dir():
        raise ProblemError(422, "input", "That is no folder.")
    job = service.jobs.add("train", {"folder": str(path)}, request=request, by=caller.name)
    return {"job": job_dict(job)}
