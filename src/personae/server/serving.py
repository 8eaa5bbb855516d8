"""Serve a project: one server for it, its address, its token, its workers, and an orderly end."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from personae.errors import InputError, ProjectBusyError
from personae.files import file_lock, make_folder, write_whole
from personae.hints import command
from personae.jobs.crew import Crew
from personae.jobs.table import JobTable
from personae.project.session import Project
from personae.server.app import make_app
from personae.server.helper import Helper
from personae.server.keys import Keys
from personae.server.roots import MediaRoots
from personae.server.service import Service
from personae.server.watching import Watcher

TOKEN_FILE = "server.token"
ADDRESS_FILE = "server.json"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Place:
    """Where a server listens, and how it is reached."""

    host: str = "127.0.0.1"
    port: int = 8765
    tls_cert: Path | None = None
    tls_key: Path | None = None
    root_path: str = ""

    @property
    def address(self) -> str:
        """For people to open."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host
        host = f"[{host}]" if ":" in host else host
        return f"{'https' if self.tls_cert else 'http'}://{host}:{self.port}{self.root_path}"

    @property
    def is_open(self) -> bool:
        """Whether other machines may reach it."""
        return self.host not in LOOPBACK

    @property
    def hosts(self) -> list[str]:
        """The names that requests may give."""
        names = {*LOOPBACK, "[::1]", self.host, socket.gethostname().lower()}
        return [*(f"{name}:{self.port}" for name in names), *names]


@dataclass
class Running:
    """A server that is ready: where it is, what opens it, and `run`, which returns when it was asked to end."""

    address: str
    token: str
    _server: uvicorn.Server
    _listener: socket.socket

    def run(self) -> None:
        """Answer until SIGTERM or Ctrl+C."""
        # uvicorn sends itself the signal again when it is done: then it must not end the process before the rest has.
        before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            self._server.run(sockets=[self._listener])
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def serving(project: Project, folders: Sequence[Path], place: Place, *, workers: int = 1) -> Iterator[Running]:
    """A server ready to `run`, its workers working; raises InputError, also where another one serves the project."""
    keys = Keys(project.folder)
    if place.is_open and not any(key.counts for key in keys.list()):
        raise InputError(
            f"Others could reach {place.host}, and there is no key yet. "
            f"Make one first: {command('keys add NAME --role editor')}"
        )
    roots = MediaRoots(folders)
    make_folder(project.folder, private=True)
    with _only_one(project.folder), _listening(place) as listener, ExitStack() as stack:
        table = JobTable.of_project(project.folder)
        stack.callback(table.close)
        helper = Helper(project.folder)
        stack.callback(helper.close)
        service = Service(project, table, keys, roots, _token(project.folder), helper)
        stack.callback(service.close)
        watcher = stack.enter_context(Watcher(service))
        stack.enter_context(Crew(project.folder, table, workers=workers))
        stack.enter_context(_said_where(project.folder, place))
        config = uvicorn.Config(
            make_app(service, watcher, hosts=place.hosts), log_level="warning", access_log=False, lifespan="off",
            timeout_graceful_shutdown=3, server_header=False, root_path=place.root_path,
            ssl_certfile=place.tls_cert, ssl_keyfile=place.tls_key, proxy_headers=False,
        )  # fmt: skip
        yield Running(place.address, service.token, uvicorn.Server(config), listener)


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    try:
        with file_lock(folder / ".server.lock", 0.0, folder, "serve"):
            yield
    except ProjectBusyError as error:
        if Path(error.path) != folder:
            raise
        raise InputError(f"This project is served already{_where(folder)}.") from None


def _where(folder: Path) -> str:
    try:
        return f": {json.loads((folder / ADDRESS_FILE).read_text(encoding='utf-8'))['address']}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


@contextmanager
def _said_where(folder: Path, place: Place) -> Iterator[None]:
    """While the server runs its address stands in the project, for a second one that is refused."""
    path = folder / ADDRESS_FILE
    write_whole(path, json.dumps({"address": place.address, "pid": os.getpid()}).encode(), private=True)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()


@contextmanager
def _listening(place: Place) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((place.host, place.port))
        except OSError as error:
            raise InputError(
                f"{place.host}:{place.port} cannot be listened on ({error.strerror}). Choose another --port."
            ) from None
        yield listener


def _token(folder: Path) -> str:
    """The token of this project's server: made once, in a file that only its owner may read."""
    path = folder / TOKEN_FILE
    with contextlib.suppress(OSError):
        known = path.read_text(encoding="ascii").strip()
        if len(known) >= 32:
            return known
    token = secrets.token_urlsafe(32)
    write_whole(path, token.encode(), private=True)
    return token
