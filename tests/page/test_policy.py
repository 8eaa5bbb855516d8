"""Who may come in and what a browser lets the page do: its policy, links from elsewhere, signing in at any address."""

from __future__ import annotations

import re
import shutil
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from personae.server.page_addresses import VIEWS
from tests.page.conftest import Site
from tests.server.live import LiveServer

ADDRESSES = ["", *sorted(VIEWS), "people/0123456789abcdef.1", "films/0123456789abcdef?at_s=12.5", "cast/a%20b?q=%C3%A9"]
ASKED = "people/0123456789abcdef.1?sort=name&q=J%C3%B3n+%26+co"
VIOLATIONS = """window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
    violations.push(`${event.violatedDirective} ${event.blockedURI}`));"""


@pytest.mark.parametrize("path", ADDRESSES)
def test_each_address_of_a_view_sends_the_policy(path: str, site: Site) -> None:
    with site.client() as client:
        answer = client.get(f"{site.address}/{path}", headers={"accept": "text/html"})
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert "unsafe-" not in answer.headers["content-security-policy"]
    imports = re.search(r'<script type="importmap">(.*?)</script>', answer.text, re.DOTALL)
    assert imports
    digest = b64encode(sha256(imports[1].encode()).digest()).decode()
    assert policy["script-src"].split() == ["'self'", f"'sha256-{digest}'"]
    assert (
        policy["default-src"] == "'self'" and policy["object-src"] == "'none'" and policy["frame-ancestors"] == "'none'"
    )
    assert {"style-src", "connect-src"}.isdisjoint(policy), "as the default says"
    assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["referrer-policy"] in (
        "no-referrer", "same-origin",
    )  # fmt: skip


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_nothing_of_a_view_is_blocked_or_asked_of_anybody_else(
    view: str, site: Site, open_tab: Callable[..., Any]
) -> None:
    tab = open_tab(site, "keys")
    tab.context.add_init_script(VIOLATIONS)
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(f"{site.address}/{view}")
    tab.locator("main > :not([aria-busy])").first.wait_for()
    tab.wait_for_timeout(800)
    assert tab.evaluate("violations") == []
    assert not tab.wrong
    assert all(url.startswith((f"{site.address}/", "data:", "blob:")) for url in asked)


def test_the_policy_is_in_force(site: Site, open_tab: Callable[..., Any]) -> None:
    tab = open_tab(site, "keys")
    tab.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.head.append(script);
    }""")
    assert tab.evaluate("window.ran === undefined")
    assert any("Content Security Policy" in line for line in tab.wrong)


# A link that comes from elsewhere, and a browser without a key


@pytest.fixture
def elsewhere(site: Site) -> Iterator[str]:
    """The address of another site's page, which has a link to ours. `localhost` is another site than 127.0.0.1."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f'<!doctype html><a href="{site.address}/{ASKED}">look</a>'.encode()
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


def test_a_link_from_elsewhere_shows_the_view(elsewhere: str, site: Site, open_tab: Callable[..., Any]) -> None:
    tab = open_tab(site, "keys")
    tab.goto(elsewhere)
    tab.get_by_text("look").click()
    tab.locator("main.people").wait_for()
    assert tab.url == f"{site.address}/{ASKED}"
    tab.go_back()
    tab.get_by_text("look").wait_for()


def test_a_link_from_elsewhere_leads_who_has_no_key_to_where_it_is_typed(
    elsewhere: str, site: Site, browser: Any
) -> None:
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(elsewhere)
    tab.get_by_text("look").click()
    _signs_in(tab, site)
    context.close()


@pytest.mark.parametrize("path", ["", "review", *(each for each in ADDRESSES if "/" in each)])
def test_who_signs_in_comes_where_they_wanted_to(path: str, site: Site, browser: Any) -> None:
    context = browser.new_context()
    tab = context.new_page()
    answer = tab.goto(f"{site.address}/{path}")
    assert answer.status == 401 and "unsafe-" not in answer.headers["content-security-policy"]
    _signs_in(tab, site, path)
    context.close()


def test_a_wrong_key_is_said_to_be_one_and_the_address_kept(site: Site, browser: Any) -> None:
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(f"{site.address}/{ASKED}")
    tab.get_by_label("Key").fill("a-wrong-one")
    tab.get_by_role("button", name="Open").click()
    tab.get_by_role("alert").get_by_text("This key does not count").wait_for()
    assert "a-wrong-one" not in tab.content()
    _signs_in(tab, site)
    context.close()


def _signs_in(tab: Any, site: Site, path: str = ASKED) -> None:
    tab.get_by_label("Key").fill(site.token())
    tab.get_by_role("button", name="Open").click()
    tab.locator("main").wait_for()
    tab.locator("header.frame").wait_for()
    if path not in ("", "review"):  # these lead on, to the first question
        assert tab.url == f"{site.address}/{path}"
    assert site.token() not in tab.url
    history = tab.evaluate("performance.getEntriesByType('navigation').map((one) => one.name).join()")
    assert site.token() not in history, "the key stays in no history"


# Behind a proxy, under a path


@pytest.fixture
def under_a_path(world: Path, tmp_path: Path) -> Iterator[Site]:
    shutil.copytree(world / "project", tmp_path / "project")
    with LiveServer(tmp_path / "project", world / "media", "--root-path", "/of/ours") as server:
        yield Site(server, world / "media", "/of/ours")


def test_everything_stands_under_the_path_that_a_proxy_has(
    under_a_path: Site, open_tab: Callable[..., Any], browser: Any
) -> None:
    site = under_a_path
    tab = open_tab(site, "people")
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    for view in ("films", "jobs", "review", "cast"):
        tab.get_by_role("navigation").locator(f"a[href$='/{view}']").click()
        tab.locator(f"main.{view}").wait_for()
        assert tab.url.startswith(f"{site.address}/{view}")
    tab.reload()
    tab.locator("main.cast").wait_for()
    tab.go_back()
    tab.locator("main.review .asked").wait_for()
    tab.wait_for_timeout(500)
    assert asked and all(url.startswith((f"{site.address}/", "data:", "blob:")) for url in asked)
    assert not tab.wrong
    context = browser.new_context()
    other = context.new_page()
    other.goto(f"{site.address}/{ASKED}")
    _signs_in(other, site)
    (cookie,) = context.cookies()
    assert cookie["path"] == "/of/ours" and cookie["sameSite"] == "Strict" and cookie["httpOnly"]
    context.close()
