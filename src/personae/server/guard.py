"""Who may come in: hosts, origins, keys, rates, sizes. Around every route, before anything is read of a request.

A browser sends what another page asks it to (to 127.0.0.1 too), and other users of a machine reach its loopback. So
nothing is answered without a key or the token; a page uses a cookie that no other site's request carries, and has to
repeat it in a header when it changes something.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Container
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, quote, urlencode

from fastapi.params import Form
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from personae.server.keys import Caller, Keys, digest_of
from personae.server.limits import MOST_JSON, Body, Limits, Rates, too_large
from personae.server.page_addresses import is_page
from personae.server.problems import problem
from personae.server.roles import why_not
from personae.server.signing_in import once_more_page, sign_in_page

COOKIE = "personae_session"
CSRF_HEADER = "x-personae"
OPEN = frozenset({"/api/v1/health"})
"""What is answered without a key: that somebody is there, and nothing else."""
SEND_A_KEY = "Send a key: Authorization: Bearer ... . The address that the server printed has one."
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_SITE = frozenset({"", "same-origin", "none"})
"""What a browser says of a request that our own page makes, or its user by the address."""
LONGEST_KEY = 200
UTF_8 = frozenset({b"utf-8", b"utf8"})


@dataclass
class Guard:
    """ASGI middleware. `hosts`: the names this server goes by, with port; `origins`: other pages that may ask.

    `token`: opens everything (see `Service`).
    """

    app: ASGIApp
    keys: Keys
    token: str
    hosts: Container[str]
    origins: Collection[str] = ()
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        self._rates = Rates(self.limits.requests)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what may not come in, and hand on the rest with `caller` in the request's state."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin in self.origins:
            send = _for_page(send, str(origin))
        most = self.limits.body if headers.get("content-type", "").startswith("multipart/") else MOST_JSON
        refusal = self._refused(scope, headers, most) or self._not_let_in(scope, headers)
        if "caller" not in scope.get("state", {}):
            send = _and_closes(send)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        body = Body(receive, send, most, lambda: _unwanted(scope, headers))
        try:
            await self.app(scope, body.receive, body.send)
        except Exception:
            if body.refusal is None:
                raise
        await body.end(scope)

    def _refused(self, scope: Scope, headers: Headers, most: int) -> ASGIApp | None:
        """What is wrong with a request, whoever it is from."""
        if len(headers.getlist("host")) != 1 or headers["host"] not in self.hosts:
            return problem(421, "host", "This server does not go by that name.")
        origin = headers.get("origin")
        own = f"{scope['scheme']}://{headers['host']}".lower()
        if origin is not None and origin.lower() != own:
            if origin not in self.origins:
                return problem(403, "origin", "Other pages may not ask this server.")
            if scope["method"] == "OPTIONS":
                return Response(status_code=204)
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit() and len(length) < 20):
            return problem(400, "length", "The length of the request is no number.")
        if int(length) > most:
            return problem(413, "too-large", too_large(most), headers={"connection": "close"})
        kind, options = parse_options_header(headers.get("content-type"))
        if kind.startswith(b"multipart/") and options.get(b"charset", b"utf-8").lower() not in UTF_8:
            # Fields would be decoded by it, and some of Python's decoders take minutes for a megabyte.
            return problem(415, "malformed", "A form is sent in UTF-8.", headers={"connection": "close"})
        return None

    def _not_let_in(self, scope: Scope, headers: Headers) -> ASGIApp | None:
        """Find out who asks, for the routes; what is answered where they may not."""
        if path_in(scope) in OPEN:
            return None
        given, kind = _given(scope, headers)
        caller = self._caller(given, kind)
        if caller is None:
            return self._unknown(given, scope, headers)
        wait_s = self._rates.wait_for(caller.key)
        if wait_s:
            return problem(429, "too-many", f"This key has asked {self.limits.requests} times within a minute.",
                           headers={"retry-after": str(int(wait_s) + 1)})  # fmt: skip
        if kind == "address":
            return self._with_cookie(scope, caller)
        if kind == "cookie" and scope["method"] not in SAFE and not _proves(headers, given):
            return problem(403, "csrf", f"A page has to send {CSRF_HEADER} with what it changes.")
        state = scope.setdefault("state", {})
        state["caller"], state["session"] = caller, given if kind == "cookie" else ""
        state["still"] = lambda: self._caller(given, kind)
        return None

    def _caller(self, given: str, kind: str) -> Caller | None:
        if not given or len(given) > LONGEST_KEY or not given.isascii():
            return None
        if kind == "cookie":
            id = given.partition(".")[0]
            caller, digest = (Caller("", "admin"), "") if not id else self.keys.of_id(id) or (None, "")
            return caller if hmac.compare_digest(given, session_of(self.token, id, digest)) else None
        if hmac.compare_digest(given, self.token):
            return Caller("", "admin")
        return self.keys.caller(given)

    def _unknown(self, given: str, scope: Scope, headers: Headers) -> ASGIApp:
        said = "This key does not count (any more)." if given else ""
        answer = problem(401, "key", said or SEND_A_KEY, headers={"www-authenticate": "Bearer"})
        if given and self._rates.wrong((scope.get("client") or ("",))[0]):
            said = "Too many wrong keys. Wait a minute."
            answer = problem(429, "too-many", said, headers={"retry-after": "60"})
        if scope["method"] == "GET" and is_page(path_in(scope)) and "text/html" in headers.get("accept", ""):
            if headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") == "navigate":
                return once_more_page()
            kept = {
                name: answer.headers[name] for name in ("www-authenticate", "retry-after") if name in answer.headers
            }
            asked = [pair for pair in parse_qsl(scope["query_string"].decode("latin-1")) if pair[0] != "token"]
            return sign_in_page(answer.status_code, said, kept, asked)
        return answer

    def _with_cookie(self, scope: Scope, caller: Caller) -> ASGIApp:
        """The same address without the token, which is for no history; from then on the browser has the cookie."""
        root = scope.get("root_path", "")
        rest = [pair for pair in parse_qsl(scope["query_string"].decode("latin-1")) if pair[0] != "token"]
        # One slash: with two it would be another server's.
        address = f"{root}/{quote(path_in(scope).lstrip('/'))}{'?' + urlencode(rest) if rest else ''}"
        answer = RedirectResponse(address, 303)
        found = self.keys.of_id(caller.key) if caller.key else None
        session = session_of(self.token, caller.key, "" if found is None else found[1])
        answer.set_cookie(
            COOKIE, session, httponly=True, samesite="strict", secure=scope["scheme"] == "https", path=root or "/"
        )
        return answer


def path_in(scope: Scope) -> str:
    """The path of a request below the one that a proxy serves us under."""
    root: str = scope.get("root_path", "").rstrip("/")
    path: str = scope["path"]
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


def session_of(token: str, key: str, digest: str) -> str:
    """What stands in the cookie of a page: which key it is of, and that this server has given it.

    It gives neither the token nor a key away, and counts no longer than they do. Who has only read the digests of keys
    cannot make one.
    """
    return f"{key}.{hmac.new(token.encode(), f'session {key} {digest}'.encode(), 'sha256').hexdigest()}"


def csrf_of(session: str) -> str:
    """What a page with that cookie has to repeat."""
    return digest_of(f"csrf {session}")


def _given(scope: Scope, headers: Headers) -> tuple[str, str]:
    """The key that came with a request, and how it came: "header", "address" or "cookie"; "" for none.

    A cookie counts for our own pages alone: one that another port of this machine serves has the same cookies.
    """
    kind, _, given = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and given.strip():
        return given.strip(), "header"
    asked = [value for name, value in parse_qsl(scope["query_string"].decode("latin-1")) if name == "token"]
    if asked and scope["method"] == "GET":
        return asked[0].strip(), "address"
    own = f"{scope['scheme']}://{headers['host']}".lower()
    if headers.get("sec-fetch-site", "") not in OWN_SITE or headers.get("origin", own).lower() != own:
        return "", ""
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        cookie = None
    return ("", "") if cookie is None else (cookie.value, "cookie")


def _proves(headers: Headers, session: str) -> bool:
    return hmac.compare_digest(headers.get(CSRF_HEADER, "").encode(), csrf_of(session).encode())


def _unwanted(scope: Scope, headers: Headers) -> ASGIApp | None:
    """What is answered to a body that the route does not take, or not from who sends it; before any of it is read."""
    route = scope.get("route")
    caller = scope.get("state", {}).get("caller")
    why = None if caller is None else why_not(caller, getattr(route, "name", ""))
    if why is not None:
        return problem(403, "role", why, headers={"connection": "close"})
    kind, _ = parse_options_header(headers.get("content-type"))
    field = getattr(route, "body_field", None)
    takes_form = field is not None and isinstance(field.field_info, Form)
    if kind.startswith(b"multipart/") and not takes_form:
        return problem(415, "malformed", "This takes no form. Send JSON.", headers={"connection": "close"})
    if kind == b"application/x-www-form-urlencoded" and takes_form:
        return problem(415, "malformed", "Send the form as multipart/form-data.", headers={"connection": "close"})
    return None


def _and_closes(send: Send) -> Send:
    """Who sent no key has nothing to keep a connection for: many of them would keep others out."""

    async def sends(message: Message) -> None:
        if message["type"] == "http.response.start":
            rest = [each for each in message["headers"] if each[0].lower() != b"connection"]
            message = {**message, "headers": [*rest, (b"connection", b"close")]}
        await send(message)

    return sends


def _for_page(send: Send, origin: str) -> Send:
    """Answers that a page of that origin may read. It sends a key: cookies are not taken from it."""
    more = {
        b"access-control-allow-origin": origin.encode(),
        b"vary": b"Origin",
        b"access-control-allow-methods": b"GET, POST, PATCH, DELETE",
        b"access-control-allow-headers": b"Authorization, Content-Type, Idempotency-Key, If-None-Match, If-Range, "
        b"Last-Event-ID, Range",
        b"access-control-expose-headers": b"Content-Disposition, Content-Range, ETag, Location, Retry-After",
        b"access-control-max-age": b"600",
    }

    async def sends(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *more.items()]}
        await send(message)

    return sends
