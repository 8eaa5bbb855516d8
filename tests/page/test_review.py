"""The review queue as a user works with it: every key and command, undo, others at the same time, a server away."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.page.conftest import Site
from tests.page.world import FILM, LISTED

Open = Callable[..., Any]
WITHIN_S = 15.0
CHANGES_WITHIN_S = 2.0
ODD_NAMES = ("محمد بن سلمان", "x" * 200, "张伟", "Z̀̈o̧ẽ̂", "Ⓐ 👩‍👩‍👧‍👦 ﷽", "José Núñez de la Peña")


def until(is_so: Callable[[], bool], *, within_s: float = WITHIN_S, what: str = "it does not become so") -> float:
    """Wait; the seconds that it took."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < within_s, what
        time.sleep(0.1)  # the server has to answer the page, too
    return time.monotonic() - began


def asked(tab: Any) -> str:
    """The id of the question that a tab asks."""
    tab.locator("article.asked").wait_for()
    tab.wait_for_url("**/review/*")
    return str(tab.url.rpartition("/")[2])


def asks(tab: Any, id: str) -> None:
    """Wait until a tab asks that."""
    tab.wait_for_url(f"**/review/{id}")
    tab.locator(f"article.asked[data-id='{id}']").wait_for()


def clear(tab: Any) -> None:
    """Empty the field as hands do: the driver's own way presses Delete, which is a command where nothing is typed."""
    tab.keyboard.press("Control+a")
    tab.keyboard.press("Backspace")


def goes_on(tab: Any, id: str) -> None:
    """Wait until a tab asks something else."""
    tab.wait_for_function("id => !location.pathname.endsWith(id)", arg=id)


def field(tab: Any) -> Any:
    return tab.get_by_role("combobox")


def says(tab: Any, line: str) -> None:
    """Type a line and Enter, as hands do: without aiming at the field."""
    tab.keyboard.type(line)
    tab.keyboard.press("Enter")


def queue(client: Any) -> dict[str, Any]:
    """The open questions, by id."""
    return {one["id"]: one for one in client.get("/questions", params={"limit": 1000}).json()["questions"]}


def decided(client: Any, question: dict[str, Any]) -> set[tuple[str, bool]]:
    """What is said of those parts now: who they are, and whether they are strangers."""
    rows = client.get("/people/decided", params={"limit": 1000}).json()["people"]
    return {
        (row["who"], row["stranger"]) for row in rows if row["medium"] in {part["medium"] for part in question["parts"]}
    }


def journal(client: Any) -> list[dict[str, Any]]:
    """What was decided everywhere, the oldest first."""
    return list(client.get("/decisions", params={"order": "oldest", "limit": 1000}).json()["decisions"])


def person(client: Any, number: int) -> str:
    """The id of the question about "Unknown NUMBER" of the film."""
    return next(id for id, one in queue(client).items() if one["who"] == f"Unknown {number} of {FILM}")


# Every command and key

WAYS_BACK = (
    lambda tab: says(tab, ".u"),
    lambda tab: tab.keyboard.press("Control+z"),
    lambda tab: tab.locator(".message").get_by_role("button", name="Undo").click(),
    lambda tab: tab.locator(".actions").get_by_role("button", name="Undo").click(),
)


PRESSED = ("ArrowDown", "ArrowUp", "Delete", "Shift+Delete", "Escape")


def _keys(*lines: str, then: str = "Enter") -> Callable[[Any], None]:
    def act(tab: Any) -> None:
        for line in lines:
            tab.keyboard.press(line) if line in PRESSED else tab.keyboard.type(line)
        if then:
            tab.keyboard.press(then)

    return act


def _button(name: str) -> Callable[[Any], None]:
    return lambda tab: tab.locator(".actions").get_by_role("button", name=re.compile(f"^{name}")).click()


