"""Heads that turn fully away, and the bodies below them: a face slides out over an ellipsoid, and hair fills in."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.floating]
HAIR_FROM = (0.15, 0.5)
"""Cosines of the angle to a face's middle between which hair becomes face."""
NARROWER = 0.22
"""By so much of its size a head is narrower from behind than the cut-out of a photo."""
BODY = (1.55, 0.62, 3.4)
"""Half the width of a body, where it begins below the middle of the face, and where it ends, in heights of the face."""


@dataclass(frozen=True, eq=False)
class Hair:
    """Where a turned head shows hair: `share` (h, w) 0..1, and `surface` (h, w): the angle on the head, radians."""

    share: NDArray[np.float32]
    surface: NDArray[np.float32]


def turned(
    u: Floats, v: Floats, alpha: Floats, angle: float, half_width: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], Hair]:
    """Where on the unturned face each point of a head turned by `angle` lies; its outline; and its hair.

    `u`, `v` (h, w): places in halves of the face; `alpha`: the outline of the unturned head.
    """
    across = np.arcsin(np.clip(u / half_width, -1, 1))
    surface = across - angle
    facing = np.cos(surface)
    share = np.clip((HAIR_FROM[1] - facing) / (HAIR_FROM[1] - HAIR_FROM[0]), 0, 1)
    # Near the front nothing changes, so that a head that looks ahead is the photo.
    share = share * min(angle / 0.6, 1.0)
    away = np.sin(min(angle, np.pi - 1e-3) / 2) ** 2
    scale = 1 - NARROWER * away
    round_head = np.clip((1 - (u / (half_width * scale)) ** 2 - (v / (1.8 * scale)) ** 2) * 4, 0, 1)
    outline = alpha * (1 - away) + round_head * away
    source = half_width * np.sin(np.clip(surface, -np.pi / 2, np.pi / 2))
    return (
        source.astype(np.float32),
        outline.astype(np.float32),
        Hair(share.astype(np.float32), surface.astype(np.float32)),
    )


def hair_of(
    photo: Pixels, box: tuple[float, float, float, float], surface: NDArray[np.float32], v: Floats
) -> NDArray[np.float32]:
    """(h, w, 3) the hair of a photo's person, in strands that stay on the head as it turns."""
    x1, y1, x2, y2 = box
    top = max(int(y1 - 0.3 * (y2 - y1)), 0)
    crown = photo[top : max(int(y1 - 0.05 * (y2 - y1)), top + 1), max(int(x1), 0) : max(int(x2), 1)]
    colour = np.median(crown.reshape(-1, 3), axis=0) * 0.8 + 8
    strands = 1 + 0.18 * np.sin(23 * surface + 3 * np.sin(4 * v)) + 0.12 * np.sin(9 * surface + 5 * v)
    return np.asarray(colour * strands[..., None], np.float32)


def draw_body(
    picture: Pixels, owner: NDArray[np.int16], number: int, colour: tuple[int, int, int], centre: Floats, tall: float
) -> None:
    """A body with shoulders, in the person's own colour with a few folds; `centre` and `tall` of the face."""
    height, width = picture.shape[:2]
    x, y = (float(value) for value in centre)
    half, top, bottom = BODY[0] * tall, y + BODY[1] * tall, y + BODY[2] * tall
    left, right = max(int(x - half), 0), min(int(x + half) + 1, width)
    first, last = max(int(top - 0.2 * tall), 0), min(int(bottom), height)
    if left >= right or first >= last:
        return
    ys, xs = np.mgrid[first:last, left:right].astype(np.float32)
    across, down = (xs - x) / half, (ys - top) / tall
    neck = np.abs(across) * half < 0.3 * tall
    shoulders = np.abs(across) < np.clip(0.45 + 0.9 * down, 0, 1)
    inside = (((down > 0.05) & shoulders) | (neck & (down <= 0.05))).astype(np.float32)
    inside = cv2.GaussianBlur(inside, (0, 0), 0.8)
    folds = 1 + 0.12 * np.sin(7 * across + 2 * down) + 0.10 * np.sin(3 * across * across + 5 * down)
    cloth = np.array(colour, np.float32) * folds[..., None]
    under = picture[first:last, left:right]
    under[:] = np.clip(under + (cloth - under) * inside[..., None], 0, 255)
    owner[first:last, left:right][inside > 0.5] = number
