"""The plain page in a real browser, from a real server: films and the progress of jobs, as they change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import CHROMIUM
from tests.server.live import LiveServer

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
    assert page.get_by_text("No film has been scanned yet.").is_visible()
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