ANSWERS: dict[str, tuple[Callable[[Any], object], tuple[str, bool] | None]] = {
    ".s": (_keys(".s"), ("Unknown 4", True)),
    "Delete": (_keys("Delete", then=""), ("Unknown 4", True)),
    "the button of .s": (_button("Stranger"), ("Unknown 4", True)),
    ".x": (_keys(".x"), None),
    "the button of .x": (_button("No face"), None),
    "letters": (_keys("geller"), ("Monica Geller", False)),
    "letters without accents": (_keys("jose nu"), ("José Núñez", False)),
    "a new name": (_keys("Zoë Qvist"), ("Zoë Qvist", False)),
    "a new name with a number": (_keys("Tony 2"), ("Tony 2", False)),
    "=": (_keys("=Mon"), ("Mon", False)),
    "letters and a number": (_keys("n", "2", then=""), None),
    "ArrowDown": (_keys("o", "ArrowDown"), None),
    "ArrowUp": (_keys("o", "ArrowUp"), None),
    "a choice that is clicked": (
        lambda tab: (tab.keyboard.type("rach"), tab.locator("#choices button").first.click()),
        ("Rachel Green", False),
    ),
    ".s all": (_keys(".s all"), ("Unknown 4", True)),
    "Shift+Delete": (_keys("Shift+Delete", then=""), ("Unknown 4", True)),
}


def test_each_answer_is_given_by_its_key_and_taken_back(own_site: Site, open_tab: Open) -> None:
    with own_site.client() as client:
        before = queue(client)
        id = person(client, 4)
        tab = open_tab(own_site, f"review/{id}")
        field(tab).wait_for()
        tab.get_by_role("checkbox", name="Names teach the cast").uncheck()  # a job beside, which others test
        field(tab).focus()
        for number, (name, (act, expected)) in enumerate(ANSWERS.items()):
            asks(tab, id)
            assert field(tab).evaluate("field => document.activeElement === field"), name
            act(tab)
            until(lambda: id not in queue(client), what=name)
            goes_on(tab, id)
            said = decided(client, before[id])
            if expected is not None:
                assert expected in said, (name, said)
            WAYS_BACK[number % len(WAYS_BACK)](tab)
            tab.locator(".message", has_text="Taken back.").wait_for()
            until(lambda: queue(client).keys() == before.keys())
            asks(tab, id)
        assert not tab.wrong


def test_a_merge_says_into_whom_and_is_taken_apart(own_site: Site, open_tab: Open) -> None:
    with own_site.client() as client:
        one, other = person(client, 4), person(client, 3)
        before = queue(client)
        tab = open_tab(own_site, f"review/{one}")
        field(tab).wait_for()
        says(tab, ".m unknown 3 of")
        until(lambda: len(queue(client)) == len(before) - 1)
        tab.locator(".message", has_text="The same as Unknown 3").wait_for()
        tab.keyboard.press("Control+z")
        until(lambda: queue(client).keys() == before.keys())
        assert {one, other} <= queue(client).keys()
        asks(tab, one)
        tab.locator(".actions").get_by_role("button", name="Same as").click()
        assert field(tab).input_value() == ".m "
        says(tab, "nobody of this name")
        tab.get_by_role("alert").get_by_text("Nobody is called “nobody of this name” here.").wait_for()
        assert queue(client).keys() == before.keys()


def test_a_number_takes_a_candidate_while_the_field_is_empty(own_site: Site, open_tab: Open) -> None:
    with own_site.client() as client:
        id, before = person(client, 7), queue(client)
        (candidate, *_) = queue(client)[id]["candidates"]
        assert candidate["other"] is not None
        tab = open_tab(own_site, f"review/{id}")
        tab.locator("#choices", has_text=candidate["name"]).wait_for()
        tab.keyboard.type("9")
        tab.get_by_role("alert").get_by_text("There is no number 9.").wait_for()
        tab.keyboard.type("1")
        until(lambda: len(queue(client)) == len(before) - 1)
        tab.locator(".message", has_text=f"The same as {candidate['name']}").wait_for()
        assert not tab.wrong


def test_a_new_person_stays_without_a_name(own_site: Site, open_tab: Open) -> None:
    with own_site.client() as client:
        id = person(client, 5)
        for act in (_keys(".n"), _button("New person")):
            tab = open_tab(own_site, f"review/{id}")
            field(tab).wait_for()
            entries = len(journal(client))
            act(tab)
            until(partial(_grew, client, entries))
            tab.keyboard.press("Control+z")
            tab.locator(".message", has_text="Taken back.").wait_for()
            assert id in queue(client)
            tab.close()


