"""Thirty people at once on one film: is a decision lost, how long does it take, does memory stay flat, what limits.

    python -m benchmarks.service.clients [--seconds 60] [--tracks 900] [--hours .25] [--flood 20]

The film is made, not read (see `benchmarks.relabel`). Ten editors give somebody another name every two seconds each,
saying which position of the journal they know; twenty viewers read the timeline every two seconds and follow the
events. The server is a process of its own, on loopback; editors and viewers are two more on the same cores. At the end
the journal must hold each answered decision once. Then (`--flood`) the same without pauses.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import numpy as np

from benchmarks.relabel import EMBEDDER, made, save
from personae.films.concluding import Pass, named_anew
from personae.films.film_files import FilmFiles
from personae.paths import ProjectPaths
from personae.project.session import Project
from tests.server.live import LiveServer

EDITORS, VIEWERS = 10, 20
EVERY_S = 2.0
TO_REACH_MS = 100.0


@dataclass
class Seen:
    """What clients measured: seconds of each answer by what was asked, and the requests that were answered."""

    took: dict[str, list[float]] = field(default_factory=dict)
    answered: list[str] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    events: int = 0

    def note(self, what: str, began: float, answer: httpx2.Response) -> None:
        """Keep one answer."""
        self.took.setdefault(what, []).append(time.perf_counter() - began)
        self.statuses[f"{what} {answer.status_code}"] += 1


def make_project(folder: Path, tracks: int, hours: float) -> None:
    """A project with one long film."""
    watched, model = made(tracks, hours, EMBEDDER)
    paths = ProjectPaths.at(folder)
    files = FilmFiles(paths.films / "film", "film", private=True)
    with Project.open(paths.folder) as project:
        save(model, paths.model)
        files.make_folder()
        fingerprint = {"version": 0, "embedder": EMBEDDER}
        named_anew(project.context, project.films.store, files, Pass(watched, fingerprint))


class Clients:
    """Thirty clients of one server, for some seconds; `pause_s` between two requests of each."""

    def __init__(self, server: LiveServer, film: str, unknown: list[str], pause_s: float, seconds: float) -> None:
        self.server = server
        self.film = film
        self.unknown = unknown
        self.pause_s = pause_s
        self.until = time.monotonic() + seconds
        self.seen = Seen()
        self.run_id = f"{time.time():.0f}"

    async def run(self, *, editors: bool) -> None:
        """Have the editors work until their time is over, or the viewers."""
        headers = {"Authorization": f"Bearer {self.server.token}"}
        limits = httpx2.Limits(max_connections=200)
        async with httpx2.AsyncClient(base_url=self.server.api, headers=headers, timeout=60, limits=limits) as client:
            ask = self.editor if editors else self.viewer
            work = [ask(client, number) for number in range(EDITORS if editors else VIEWERS)]
            listening = [asyncio.create_task(self.follow(client)) for _ in range(0 if editors else VIEWERS)]
            await asyncio.gather(*work)
            for one in listening:
                one.cancel()
            await asyncio.gather(*listening, return_exceptions=True)

    async def editor(self, client: httpx2.AsyncClient, number: int) -> None:
        """Gives the people who are theirs one name after the other."""
        own = self.unknown[number::EDITORS]
        called, position = dict.fromkeys(own, ""), None
        await asyncio.sleep(self.pause_s * number / EDITORS)
        for turn in itertools.count():
            if time.monotonic() > self.until:
                return
            who = own[turn % len(own)]
            name = f"{who.replace('Unknown', 'Person')} {'AB'[turn // len(own) % 2]} {self.run_id}"
            body = {"said": [{"say": "name", "who": called[who] or who, "to": name}]}
            if position is not None:
                body["position"] = position
            request = f"{self.run_id}-{number}-{turn}"
            began = time.perf_counter()
            answer = await client.post(f"/media/{self.film}/decisions", json=body, headers={"Idempotency-Key": request})
            self.seen.note("decision", began, answer)
            if answer.status_code == 200:
                called[who] = name
                position = answer.json()["position"]
                self.seen.answered.append(answer.json()["request"])
            await self.rest(began)

    async def viewer(self, client: httpx2.AsyncClient, number: int) -> None:
        """Reads the timeline again and again, as a browser does: with the tag of what it has."""
        tag = ""
        await asyncio.sleep(self.pause_s * number / VIEWERS)
        while time.monotonic() < self.until:
            began = time.perf_counter()
            headers = {"If-None-Match": tag} if tag else {}
            answer = await client.get(f"/media/{self.film}/timeline", headers=headers)
            self.seen.note("timeline", began, answer)
            tag = answer.headers.get("etag", "")
            await self.rest(began)

    async def follow(self, client: httpx2.AsyncClient) -> None:
        """Follows the events."""
        async with client.stream("GET", "/events") as stream:
            async for line in stream.aiter_lines():
                self.seen.events += line.startswith("event: media")

    async def rest(self, began: float) -> None:
        """Wait for the next turn."""
        await asyncio.sleep(max(self.pause_s - (time.perf_counter() - began), 0.0))


class Usage:
    """Memory of the server's process and its processor time."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.rss_mb: list[float] = []

    def look(self) -> None:
        """Note the memory of now."""
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        self.rss_mb.append(next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")))

    def cpu_s(self) -> float:
        """Processor seconds so far."""
        words = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    async def watch(self) -> None:
        """Look every second."""
        while True:
            self.look()
            await asyncio.sleep(1)


def as_viewers(clients: Clients, told: Any) -> None:
    """The viewers, in a process of their own: what they read would keep the editors' clocks waiting."""
    asyncio.run(clients.run(editors=False))
    told.put(clients.seen)


async def one_run(clients: Clients, usage: Usage) -> None:
    watching = asyncio.create_task(usage.watch())
    told: Any = multiprocessing.Queue()
    viewers = multiprocessing.Process(target=as_viewers, args=(clients, told))
    viewers.start()
    await clients.run(editors=True)
    seen = await asyncio.to_thread(told.get)
    viewers.join()
    clients.seen.took |= seen.took
    clients.seen.statuses += seen.statuses
    clients.seen.events = seen.events
    watching.cancel()


def said(what: str, clients: Clients, usage: Usage, seconds: float, cpu_s: float) -> None:
    print(f"{what}: {dict(clients.seen.statuses)}, {clients.seen.events} events of films")
    for each, took in clients.seen.took.items():
        p50, p99 = (1000 * np.quantile(took, share) for share in (0.5, 0.99))
        print(f"  {each}: {len(took) / seconds:.1f} a second, median {p50:.1f} ms, p99 {p99:.1f} ms, "
              f"longest {1000 * max(took):.0f} ms")  # fmt: skip
    third = max(len(usage.rss_mb) // 3, 1)
    print(f"  server: {cpu_s / seconds:.2f} cores, memory {np.median(usage.rss_mb[:third]):.0f} MB in the first third, "
          f"{np.median(usage.rss_mb[-third:]):.0f} MB in the last")  # fmt: skip


def entries(client: httpx2.Client, film: str) -> list[dict[str, Any]]:
    """The whole journal."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = client.get(f"/media/{film}/decisions", params={"limit": 1000} | ({"cursor": cursor} if cursor else {}))
        found += page.json()["decisions"]
        if (cursor := page.json()["next"]) is None:
            return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--tracks", type=int, default=900)
    parser.add_argument("--hours", type=float, default=0.25)
    parser.add_argument("--flood", type=float, default=20.0, help="so many seconds without pauses; 0: not at all")
    given = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_project(folder / "project", given.tracks, given.hours)
        (folder / "media").mkdir()
        options = ("--workers", "0")
        with LiveServer(folder / "project", folder / "media", *options) as server, server.client() as client:
            (film,) = client.get("/films").json()["films"]
            timeline = client.get(f"/media/{film['id']}/timeline").json()
            unknown = [one["name"] for one in timeline["characters"] if one["unknown"] is not None]
            print(f"{len(timeline['appearances'])} appearances of {len(timeline['characters'])} people, "
                  f"{len(unknown)} without a name")  # fmt: skip
            for what, pause_s, seconds in (("every two seconds", EVERY_S, given.seconds), ("flood", 0.0, given.flood)):
                if not seconds:
                    continue
                usage = Usage(server.pid)
                before = usage.cpu_s()
                named = [one["name"] for one in client.get(f"/media/{film['id']}/timeline").json()["characters"]]
                mine = [one for one in named if one.startswith(("Unknown", "Person"))]
                clients = Clients(server, film["id"], mine, pause_s, seconds)
                asyncio.run(one_run(clients, usage))
                said(what, clients, usage, seconds, usage.cpu_s() - before)
                written = Counter(one["decision"]["request"] for one in entries(client, film["id"]))
                lost = [one for one in clients.seen.answered if not written[one]]
                twice = [one for one in clients.seen.answered if written[one] > 1]
                p99_ms = 1000 * float(np.quantile(clients.seen.took["decision"], 0.99))
                print(f"  decisions answered {len(clients.seen.answered)}, lost {len(lost)}, twice {len(twice)}")
                failed |= bool(lost or twice) or (pause_s > 0 and p99_ms > TO_REACH_MS)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
