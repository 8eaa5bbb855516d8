"""Connections that send nothing, or never come to the end of a request's head, are closed, and one client has few."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from personae.server.accounts import HEADERS
from personae.server.limits import network_of
from personae.server.problems import problem

HEAD_WITHIN_S = 15.0
"""A connection without the whole head of a request by then is closed."""
MOST_WITHOUT_HEAD = 64
"""Connections of one address that have sent no whole head yet; for a further one the oldest is closed."""
_HEADERS = {name.decode(): value.decode() for name, value in HEADERS.items()}
_BUSY = problem(503, "busy", "Too many are connected. Ask again in some seconds.",
                headers={**_HEADERS, "connection": "close"})  # fmt: skip
_without_head: dict[str, dict[PatientProtocol, None]] = {}
"""Address -> its connections without a head, oldest first. Touched by the server's own thread alone."""


class PatientProtocol(H11Protocol):
    """uvicorn's own, which waits for the first head for ever, and has a refusal of its own where too many connect."""

    _head: asyncio.TimerHandle | None = None
    _address = ""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._most, self.limit_concurrency = self.limit_concurrency, None
        self._answers = self.app

    def connection_made(self, transport: Any) -> None:
        """Wait for a head, not for ever, and not for many of one client."""
        super().connection_made(transport)
        self._head = self.loop.call_later(HEAD_WITHIN_S, self._give_up)
        self._address = network_of(self.client[0] if self.client else "")
        waiting = _without_head.setdefault(self._address, {})
        waiting[self] = None
        if len(waiting) > MOST_WITHOUT_HEAD:
            oldest = next(iter(waiting))
            oldest._has_head()
            oldest.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more to wait for."""
        self._has_head()
        if self._head is not None:
            self._head.cancel()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Answer what came, or say that too many are there."""
        too_many = self._most is not None and max(len(self.connections), len(self.tasks)) >= self._most
        self.app = _BUSY if too_many else self._answers
        super().handle_events()
        if self.cycle is not None:
            self._has_head()

    def _has_head(self) -> None:
        waiting = _without_head.get(self._address, {})
        waiting.pop(self, None)
        if not waiting:
            _without_head.pop(self._address, None)

    def _give_up(self) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        # Between two requests uvicorn waits itself, but only until the first byte.
        waits = cycle is None or (cycle.response_complete and self.timeout_keep_alive_task is None)
        if waits:
            self.transport.close()
        else:
            self._head = self.loop.call_later(HEAD_WITHIN_S, self._give_up)
