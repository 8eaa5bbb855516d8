"""Make the pictures of README and docs from the demo's public-domain faces.

python scripts/make_pictures.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from PIL import Image

from personae.demo import run

IMAGES = Path(__file__).parent.parent / "docs" / "images"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        run(Path(name))
        with (
            Image.open(Path(name) / "annotated" / "group.jpg") as both,
            Image.open(Path(name) / "annotated-only-hopper" / "group.jpg") as one,
        ):
            picture = Image.new("RGB", (both.width, both.height * 2 + 12), "white")
            picture.paste(both, (0, 0))
            picture.paste(one, (0, both.height + 12))
            picture.thumbnail((900, 1200))
            IMAGES.mkdir(parents=True, exist_ok=True)
            picture.save(IMAGES / "demo.jpg", quality=85)


if __name__ == "__main__":
    main()