def test_spans_are_confirmed_and_those_that_are_marked_are_not(own_site: Site, open_tab: Open) -> None:
    with own_site.client() as client:
        id, question = next((id, one) for id, one in queue(client).items() if one["kind"] == "spans")
        (span,) = question["spans"]
        tab = open_tab(own_site, f"review/{id}")
        tab.get_by_role("heading", name="Is this Tony?").wait_for()

        def now() -> Any:
            rows = client.get(f"/media/{question['medium']}/timeline").json()["appearances"]
            return next((row["name"], row["decided_by"]) for row in rows if row["tracks"] == mine)

        mine = next(
            row["tracks"] for row in client.get(f"/media/{question['medium']}/timeline").json()["appearances"]
            if row["id"] == span["appearance"]
        )  # fmt: skip
        before = now()
        assert before[0] == "Tony" and before[1] == "model"
        for act, who in (
            (_keys(), "Tony"),
            (_keys("1"), None),
            (_keys("geller"), "Monica Geller"),
            (_keys("1", "geller"), "Monica Geller"),
            (_button("Yes, all"), "Tony"),
            (_button("Not them"), None),
        ):
            asks(tab, id)
            act(tab)
            until(lambda: id not in queue(client))
            name, by = now()
            assert name == who if who else name != "Tony"
            assert by != "model" or who is None
            tab.keyboard.press("Control+z")
            asks(tab, id)
            until(lambda: id in queue(client) and now() == before)
        tab.keyboard.type("1")
        assert tab.locator(".crops button").first.get_attribute("aria-pressed") == "true"
        tab.keyboard.type("1")
        assert tab.locator(".crops button").first.get_attribute("aria-pressed") == "false"


def test_later_asks_the_others_first_and_says_nothing(own_site: Site, open_tab: Open) -> None:
    with own_site.client() as client:
        ids = [*queue(client)]
        tab = open_tab(own_site, "review")
        seen = [asked(tab)]
        for act in [_keys("Escape", then=""), _keys("."), _button("Later"), *[_keys("Escape", then="")] * len(ids)]:
            act(tab)
            tab.wait_for_function("id => !location.pathname.endsWith(id)", arg=seen[-1])
            if len(seen) == len(ids):
                break
            seen.append(asked(tab))
        assert seen == ids
        tab.get_by_text(f"Nothing else is open. {len(ids)} questions were put off.").wait_for()
        tab.keyboard.press("Enter")
        asks(tab, ids[0])
        assert journal(client) == []


def test_the_list_of_keys_opens_and_leads_back(site: Site, open_tab: Open) -> None:
    tab = open_tab(site, "review")
    id = asked(tab)
    says(tab, ".?")
    tab.locator("main.keys").wait_for()
    tab.go_back()
    asks(tab, id)
    tab.locator("main").focus()
    tab.keyboard.type("?")
    tab.locator("main.keys").wait_for()
    tab.go_back()
    tab.locator(".actions").get_by_role("link", name="Keys").click()
    tab.locator("main.keys").wait_for()
    assert not tab.wrong


def test_a_key_that_is_held_down_answers_one_question(own_site: Site, open_tab: Open) -> None:
    with own_site.client() as client:
        before = queue(client)
        tab = open_tab(own_site, f"review/{person(client, 4)}")
        field(tab).wait_for()
        for _ in range(4):
            tab.keyboard.down("Delete")  # the driver says of all but the first that the key was held
            tab.wait_for_timeout(300)
        tab.keyboard.up("Delete")
        until(lambda: len(queue(client)) < len(before))
        tab.wait_for_timeout(500)
        assert len(queue(client)) == len(before) - 1


def test_single_keys_can_be_switched_off(site: Site, open_tab: Open) -> None:
    tab = open_tab(site, "keys")
    switch = tab.locator("main").get_by_role("checkbox")
    switch.uncheck()
    for _ in range(2):
        tab.goto(f"{site.address}/review")
        id = asked(tab)
        tab.locator("main").focus()
        tab.keyboard.type("?")
        tab.wait_for_timeout(200)
        asks(tab, id)
        tab.reload()
    asked(tab)
    says(tab, ".?")  # what is typed in the field is no single key
    tab.locator("main.keys").wait_for()
    switch.check()
    tab.goto(f"{site.address}/review")
    asked(tab)
    tab.locator("main").focus()
    tab.keyboard.type("?")
    tab.locator("main.keys").wait_for()


def test_what_is_no_command_and_no_number_is_said_to_be_none(site: Site, open_tab: Open) -> None:
    tab = open_tab(site, "review")
    id = asked(tab)
    for line, told in (
        (".q\n", ".q is no command"),
        ("9", "There is no number 9."),
        (".m nobody\n", "Nobody is called"),
    ):
        tab.keyboard.type(line)
        tab.get_by_role("alert").get_by_text(told).wait_for()
        asks(tab, id)
        clear(tab)
    with site.client() as client:
        assert journal(client) == []


