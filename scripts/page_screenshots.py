"""Photograph every view of the page, light and dark, wide and narrow, with the demo's public-domain faces.

    python -m scripts.page_screenshots [FOLDER]      (needs Chromium and Playwright; default docs/images)

Into docs/images go the views that README and docs/page.md show; with a FOLDER all views go there, to be looked at.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from personae.demo import COLLINS, HOPPER, source_photo
from personae.project.session import Project
from personae.server.page_addresses import VIEWS
from tests.browser import CHROMIUM
from tests.docs_world import _taken as taken
from tests.docs_world import alive
from tests.film_maker import Pixels, head, make_film, paste, textured
from tests.server.live import LiveServer

IMAGES = Path(__file__).parent.parent / "docs" / "images"
SHOWN = ("page-review-wide-light", "page-review-narrow-dark", "page-people-wide-light")
"""What README and docs show."""
SIZES = {"wide": (1280, 800), "narrow": (390, 844)}
SIZE_WH, RATE, SHOT_S = (960, 540), 12, 3
SETTLED_MS = 2000


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        make_project(home)
        with LiveServer(home / "project", home / "media") as server:
            photograph(server, folder or IMAGES, None if folder else SHOWN)


def make_project(home: Path) -> None:
    """Collins is in the cast; Hopper and somebody between the two are not."""
    heads = {name: head(source_photo(name)) for name in (COLLINS, HOPPER)}
    other = _between(*heads.values())
    for number in (1, 2, 3):
        _save(taken(heads[COLLINS], number), home / "cast" / COLLINS / f"{number}.png")
        _save(taken(heads[HOPPER], number + 4), home / "media" / "portraits" / f"{number}.jpg")
    shots = [
        [(heads[COLLINS], 270), (heads[HOPPER], 690)],
        [(other, 300), (heads[COLLINS], 700)],
        [(heads[HOPPER], 480)],
    ]

    def draw(n: int) -> Pixels:
        shot, at = divmod(n, SHOT_S * RATE)
        picture = textured(SIZE_WH, 60 + shot)
        for number, (face, x) in enumerate(shots[shot]):
            picture = paste(picture, alive(face, n + number), centre_xy=(x + at * (0.7 - number), 280), height=380)
        return picture

    make_film(home / "media" / "Two portraits.mp4", draw=draw, frames=len(shots) * SHOT_S * RATE, rate=RATE, sound=True)
    with Project.open(home / "project") as project:
        project.cast.train(home / "cast")
        project.cast.add_names([HOPPER, "Ada Lovelace", "Katherine Johnson"])
        project.films.scan(home / "media" / "Two portraits.mp4").close()
        project.photos.keep(home / "media" / "portraits")


def photograph(server: LiveServer, folder: Path, wanted: tuple[str, ...] | None) -> None:
    """Every view; `wanted`: only those of these names."""
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
            context.new_page().goto(f"{server.address}/keys?token={server.token}")
            for size, (width, height) in SIZES.items():
                for view in sorted(VIEWS):
                    name = f"page-{view}-{size}-{scheme}"
                    if wanted is None or name in wanted:
                        tab = context.new_page()
                        tab.set_viewport_size({"width": width, "height": height})
                        tab.goto(f"{server.address}/{view}")
                        _photograph(tab, folder / f"{name}.webp")
                        tab.close()
        browser.close()


def _photograph(tab: Any, path: Path) -> None:
    tab.locator("main > :not([aria-busy])").first.wait_for()
    tab.wait_for_timeout(SETTLED_MS)
    tab.wait_for_function("() => [...document.images].every((one) => one.complete)")
    with Image.open(io.BytesIO(tab.screenshot())) as picture:
        picture.convert("RGB").save(path, quality=82, method=6)


def _between(first: Pixels, second: Pixels) -> Pixels:
    """Nobody: a face between two."""
    one, two = (np.asarray(Image.fromarray(each).resize((250, 320)), np.float32) for each in (first, second))
    return np.asarray((one + two) / 2, np.uint8)


def _save(pixels: Pixels, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, quality=92)


if __name__ == "__main__":
    main()
