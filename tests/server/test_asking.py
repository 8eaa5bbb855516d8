"""What is asked is what was meant: no unknown parameter, and no key that was used for something else."""

from __future__ import annotations

import threading
import time

from personae.jobs import work
from tests.server.conftest import API, Served


def test_a_mistyped_parameter_is_refused(served: Served) -> None:
    answer = served.client.get(f"{API}/characters", params={"limt": 3})
    assert (answer.status_code, answer.json()["code"]) == (422, "input")
    assert "limt" in answer.json()["detail"]
    assert served.client.get(f"{API}/characters", params={"limit": 3}).status_code == 200


def test_a_key_that_was_used_for_something_else_is_refused(served: Served) -> None:
    once = {"Idempotency-Key": "once"}
    first, again, other = (
        served.client.post(f"{API}/characters", json={"names": [name]}, headers=once) for name in ("Ann", "Ann", "Bob")
    )
    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (422, "key-used")
    assert [one["name"] for one in served.client.get(f"{API}/characters").json()["characters"]] == ["Ann"]


def test_the_same_key_at_another_address_is_another_request(served: Served) -> None:
    jobs = [served.service.jobs.add("train", {"folder": "/x"}).id for _ in range(2)]
    once = {"Idempotency-Key": "once"}
    for id in jobs:
        assert served.client.post(f"{API}/jobs/{id}/cancel", headers=once).json()["job"]["id"] == id


def test_many_who_wait_for_a_job_keep_nobody_from_being_answered(served: Served) -> None:
    id = served.service.jobs.add("train", {"folder": "/x"}).id
    waiting = [
        threading.Thread(target=served.client.get, args=(f"{API}/jobs/{id}",), kwargs={"params": {"wait_s": 3}})
        for _ in range(60)
    ]
    for one in waiting:
        one.start()
    time.sleep(0.5)
    began = time.monotonic()
    assert served.client.get(f"{API}/version").status_code == 200
    assert time.monotonic() - began < 2
    for one in waiting:
        one.join()


def test_quick_jobs_are_done_beside_long_ones(served: Served) -> None:
    jobs = served.service.jobs
    long, quick = jobs.add("scan", {"paths": ["/x"]}, priority=9), jobs.add("forget", {"name": "Ann"})
    claim = jobs.claim("quick-1", but=work.LONG)
    assert claim is not None and claim.id == quick.id
    assert jobs.claim("quick-1", but=work.LONG) is None
    assert (claim := jobs.claim("worker-1")) is not None and claim.id == long.id
    assert work.KINDS.keys() > work.LONG


def test_who_waits_is_let_go_when_the_server_ends(served: Served) -> None:
    id = served.service.jobs.add("train", {"folder": "/x"}).id
    threading.Timer(0.5, served.app.state.watcher.end).start()
    began = time.monotonic()
    assert served.client.get(f"{API}/jobs/{id}", params={"wait_s": 30}).json()["job"]["state"] == "waiting"
    assert time.monotonic() - began < 10
