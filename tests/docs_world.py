"""The folder that the examples of the documentation run in: photos of two people, strangers, and a film with all.

Thor is Grace Hopper, Tony Eileen Collins (the demo's photos, in the public domain); the strangers are small faces of
the sample of Labeled Faces in the Wild that comes with scikit-image.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from tests.film_maker import Pixels, head, make_film, paste, textured

SIZE_WH = (480, 270)
SHOT_S = 2
RATE = 12
PHOTOS = {"Thor": ("1.jpg", "old/2.jpg", "3.jpg"), "Tony": ("a.png", "b.png", "c.png")}
STRANGERS = (7, 10, 6, 8, 3, 1)
"""Rows of the sample in which one face is found, sharpest first."""


def make_world(folder: Path, hopper: Path, astronaut: Path) -> Path:
    """Write everything that the pages promise: cast/, party.jpg, stills/, strangers/, scenes.csv, films."""
    heads = {"Thor": head(hopper), "Tony": head(astronaut)}
    for name, photos in PHOTOS.items():
        for number, photo in enumerate(photos, 1):
            _save(_taken(heads[name], number), folder / "cast" / name / photo)
    for name, photo in zip(("a.jpg", "b.jpg"), PHOTOS["Thor"], strict=False):
        shutil.copy(folder / "cast" / "Thor" / photo, folder / name)
    strangers = [stranger(number) for number in range(len(STRANGERS))]
    for number, face in enumerate(strangers):
        _save(face, folder / "strangers" / f"{number}.jpg")
    for number, name in enumerate(heads):
        _save(_taken(heads[name], 4), folder / "stills" / f"{number}.jpg")
    party = textured((960, 480), 3)
    for face, x in ((heads["Thor"], 180), (heads["Tony"], 480), (strangers[0], 780)):
        party = paste(party, face, centre_xy=(x, 240), height=300)
    _save(party, folder / "party.jpg")
    rows = [f"{name}/{photo},{name} in {photo[0]}\n" for name, photos in PHOTOS.items() for photo in photos]
    (folder / "scenes.csv").write_text("".join(rows), encoding="utf-8")
    (folder / "names.txt").write_text("# call sheet\nRoss\nRachel\n", encoding="utf-8")
    (folder / "names.csv").write_text("who;name;film\n1;Rachel;e01\n", encoding="utf-8")
    _film(folder / "film.mp4", heads, strangers)
    shutil.copy(folder / "film.mp4", folder / "film.mov")
    (folder / "films").mkdir()
    shutil.copy(folder / "film.mp4", folder / "films" / "e01.mp4")
    return folder


def stranger(number: int) -> Pixels:
    """(h, w, 3): a face of nobody in the cast, in grey."""
    from skimage.data import lfw_subset

    face = (np.clip(lfw_subset()[STRANGERS[number]], 0, 1) * 255).astype(np.uint8)
    large = cv2.resize(face, (150, 150), interpolation=cv2.INTER_CUBIC)
    grey = cv2.copyMakeBorder(large, 30, 30, 30, 30, cv2.BORDER_REPLICATE)
    return np.asarray(np.repeat(grey[:, :, None], 3, axis=2), np.uint8)


def _taken(face: Pixels, number: int) -> Pixels:
    """Another photo of somebody: turned away a little, mirrored, in other light, on other ground, now and then soft."""
    rng = np.random.default_rng(number)
    picture = paste(textured((400, 400), number), face, centre_xy=(200, 200), height=320)
    if number % 2:
        picture = picture[:, ::-1]
    corners = np.array([[0, 0], [400, 0], [400, 400], [0, 400]], np.float32)
    away = np.array([[0, 0], [0, 1], [0, -1], [0, 0]], np.float32) * 50 * (number % 3)
    turned = cv2.warpPerspective(
        np.ascontiguousarray(picture), cv2.getPerspectiveTransform(corners, corners + away), (400, 400),
        borderMode=cv2.BORDER_REFLECT,
    )  # fmt: skip
    if number % 3 == 1:
        turned = cv2.resize(cv2.resize(turned, (130, 130), interpolation=cv2.INTER_AREA), (400, 400))
    lit = np.clip(turned * rng.uniform(0.5, 1.2) + rng.uniform(-10, 25), 0, 255)
    return np.asarray(lit, np.uint8)


def alive(face: Pixels, n: int) -> Pixels:
    """The face with its lower half drawn out now and then, as a mouth opens."""
    height, width = face.shape[:2]
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    open_by = (0, 0.08, 0.14, 0.05)[n // 3 % 4] * height
    moved = open_by * np.exp(-(((xs / width - 0.5) / 0.35) ** 2) - ((ys / height - 0.7) / 0.2) ** 2)
    return np.asarray(cv2.remap(face, xs, (ys - moved).astype(np.float32), cv2.INTER_LINEAR), np.uint8)


def _film(path: Path, heads: dict[str, Pixels], strangers: list[Pixels]) -> None:
    """Thor beside Tony, Tony with a stranger, Thor with another: two seconds each."""
    shots = [
        [(heads["Thor"], 130, 240), (heads["Tony"], 350, 230)],
        [(heads["Tony"], 140, 200), (strangers[0], 350, 190)],
        [(strangers[1], 120, 190), (heads["Thor"], 340, 210)],
    ]

    def draw(n: int) -> Pixels:
        shot = n // (SHOT_S * RATE)
        picture = textured(SIZE_WH, 20 + shot)
        for number, (face, x, height) in enumerate(shots[shot]):
            place = (x + n % (SHOT_S * RATE) * (0.5 - number), 140)
            picture = paste(picture, alive(face, n + number), centre_xy=place, height=height)
        return picture

    make_film(path, draw=draw, frames=3 * SHOT_S * RATE, rate=RATE, sound=True)


def _save(pixels: Pixels, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, quality=92)
