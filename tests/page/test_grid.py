"""The grid of many pictures, through the view of a set of photos: only what is seen is drawn, and the focus stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.page.conftest import Site
from tests.page.test_photos import cells, set_of

Open = Callable[..., Any]

MANY = """async (count) => {
  const { html, render, signal } = await import("./page/html.js");
  const { Grid } = await import("./page/parts/grid.js");
  const items = signal(Array.from({ length: count }, (_, at) => `item ${at}`));
  const chosen = signal(new Set());
  const opened = [];
  Object.assign(globalThis, { items, chosen, opened });
  const own = (one) => one;
  const Many = () => html`<${Grid} items=${items.value} keyOf=${own} labelOf=${own} label="Many" chosen=${chosen}
    cell=${{ width: 150, height: 100 }} draw=${(one) => html`<span>${one}</span>`}
    open=${(one) => opened.push(one)} />`;
  render(null, document.body);
  document.body.innerHTML = '<div id="many"></div>';
  render(html`<${Many} />`, document.getElementById("many"));
}"""


@pytest.fixture
def many(site: Site, open_tab: Open) -> Any:
    """A tab with a grid of 50,000 alone."""
    tab = open_tab(site, "keys")
    tab.evaluate(MANY, 50_000)
    cells(tab).first.wait_for()
    return tab


def focused(tab: Any) -> str:
    return str(tab.evaluate("document.activeElement.getAttribute('aria-label')"))


def test_only_what_is_seen_is_in_the_document(many: Any) -> None:
    assert cells(many).count() < 160
    many.evaluate("scrollTo(0, document.documentElement.scrollHeight / 2)")
    many.wait_for_timeout(300)
    assert cells(many).count() < 160
    middle = int(cells(many).nth(20).get_attribute("data-at"))
    assert 20_000 < middle < 30_000


def test_keys_move_and_select_and_what_has_the_focus_is_seen(many: Any) -> None:
    cells(many).first.click()
    for key, wanted in (("ArrowRight", 1), ("End", 49_999), ("Home", 0), ("ArrowLeft", 0)):
        many.keyboard.press(key)
        many.wait_for_function(f"() => document.activeElement.getAttribute('aria-label') === 'item {wanted}'")
    many.keyboard.press("ArrowRight")
    many.keyboard.press("Shift+ArrowRight")
    many.keyboard.press("Shift+ArrowRight")
    assert many.evaluate("[...chosen.value]") == ["item 1", "item 2", "item 3"]
    many.keyboard.press("Control+a")
    assert many.evaluate("chosen.value.size") == 50_000
    many.keyboard.press("Escape")
    assert many.evaluate("chosen.value.size") == 0
    many.keyboard.press("Enter")
    assert many.evaluate("opened") == ["item 3"]


def test_the_focus_stays_on_its_item_when_others_come_and_go_and_while_it_is_scrolled_away(many: Any) -> None:
    cells(many).nth(5).click()
    many.evaluate("items.value = ['new', ...items.value.slice(3)]")
    many.wait_for_function("() => document.activeElement.getAttribute('data-at') === '3'")
    assert focused(many) == "item 5"
    many.evaluate("scrollTo(0, 200000)")
    many.wait_for_timeout(300)
    assert focused(many) == "item 5"


def test_other_columns_show_the_same_place(many: Any) -> None:
    many.evaluate("scrollTo(0, 100000)")
    many.wait_for_timeout(300)
    at = "() => Number(document.elementFromPoint(40, 200)?.closest('[data-at]')?.dataset.at)"
    before = many.evaluate(at)
    many.set_viewport_size({"width": 500, "height": 800})
    many.wait_for_timeout(500)
    assert abs(many.evaluate(at) - before) < 40


def test_a_rubber_band_selects_what_it_touches(many: Any) -> None:
    first, last = cells(many).nth(0).bounding_box(), cells(many).nth(2).bounding_box()
    many.mouse.move(first["x"] + 5, first["y"] + 5)
    many.mouse.down()
    many.mouse.move(last["x"] + 20, last["y"] + 20, steps=4)
    many.wait_for_timeout(100)
    many.mouse.up()
    assert many.evaluate("[...chosen.value]") == ["item 0", "item 1", "item 2"]


def test_screen_readers_are_told_how_many_there_are(many: Any) -> None:
    one = cells(many).nth(4)
    assert (one.get_attribute("aria-setsize"), one.get_attribute("aria-posinset")) == ("50000", "5")
    assert many.locator("[tabindex='0'].cell").count() == 1


@pytest.mark.exhaustive
def test_no_task_takes_long_while_scrolling(many: Any) -> None:
    many.evaluate(
        "globalThis.longest = 0; new PerformanceObserver((list) => list.getEntries().forEach((one) =>"
        " (longest = Math.max(longest, one.duration)))).observe({ type: 'longtask' })"
    )
    for _ in range(120):
        many.mouse.wheel(0, 3000)
        many.wait_for_timeout(30)
    assert many.evaluate("longest") < 100


def test_a_set_that_is_shown_draws_only_what_is_seen(site: Site, open_tab: Open) -> None:
    tab = open_tab(site, f"photos/{set_of(site)}")
    cells(tab).first.wait_for()
    assert tab.locator(".grid").get_attribute("aria-multiselectable") == "true"
