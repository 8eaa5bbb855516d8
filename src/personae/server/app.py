"""The service as an ASGI application: routes under /api/v1, around them the guard."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from personae._version import __version__
from personae.errors import PersonaeError
from personae.server.guard import Guard
from personae.server.openapi import document
from personae.server.problems import ProblemError, of_error, problem
from personae.server.routes import (
    cast,
    cast_photos,
    crops,
    decisions,
    events,
    exports,
    files,
    identify,
    jobs,
    media,
    model,
    page,
    people,
    photo_sets,
    pictures,
    server,
)
from personae.server.service import Service
from personae.server.watching import Watcher

PREFIX = "/api/v1"
ROUTERS = tuple(
    each.router
    for each in (
        server,
        page,
        cast,
        cast_photos,
        model,
        identify,
        media,
        photo_sets,
        decisions,
        files,
        pictures,
        crops,
        exports,
        people,
        jobs,
        events,
    )
)


def make_app(service: Service, watcher: Watcher, *, hosts: Collection[str], origins: Collection[str] = ()) -> FastAPI:
    """The application; `hosts`: the names with port that it goes by, `origins`: pages elsewhere that may ask it."""
    app = _with_routes()
    app.state.service = service
    app.state.watcher = watcher

    @app.exception_handler(PersonaeError)
    def ours(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, PersonaeError)
        return of_error(error)

    @app.exception_handler(ProblemError)
    def stated(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ProblemError)
        return problem(error.status, error.code, error.detail, **error.more)

    @app.exception_handler(RequestValidationError)
    def malformed(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return problem(422, "input", f"{where}: {first['msg']}.")

    @app.exception_handler(HTTPException)
    def http(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return problem(error.status_code, "http", str(error.detail))

    app.add_middleware(Guard, keys=service.keys, token=service.token, hosts=hosts, origins=origins)
    return app


def document_of_routes() -> dict[str, Any]:
    """The OpenAPI document, without a project."""
    return dict(_with_routes().openapi())


def _with_routes() -> FastAPI:
    app = FastAPI(
        title="Personae",
        version=__version__,
        description="Names the characters in photos and films. See docs/service.md.",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX)
    app.include_router(page.page_router)
    app.openapi = cache(lambda: document(app))  # type: ignore[method-assign]
    return app