# Undo later


def test_undo_works_after_a_reload_and_after_the_server_was_started_again(own_site: Site, open_tab: Open) -> None:
    with own_site.client() as client:
        before = queue(client)
        ids = [person(client, 4), person(client, 3)]
        tab = open_tab(own_site, f"review/{ids[0]}")
        field(tab).wait_for()
        says(tab, ".s")
        until(lambda: ids[0] not in queue(client))
        tab.goto(f"{own_site.address}/review/{ids[1]}")
        field(tab).wait_for()
        says(tab, "Zoë")
        until(lambda: ids[1] not in queue(client))
        tab.reload()
        asked(tab)
        tab.keyboard.press("Control+z")
        asks(tab, ids[1])
        own_site.server.end()
        own_site.server.start()
    with own_site.client() as client:
        assert queue(client).keys() == before.keys() - {ids[0]}
        tab.reload()
        asked(tab)
        tab.keyboard.press("Control+z")
        asks(tab, ids[0])
        until(lambda: queue(client).keys() == before.keys())


# Others at the same time


def test_an_answer_to_what_somebody_else_answered_is_kept_beside_what_they_said(own_site: Site, open_tab: Open) -> None:
    with own_site.client() as client:
        id = person(client, 4)
        parts = [{key: part[key] for key in ("medium", "number", "position")} for part in queue(client)[id]["parts"]]
        tab = open_tab(own_site, f"review/{id}", role="editor")
        field(tab).wait_for()
        held: list[Any] = []
        tab.route("**/api/v1/people/decisions", lambda route: held.append(route))  # noqa: PLW0108
        says(tab, "rach")
        until(lambda: tab.wait_for_timeout(20) or bool(held))
        assert client.post("/people/decisions", json={"parts": parts, "say": "name", "to": "Monica Geller"}).is_success
        held[0].continue_()
        tab.get_by_role("alert").get_by_text("has said meanwhile").wait_for()
        asks(tab, id)
        told = tab.get_by_role("alert").inner_text()
        assert "Monica Geller" in told, told
        assert field(tab).input_value() == "rach"
        assert ("Monica Geller", False) in decided(client, {"parts": parts})


def test_a_question_that_somebody_else_has_open_comes_last(own_site: Site, open_tab: Open) -> None:
    first = open_tab(own_site, "review", who="one")
    id = asked(first)
    second = open_tab(own_site, "review", role="editor", who="two")
    until(lambda: second.wait_for_timeout(50) or asked(second) != id)
    second.reload()
    assert asked(second) != id, "who loads anew is nobody else to themselves"
    assert second.get_by_text("looks at this too").count() == 0
    third = open_tab(own_site, f"review/{id}", role="editor", who="two")
    third.get_by_text("looks at this too").wait_for()
    assert asked(third) == id, "who has its address is asked it all the same"


