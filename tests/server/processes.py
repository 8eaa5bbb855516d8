"""A real server process, asked over a real connection: for tests of what only happens between processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

FAKES = {"PERSONAE_DETECTOR": "fake", "PERSONAE_EMBEDDER": "fake"}
STARTS_WITHIN_S = 60.0


@dataclass
class Live:
    """One server. `said`: what it printed, complete after its end."""

    project: Path
    port: int
    process: subprocess.Popen[bytes]
    scheme: str = "http"
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def token(self) -> str:
        return (self.project / "server.token").read_text()

    def client(self, **options: Any) -> httpx2.Client:
        headers = {"authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return httpx2.Client(
            base_url=f"{self.scheme}://127.0.0.1:{self.port}/api/v1",
            headers=headers,
            timeout=60.0,
            **self.more,
            **options,
        )

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 30)

    def children(self) -> dict[str, int]:
        """The processes that the server has started: "worker", "helper" -> process id."""
        return children_of(self.process.pid)

    def end(self, number: int = signal.SIGTERM) -> float:
        """Have it end; the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(60)
        return time.monotonic() - began


def children_of(pid: int) -> dict[str, int]:
    found = {}
    try:
        every = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        every += [
            each for task in Path(f"/proc/{pid}/task").iterdir() for each in (task / "children").read_text().split()
        ]
    except OSError:
        return {}
    for each in every:
        try:
            command = Path(f"/proc/{each}/cmdline").read_bytes()
        except OSError:
            continue
        for name in ("worker", "helper"):
            if f".{name}\0".encode() in command:
                found[name] = int(each)
    return found


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def start(
    project: Path, *folders: Path, port: int = 0, environment: Mapping[str, str] = FAKES, options: tuple[str, ...] = ()
) -> Live:
    """Start a server and wait until it answers."""
    port = port or free_port()
    command = [sys.executable, "-m", "personae", "serve", *map(str, folders), "--project", str(project),
               "--port", str(port), *options]  # fmt: skip
    out = (project.parent / f"{project.name}.log").open("ab")
    process = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **environment}, cwd=project.parent)
    out.close()
    tls = "--tls-cert" in options
    live = Live(project, port, process, "https" if tls else "http", {"verify": False} if tls else {})
    deadline = time.monotonic() + STARTS_WITHIN_S
    root = options[options.index("--root-path") + 1] if "--root-path" in options else ""
    with httpx2.Client(**live.more) as client:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if client.get(f"{live.scheme}://127.0.0.1:{port}{root}/api/v1/health").status_code == 200:
                    return live
            except httpx2.TransportError:
                time.sleep(0.03)
    process.kill()
    process.wait()
    raise AssertionError((project.parent / f"{project.name}.log").read_text())


@contextmanager
def serving(project: Path, *folders: Path, **options: Any) -> Iterator[Live]:
    """A server that is ended at the end, however it stands then."""
    live = start(project, *folders, **options)
    try:
        yield live
    finally:
        if live.process.poll() is None:
            live.end()


def wait_for(client: httpx2.Client, job: str, *, within_s: float = 60.0) -> dict[str, Any]:
    """A job when it has ended."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        found: dict[str, Any] = client.get(f"jobs/{job}").json()["job"]
        if found["state"] in {"done", "failed", "cancelled"}:
            return found
        time.sleep(0.05)
    raise AssertionError(json.dumps(found))
