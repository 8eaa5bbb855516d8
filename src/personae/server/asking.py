"""What routes ask of a request: who it is from, and which service it is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request

from personae.server.keys import Caller, Role
from personae.server.problems import ProblemError
from personae.server.service import Service


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _allowed(role: Role) -> Callable[[Request], Caller]:
    def caller(request: Request) -> Caller:
        found: Caller = request.state.caller
        if not found.may(role):
            raise ProblemError(403, "role", f"That takes the role {role}; this key has {found.role}.")
        return found

    return caller


Served = Annotated[Service, Depends(_service)]
Viewer = Annotated[Caller, Depends(_allowed("viewer"))]
Editor = Annotated[Caller, Depends(_allowed("editor"))]
Admin = Annotated[Caller, Depends(_allowed("admin"))]
