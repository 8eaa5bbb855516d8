"""A real server process: started as a user starts it, on a free port of loopback, and ended by its process id."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

FAKES = {"PERSONAE_DETECTOR": "fake", "PERSONAE_EMBEDDER": "fake"}
STARTS_WITHIN_S = 60.0
ENDS_WITHIN_S = 5.0
ENDED = ("done", "failed", "cancelled")


class LiveServer:
    """`personae serve` on `project`. As a context manager: at the end SIGTERM must do.

    `words`: what it is told besides: folders and options; `env`: more of the environment; `port`: default a free one.
    """

    def __init__(
        self, project: Path, *words: str | Path, env: Mapping[str, str] | None = None, port: int | None = None
    ) -> None:
        self.project = project
        self.port = port or free_port()
        self._words = [*map(str, words)]
        self._env = {**os.environ, **(env or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The server's own process."""
        assert self._process is not None
        return self._process

    @property
    def pid(self) -> int:
        """Of the server's own process."""
        return self.process.pid

    @property
    def address(self) -> str:
        """Without a path."""
        return f"{'https' if '--tls-cert' in self._words else 'http'}://127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        """Where the routes are."""
        return f"{self.address}/api/v1"

    @property
    def token(self) -> str:
        """What opens everything."""
        return (self.project / "server.token").read_text(encoding="ascii")

    @property
    def printed(self) -> str:
        """What it and those before it on the project printed; complete after its end."""
        return self._log.read_text(encoding="utf-8")

    def client(self, **more: Any) -> httpx2.Client:
        """With the token, for paths from /api/v1 on."""
        headers = {"authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return httpx2.Client(base_url=self.api, headers=headers, timeout=60, verify=False, **more)

    def connect(self) -> socket.socket:
        """A connection on which nothing was said yet."""
        return socket.create_connection(("127.0.0.1", self.port), 30)

    def children(self) -> dict[str, int]:
        """The processes that the server has started: "worker", "quick", "helper" -> process id."""
        return children_of(self.pid)

    def start(self) -> Self:
        """Wait until it answers."""
        command = [sys.executable, "-m", "personae", "serve", *self._words, "--project", str(self.project),
                   "--port", str(self.port)]  # fmt: skip
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out, env=self._env, cwd=self.project.parent)
        root = self._words[self._words.index("--root-path") + 1] if "--root-path" in self._words else ""
        until = time.monotonic() + STARTS_WITHIN_S
        with httpx2.Client(verify=False) as client:
            while time.monotonic() < until and self._process.poll() is None:
                try:
                    if client.get(f"{self.address}{root}/api/v1/health").status_code == 200:
                        return self
                except httpx2.TransportError:
                    time.sleep(0.03)
        self.kill()
        raise AssertionError(f"it does not answer: {self.printed}")

    def end(self, number: int = signal.SIGTERM) -> float:
        """Have it end; the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(60)
        return time.monotonic() - began

    def stop(self) -> int:
        """SIGTERM; its exit status. Fails where it takes longer than it may."""
        seconds = self.end()
        assert seconds < ENDS_WITHIN_S + 1, "SIGTERM did not end it in time"  # a busy machine
        return self.process.returncode

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.kill() if kind else self.stop()

    @property
    def _log(self) -> Path:
        return self.project.parent / f"{self.project.name}.log"


@contextmanager
def serving(
    project: Path, *folders: Path, environment: Mapping[str, str] = FAKES, options: Sequence[str] = (), port: int = 0
) -> Iterator[LiveServer]:
    """A server with fake networks that is ended at the end, however it stands then."""
    with LiveServer(project, *folders, *options, env=environment, port=port) as live:
        yield live


def start(project: Path, *folders: Path, port: int = 0, environment: Mapping[str, str] = FAKES) -> LiveServer:
    """The same for who ends it."""
    return LiveServer(project, *folders, env=environment, port=port).start()


def wait_for(client: httpx2.Client, job: str, *, within_s: float = 60.0) -> dict[str, Any]:
    """A job when it has ended."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        found: dict[str, Any] = client.get(f"jobs/{job}").json()["job"]
        if found["state"] in ENDED:
            return found
        time.sleep(0.05)
    raise AssertionError(json.dumps(found))


def children_of(pid: int) -> dict[str, int]:
    """The workers and helpers among the processes that one has started, by any of its threads."""
    found = {}
    try:
        tasks = [*Path(f"/proc/{pid}/task").iterdir()]
        every = {each for task in tasks for each in (task / "children").read_text().split()}
    except OSError:
        return {}
    for each in every:
        try:
            command = Path(f"/proc/{each}/cmdline").read_bytes()
        except OSError:
            continue
        for name in ("worker", "helper"):
            if f".{name}\0".encode() in command:
                found["quick" if b"\0quick-" in command else name] = int(each)
    return found


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
