"""Serve a project: one server for it, its address, its token, its workers, and an orderly end."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from personae.errors import InputError, ProjectBusyError
from personae.files import file_lock, make_folder, write_whole
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
    def hosts(self) -> list[str]:
        """The names that requests may give."""
        names = {*LOOPBACK, "[::1]", self.host, socket.gethostname().lower()}
        return [*(f"{name}:{self.port}" for name in names), *names]


@contextmanager
def serving(project: Project, folders: Sequence[Path], place: Place, *, workers: int = 1) -> Iterator[uvicorn.Server]:
    """A server ready to `run`, its workers working; raises InputError, ProjectBusyError where another one serves."""
    keys = Keys(project.folder)
    if place.host not in LOOPBACK and not any(key.counts for key in keys.list()):
        raise InputError(
            f"Others could reach {place.host}, and there is no key yet. "
            "Make one first: personae keys add NAME --role editor"
        )
    make_folder(project.folder, private=True)
    with _only_one(project.folder), _listening(place) as listener:
        token = _token(project.folder)
        table = JobTable.of_project(project.folder)
        service = Service(project, table, keys, MediaRoots(folders), token, Helper(project.folder))
        _say_where(project.folder, place)
        watcher = Watcher(service)
        config = uvicorn.Config(
            make_app(service, watcher, hosts=place.hosts), log_level="warning", access_log=False, lifespan="off",
            timeout_graceful_shutdown=3, server_header=False, root_path=place.root_path,
            ssl_certfile=place.tls_cert, ssl_keyfile=place.tls_key, proxy_headers=False,
        )  # fmt: skip
        server = uvicorn.Server(config)
        server.config.load()
        try:
            with watcher, Crew(project.folder, table, workers=workers):
                server_run = server.run
                server.run = lambda sockets=None: server_run(sockets=sockets or [listener])  # type: ignore[method-assign]
                yield server
        finally:
            service.helper.close()
            table.close()
            with contextlib.suppress(OSError):
                (project.folder / ADDRESS_FILE).unlink()


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


def _say_where(folder: Path, place: Place) -> None:
    write_whole(
        folder / ADDRESS_FILE, json.dumps({"address": place.address, "pid": os.getpid()}).encode(), private=True
    )


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
