"""Films of drawn faces for pieces: people who move, cuts, a dissolve, and somebody hidden where chunks meet."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from personae.faces.analyzer import FaceAnalyzer
from personae.faces.fake import draw_face
from personae.faces.film_networks import FilmNetworks
from personae.settings import Settings
from personae.timeline.chunk_pass import Watching
from tests.drawn_films import scene
from tests.film_maker import Pixels, make_film

SIZE_WH = (192, 144)
SHOT = 90
HIDDEN_EVERY = 100
"""Pictures: at 25 a second every chunk of 4 s begins with Thor hidden."""


@cache
def picture(n: int) -> Pixels:
    """Picture `n`: shots of 90 pictures, the second ends in a dissolve of 20."""
    at, shot = n % SHOT, n // SHOT
    if shot % 3 == 1 and at >= SHOT - 20:
        share = (at - (SHOT - 20) + 1) / 21
        mixed = (1 - share) * _plain(n, shot) + share * _plain(n, shot + 1)
        return np.round(mixed).astype(np.uint8)
    return _plain(n, shot)


def _plain(n: int, shot: int) -> Pixels:
    drawn = _place(1 + shot % 4).copy()
    people = [("Loki", 140, 80 + round(10 * np.sin(n / 20)), 44)]
    if min(n % HIDDEN_EVERY, HIDDEN_EVERY - n % HIDDEN_EVERY) > 3:
        people.append(("Thor", 40 + round(n % SHOT * 0.4), 60, 40))
    for name, x, y, size in people:
        drawn[y - size // 2 : y + size // 2, x - size // 2 : x + size // 2] = _face(name, size, n // 5 % 7)
    return drawn


@cache
def _place(seed: int) -> Pixels:
    return scene(seed, [], size_wh=SIZE_WH)


@cache
def _face(name: str, size: int, take: int) -> Pixels:
    return draw_face(name, size, take=take)


def film(path: Path, frames: int, **options: object) -> Path:
    """Such a film; `options`: see `make_film`."""
    return make_film(path, frames=frames, **{"draw": picture, "pix_fmt": "yuv444p", **options})  # type: ignore[arg-type]


def watching() -> Watching:
    """Fake networks."""
    settings = Settings(detector="fake", embedder="fake")
    networks = FilmNetworks.of(settings, FaceAnalyzer(settings))
    return networks.detector, networks.embedder.embed, settings
