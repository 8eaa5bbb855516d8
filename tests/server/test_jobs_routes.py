"""Jobs over HTTP: pages, waiting, cancelling, asking again."""

from __future__ import annotations

import threading
import time

import pytest

from personae.jobs.uploaded import GONE
from personae.jobs.work import KINDS
from personae.server.keys import ROLES, Role
from personae.server.roles import MAKES, MAY, role_of_job
from tests.server.conftest import API, Served


def test_jobs_come_in_pages_in_the_order_in_which_they_were_asked_for(served: Served) -> None:
    ids = [served.service.jobs.add("train", {"folder": f"/{n}"}).id for n in range(5)]
    served.service.jobs.cancel(ids[1])
    found, cursor = [], None
    while True:
        page = served.client.get(f"{API}/jobs", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        found += [job["id"] for job in page["jobs"]]
        if (cursor := page["next"]) is None:
            break
    assert found == ids
    only = served.client.get(f"{API}/jobs", params={"state": "cancelled"}).json()
    assert [job["id"] for job in only["jobs"]] == [ids[1]]
    wrong = served.client.get(f"{API}/jobs", params={"cursor": "bm8"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "cursor")


def test_who_waits_is_answered_when_the_job_ends(served: Served) -> None:
    id = served.service.jobs.add("train", {"folder": "/nowhere"}).id
    threading.Timer(0.5, served.work).start()
    began = time.monotonic()
    answer = served.client.get(f"{API}/jobs/{id}", params={"wait_s": 30}).json()
    assert answer["job"]["state"] == "failed"
    assert 0.3 < time.monotonic() - began < 20
    assert [line["text"].split(":")[0] for line in answer["history"]] == ["asked for", "taken by test", "failed"]


def test_a_job_is_cancelled_asked_for_again_and_preferred(served: Served) -> None:
    first, second = (served.service.jobs.add("train", {"folder": "/nowhere"}).id for _ in range(2))
    assert served.client.post(f"{API}/jobs/{first}/cancel").json()["job"]["state"] == "cancelled"
    assert served.client.post(f"{API}/jobs/{first}/retry").json()["job"]["state"] == "waiting"
    assert served.client.patch(f"{API}/jobs/{second}", json={"priority": 9}).json()["job"]["priority"] == 9
    assert [job.id for job in served.work()] == [second, first]
    missing = served.client.post(f"{API}/jobs/none/cancel")
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown-job")
    assert missing.headers["content-type"] == "application/problem+json"


def test_to_forget_sent_twice_is_one_job(served: Served) -> None:
    headers = {"Idempotency-Key": "once"}
    first, again = (served.client.post(f"{API}/forget", json={"name": "Ada"}, headers=headers) for _ in range(2))
    assert first.status_code == again.status_code == 202
    assert first.json()["job"]["id"] == again.json()["job"]["id"]
    other = served.as_role("admin").post(f"{API}/forget", json={"name": "Ada"}, headers=headers)
    assert other.json()["job"]["id"] != first.json()["job"]["id"], "another caller's keys are their own"


@pytest.mark.parametrize("role", ["viewer", "editor", "admin"])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_who_may_not_ask_for_a_job_may_not_change_it(served: Served, kind: str, role: Role) -> None:
    job = served.service.jobs.add(kind, {"name": "Ada"})
    client, may = served.as_role(role), ROLES.index(role) >= ROLES.index(role_of_job(kind))
    may = may and role != "viewer"
    answers = [
        client.patch(f"{API}/jobs/{job.id}", json={"priority": 9}),
        client.post(f"{API}/jobs/{job.id}/cancel"),
        client.post(f"{API}/jobs/{job.id}/retry"),
    ]
    forgets = kind == "forget" and may
    assert [answer.status_code for answer in answers] == ([200, 200, 422 if forgets else 200] if may else [403] * 3)
    assert may or {answer.json()["code"] for answer in answers} == {"role"}
    left = served.service.jobs.get(job.id)
    assert left is not None
    assert (left.priority, left.state) == ((9, "cancelled" if forgets else "waiting") if may else (0, "waiting"))


def test_what_takes_admin_takes_it_in_jobs_too() -> None:
    assert {kind for kind in KINDS if role_of_job(kind) == "admin"} == {"train", "tune", "calibrate", "forget"}
    assert MAKES.keys() == KINDS.keys() and set(MAKES.values()) <= MAY.keys()
    assert role_of_job("one of a newer version") == "admin"


def test_a_waiting_job_that_a_forgetting_emptied_is_not_asked_for_again(served: Served) -> None:
    served.client.post(f"{API}/characters", json={"names": ["Gundula"]})
    files = {"photos": ("a.jpg", b"no photo")}
    add = served.client.post(f"{API}/photos-of-cast", data={"name": "Gundula"}, files=files).json()["job"]["id"]
    served.client.post(f"{API}/forget", json={"name": "Gundula"})
    assert [job.state for job in served.work()] == ["done"]
    answer = served.client.post(f"{API}/jobs/{add}/retry")
    assert (answer.status_code, answer.json()["detail"]) == (422, GONE)
    assert served.client.get(f"{API}/jobs/{add}").json()["job"]["state"] == "cancelled"
