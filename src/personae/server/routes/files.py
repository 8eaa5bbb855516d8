"""The files themselves: of films, by range, and what long exports have made."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from personae.server.asking import By, Served
from personae.server.downloads import disposition
from personae.server.media_types import film_type
from personae.server.originals import film_file
from personae.server.ranges import file_answer

router = APIRouter(tags=["files"])
_BYTES: dict[int | str, dict[str, object]] = {
    200: {"description": "The file.", "content": {"application/octet-stream": {}}},
    206: {"description": "The range of it that was asked for.", "content": {"application/octet-stream": {}}},
}


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
