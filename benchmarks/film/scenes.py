"""Pictures of moving people made from photos: heads that turn and speak, cameras that pan and zoom, photos on walls.

Everything is a function of the picture's number within its shot, so that both sides of a dissolve keep moving. Each
drawn face comes with its exact box and the share of it that can be seen. RGB uint8 (h, w, 3); boxes x1, y1, x2, y2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.film import turning

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]
REACH_XY = (0.82, 0.9)
"""Half-axes of what is cut out around a face, in widths and heights of its box: hair and chin, little background."""


@dataclass(frozen=True, eq=False)
class Head:
    """The middle of one photo of one person. `box` x1, y1, x2, y2 of the face in `photo`'s pixels."""

    who: str
    source: str
    photo: Pixels
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Drawn:
    """A face in a picture. `visible`: share of its box inside the picture and not behind somebody; `opacity` 0..1.

    `turned`: by how much the head is turned away, in radians: pi shows the back of it.
    """

    actor: int
    box: tuple[float, float, float, float]
    visible: float
    opacity: float = 1.0
    turned: float = 0.0


@dataclass(frozen=True, eq=False)
class Actor:
    """A head with its way through the world of its scene: `centre` and `speed` of the face in pixels (per picture).

    `height` of the face in pixels, growing by `growth` a picture. A `depicted` one is a framed photo: it never moves.
    `way`: (t, x, y) between which it walks, in place of `centre` and `speed`; `turns`: (t, radians) between which the
    head turns; `body`: the colour of a body below it, if there is one.
    """

    head: Head
    centre: tuple[float, float]
    height: float
    speed: tuple[float, float] = (0.0, 0.0)
    growth: float = 0.0
    depicted: bool = False
    phases: tuple[float, ...] = (0.0, 1.0, 2.0, 3.0)
    way: tuple[tuple[float, float, float], ...] = ()
    turns: tuple[tuple[float, float], ...] = ()
    body: tuple[int, int, int] | None = None

    def place(self, t: int) -> Floats:
        """(2,) where the middle of the face is at picture `t`."""
        if not self.way:
            return np.asarray(np.array(self.centre) + np.array(self.speed) * t, np.float64)
        times, xs, ys = zip(*self.way, strict=True)
        return np.array([float(np.interp(t, times, along)) for along in (xs, ys)])

    def turned(self, t: int) -> float:
        """By how much the head is turned away at picture `t`, in radians."""
        if not self.turns:
            return 0.0
        times, angles = zip(*self.turns, strict=True)
        return float(np.interp(t, times, angles))

    def life(self, t: int) -> tuple[float, float, float, float]:
        """Turn, nod, mouth (parts of half a face) and roll (radians) at picture `t`."""
        if self.depicted:
            return 0.0, 0.0, 0.0, 0.0
        a, b, c, d = self.phases
        mouth = 0.10 * max(0.0, np.sin(0.55 * t + c)) * (np.sin(0.03 * t + a) > -0.4)
        return 0.16 * np.sin(0.09 * t + a), 0.08 * np.sin(0.07 * t + b), float(mouth), 0.09 * np.sin(0.05 * t + d)


