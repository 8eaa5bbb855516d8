"""Server, worker and tab are killed while somebody answers: nothing that was said is lost, nothing is done twice."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.page.conftest import Site
from tests.page.test_review import asked, goes_on, journal, queue, says, until

WHAT = ("server", "worker", "tab")
ANSWERS = 4


def _moments(count: int) -> list[Any]:
    """What is killed, and how long after which answer; the first three, one of each, in every run."""
    dice = random.Random(15)
    found = [
        (WHAT[n % len(WHAT)], dice.randrange(ANSWERS), dice.choice((0, 5, 20, 60, 150, 400))) for n in range(count)
    ]
    return [pytest.param(*one, marks=[] if n < 3 else [pytest.mark.exhaustive]) for n, one in enumerate(found)]


@pytest.mark.parametrize(("what", "after", "wait_ms"), _moments(20))
def test_nothing_is_lost_and_nothing_done_twice(
    what: str, after: int, wait_ms: int, own_site: Site, open_tab: Callable[..., Any]
) -> None:
    server = own_site.server
    with own_site.client() as client:
        before = queue(client)
    tab = open_tab(own_site, "review")
    said: dict[str, str] = {}
    for number in range(ANSWERS):
        id = asked(tab)
        name = f"Somebody {number}"
        says(tab, f"={name}" if before[id]["kind"] == "person" else "")
        said[id] = name
        goes_on(tab, id)
        if number != after:
            continue
        time.sleep(wait_ms / 1000)
        if what == "server":
            server.kill()
            server.start()
        elif what == "tab":
            tab.close()
            tab = open_tab(own_site, "review")
            tab.wait_for_function("() => Object.keys(localStorage).every((key) => !key.startsWith('personae-letter:'))")
            tab.reload()
        else:
            worker = server.children().get("worker")
            if worker is not None:
                os.kill(worker, signal.SIGKILL)
    with own_site.client() as client:
        until(lambda: not said.keys() & queue(client).keys(), within_s=45)
        tab.wait_for_function("() => Object.keys(localStorage).every((key) => !key.startsWith('personae-letter:'))")
        until(lambda: all(job["state"] not in ("waiting", "running") for job in _jobs(client)), within_s=60)
        assert [job["error"] for job in _jobs(client) if job["state"] == "failed"] == []
        told = journal(client)
        for id, name in said.items():
            if before[id]["kind"] == "person":
                media = {part["medium"] for part in before[id]["parts"]}
                assert sum(f"“{name}”" in one["said"] or name in one["said"] for one in told) == len(media), name


def _jobs(client: Any) -> list[dict[str, Any]]:
    return list(client.get("/jobs", params={"limit": 1000}).json()["jobs"])
