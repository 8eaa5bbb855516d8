"""The cast in a browser: cards, one character, photos dropped onto it, edits with their undo, doubts in the queue."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from personae.project.session import Project
from tests.docs_world import _taken as taken
from tests.docs_world import stranger
from tests.film_maker import head
from tests.page.conftest import WITHIN_MS, Site

Open = Callable[..., Any]
DROP = """async ([files, selector]) => {
  const entries = files.map(([path, bytes]) => {
    const content = Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0));
    const file = new File([content], path.split('/').at(-1), {type: 'image/png'});
    let entry = {isFile: true, name: file.name, file: (done) => done(file)};
    for (const folder of path.split('/').slice(0, -1).reverse()) {
      const inside = entry;
      let isRead = false;
      const readEntries = (done) => { done(isRead ? [] : [inside]); isRead = true; };
      entry = {isFile: false, name: folder, createReader: () => ({readEntries})};
    }
    return entry;
  });
  const event = new Event('drop', {bubbles: true, cancelable: true});
  const items = entries.map((entry) => ({webkitGetAsEntry: () => entry}));
  Object.defineProperty(event, 'dataTransfer', {value: {items, files: []}});
  document.querySelector(selector).dispatchEvent(event);
}"""


def drop(page: Any, files: dict[str, Path]) -> None:
    """Let go of files over the page; the path of each is from the folder on that is dropped."""
    import base64

    rows = [[path, base64.b64encode(file.read_bytes()).decode()] for path, file in files.items()]
    page.evaluate(DROP, [rows, ".drop"])


def photo(folder: Path, face: Any, number: int, name: str = "") -> Path:
    path = folder / (name or f"{number}.png")
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(taken(face, number)).save(path)
    return path


def id_of(site: Site, name: str) -> str:
    with site.client() as client:
        return str(next(one["id"] for one in client.get("/characters").json()["characters"] if one["name"] == name))


def names(site: Site) -> dict[str, int]:
    with site.client() as client:
        return {one["name"]: one["photos"] for one in client.get("/characters").json()["characters"]}


def is_drawn(picture: Any) -> bool:
    return bool(picture.count() and picture.first.evaluate("(one) => one.naturalWidth"))


def say_undo(page: Any) -> None:
    page.locator(".message").get_by_role("button", name="Undo").click()


def eventually(look: Callable[[], bool], page: Any) -> None:
    for _ in range(WITHIN_MS // 100):
        if look():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not come about")


# Everybody


def test_each_character_is_a_card_and_is_found_by_letters(site: Site, open_tab: Open) -> None:
    page = open_tab(site, "cast")
    page.locator(".card", has_text="Thor").locator("img").wait_for()
    page.get_by_role("option", name="Thor, 3 photos").wait_for()
    page.get_by_role("option", name="José Núñez, no photo yet").wait_for()
    page.get_by_label("Find a name").fill("nunez")
    eventually(lambda: page.locator(".card").count() == 1, page)
    assert page.url.endswith("/cast?q=nunez")
    page.reload()
    eventually(lambda: page.locator(".card").count() == 1, page)
    page.get_by_role("option", name=re.compile("José")).click()
    page.get_by_role("heading", name="José Núñez").wait_for()
    page.go_back()
    page.get_by_label("Find a name").wait_for()
    assert page.get_by_label("Find a name").input_value() == "nunez"
    assert not page.wrong


def test_a_viewer_sees_the_cast_and_no_button_that_changes_it(site: Site, open_tab: Open) -> None:
    page = open_tab(site, f"cast/{id_of(site, 'Thor')}", role="viewer")
    page.get_by_role("heading", name="Photos that teach").wait_for()
    for name in ("Rename", "Remove", "Choose photos", "Merge with …"):
        assert page.get_by_role("button", name=name).count() == 0
    page.goto(f"{site.address}/cast")
    page.locator(".card").first.wait_for()
    assert page.get_by_role("button", name="Select several").count() == 0 and not page.wrong


def test_a_merge_says_who_goes_into_whom_and_is_taken_apart(own_site: Site, open_tab: Open) -> None:
    page = open_tab(own_site, "cast")
    page.get_by_role("button", name="Select several").click()
    page.locator(".card", has_text="Thor").click()
    page.locator(".card", has_text="Tony").click()
    page.get_by_role("button", name="Merge").click()
    page.get_by_role("radio", name=re.compile("Tony")).check()
    page.get_by_text("Thor goes into Tony. The name Tony stays.").wait_for()
    page.locator("dialog").get_by_role("button", name="Merge").click()
    page.get_by_role("option", name="Tony, 6 photos").wait_for()
    assert "Thor" not in names(own_site)
    say_undo(page)
    page.get_by_role("option", name="Tony, 3 photos").wait_for()
    assert names(own_site)["Thor"] == 3 and not page.wrong


def test_names_are_pasted_and_taken_back(own_site: Site, open_tab: Open) -> None:
    page = open_tab(own_site, "cast")
    page.get_by_role("button", name="Paste names").click()
    page.get_by_role("textbox", name="Names").fill("Joey\nPhoebe Buffay\n\nJoey\n")
    page.locator("dialog").get_by_role("button", name="Add").click()
    page.get_by_role("option", name="Phoebe Buffay, no photo yet").wait_for()
    say_undo(page)
    eventually(lambda: page.locator(".card", has_text="Phoebe").count() == 0, page)
    assert "Joey" not in names(own_site) and not page.wrong


def test_folders_that_are_dropped_make_characters_and_say_what_cannot_be_used(
    own_site: Site, open_tab: Open, hopper: Path, tmp_path: Path
) -> None:
    lawn = tmp_path / "lawn.png"
    Image.fromarray(np.full((300, 300, 3), 90, np.uint8)).save(lawn)
    face = stranger(1)
    files = {f"Monica/{n}.png": photo(tmp_path / "m", face, n) for n in (1, 2)} | {"Monica/lawn.png": lawn}
    page = open_tab(own_site, "cast")
    page.locator(".card").first.wait_for()
    drop(page, files)
    page.get_by_text("2 photos added, 1 cannot be used.").wait_for(timeout=60_000)
    page.get_by_text("lawn.png: No face was found. Take a photo on which").wait_for()
    page.get_by_role("option", name="Monica, 2 photos, 1 not used").wait_for()
    page.locator(".sent").get_by_role("button", name="Undo").click()
    eventually(lambda: "Monica" not in names(own_site), page)
    assert not page.wrong


# One character


def test_a_name_is_changed_in_place_and_back(own_site: Site, open_tab: Open) -> None:
    page = open_tab(own_site, f"cast/{id_of(own_site, 'Thor')}")
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("New name").fill("Thor Odinson")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Thor Odinson").wait_for()
    say_undo(page)
    page.get_by_role("heading", name="Thor", exact=True).wait_for()
    assert not page.wrong


def test_photos_are_selected_taken_out_given_and_brought_back(own_site: Site, open_tab: Open) -> None:
    page = open_tab(own_site, f"cast/{id_of(own_site, 'Thor')}")
    cells = page.locator(".photo-cell")
    cells.nth(0).click()
    page.wait_for_url(re.compile(r"\?photos="))
    address = page.url
    page.reload()
    page.get_by_text("1 selected").wait_for()
    assert page.url == address
    page.get_by_role("button", name="Take out").click()
    eventually(lambda: names(own_site)["Thor"] == 2, page)
    say_undo(page)
    eventually(lambda: names(own_site)["Thor"] == 3, page)
    page.get_by_role("heading", name="Photos that teach (3)").wait_for()
    cells.nth(1).click()
    page.get_by_role("button", name="Give to …").click()
    page.get_by_label("Name, known or new").fill("Loki")
    page.locator("dialog").get_by_role("button", name="Give to …").click()
    eventually(lambda: names(own_site).get("Loki") == 1, page)
    say_undo(page)
    eventually(lambda: "Loki" not in names(own_site), page)
    page.get_by_role("heading", name="Photos that teach (3)").wait_for()
    cells.nth(1).click()
    page.get_by_role("button", name="Not them").click()
    eventually(lambda: names(own_site)["Thor"] == 2, page)
    page.locator(".message", has_text="taken out, and remembered").get_by_role("button", name="Undo").click()
    eventually(lambda: names(own_site)["Thor"] == 3, page)
    assert not page.wrong


def test_a_picture_that_was_away_for_a_moment_is_shown(own_site: Site, open_tab: Open) -> None:
    page = open_tab(own_site, "cast")
    who, asked = id_of(own_site, "Thor"), list[str]()

    def away(route: Any) -> None:
        asked.append(route.request.url)
        route.continue_() if len(asked) > 1 else route.fulfill(status=410)

    page.route("**/photos/**", away)
    page.goto(f"{own_site.address}/cast/{who}")
    page.locator(".photo-cell").nth(2).wait_for()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.photo-cell img')].every((one) => one.naturalWidth > 0)"
    )
    assert len(asked) == len(set(asked)) + 1, "once more"


def test_photos_dropped_onto_a_character_are_theirs(
    own_site: Site, open_tab: Open, hopper: Path, tmp_path: Path
) -> None:
    page = open_tab(own_site, f"cast/{id_of(own_site, 'Thor')}", width=390, height=844)
    page.locator("input[type=file]").set_input_files([photo(tmp_path, head(hopper), number) for number in (8, 9)])
    page.locator(".sent", has_text="added").wait_for(timeout=60_000)
    page.get_by_role("heading", name="Photos that teach (5)").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390 and not page.wrong


def test_whose_a_loose_photo_is_is_asked_with_the_photo(
    site: Site, open_tab: Open, hopper: Path, tmp_path: Path
) -> None:
    page = open_tab(site, "cast")
    page.locator("input[type=file]").first.set_input_files([photo(tmp_path, head(hopper), 8)])
    page.wait_for_function("() => document.querySelector('dialog .previews img')?.naturalWidth > 0")
    page.get_by_role("button", name="Cancel").click()
    assert not page.wrong


# Doubts


def doubted(site: Site, hopper: Path, astronaut: Path) -> None:
    """A cast of three from a folder, in which one of Thor's four photos shows Rachel."""
    folder = site.project.parent / "media" / "cast"
    for name, face in {"Thor": head(hopper), "Tony": head(astronaut), "Rachel": stranger(3)}.items():
        for number in (1, 2, 3, 4):
            photo(folder / name, face, number)
    photo(folder / "Thor", stranger(3), 9, "wrong.png")
    with Project.open(site.project) as project:
        project.cast.train(folder)
        assert [one.kind for one in project.cast.doubts()] == ["outliers"]


