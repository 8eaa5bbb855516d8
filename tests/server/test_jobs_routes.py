"""Jobs over HTTP: pages, waiting, cancelling, asking again."""

from __future__ import annotations

import threading
import time

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