def test_what_the_command_line_says_appears(own_site: Site, open_tab: Open) -> None:
    with own_site.client() as client:
        id = person(client, 4)
    tab = open_tab(own_site, "review")
    asks(tab, id)
    left = tab.locator(".progress span")
    before = left.inner_text()
    command = [sys.executable, "-m", "personae", "name", "--project", str(own_site.project), FILM, "Unknown 3=Zoë"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stdout + done.stderr
    seconds = until(lambda: left.inner_text() != before)
    assert seconds < CHANGES_WITHIN_S
    asks(tab, id)
    tab.keyboard.type("zoe")
    tab.locator("#choices", has_text="Zoë").wait_for()


def test_eight_tabs_share_one_stream_of_events_and_all_answer(own_site: Site, open_tab: Open) -> None:
    tabs: list[Any] = []
    streams: list[str] = []
    for _ in range(8):
        tab = open_tab(own_site, "keys")
        tabs.append(tab)
    context = tabs[0].context
    context.on("request", lambda request: streams.extend([request.url] if request.url.endswith("/events") else []))
    for tab in tabs:
        tab.goto(f"{own_site.address}/review", timeout=60_000)
        tab.locator("article.asked").wait_for(timeout=60_000)
    tabs[0].wait_for_timeout(1000)
    assert len(streams) <= len(tabs), "a tab that is loaded anew hands the stream on"
    # Whom the cast learns may settle other questions, and raise new ones.
    tabs[0].get_by_role("checkbox", name="Names teach the cast").uncheck()
    with own_site.client() as client:
        ids = [*queue(client)]
        counters = [tab.locator(".progress span") for tab in tabs]
        for tab, id in zip(tabs, ids, strict=False):
            tab.goto(f"{own_site.address}/review/{id}")
            asks(tab, id)
            # Without "=" a digit of the name would take one of the names that fit so far.
            says(tab, "Tony" if queue(client)[id]["kind"] == "spans" else f"=Somebody {id[:4]}")
            until(partial(_is_gone, client, id))
        for counter in counters:
            until(partial(_is_done, counter), within_s=30)
    assert sum(1 for tab in tabs if _streams(tab)) <= 1
    tabs[0].close()


def _finds(tab: Any, typed: str) -> bool:
    """Whether names are found by these letters; the list may not have been read yet."""
    field(tab).fill(typed)
    tab.wait_for_timeout(100)
    return bool(tab.locator("#choices .name").count())


def _is_gone(client: Any, id: str) -> bool:
    return id not in queue(client)


def _grew(client: Any, entries: int) -> bool:
    return len(journal(client)) > entries


def _is_done(counter: Any) -> bool:
    return counter.count() == 0 or "0 questions left" in counter.inner_text()


def _streams(tab: Any) -> bool:
    """Whether a tab has a stream of events of its own."""
    script = "performance.getEntriesByType('resource').some((one) => one.name.endsWith('/events') && !one.responseEnd)"
    return bool(tab.evaluate(script))


def test_a_server_that_is_away_gets_everything_in_order_when_it_is_back(own_site: Site, open_tab: Open) -> None:
    with own_site.client() as client:
        before = queue(client)
    tab = open_tab(own_site, "review")
    asked(tab)  # the view itself comes from the server, too
    own_site.server.kill()
    said = []
    for name in ("First of all", "Second to none", "Third"):
        said.append((asked(tab), name))
        says(tab, f"={name}" if before[said[-1][0]]["kind"] == "person" else "")
        tab.wait_for_function("id => !location.pathname.endsWith(id)", arg=said[-1][0])
    tab.get_by_text("The server is away.").wait_for()
    tab.get_by_text("3 answers not sent yet.").wait_for()
    own_site.server.start()
    with own_site.client() as client:
        until(lambda: not {id for id, _ in said} & queue(client).keys(), within_s=30)
        tab.get_by_text("The server is away.").wait_for(state="hidden")
        told = [entry["said"] for entry in journal(client) if "undo" not in entry["said"].lower()]
        found = [name for text in told for _, name in said if name in text]
        assert [*dict.fromkeys(found)] == [name for _, name in said], told
        media = {name: {part["medium"] for part in before[id]["parts"]} for id, name in said}
        for _, name in said:
            assert found.count(name) == len(media[name]), "each once in each film and set"


def test_what_was_said_to_a_server_away_outlives_the_tab(own_site: Site, open_tab: Open) -> None:
    tab = open_tab(own_site, "review")
    id = asked(tab)
    own_site.server.kill()
    says(tab, ".s")
    tab.wait_for_function("id => !location.pathname.endsWith(id)", arg=id)
    context = tab.context
    tab.close()
    own_site.server.start()
    with own_site.client() as client:
        assert id in queue(client)
        again = context.new_page()
        again.goto(f"{own_site.address}/films")
        until(lambda: again.wait_for_timeout(50) or id not in queue(client))


# Names, motion


@pytest.mark.parametrize(
    "name",
    [*ODD_NAMES[:2], *(pytest.param(one, marks=pytest.mark.exhaustive) for one in ODD_NAMES[2:])],
    ids=["arabic", "200 signs", "chinese", "combining", "emoji", "accents"],
)
def test_any_name_can_be_given_and_found_and_stays_in_its_place(name: str, own_site: Site, open_tab: Open) -> None:
    with own_site.client() as client:
        id, other = person(client, 4), person(client, 3)
        tab = open_tab(own_site, f"review/{id}", width=390, height=844)
        field(tab).fill(f"={name}")
        tab.keyboard.press("Enter")
        until(lambda: id not in queue(client))
        tab.goto(f"{own_site.address}/review/{other}")
        field(tab).wait_for()
        typed = unicodedata.normalize("NFD", name)[:40]
        until(partial(_finds, tab, typed))
        shown = tab.locator("#choices .name").first
        assert unicodedata.normalize("NFC", shown.get_attribute("title")) == unicodedata.normalize("NFC", name)
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        box, own = shown.bounding_box(), tab.locator("#choices button").first.bounding_box()
        assert box["x"] >= own["x"] and box["x"] + box["width"] <= own["x"] + own["width"] + 1
        tab.keyboard.press("Enter")
        until(lambda: other not in queue(client))
        names = {row["who"] for row in client.get("/people/decided").json()["people"]}
        assert sum(unicodedata.normalize("NFC", each) == unicodedata.normalize("NFC", name) for each in names) == 1
        assert not [each for each in tab.wrong if "503" not in each], "a busy machine may keep a picture back"


@pytest.mark.parametrize("typed", ["nunez", "NÚÑEZ", unicodedata.normalize("NFD", "Núñ"), "sé nú", "محم", "adia"])
def test_letters_find_names_inside_words_without_case_and_accents(typed: str, site: Site, open_tab: Open) -> None:
    tab = open_tab(site, "review")
    asked(tab)
    field(tab).fill(typed)
    expected = LISTED[3] if typed in ("محم", "adia") else LISTED[2]
    assert tab.locator("#choices .name").first.get_attribute("title") == expected


@pytest.mark.parametrize("calm", [True, False])
def test_spans_play_by_themselves_unless_the_system_asks_for_calm(calm: bool, site: Site, open_tab: Open) -> None:
    tab = open_tab(site, "review", calm=calm)
    asked(tab)
    tab.locator(".loop .play").wait_for()
    tab.wait_for_timeout(1000)
    video = tab.locator(".loop video")
    if calm:
        assert video.count() == 0
        assert tab.evaluate("document.getAnimations().length") == 0
        tab.locator(".loop .play").click()
    video.wait_for()
    assert video.evaluate("video => video.muted")
    until(lambda: video.evaluate("video => video.currentTime") > 0)
    tab.locator(".loop .play").click()
    video.wait_for(state="detached")


def test_a_viewer_is_asked_nothing(site: Site, open_tab: Open) -> None:
    tab = open_tab(site, "review", role="viewer")
    tab.get_by_text("Your key is one of a viewer.").wait_for()
    assert tab.locator("article.asked").count() == 0 and tab.locator("main button").count() == 0
    assert tab.get_by_role("navigation").get_by_role("link", name="Review").count() == 0


def test_a_queue_that_is_read_more_slowly_than_it_is_answered_is_never_called_empty(
    own_site: Site, open_tab: Open
) -> None:
    with own_site.client() as client:
        assert len(queue(client)) > 2
    tab, reads = open_tab(own_site, "keys"), list[str]()

    def slowly(route: Any) -> None:
        """One question at first, and the others late."""
        reads.append(route.request.url)
        told = route.fetch()
        if len(reads) == 1:
            body = told.json()
            route.fulfill(response=told, json={**body, "questions": body["questions"][:1]})
        else:
            time.sleep(1.5)
            route.fulfill(response=told)

    tab.route("**/questions?*", slowly)
    tab.goto(f"{own_site.address}/review")
    first = asked(tab)
    tab.evaluate(
        "() => new MutationObserver(() => { window.wasEmpty ||= !!document.querySelector('.review .nothing'); })"
        ".observe(document.body, {childList: true, subtree: true})"
    )
    tab.keyboard.press("Delete")
    tab.get_by_text("Loading").wait_for()
    goes_on(tab, first)
    tab.locator("article.asked").wait_for()
    assert not tab.evaluate("() => !!window.wasEmpty") and not tab.wrong
    tab.unroute_all(behavior="ignoreErrors")


def test_the_pictures_of_the_next_question_are_at_hand(own_site: Site, open_tab: Open) -> None:
    tab, loaded, seen = open_tab(own_site, "review"), list[str](), set[str]()
    asked(tab)
    tab.wait_for_timeout(1500)
    tab.on("request", lambda one: loaded.append(one.url))
    for _ in range(2):
        before = asked(tab)
        tab.keyboard.press("Enter")  # later
        tab.locator(f"article.asked:not([data-id='{before}'])").wait_for()
        shown = {*tab.locator("article.asked .crops img").evaluate_all("all => all.map((one) => one.src)")}
        assert not shown & {*loaded}, "it was there before it was asked for"
        seen |= shown
        tab.wait_for_timeout(500)
        loaded.clear()
    assert seen
