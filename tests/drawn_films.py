"""Films of drawn faces (see `personae.faces.fake`): who is where in each picture is known, without a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from personae.faces.fake import draw_face, draw_picture
from personae.project.recognizer import CharacterRecognizer
from personae.settings import Settings
from personae.timeline.timeline import Timeline
from tests.film_maker import Pixels, make_film, textured

SIZE_WH = (320, 240)
Person = tuple[str, float, float, int]
"""(identity, x and y of the face's centre, size in pixels)."""


def scene(seed: int, people: Sequence[Person], *, take: int = 0, size_wh: tuple[int, int] = SIZE_WH) -> Pixels:
    """A place of its own for each `seed`, in grey, with drawn faces; what reaches over the edge is cut off."""
    picture = np.repeat(textured(size_wh, seed).mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    for identity, x, y, size in people:
        face = draw_face(identity, size, take=take)
        left, top = round(x - size / 2), round(y - size / 2)
        x1, y1, x2, y2 = max(left, 0), max(top, 0), min(left + size, size_wh[0]), min(top + size, size_wh[1])
        if x1 < x2 and y1 < y2:
            picture[y1:y2, x1:x2] = face[y1 - top : y2 - top, x1 - left : x2 - left]
    return picture


def held(picture: Pixels, identity: str, x: float, y: float, size: int, n: int) -> Pixels:
    """The picture with a framed photo about x, y, in a hand that is never still; `size` of the face in pixels."""
    side = round(1.8 * size) // 2 * 2
    photo = np.full((side, side, 3), 20, np.uint8)
    inner = side - 12
    photo[6:-6, 6:-6] = scene(1, [(identity, inner / 2, inner / 2, size)], take=3, size_wh=(inner, inner))
    left, top = round(x - side / 2 + 14 * np.sin(n / 8)), round(y - side / 2 + 14 * np.cos(n / 11))
    result = picture.copy()
    result[top : top + side, left : left + side] = photo
    return result


def drawn_film(path: Path, draw: Callable[[int], Pixels], frames: int, **options: object) -> Path:
    """`make_film` in a quality that keeps the drawn rings; 25 pictures a second."""
    return make_film(path, draw=draw, frames=frames, pix_fmt="yuv444p", **options)  # type: ignore[arg-type]


def drawn_recognizer(folder: Path, cast: Sequence[str] = ("Thor", "Loki"), **settings: object) -> CharacterRecognizer:
    """A recognizer with fake networks, trained on two drawn photos of each."""
    for name in cast:
        (folder / "cast" / name).mkdir(parents=True, exist_ok=True)
        for take in (0, 9):
            Image.fromarray(draw_picture([(name, 96)], take=take).pixels).save(folder / "cast" / name / f"{take}.png")
    made = Settings(detector="fake", embedder="fake", **settings)  # type: ignore[arg-type]
    recognizer = CharacterRecognizer(folder / "project", settings=made)
    recognizer.train_folder(folder / "cast")
    return recognizer


def spans_of(timeline: Timeline, name: str, rate: float = 25) -> list[tuple[float, float]]:
    """Appearances as (first frame, frame after the last), to a hundredth of a frame."""
    return [
        (round(timeline.video.seconds(one.start_pts) * rate, 2), round(timeline.video.seconds(one.end_pts) * rate, 2))
        for one in timeline.appearances
        if one.name == name
    ]
