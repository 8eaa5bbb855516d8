"""People who hold still and pictures of people, drawn: what a rule must tell apart that asks who is alive.

Photos stand in for both. A living one is cut out with shoulders, sways with its breath, and blinks and speaks a little
or not at all; a picture is flat, whole and has edges. A scene holds several of one sort before one camera. Everything
is a function of the time in seconds. RGB uint8 (h, w, 3); boxes x1, y1, x2, y2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.film.living_parts import SIZE_WH, Body, Camera, Flat, Person, camera, laid, moved, picture_of
from benchmarks.film.scenes import Head, Pixels, wall

CAMERAS = ("still", "pan", "handheld", "zoom")
CONDITIONS = ("plain", "dim", "profile", "compressed", "far")
LIVES = ("listens", "hardly moves", "breathes")
SETTINGS = ("wall", "window", "desk", "window and desk", "vehicle")
"""What is around living people: straight edges behind them, in front of them, both, and a window they move with."""
PER_ROW = 5
PICTURES = ("wall", "hand", "screen", "newspaper", "passed")


@dataclass(frozen=True, eq=False)
class Take:
    """A scene of people or of pictures. `condition`: one of `CONDITIONS`; `crf`: how hard it is compressed."""

    camera: Camera
    condition: str
    backdrop: Pixels
    people: tuple[Person, ...]
    flats: tuple[Flat, ...]
    seconds: float
    crf: int
    noise_seed: int

    @property
    def heads(self) -> tuple[Person | Flat, ...]:
        """All of it, in the order of `picture`'s boxes."""
        return (*self.people, *self.flats)

    def picture(self, s: float) -> tuple[Pixels, list[tuple[float, float, float, float]]]:
        """The picture after `s` seconds, and the box of each face."""
        margin = np.array([self.backdrop.shape[1] - SIZE_WH[0], self.backdrop.shape[0] - SIZE_WH[1]]) / 2
        matrix = self.camera.at(s)
        shown = cv2.warpPerspective(self.backdrop, matrix @ moved(*(-margin)), SIZE_WH, borderMode=cv2.BORDER_REFLECT)
        picture, boxes = np.asarray(shown, np.uint8), []
        for row in sorted({person.row for person in self.people}):  # the last one sits in front
            own = [person for person in self.people if person.row == row]
            for person in own:
                self._place(picture, person, s, front=False)
            for person in own:
                laid(picture, person.face(s), person.box_matrix(s, self.camera) @ person.body.to_halves)
            for person in own:
                self._place(picture, person, s, front=True)
        for flat in self.flats:
            laid(picture, flat.layer, flat.box_matrix(s, self.camera) @ flat.to_halves)
        for one in self.heads:
            to_picture = one.box_matrix(s, self.camera)
            corners = cv2.perspectiveTransform(np.array([[[-1, -1], [1, -1], [1, 1], [-1, 1.0]]]), to_picture)[0]
            (x1, y1), (x2, y2) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
            boxes.append((x1, y1, x2, y2))
        return self._graded(picture, s), boxes

    def _place(self, picture: Pixels, person: Person, s: float, *, front: bool) -> None:
        """The straight things behind a person, or in front: in the world, and so moved by the camera alone."""
        c = person.phases[0]
        tall = person.height
        x, y = person.centre
        fixed = self.camera.at(s, person.depth if front else 1.0)
        grey = 60 + 25 * c
        outline = []
        if not front and "window" in person.setting:
            wide = tall * (0.95 + 0.12 * c)
            window = (x - wide, y - 1.3 * tall, x + wide, y + 1.9 * tall)
            outline = [(window, 255 - grey, -1), (window, 40, max(round(0.06 * tall), 1))]
        if front and "desk" in person.setting:
            outline = [((x - 2.2 * tall, y + 1.1 * tall, x + 2.2 * tall, y + 3 * tall), grey, -1)]
        if front and person.setting == "vehicle":  # it drives with its window, and the person with it
            fixed = self.camera.at(s, person.depth) @ moved(person.drift[0] * s, person.drift[1] * s)
            wide, rim = tall * (1.0 + 0.1 * c), max(round(0.25 * tall), 2)
            outline = [((x - 1.2 * wide, y + 1.1 * tall, x + 1.2 * wide, y + 3 * tall), grey / 2, -1),
                       ((x - wide, y - 1.2 * tall, x + wide, y + 1.1 * tall), grey / 2, rim)]  # fmt: skip
        for (x1, y1, x2, y2), tone, thick in outline:
            corners = np.array([[[x1, y1], [x2, y1], [x2, y2], [x1, y2]]], np.float64)
            at = np.round(cv2.perspectiveTransform(corners, fixed)[0] * 16).astype(np.int32)
            colour = (float(tone), float(tone) * 0.95, float(tone) * 0.9)
            if thick < 0:
                cv2.fillConvexPoly(picture, at, colour, cv2.LINE_AA, 4)
            else:
                cv2.polylines(picture, [at], True, colour, thick, cv2.LINE_AA, 4)

    def _graded(self, picture: Pixels, s: float) -> Pixels:
        """Sensors are never quite without noise; in the dark there is more of it."""
        rng = np.random.default_rng([self.noise_seed, round(s * 1000)])
        dim = self.condition == "dim"
        if dim:
            picture = cv2.convertScaleAbs(picture, alpha=0.18)
        left, top = rng.integers(0, SIZE_WH[0]), rng.integers(0, SIZE_WH[1])
        noise = _NOISE[3.0 if dim else 1.2][top : top + SIZE_WH[1], left : left + SIZE_WH[0]]
        return np.asarray(cv2.add(picture, cv2.merge([noise] * 3), dtype=cv2.CV_8U), np.uint8)