@dataclass(frozen=True, eq=False)
class Scene:
    """Actors (the last stand in front) before a wall, seen by a camera that moves and zooms about the middle."""

    size_wh: tuple[int, int]
    actors: tuple[Actor, ...]
    wall: Pixels
    pan: tuple[float, float] = (0.0, 0.0)
    zoom: float = 0.0
    _levels: dict[tuple[int, int], Pixels] = field(default_factory=dict)

    def picture(self, t: int) -> tuple[Pixels, list[Drawn]]:
        """The picture and its faces at picture `t` of the shot, which may lie before its start or after its end."""
        width, height = self.size_wh
        scale = (1 + self.zoom) ** t
        middle = np.array([width / 2, height / 2])
        shift = middle - scale * (middle + np.array(self.pan) * t)
        matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        picture = np.asarray(cv2.warpAffine(self.wall, matrix, self.size_wh, borderMode=cv2.BORDER_REFLECT), np.uint8)
        owner = np.full((height, width), -1, np.int16)
        placed = []
        for number, actor in enumerate(self.actors):
            grown = max(actor.height * (1 + actor.growth) ** t, 8.0)
            centre = actor.place(t) * scale + shift
            if actor.body is not None:
                turning.draw_body(picture, owner, number, actor.body, centre, grown * scale)
            placed.append(self._draw(picture, owner, number, centre, grown * scale, t))
        return picture, [
            self._seen(owner, number, box, self.actors[number].turned(t)) for number, box in enumerate(placed)
        ]

    def _draw(
        self, picture: Pixels, owner: NDArray[np.int16], number: int, centre: Floats, tall: float, t: int
    ) -> tuple[float, float, float, float]:
        actor = self.actors[number]
        x1, y1, x2, y2 = actor.head.box
        wide = tall * (x2 - x1) / (y2 - y1)
        turn, nod, mouth, roll = actor.life(t)
        reach = np.array([wide * REACH_XY[0], tall * REACH_XY[1]]) * (1.02 + abs(roll))
        left, top = np.maximum(np.floor(centre - reach), 0).astype(int)
        right, bottom = np.minimum(np.ceil(centre + reach), self.size_wh).astype(int)
        if left < right and top < bottom:
            ys, xs = np.mgrid[top:bottom, left:right].astype(np.float32)
            # Plain numbers, so that the pixels stay float32.
            dx, dy = xs + 0.5 - float(centre[0]), ys + 0.5 - float(centre[1])
            cos, sin, turn, nod = math.cos(roll), math.sin(roll), float(turn), float(nod)
            # In halves of the face's box, upright: (0, 0) is its middle, (1, 1) its lower right corner.
            u = (cos * dx + sin * dy) / float(wide / 2)
            v = (-sin * dx + cos * dy) / float(tall / 2)
            if actor.depicted:
                alpha = ((np.abs(u) < 2 * REACH_XY[0]) & (np.abs(v) < 2 * REACH_XY[1])).astype(np.float32)
            else:
                far = ((u / (2 * REACH_XY[0])) ** 2) ** 2 + ((v / (2 * REACH_XY[1])) ** 2) ** 2
                alpha = np.clip((1 - far) * 2.5, 0, 1)
            angle = actor.turned(t)
            hair = None
            if angle:
                u, alpha, hair = turning.turned(u, v, alpha, angle, 2 * REACH_XY[0])
            bump = np.clip(1 - 0.8 * (u * u + v * v), 0, 1)
            lips = np.exp(-((u / 0.45) ** 2) - ((v - 0.6) / 0.35) ** 2)
            from_u, from_v = u - turn * bump, v - nod * bump - mouth * lips
            level, ratio = self._level(actor.head, tall)
            map_x = ((x1 + x2) / 2 + from_u * (x2 - x1) / 2) * ratio - 0.5
            map_y = ((y1 + y2) / 2 + from_v * (y2 - y1) / 2) * ratio - 0.5
            face = cv2.remap(
                level,
                map_x.astype(np.float32),
                map_y.astype(np.float32),
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REFLECT,
            ).astype(np.float32)
            if hair is not None:
                face += (turning.hair_of(actor.head.photo, actor.head.box, hair.surface, v) - face) * hair.share[
                    ..., None
                ]
            if actor.depicted:
                rim = (np.abs(u) > 2 * REACH_XY[0] - 0.14) | (np.abs(v) > 2 * REACH_XY[1] - 0.12)
                face[rim] = (70, 45, 25)
            else:
                # Light from one side: as the head turns, it moves over the face.
                face *= (1 + 0.8 * turn * np.clip(u, -1, 1))[..., None]
            under = picture[top:bottom, left:right]
            under[:] = np.clip(under + (face - under) * alpha[..., None], 0, 255)
            owner[top:bottom, left:right][alpha > 0.5] = number
        return (
            float(centre[0] - wide / 2), float(centre[1] - tall / 2),
            float(centre[0] + wide / 2), float(centre[1] + tall / 2),
        )  # fmt: skip

    def _level(self, head: Head, tall: float) -> tuple[Pixels, float]:
        """The photo shrunk to about the size it is shown at, so that small faces are smooth; and by how much."""
        halvings = max(0, int(np.floor(np.log2((head.box[3] - head.box[1]) / max(tall, 1.0)))))
        if not halvings:
            return head.photo, 1.0
        key = (id(head), halvings)
        if key not in self._levels:
            size = (max(head.photo.shape[1] >> halvings, 1), max(head.photo.shape[0] >> halvings, 1))
            self._levels[key] = np.asarray(cv2.resize(head.photo, size, interpolation=cv2.INTER_AREA), np.uint8)
        return self._levels[key], 0.5**halvings

    def _seen(
        self, owner: NDArray[np.int16], number: int, box: tuple[float, float, float, float], turned: float
    ) -> Drawn:
        x1, y1, x2, y2 = (round(value) for value in box)
        inside = owner[max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)]
        share = min(float((inside == number).sum()) / max((x2 - x1) * (y2 - y1), 1), 1.0)
        return Drawn(number, box, share, turned=turned)


