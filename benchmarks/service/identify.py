"""How much longer `identify` takes over the service while a film is being scanned.

    python -m benchmarks.service.identify PHOTO FILM CAST [--rounds 7] [--requests 100]

A server with one worker on a fresh project that is trained on CAST (a folder of photos per character). In each round
one photo is identified again and again, one request after the other, first with nothing else to do, then while FILM is
scanned (fresh, so that it is read each time). p99 of each, and the ratio by round: median with quartiles. To reach: 2.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

import httpx2
import numpy as np

from tests.server.live import LiveServer

TO_REACH = 2.0


def p99_ms(client: httpx2.Client, photo: bytes, requests: int) -> tuple[float, float]:
    """Median and p99 of so many answers, in milliseconds."""
    took = []
    for _ in range(requests):
        began = time.perf_counter()
        client.post("/identify", files={"photo": ("photo.jpg", photo)}).raise_for_status()
        took.append(1000 * (time.perf_counter() - began))
    return float(np.median(took)), float(np.quantile(took, 0.99))


def ended(client: httpx2.Client, job: str) -> dict[str, str]:
    """Wait for a job."""
    while True:
        found: dict[str, str] = client.get(f"/jobs/{job}", params={"wait_s": 60}).json()["job"]
        if found["state"] in ("done", "failed", "cancelled"):
            assert found["state"] == "done", found
            return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("film", type=Path)
    parser.add_argument("cast", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=100)
    given = parser.parse_args()
    ratios = []
    with tempfile.TemporaryDirectory() as name:
        media = Path(name) / "media"
        media.mkdir()
        shutil.copy(given.film, media / "film.mp4")
        shutil.copytree(given.cast, media / "cast")
        photo = given.photo.read_bytes()
        with LiveServer(Path(name) / "project", media) as server, server.client() as client:
            root = client.get("/roots").json()["roots"][0]["id"]
            ended(client, client.post("/train", json={"root": root, "folder": "cast"}).json()["job"]["id"])
            p99_ms(client, photo, 10)
            for _ in range(given.rounds):
                idle = p99_ms(client, photo, given.requests)
                body = {"root": root, "paths": ["film.mp4"], "fresh": True}
                job = client.post("/films", json=body).json()["jobs"][0]["id"]
                while client.get(f"/jobs/{job}").json()["job"]["progress"] == {}:
                    time.sleep(0.05)
                busy = p99_ms(client, photo, given.requests)
                state = client.get(f"/jobs/{job}").json()["job"]["state"]
                assert state == "running", "the film is too short for so many requests"
                client.post(f"/jobs/{job}/cancel")
                while client.get(f"/jobs/{job}").json()["job"]["state"] == "running":
                    time.sleep(0.1)
                ratios.append(busy[1] / idle[1])
                print(f"idle median {idle[0]:.0f} ms, p99 {idle[1]:.0f}; during a scan median {busy[0]:.0f}, "
                      f"p99 {busy[1]:.0f}: {ratios[-1]:.2f}", flush=True)  # fmt: skip
    low, middle, high = np.quantile(ratios, (0.25, 0.5, 0.75))
    print(f"p99 during a scan over p99 without: {middle:.2f} ({low:.2f} to {high:.2f}); to reach {TO_REACH}")
    return int(middle > TO_REACH)


if __name__ == "__main__":
    sys.exit(main())
