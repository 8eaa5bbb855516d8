"""The view of jobs in a real browser: what runs and how far it is, what failed and why, what can be done about it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from personae.jobs.table import JobTable
from tests.page.conftest import WITHIN_MS, Site
from tests.server.live import FAKES, LiveServer

playwright = pytest.importorskip("playwright.sync_api")
# Jobs stand as a test says: nobody works on them but the test.


@pytest.fixture
def idle(browser: Any, tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "media").mkdir()
    with LiveServer(tmp_path / "project", tmp_path / "media", "--workers", "0", env=FAKES) as server:
        yield Site(server, tmp_path / "media")


@pytest.fixture
def table(idle: Site) -> Iterator[JobTable]:
    table = JobTable.of_project(idle.project)
    yield table
    table.close()


def _row(page: Any, title: str) -> Any:
    return page.locator("#jobs > li", has_text=title)


def test_focus_stays_on_a_button_while_events_come(idle: Site, table: JobTable, open_tab: Callable[..., Any]) -> None:
    id = table.add("train", {"folder": "/a"}).id
    claim = table.claim("test")
    assert claim is not None
    page = open_tab(idle, "jobs")
    cancel = _row(page, "Train a").get_by_role("button", name="Cancel")
    cancel.focus()
    button = cancel.element_handle()
    for done in (1, 2, 3):
        table.beat(claim, {"stage": "photos", "done": done, "total": 9, "unit": "photos"})
        table.add("train", {"folder": f"/b{done}"}, priority=done)
        page.get_by_text(f"photos: {done} of 9 photos").wait_for()
        _row(page, f"Train b{done}").wait_for()
        assert button.evaluate("button => document.activeElement === button")
    page.route("**/cancel", lambda route: route.fulfill(status=409, json={"detail": "Not <b>now</b>."}))
    page.keyboard.press("Enter")
    _row(page, "Train a").get_by_role("alert").get_by_text("Not <b>now</b>.").wait_for()
    page.unroute("**/cancel")
    assert button.evaluate("button => document.activeElement === button")
    page.keyboard.press("Enter")
    page.get_by_text("is being cancelled").wait_for()
    job = table.get(id)
    assert job is not None and job.wants_cancel
    table.cancelled(claim)
    _row(page, "Train a").get_by_role("button", name="Again").click()
    _row(page, "Train a").get_by_text("asked for ").wait_for()


def test_why_a_job_failed_is_said_and_it_is_asked_for_again(
    idle: Site, table: JobTable, open_tab: Callable[..., Any]
) -> None:
    id = table.add("scan", {"paths": ["/x/ep1.mkv"]}).id
    claim = table.claim("test")
    assert claim is not None
    table.fail(claim, {"code": "film", "detail": "ep1.mkv ends too early."}, "failed")
    page = open_tab(idle, "jobs")
    _row(page, "Scan ep1.mkv").get_by_text("ep1.mkv ends too early.").wait_for()
    _row(page, "Scan ep1.mkv").get_by_role("button", name="Again").click()
    _row(page, "Scan ep1.mkv").get_by_text("waits").wait_for()
    job = table.get(id)
    assert job is not None and job.state == "waiting"


def test_a_job_that_waits_comes_first_when_it_is_told_to(
    idle: Site, table: JobTable, open_tab: Callable[..., Any]
) -> None:
    for name in "abc":
        table.add("train", {"folder": f"/{name}"})
    page = open_tab(idle, "jobs")
    _row(page, "Train c").get_by_role("button", name="Do this first").click()
    page.locator("#jobs > li:first-child", has_text="Train c").wait_for()
    _row(page, "Train c").get_by_role("button", name="In its turn").click()
    page.locator("#jobs > li:first-child", has_text="Train a").wait_for()


def test_a_viewer_has_no_buttons(idle: Site, table: JobTable, open_tab: Callable[..., Any]) -> None:
    table.cancel(table.add("train", {"folder": "/a"}, by="Ada").id)
    table.add("scan", {"paths": ["/b"]}, by="Ada")
    for role, buttons in (("viewer", 0), ("editor", 2), ("admin", 3)):
        page = open_tab(idle, "jobs", role=role)
        _row(page, "Scan b").wait_for()
        assert page.locator("main").get_by_role("button").count() == buttons, role
        assert ("Ada" in page.locator("main").inner_text()) == (role != "viewer")


def test_five_ended_jobs_are_shown_and_earlier_ones_folded(
    idle: Site, table: JobTable, open_tab: Callable[..., Any]
) -> None:
    for number in range(8):
        table.cancel(table.add("train", {"folder": f"/old{number}"}).id)
    page = open_tab(idle, "jobs")
    page.get_by_text("3 earlier jobs").click()
    page.locator("#earlier-jobs > li").first.wait_for()
    assert page.locator("#jobs > li").count() == 5 and page.locator("#earlier-jobs > li").count() == 3
    facts = _row(page, "Train old7").locator(".facts")
    assert str(time.localtime().tm_year) not in facts.inner_text(), "of today the time alone"
    assert not page.wrong


def test_a_job_has_an_address(idle: Site, table: JobTable, open_tab: Callable[..., Any]) -> None:
    id = table.add("train", {"folder": "/a"}, by="Ada").id
    page = open_tab(idle, "jobs")
    page.get_by_role("link", name="Train a").click()
    page.get_by_role("heading", name="Train a").wait_for()
    page.locator(".history").get_by_text("asked for").wait_for()
    assert page.url == f"{idle.address}/jobs/{id}"
    page.reload()
    page.get_by_role("heading", name="Train a").wait_for()
    page.go_back()
    _row(page, "Train a").wait_for()


def test_nothing_is_said_to_be_missing_before_it_is_known(idle: Site, open_tab: Callable[..., Any]) -> None:
    page = open_tab(idle, "jobs")
    page.get_by_text("Nothing runs").wait_for()
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    page.route("**/api/v1/films?*", hold)
    page.route("**/api/v1/jobs?*", hold)
    for view, text in (("jobs", "Nothing runs"), ("films", "No film has been scanned yet.")):
        page.goto(f"{idle.address}/{view}")
        page.locator("main").wait_for(timeout=WITHIN_MS)
        page.wait_for_timeout(500)
        assert held and not page.get_by_text(text).is_visible()
        while held:
            held.pop().continue_()
        page.get_by_text(text).wait_for()


def test_films_that_are_scanned_together_are_summed_up(
    idle: Site, table: JobTable, open_tab: Callable[..., Any]
) -> None:
    table.cancel(table.add("scan", {"paths": ["/x/before.mkv"]}).id)
    time.sleep(0.01)
    for number in range(4):
        table.add("scan", {"paths": [f"/x/e{number}.mkv"]})
    first, second, third = (table.claim(f"test {number}") for number in range(3))
    assert first is not None and second is not None and third is not None
    table.finish(first, {})
    table.fail(second, {"code": "film", "detail": "e1.mkv ends too early."}, "failed")
    said = {"stage": "film", "done": 30, "total": 600, "unit": "seconds", "message": "2 machines, 40 pictures a second"}
    table.beat(third, said)
    page = open_tab(idle, "jobs")
    standing = page.locator("#films-standing")
    standing.get_by_text("2 of 4 films done · 1 failed · 2 machines, 40 pictures a second").wait_for()
    time.sleep(5.1)
    table.beat(third, {**said, "done": 300})
    page.get_by_text(re.compile(r"· ready in [\d.]+ s$")).wait_for()
    for job in table.open():
        table.cancel(job.id)
    table.cancelled(third)
    standing.wait_for(state="detached")
