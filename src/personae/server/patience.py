"""Connections that send nothing, or never come to the end of a request's head, are closed."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

HEAD_WITHIN_S = 15.0
"""A connection without the whole head of a request by then is closed."""


class PatientProtocol(H11Protocol):
    """uvicorn's own, which waits for the first head for ever."""

    _head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Wait for a head, not for ever."""
        super().connection_made(transport)
        self._head = self.loop.call_later(HEAD_WITHIN_S, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more to wait for."""
        if self._head is not None:
            self._head.cancel()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        # Between two requests uvicorn waits itself, but only until the first byte.
        waits = cycle is None or (cycle.response_complete and self.timeout_keep_alive_task is None)
        if waits:
            self.transport.close()
        else:
            self._head = self.loop.call_later(HEAD_WITHIN_S, self._give_up)
