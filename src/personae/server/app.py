"""The service as an ASGI application: routes under /api/v1, around them the guard."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from personae._version import __version__
from personae.errors import PersonaeError
from personae.server.accounts import Accounts
from personae.server.asked_kept import AskedKept
from personae.server.guard import Guard
from personae.server.limits import Limits
from personae.server.metrics import Metrics
from personae.server.names import Proxies
from personae.server.openapi import document
from personae.server.problems import CODES, ProblemError, of_error, of_malformed, problem
from personae.server.routes import (
    cast,
    cast_photos,
    crops,
    decisions,
    events,
    everybody,
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
    questions,
    server,
)
from personae.server.service import Service
from personae.server.watching import Watcher

PREFIX = "/api/v1"
MOST_FIELDS, LONGEST_FIELD = 100, 10_000
"""Of a form, besides its files: how many, and bytes of each."""
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
        everybody,
        questions,
        jobs,
        events,
    )
)


_SAID = {404: "There is nothing at this address.", 405: "This address does not take this method."}
"""Instead of the framework's own words."""


@dataclass
class _Standing:
    """How a server stands, for whoever measures."""

    service: Service
    watcher: Watcher

    def jobs(self) -> dict[tuple[str, str], int]:
        """How many there are."""
        return self.service.jobs.counts()

    def numbers(self) -> dict[str, float]:
        """Name -> number of now."""
        helper = self.service.helper
        return {"events": self.watcher.latest, "event_streams": self.watcher.streams,
                "helper_starts": helper.starts, "helper_questions_waiting": helper.waiting}  # fmt: skip


def make_app(
    service: Service,
    watcher: Watcher,
    *,
    hosts: Container[str],
    origins: Collection[str] = (),
    proxies: Iterable[str] = (),
) -> FastAPI:
    """The application; `hosts`: the names with port that it goes by, `origins`: pages elsewhere that may ask it.

    `proxies`: addresses of those in front of it, who say who asks. Raises InputError for what is no address.
    """
    app = _with_routes()
    app.state.service = service
    app.state.watcher = watcher
    app.state.asked_kept = AskedKept()
    app.state.metrics = Metrics(_Standing(service, watcher))

    @app.exception_handler(PersonaeError)
    def ours(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, PersonaeError)
        return of_error(error)

    @app.exception_handler(ProblemError)
    def stated(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ProblemError)
        return problem(error.status, error.code, error.detail, **error.more)

    @app.exception_handler(RequestValidationError)
    def malformed(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        is_json = "json" in request.headers.get("content-type", "").partition(";")[0].lower()
        return of_malformed(error.errors(), is_json=is_json)

    @app.exception_handler(HTTPException)
    def http(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        code = CODES.get(error.status_code, "http")
        said = _SAID.get(error.status_code, f"{str(error.detail).rstrip('.')}.")
        return problem(error.status_code, code, said, headers=error.headers)

    limits = Limits.of(service.project.settings)
    app.add_middleware(
        Guard, keys=service.keys, token=service.token, hosts=hosts, origins=frozenset(origins), limits=limits
    )
    app.add_middleware(Accounts, metrics=app.state.metrics)
    app.add_middleware(Proxies, networks=tuple(proxies))
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
        form_limits={"max_fields": MOST_FIELDS, "max_part_size": LONGEST_FIELD},
    )
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX)
    app.include_router(page.page_router)
    app.openapi = cache(lambda: document(app))  # type: ignore[method-assign]
    return app
