"""Serve a project: one server for it, its address, its token, its workers, and an orderly end."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI

from personae.errors import InputError, ProjectBusyError, reason_of
from personae.files import file_lock, make_folder, write_error, write_whole
from personae.hints import command
from personae.job_rows import JobRows
from personae.jobs.crew import Crew
from personae.jobs.table import JobTable
from personae.project.session import Project
from personae.project.waiting_exports import WaitingExports
from personae.server import uploads
from personae.server.app import make_app
from personae.server.helper import Helper
from personae.server.keys import Keys
from personae.server.names import LOOPBACK, Hosts, networks_of
from personae.server.patience import PatientProtocol
from personae.server.roots import MediaRoots
from personae.server.service import Service
from personae.server.watching import Watcher

SWITCH_S = 0.0005
"""So long one thread computes while others wait. A decision waits for the disk some twenty times, and after each for
whoever makes a timeline meanwhile: Python's own 5 ms would add up to more than all its work."""
TOKEN_FILE = "server.token"
ADDRESS_FILE = "server.json"
MOST_CONNECTIONS = 1000
LONGEST_HEADERS = 32 * 1024
"""Bytes of a request's head."""


@dataclass(frozen=True)
class Place:
    """Where a server listens, and how it is reached.

    `names`: further names it goes by; `origins`: pages elsewhere that may ask it, as https://cutting.example.org;
    `proxies`: addresses of those in front of it, which say who asks; nobody else is believed.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    tls_cert: Path | None = None
    tls_key: Path | None = None
    root_path: str = ""
    names: Sequence[str] = ()
    origins: Sequence[str] = ()
    proxies: Sequence[str] = ()

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
    def hosts(self) -> Hosts:
        """The names that requests may give."""
        return Hosts(self.port, self.is_open, self.names)

    def check(self) -> None:
        """Raise InputError for what is not as it has to be."""
        networks_of(self.proxies)
        for origin in self.origins:
            parts = urlsplit(origin)
            if f"{parts.scheme}://{parts.netloc}" != origin or parts.scheme not in {"http", "https"}:
                raise InputError(f"{origin!r} is no origin. Give it as https://cutting.example.org, without a path.")
        if self.root_path and not re.fullmatch(r"(/[\w.~-]+)+", self.root_path):
            raise InputError(f"{self.root_path!r} is no path to be served under. Give it as /personae.")


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
        interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_S)
        try:
            self._server.run(sockets=[self._listener])
        finally:
            sys.setswitchinterval(interval)
            for number, handler in before.items():
                signal.signal(number, handler)


class _Server(uvicorn.Server):
    """Has streams of events end as soon as it is told to end: it waits for what is answered just then."""

    def __init__(self, config: uvicorn.Config, watcher: Watcher) -> None:
        super().__init__(config)
        self._watcher = watcher

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._watcher.end()
        super().handle_exit(sig, frame)


def _crew(project: Project, table: JobTable, workers: int) -> Crew:
    """The workers; where other machines look through the films, one waits for many of them."""
    if not project.settings.cluster:
        return Crew(project.folder, table, workers=workers, quick=workers > 0)
    from personae.cluster.engines import check_address
    from personae.cluster.job_worker import COMMAND as CLUSTER
    from personae.cluster.roots import roots_of

    check_address(project.settings.cluster)
    roots_of(project.settings.roots)
    return Crew(project.folder, table, workers=min(workers, 1), quick=workers > 0, command=CLUSTER)


@contextmanager
def serving(project: Project, folders: Sequence[Path], place: Place, *, workers: int = 1) -> Iterator[Running]:
    """A server ready to `run`, its workers working; raises InputError, also where another one serves the project."""
    place.check()
    keys = Keys(project.folder)
    if place.is_open and not any(key.counts for key in keys.list()):
        raise InputError(
            f"Others could reach {place.host}, and there is no key yet. "
            f"Make one first: {command('keys add NAME --role editor')}"
        )
    roots = MediaRoots(folders, without=[project.folder])
    try:
        make_folder(project.folder, private=True)
    except OSError as error:
        raise write_error(project.folder, error) from None
    with _only_one(project.folder), _listening(place) as listener, ExitStack() as stack:
        table = JobTable.of_project(project.folder, most_waiting=project.settings.max_waiting_jobs)
        stack.callback(table.close)
        project.cast.names()  # a project of a newer version is refused now, and not at the first request
        table.release(None, "the server before this one ended")  # and its workers with it
        uploads.clear(project.folder, table)
        rows = JobRows(project.folder)
        rows.leave_old()
        with contextlib.suppress(ProjectBusyError):
            rows.leave_nothing()
        WaitingExports(project.context.paths, project.settings).trim()
        helper = Helper(project.folder)
        stack.callback(helper.close)
        service = Service(project, table, keys, roots, _token(project.folder), helper)
        stack.callback(service.close)
        stack.callback(keys.close)
        watcher = stack.enter_context(Watcher(service))
        app = make_app(service, watcher, hosts=place.hosts, origins=place.origins, proxies=place.proxies)
        server = _Server(_config(app, place), watcher)
        stack.enter_context(_crew(project, table, workers))
        stack.enter_context(_said_where(project.folder, place))
        yield Running(place.address, service.token, server, listener)


def _config(app: FastAPI, place: Place) -> uvicorn.Config:
    config = uvicorn.Config(
        app, http=PatientProtocol, ws="none", log_level="warning", access_log=False, lifespan="off",
        timeout_graceful_shutdown=2, server_header=False, root_path=place.root_path, proxy_headers=False,
        ssl_certfile=place.tls_cert, ssl_keyfile=place.tls_key, limit_concurrency=MOST_CONNECTIONS,
        h11_max_incomplete_event_size=LONGEST_HEADERS,
    )  # fmt: skip
    try:
        config.load()
    except OSError as error:  # also what ssl says of a certificate
        raise InputError(f"The certificate and its key cannot be used ({reason_of(error)}).") from None
    return config


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    try:
        with file_lock(folder / ".server.lock", 0.0, folder, "serve"):
            yield
    except ProjectBusyError as error:
        if Path(error.path) != folder:
            raise
        raise InputError(f"{_where(folder)} serves this project already.") from None


def _where(folder: Path) -> str:
    try:
        return str(json.loads((folder / ADDRESS_FILE).read_text(encoding="utf-8"))["address"])
    except (OSError, ValueError, KeyError, TypeError):
        return "Another server"


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
