"""What the page shows while somebody is being forgotten, when the server answers about jobs alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from personae.paths import ProjectPaths
from tests.page.conftest import Site
from tests.page.test_people import cell, somebody
from tests.page.world import THOR

Open = Callable[..., Any]
BANNER = "Somebody is being forgotten. The project can be used again when that is done."
NOTHING = re.compile(r"\b0 (characters|photos|films|people|persons)|[Nn]obody (is|has)|No (films|photos)")


@contextmanager
def forgetting(site: Site) -> Iterator[None]:
    """As long as this lasts the project is another process's, which forgets somebody."""
    paths = ProjectPaths(site.project)
    with paths.locked(10, "forget"):
        paths.forgetting.touch()
        try:
            yield
        finally:
            paths.forgetting.unlink()


def banner(tab: Any) -> Any:
    return tab.locator(".standing.forgetting", has_text=BANNER)


def test_lists_keep_what_they_show_and_are_read_again_when_it_is_done(own_site: Site, open_tab: Open) -> None:
    tab = open_tab(own_site, "people")
    cell(tab, THOR).wait_for()
    with forgetting(own_site):
        banner(tab).wait_for(timeout=4000)
        for view in ("Cast", "Photos", "Films", "People"):
            tab.get_by_role("navigation", name="Views").get_by_role("link", name=view, exact=True).click()
            tab.wait_for_timeout(500)
            assert not NOTHING.search(tab.locator("main").inner_text()), view
        assert cell(tab, THOR).is_visible()
        assert tab.locator(".message p.bad").count() == 0
        with own_site.client() as client:
            assert client.get("/jobs").status_code == 200
    banner(tab).wait_for(state="detached", timeout=4000)
    with own_site.client() as client:
        client.post("/characters", json={"names": ["Later"]}, headers={"idempotency-key": "later"})
    tab.get_by_role("link", name="Cast", exact=True).click()
    tab.get_by_role("option", name=re.compile("^Later")).wait_for()


@pytest.mark.parametrize("path", ["", "people", "cast", "photos", "films", "review"])
def test_a_page_that_is_opened_meanwhile_says_so_and_shows_all_afterwards(
    own_site: Site, open_tab: Open, path: str
) -> None:
    with forgetting(own_site):
        tab = open_tab(own_site, path)
        banner(tab).wait_for(timeout=4000)
        tab.wait_for_timeout(1000)
        assert not NOTHING.search(tab.locator("main").inner_text())
    banner(tab).wait_for(state="detached", timeout=4000)
    tab.locator("main .cell, main .crops, main .film-row, main .photo-sets li").first.wait_for()
    assert tab.locator(".message p.bad").count() == 0


def test_nothing_can_be_said_on_the_page_of_somebody_meanwhile(own_site: Site, open_tab: Open) -> None:
    tab = open_tab(own_site, f"people/{somebody(own_site, THOR)['id']}")
    forget = tab.get_by_role("button", name="Forget")
    forget.wait_for()
    with forgetting(own_site):
        banner(tab).wait_for(timeout=4000)
        assert forget.count() == 0 and tab.locator(".person .actions").count() == 0
        assert tab.get_by_role("heading", level=1, name=THOR).is_visible()
    forget.wait_for()


def test_the_page_of_who_is_being_forgotten_says_so(own_site: Site, open_tab: Open) -> None:
    tab = open_tab(own_site, f"people/{somebody(own_site, THOR)['id']}")
    # The job is asked for and waits: it is held back on its way.
    tab.route("**/api/v1/forget", lambda _: None)
    tab.get_by_role("button", name="Forget").click()
    dialog = tab.get_by_role("dialog", name=f"Forget {THOR}?")
    dialog.get_by_role("textbox").fill(THOR)
    dialog.get_by_role("button", name="Forget").click()
    tab.locator(".person").get_by_text(f"{THOR} is being forgotten.").wait_for()
    assert tab.locator(".person .actions").count() == 0


def test_what_is_said_meanwhile_is_sent_when_it_is_done(own_site: Site, open_tab: Open) -> None:
    tab = open_tab(own_site, "cast")
    cell(tab, THOR).wait_for()
    with forgetting(own_site):
        banner(tab).wait_for(timeout=4000)
        tab.evaluate("""async () => {
            const { post } = await import("./page/outbox.js");
            post("POST", "characters", { names: ["Later"] }, { text: "Later", undo: "cast" });
        }""")
        tab.wait_for_timeout(500)
        assert tab.get_by_text("The server is away").count() == 0
    tab.get_by_role("option", name=re.compile("^Later")).wait_for()


def test_the_banner_says_how_far_the_job_is(site: Site, open_tab: Open) -> None:
    tab = open_tab(site, "people")
    cell(tab, THOR).wait_for()
    tab.evaluate("""async () => {
        const { isForgetting } = await import("./page/api.js");
        const { jobs } = await import("./page/state.js");
        const job = { id: "1", kind: "forget", about: "", state: "running", progress: { done: 3, total: 12 } };
        jobs.value = new Map([["1", job]]);
        isForgetting.value = true;
    }""")
    banner(tab).get_by_text("3 of 12").wait_for()
    assert banner(tab).get_by_role("progressbar").get_attribute("value") == "3"
