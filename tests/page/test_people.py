"""Everybody over all films and photos, and the page of each, in a real browser on real faces."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.page.conftest import Site
from tests.page.world import FILM, LISTED, THOR, TONY

Open = Callable[..., Any]
MONICA, RACHEL = LISTED[:2]
ODD_NAMES = ("Nadia محمد", "Zoe\u0308 Çelik", "Wilhelmina " * 18 + "End", "A<b>\"&'</b>")
SEEN_MS = 2_500
"""Changes of others appear within two seconds, and a busy machine takes a little."""


def people_of(site: Site) -> list[dict[str, Any]]:
    with site.client() as client:
        told = client.get("people/everybody", params={"limit": 1000})
    assert told.is_success, told.text
    found: list[dict[str, Any]] = told.json()["people"]
    return found


def of_kind(site: Site, kind: str) -> list[dict[str, Any]]:
    return [one for one in people_of(site) if one["kind"] == kind]


def somebody(site: Site, name: str) -> dict[str, Any]:
    return next(one for one in people_of(site) if one["name"] == name)


def cell(tab: Any, name: str) -> Any:
    return tab.get_by_role("option", name=re.compile(f"^{re.escape(name)}, "))


def told(tab: Any, sentence: str) -> None:
    tab.locator(".message", has_text=sentence).wait_for()


def press(tab: Any, name: str) -> None:
    tab.get_by_role("button", name=re.compile(f"^{re.escape(name)}")).first.click()


def settle(site: Site, holds: Callable[[], bool]) -> None:
    """Wait until the server has what was said."""
    with site.client() as client:
        for _ in range(60):
            with contextlib.suppress(StopIteration):  # nobody is called so yet
                if holds():
                    return
            client.get("jobs", params={"limit": 1})
            time.sleep(0.1)
    raise AssertionError("it was not said")


def test_everybody_is_listed_with_a_picture_face_time_and_films(site: Site, open_tab: Open) -> None:
    tab = open_tab(site, "people")
    cell(tab, THOR).wait_for()
    assert {cell(tab, one["name"]).count() for one in people_of(site)} == {1}
    card = cell(tab, THOR)
    assert re.search(r"\d+\.\d s", card.inner_text())
    picture = card.locator("img")
    tab.wait_for_function("image => image.complete && image.naturalWidth > 30", arg=picture.element_handle())
    assert tab.wrong == []


def test_search_and_filter_stand_in_the_address(site: Site, open_tab: Open) -> None:
    tab = open_tab(site, "people")
    cell(tab, THOR).wait_for()
    tab.get_by_role("searchbox").fill("THÓ")
    tab.wait_for_function("() => document.querySelectorAll('[role=option]').length === 1 || 0")
    assert cell(tab, THOR).count() == 1 and "q=" in tab.url
    tab.reload()
    cell(tab, THOR).wait_for()
    assert tab.get_by_role("searchbox").input_value() == "THÓ" and cell(tab, TONY).count() == 0
    tab.get_by_role("searchbox").fill("")
    press(tab, "Unknown")
    cell(tab, of_kind(site, "unknown")[0]["name"]).wait_for()
    assert cell(tab, THOR).count() == 0 and "show=unknown" in tab.url
    tab.get_by_label("In all films and photos").select_option(label=FILM)
    assert "in=" in tab.url and tab.wrong == []


def test_many_are_selected_by_shift_by_ctrl_a_and_by_a_frame_and_a_reload_shows_the_same(
    site: Site, open_tab: Open
) -> None:
    tab = open_tab(site, "people")
    cell(tab, THOR).wait_for()
    options = tab.locator(".cell")
    options.nth(0).click()
    options.nth(2).click(modifiers=["Shift"])
    tab.get_by_text("3 selected").first.wait_for()
    tab.wait_for_url("**sel=**")
    tab.reload()
    tab.get_by_text("3 selected").first.wait_for()
    assert tab.locator("[aria-selected=true]").count() == 3
    tab.keyboard.press("Control+a")
    tab.get_by_text(f"{len([one for one in people_of(site) if one['kind'] != 'stranger'])} selected").first.wait_for()
    tab.keyboard.press("Escape")
    first, second = options.nth(0).bounding_box(), options.nth(1).bounding_box()
    tab.mouse.move(first["x"] + 20, first["y"] + 20)
    tab.mouse.down()
    tab.mouse.move(second["x"] + 40, second["y"] + 60, steps=5)
    tab.mouse.up()
    tab.get_by_text("2 selected").first.wait_for()
    assert tab.wrong == []


def test_the_others_are_strangers_in_one_action_and_one_undo(own_site: Site, open_tab: Open) -> None:
    tab = open_tab(own_site, "people")
    unknown = of_kind(own_site, "unknown")
    kept = unknown[0]
    cell(tab, kept["name"]).click()
    press(tab, f"The other {len(unknown) - 1} are strangers")
    told(tab, f"{len(unknown) - 1} people set aside as strangers.")
    settle(own_site, lambda: [one["id"] for one in of_kind(own_site, "unknown")] == [kept["id"]])
    with own_site.client() as client:
        made = client.get("decisions").json()["decisions"]
        assert len({one["decision"]["request"] for one in made}) == 1
        # Who was set aside is nobody's candidate.
        asked = client.get("questions").json()["questions"]
    aside = {one["name"] for one in of_kind(own_site, "stranger")}
    assert not {each["name"] for one in asked for each in one["candidates"]} & aside
    press(tab, "Undo")
    told(tab, "Taken back.")
    settle(own_site, lambda: len(of_kind(own_site, "unknown")) == len(unknown))
    assert tab.wrong == []


def test_a_name_that_another_has_makes_two_one_only_after_it_was_said_so(own_site: Site, open_tab: Open) -> None:
    tab = open_tab(own_site, "people")
    before = somebody(own_site, THOR)
    other = of_kind(own_site, "unknown")[0]
    cell(tab, other["name"]).click()
    tab.keyboard.press("n")
    dialog = tab.get_by_role("dialog")
    dialog.get_by_role("combobox").fill("thor")
    dialog.get_by_text("Thor is somebody already").wait_for()
    assert dialog.get_by_text(re.compile("These 2 become one person of .* called Thor")).count() == 1
    assert dialog.locator("img.face").count() >= 2
    tab.keyboard.press("Escape")
    assert somebody(own_site, THOR) == before
    tab.keyboard.press("n")
    dialog.get_by_role("combobox").fill("Thor")
    dialog.get_by_role("button", name="They are one").click()
    settle(own_site, lambda: somebody(own_site, THOR)["faces"] > before["faces"])
    # And is taken apart on the page of the one who they became.
    tab.goto(f"{own_site.address}/people/{somebody(own_site, THOR)['id']}")
    tab.get_by_role("heading", name="How they became one").wait_for()
    press(tab, "Take apart")
    settle(own_site, lambda: somebody(own_site, THOR)["faces"] == before["faces"])
    assert other["parts"][0]["who"] in {part["who"] for one in of_kind(own_site, "unknown") for part in one["parts"]}
    tab.get_by_role("heading", name="How they became one").wait_for(state="detached")
    press(tab, "Undo")
    settle(own_site, lambda: somebody(own_site, THOR)["faces"] > before["faces"])
    assert tab.wrong == []


def test_several_are_merged_under_the_name_that_stays_as_one_command(own_site: Site, open_tab: Open) -> None:
    tab = open_tab(own_site, "people")
    one, two = of_kind(own_site, "unknown")[:2]
    cell(tab, one["name"]).click()
    cell(tab, two["name"]).click(modifiers=["Control"])
    tab.keyboard.press("m")
    dialog = tab.get_by_role("dialog", name="Make these 2 one person")
    dialog.get_by_role("combobox").fill(MONICA)
    dialog.get_by_text(re.compile(f"called {MONICA}")).wait_for()
    tab.keyboard.press("Enter")
    told(tab, f"2 people are one: {MONICA}.")
    settle(own_site, lambda: any(each["name"] == MONICA for each in people_of(own_site)))
    assert somebody(own_site, MONICA)["faces"] >= 2
    with own_site.client() as client:
        assert len({each["decision"]["request"] for each in client.get("decisions").json()["decisions"]}) == 1
    tab.keyboard.press("Control+z")
    settle(own_site, lambda: not any(each["name"] == MONICA for each in people_of(own_site)))
    assert tab.wrong == []


def faces_of(site: Site, name: str) -> list[dict[str, Any]]:
    with site.client() as client:
        found: list[dict[str, Any]] = client.get(f"people/{somebody(site, name)['id']}/faces").json()["faces"]
    return found


def test_wrong_faces_come_first_and_are_parted_and_do_not_come_back(own_site: Site, open_tab: Open) -> None:
    wrong = of_kind(own_site, "unknown")[0]
    parts = [{key: part[key] for key in ("medium", "number", "position")} for part in wrong["parts"]]
    before = somebody(own_site, THOR)["faces"]
    with own_site.client() as client:
        body = {"parts": parts, "say": "name", "to": THOR}
        assert client.post("people/decisions", json=body).status_code == 200
    tab = open_tab(own_site, f"people/{somebody(own_site, THOR)['id']}")
    tab.locator(".cell").first.wait_for()
    listed = faces_of(own_site, THOR)
    agreements = [one["agreement"] for one in listed]
    assert agreements == sorted(agreements)
    tracks = {one["track"] for one in faces_of(own_site, THOR)} - {None}
    tab.locator(".cell").first.click()
    tab.wait_for_url("**sel=**")
    parted = listed[0]
    tab.keyboard.press("s")
    told(tab, "1 face: somebody of their own.")
    settle(own_site, lambda: len(faces_of(own_site, THOR)) == len(listed) - 1)
    # Whatever looks again: it is not Thor.
    with own_site.client() as client:
        job = client.post(f"media/{parted['medium']}/relabel").json()["job"]["id"]
        assert client.get(f"jobs/{job}", params={"wait_s": 60}).json()["job"]["state"] == "done"
    left = faces_of(own_site, THOR)
    assert len(left) == len(listed) - 1
    assert (parted["medium"], parted["track"], parted["path"]) not in {
        (one["medium"], one["track"], one["path"]) for one in left
    }
    assert before and tracks and tab.wrong == []


def test_all_right_but_these_confirms_the_rest(own_site: Site, open_tab: Open) -> None:
    tab = open_tab(own_site, f"people/{somebody(own_site, THOR)['id']}")
    tab.locator(".cell").first.wait_for()
    before = faces_of(own_site, THOR)
    tab.locator(".cell").first.click()
    press(tab, "This one is wrong, the rest is right")
    settle(own_site, lambda: len(faces_of(own_site, THOR)) == len(before) - 1)
    # The rest is confirmed in every film and set, also where nothing was selected.
    assert all(one["sure"] for one in faces_of(own_site, THOR))
    press(tab, "Undo")
    settle(own_site, lambda: len(faces_of(own_site, THOR)) == len(before))
    assert tab.wrong == []


def test_somebody_unknown_has_an_address_by_film_and_number(site: Site, open_tab: Open) -> None:
    one = of_kind(site, "unknown")[0]
    part = one["parts"][-1]
    tab = open_tab(site, f"people/{part['medium']}.{part['number']}")
    tab.get_by_role("heading", level=1, name=one["name"]).wait_for()
    assert tab.locator(".parts").get_by_role("link", name=part["name"]).count() == 1 and tab.wrong == []


def test_a_rename_of_a_character_holds_everywhere_and_is_undone(own_site: Site, open_tab: Open) -> None:
    thor = somebody(own_site, THOR)
    tab = open_tab(own_site, f"people/{thor['id']}")
    press(tab, "Another name")
    dialog = tab.get_by_role("dialog")
    dialog.get_by_role("combobox").fill("Grace")
    dialog.get_by_text("all photos have the new name").wait_for()
    tab.keyboard.press("Enter")
    settle(own_site, lambda: somebody(own_site, "Grace")["id"] == thor["id"])
    tab.get_by_role("heading", level=1, name="Grace").wait_for()
    press(tab, "Undo")
    settle(own_site, lambda: somebody(own_site, THOR)["id"] == thor["id"])
    assert tab.wrong == []


def test_what_others_decide_appears_soon(own_site: Site, open_tab: Open) -> None:
    tab = open_tab(own_site, "people")
    one = of_kind(own_site, "unknown")[0]
    cell(tab, one["name"]).wait_for()
    parts = [{key: part[key] for key in ("medium", "number", "position")} for part in one["parts"]]
    with own_site.client() as client:
        client.post("people/decisions", json={"parts": parts, "say": "name", "to": RACHEL})
    cell(tab, RACHEL).wait_for(timeout=SEEN_MS)


def test_who_said_something_else_meanwhile_is_told_and_nothing_is_written(own_site: Site, open_tab: Open) -> None:
    tab = open_tab(own_site, "people")
    one = of_kind(own_site, "unknown")[0]
    cell(tab, one["name"]).click()
    tab.keyboard.press("n")
    parts = [{key: part[key] for key in ("medium", "number", "position")} for part in one["parts"]]
    tab.get_by_role("combobox", name="Name").fill(MONICA)
    with own_site.client() as client:
        client.post("people/decisions", json={"parts": parts, "say": "name", "to": RACHEL})
    tab.get_by_role("combobox", name="Name").press("Enter")
    told(tab, "has said meanwhile")
    assert not any(each["name"] == MONICA for each in people_of(own_site))


@pytest.mark.parametrize(
    "name", [*ODD_NAMES[:2], *(pytest.param(one, marks=pytest.mark.exhaustive) for one in ODD_NAMES[2:])]
)
def test_names_of_any_kind_are_given_shown_and_searched(own_site: Site, open_tab: Open, name: str) -> None:
    tab = open_tab(own_site, "people", width=390, height=844)
    one = of_kind(own_site, "unknown")[0]
    cell(tab, one["name"]).click()
    press(tab, "Name …")
    dialog = tab.get_by_role("dialog")
    dialog.get_by_role("combobox").fill(name)
    dialog.get_by_role("button", name=re.compile("^(Name|They are one)$")).click()
    settle(own_site, lambda: len(of_kind(own_site, "unknown")) < 20 and any(
        each["name"][:8] in (name[:8], "Zoë Çeli") for each in people_of(own_site)))  # fmt: skip
    now = next(each for each in people_of(own_site) if each["name"][:5] in (name[:5], "Zoë Ç"))
    tab.goto(f"{own_site.address}/people/{now['id']}")
    tab.get_by_role("heading", level=1).wait_for()
    assert tab.locator("h1 bdi").get_attribute("title") == now["name"]
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert tab.locator("h1 b").count() == 0 and tab.wrong == []


def test_forgetting_shows_what_goes_and_the_name_is_typed_once(own_site: Site, open_tab: Open) -> None:
    tab = open_tab(own_site, f"people/{somebody(own_site, TONY)['id']}")
    press(tab, "Forget")
    dialog = tab.get_by_role("dialog", name=f"Forget {TONY}?")
    dialog.get_by_text("3 photos in the cast").wait_for()
    confirm = dialog.get_by_role("button", name="Forget")
    assert confirm.is_disabled()
    dialog.get_by_role("textbox").fill(TONY)
    confirm.click()
    tab.get_by_role("dialog", name=f"{TONY} was forgotten.").wait_for(timeout=60_000)
    press(tab, "Close")
    cell(tab, THOR).wait_for()
    assert not any(one["name"] == TONY for one in people_of(own_site))
    assert tab.get_by_role("option", name=re.compile(f"^{TONY}")).count() == 0 and tab.wrong == []


def test_viewers_see_characters_and_nothing_to_press(site: Site, open_tab: Open) -> None:
    tab = open_tab(site, "people", role="viewer")
    cell(tab, THOR).wait_for()
    assert tab.get_by_role("option", name=re.compile("^Unknown")).count() == 0
    assert tab.get_by_role("button", name=re.compile("Unknown|Strangers|Select")).count() == 0
    cell(tab, THOR).click()
    tab.get_by_role("heading", level=1, name=THOR).wait_for()
    tab.locator(".cell").first.wait_for()
    assert tab.get_by_role("button", name=re.compile("name|Same|Stranger|Forget|right")).count() == 0
    assert tab.wrong == []


def test_thousands_are_listed_and_only_those_seen_are_in_the_document(site: Site, open_tab: Open) -> None:
    tab = open_tab(site, "keys")
    one = of_kind(site, "unknown")[0]

    def many(route: Any) -> None:
        rows = [{**one, "id": f"{number}.1", "name": f"Somebody {number}"} for number in range(5000)]
        route.fulfill(json={"people": rows, "next": None})

    tab.route("**/api/v1/people/everybody*", many)
    tab.route("**/picture?*", lambda route: route.fulfill(status=204))
    tab.evaluate("history.pushState(null, '', 'people'); dispatchEvent(new PopStateEvent('popstate'))")
    tab.get_by_text("5,000 people").wait_for()
    assert tab.locator(".cell").count() < 120
    tab.keyboard.press("Control+a")
    tab.get_by_text("5,000 selected").first.wait_for()
    assert tab.get_by_role("button", name="Select none").is_visible()
    tab.keyboard.press("End")
    assert "sel=" not in tab.url


@pytest.mark.parametrize("width", [1280, 390])
def test_the_heading_shows_the_name_whole_above_the_facts_and_the_buttons(
    site: Site, open_tab: Open, width: int
) -> None:
    for one in (somebody(site, THOR), of_kind(site, "unknown")[0]):
        tab = open_tab(site, f"people/{one['id']}", width=width)
        heading = tab.get_by_role("heading", level=1)
        heading.wait_for()
        assert heading.inner_text() == one["name"]
        assert heading.evaluate("own => [own, own.firstChild].every(each => each.scrollWidth <= each.clientWidth + 1)")
        facts, first = tab.locator(".told p").first, tab.locator(".person header button").first
        tops = [each.bounding_box()["y"] for each in (heading, facts, first)]
        assert tops == sorted(tops) and tops[0] + heading.bounding_box()["height"] <= tops[1] + 1
        rows = {round(each.bounding_box()["y"]) for each in tab.locator(".person header button").all()}
        assert len(rows) <= (1 if width > 1000 else 3)
        assert heading.evaluate("own => own === document.activeElement")


def test_who_is_the_same_is_asked_with_pictures_and_says_which_name_stays(own_site: Site, open_tab: Open) -> None:
    say = of_kind(own_site, "unknown")[0]
    parts = [{key: part[key] for key in ("medium", "number")} for part in say["parts"]]
    with own_site.client() as client:
        client.post("people/decisions", json={"parts": parts, "say": "name", "to": MONICA})
    tab = open_tab(own_site, f"people/{somebody(own_site, MONICA)['id']}")
    tab.locator(".cell").first.wait_for()
    tab.keyboard.press("m")
    dialog = tab.get_by_role("dialog", name=f"Who is the same as {MONICA}?")
    field, make = dialog.get_by_role("combobox"), dialog.get_by_role("button", name="Make them one")
    assert field.input_value() == "" and make.is_disabled()
    option = dialog.get_by_role("option", name=THOR)
    option.locator("img").wait_for()
    assert dialog.get_by_role("option", name=MONICA).count() == 0
    field.fill(MONICA)
    dialog.get_by_text("Choose somebody else").wait_for()
    assert make.is_disabled()
    field.fill("Nobody yet")
    dialog.get_by_text("Nobody is called Nobody yet").wait_for()
    assert make.is_disabled()
    field.fill("")
    option.click()
    dialog.get_by_text(f"{MONICA} goes into {THOR}").wait_for()
    dialog.get_by_text(f"The name {THOR} stays.").wait_for()
    make.click()
    settle(own_site, lambda: MONICA not in {each["name"] for each in people_of(own_site)})
    tab.get_by_role("heading", level=1, name=THOR).wait_for()
    assert tab.wrong == []


def test_the_focus_is_on_the_heading_and_after_a_dialog_where_it_was(site: Site, open_tab: Open) -> None:
    tab = open_tab(site, "people")
    cell(tab, THOR).focus()
    tab.keyboard.press("Enter")
    tab.get_by_role("heading", level=1, name=THOR).wait_for()
    tab.wait_for_function("() => document.activeElement?.id === 'person-name'")
    for key in ("m", "r"):
        tab.keyboard.press(key)
        tab.get_by_role("dialog").wait_for()
        tab.keyboard.press("Escape")
        tab.get_by_role("dialog").wait_for(state="detached")
        assert tab.evaluate("document.activeElement.id") == "person-name"
    tab.locator(".cell").first.click()
    tab.get_by_role("button", name="Select none").click()
    tab.wait_for_function("() => document.activeElement.closest('.cell') !== null")


def test_the_tile_of_somebody_unknown_says_the_film_in_a_line_of_its_own(site: Site, open_tab: Open) -> None:
    one = next(each for each in of_kind(site, "unknown") if each["name"] != each["parts"][0]["who"])
    part = one["parts"][0]
    tab = open_tab(site, "people")
    tile = cell(tab, one["name"])
    tile.wait_for()
    assert tile.inner_text().split("\n")[:2] == [part["who"], f"of {part['name']}"]


def test_a_finger_needs_no_names_of_keys(site: Site, browser: Any) -> None:
    for is_phone in (True, False):
        context = browser.new_context(is_mobile=is_phone, has_touch=is_phone)
        tab = context.new_page()
        tab.goto(f"{site.address}/people/{somebody(site, THOR)['id']}?token={site.token()}")
        tab.locator(".person header button").first.wait_for()
        assert tab.locator(".person kbd").first.is_visible() is not is_phone
        context.close()
