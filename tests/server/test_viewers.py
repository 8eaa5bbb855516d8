"""What viewers see of jobs and media: how they stand, and neither who said what nor what names other people's files."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from personae.jobs.table import JobTable
from personae.project.session import Project
from personae.server.keys import Keys
from tests.server.conftest import API, Served, bearer
from tests.server.live import serving
from tests.server.media import FAKE, Client, make_media, name, scan_media

SECRET = "ada-s wedding"
OUTLINE = {"kind": "train", "about": "", "state": "failed", "by": None, "error": {"code": "input"}, "result": {}}
"""What of the job of `failed` a viewer sees."""


def failed(served: Served) -> str:
    """A job that Ada asked for, and that has failed with a sentence about her files."""
    job = served.service.jobs.add("train", {}, by="Ada")
    claim = served.service.jobs.claim("test")
    assert claim is not None
    served.service.jobs.fail(claim, {"code": "input", "detail": f"{SECRET} is no cast."}, f"{SECRET} is no cast")
    return job.id


def test_viewers_do_not_see_who_asked_for_a_job_nor_why_it_failed(served: Served) -> None:
    id = failed(served)
    viewer = served.as_role("viewer")
    one = viewer.get(f"{API}/jobs/{id}").json()
    (row,) = viewer.get(f"{API}/jobs").json()["jobs"]
    assert one == {"job": row, "history": []}
    assert row.items() >= OUTLINE.items()
    editor = served.as_role("editor").get(f"{API}/jobs/{id}").json()
    assert editor["job"]["by"] == "Ada" and SECRET in editor["job"]["error"]["detail"]
    assert editor["history"][0]["text"] == "asked for by Ada"
    assert SECRET not in json.dumps(one) and "Ada" not in json.dumps(one)


def test_nor_do_events_tell_them(tmp_path: Path) -> None:
    with serving(tmp_path / "project", options=("--workers", "0")) as live, live.client() as client:
        told = {}
        for role in ("viewer", "editor"):
            secret = Keys(live.project).add(role, role)
            with client.stream("GET", "events", headers=bearer(secret), timeout=20) as stream:
                lines = stream.iter_lines()
                assert next(lines) == "event: hello"
                JobTable.of_project(live.project).add("train", {}, by="Ada")
                assert "event: job" in itertools.islice(lines, 20)
                told[role] = json.loads(next(lines).removeprefix("data: "))["by"]
    assert told == {"viewer": None, "editor": "Ada"}


@pytest.fixture
def decided(tmp_path: Path, serve: Callable[..., Served]) -> Served:
    """A film and a set of photos; in the film somebody was named."""
    make_media(tmp_path / "media")
    scan_media(tmp_path / "project", tmp_path / "media")
    served = serve(Project.open(tmp_path / "project", settings=FAKE), tmp_path / "media")
    client = Client(served.client)
    client.post(f"/media/{client.id('ep1')}/decisions", {"said": [name("Unknown 1", "Thor")]})
    return served


def test_viewers_do_not_see_how_much_was_decided(decided: Served) -> None:
    def positions(client: Client) -> list[Any]:
        rows = [*client.get("/films")["films"], *client.get("/photo-sets")["photo_sets"]]
        ones = [client.get(f"/{'films' if one['kind'] == 'film' else 'photo-sets'}/{one['id']}") for one in rows]
        assert ones == rows
        return [one["position"] for one in rows]

    assert {*positions(Client(decided.as_role("viewer")))} == {None}
    assert positions(Client(decided.as_role("editor")))[0] == 1