@dataclass(frozen=True, eq=False)
class Split:
    """Two scenes side by side; actors of the right one are numbered after those of the left."""

    left: Scene
    right: Scene

    @property
    def actors(self) -> tuple[Actor, ...]:
        """Of both."""
        return (*self.left.actors, *self.right.actors)

    def picture(self, t: int) -> tuple[Pixels, list[Drawn]]:
        """As of a scene."""
        (one, faces), (other, more) = self.left.picture(t), self.right.picture(t)
        x, first = one.shape[1], len(self.left.actors)
        moved = [
            Drawn(face.actor + first, (face.box[0] + x, face.box[1], face.box[2] + x, face.box[3]), face.visible)
            for face in more
        ]
        return np.hstack([one, other]), faces + moved


def wall(size_wh: tuple[int, int], rng: np.random.Generator) -> Pixels:
    """A place of its own: soft colours, and a few things with edges."""
    soft = (rng.integers(50, 180, (5, 8, 1)) + rng.integers(-25, 26, (5, 8, 3))).astype(np.uint8)
    picture = np.asarray(cv2.resize(soft, size_wh, interpolation=cv2.INTER_CUBIC), np.uint8)
    for _ in range(int(rng.integers(4, 12))):
        x, y = (int(value) for value in rng.uniform(0, 1, 2) * size_wh)
        w, h = (int(value) for value in rng.uniform(0.03, 0.3, 2) * size_wh)
        colour = [int(value) for value in rng.integers(20, 220, 3)]
        cv2.rectangle(picture, (x, y), (x + w, y + h), colour, -1)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.5), np.uint8)


def graded(picture: Pixels, condition: str, t: int, rng: np.random.Generator) -> Pixels:
    """The picture as the `condition` shows it: grainy, dark, grey, with subtitles or with rolling credits."""
    height, width = picture.shape[:2]
    if condition == "black and white":
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        return np.repeat(np.asarray(grey, np.uint8)[..., None], 3, axis=2)
    if condition in {"grain", "low light"}:
        gain, sigma = (1.0, 22.0) if condition == "grain" else (0.14, 3.0)
        noise = cv2.resize(rng.normal(0, sigma, (height * 2 // 3, width * 2 // 3)).astype(np.float32), (width, height))
        return np.asarray(np.clip(picture.astype(np.float32) * gain + noise[..., None], 0, 255), np.uint8)
    if condition == "subtitles":
        return written(picture, ["Nobody told me that you would", "be here before the others."], height - 62)
    if condition == "credits":
        lines = [
            f"{role} . . . . . {name}" for role in ("Camera", "Sound", "Light") for name in ("A. Nobody", "B. Body")
        ]
        return written(picture, lines * 2, height - 2 * t)
    return picture


def written(picture: Pixels, lines: Sequence[str], top: int) -> Pixels:
    """White letters with a black rim, centred, the first line's base at `top`."""
    result = picture.copy()
    for number, line in enumerate(lines):
        (wide, _), _ = cv2.getTextSize(line, cv2.FONT_HERSHEY_DUPLEX, 0.8, 1)
        at = ((picture.shape[1] - wide) // 2, top + number * 32)
        for dx, dy in ((-2, 0), (2, 0), (0, -2), (0, 2)):
            rim = (at[0] + dx, at[1] + dy)
            cv2.putText(result, line, rim, cv2.FONT_HERSHEY_DUPLEX, 0.8, (0, 0, 0), 1, cv2.LINE_AA)
        cv2.putText(result, line, at, cv2.FONT_HERSHEY_DUPLEX, 0.8, (255, 255, 255), 1, cv2.LINE_AA)
    return result
