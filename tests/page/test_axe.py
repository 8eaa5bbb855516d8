"""Every view for everybody: axe finds nothing serious, and nothing is wider than a phone or a page at 200 % zoom."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from personae.server.page_addresses import VIEWS
from tests.page.conftest import Scheme, Site
from tests.page.npm import packages

LONG = 50
GRAVE = ("serious", "critical")
SIZES = {"wide": (1280, 800), "phone": (390, 844)}
ZOOMED = (640, 400)
"""What a window of 1280 x 800 has at 200 %."""
AXE = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
WIDE = """() => [document.documentElement.scrollWidth > innerWidth ? "the page" : "",
    ...[...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1
        && !one.closest("nav, .scroll, .skip, .table") && getComputedStyle(one).position !== "fixed")
        .map((one) => `${one.tagName}.${one.className}`)].filter(Boolean)"""


@pytest.fixture(scope="module")
def axe() -> str:
    return (packages() / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def settled(tab: Any) -> None:
    """Wait until a view has drawn what it shows."""
    tab.locator("main > :not([aria-busy])").first.wait_for()
    tab.wait_for_timeout(700)


def counts(rule: str, node: dict[str, Any]) -> bool:
    """axe compares what is read with what is seen: it knows Latin letters alone, and a long name is read whole and cut
    where it is seen.
    """
    label = re.search('aria-label="([^"]*)"', node["html"])
    is_plain = node["html"].isascii() and (label is None or len(label[1]) < LONG)
    return rule != "label-content-name-mismatch" or is_plain


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("view", sorted(VIEWS))
def test_axe_finds_nothing_serious(
    view: str, scheme: Scheme, axe: str, site: Site, open_tab: Callable[..., Any]
) -> None:
    tab = open_tab(site, view, scheme=scheme)
    for name, (width, height) in SIZES.items():
        tab.set_viewport_size({"width": width, "height": height})
        settled(tab)
        tab.evaluate(axe)  # the driver's own, which no policy of a page holds back
        found = [
            (one["id"], one["help"], nodes[:3])
            for one in tab.evaluate(AXE)
            if one["impact"] in GRAVE and (nodes := [node["html"] for node in one["nodes"] if counts(one["id"], node)])
        ]
        assert not found, (name, found)


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_nothing_is_scrolled_sideways(view: str, site: Site, open_tab: Callable[..., Any]) -> None:
    tab = open_tab(site, view, width=390, height=844)
    for width, height in (SIZES["phone"], ZOOMED, (320, 640)):
        tab.set_viewport_size({"width": width, "height": height})
        settled(tab)
        assert tab.evaluate(WIDE) == [], (view, width)


def test_axe_finds_what_is_wrong(axe: str, site: Site, open_tab: Callable[..., Any]) -> None:
    tab = open_tab(site, "keys")
    tab.evaluate("document.querySelector('main').append(document.createElement('button'))")
    tab.evaluate(axe)
    assert "button-name" in {one["id"] for one in tab.evaluate(AXE) if one["impact"] in GRAVE}


def test_everything_is_reached_by_the_keyboard(site: Site, open_tab: Callable[..., Any]) -> None:
    tab = open_tab(site, "review")
    tab.get_by_role("combobox").wait_for()
    tab.locator("body").evaluate("() => document.activeElement.blur()")
    reached = set()
    for _ in range(60):
        tab.keyboard.press("Tab")
        said = tab.evaluate("""() => {
            const one = document.activeElement;
            const name = one.textContent.trim() || one.getAttribute("aria-label") || one.tagName;
            return [name, getComputedStyle(one).outlineStyle !== "none"];
        }""")
        if said[0] in reached and said[0] != "BODY":
            break
        assert said[1] or tab.evaluate("document.activeElement === document.body"), f"no ring is seen around {said[0]}"
        reached.add(said[0])
    assert {"To the content", "Review", "People", "Films"} <= {each.split("\n")[0] for each in reached}
