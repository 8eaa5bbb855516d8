"""The list of films and the page of one, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.page.conftest import Site
from tests.page.test_review import until

playwright = pytest.importorskip("playwright.sync_api")


def film_of(site: Site) -> dict[str, Any]:
    with site.client() as client:
        found: dict[str, Any] = client.get("/films").json()["films"][0]
        return found


def timeline_of(site: Site) -> dict[str, Any]:
    with site.client() as client:
        found: dict[str, Any] = client.get(f"/media/{film_of(site)['id']}/timeline").json()
        return found


def span_of(site: Site, name: str) -> dict[str, Any]:
    return next(one for one in timeline_of(site)["appearances"] if one["name"] == name)


def _many(page: Any, count: int) -> None:
    """Have the server tell of so many films."""

    def more(route: Any) -> None:
        answer = route.fetch()
        body = answer.json()
        one = body["films"][0]
        body["films"] = [
            one
            | {"id": f"{number:016x}", "name": f"Episode {number}", "decided": number / count, "unknown": number % 7}
            for number in range(count)
        ]
        route.fulfill(response=answer, json=body)

    page.route("**/api/v1/films?*", more)


def test_of_five_hundred_films_only_those_seen_are_in_the_document(site: Site, open_tab: Callable[..., Any]) -> None:
    page = open_tab(site, "keys")
    _many(page, 500)
    page.goto(f"{site.address}/films")
    page.get_by_text("500 films").wait_for()
    assert 5 < page.locator(".film-row").count() < 60
    page.keyboard.press("End")
    page.get_by_role("searchbox", name="Search films").fill("episode 49")
    page.get_by_text("11 of 500 films").wait_for()
    assert "q=episode+49" in page.url
    page.get_by_role("searchbox", name="Search films").fill("")
    page.get_by_role("combobox", name="Order").select_option("open")
    page.locator(".film-row").first.get_by_text("Episode 0").wait_for()
    page.get_by_role("combobox", name="Order").select_option("unknown")
    page.locator(".film-row").first.get_by_text("6 without a name").wait_for()
    page.reload()
    page.locator(".film-row").first.get_by_text("6 without a name").wait_for()
    page.locator(".film-row").first.focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("() => document.activeElement.closest('[data-row]')?.dataset.row === '1'")
    assert not page.wrong


def test_an_address_shows_a_film_at_a_time_with_somebody(site: Site, open_tab: Callable[..., Any]) -> None:
    span = span_of(site, "Tony")
    t = round(span["start_s"] + 0.5, 2)
    path = f"films/{film_of(site)['id']}?t={t}&who=Tony"
    page = open_tab(site, path)
    page.get_by_role("region", name="About Tony").wait_for()
    page.locator(".there").get_by_role("button", name="Tony", pressed=True).wait_for()
    page.wait_for_function("t => Math.abs(document.querySelector('video').currentTime - t) < 0.1", arg=t)
    first = page.locator(".lane", has_text="Thor").locator(".lane-who")
    first.click()
    page.get_by_role("region", name="About Thor").wait_for()
    assert "who=Thor" in page.url
    page.go_back()
    page.get_by_role("region", name="About Tony").wait_for()
    page.reload()
    page.get_by_role("region", name="About Tony").wait_for()
    assert not page.wrong


def test_a_click_in_a_lane_and_the_arrow_keys_go_there(site: Site, open_tab: Callable[..., Any]) -> None:
    page = open_tab(site, f"films/{film_of(site)['id']}")
    lane = page.locator(".lane", has_text="Tony")
    box = lane.locator(".lane-spans").bounding_box()
    length = timeline_of(site)["video"]["duration_s"]
    span = span_of(site, "Tony")
    middle = (span["start_s"] + span["end_s"]) / 2
    page.mouse.click(box["x"] + box["width"] * middle / length, box["y"] + box["height"] / 2)
    page.wait_for_function(f"() => Math.abs(document.querySelector('video').currentTime - {middle}) < 0.2")
    lane.locator(".lane-who").focus()
    before = page.url
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"() => location.href !== {before!r}")
    assert not page.wrong


def test_one_appearance_is_named_and_taken_back(own_site: Site, open_tab: Callable[..., Any]) -> None:
    span = span_of(own_site, "Unknown 1")
    page = open_tab(own_site, f"films/{film_of(own_site)['id']}?t={span['start_s'] + 0.2}&who=Unknown+1")
    about = page.get_by_role("region", name="About Unknown 1")
    about.get_by_role("radio", name=re.compile("^(All|Everywhere)")).check()
    about.get_by_role("textbox", name="Name").fill("nunez")
    page.keyboard.press("Enter")
    page.get_by_role("region", name="About José Núñez").wait_for()
    page.locator(".lane", has_text="José Núñez").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.locator(".lane", has_text="José Núñez").wait_for(state="detached")
    page.locator(".lane", has_text="Unknown 1").first.wait_for()
    assert not page.wrong


def test_somebody_is_added_trimmed_and_set_aside(own_site: Site, open_tab: Callable[..., Any]) -> None:
    film = film_of(own_site)["id"]
    page = open_tab(own_site, f"films/{film}")
    page.get_by_role("button", name="Somebody is there without a face …").click()
    page.get_by_role("textbox", name="Who").fill("Rachel Green")
    page.get_by_role("spinbutton", name="From second").fill("1")
    page.get_by_role("spinbutton", name="to second").fill("2.5")
    page.get_by_role("button", name="Add", exact=True).click()
    page.locator(".lane", has_text="Rachel Green").locator("path.stated").wait_for(state="attached")
    page.goto(f"{own_site.address}/films/{film}?t=2&who=Rachel+Green")
    page.get_by_role("button", name="until 0:02").click()
    until(lambda: page.wait_for_timeout(50) or abs(span_of(own_site, "Rachel Green")["end_s"] - 2) < 0.1)
    span = span_of(own_site, "Unknown 2")
    page.goto(f"{own_site.address}/films/{film}?t={span['start_s'] + 0.2}&who=Unknown+2")
    about = page.get_by_role("region", name="About Unknown 2")
    about.get_by_role("radio", name=re.compile("^(All|Everywhere)")).check()
    about.get_by_role("button", name="Stranger").click()
    page.locator(".lane", has_text="Unknown 2").get_by_text("stranger").wait_for()
    assert not page.wrong


def test_every_format_is_a_download_and_a_film_a_job(own_site: Site, open_tab: Callable[..., Any]) -> None:
    page = open_tab(own_site, f"films/{film_of(own_site)['id']}?who=Thor&t=1")
    with own_site.client() as client:
        formats = client.get("/exports").json()["formats"]
    page.locator(".formats a").first.wait_for()
    assert page.locator(".formats a").count() == len(formats) + 1
    with page.expect_download() as got:
        page.locator(".formats a", has_text=".appearances.csv").click()
    assert got.value.suggested_filename == "film.appearances.csv"
    with page.expect_download() as got:
        page.get_by_role("link", name=".edl", exact=True).click()
    assert got.value.suggested_filename == "film.selection.edl"
    page.get_by_role("button", name="The film with boxes and names").click()
    with page.expect_download(timeout=60_000) as got:
        page.locator(".exports .jobs").get_by_role("link", name="Download").click(timeout=60_000)
    assert got.value.suggested_filename.endswith(".mp4")
    page.get_by_role("button", name="Scan again").click()
    page.get_by_text("The film will be scanned again.").wait_for()
    assert not page.wrong


def test_a_film_that_cannot_be_played_is_shown_by_its_pictures(site: Site, open_tab: Callable[..., Any]) -> None:
    page = open_tab(site, "keys")
    page.route("**/file?*", lambda route: route.fulfill(body=b"no film", content_type="video/mp4"))
    page.goto(f"{site.address}/films/{film_of(site)['id']}?t=1")
    page.get_by_text("This browser cannot play the film.").wait_for()
    page.get_by_alt_text("The film at 0:01").wait_for()
    page.get_by_role("slider").focus()
    page.keyboard.press("PageUp")
    page.locator(".film-player img").wait_for()


def test_a_viewer_sees_no_stranger_and_no_button(site: Site, open_tab: Callable[..., Any]) -> None:
    page = open_tab(site, f"films/{film_of(site)['id']}?t=1&who=Thor", role="viewer")
    page.get_by_role("region", name="About Thor").wait_for()
    page.locator(".formats a").first.wait_for()
    assert "Unknown" not in page.locator("main").inner_text()
    for name in ("Right", "Stranger", "Scan again", "Name anew", "Somebody is there without a face …"):
        assert page.get_by_role("button", name=name, exact=True).count() == 0
    assert not page.wrong


@pytest.mark.parametrize("path", ["films", "films/ID?t=1&who=Thor", "jobs", "start"])
def test_no_view_is_wider_than_a_phone(site: Site, open_tab: Callable[..., Any], path: str) -> None:
    page = open_tab(site, path.replace("ID", film_of(site)["id"]), width=390, height=844)
    page.locator("main h1").first.wait_for()
    page.wait_for_timeout(700)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
