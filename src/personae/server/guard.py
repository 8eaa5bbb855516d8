"""Who may come in: hosts, origins, keys, sizes. Around every route, before anything is read of a request.

A browser sends what another page asks it to (to 127.0.0.1 too), and other users of a machine reach its loopback. So
nothing is answered without a key or the token; a page uses a cookie that no other site's request carries, and has to
repeat it in a header when it changes something.
"""

from __future__ import annotations

import hmac
import time
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from personae.server.keys import Caller, Keys, digest_of
from personae.server.problems import problem

COOKIE = "personae_session"
CSRF_HEADER = "x-personae"
OPEN = frozenset({"/api/v1/health"})
"""What is answered without a key: that somebody is there, and nothing else."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_FAILED = 20
FAILED_WITHIN_S = 60.0
HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"content-security-policy": b"default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
}


@dataclass
class Guard:
    """ASGI middleware. `hosts`: the names this server goes by, with port; `origins`: other pages that may ask.

    `token`: opens everything (see `Service`); `max_body`: bytes of one request.
    """

    app: ASGIApp
    keys: Keys
    token: str
    hosts: Collection[str]
    origins: Collection[str] = ()
    max_body: int = 256 * 2**20
    _failed: deque[float] = field(default_factory=deque)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what may not come in, and hand on the rest with `caller` in the request's state."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refused(scope, headers)
        if refusal is None and scope["path"] not in OPEN:
            given, by_cookie = _given(scope, headers)
            caller = self._caller(given)
            if caller is None:
                refusal = self._unknown(given)
            elif "token" in parse_qs(scope["query_string"].decode("latin-1")):
                refusal = _with_cookie(scope, given)
            elif by_cookie and scope["method"] not in SAFE and not _proves(headers, given):
                refusal = problem(403, "csrf", f"A page has to send {CSRF_HEADER} with what it changes.")
            else:
                scope.setdefault("state", {})["caller"] = caller
        if refusal is not None:
            await refusal(scope, receive, _with_headers(send))
            return
        await self.app(scope, _limited(receive, self.max_body), _with_headers(send))

    def _refused(self, scope: Scope, headers: Headers) -> ASGIApp | None:
        if headers.get("host", "").lower() not in self.hosts:
            return problem(421, "host", "This server does not go by that name.")
        origin = headers.get("origin")
        if origin is not None and origin not in self.origins and urlsplit(origin).netloc.lower() not in self.hosts:
            return problem(403, "origin", "Other pages may not ask this server.")
        try:
            length = int(headers.get("content-length", "0"))
        except ValueError:
            return problem(400, "length", "The length of the request is no number.")
        if length > self.max_body:
            return problem(413, "too-large", f"A request may have {self.max_body // 2**20} MB at most.")
        return None

    def _caller(self, given: str) -> Caller | None:
        if not given:
            return None
        if hmac.compare_digest(given.encode(), self.token.encode()) or hmac.compare_digest(
            given.encode(), session_of(self.token).encode()
        ):
            return Caller("", "admin")
        return self.keys.caller(given)

    def _unknown(self, given: str) -> ASGIApp:
        now = time.monotonic()
        while self._failed and now - self._failed[0] > FAILED_WITHIN_S:
            self._failed.popleft()
        if given:
            self._failed.append(now)
        if len(self._failed) > MOST_FAILED:
            return problem(429, "too-many", "Too many wrong keys. Wait a minute.")
        return problem(
            401, "key", "Send a key: Authorization: Bearer ... . The address that the server printed has one."
        )


def session_of(token: str) -> str:
    """What stands in the cookie in place of the token: it opens as much, and does not give the token away."""
    return digest_of(f"session {token}")


def csrf_of(session: str) -> str:
    """What a page with that cookie has to repeat."""
    return digest_of(f"csrf {session}")


def _given(scope: Scope, headers: Headers) -> tuple[str, bool]:
    """The key that came with a request, and whether it came by cookie."""
    kind, _, given = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and given.strip():
        return given.strip(), False
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("token")
    if asked and scope["method"] == "GET":
        return asked[0], False
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        cookie = None
    return ("" if cookie is None else cookie.value), True


def _proves(headers: Headers, session: str) -> bool:
    return hmac.compare_digest(headers.get(CSRF_HEADER, "").encode(), csrf_of(session).encode())


def _with_cookie(scope: Scope, given: str) -> ASGIApp:
    """The same address without the token, which must stay in no history; the browser has the cookie from then on."""
    answer = RedirectResponse(scope.get("root_path", "") + scope["path"], 303)
    answer.set_cookie(COOKIE, session_of(given), httponly=True, samesite="strict", secure=scope["scheme"] == "https")
    return answer


def _with_headers(send: Send) -> Send:
    async def sends(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *((k, v) for k, v in HEADERS.items() if k not in present)]
        await send(message)

    return sends


def _limited(receive: Receive, most: int) -> Receive:
    """A body without a stated length is cut off where it is too long: the route then sees a client that went away."""
    read = 0

    async def receives() -> Message:
        nonlocal read
        message = await receive()
        if message["type"] == "http.request":
            read += len(message.get("body", b""))
            if read > most:
                return {"type": "http.disconnect"}
        return message

    return receives