def test_a_wrong_photo_is_asked_about_with_the_photo_and_confirmed_and_asked_again(
    empty_site: Site, open_tab: Open, hopper: Path, astronaut: Path
) -> None:
    doubted(empty_site, hopper, astronaut)
    page = open_tab(empty_site, "review")
    page.get_by_role("heading", name="Does this photo in the cast show Thor?").wait_for()
    page.get_by_text("It looks like Rachel rather.").first.wait_for()
    eventually(lambda: is_drawn(page.locator(".of-cast .whole")), page)
    page.keyboard.press("Enter")
    page.get_by_text("No film has been scanned yet").wait_for()
    eventually(lambda: names(empty_site)["Thor"] == 5, page)  # looked at again, and enrolled
    page.keyboard.press("Control+z")
    page.get_by_role("heading", name="Does this photo in the cast show Thor?").wait_for()
    eventually(lambda: names(empty_site)["Thor"] == 4, page)
    page.keyboard.type("rach")
    page.keyboard.press("Enter")
    eventually(lambda: names(empty_site)["Rachel"] == 5, page)
    assert not page.wrong


def test_what_is_not_used_says_why_and_what_to_do(
    empty_site: Site, open_tab: Open, hopper: Path, astronaut: Path
) -> None:
    doubted(empty_site, hopper, astronaut)
    page = open_tab(empty_site, f"cast/{id_of(empty_site, 'Thor')}", scheme="dark")
    row = page.locator(".rejected li", has_text="wrong.png")
    row.get_by_text("It does not look like the other photos.").wait_for()
    row.get_by_text("If it is them all the same, say so").wait_for()
    eventually(lambda: is_drawn(page.locator(".rejected img")), page)
    row.get_by_role("button", name="It is Thor").click()
    page.get_by_role("heading", name="Photos that teach (5)").wait_for(timeout=60_000)
    page.get_by_title("Somebody said that this is right.").wait_for()
    assert not page.wrong


def test_two_of_one_face_are_made_one_or_kept_apart(
    empty_site: Site, open_tab: Open, hopper: Path, astronaut: Path
) -> None:
    folder = empty_site.project.parent / "media" / "cast"
    for name, numbers in {"Thor": (1, 2, 3), "Odinson": (5, 6)}.items():
        for number in numbers:
            photo(folder / name, head(hopper), number)
    for number in (1, 2, 3):
        photo(folder / "Tony", head(astronaut), number)
    with Project.open(empty_site.project) as project:
        project.cast.train(folder)
    page = open_tab(empty_site, "review")
    title = page.get_by_role("heading", name="Are Odinson and Thor one person?")
    title.wait_for()
    page.keyboard.type(".n")
    page.keyboard.press("Enter")
    page.get_by_text("No film has been scanned yet").wait_for()
    page.reload()
    page.get_by_text("No film has been scanned yet").wait_for()  # it is not asked again
    page.keyboard.press("Control+z")
    title.wait_for()
    page.keyboard.press("2")
    eventually(lambda: names(empty_site) == {"Thor": 5, "Tony": 3}, page)
    assert not page.wrong
