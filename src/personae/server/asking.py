"""What routes ask of a request: who it is from, whether they may, and which request it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Annotated
from uuid import uuid4

from fastapi import Depends, Header, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

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
    unknown = sorted({*request.query_params} - _parameters(request.scope["route"]))
    if unknown:  # one that is mistyped would be as if it was not given
        raise ProblemError(422, "input", f"There is no parameter {unknown[0]!r} here.")
    return caller


def _parameters(route: APIRoute) -> frozenset[str]:
    """The parameters that a route takes in the address after the question mark."""
    known = _KNOWN.get(route.name)
    if known is None:
        known = _KNOWN[route.name] = frozenset(_names_of(route.dependant))
    return known


def _names_of(dependant: Dependant) -> Iterator[str]:
    yield from (each.alias for each in dependant.query_params)
    for each in dependant.dependencies:
        yield from _names_of(each)


_KNOWN: dict[str, frozenset[str]] = {}


async def _request_id(
    request: Request,
    service: Annotated[Service, Depends(_service)],
    idempotency_key: Annotated[
        str | None, Header(description="The same request sent again, with the same key, is done once.")
    ] = None,
) -> str:
    """The id of this command, for journals and the table of jobs. Of one caller and one address: two who choose the
    same key do not meet, and nothing that a key says is kept.
    """
    if idempotency_key is None:
        request.state.request_id = uuid4().hex
        return str(request.state.request_id)
    if not _ID.fullmatch(idempotency_key):
        raise ProblemError(422, "input", "Idempotency-Key: give up to 200 signs of ASCII without spaces.")
    caller: Caller = request.state.caller
    id = digest_of(f"{caller.name}\0{request.scope['route'].name}\0{request.scope['path']}\0{idempotency_key}")[:32]
    request.state.request_id = id
    if not service.requests.is_same(id, await _said(request)):
        raise ProblemError(422, "key-used", "This Idempotency-Key was sent with something else. Choose another one.")
    return id


async def _said(request: Request) -> str:
    """What a request says, as a digest of its body; of a form, which is read in pieces, of its size."""
    kind = request.headers.get("content-type", "")
    body = b"" if kind.startswith("multipart/") else await request.body()
    size = request.headers.get("content-length", "") if kind.startswith("multipart/") else ""
    return digest_of(f"{request.url.query}\0{size}\0{sha256(body).hexdigest()}")


def sees(caller: Caller, what: str) -> bool:
    """Whether answers to this caller may hold `what` (see `SEES`)."""
    return caller.may(SEES[what])


Served = Annotated[Service, Depends(_service)]
By = Annotated[Caller, Depends(_caller)]
"""Who asks. Every route has it, or the app refuses to be made: it is what looks into the table of roles."""
RequestId = Annotated[str, Depends(_request_id)]
