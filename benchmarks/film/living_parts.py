"""What the scenes of living_scenes.py are put together from: cameras, people with bodies, pictures of people.

Everything is a function of the time in seconds. RGB uint8 (h, w, 3); a layer (h, w, 4) has what of it is there.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.film.scenes import Floats, Head, Pixels

SIZE_WH = (640, 360)


@dataclass(frozen=True)
class Camera:
    """`at(s)`: 3x3 from the world's pixels to the picture's. `depth` 1 is the wall, larger is nearer."""

    how: str
    pan: tuple[float, float]
    zoom: float
    phases: tuple[float, ...]
    shake_px: float

    def at(self, s: float, depth: float = 1.0) -> Floats:
        """The picture's matrix after `s` seconds."""
        a, b, c, d, e, f = self.phases
        dx, dy, roll = self.pan[0] * s * depth, self.pan[1] * s * depth, 0.0
        if self.how == "handheld":
            dx += depth * self.shake_px * (np.sin(1.9 * s + a) + 0.4 * np.sin(7.1 * s + b) + 0.2 * np.sin(17 * s + c))
            dy += depth * self.shake_px * (np.sin(1.4 * s + d) + 0.4 * np.sin(6.3 * s + e) + 0.2 * np.sin(15 * s + f))
            roll = 0.012 * np.sin(1.1 * s + b)
        scale = float(np.exp(self.zoom * s))
        return about(SIZE_WH[0] / 2, SIZE_WH[1] / 2, scale, roll) @ moved(-dx, -dy)


def camera(how: str, rng: np.random.Generator, seconds: float) -> Camera:
    """A way of filming: a pan goes up to 200 pixels, a zoom up to a third, in the time there is."""
    reach = float(rng.uniform(60, 200)) * float(rng.choice([-1, 1]))
    pan = (reach / seconds, float(rng.uniform(-30, 30)) / seconds) if how == "pan" else (0.0, 0.0)
    zoom = float(rng.uniform(0.12, 0.3)) * float(rng.choice([-1, 1])) / seconds if how == "zoom" else 0.0
    phases = tuple(float(value) for value in rng.uniform(0, 2 * np.pi, 6))
    return Camera(how, pan, zoom, phases, float(rng.uniform(2, 9)))


def moved(dx: float, dy: float) -> Floats:
    """3x3: a shift."""
    return np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1]], np.float64)


def about(x: float, y: float, scale: float, roll: float) -> Floats:
    """3x3: larger by `scale` and turned by `roll` radians about a point."""
    c, s = scale * np.cos(roll), scale * np.sin(roll)
    return np.asarray(moved(x, y) @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ moved(-x, -y), np.float64)


def _smooth(photo: Pixels, scale: float) -> Pixels:
    """The photo blurred for being shown smaller by `scale`."""
    if scale >= 0.9:
        return photo
    return np.asarray(cv2.GaussianBlur(photo, (0, 0), 0.45 / scale), np.uint8)


