"""The page's outbox in a browser: whatever becomes of server, key, network, store and tabs, an answer is given once."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.page.conftest import Site
from tests.page.test_review import asked, asks, clear, field, goes_on, journal, person, queue, says, until
from tests.page.world import LISTED
from tests.server.live import LiveServer

Open = Callable[..., Any]
LONG_MS = 40_000
DECISIONS = "**/api/v1/people/decisions"
NOTHING_WAITS = "() => Object.keys(localStorage).every((key) => !key.startsWith('personae-letter:'))"


def _all_is_sent(tab: Any) -> None:
    tab.wait_for_function(NOTHING_WAITS, timeout=LONG_MS)


def _hurried(tab: Any, is_so: Callable[[], bool]) -> None:
    """Wait while it is tried again at once instead of after a while."""

    def look() -> bool:
        tab.evaluate("dispatchEvent(new Event('online'))")
        return is_so()

    until(look)


def _times(client: Any, name: str) -> list[int]:
    """Where in the journal a name was given, without what was taken back."""
    return [at for at, one in enumerate(journal(client)) if name in one["said"] and "ndo" not in one["said"]]


def _entries(question: dict[str, Any]) -> int:
    """How many entries an answer makes: one in each film and set."""
    return len({part["medium"] for part in question["parts"]})


def _is_once(client: Any, question: dict[str, Any], name: str) -> bool:
    return len(_times(client, name)) == _entries(question)


def _answers(tab: Any, id: str, name: str) -> None:
    asks(tab, id)
    says(tab, f"={name}")
    goes_on(tab, id)


def _problem(status: int, code: str, detail: str) -> dict[str, Any]:
    return {
        "status": status, "content_type": "application/problem+json",
        "body": json.dumps({"status": status, "code": code, "title": code, "detail": detail}),
    }  # fmt: skip


# The server is away


def test_two_tabs_send_everything_once_and_in_the_order_in_which_it_was_said(own_site: Site, open_tab: Open) -> None:
    with own_site.client() as client:
        before = queue(client)
        ids = [person(client, number) for number in (4, 3)]
    first, second = tabs = [open_tab(own_site, f"review/{id}") for id in ids]
    for tab, id in zip(tabs, ids, strict=True):
        asks(tab, id)
    own_site.server.kill()
    said = {ids[0]: "First of all", ids[1]: "Second to none"}
    for tab, (id, name) in zip(tabs, said.items(), strict=True):
        _answers(tab, id, name)
    while (id := asked(first)) in said or before[id]["kind"] != "person":
        first.keyboard.press("Escape")
        goes_on(first, id)
    said[id] = "Third time lucky"
    _answers(first, id, said[id])
    for tab in tabs:
        tab.get_by_text("3 answers not sent yet.").wait_for()
    own_site.server.start()
    for tab in tabs:
        _all_is_sent(tab)
        tab.get_by_text("The server is away.").wait_for(state="hidden", timeout=LONG_MS)
        assert tab.get_by_text("not sent yet").count() == 0
    second.wait_for_timeout(1000)
    with own_site.client() as client:
        assert all(_is_once(client, before[id], name) for id, name in said.items()), journal(client)
        # Times are whole seconds: what was said within one is in order in each film and set.
        for medium in {row["medium"] for row in journal(client)}:
            own = [row["said"] for row in journal(client) if row["medium"] == medium]
            places = [at for name in said.values() for at, line in enumerate(own) if name in line]
            assert places == sorted(places), own


def test_what_another_tab_said_is_refused_late_and_nothing_that_was_typed_is_lost(
    own_site: Site, open_tab: Open
) -> None:
    with own_site.client() as client:
        id, other = person(client, 4), person(client, 3)
        parts = [{key: part[key] for key in ("medium", "number", "position")} for part in queue(client)[id]["parts"]]
        closed, tab = open_tab(own_site, f"review/{id}"), open_tab(own_site, f"review/{other}")
        asks(tab, other)
        asks(closed, id)
    own_site.server.kill()
    says(closed, "rach")
    goes_on(closed, id)
    tab.get_by_text("1 answer not sent yet.").wait_for()
    closed.close()
    tab.keyboard.type("moni")
    tab.route(DECISIONS, lambda route: route.abort())
    own_site.server.start()
    with own_site.client() as client:
        assert client.post("/people/decisions", json={"parts": parts, "say": "name", "to": "Monica Geller"}).is_success
    tab.unroute(DECISIONS)
    told = tab.locator(".message", has_text="Not taken")
    told.wait_for(timeout=LONG_MS)
    asks(tab, other)
    assert field(tab).input_value() == "moni"
    told.get_by_role("button", name="Show").click()
    asks(tab, id)
    tab.get_by_role("alert").get_by_text("has said meanwhile").wait_for()
    assert field(tab).input_value() == "rach"
    while (now := asked(tab)) != other:
        tab.keyboard.press("Escape")
        goes_on(tab, now)
    assert field(tab).input_value() == "moni"


def test_what_was_never_sent_is_taken_back_at_once_and_what_may_have_arrived_at_the_server(
    own_site: Site, open_tab: Open
) -> None:
    with own_site.client() as client:
        before = queue(client)
        ids = [person(client, number) for number in (4, 3)]
    tab = open_tab(own_site, f"review/{ids[0]}")
    asks(tab, ids[0])
    own_site.server.kill()
    _answers(tab, ids[0], "First of all")
    while (id := asked(tab)) != ids[1]:
        tab.keyboard.press("Escape")
        goes_on(tab, id)
    _answers(tab, ids[1], "Never said")
    tab.get_by_text("2 answers not sent yet.").wait_for()
    tab.keyboard.press("Control+z")
    asks(tab, ids[1])
    tab.locator(".message", has_text="Taken back. (Never said.)").wait_for()
    tab.get_by_text("1 answer not sent yet.").wait_for()
    own_site.server.start()
    _all_is_sent(tab)
    with own_site.client() as client:
        until(lambda: _is_once(client, before[ids[0]], "First of all"))
        assert len(journal(client)) == _entries(before[ids[0]])
        # Now one arrives whose answer does not.
        lost: list[str] = []

        def lose(route: Any) -> None:
            if not lost:
                route.fetch()
            lost.append(route.request.headers["idempotency-key"])
            route.abort()

        tab.route(DECISIONS, lose)
        asks(tab, ids[1])
        says(tab, "=Said and lost")
        goes_on(tab, ids[1])
        until(lambda: tab.wait_for_timeout(20) or bool(lost))
        tab.keyboard.press("Control+z")
        tab.get_by_text("2 answers not sent yet.").wait_for()
        tab.unroute(DECISIONS)
        asks(tab, ids[1])
        _all_is_sent(tab)
        assert len(set(lost)) == 1
        assert queue(client).keys() == before.keys() - {ids[0]}
        assert _is_once(client, before[ids[1]], "Said and lost"), journal(client)
        assert len(journal(client)) == _entries(before[ids[0]]) + 2 * _entries(before[ids[1]])


# The server answers something else


def test_whoever_is_signed_out_loses_nothing_and_sends_it_once_when_signed_in(own_site: Site, open_tab: Open) -> None:
    with own_site.client() as client:
        before = queue(client)
        id = person(client, 4)
        tab, other = open_tab(own_site, f"review/{id}"), open_tab(own_site, "keys")
        asks(tab, id)
        tab.context.clear_cookies()
        _answers(tab, id, "Said while signed out")
        for each in (tab, other):
            each.get_by_text("Your key does not count any more.").wait_for()
            each.get_by_text("1 answer not sent yet.").wait_for()
        tab.get_by_role("button", name="Sign in").click()
        tab.get_by_label("Key").fill(own_site.token())
        tab.get_by_role("button", name="Open").click()
        tab.locator("main.review").wait_for()
        _all_is_sent(tab)
        other.get_by_text("Your key does not count any more.").wait_for(state="detached")
        other.wait_for_timeout(500)
        assert _is_once(client, before[id], "Said while signed out"), journal(client)


def test_what_is_no_answer_is_tried_again_with_the_same_key_and_a_fault_is_given_up(
    own_site: Site, open_tab: Open
) -> None:
    with own_site.client() as client:
        before = queue(client)
        id, other = person(client, 4), person(client, 3)
        tab = open_tab(own_site, f"review/{id}")
        keys: list[str] = []
        passing = [
            _problem(429, "too-many", "Slowly."),
            _problem(503, "busy", "Later."),
            {"status": 502, "content_type": "text/html", "body": "<h1>Bad Gateway</h1>"},
            {"status": 200, "body": ""},
        ]

        def answer(route: Any) -> None:
            keys.append(route.request.headers["idempotency-key"])
            if len(keys) == len(passing):
                route.fetch()  # done, and the answer is lost
            route.fulfill(**passing[len(keys) - 1]) if len(keys) <= len(passing) else route.continue_()

        tab.route(DECISIONS, answer)
        _answers(tab, id, "Patience")
        _hurried(tab, lambda: len(keys) > len(passing))
        _all_is_sent(tab)
        assert len(keys) == len(passing) + 1 and len(set(keys)) == 1
        assert _is_once(client, before[id], "Patience"), journal(client)
        tab.unroute(DECISIONS)
        faults: list[str] = []

        def fail(route: Any) -> None:
            faults.append(route.request.headers["idempotency-key"])
            route.fulfill(**_problem(500, "fault", "This is a fault."))

        tab.route(DECISIONS, fail)
        tab.goto(f"{own_site.address}/review/{other}")
        _answers(tab, other, "Faulty")
        fault = tab.get_by_role("alert").get_by_text("This is a fault.")
        _hurried(tab, lambda: fault.count() > 0)
        asks(tab, other)
        assert field(tab).input_value() == "=Faulty"
        assert len(faults) == 5 and len(set(faults)) == 1
        tab.unroute(DECISIONS)
        tab.keyboard.press("Enter")
        until(lambda: _is_once(client, before[other], "Faulty"))


# Another project, another key


def test_what_was_said_to_one_project_with_one_key_is_sent_to_no_other(
    own_site: Site, open_tab: Open, tmp_path: Path
) -> None:
    with own_site.client() as client:
        before, ids = queue(client), [person(client, number) for number in (4, 3, 5)]
    tab = open_tab(own_site, f"review/{ids[0]}")
    asks(tab, ids[0])
    own_site.server.end()
    # A copy has the same token: nothing but the folder tells them apart.
    copy = Path(shutil.copytree(own_site.project, tmp_path / "copy" / "project"))
    _answers(tab, ids[0], "Of the first project")
    tab.get_by_text("1 answer not sent yet.").wait_for()
    with LiveServer(copy, own_site.media, port=own_site.server.port) as elsewhere, elsewhere.client() as client:
        tab.get_by_text("The server is away.").wait_for(state="hidden", timeout=LONG_MS)
        tab.locator("article.asked").wait_for()
        tab.goto(f"{own_site.address}/review/{ids[1]}")
        _answers(tab, ids[1], "Of the copy")
        until(lambda: _is_once(client, before[ids[1]], "Of the copy"))
        tab.wait_for_timeout(1000)
        assert len(journal(client)) == _entries(before[ids[1]]), journal(client)
        tab.goto("about:blank")
    own_site.server.start()
    tab.goto(f"{own_site.address}/review/{ids[2]}")
    _all_is_sent(tab)
    with own_site.client() as client:
        assert _is_once(client, before[ids[0]], "Of the first project"), journal(client)
        assert len(journal(client)) == _entries(before[ids[0]])
        tab.route(DECISIONS, lambda route: route.abort())
        _answers(tab, ids[2], "Of the first key")
        tab.get_by_text("1 answer not sent yet.").wait_for()
        second = tab.context.new_page()
        second.goto(f"{own_site.address}/review/{ids[1]}?token={own_site.token('editor')}")
        tab.unroute(DECISIONS)
        tab.locator(".frame .who", has_text="editor").wait_for(timeout=LONG_MS)
        _answers(second, ids[1], "Of the second key")
        until(lambda: _is_once(client, before[ids[1]], "Of the second key"))
        assert _times(client, "Of the first key") == []
        tab.goto(f"{own_site.address}/review?token={own_site.token()}")
        until(lambda: tab.wait_for_timeout(50) or _is_once(client, before[ids[2]], "Of the first key"))


# What the browser keeps

FULL = """
    for (let size = 1 << 22; size; size >>= 1) {
      try { for (let n = 0; ; n++) localStorage.setItem(`${size}.${n}`, 'x'.repeat(size)); } catch {}
    }"""
FORBIDDEN = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('x', 'SecurityError'); }})"
DAMAGED = """async () => {
    const {project} = await (await fetch('api/v1/session')).json();
    const entries = ['{"id', 'null', '7', '[]', '{}', '{"id": 5}', '{"id": "a", "method": "POST"}',
      '{"id": "a", "undo": 7}',
      '{"id": "😀", "method": "POST", "path": "people/decisions", "body": {}}',
      '{"id": "b", "method": "IT IS", "path": "people/decisions"}', '{"id": "c", "method": "POST", "path": "http://["}',
      '{"id": "d", "method": "POST", "path": "people/decisions", "question": {"id": 1}, "text": []}',
      '{"id": "e", "body": {"command": 7}, "at": 3}', '{"id": "f", "body": null, "at": {}}'];
    for (const kind of ['letter', 'said', 'command'])
      entries.forEach((entry, n) => localStorage.setItem(`personae-${kind}:${project}::00000000000000${n}`, entry));
    localStorage.setItem('personae-learn', '{"on');
}"""


@pytest.mark.parametrize("what", ["full", "forbidden", "damaged"])
def test_answers_arrive_whatever_the_browser_keeps(what: str, own_site: Site, open_tab: Open) -> None:
    with own_site.client() as client:
        before, id = queue(client), person(client, 4)
        tab = open_tab(own_site, "keys")
        if what == "damaged":
            tab.evaluate(DAMAGED)
        else:
            tab.add_init_script(FULL if what == "full" else FORBIDDEN)
        tab.goto(f"{own_site.address}/review/{id}")
        _answers(tab, id, "Zoë")
        until(lambda: _is_once(client, before[id], "Zoë"))
        forgetful = tab.get_by_role("status").get_by_text("This browser keeps nothing more.")
        if what == "damaged":
            assert forgetful.count() == 0
            _all_is_sent(tab)
        else:
            forgetful.wait_for()
        tab.keyboard.press("Control+z")
        asks(tab, id)
        until(lambda: queue(client).keys() == before.keys())
        assert not tab.wrong


# What is answered, and who is meant

BY_ITSELF = """([id, name]) => new Promise((done) => {
    const look = () => {
      const asked = document.querySelector('article.asked');
      if (!asked || asked.dataset.id === id) return setTimeout(look, 5);
      const pressed = {key: name, bubbles: true, cancelable: true};
      for (let n = 0; n < 2; n++) document.activeElement.dispatchEvent(new KeyboardEvent('keydown', pressed));
      done(asked.dataset.id);
    };
    look();
})"""


def test_keys_that_were_meant_for_a_question_that_is_gone_answer_no_other(own_site: Site, open_tab: Open) -> None:
    with own_site.client() as client:
        tab = open_tab(own_site, "review")
        id = asked(tab)
        parts = [{key: part[key] for key in ("medium", "number", "position")} for part in queue(client)[id]["parts"]]
        tab.wait_for_timeout(1000)  # whoever has just gone on themselves is not surprised
        tab.evaluate(f"ask => {{ window.came = ({BY_ITSELF})(ask); }}", [id, "Delete"])
        assert client.post("/people/decisions", json={"parts": parts, "say": "stranger"}).is_success
        entries = len(journal(client))
        came = tab.evaluate("window.came")
        asks(tab, came)
        tab.get_by_role("alert").get_by_text("This is another question").wait_for()
        tab.wait_for_timeout(1300)
        asks(tab, came)
        assert len(journal(client)) == entries and came in queue(client)
        tab.keyboard.press("Delete")
        goes_on(tab, came)
        until(lambda: came not in queue(client))


def test_two_who_are_given_one_name_are_one_from_then_on(own_site: Site, open_tab: Open) -> None:
    with own_site.client() as client:
        before = queue(client)
        ids = [person(client, number) for number in (4, 3, 5)]
        tab = open_tab(own_site, f"review/{ids[0]}")
        for id, name in zip(ids, ("Tony", "Zoë Q", "Zoë Q"), strict=True):
            tab.goto(f"{own_site.address}/review/{id}")
            _answers(tab, id, name)
            until(partial(_is_once, client, before[id], name) if name == "Tony" else partial(_is_gone, client, id))
        everybody = client.get("/people/everybody", params={"limit": 1000}).json()["people"]
        assert [one["name"] for one in everybody if one["name"] in ("Tony", "Zoë Q")] == ["Tony", "Zoë Q"]
        assert len(client.get("/characters").json()["characters"]) == len({"Thor", "Tony", "Zoë Q", *LISTED})
        for typed in ("tony", "zoe q"):
            clear(tab)
            tab.keyboard.type(typed)
            until(lambda: tab.locator("#choices .name").count() == 1)
        clear(tab)
        tab.keyboard.type(".m zoe q")
        assert tab.locator("#choices .name").all_inner_texts() == ["Zoë Q"]
        people = tab.context.new_page()
        people.goto(f"{own_site.address}/people")
        for name in ("Tony", "Zoë Q"):
            row = people.get_by_role("option", name=re.compile(f"^{name}, "))
            row.wait_for()  # one of them, or this fails
        now = asked(tab)
        tab.keyboard.press("Enter")
        goes_on(tab, now)
        until(lambda: now not in queue(client))
        for id in (now, ids[2]):
            tab.keyboard.press("Control+z")
            asks(tab, id)
            until(partial(_is_open, client, id))
        assert {ids[0], ids[1]}.isdisjoint(queue(client)) and not tab.wrong


def _is_gone(client: Any, id: str) -> bool:
    return id not in queue(client)


def _is_open(client: Any, id: str) -> bool:
    return id in queue(client)


def test_names_of_files_stay_in_their_place_and_are_whole_on_hover(
    empty_site: Site, world: Path, open_tab: Open
) -> None:
    film, folder = f"{'f' * 240}end.mp4", f"{'日' * 82}End"
    assert len(film.encode()) == 247 and len(folder.encode()) == 249
    shutil.copy(world / "media" / "film.mp4", empty_site.media / film)
    shutil.copytree(world / "media" / "photos", empty_site.media / folder)
    tab = open_tab(empty_site, "start", width=390, height=844)
    for whole in (film, folder):
        _fits(tab, whole)
    tab.get_by_title(folder).click()
    tab.locator(".crumbs").get_by_title(folder).wait_for()
    _fits(tab, folder)
    tab.goto(f"{empty_site.address}/identify")
    tab.get_by_role("button", name="From the server").click()
    _fits(tab, folder)
    tab.goto(f"{empty_site.address}/model")
    tab.get_by_role("button", name="Train on a folder").click()
    tab.locator(".chooser").get_by_title(folder).click()
    tab.locator(".chooser button.main").get_by_title(folder).wait_for()
    _fits(tab, folder)
    assert not tab.wrong


def _fits(tab: Any, whole: str) -> None:
    """Cut in the middle, and nothing wider than the window."""
    name = tab.get_by_title(whole, exact=True).first
    name.wait_for()
    shown = name.inner_text()
    assert "…" in shown[1:-1] and whole.startswith(shown.split("…")[0]) and whole.endswith(shown.split("…")[1])
    box = name.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
