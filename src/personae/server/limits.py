"""How much one client may ask for: of requests a minute, of wrong keys, of bytes, of time to send them."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from personae.server.problems import problem
from personae.settings import Settings

MOST_JSON = 4 * 2**20
"""Bytes of a body that is no upload: it is read as a whole."""
MOST_WRONG_KEYS = 20
WRONG_KEYS_WITHIN_S = 60.0
MOST_ADDRESSES = 4096
BETWEEN_S = 20.0
"""A body whose next piece is not there by then is given up."""
AT_LEAST_S, AT_LEAST_BYTES_S = 60.0, 16_384
"""A body may take so long, and longer where it comes at least so fast."""


@dataclass(frozen=True)
class Limits:
    """What a server allows. `body`: bytes of one request; `requests`: of one key a minute."""

    body: int = 256 * 2**20
    requests: int = 6000

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """Those of the settings."""
        return cls(settings.max_upload_mb * 2**20, settings.max_requests)


@dataclass
class Rates:
    """Counts requests by caller, and wrong keys by address. Nobody with a right key is kept out by another's wrong."""

    requests: int
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)
    _wrong: OrderedDict[str, list[float]] = field(default_factory=OrderedDict)

    def wait_for(self, caller: str) -> float:
        """Take one request of this caller; the seconds after which it is asked again where there is none left, or 0."""
        now = time.monotonic()
        left, then = self._left.get(caller, (float(self.requests), now))
        left = min(left + (now - then) * self.requests / 60, float(self.requests))
        if left < 1:
            self._left[caller] = left, now
            return (1 - left) * 60 / self.requests
        self._left[caller] = left - 1, now
        return 0.0

    def wrong(self, address: str) -> bool:
        """Count a wrong key from this address; whether there were too many."""
        now, network = time.monotonic(), network_of(address)
        times = [each for each in self._wrong.pop(network, []) if now - each < WRONG_KEYS_WITHIN_S]
        self._wrong[network] = [*times[-MOST_WRONG_KEYS:], now]
        while len(self._wrong) > MOST_ADDRESSES:
            self._wrong.popitem(last=False)
        return len(self._wrong[network]) > MOST_WRONG_KEYS


class Body:
    """The body of one request within its limits; where it is not, `refusal` is what the client gets in any case.

    `unwanted`: asked before anything is read, when the route is known; what is answered where it takes no such body.
    """

    def __init__(self, receive: Receive, send: Send, most: int, unwanted: Callable[[], ASGIApp | None]) -> None:
        self._receive, self._send, self._most, self._unwanted = receive, send, most, unwanted
        self._is_asked_for = False
        self._read, self._began, self._is_whole, self._has_answered = 0, time.monotonic(), False, False
        self.refusal: ASGIApp | None = None

    async def receive(self) -> Message:
        """The next piece; the client is gone where there are too many or too slow ones."""
        if self._is_whole:
            return await self._receive()
        if self.refusal is not None:
            return {"type": "http.disconnect"}
        if not self._is_asked_for:
            self._is_asked_for, self.refusal = True, self._unwanted()
            if self.refusal is not None:
                return {"type": "http.disconnect"}
        try:
            message = await asyncio.wait_for(self._receive(), BETWEEN_S)
        except TimeoutError:
            return self._refuse(408, "too-slow", "The request did not come to its end.")
        self._read += len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        if self._read > self._most:
            return self._refuse(413, "too-large", too_large(self._most))
        allowed_s = AT_LEAST_S + self._read / AT_LEAST_BYTES_S
        if not self._is_whole and time.monotonic() - self._began > allowed_s:
            return self._refuse(408, "too-slow", "The request comes too slowly.")
        return message

    async def send(self, message: Message) -> None:
        """Hand on what is answered, unless the client is to be refused."""
        if self.refusal is None or self._has_answered:
            self._has_answered = True
            await self._send(message)

    async def end(self, scope: Scope) -> None:
        """Answer who was refused."""
        if self.refusal is not None and not self._has_answered:
            await self.refusal(scope, self._receive, self._send)

    def _refuse(self, status: int, code: str, why: str) -> Message:
        self.refusal = problem(status, code, why, headers={"connection": "close"})
        return {"type": "http.disconnect"}


def too_large(most: int) -> str:
    """What is said of a body that is too large."""
    return f"This request may have {most // 2**20} MB at most."


def network_of(address: str) -> str:
    """Whom an address counts for: one client has as many addresses of IPv6 as it likes, in one network."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(int(found) >> 64) if isinstance(found, IPv6Address) else address
