"""The machine that owns the project, alone: 10,000 films wait, and a hundred workers that only sleep send results.

    python -m benchmarks.cluster.coordinator CLIP [--database URL] [--films 10000] [--workers 100] [--commits 400]
        [--look-s 5] [--seconds 15]
    python -m benchmarks.cluster.coordinator CLIP --rows 10000          the table alone, with so many pieces in it

CLIP (looped for --seconds) is looked through once; every film is that one under another name, and every result is that
result. Nothing is compared with anything here: the numbers say what one owner bears. Without --database the table is a
file of SQLite. The sleepers are one process; what they use is not counted to the owner, but it takes a core from it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks.cluster.processes import Started, fresh
from benchmarks.film.scan import repeated
from personae.cluster.looking import Looker
from personae.cluster.piece import Piece, settings_of
from personae.cluster.table import PieceTable
from personae.cluster.table_engine import TableEngine
from personae.faces.analyzer import FaceAnalyzer
from personae.faces.film_networks import FilmNetworks
from personae.films.scan import fingerprint_of
from personae.media.video import open_film
from personae.piece_rows import PieceRows, url_of
from personae.settings import resolve
from personae.timeline.part import Part


def piece_of(film: Path) -> Piece:
    """The whole film as one piece."""
    settings = resolve()
    with open_film(film) as opened:
        networks = FilmNetworks.of(settings, FaceAnalyzer(settings))
        fingerprint = fingerprint_of(opened.video, networks, settings)
        return Piece("", (str(film),), opened.opening.as_dict(), settings_of(settings), fingerprint, Part())


def database_mb(address: str) -> float:
    """What the database takes."""
    engine = sa.create_engine(url_of(address))
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            size = connection.scalar(sa.text("SELECT pg_database_size(current_database())"))
        else:
            path = Path(str(engine.url.database))
            size = sum(one.stat().st_size for one in path.parent.glob(f"{path.name}*"))
    engine.dispose()
    return float(size or 0) / 2**20


def peak_mb(address: str, over: threading.Event) -> list[float]:
    """[the most that the database took], until `over`."""
    most = [0.0]

    def look() -> None:
        while not over.wait(1.0):
            with contextlib.suppress(sa.exc.OperationalError):
                most[0] = max(most[0], database_mb(address))

    threading.Thread(target=look, daemon=True).start()
    return most


def owner_alone(given: argparse.Namespace, folder: Path, address: str, film: Path, result: Path) -> int:
    films = folder / "films"
    films.mkdir()
    for number in range(given.films):
        os.link(film, films / f"film-{number:05d}.mp4")
    over = threading.Event()
    most = peak_mb(address, over)
    sleepers = Started(
        [sys.executable, "-m", "benchmarks.cluster.sleepers", address, result,
         "--workers", str(given.workers), "--look-s", str(given.look_s)]
    )  # fmt: skip
    try:
        sleepers.wait_for("ready")
        words: list[str | Path] = [sys.executable, "-m", "benchmarks.cluster.owner", folder / "project", address, films]
        owner = Started([*words, "--commits", str(given.commits)])
        owner.wait()
        used: dict[str, Any] = json.loads(owner.printed().strip().splitlines()[-1])
    finally:
        over.set()
        sleepers.end()
    print(
        f"owner: {used['films']} films wait, {given.workers} workers, {given.workers / given.look_s:.0f} results a "
        f"second offered\n"
        f"  {used['done']} in the project, {used['failed']} failed, {used['commits_per_s']:.2f} a second; "
        f"{used['cpu_ms_per_film']:.0f} ms of the owner's processor each, {used['cpu_s'] / used['wall_s']:.2f} cores\n"
        f"  memory {used['before_mb']:.0f} MB before, {used['rss_mb']:.0f} MB then, {used['most_mb']:.0f} MB at most, "
        f"{used['threads']} threads\n"
        f"  database {most[0]:.1f} MB at most"
    )
    return int(used["failed"] > 0)


def table_alone(given: argparse.Namespace, address: str, piece: Piece, content: bytes) -> int:
    """So many pieces in the table at once, by one owner: asked for, looked after, taken, and brought home."""
    table = PieceTable.at(address)
    home = tempfile.TemporaryDirectory()
    engine = TableEngine(PieceTable.at(address), PieceRows(Path(home.name)), address)
    pieces = [replace(piece, paths=(f"/films/{number}.mp4",)) for number in range(given.rows)]
    began = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        futures = list(pool.map(lambda one: engine.submit(one, lambda _: None), pieces))
    asked_s = time.perf_counter() - began
    size = database_mb(address)
    began, busy = time.perf_counter(), time.process_time()
    time.sleep(5.0)
    idle = (time.process_time() - busy) / (time.perf_counter() - began)
    took: list[float] = []

    def work(number: int) -> None:
        own = PieceTable.at(address)
        for _ in range(given.each):
            began = time.perf_counter()
            claim = own.claim(f"sleeper-{number}")
            took.append(time.perf_counter() - began)
            if claim is not None:
                own.finish(claim, content)
        own.close()

    began = time.perf_counter()
    with ThreadPoolExecutor(given.workers) as pool:
        list(pool.map(work, range(given.workers)))
    worked_s = time.perf_counter() - began
    while sum(future.done() for future in futures) < min(given.workers * given.each, given.rows):
        time.sleep(0.05)
    home_s = time.perf_counter() - began
    took.sort()
    print(
        f"table: {given.rows} pieces, {given.rows / asked_s:.0f} a second asked for, {size:.1f} MB, "
        f"{1e6 * size / given.rows / 1e3:.2f} kB each; looked after with {idle:.2f} cores\n"
        f"  {len(took)} taken and sent by {given.workers} at once: {len(took) / worked_s:.0f} a second, a claim takes "
        f"{1000 * took[len(took) // 2]:.0f} ms in the median, {1000 * took[int(len(took) * 0.99)]:.0f} ms at p99; all "
        f"home {home_s - worked_s:.1f} s later"
    )
    engine.close()
    table.close()
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--database", help="default: a file of SQLite; what is in it is deleted")
    parser.add_argument("--films", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=100)
    parser.add_argument("--commits", type=int, default=400)
    parser.add_argument("--look-s", type=float, default=5.0)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--each", type=int, default=5, help="with --rows: so many are taken by each worker")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        address = given.database or f"sqlite:///{folder / 'pieces.db'}"
        film, result = folder / f"film{given.clip.suffix}", folder / "result"
        repeated(given.clip, film, given.seconds)
        piece = piece_of(film)
        Looker(resolve(), {}, "here").look_at(piece, result)
        row = len(json.dumps(piece.as_dict()))
        print(f"a film of {given.seconds:g} s: {row} bytes in the table, {result.stat().st_size} of its result")
        fresh(address)
        if given.rows:
            return table_alone(given, address, piece, result.read_bytes())
        return owner_alone(given, folder, address, film, result)


if __name__ == "__main__":
    sys.exit(main())