@dataclass(frozen=True, eq=False)
class Person:
    """A living face: `centre` and `height` in the world's pixels, `depth` for the camera, `life` one of `LIVES`."""

    head: Head
    centre: tuple[float, float]
    height: float
    depth: float
    life: str
    setting: str
    yaw: float
    phases: tuple[float, ...]
    body: Body
    drift: tuple[float, float] = (0.0, 0.0)
    row: int = 0

    def box_matrix(self, s: float, camera: Camera) -> Floats:
        """3x3 from halves of the face's box (0, 0 is its middle) to the picture's pixels."""
        a, b, c, d = self.phases
        # Breath lifts a head by a few millimetres; nobody sits stiller than some more.
        breath = 0.009 * np.sin(1.6 * s + a) + 0.004 * np.sin(0.7 * s + b)
        sway = 0.008 * np.sin(0.9 * s + c) + 0.004 * np.sin(2.3 * s + d)
        much = {"listens": 2.0, "hardly moves": 1.3, "breathes": 0.8}[self.life]
        x = self.centre[0] + self.drift[0] * s + much * sway * self.height
        y = self.centre[1] + self.drift[1] * s + much * breath * self.height
        x1, y1, x2, y2 = self.head.box
        halves = np.diag([self.height * (x2 - x1) / (y2 - y1) / 2, self.height / 2, 1.0])
        return np.asarray(camera.at(s, self.depth) @ moved(x, y) @ halves, np.float64)

    def face(self, s: float) -> NDArray[np.uint8]:
        """(h, w, 4) the body at its moment, with what of the photo is person: only the head changes."""
        a, _, c, d = self.phases
        much = {"listens": 1.0, "hardly moves": 0.35, "breathes": 0.0}[self.life]
        turn, nod = much * 0.07 * np.sin(0.8 * s + a), much * 0.05 * np.sin(0.6 * s + self.phases[1])
        mouth = much * 0.05 * max(0.0, np.sin(1.3 * s + c)) ** 4
        blink = 0.16 if much and (s + 5 * d) % (3.0 + a / 2) < 0.2 else 0.0
        body = self.body
        # Far from the camera on one side, near on the other: a head in half profile.
        u = body.u / (1 - 0.35 * abs(self.yaw)) + body.across * (self.yaw * 0.35) - body.bump * turn
        v = body.v - body.bump * nod - body.lips * mouth - body.lids * blink
        (x, wide), (y, tall) = body.from_halves
        map_x, map_y = (x + u * wide).astype(np.float32), (y + v * tall).astype(np.float32)
        shown = cv2.remap(body.layer, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        layer = body.layer.copy()
        layer[: len(shown), :, :3] = shown[..., :3]
        return layer


class Body:
    """A photo's head with shoulders and a trunk under it, as large as it is shown, and what moves of it."""

    def __init__(self, head: Head, height: float) -> None:
        x1, y1, x2, y2 = head.box
        scale = min(1.15 * height / (y2 - y1), 1.0)
        photo = head.photo
        while np.median(photo[-1]) < 24 and len(photo) > y2 + 8:  # some have black margins
            photo = photo[:-1]
        below = max(round(y2 + 2.2 * (y2 - y1)) - len(photo), 0)
        photo = cv2.copyMakeBorder(photo, 0, below, 0, 0, cv2.BORDER_REPLICATE)
        size = (round(photo.shape[1] * scale), round(photo.shape[0] * scale))
        texture = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
        x1, y1, x2, y2 = (value * scale for value in head.box)
        self.from_halves = ((x1 + x2) / 2, (x2 - x1) / 2), ((y1 + y2) / 2, (y2 - y1) / 2)
        ys, xs = np.mgrid[: size[1], : size[0]].astype(np.float32)
        u, v = ((xs - (x1 + x2) / 2) / ((x2 - x1) / 2), (ys - (y1 + y2) / 2) / ((y2 - y1) / 2))
        head_of = np.abs(u / 1.45) ** 2.5 + np.abs((v + 0.05) / 1.6) ** 2.5 < 1
        shoulders = (v > 1.0) & (np.abs(u) < 0.9 + 1.7 * np.sqrt(np.clip(v - 1.0, 0, 1.2)))
        alpha = cv2.GaussianBlur((255 * (head_of | shoulders)).astype(np.uint8), (0, 0), 1.5)
        self.layer = np.dstack([texture, alpha])
        rows = max(int(np.searchsorted(v[:, 0], 1.5)), 1)
        self.u, self.v = u, v = u[:rows], v[:rows]
        self.bump = np.clip(1 - 0.8 * (u * u + v * v), 0, 1)
        self.across = np.clip(1 - u * u, 0, 1)
        self.lips = np.exp(-((u / 0.45) ** 2) - ((v - 0.6) / 0.35) ** 2)
        self.lids = np.exp(-((u / 0.8) ** 2) - ((v + 0.22) / 0.16) ** 2)

    @property
    def to_halves(self) -> Floats:
        """3x3 from the texture's pixels to halves of the face's box."""
        (x, wide), (y, tall) = self.from_halves
        return np.asarray(np.diag([1 / wide, 1 / tall, 1.0]) @ moved(-x, -y), np.float64)


def from_photo(head: Head) -> Floats:
    """3x3 from the photo's pixels to halves of its face's box."""
    x1, y1, x2, y2 = head.box
    return np.asarray(np.diag([2 / (x2 - x1), 2 / (y2 - y1), 1.0]) @ moved(-(x1 + x2) / 2, -(y1 + y2) / 2), np.float64)


def laid(picture: Pixels, layer: NDArray[np.uint8], matrix: Floats) -> None:
    """Lay (h, w, 4) over the picture, in place; `matrix` 3x3 from the layer's pixels to the picture's."""
    size = (picture.shape[1], picture.shape[0])
    height, width = layer.shape[:2]
    corners = np.array([[[0, 0], [width, 0], [width, height], [0, height]]], np.float64)
    seen = cv2.perspectiveTransform(corners, matrix)[0]
    left, top = np.clip(np.floor(seen.min(axis=0)), 0, size).astype(int)
    right, bottom = np.clip(np.ceil(seen.max(axis=0)) + 1, 0, size).astype(int)
    if left >= right or top >= bottom:
        return
    warped = cv2.warpPerspective(layer, moved(-left, -top) @ matrix, (int(right - left), int(bottom - top)))
    share = warped[..., 3].astype(np.float32) / 255
    under = picture[top:bottom, left:right]
    under[:] = cv2.blendLinear(np.ascontiguousarray(warped[..., :3]), np.ascontiguousarray(under), share, 1 - share)


@dataclass(frozen=True, eq=False)
class Flat:
    """A picture of a face: `layer` (h, w, 4) with its frame, page or screen; `to_halves`: 3x3 from its pixels."""

    head: Head
    kind: str
    layer: NDArray[np.uint8]
    to_halves: Floats
    centre: tuple[float, float]
    height: float
    tilt: tuple[float, float, float]
    held: bool
    phases: tuple[float, ...]

    def box_matrix(self, s: float, camera: Camera) -> Floats:
        """As of a person."""
        a, b, c, d = self.phases
        x1, y1, x2, y2 = self.head.box
        halves = np.diag([self.height * (x2 - x1) / (y2 - y1) / 2, self.height / 2, 1.0])
        roll, lean_x, lean_y = self.tilt
        x, y, grown = *self.centre, 1.0
        if self.held:  # a hand is never quite still
            x += self.height * (0.12 * np.sin(1.3 * s + a) + 0.02 * np.sin(6 * s + b))
            y += self.height * (0.09 * np.sin(1.1 * s + c) + 0.02 * np.sin(5 * s + d))
            roll += 0.05 * np.sin(0.9 * s + b)
            lean_x += 0.03 * np.sin(0.7 * s + c)
            grown += 0.04 * np.sin(0.8 * s + d)
        lean = np.array([[1, 0, 0], [0, 1, 0], [lean_x / 4, lean_y / 4, 1]], np.float64)
        # The lean is in halves of the box, so that large and small ones look alike.
        return np.asarray(camera.at(s) @ moved(x, y) @ about(0, 0, grown, roll) @ halves @ lean, np.float64)


def picture_of(
    head: Head, kind: str, centre: tuple[float, float], height: float, rng: np.random.Generator, *, held: bool
) -> Flat:
    """A photo as it is seen on a wall, in a hand, on a screen, in a newspaper."""
    x1, y1, x2, y2 = head.box
    middle, halves = np.array([(x1 + x2) / 2, (y1 + y2) / 2]), np.array([x2 - x1, y2 - y1]) / 2
    photo = head.photo
    size = np.array([photo.shape[1], photo.shape[0]])
    low = np.maximum(middle - halves * rng.uniform([1.5, 1.4], [2.6, 2.2]), 0).astype(int)
    high = np.minimum(middle + halves * rng.uniform([1.5, 1.5], [2.6, 2.6]), size).astype(int)
    part = _smooth(photo, height / (y2 - y1))[low[1] : high[1], low[0] : high[0]]
    face = float(y2 - y1)
    border = {
        "wall": rng.uniform(0.05, 0.2), "passed": rng.uniform(0.0, 0.2), "hand": rng.uniform(0.0, 0.12),
        "screen": rng.uniform(0.05, 0.15), "newspaper": 0.0,
    }[kind] * face  # fmt: skip
    dark, light = (int(rng.integers(10, 70)), int(rng.integers(200, 250)))
    tone = {"hand": light, "screen": dark, "newspaper": light}.get(kind, int(rng.choice([dark, light])))
    rim = round(border)
    colour = [int(np.clip(tone + value, 0, 255)) for value in rng.integers(-12, 13, 3)]
    framed = cv2.copyMakeBorder(part, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=colour)
    offset = np.array([rim, rim])
    if kind == "newspaper":
        framed, more = _page(framed, face, rng)
        offset = offset + more
    layer = np.dstack([framed, np.full(framed.shape[:2], 255, np.uint8)])
    layer = cv2.copyMakeBorder(layer, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(0, 0, 0, 0))
    to_halves = from_photo(head) @ moved(*(low - offset - 1).astype(float))
    most = (0.12, 0.16, 0.12) if held else (0.02, 0.12, 0.05)
    tilt = tuple(float(rng.uniform(-each, each)) for each in most)
    phases = tuple(float(value) for value in rng.uniform(0, 2 * np.pi, 4))
    return Flat(head, kind, np.asarray(layer, np.uint8), to_halves, centre, height, (tilt[0], tilt[1], tilt[2]),
                held, phases)  # fmt: skip


def _page(photo: Pixels, face: float, rng: np.random.Generator) -> tuple[Pixels, NDArray[np.int64]]:
    """The photo, grey, in a page of lines of print, and where it begins there."""
    # Print is never as light as the paper, nor quite black.
    grey = cv2.convertScaleAbs(cv2.cvtColor(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), None, 0.7, 25)
    left, top, right, bottom = (round(float(value) * face) for value in rng.uniform(0.4, 2.2, 4))
    page = cv2.copyMakeBorder(grey, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(222, 220, 212))
    pitch = max(round(face * float(rng.uniform(0.09, 0.15))), 4)
    for y in range(pitch, page.shape[0] - pitch, pitch):
        x = pitch
        while x < page.shape[1] - 2 * pitch:
            long = int(rng.integers(pitch // 2, 3 * pitch))
            beside = y + pitch < top or y > top + grey.shape[0] + pitch // 2
            outside = x + long < left - pitch // 2 or x > left + grey.shape[1] + pitch // 2
            if beside or outside:
                end = min(x + long, page.shape[1] - pitch)
                cv2.rectangle(page, (x, y), (end, y + max(pitch // 3, 1)), (70, 70, 70), -1)
            x += long + max(pitch // 3, 2)
    return np.asarray(page, np.uint8), np.array([left, top])