_NOISE = {
    sigma: np.random.default_rng(0).normal(0, sigma, (2 * SIZE_WH[1], 2 * SIZE_WH[0])).round().astype(np.int16)
    for sigma in (1.2, 3.0)
}


def _backdrop(rng: np.random.Generator) -> Pixels:
    return wall((SIZE_WH[0] * 2, SIZE_WH[1] * 2), rng)


def _length(rng: np.random.Generator, longest: float = 20.0) -> float:
    """Two seconds and more, most often a few; up to `longest`."""
    return float(np.exp(rng.beta(0.8, 1.5) * np.log(longest / 2.1))) * 2.1


def _spread(count: int, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Middles of `count` faces side by side."""
    step = SIZE_WH[0] / count
    return [(step * (n + 0.5) + float(rng.uniform(-0.08, 0.08)) * step, float(rng.uniform(155, 195)))
            for n in range(count)]  # fmt: skip


def living_take(heads: Sequence[Head], condition: str, how: str, setting: str, rng: np.random.Generator) -> Take:
    """Some people who hold still, in two rows like an audience where nothing between these would hide the other."""
    seconds = _length(rng)
    filmed = camera(how, rng, seconds)
    low, high = {"far": (40, 48)}.get(condition, (54, 76))
    near = 1.0 if rng.random() < 0.5 else float(rng.uniform(1.05, 1.2))
    drift = (float(rng.uniform(-40, 40)) / seconds, 0.0) if setting == "vehicle" else (0.0, 0.0)
    rows = 2 if setting in ("wall", "desk") else 1
    people: list[Person] = []
    lower = {1: (0.0,), 2: (-75.0, 75.0)}[rows]
    places = [(x, y + lower[row], row) for row in range(rows) for x, y in _spread(PER_ROW, rng)]
    for head, (x, y, row) in zip(heads, places, strict=False):
        tall = float(rng.uniform(low, high))
        yaw = float(rng.choice([-1, 1])) * float(rng.uniform(0.5, 0.9)) if condition == "profile" else 0.0
        phases = tuple(float(value) for value in rng.uniform(0, 2 * np.pi, 4))
        life = str(rng.choice(LIVES))
        body = Body(head, tall)
        people.append(Person(head, (x, y), tall, near, life, setting, yaw, phases, body, drift, row))
    crf = int(rng.integers(31, 36)) if condition == "compressed" else int(rng.integers(19, 27))
    return Take(filmed, condition, _backdrop(rng), tuple(people), (), seconds, crf, int(rng.integers(2**31)))


def picture_take(heads: Sequence[Head], kind: str, moving: bool, rng: np.random.Generator) -> Take:
    """Some pictures of people: camera or picture move, or neither does."""
    seconds = _length(rng, 10.0)
    held = moving and kind in ("hand", "newspaper") and rng.random() < 0.7
    how = str(rng.choice(CAMERAS[1:])) if moving and not held else "still"
    if kind == "passed":
        seconds, how = float(rng.uniform(2.1, 4.0)), "pan" if moving else "still"
    filmed = camera(how, rng, seconds)
    if kind == "passed" and moving:
        speed = float(rng.uniform(60, 130)) * float(rng.choice([-1, 1]))
        filmed = Camera("pan", (speed, float(rng.uniform(-5, 5))), 0.0, filmed.phases, 0.0)
    flats = []
    for head, (x, y) in zip(heads, _spread(len(heads), rng), strict=True):
        if kind == "passed" and moving:
            x += filmed.pan[0] * seconds / 2
        flats.append(picture_of(head, kind, (x, y), float(rng.uniform(46, 84)), rng, held=held))
    crf = int(rng.integers(19, 29))
    condition = "dim" if rng.random() < 0.1 else "plain"
    return Take(filmed, condition, _backdrop(rng), (), tuple(flats), seconds, crf, int(rng.integers(2**31)))
