"""The page, and what it needs to know of itself."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from pydantic import BaseModel

from personae.server.asking import By, Served
from personae.server.guard import COOKIE, csrf_of
from personae.server.keys import Role
from personae.server.page_addresses import VIEWS
from personae.server.problems import ProblemError

FOLDER = Path(__file__).parents[1] / "page"
TYPES = {".js": "text/javascript", ".css": "text/css", ".txt": "text/plain"}
router = APIRouter(tags=["server"])
"""Below the API's prefix."""
page_router = APIRouter(include_in_schema=False)
"""Below the root."""
BASE = "<base>"
"""What the page has where the path belongs that it is served under."""


class Session(BaseModel):
    """Whose key this is. `csrf`: what a page has to send as X-Personae with all that changes something.

    `project`: tells this project from another one that is served at the same address, and says nothing else.
    """

    name: str
    role: Role
    csrf: str
    project: str


@router.get("/session", response_model=Session)
def get_session(service: Served, request: Request, caller: By) -> dict[str, Any]:
    """Who asks. No other site's page can read the answer."""
    project = sha256(f"project {service.token} {service.project.folder.absolute()}".encode()).hexdigest()[:16]
    csrf = csrf_of(request.cookies.get(COOKIE, ""))
    return {"name": caller.name, "role": caller.role, "csrf": csrf, "project": project}


def get_page(request: Request) -> Response:
    """The page, at each address of a view: what it shows is read by its scripts from the address."""
    text, policy = _index()
    base = escape(request.scope.get("root_path", "").rstrip("/") + "/", quote=True)
    own = {"content-security-policy": policy, "cache-control": "no-cache"}
    return HTMLResponse(text.replace(BASE, f'<base href="{base}">'), headers=own)


for each in ("/", *(f"/{view}{more}" for view in sorted(VIEWS) for more in ("", "/{id:path}"))):
    page_router.add_api_route(each, get_page, methods=["GET"], response_class=HTMLResponse)


@page_router.get("/page/{path:path}")
def get_page_file(path: str) -> FileResponse:
    """What the page consists of."""
    found = FOLDER / path if path in _files() else None
    if found is None:
        raise ProblemError(404, "unknown-address", "There is no such file of the page.")
    return FileResponse(found, media_type=TYPES[found.suffix], headers={"cache-control": "no-cache"})


@cache
def _files() -> frozenset[str]:
    """The files of the page, by their path from its folder on."""
    return frozenset(
        path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.suffix in TYPES and path.is_file()
    )


@cache
def _index() -> tuple[str, str]:
    """The page, and its policy: scripts and styles are ours alone; the one in the page itself is known by digest."""
    text = (FOLDER / "index.html").read_text(encoding="utf-8")
    begin = text.index(">", text.index('<script type="importmap"')) + 1
    digest = b64encode(sha256(text[begin : text.index("</script>", begin)].encode()).digest()).decode()
    return text, (
        f"default-src 'self'; script-src 'self' 'sha256-{digest}'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "object-src 'none'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
    )
