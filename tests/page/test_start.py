"""The first start in a real browser: with nothing at all, three ways to begin."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.page.conftest import Site

playwright = pytest.importorskip("playwright.sync_api")
LONG_MS = 90_000


def test_with_nothing_the_page_says_three_ways(empty_site: Site, open_tab: Callable[..., Any]) -> None:
    page = open_tab(empty_site)
    page.get_by_role("heading", name="Who is in your films?").wait_for()
    for way in ("Choose films", "Drop photos of the cast", "Paste names"):
        page.get_by_role("heading", name=way).wait_for()
    assert not page.wrong


def test_names_are_pasted_and_only_new_ones_are_added(empty_site: Site, open_tab: Callable[..., Any]) -> None:
    page = open_tab(empty_site, "start")
    names = page.get_by_role("textbox", name="Paste names")
    names.fill("Thor\n\n2. Tony Stark\n- Jos\u00e9 N\u00fa\u00f1ez\nthor\n")
    page.get_by_text("3 names, all new").wait_for()
    page.get_by_role("button", name="Add 3 names").click()
    page.get_by_text("3 names added.").wait_for()
    names.fill("Thor\nHela")
    page.get_by_text("2 names, 1 new").wait_for()
    page.get_by_role("button", name="Undo").wait_for(state="detached")
    with empty_site.client() as client:
        assert [one["name"] for one in client.get("/characters").json()["characters"]] == [
            "Jos\u00e9 N\u00fa\u00f1ez", "Thor", "Tony Stark",
        ]  # fmt: skip


def test_a_film_is_chosen_and_the_page_leads_to_who_was_found(
    empty_site: Site, world: Path, open_tab: Callable[..., Any]
) -> None:
    inside = empty_site.media / "season 1"
    inside.mkdir()
    shutil.copy(world / "media" / "film.mp4", inside / "a film.mp4")
    shutil.copy(world / "media" / "film.mp4", inside / "other.mp4")
    page = open_tab(empty_site)
    page.get_by_role("button", name="season 1").click()
    assert "folder=season+1" in page.url
    page.get_by_role("searchbox", name="Search films and folders").fill("A FIL")
    page.get_by_role("button", name=re.compile("a film")).click()
    page.get_by_role("button", name="Scan 1 film").click()
    page.locator(".working").get_by_text("Scan a film.mp4").wait_for()
    page.get_by_role("link", name="Name the people who were found").click(timeout=LONG_MS)
    page.get_by_text("Who is this?").wait_for()
    page.goto(f"{empty_site.address}/start?folder=season+1")
    page.locator(".entry", has_text="a film.mp4").get_by_role("link", name="scanned").wait_for()
    assert page.locator(".entry", has_text="other.mp4").get_by_text("scanned").count() == 0
    assert not page.wrong


def test_several_are_chosen_by_keys_and_scanned_as_one(
    empty_site: Site, world: Path, open_tab: Callable[..., Any]
) -> None:
    for number in range(4):
        shutil.copy(world / "media" / "film.mp4", empty_site.media / f"{number}.mp4")
    page = open_tab(empty_site, "start")
    page.get_by_role("button", name="0.mp4").click()
    page.get_by_role("button", name="2.mp4").click(modifiers=["Shift"])
    page.get_by_role("button", name="Scan 3 films").wait_for()
    page.keyboard.press("Control+a")
    page.get_by_role("button", name="Scan 4 films").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="1.mp4").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+ArrowDown")
    page.get_by_role("button", name="Scan 2 films").wait_for()
    page.get_by_role("checkbox", name="as one film").check()
    page.get_by_role("button", name="Scan 2 films").click()
    page.locator(".working").get_by_text("Scan 1.mp4 and 1 more").wait_for()
    with empty_site.client() as client:
        assert len(client.get("/jobs").json()["jobs"]) == 1


def test_photos_in_folders_enrol_characters_and_loose_ones_ask(
    empty_site: Site, world: Path, open_tab: Callable[..., Any]
) -> None:
    page = open_tab(empty_site, "start")
    page.locator("input[webkitdirectory]").set_input_files(str(world / "cast"))
    page.get_by_text("2 characters have photos.").wait_for(timeout=LONG_MS)
    for loose in (world / "cast" / "Thor" / "1.png", world / "media" / "photos" / "0.jpg"):
        page.locator(".drop input[type=file]").set_input_files([str(loose)])
        # Whom one names is seen.
        page.wait_for_function("() => document.querySelector('dialog .previews img')?.naturalWidth > 0")
        page.get_by_role("dialog").get_by_role("textbox").fill("Hela")
        page.keyboard.press("Enter")
        if "Thor" in loose.parts:  # it is another character's already
            page.get_by_role("alert").get_by_text("enrolled as Thor").wait_for(timeout=LONG_MS)
    found: set[str] = set()
    for _ in range(300):
        with empty_site.client() as client:
            found = {one["name"] for one in client.get("/characters").json()["characters"]}
        if len(found) == 3:
            break
        page.wait_for_timeout(100)
    assert found == {"Thor", "Tony", "Hela"}
    assert not page.wrong


def test_a_folder_of_photos_is_kept_as_a_set(empty_site: Site, world: Path, open_tab: Callable[..., Any]) -> None:
    shutil.copytree(world / "media" / "photos", empty_site.media / "holiday")
    page = open_tab(empty_site, "start")
    page.get_by_role("checkbox", name="Choose holiday").click()
    page.get_by_role("button", name="Keep its photos as a set").click()
    page.get_by_role("link", name="Name the people who were found").wait_for(timeout=LONG_MS)
    with empty_site.client() as client:
        assert [one["name"] for one in client.get("/photo-sets").json()["photo_sets"]] == ["holiday"]
