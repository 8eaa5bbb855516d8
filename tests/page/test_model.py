"""The model in a browser: its card in words, training with live progress from a chosen folder, how good it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.docs_world import stranger
from tests.film_maker import head
from tests.page.conftest import Site
from tests.page.test_cast import names, photo

Open = Callable[..., Any]
WORKED_MS = 120_000


def test_the_card_says_in_words_what_names_the_faces(site: Site, open_tab: Open) -> None:
    page = open_tab(site, "model", role="viewer")
    page.get_by_text(re.compile("It knows 2 characters from")).wait_for()
    page.get_by_text("of 100 strangers get a name by mistake").wait_for()
    page.get_by_text("without a photo, who are never recognised").wait_for()
    assert page.get_by_role("button", name="Train on a folder").count() == 0 and not page.wrong


def test_a_folder_is_chosen_trained_on_and_tried_out(
    empty_site: Site, open_tab: Open, hopper: Path, astronaut: Path
) -> None:
    folder = empty_site.media / "cast"
    for name, face in {"Thor": head(hopper), "Tony": head(astronaut), "Rachel": stranger(3)}.items():
        for number in (1, 2, 3, 4):
            photo(folder / name, face, number)
    (folder / "Thor" / "notes.png").write_text("no picture")
    page = open_tab(empty_site, "model", scheme="dark")
    page.get_by_text("Nobody is in the cast yet").wait_for()
    page.get_by_role("button", name="Train on a folder").click()
    page.get_by_role("button", name="cast").click()
    page.get_by_role("button", name="Train on a folder: cast").click()
    page.locator(".job-line", has_text="Training (cast)").wait_for()
    page.get_by_text("13 new photos, 0 as before; 1 of all cannot be used.").wait_for(timeout=WORKED_MS)
    page.get_by_text("Thor, notes.png: The file cannot be read as a picture.").wait_for()
    page.get_by_text("It knows 3 characters from 12 photos.").wait_for()
    assert names(empty_site) == {"Rachel": 4, "Thor": 4, "Tony": 4}
    page.get_by_role("button", name="How good is it?").click()
    page.get_by_role("heading", name=re.compile("How good it is")).wait_for(timeout=WORKED_MS)
    page.wait_for_url(re.compile("/model/"))
    bars = page.get_by_role("list", name="Each character, the weakest first")
    assert bars.get_by_role("img").count() == 3
    page.get_by_role("img", name=re.compile("^Curve: ")).wait_for()
    page.reload()
    page.get_by_role("img", name=re.compile("^Curve: ")).wait_for()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390 and not page.wrong


def test_how_many_strangers_may_get_a_name_is_set(own_site: Site, open_tab: Open) -> None:
    page = open_tab(own_site, "model")
    page.get_by_role("button", name="Strangers that may get a name …").click()
    page.get_by_label("Of 100 strangers").fill("5")
    page.locator("dialog").get_by_role("button", name="Set").click()
    page.get_by_text(re.compile("A face gets a name from .* on; before it was")).wait_for(timeout=WORKED_MS)
    page.get_by_text("About 5 of 100 strangers").wait_for()
    assert not page.wrong
