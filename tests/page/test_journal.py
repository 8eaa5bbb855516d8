"""The journal: everything that was decided, by time, in words; each entry is taken back alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.page.conftest import Site
from tests.page.test_people import of_kind, people_of, settle, somebody
from tests.page.world import FILM, LISTED, THOR

Open = Callable[..., Any]
MONICA, RACHEL = LISTED[:2]


def say(site: Site, one: dict[str, Any], to: str) -> None:
    parts = [{key: part[key] for key in ("medium", "number")} for part in one["parts"]]
    with site.client() as client:
        assert client.post("people/decisions", json={"parts": parts, "say": "name", "to": to}).status_code == 200


def line(tab: Any, words: str) -> Any:
    return tab.locator(".rows > li", has_text=words)


def test_each_entry_is_taken_back_with_the_rest_left_as_it_is_also_an_undo(own_site: Site, open_tab: Open) -> None:
    one, two = [each for each in of_kind(own_site, "unknown") if len(each["parts"]) == 1][:2]
    say(own_site, one, MONICA)
    say(own_site, two, RACHEL)
    with own_site.client() as client:
        client.post("characters", json={"names": ["Phoebe"]})
    tab = open_tab(own_site, "journal")
    words = f"{one['parts'][0]['who']} is {MONICA}"
    line(tab, words).wait_for()
    assert line(tab, "Phoebe").count() == 1
    line(tab, words).get_by_role("button", name=re.compile("^Take back")).click()
    line(tab, f"Taken back: {words}").wait_for()
    settle(own_site, lambda: MONICA not in {each["name"] for each in people_of(own_site)})
    assert RACHEL in {each["name"] for each in people_of(own_site)}
    line(tab, "taken back, ").wait_for()  # what was undone, by what
    line(tab, f"Taken back: {words}").get_by_role("button", name=re.compile("^Take back")).click()
    settle(own_site, lambda: MONICA in {each["name"] for each in people_of(own_site)})
    # What holds now is said, once.
    line(tab, f"Holds again: {words}").wait_for()
    assert tab.locator(".message").inner_text().count("again: ") == 1
    line(tab, "Phoebe").get_by_role("button").click()
    line(tab, "Taken back in the cast").wait_for()
    with own_site.client() as client:
        names = {each["name"] for each in client.get("characters").json()["characters"]}
    assert "Phoebe" not in names and tab.wrong == []


def test_an_undo_in_the_journal_can_be_undone_at_once(own_site: Site, open_tab: Open) -> None:
    one = of_kind(own_site, "unknown")[0]
    say(own_site, one, MONICA)
    faces = somebody(own_site, MONICA)["faces"]
    tab = open_tab(own_site, "journal")
    tab.get_by_role("button", name=re.compile("^Take back")).first.click()
    tab.locator(".message").get_by_role("button", name="Undo").click()
    settle(own_site, lambda: somebody(own_site, MONICA)["faces"] == faces)
    assert tab.wrong == []


def test_it_is_filtered_by_film_and_by_person_and_the_address_shows_the_same(own_site: Site, open_tab: Open) -> None:
    one, two = of_kind(own_site, "unknown")[:2]
    say(own_site, one, MONICA)
    say(own_site, two, RACHEL)
    tab = open_tab(own_site, "journal")
    line(tab, MONICA).first.wait_for()
    tab.get_by_label("Person").select_option(MONICA)
    line(tab, f"is {RACHEL}").first.wait_for(state="detached")
    line(tab, MONICA).first.wait_for()
    assert "who=Monica" in tab.url
    tab.reload()
    line(tab, MONICA).first.wait_for()
    assert line(tab, f"is {RACHEL}").count() == 0
    tab.get_by_label("In which film, photos or cast").select_option(label=FILM)
    tab.get_by_label("Person").select_option("")
    tab.locator(".rows > li").first.wait_for()
    assert {each.inner_text().strip() for each in tab.locator(".rows .where").all()} == {FILM}
    tab.go_back()
    tab.go_back()
    tab.wait_for_url("**who=Monica*")
    assert tab.wrong == []


def test_who_said_it_stands_there_and_what_others_say_appears_soon(own_site: Site, open_tab: Open) -> None:
    tab = open_tab(own_site, "journal")
    tab.get_by_text("Nobody has decided anything yet.").or_(tab.locator(".rows > li").first).wait_for()
    one = of_kind(own_site, "unknown")[0]
    part = one["parts"][0]
    body = {"said": [{"say": "name", "who": part["who"], "to": THOR}]}
    with own_site.client(headers={"authorization": f"Bearer {own_site.token('editor')}"}) as client:
        assert client.post(f"media/{part['medium']}/decisions", json=body).status_code == 200
    line(tab, f"{part['who']} is {THOR}").wait_for(timeout=2_500)
    assert "editor" in line(tab, f"{part['who']} is {THOR}").inner_text()


def test_a_long_journal_holds_only_what_is_seen(site: Site, open_tab: Open) -> None:
    tab = open_tab(site, "keys")
    film = next(one["parts"][0]["medium"] for one in people_of(site))

    def many(route: Any) -> None:
        first = int((re.findall(r"cursor=(\d+)", route.request.url) or ["0"])[0])
        rows = [
            {
                "medium": film, "number": 10_000 - number, "said": f"number {number}", "by": "",
                "at": "2026-02-03T04:05:06Z", "undone_by": None, "takes_back": [], "decision": {},
            }
            for number in range(first, first + 200)
        ]  # fmt: skip
        route.fulfill(json={"decisions": rows, "position": 10_000, "next": str(first + 200)})

    tab.route("**/api/v1/decisions?*", many)
    tab.evaluate("history.pushState(null, '', 'journal'); dispatchEvent(new PopStateEvent('popstate'))")
    line(tab, "number 0").wait_for()
    assert tab.locator(".rows > li").count() < 60
    tab.evaluate("scrollTo(0, 56 * 195)")
    line(tab, "number 205").wait_for()
    assert tab.locator(".rows > li").count() < 60 and tab.wrong == []


def test_what_was_said_of_some_faces_and_of_the_cast_says_whose(own_site: Site, open_tab: Open) -> None:
    thor = somebody(own_site, THOR)
    part = thor["parts"][0]
    with own_site.client() as client:
        faces = client.get(f"people/{thor['id']}/faces").json()["faces"]
        own = [one for one in faces if one["medium"] == part["medium"] and one["track"] is not None][:2]
        about = {"medium": part["medium"], "who": THOR, "tracks": [one["track"] for one in own]}
        said = client.post("people/decisions", json={"parts": [about], "say": "not_them"})
        assert said.status_code == 200, said.text
        client.post("characters", json={"names": ["Phoebe"]})
        cast = {one["name"]: one["id"] for one in client.get("characters").json()["characters"]}
        photos = client.get(f"characters/{cast[THOR]}/photos").json()["photos"]
        client.post(f"characters/{cast[THOR]}/photos/remove", json={"photos": [photos[0]["id"]]})
    tab = open_tab(own_site, "journal")
    line(tab, f"{len(own)} face{'s are' if len(own) > 1 else ' is'} not {THOR}").wait_for()
    line(tab, "Phoebe added to the cast").wait_for()
    removed = line(tab, f"1 photo of {THOR} taken out")
    removed.get_by_role("button").click()
    line(tab, f"Taken back in the cast: 1 photo of {THOR} taken out").wait_for()
    assert tab.wrong == []


def test_every_action_of_the_log_of_the_cast_has_words_that_say_whose(site: Site, open_tab: Open) -> None:
    tab = open_tab(site, "keys")
    moved = [{"file": "a.jpg", "before": MONICA, "after": None}]
    empty: dict[str, Any] = {"undone_by": None, "undoable": False, "undoes": None, "character": None, "characters": [],
             "into": None, "file": None, "photos": 0, "moved": [], "rejected": []}  # fmt: skip
    every: list[tuple[dict[str, Any], str]] = [
        ({"action": "add", "character": MONICA, "into": MONICA, "photos": 4}, "4 photos added to Monica"),
        ({"action": "undo", "undoes": 1}, "Taken back in the cast: 4 photos added to Monica"),
        ({"action": "undo", "undoes": 99}, "Taken back in the cast: something that was forgotten since"),
        ({"action": "names", "characters": [MONICA, RACHEL]}, "Monica, Rachel added to the cast"),
        ({"action": "rename", "character": MONICA, "into": RACHEL}, "Monica is called Rachel"),
        ({"action": "merge", "characters": [MONICA, THOR], "into": THOR}, f"Monica, {THOR} are one character, {THOR}"),
        ({"action": "split", "character": MONICA, "into": RACHEL, "photos": 2}, "2 photos of Monica given to Rachel"),
        ({"action": "confirm", "character": MONICA, "photos": 3}, "3 photos of Monica confirmed"),
        (
            {"action": "confirm", "character": MONICA, "into": RACHEL, "photos": 1},
            "1 photo of Monica said to be Rachel",
        ),
        ({"action": "apart", "characters": [MONICA, RACHEL]}, "Monica, Rachel are different people"),
        ({"action": "reject", "character": MONICA, "file": "a.jpg"}, "A photo was said not to be Monica"),
        ({"action": "remove", "photos": 1, "moved": moved}, "1 photo of Monica taken out"),
        ({"action": "remove", "character": MONICA, "photos": 1, "moved": moved}, "Monica was taken out of the cast"),
        ({"action": "forget"}, "Somebody was forgotten"),
        ({"action": "fresh", "photos": 12}, "The cast was made anew, from 12 photos"),
    ]  # fmt: skip
    rows = [{**empty, **one, "id": number, "time": "2026-02-03T04:05:06Z"} for number, (one, _) in enumerate(every, 1)]
    tab.route("**/api/v1/cast/log*", lambda route: route.fulfill(json={"edits": rows, "next": None}))
    tab.set_viewport_size({"width": 1280, "height": 1600})
    tab.evaluate("history.pushState(null, '', 'journal?in=cast'); dispatchEvent(new PopStateEvent('popstate'))")
    line(tab, "Somebody was forgotten").wait_for()
    wanted = [words.replace("Monica", MONICA).replace("Rachel", RACHEL) for _, words in reversed(every)]
    assert [one.inner_text() for one in tab.locator(".rows .words").all()] == wanted


def test_the_filter_is_not_cut(site: Site, open_tab: Open) -> None:
    tab = open_tab(site, "journal")
    chosen = tab.get_by_label("In which film, photos or cast")
    chosen.wait_for()
    width = chosen.bounding_box()["width"]
    shown = """own => {
      own.style.width = "max-content";
      own.style.maxWidth = "none";
      own.replaceChildren(own.options[0]);
      return own.offsetWidth;
    }"""
    assert chosen.evaluate(shown) <= width + 1
