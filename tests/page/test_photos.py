"""Sets of photos in a real browser: the grid, its filters and selection, one photo large, boxes drawn by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.page.conftest import Site
from tests.page.world import SET, THOR

Tab = Any
Open = Callable[..., Tab]


def set_of(site: Site) -> str:
    with site.client() as client:
        sets = client.get("/photo-sets").json()["photo_sets"]
    return next(str(one["id"]) for one in sets if one["name"] == SET)


def faces(site: Site, path: str = "party.jpg") -> list[str]:
    """Who is in a photo, as the server has it; * for a box that was drawn."""
    with site.client() as client:
        photos = client.get(f"/photo-sets/{set_of(site)}/photos").json()["photos"]
    own = next(one for one in photos if one["path"] == path)
    return [face["name"] + "*" * face["drawn"] for face in own["faces"]]


def cells(tab: Tab) -> Any:
    return tab.locator(".grid .cell")


def open_large(tab: Tab, path: str = "party.jpg") -> None:
    tab.get_by_role("option", name=path).first.dblclick()
    tab.locator(".photo-large .whole img").wait_for()


def drag(tab: Tab, where: tuple[float, float, float, float]) -> None:
    """Drag a box over the large photo, in shares of it."""
    frame = tab.locator(".whole").bounding_box()
    x, y, width, height = (frame[side] for side in ("x", "y", "width", "height"))
    tab.mouse.move(x + where[0] * width, y + where[1] * height)
    tab.mouse.down()
    tab.mouse.move(x + (where[0] + where[2]) / 2 * width, y + where[3] * height)
    tab.mouse.move(x + where[2] * width, y + where[3] * height)
    tab.mouse.up()


def until(tab: Tab, ask: Callable[[], Any], wanted: Any) -> None:
    for _ in range(100):
        if ask() == wanted:
            return
        tab.wait_for_timeout(100)
    assert ask() == wanted


def test_the_sets_and_the_photos_of_one_with_boxes_and_names(site: Site, open_tab: Open) -> None:
    tab = open_tab(site, "photos")
    tab.locator(".photo-sets li a").click()
    cells(tab).first.wait_for()
    assert cells(tab).count() == 4
    party = tab.get_by_role("option", name="party.jpg")
    assert THOR in party.get_attribute("aria-label") and party.locator(".box").count() == 3
    tab.wait_for_function("() => [...document.querySelectorAll('.grid img')].every((one) => one.naturalWidth > 0)")
    assert tab.wrong == []


def test_filters_stand_in_the_address_and_hold_after_a_reload(site: Site, open_tab: Open) -> None:
    tab = open_tab(site, f"photos/{set_of(site)}")
    cells(tab).first.wait_for()
    tab.get_by_label("Who").select_option(THOR)
    until(tab, cells(tab).count, 1)
    tab.reload()
    cells(tab).first.wait_for()
    assert cells(tab).count() == 1 and tab.get_by_label("Who").input_value() == THOR
    tab.get_by_label("Who").select_option("")
    tab.get_by_label("In the path").fill("PARTY")
    until(tab, cells(tab).count, 1)
    assert parse_qs(urlsplit(tab.url).query) == {"q": ["PARTY"]}
    tab.get_by_label("In the path").fill("nowhere")
    tab.get_by_text("No photo is like that.").wait_for()
    tab.get_by_label("In the path").fill("")
    tab.get_by_label("Sorted by").select_option("faces")
    until(tab, lambda: "party.jpg" in cells(tab).first.get_attribute("aria-label"), True)
    assert tab.wrong == []


def test_a_selection_stands_in_the_address(site: Site, open_tab: Open) -> None:
    tab = open_tab(site, f"photos/{set_of(site)}")
    cells(tab).nth(0).click()
    cells(tab).nth(2).click(modifiers=["Shift"])
    tab.get_by_text("3 photos selected").wait_for()
    tab.reload()
    tab.get_by_text("3 photos selected").wait_for()
    assert tab.locator(".cell.chosen").count() == 3


def test_keys_go_from_photo_to_photo_and_back_is_where_one_was(site: Site, open_tab: Open) -> None:
    tab = open_tab(site, f"photos/{set_of(site)}")
    cells(tab).first.dblclick()
    tab.get_by_text("1 of 4").wait_for()
    tab.keyboard.press("ArrowRight")
    tab.get_by_text("2 of 4").wait_for()
    tab.keyboard.press("ArrowLeft")
    tab.get_by_text("1 of 4").wait_for()
    tab.keyboard.press("Escape")
    cells(tab).first.wait_for()
    tab.go_back()
    tab.get_by_text("1 of 4").wait_for()


def test_a_face_is_named_by_choosing_its_box_and_taken_back(own_site: Site, open_tab: Open) -> None:
    tab = open_tab(own_site, f"photos/{set_of(own_site)}")
    cells(tab).first.wait_for()
    open_large(tab)
    before = faces(own_site)
    tab.locator(".whole .box.unknown").first.click()
    tab.keyboard.type("monica")
    tab.keyboard.press("Enter")
    tab.locator(".whole .box", has_text="Monica Geller").wait_for()
    until(tab, lambda: "Monica Geller" in faces(own_site), True)
    tab.get_by_role("button", name="Undo").last.click()
    until(tab, lambda: faces(own_site), before)
    tab.locator(".whole .box", has_text="Monica Geller").wait_for(state="detached")
    assert tab.wrong == []


@pytest.mark.parametrize(("line", "says"), [(".s", "stranger"), (".x", "no_face"), (".n", "split")])
def test_the_commands_of_the_terminal_hold_for_a_face(own_site: Site, open_tab: Open, line: str, says: str) -> None:
    tab = open_tab(own_site, f"photos/{set_of(own_site)}")
    cells(tab).first.wait_for()
    open_large(tab)
    tab.locator(".whole .box.unknown").first.click()
    tab.keyboard.type(line)
    tab.keyboard.press("Enter")

    def said() -> list[str]:
        with own_site.client() as client:
            journal = client.get(f"/media/{set_of(own_site)}/decisions").json()
        return [one["decision"]["kind"] for one in journal["decisions"]]

    until(tab, said, [says])


def test_a_box_is_dragged_named_shown_at_once_and_undone(own_site: Site, open_tab: Open) -> None:
    tab = open_tab(own_site, f"photos/{set_of(own_site)}")
    cells(tab).first.wait_for()
    open_large(tab)
    before = faces(own_site)
    drag(tab, (0.02, 0.05, 0.1, 0.3))
    tab.locator(".box.mine").wait_for()
    tab.get_by_role("combobox", name="Name").fill("Rachel")
    tab.keyboard.press("Enter")
    tab.locator(".whole .box.drawn", has_text="Rachel Green").wait_for()
    until(tab, lambda: faces(own_site), [*before, "Rachel Green*"])
    tab.reload()
    tab.locator(".whole .box.drawn").click()
    tab.get_by_text("it teaches the cast nothing").wait_for()
    tab.keyboard.press("Control+z")
    until(tab, lambda: faces(own_site), before)
    assert tab.wrong == []


def test_a_box_is_drawn_with_the_keyboard_alone(own_site: Site, open_tab: Open) -> None:
    tab = open_tab(own_site, f"photos/{set_of(own_site)}")
    cells(tab).first.wait_for()
    open_large(tab)
    before = faces(own_site)
    tab.keyboard.press("d")
    tab.locator(".box.mine").wait_for()
    assert tab.evaluate("document.activeElement.classList.contains('mine')")
    for _ in range(40):
        tab.keyboard.press("ArrowLeft")
    for _ in range(5):
        tab.keyboard.press("Shift+ArrowUp")
    tab.get_by_role("button", name="Somebody new").click()
    until(tab, lambda: len(faces(own_site)), len(before) + 1)
    assert faces(own_site)[-1].startswith("Unknown") and faces(own_site)[-1].endswith("*")


def test_of_many_photos_all_faces_of_one_person_are_named_at_once(own_site: Site, open_tab: Open) -> None:
    tab = open_tab(own_site, f"photos/{set_of(own_site)}")
    cells(tab).first.click()
    tab.keyboard.press("Control+a")
    tab.get_by_text("4 photos selected").wait_for()
    tab.get_by_label("Whose faces").select_option(THOR)
    tab.get_by_role("button", name=f"None of these is {THOR}").click()
    until(tab, lambda: THOR in faces(own_site), False)
    tab.get_by_role("button", name="Undo").click()
    until(tab, lambda: THOR in faces(own_site), True)


def test_what_others_say_is_there_within_two_seconds(own_site: Site, open_tab: Open) -> None:
    tab = open_tab(own_site, f"photos/{set_of(own_site)}")
    cells(tab).first.wait_for()
    tab.wait_for_timeout(1000)
    body = {"said": [{"say": "add", "who": "Nadia", "photo": "party.jpg", "box": [2, 2, 60, 80]}]}
    with own_site.client() as client:
        answer = client.post(
            f"/media/{set_of(own_site)}/decisions", content=json.dumps(body),
            headers={"content-type": "application/json", "idempotency-key": "other"},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
    tab.locator(".grid .box.drawn").wait_for(timeout=2000)


def test_viewers_see_names_and_no_strangers_and_nothing_to_press(site: Site, open_tab: Open) -> None:
    tab = open_tab(site, f"photos/{set_of(site)}", role="viewer")
    cells(tab).first.wait_for()
    assert tab.locator(".box.unknown").count() == 0 and tab.locator(".box.model").count() >= 1
    tab.get_by_role("option", name="party.jpg").click()
    tab.locator(".whole .box").first.click()
    assert tab.locator(".naming").count() == 0 and tab.get_by_role("button", name="Draw a box").count() == 0
    assert tab.wrong == []


@pytest.mark.parametrize("path", ["photos", "photos/{id}", "photos/{id}?photo={photo}&face=1"])
def test_no_view_scrolls_sideways_on_a_phone(site: Site, open_tab: Open, path: str) -> None:
    id = set_of(site)
    with site.client() as client:
        photo = client.get(f"/photo-sets/{id}/photos").json()["photos"][0]["id"]
    tab = open_tab(site, path.format(id=id, photo=photo), width=390, height=844)
    tab.wait_for_timeout(800)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080), (390, 844)])
def test_what_is_beside_a_photo_is_one_column_of_full_width(
    site: Site, open_tab: Open, width: int, height: int
) -> None:
    tab = open_tab(site, f"photos/{set_of(site)}?q=party", width=width, height=height)
    cells(tab).first.wait_for()
    open_large(tab)
    tab.locator(".whole .box.unknown").first.click()
    tab.locator(".naming .found li").first.wait_for()
    about = tab.locator(".photo-large .about").bounding_box()
    field = tab.get_by_role("combobox", name="Name").bounding_box()
    assert about["width"] >= 256 and about["x"] + about["width"] <= width
    assert field["width"] >= about["width"] - 2
    tops = [one.bounding_box()["y"] for one in tab.locator(".about > *:visible").all()]
    assert tops == sorted(set(tops)), "one above the other"
    for one in tab.locator(".naming .found li .name").all():
        assert one.bounding_box()["width"] > 20, "a number has its name beside it"


def test_who_has_drawn_a_box_types_its_name_at_once(own_site: Site, open_tab: Open) -> None:
    tab = open_tab(own_site, f"photos/{set_of(own_site)}?q=party")
    cells(tab).first.wait_for()
    open_large(tab)
    tab.locator(".whole .box.unknown").first.click()  # another field has the focus before
    drag(tab, (0.02, 0.05, 0.1, 0.3))
    tab.locator(".box.mine").wait_for()
    tab.wait_for_timeout(100)
    before = tab.locator(".box.mine").get_attribute("style")
    tab.keyboard.type("d")  # it is the name's first letter, and draws no other box
    assert tab.get_by_role("combobox", name="Name").input_value() == "d"
    assert tab.locator(".box.mine").get_attribute("style") == before
    tab.get_by_role("combobox", name="Name").fill("")
    tab.keyboard.type("Rachel")
    tab.keyboard.press("Enter")
    tab.locator(".whole .box.drawn", has_text="Rachel Green").wait_for()


def test_letters_after_a_box_of_the_keyboard_are_its_name(site: Site, open_tab: Open) -> None:
    tab = open_tab(site, f"photos/{set_of(site)}?q=party")
    cells(tab).first.wait_for()
    open_large(tab)
    tab.keyboard.press("d")
    tab.keyboard.press("ArrowLeft")
    before = tab.locator(".box.mine").get_attribute("style")
    tab.keyboard.type("dora")
    assert tab.get_by_role("combobox", name="Name").input_value() == "dora"
    assert tab.locator(".box.mine").get_attribute("style") == before


def test_undo_beside_a_photo_takes_back_what_was_said_there_and_says_what(own_site: Site, open_tab: Open) -> None:
    tab = open_tab(own_site, f"photos/{set_of(own_site)}?q=party")
    cells(tab).first.wait_for()
    open_large(tab)
    tab.evaluate("""async () => {
        const { post } = await import("./page/outbox.js");
        await post("POST", "characters", { names: ["Elsewhere"] }, { text: "Elsewhere", undo: "cast" });
    }""")
    tab.keyboard.press("Control+z")
    tab.get_by_text("Nothing was said here that could be taken back.").wait_for()
    before = faces(own_site)
    drag(tab, (0.02, 0.05, 0.1, 0.3))
    tab.keyboard.type("Rachel")
    tab.keyboard.press("Enter")
    until(tab, lambda: faces(own_site), [*before, "Rachel Green*"])
    tab.keyboard.press("Control+z")
    tab.get_by_text("Taken back: party.jpg: Rachel Green, by hand.").wait_for()
    until(tab, lambda: faces(own_site), before)
    tab.keyboard.press("Control+z")
    tab.get_by_text("Nothing was said here that could be taken back.").wait_for()
    with own_site.client() as client:
        assert "Elsewhere" in [one["name"] for one in client.get("/characters").json()["characters"]]


@pytest.mark.parametrize("view", ["photos", "people"])
@pytest.mark.parametrize("height", [800, 470])
def test_a_double_click_anywhere_on_a_picture_opens_it(site: Site, open_tab: Open, view: str, height: int) -> None:
    path = f"photos/{set_of(site)}" if view == "photos" else view
    tab = open_tab(site, path, height=height)
    cells(tab).first.wait_for()
    tab.wait_for_timeout(300)
    before = tab.url
    for share in (0.03, 0.97):
        box = cells(tab).first.bounding_box()
        x, y = box["x"] + box["width"] / 2, min(box["y"] + share * box["height"], height - 4)
        tab.mouse.click(x, y)
        tab.locator(".chosen-bar").wait_for()
        assert cells(tab).first.bounding_box() == box, "the first click moves nothing"
        tab.keyboard.press("Escape")
        tab.locator(".chosen-bar").wait_for(state="detached")
        tab.mouse.dblclick(x, y)
        tab.locator(".photo-large, .person").wait_for()
        tab.goto(before)
        cells(tab).first.wait_for()
        tab.wait_for_timeout(300)
    tab.get_by_text("Double click or Enter opens.").wait_for()
