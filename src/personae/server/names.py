"""By which names a server may be asked, and what proxies in front of it say of a request."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

from personae.errors import InputError

LOOPBACK = ("127.0.0.1", "::1", "localhost")
_USUAL = (80, 443)
_Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Hosts:
    """The names that a request may give as its host: `"127.0.0.1:8765" in hosts`.

    A page elsewhere can make its own name lead here (DNS rebinding), so a name has to be known. An address in figures
    was looked up nowhere and is nobody's trick: where others may reach the server (`is_open`) each is its own.
    `names`: further ones, with any port, for a proxy may have another.
    """

    port: int
    is_open: bool = False
    names: Collection[str] = ()
    _known: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        known = {*LOOPBACK, *((socket.gethostname().lower(),) if self.is_open else ())}
        object.__setattr__(self, "_known", frozenset(known))

    def __contains__(self, host: object) -> bool:
        name, port = _parted(str(host).lower())
        if name in {each.lower() for each in self.names}:
            return True
        if port != self.port and not (port is None and self.port in _USUAL):
            return False
        return name in self._known or (self.is_open and _is_address(name))


class Proxies:
    """ASGI middleware: who asks, by which scheme and host, as the proxies say that were named; others say nothing.

    `networks`: their addresses ("10.0.0.1", "10.0.0.0/24"). Raises InputError for what is none.
    """

    def __init__(self, app: ASGIApp, networks: Iterable[str] = ()) -> None:
        self.app = app
        self._networks = networks_of(networks)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on the request as the proxy had it."""
        root = scope.get("root_path", "")
        if root and scope["type"] == "http" and scope["path"].startswith(f"{root}{root}/"):
            scope = {**scope, "path": scope["path"][len(root) :]}  # a proxy may take its own path away, or leave it
        client = scope.get("client")
        if scope["type"] == "http" and client and self._is_proxy(client[0]):
            headers = Headers(scope=scope)
            scope = {**scope, "client": (self._first(headers, client[0]), 0)}
            scheme = headers.get("x-forwarded-proto", "").strip().lower()
            if scheme in {"http", "https"}:
                scope["scheme"] = scheme
            host = headers.get("x-forwarded-host", "").strip()
            if host:
                scope["headers"] = list(scope["headers"])
                MutableHeaders(scope=scope)["host"] = host
        await self.app(scope, receive, send)

    def _first(self, headers: Headers, nearest: str) -> str:
        """The last address that no proxy of ours has: what stands before it anybody may have written."""
        said = [each.strip() for line in headers.getlist("x-forwarded-for") for each in line.split(",")]
        for address in reversed(said):
            if not _is_address(address):
                break
            nearest = address
            if not self._is_proxy(address):
                break
        return nearest

    def _is_proxy(self, address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._networks)


def networks_of(said: Iterable[str]) -> list[_Network]:
    """Addresses and networks in figures; raises InputError for what is none."""
    try:
        return [ip_network(each) for each in said]
    except ValueError as error:
        raise InputError(f"A proxy is named by its address, as 10.0.0.1 or 10.0.0.0/24: {error}.") from None


def _parted(host: str) -> tuple[str, int | None]:
    name, colon, port = host.rpartition(":")
    if not colon or (host.startswith("[") and host.endswith("]")):
        name, port = host, ""
    name = name[1:-1] if name.startswith("[") and name.endswith("]") else name
    return name, int(port) if port.isascii() and port.isdigit() and len(port) < 6 else None if not port else -1


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
