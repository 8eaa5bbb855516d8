"""Around everything: each answer has its headers, is counted, and what changes something is logged; faults stay here.

Outermost, so that also what never reached a route is counted, and also a fault is answered as everything else.
"""

from __future__ import annotations

import logging
import time
import traceback
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from personae.server.metrics import Metrics
from personae.server.problems import problem

HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"x-frame-options": b"DENY",
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'self'; img-src 'self' data:; object-src 'none'; frame-ancestors 'none'; "
    b"base-uri 'none'; form-action 'self'",
}
"""Of every answer that does not say otherwise."""
CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
changes = logging.getLogger("personae.changes")
"""A line for each change: who, what, when. No names of people or files."""
log = logging.getLogger(__name__)


@dataclass
class Accounts:
    """ASGI middleware."""

    app: ASGIApp
    metrics: Metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have a request answered."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.monotonic(), 0
        state = scope.setdefault("state", {})

        async def sends(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                present = {name.lower() for name, _ in message["headers"]}
                more = [(name, value) for name, value in HEADERS.items() if name not in present]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        try:
            await self.app(scope, receive, sends)
        except Exception as error:
            _tell(scope, error)
            if status:
                raise ConnectionError("an answer was broken off") from None  # the server closes the connection
            await problem(500, "fault", "This is a fault of Personae. Its log has more.")(scope, receive, sends)
        finally:
            operation = getattr(scope.get("route"), "name", "")
            self.metrics.answered(operation, status, time.monotonic() - began)
            caller = state.get("caller")
            if scope["method"] in CHANGING and caller is not None:
                changes.info(
                    "%s %s by %s: %s, request %s",
                    time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), operation or "none",
                    caller.name or "the token", status, state.get("request_id", "none"),
                )  # fmt: skip


def _tell(scope: Scope, error: Exception) -> None:
    """Log a fault by its kind and where it was: its text may name people and files."""
    where = " < ".join(
        f"{frame.name} ({frame.filename.rpartition('personae/')[2]}:{frame.lineno})"
        for frame in reversed(traceback.extract_tb(error.__traceback__)[-4:])
    )
    log.error("A fault in %s: %s in %s", getattr(scope.get("route"), "name", "none"), type(error).__name__, where)
