"""How quickly the page draws a large project: in a real browser, with a warm server and the browser's cache empty.

    python -m benchmarks.page.speed BIG [--answers 100] [--rounds 7] [--pause-ms 600]

BIG: what `benchmarks.page.big` made. A copy of it is not made: what is answered is taken back.

First paint and usable: seven loads of "/", each in a new browser profile; usable is when the first question stands
there with its pictures drawn and the name field has the focus. Key: from a key that answers to the next question with
all its pictures drawn, as the page's own clock has it, over `--answers` answers in one tab, each `--pause-ms` after its
question stands there: nobody looks at a face in less. Scrolling: the longest task
while a wheel turns through everybody, and through the photos of a set. Memory: the tab's heap after each hundred
answers, garbage collected.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import CHROMIUM
from tests.server.live import LiveServer

DRAWN = """() => {
  const asked = document.querySelector(".asked");
  const images = asked ? [...asked.querySelectorAll(".crops img")] : [];
  const isFocused = document.activeElement?.matches(".name-field input");
  return asked && isFocused && images.every((one) => one.complete);
}"""
WATCH = """() => {
  window.took = [];
  window.longest = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) window.longest = Math.max(window.longest, one.duration);
  }).observe({ type: "longtask", buffered: false });
  addEventListener("keydown", () => {
    const from = performance.now();
    const before = document.querySelector(".asked")?.dataset.id;
    const look = () => {
      const asked = document.querySelector(".asked");
      const images = asked ? [...asked.querySelectorAll(".crops img")] : [];
      const isNext = asked && asked.dataset.id !== before && images.length > 0;
      const isDrawn = isNext && images.every((one) => one.complete);
      if (isDrawn) requestAnimationFrame(() => window.took.push(performance.now() - from));
      else if (performance.now() - from < 10000) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, true);
}"""


def loads(browser: Browser, server: LiveServer, rounds: int) -> dict[str, Any]:
    """Milliseconds to the first paint, and until it can be used."""
    paint, usable = list[float](), list[float]()
    for _ in range(rounds):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        page.goto(f"{server.address}/keys?token={server.token}")  # the token is in a cookie from here on
        page.close()
        page = context.new_page()
        page.goto("about:blank")
        session = context.new_cdp_session(page)
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        began = time.perf_counter()
        page.goto(f"{server.address}/review", wait_until="commit")
        page.wait_for_function(DRAWN, polling=20, timeout=60_000)
        usable.append(1000 * (time.perf_counter() - began))
        entry = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1"
        paint.append(page.evaluate(entry))
        context.close()
    return {"first paint ms": spread(paint), "usable ms": spread(usable)}


def keys(browser: Browser, server: LiveServer, answers: int, pause_ms: float) -> dict[str, Any]:
    """Milliseconds from a key to the next question; the heap meanwhile, in MB."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{server.address}/review?token={server.token}")
    page.wait_for_function(DRAWN, timeout=60_000)
    page.evaluate(WATCH)
    session = context.new_cdp_session(page)
    heap = []
    for number in range(answers):
        page.keyboard.press("Delete")
        page.wait_for_function("(n) => window.took.length > n", arg=number, timeout=20_000)
        page.wait_for_timeout(pause_ms)
        if number % 100 == 99:
            heap.append(_heap(session))
    took = page.evaluate("() => window.took")
    context.close()
    return {"key ms": spread(took), "key p95 ms": round(statistics.quantiles(took, n=20)[-1], 1), "heap MB": heap}


def _heap(session: Any) -> float:
    session.send("HeapProfiler.collectGarbage")
    used: float = session.send("Runtime.getHeapUsage")["usedSize"]
    return round(used / 1e6, 1)


def scrolling(browser: Browser, server: LiveServer, path: str, ready: str) -> dict[str, Any]:
    """The longest task while a list is scrolled, in ms; how many of its cells are in the document at most."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page: Page = context.new_page()
    page.goto(f"{server.address}/{path}{'&' if '?' in path else '?'}token={server.token}")
    page.wait_for_selector(ready, timeout=60_000)
    page.wait_for_timeout(1000)
    page.evaluate(WATCH)
    most = 0
    page.mouse.move(640, 500)
    for _ in range(150):
        page.mouse.wheel(0, 900)
        page.wait_for_timeout(16)
        most = max(most, page.locator(ready).count())
    longest = page.evaluate("() => window.longest")
    context.close()
    return {f"{path} longest task ms": round(longest), f"{path} cells": most}


def spread(values: Sequence[float]) -> list[float]:
    """Median and quartiles."""
    low, middle, high = statistics.quantiles(values, n=4)
    return [round(middle, 1), round(low, 1), round(high, 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("big", type=Path)
    parser.add_argument("--answers", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--pause-ms", type=float, default=600.0)
    given = parser.parse_args()
    with LiveServer(given.big, given.big, "--workers", "0") as server, sync_playwright() as driver:
        with server.client() as client:
            for path in ("/films", "/photo-sets", "/people/everybody", "/questions"):  # warm
                began = time.perf_counter()
                client.get(path, params={"limit": 30}, timeout=600)
                first = time.perf_counter() - began
                began = time.perf_counter()
                client.get(path, params={"limit": 30}, timeout=600)
                print(json.dumps({path: [round(first, 2), round(time.perf_counter() - began, 3)]}), flush=True)
            (set_, *_) = client.get("/photo-sets", timeout=600).json()["photo_sets"]
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        print(json.dumps(loads(browser, server, given.rounds)), flush=True)
        print(json.dumps(keys(browser, server, given.answers, given.pause_ms)), flush=True)
        print(json.dumps(scrolling(browser, server, "people", ".cell")), flush=True)
        print(json.dumps(scrolling(browser, server, f"photos/{set_['id']}", ".cell")), flush=True)
        print(json.dumps(scrolling(browser, server, "films", ".rows li")), flush=True)
        with server.client() as client:
            for _ in range(given.answers):
                client.post("/undo", json={}, timeout=600)
        browser.close()


if __name__ == "__main__":
    main()
