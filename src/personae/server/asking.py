"""What routes ask of a request: who it is from, whether they may, and which request it is."""

from __future__ import annotations

import re
from typing import Annotated
from uuid import uuid4

from fastapi import Depends, Header, Request

from personae.server.keys import Caller, digest_of
from personae.server.problems import ProblemError
from personae.server.roles import MAY, SEES
from personae.server.service import Service

_ID = re.compile(r"[\x21-\x7e]{1,200}")


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    role = MAY[request.scope["route"].name]
    if not caller.may(role):
        raise ProblemError(403, "role", f"That takes the role {role}; this key has {caller.role}.")
    return caller


def _request_id(
    request: Request,
    idempotency_key: Annotated[
        str | None, Header(description="The same request sent again, with the same key, is done once.")
    ] = None,
) -> str:
    """The id of this command, for journals and the table of jobs. Of one caller and one operation: two who choose the
    same key do not meet, and nothing that a key says is kept.
    """
    if idempotency_key is None:
        request.state.request_id = uuid4().hex
        return str(request.state.request_id)
    if not _ID.fullmatch(idempotency_key):
        raise ProblemError(422, "input", "Idempotency-Key: give up to 200 signs of ASCII without spaces.")
    caller: Caller = request.state.caller
    id = digest_of(f"{caller.name}\0{request.scope['route'].name}\0{idempotency_key}")[:32]
    request.state.request_id = id
    return id


def sees(caller: Caller, what: str) -> bool:
    """Whether answers to this caller may hold `what` (see `SEES`)."""
    return caller.may(SEES[what])


Served = Annotated[Service, Depends(_service)]
By = Annotated[Caller, Depends(_caller)]
"""Who asks. Every route has it, or the app refuses to be made: it is what looks into the table of roles."""
RequestId = Annotated[str, Depends(_request_id)]
