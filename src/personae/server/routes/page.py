"""The plain page, and what it needs to know of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel

from personae.server.asking import By
from personae.server.guard import COOKIE, csrf_of
from personae.server.keys import Role
from personae.server.problems import ProblemError

FOLDER = Path(__file__).parents[1] / "page"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
router = APIRouter(tags=["server"])
"""Below the API's prefix."""
page_router = APIRouter(include_in_schema=False)
"""Below the root."""


class Session(BaseModel):
    """Whose key this is. `csrf`: what a page has to send as X-Personae with all that changes something."""

    name: str
    role: Role
    csrf: str


@router.get("/session", response_model=Session)
def get_session(request: Request, caller: By) -> dict[str, Any]:
    """Who asks. No other site's page can read the answer."""
    return {"name": caller.name, "role": caller.role, "csrf": csrf_of(request.cookies.get(COOKIE, ""))}


@page_router.get("/")
def get_page() -> FileResponse:
    """The page."""
    return _file("index.html")


@page_router.get("/page/{name}")
def get_page_file(name: str) -> FileResponse:
    """What the page consists of."""
    return _file(name)


def _file(name: str) -> FileResponse:
    path = next((each for each in FOLDER.iterdir() if each.name == name and each.suffix in TYPES), None)
    if path is None:
        raise ProblemError(404, "unknown-address", "There is no such file of the page.")
    return FileResponse(path, media_type=TYPES[path.suffix], headers={"cache-control": "no-cache"})
