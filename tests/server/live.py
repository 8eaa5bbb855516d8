"""A real server process: started as a user starts it, on a free port of loopback, and ended by its process id."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

STARTS_WITHIN_S = 60.0
ENDS_WITHIN_S = 5.0


class LiveServer:
    """`personae serve` on `project`, with `media` as its root. As a context manager: at the end SIGTERM must do."""

    def __init__(self, project: Path, media: Path, *options: str, env: Mapping[str, str] | None = None) -> None:
        self.project = project
        self.media = media
        self.port = free_port()
        self._options = options
        self._env = {**os.environ, **(env or {})}
        self._process: subprocess.Popen[str] | None = None
        self._reader = threading.Thread()
        self.printed: list[str] = []
        self.token = ""

    @property
    def address(self) -> str:
        """Without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        """Where the routes are."""
        return f"{self.address}/api/v1"

    @property
    def pid(self) -> int:
        """Of the server's own process."""
        assert self._process is not None
        return self._process.pid

    def client(self, **more: Any) -> httpx2.Client:
        """With the token, for paths from /api/v1 on."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx2.Client(base_url=self.api, headers=headers, timeout=60, **more)

    def start(self) -> Self:
        """Wait until it answers."""
        command = [
            sys.executable, "-m", "personae", "serve", str(self.media), "--project", str(self.project),
            "--port", str(self.port), *self._options,
        ]  # fmt: skip
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self._env
        )
        process, ready = self._process, threading.Event()

        def read() -> None:
            assert process.stdout is not None
            with process.stdout:
                for line in process.stdout:
                    self.printed.append(line.rstrip())
                    if found := re.search(r"\?token=(\S+)", line):
                        self.token = found[1]
                        ready.set()
            ready.set()

        self._reader = threading.Thread(target=read)
        self._reader.start()
        assert ready.wait(STARTS_WITHIN_S) and self.token, "\n".join(self.printed)
        until = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < until:
            try:
                httpx2.get(f"{self.api}/health").raise_for_status()
            except httpx2.TransportError:
                time.sleep(0.05)
            else:
                return self
        raise AssertionError("it does not answer")

    def stop(self) -> int:
        """SIGTERM; its exit status. Fails where it takes longer than it may."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(ENDS_WITHIN_S + 1)  # a busy machine
            self._reader.join()
            return status
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("SIGTERM did not end it in time") from None

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        if self._process.poll() is None:
            self.kill() if kind else self.stop()


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
