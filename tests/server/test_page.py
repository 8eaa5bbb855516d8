"""The plain page in a real browser, from a real server: films and the progress of jobs, as they change."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from personae.jobs.table import JobTable
from personae.server.keys import Keys, Role
from tests.browser import CHROMIUM
from tests.server.live import FAKES, LiveServer

playwright = pytest.importorskip("playwright.sync_api")
if CHROMIUM is None:
    pytest.skip("no Chromium here", allow_module_level=True)
WITHIN_MS = 30_000


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("page")
    (folder / "media").mkdir()
    fake = {"PERSONAE_DETECTOR": "fake", "PERSONAE_EMBEDDER": "fake"}
    from tests.server.media import make_media

    make_media(folder / "media")
    with LiveServer(folder / "project", folder / "media", env=fake) as server:
        yield server


@pytest.fixture
def page(live: LiveServer) -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.wrong = []
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on("console", lambda line: line.type == "error" and page.wrong.append(line.text))
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        yield page
        browser.close()


def test_films_and_jobs_appear_by_themselves(live: LiveServer, page: Any) -> None:
    page.goto(f"{live.address}/?token={live.token}")
    page.get_by_text("Live: changes appear by themselves.").wait_for(timeout=WITHIN_MS)
    assert page.url == f"{live.address}/", "the token stays in no history"
    page.get_by_text("No film has been scanned yet.").wait_for(timeout=WITHIN_MS)
    with live.client() as client:
        root = client.get("/roots").json()["roots"][0]["id"]
        (job,) = client.post("/films", json={"root": root, "paths": ["ep1.mkv"]}).json()["jobs"]
        page.locator("#jobs li", has_text="Scan ep1.mkv").get_by_text("done").wait_for(timeout=WITHIN_MS)
        page.locator("#media li", has_text="ep1").get_by_text("2 without a name").wait_for(timeout=WITHIN_MS)
        assert client.get(f"/jobs/{job['id']}").json()["job"]["state"] == "done"
    assert not page.wrong
    assert all(url.startswith(live.address) for url in page.asked), "nothing is asked of anybody else"


def test_a_job_is_asked_for_again_by_its_button(live: LiveServer, page: Any) -> None:
    with live.client() as client:
        root = client.get("/roots").json()["roots"][0]["id"]
        job = client.post("/train", json={"root": root, "folder": "holiday"}).json()["job"]
        ended = client.get(f"/jobs/{job['id']}", params={"wait_s": 30}).json()["job"]
        assert ended["state"] == "failed"
        page.goto(f"{live.address}/?token={live.token}")
        row = page.locator("#jobs li", has_text="Train holiday")
        row.get_by_text(ended["error"]["detail"]).wait_for(timeout=WITHIN_MS)
        row.get_by_role("button", name="Again").click()
        page.wait_for_timeout(500)
        history = client.get(f"/jobs/{job['id']}", params={"wait_s": 30}).json()["history"]
        assert "asked for again" in [line["text"] for line in history]
    assert not page.wrong


def test_nobody_without_a_key_sees_anything(live: LiveServer, page: Any) -> None:
    answer = page.goto(f"{live.address}/")
    assert answer.status == 401
    assert "ep1" not in page.content()
    page.get_by_label("Key").fill(live.token)
    page.get_by_role("button", name="Open").click()
    page.get_by_text("Live: changes appear by themselves.").wait_for(timeout=WITHIN_MS)
    assert page.url == f"{live.address}/"


# Jobs that stand as a test says: nobody works on them but the test


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[LiveServer]:
    with LiveServer(tmp_path / "project", "--workers", "0", env=FAKES) as server:
        yield server


@pytest.fixture
def table(idle: LiveServer) -> Iterator[JobTable]:
    table = JobTable.of_project(idle.project)
    yield table
    table.close()


def test_focus_stays_on_a_button_while_events_come(idle: LiveServer, table: JobTable, page: Any) -> None:
    id = table.add("train", {"folder": "/a"}).id
    claim = table.claim("test")
    assert claim is not None
    page.goto(f"{idle.address}/?token={idle.token}")
    cancel = page.locator("#jobs li", has_text="Train a").get_by_role("button", name="Cancel")
    cancel.focus(timeout=WITHIN_MS)
    row = cancel.element_handle()
    for done in (1, 2, 3):
        table.beat(claim, {"stage": "photos", "done": done, "total": 9, "unit": "photos"})
        table.add("train", {"folder": f"/b{done}"}, priority=done)
        page.get_by_text(f"photos: {done} of 9 photos").wait_for(timeout=WITHIN_MS)
        page.locator("#jobs li", has_text=f"Train b{done}").wait_for(timeout=WITHIN_MS)
        assert row.evaluate("button => document.activeElement === button")
    page.route("**/cancel", lambda route: route.fulfill(status=409, json={"detail": "Not <b>now</b>."}))
    page.keyboard.press("Enter")
    page.locator("#jobs li", has_text="Train a").get_by_role("alert").get_by_text("Not <b>now</b>.").wait_for()
    page.unroute("**/cancel")
    assert row.evaluate("button => document.activeElement === button")
    page.keyboard.press("Enter")
    page.get_by_text("is being cancelled").wait_for(timeout=WITHIN_MS)
    job = table.get(id)
    assert job is not None and job.wants_cancel
    table.cancelled(claim)
    page.locator("#jobs li", has_text="Train a").get_by_role("button", name="Again").wait_for(timeout=WITHIN_MS)


def test_a_viewer_has_no_buttons(idle: LiveServer, table: JobTable, page: Any) -> None:
    table.cancel(table.add("train", {"folder": "/a"}, by="Ada").id)
    table.add("train", {"folder": "/b"}, by="Ada")
    cases: tuple[tuple[Role, int], ...] = (("viewer", 0), ("editor", 2))
    for role, buttons in cases:
        page.goto(f"{idle.address}/?token={Keys(idle.project).add(role, role)}")
        page.locator("#jobs li", has_text="Train b").wait_for(timeout=WITHIN_MS)
        assert page.get_by_role("button").count() == buttons
        assert ("Ada" in page.locator("main").inner_text()) == (role == "editor")


def test_five_ended_jobs_are_shown_and_a_retried_one_by_when_it_was_asked_for(
    idle: LiveServer, table: JobTable, page: Any
) -> None:
    for number in range(8):
        table.cancel(table.add("train", {"folder": f"/old{number}"}).id)
    page.goto(f"{idle.address}/?token={idle.token}")
    page.get_by_text("3 earlier jobs").click(timeout=WITHIN_MS)
    assert page.locator("#jobs li").count() == 5 and page.locator("#earlier-jobs li").count() == 3
    facts = page.locator("#jobs li", has_text="Train old7").locator(".facts")
    assert str(time.localtime().tm_year) not in facts.inner_text()
    page.locator("#jobs li", has_text="Train old7").get_by_role("button", name="Again").click()
    facts.get_by_text("asked for ").wait_for(timeout=WITHIN_MS)
    assert not page.wrong


def test_nothing_is_said_to_be_missing_before_it_is_known(idle: LiveServer, page: Any) -> None:
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    page.route("**/api/v1/films*", hold)
    page.route("**/api/v1/jobs*", hold)
    page.goto(f"{idle.address}/?token={idle.token}")
    page.get_by_text("Live: changes appear by themselves.").wait_for(timeout=WITHIN_MS)
    for text in ("Nothing runs", "No film has been scanned yet."):
        assert not page.get_by_text(text).is_visible()
    for route in held:
        route.continue_()
    page.get_by_text("Nothing runs").wait_for(timeout=WITHIN_MS)
    page.get_by_text("No film has been scanned yet.").wait_for(timeout=WITHIN_MS)
