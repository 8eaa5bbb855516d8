"""Who is in a picture, in a browser: dropped or below a media root; teaching from there; the picture to download."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.page.conftest import Site
from tests.page.test_cast import eventually, is_drawn, names, say_undo

Open = Callable[..., Any]
LOOKED_AT_MS = 60_000


def party(site: Site) -> Path:
    return site.media / "photos" / "party.jpg"


def test_a_picture_is_named_with_how_sure_that_is_and_who_is_next(site: Site, open_tab: Open) -> None:
    page = open_tab(site, "identify")
    page.locator("input[type=file]").set_input_files(party(site))
    page.locator(".who-list li").nth(2).wait_for(timeout=LOOKED_AT_MS)
    thor = page.locator(".who-list li", has=page.locator("strong", has_text="Thor"))
    thor.get_by_text("% sure").wait_for()
    thor.get_by_text("Next:").wait_for()
    assert page.locator(".who-list li", has_text="Unknown").count() == 2
    assert page.locator(".boxed .box").count() == 3 and is_drawn(page.locator(".boxed img"))
    with page.expect_download() as found:
        page.get_by_role("button", name="Download with names").click()
    assert found.value.suggested_filename == "party.named.jpg"
    assert Path(found.value.path()).read_bytes()[:2] == b"\xff\xd8"
    assert not page.wrong


def test_a_picture_of_a_root_has_an_address(site: Site, open_tab: Open) -> None:
    page = open_tab(site, "identify", width=390, height=844)
    page.get_by_role("button", name="From the server’s folders").click()
    page.get_by_role("button", name="photos").click()
    page.get_by_role("button", name="party.jpg").click()
    page.locator(".who-list strong", has_text="Thor").wait_for(timeout=LOOKED_AT_MS)
    address = page.url
    assert "path=photos%2Fparty.jpg" in address
    page.goto(address)
    page.locator(".who-list strong", has_text="Thor").wait_for(timeout=LOOKED_AT_MS)
    eventually(lambda: is_drawn(page.locator(".boxed img")), page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390 and not page.wrong


def test_a_face_among_several_is_taught_alone_and_taken_back(own_site: Site, open_tab: Open) -> None:
    page = open_tab(own_site, "identify")
    page.locator("input[type=file]").set_input_files(party(own_site))
    unknown = page.locator(".who-list li", has_text="Unknown").first
    unknown.wait_for(timeout=LOOKED_AT_MS)
    unknown.get_by_role("button", name="This is …").click()
    page.get_by_label("Name, known or new").fill("Joey")
    page.locator("dialog").get_by_role("button", name="Add").click()
    page.locator(".message", has_text="1 photo added to Joey.").wait_for(timeout=LOOKED_AT_MS)
    assert names(own_site)["Joey"] == 1
    page.locator(".who-list strong", has_text="Joey").wait_for(timeout=LOOKED_AT_MS)  # it knows him at once
    say_undo(page)
    eventually(lambda: "Joey" not in names(own_site), page)
    assert not page.wrong


def test_what_is_no_picture_says_so(site: Site, open_tab: Open, tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("no picture")
    page = open_tab(site, "identify", role="viewer")
    page.locator("input[type=file]").set_input_files(tmp_path / "notes.jpg")
    page.locator(".identified .bad").wait_for(timeout=LOOKED_AT_MS)
    assert page.get_by_role("button", name="This is …").count() == 0
