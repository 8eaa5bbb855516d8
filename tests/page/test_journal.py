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
    line(tab, f"Taken back: {words}").get_by_role("button", name=re.compile("^Let it hold again")).click()
    settle(own_site, lambda: MONICA in {each["name"] for each in people_of(own_site)})
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
    line(tab, RACHEL).first.wait_for(state="detached")
    line(tab, MONICA).first.wait_for()
    assert "who=Monica" in tab.url
    tab.reload()
    line(tab, MONICA).first.wait_for()
    assert line(tab, RACHEL).count() == 0
    tab.get_by_label("All films, photos and the cast").select_option(label=FILM)
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
