"""The files themselves, by range: of films, and films that a job exports; these wait in the project to be fetched."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from personae.files import open_input
from personae.project.waiting_exports import WaitingExports
from personae.server.asking import By, RequestId, Served
from personae.server.downloads import disposition
from personae.server.jobs_json import JobAnswer, job_dict
from personae.server.media_types import film_type
from personae.server.originals import film_file, video_facts
from personae.server.problems import ProblemError
from personae.server.ranges import file_answer

router = APIRouter(tags=["files"])
_BYTES: dict[int | str, dict[str, object]] = {
    200: {"description": "The file.", "content": {"application/octet-stream": {}}},
    206: {"description": "The range of it that was asked for.", "content": {"application/octet-stream": {}}},
}


class _Export(BaseModel):
    """A film to be written. `annotated`: with a box and a name on every face, of `characters` (ids; none: all) and of
    people without a name where `unknown`; `selection`: every stretch with any of `characters` or `unknown_people`
    (numbers), as an MP4.
    """

    model_config = ConfigDict(extra="forbid")
    kind: Literal["annotated", "selection"]
    suffix: Literal[".mp4", ".mov", ".mkv"] = ".mp4"
    characters: Annotated[list[str], Field(max_length=100)] = []
    unknown_people: Annotated[list[Annotated[int, Field(ge=1)]], Field(max_length=100)] = []
    together: Annotated[list[str], Field(max_length=100)] = []
    without: Annotated[list[str], Field(max_length=100)] = []
    unknown: bool = True
    depicted: bool = False
    close_ups: bool = False
    min_s: Annotated[float, Field(ge=0, le=10**6)] = 0.0
    handles_s: Annotated[float, Field(ge=0, le=10**6)] = 0.0


@router.get("/media/{id}/file", response_class=Response, responses=_BYTES)
def get_film_file(
    service: Served, caller: By, request: Request, id: str, part: Annotated[int, Query(ge=1)] = 1
) -> Response:
    """The film's own file, or a range of it; `part`: which one, of a film that is several in a row."""
    file, path = film_file(service.roots, service.film(id).timeline.video, part)
    headers = {"content-disposition": disposition(path.stem, path.suffix.lower(), "inline")}
    return file_answer(file, request, film_type(file), headers)


router.add_api_route(
    "/media/{id}/file", get_film_file, methods=["HEAD"], response_class=Response, include_in_schema=False
)


@router.post("/media/{id}/exports", status_code=202, response_model=JobAnswer)
def start_export(service: Served, caller: By, id: str, body: _Export, request: RequestId) -> dict[str, Any]:
    """Write a film with what is known drawn on it, or a stringout of it: a job, whose file `get_job_file` gives."""
    film = service.film(id)
    if body.kind == "selection" and (body.suffix != ".mp4" or not (body.characters or body.unknown_people)):
        raise ProblemError(422, "input", "A selection says whom, and is an .mp4.")
    video_facts(service.roots, film.timeline.video)  # what lies elsewhere is not read for anybody
    for character in (*body.characters, *body.together, *body.without):
        service.character(character)
    what = service.roots.within() | {"film": film.name, **body.model_dump()}
    job = service.jobs.add("export", what, request=request, by=caller.name)
    return {"job": job_dict(job)}


@router.get("/jobs/{id}/file", response_class=Response, responses=_BYTES)
def get_job_file(service: Served, caller: By, request: Request, id: str) -> Response:
    """The film that a job has written, or a range of it. It waits for `exports_days`."""
    job = service.jobs.get(id)
    if job is None:
        raise ProblemError(404, "unknown-job", "There is no job with this id.")
    if job.kind != "export":
        raise ProblemError(404, "no-file", "This job makes no file.")
    if job.state != "done":
        raise ProblemError(409, "not-done", f"There is no file: the job is {job.state}.")
    waiting = WaitingExports(service.project.context.paths, service.project.settings)
    waiting.trim()
    path = waiting.find(job.id)
    try:
        file = None if path is None else open_input(path)
    except OSError:
        file = None
    if file is None or path is None:
        raise ProblemError(410, "gone", "The file is not there any more. Ask for the export again.")
    name = f"{job.result.get('film', 'film')}.{job.what.get('kind', 'export')}"
    return file_answer(file, request, film_type(file), {"content-disposition": disposition(name, path.suffix)})


router.add_api_route(
    "/jobs/{id}/file", get_job_file, methods=["HEAD"], response_class=Response, include_in_schema=False
)
