"""Machines for tests: processes of this one, on loopback, each started as its owner would and ended by its id."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psycopg
import pytest

from tests.cluster import films
from tests.server.live import FAKES, free_port

REQUIRED = "PERSONAE_REQUIRE_TOOLS"
LEASE_S = 3.0
WITHIN_S = 120.0
SHORT_LEASE = f"import personae.cluster.table as t; t.PieceTable.at.__func__.__kwdefaults__['lease_s'] = {LEASE_S}\n"
HOUR_OFF = "import time; real = time.time; time.time = lambda: real() + 3600\n"
MAIN = "from personae.cli import main; main()"


def until(holds: Callable[[], Any], what: str = "", within_s: float = WITHIN_S) -> Any:
    """What `holds` gives as soon as it is something."""
    deadline = time.monotonic() + within_s
    while not (found := holds()):
        assert time.monotonic() < deadline, f"it does not come: {what}"
        time.sleep(0.05)
    return found


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Process:
    """One process; what it says goes to a file. Its temporary files lie in a folder of its own, `temporary`."""

    def __init__(self, folder: Path, name: str, words: Sequence[str], **env: str) -> None:
        self.name = name
        self.temporary = folder / f"tmp-{name}"
        self.temporary.mkdir(parents=True, exist_ok=True)
        self._log = folder / f"{name}.log"
        every = {**os.environ, **FAKES, "TMPDIR": str(self.temporary), "PERSONAE_THREADS": "1", **env}
        with self._log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, *words], stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=every, cwd=folder
            )

    @property
    def said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def children(self) -> list[int]:
        """Those that look, at work for this one."""
        found = set()
        for task in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            found |= {int(pid) for pid in task.read_text().split()}
        return [pid for pid in found if b"cluster.child" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def kill(self) -> list[int]:
        """SIGKILL; the children that it had."""
        own = self.children()
        self.process.kill()
        self.process.wait()
        return own

    def end(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def left(self) -> list[str]:
        """Files of ours in its temporary folder."""
        found = [path for path in self.temporary.rglob("*") if path.is_file()]
        return [str(path) for path in found if "personae" in str(path.relative_to(self.temporary))]


@contextmanager
def ending(*processes: Process) -> Iterator[None]:
    """All of them are ended, however it stands then."""
    try:
        yield
    finally:
        for one in processes:
            one.end()


def worker(folder: Path, name: str, address: str, media: Path, *, before: str = "") -> Process:
    """`personae worker`, with a short lease."""
    words = ["worker", "--database", address, "--name", name, "--roots", f"clips={media}"]
    return Process(folder, name, ["-c", before + SHORT_LEASE + MAIN, *words])


def scan(folder: Path, project: Path, address: str, media: Path, clips: Sequence[Path]) -> Process:
    """`personae scan --cluster`, with a short lease for what it puts there."""
    words = ["scan", *map(str, clips), "--project", str(project), "--cluster", address, "--roots", f"clips={media}"]
    return Process(folder, "scan", ["-m", "personae", *words, "--out", str(folder / "out"), "--progress", "json"])


def clips_in(folder: Path, count: int, frames: int = 40) -> list[Path]:
    """So many short films, each another stretch of the long one."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for number in range(count):
        shift = 37 * number
        path = folder / f"clip{number:03}.mp4"
        found.append(films.film(path, frames, rate=25, draw=lambda n, shift=shift: films.picture(n + shift)))
    return found


class PostgreSQL:
    """A database server of a test's own, on loopback."""

    def __init__(self) -> None:
        self._programs = _programs()
        self._user = "postgres" if os.name != "nt" and os.getuid() == 0 else None
        self.folder = Path(mkdtemp(prefix="personae-pg-", dir="/tmp" if self._user else None))
        self.port = free_port()
        if self._user:
            shutil.chown(self.folder, self._user)
        self._data = self.folder / "data"
        self._run("initdb", "-D", str(self._data), "-A", "trust", "-U", "personae", "-E", "UTF8", "--no-sync")
        self.process: subprocess.Popen[bytes] | None = None
        self.start()
        with psycopg.connect(f"host=127.0.0.1 port={self.port} user=personae dbname=postgres", autocommit=True) as one:
            one.execute("CREATE DATABASE pieces")

    @property
    def address(self) -> str:
        return f"postgresql://personae@127.0.0.1:{self.port}/pieces"

    def start(self) -> None:
        words = ["-D", str(self._data), "-p", str(self.port), "-c", "listen_addresses=127.0.0.1",
                 "-c", f"unix_socket_directories={self.folder}", "-c", "fsync=off"]  # fmt: skip
        self.process = subprocess.Popen(
            [str(self._programs / "postgres"), *words], user=self._user, cwd=self.folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until(self._answers, "PostgreSQL", 30)

    def stop(self) -> None:
        """At once: whoever is connected is cut off."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)
            self.process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def rows(self) -> dict[str, int]:
        """How many rows there are of each kind."""
        with psycopg.connect(self.address) as one:
            names = ("jobs", "job_lines", "piece_results")
            return {name: (one.execute(f"SELECT count(*) FROM {name}").fetchone() or (0,))[0] for name in names}

    def ask(self, sql: str) -> list[Any]:
        with psycopg.connect(self.address) as one:
            return one.execute(sql).fetchall()

    def ask_alone(self, sql: str) -> None:
        """What must not be in a transaction."""
        with psycopg.connect(self.address, autocommit=True) as one:
            one.execute(sql)

    def empty(self) -> None:
        with psycopg.connect(self.address) as one:
            one.execute("DROP TABLE IF EXISTS jobs, job_lines, piece_results, personae_pieces")

    def _answers(self) -> bool:
        try:
            psycopg.connect(f"host=127.0.0.1 port={self.port} user=personae dbname=postgres connect_timeout=2").close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, name: str, *words: str) -> None:
        subprocess.run(
            [str(self._programs / name), *words], check=True, user=self._user, cwd=self.folder, capture_output=True
        )


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    on_path = shutil.which("postgres")
    if not found and on_path is None:
        if os.environ.get(REQUIRED):
            pytest.fail("PostgreSQL is not installed here: apt-get install postgresql")
        pytest.skip("PostgreSQL is not installed here")
    return (found[-1] if found else Path(str(on_path))).parent


@contextmanager
def scheduler(folder: Path) -> Iterator[str]:
    """A scheduler of Dask on loopback: its address."""
    port = free_port()
    words = ["-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    one = Process(folder, "scheduler", words)
    with ending(one):
        until(lambda: "Scheduler at" in one.said or one.process.poll() is not None, "the scheduler")
        yield f"tcp://127.0.0.1:{port}"


def dask_worker(folder: Path, name: str, address: str, media: Path, **env: str) -> Process:
    """A worker of Dask, as its owner starts it."""
    words = ["-m", "dask", "worker", address, "--name", name, "--nthreads", "1", "--no-nanny", "--no-dashboard",
             "--local-directory", str(folder / f"spill-{name}")]  # fmt: skip
    one = Process(folder, name, words, PERSONAE_ROOTS=f"clips={media}", **env)
    until(lambda: "Registered to" in one.said or one.process.poll() is not None, f"the worker {name}")
    assert one.process.poll() is None, one.said
    return one
