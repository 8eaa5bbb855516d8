"""What the page's tests look at: a cast of two, a film with both and with six whom nobody knows, and some photos.

Real faces for real weights: the demo's two, in the public domain, and small ones of the sample of Labeled Faces in the
Wild that comes with scikit-image. One of the six comes made up in another shot, and is found as somebody else; so is
Tony, of whom the model is not sure then.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from personae.project.session import Project
from tests.docs_world import STRANGERS, alive, stranger
from tests.docs_world import _taken as taken
from tests.film_maker import Pixels, head, make_film, paste, textured

SIZE_WH = (640, 360)
RATE = 12
SHOT_S = 3
THOR, TONY = "Thor", "Tony"
"""Of the cast: the demo's Grace Hopper and Eileen Collins."""
LISTED = ("Monica Geller", "Rachel Green", "José Núñez", "Nadia محمد")
"""Names without photos."""
FILM, SET = "film", "photos"
Shown = tuple[Pixels, float, float]
"""A face, where its centre is across, and its height, in pixels."""


def make_world(folder: Path, hopper: Path, astronaut: Path) -> None:
    """Write media/film.mp4, media/photos and the project `project`, in which all of it was seen."""
    media = folder / "media"
    media.mkdir(parents=True)
    heads = {THOR: head(hopper), TONY: head(astronaut)}
    for who, face in heads.items():
        for number in (1, 2, 3):
            _save(taken(face, number), folder / "cast" / who / f"{number}.png")
    faces = [stranger(number) for number in range(len(STRANGERS))]
    _film(media / f"{FILM}.mp4", heads, faces)
    for number, face in enumerate((faces[0], faces[3], heads[TONY])):
        _save(taken(face, number + 5), media / SET / f"{number}.jpg")
    party = textured((960, 480), 3)
    for face, x in ((heads[THOR], 180), (faces[1], 480), (faces[5], 780)):
        party = paste(party, face, centre_xy=(x, 240), height=300)
    _save(party, media / SET / "party.jpg")
    with Project.open(folder / "project") as project:
        project.cast.train(folder / "cast")
        project.cast.add_names(LISTED)
        project.films.scan(media / f"{FILM}.mp4").close()
        project.photos.keep(media / SET)


def copy_of(world: Path, folder: Path) -> Path:
    """The project's copy, to be changed; it knows the film and photos of the world."""
    return Path(shutil.copytree(world / "project", folder / "project"))


def _film(path: Path, heads: dict[str, Pixels], faces: list[Pixels]) -> None:
    shots: list[list[Shown]] = [
        [(heads[THOR], 180, 260), (faces[0], 450, 240)],
        [(faces[1], 180, 240), (faces[2], 450, 230)],
        [(heads[TONY], 180, 240), (faces[3], 460, 250)],
        [(faces[4], 190, 230), (faces[5], 450, 240)],
        [(_made_up(faces[0], _another(), 0.39), 170, 240), (faces[3], 460, 230)],
        [(_made_up(heads[TONY], faces[3], 0.56), 170, 240), (faces[2], 470, 210)],
    ]

    def draw(n: int) -> Pixels:
        shot, at = divmod(n, SHOT_S * RATE)
        picture = textured(SIZE_WH, 40 + shot)
        for number, (face, x, height) in enumerate(shots[shot]):
            place = (x + at * (0.6 - number), 180 + 6 * np.sin(at / 5 + number))
            picture = paste(picture, alive(face, n + number), centre_xy=place, height=height)
        return picture

    make_film(path, draw=draw, frames=len(shots) * SHOT_S * RATE, rate=RATE, sound=True)


def _made_up(face: Pixels, as_whom: Pixels, share: float) -> Pixels:
    """The face made up as somebody else by `share`: hardly to be known."""
    first, second = (cv2.resize(each, (210, 210)).astype(np.float32) for each in (face, as_whom))
    return np.asarray((1 - share) * first + share * second, np.uint8)


def _another() -> Pixels:
    """(h, w, 3): a face that is nobody's in the film."""
    from skimage.data import lfw_subset

    large = cv2.resize((np.clip(lfw_subset()[2], 0, 1) * 255).astype(np.uint8), (150, 150))
    grey = cv2.copyMakeBorder(large, 30, 30, 30, 30, cv2.BORDER_REPLICATE)
    return np.asarray(np.repeat(grey[:, :, None], 3, axis=2), np.uint8)


def _save(pixels: Pixels, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, quality=92)
