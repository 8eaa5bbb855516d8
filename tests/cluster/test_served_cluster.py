"""The service with films scanned by other machines: two jobs at once, by a worker that a user started."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from personae.jobs.table import JobTable
from tests.cluster.conftest import World
from tests.cluster.live import ending, until, worker
from tests.server.live import LiveServer, serving, wait_for

pytestmark = pytest.mark.live


def post_scans(live: LiveServer, names: list[str]) -> list[str]:
    with live.client() as client:
        root = client.get("roots").json()["roots"][0]["id"]
        answer = client.post("films", json={"root": root, "paths": names}, headers={"idempotency-key": "scan"})
        assert answer.status_code < 300, answer.text
        return [job["id"] for job in answer.json()["jobs"]]


def test_a_served_project_has_two_films_scanned_at_once_by_a_worker(world: World, tmp_path: Path) -> None:
    project = world.project(tmp_path)
    address = f"sqlite:///{tmp_path / 'pieces.db'}"
    options = ("--cluster", address, "--roots", f"clips={world.media}")
    names = [clip.name for clip in world.clips[:2]]
    with serving(project, world.media, options=options) as live, live.client() as client:
        ids = post_scans(live, names)

        def both_run() -> bool:
            found = [client.get(f"jobs/{id}").json()["job"] for id in ids]
            return all(job["state"] == "running" for job in found)

        until(both_run, "both jobs run, though nobody looks yet", 30)
        until(lambda: "no machine yet" in str([client.get(f"jobs/{id}").json() for id in ids]), "it is said", 30)
        one = worker(tmp_path, "one", address, world.media)
        with ending(one):
            assert [wait_for(client, id)["state"] for id in ids] == ["done", "done"]
            assert one.end() == 0 and not one.left()
    found = [_any_name(path.read_text(encoding="utf-8")) for path in project.rglob("*.timeline.json")]
    assert sorted(found) == sorted(_any_name(world.alone[f"{clip.stem}.timeline.json"]) for clip in world.clips[:2])
    for path in tmp_path.glob("pieces.db*"):
        assert b'"paths"' not in path.read_bytes(), "nothing of a piece is left"


def test_a_job_that_is_cancelled_leaves_no_piece(world: World, tmp_path: Path) -> None:
    project = world.project(tmp_path)
    address = f"sqlite:///{tmp_path / 'pieces.db'}"
    with serving(project, world.media, options=("--cluster", address)) as live, live.client() as client:
        (id,) = post_scans(live, [world.clips[0].name])
        until(lambda: client.get(f"jobs/{id}").json()["job"]["state"] == "running", "", 30)
        until(lambda: (tmp_path / "pieces.db").exists() and _pieces(address), "the piece is asked for", 30)
        client.post(f"jobs/{id}/cancel", headers={"idempotency-key": "cancel"}).raise_for_status()
        assert wait_for(client, id)["state"] == "cancelled"
        until(lambda: not _pieces(address), "the piece is left", 10)
    table = JobTable.of_project(project)
    assert [job.state for job in table.page()[0]] == ["cancelled"]
    table.close()


def _any_name(timeline: str) -> str:
    """A timeline whatever its files are called: in a project each film has a folder of its own."""
    return re.sub(r"\w+\.faces/", "faces/", timeline)


def _pieces(address: str) -> int:
    from personae.cluster.table import PieceTable

    table = PieceTable.at(address)
    found = len(table.jobs.page()[0])
    table.close()
    return found
