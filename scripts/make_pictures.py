"""Make the pictures of README and docs from the demo's public-domain faces; the report's needs Chromium.

python scripts/make_pictures.py
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from personae.demo import COLLINS, HOPPER, run, source_photo
from personae.exports.film_writer import FilmWriter
from personae.films import say
from personae.media.film import Video
from personae.project.recognizer import CharacterRecognizer
from tests.scanning import scan_film

IMAGES = Path(__file__).parent.parent / "docs" / "images"
SIZE = (960, 540)
FPS = 24
WALL = 900
"""Pixels of plain ground around a photo."""
Window = tuple[float, float, float]
"""Centre x, y and width of what is shown of a photo, in its pixels."""
SCENES: tuple[tuple[float, tuple[tuple[str, Window, Window], ...]], ...] = (
    (2.5, ((COLLINS, (256, 150, 500), (240, 130, 400)),)),
    (2.0, ((HOPPER, (256, 190, 480), (270, 180, 430)),)),
    (3.0, ((COLLINS, (240, 150, 260), (230, 140, 240)), (HOPPER, (256, 200, 280), (256, 190, 260)))),
    (1.5, ((COLLINS, (225, 115, 270), (225, 112, 230)),)),
    (2.5, ((HOPPER, (256, 320, 1700), (256, 310, 1600)),)),
    (2.0, ((HOPPER, (265, 165, 300), (265, 165, 270)), (COLLINS, (240, 150, 280), (236, 140, 250)))),
    (1.5, ((COLLINS, (256, 240, 1150), (256, 235, 1100)),)),
)
"""Seconds, and who is shown side by side, from which window to which."""


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        run(Path(name))
        demo_picture(Path(name))
        report_picture(Path(name))


def demo_picture(folder: Path) -> None:
    with (
        Image.open(folder / "annotated" / "group.jpg") as both,
        Image.open(folder / "annotated-only-hopper" / "group.jpg") as one,
    ):
        picture = Image.new("RGB", (both.width, both.height * 2 + 12), "white")
        picture.paste(both, (0, 0))
        picture.paste(one, (0, both.height + 12))
        picture.thumbnail((900, 1200))
        picture.save(IMAGES / "demo.jpg", quality=85)


def report_picture(folder: Path) -> None:
    """Make a film of the two portraits, scan it, and photograph its report."""
    film = folder / "Two portraits.mp4"
    make_film(film)
    result = scan_film(film, CharacterRecognizer(folder / "project-both"), folder / "scan")
    result.decide([say.alive(name) for name in (COLLINS, HOPPER)])  # photos do not move, and are taken for pictures
    result.flush()
    page, _ = result.report().paths
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    shot = folder / "report.png"
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1060,1500")
    subprocess.run([browser, *options, f"--screenshot={shot}", page.as_uri()], check=True, capture_output=True)
    with Image.open(shot) as picture:
        whole = picture.convert("RGB")
        paper = whole.getpixel((2, whole.height - 2))
        rows = np.flatnonzero((np.asarray(whole) != np.array(paper)).any(axis=(1, 2)))
        whole.crop((0, 0, whole.width, int(rows[-1]) + 24)).save(IMAGES / "report.jpg", quality=85)


def make_film(path: Path) -> None:
    """The scenes, cut hard one after the other."""
    photos = {name: _on_a_wall(Image.open(source_photo(name)).convert("RGB")) for name in (COLLINS, HOPPER)}
    frames = sum(round(seconds * FPS) for seconds, _ in SCENES)
    video = Video(str(path), "", 0, Fraction(FPS), Fraction(1, FPS), False, 0, frames, SIZE, frames)
    number = 0
    with path.open("wb") as file, FilmWriter(file, "mp4", video, timecode="01:00:00:00") as out:
        for seconds, shown in SCENES:
            length = round(seconds * FPS)
            for frame in range(length):
                parts = [_part(photos[name], start, end, frame / length, len(shown)) for name, start, end in shown]
                out.picture(np.concatenate(parts, axis=1), number)
                number += 1


def _on_a_wall(photo: Image.Image) -> Image.Image:
    """The photo on a soft ground of its own colours, so that it can also be seen from further away."""
    size = (photo.width + 2 * WALL, photo.height + 2 * WALL)
    wall = photo.resize((8, 8), Image.Resampling.BOX).resize(size, Image.Resampling.BICUBIC)
    wall.paste(photo, (WALL, WALL))
    return wall


def _part(photo: Image.Image, start: Window, end: Window, share: float, parts: int) -> np.ndarray:
    """One of `parts` pictures side by side, `share` of the way from window to window."""
    x, y, width = (a + share * (b - a) for a, b in zip(start, end, strict=True))
    size = (SIZE[0] // parts, SIZE[1])
    height = width * size[1] / size[0]
    left, top = WALL + x - width / 2, WALL + max(y - height / 2, 0 if width < 512 else -WALL)
    box = (left, top, left + width, top + height)
    return np.asarray(photo.resize(size, Image.Resampling.BICUBIC, box=box))


if __name__ == "__main__":
    main()
