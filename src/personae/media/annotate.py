"""Pictures with a box and a name on every face, readable at any picture size and in any script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from personae.media.fonts import font_for
from personae.media.palette import COLOURS, GREY, Colours
from personae.types import Picture

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

MIN_SIDE_PX = 640
"""Smaller pictures are enlarged, so that a name fits beside a face."""
UNKNOWN_COLOUR = GREY.rgb

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class BoxLabel:
    """What to draw on one face: its box in picture pixels, its text, and whose colour it has (None: unknown).

    `colour`: the number of the character's colour in the palette where the caller keeps characters apart (`Colours`);
    else it follows from the name alone. `followed`: a head without a detected face, whose box is drawn dashed.
    """

    box_xyxy: Box
    text: str
    character: str | None
    colour: int | None = None
    followed: bool = False


def annotate(picture: Picture, labels: Sequence[BoxLabel], *, enlarge: bool = True) -> Image.Image:
    """A copy of `picture` with `labels` drawn on it, enlarged where it is small (not with `enlarge` False)."""
    from PIL import Image, ImageDraw

    scale = max(1.0, MIN_SIDE_PX / max(picture.size_wh)) if enlarge else 1.0
    size = (round(picture.size_wh[0] * scale), round(picture.size_wh[1] * scale))
    image = Image.fromarray(picture.pixels)
    if scale > 1:
        image = image.resize(size, Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(image)
    text_px = max(13, round(max(size) / 48))
    line_px = max(2, round(max(size) / 400))
    boxes = [_scaled(label.box_xyxy, scale) for label in labels]
    for label, box in zip(labels, boxes, strict=True):
        if label.followed:
            _dashed(draw, box, _colour(label), line_px)
        else:
            draw.rectangle(box, outline=_colour(label), width=line_px)
    placed: list[Box] = []
    for label, box in zip(labels, boxes, strict=True):
        font, text = font_for(label.text, text_px)
        left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
        pad = max(2, text_px // 5)
        wide, high = right - left + 2 * pad, bottom - top + 2 * pad
        place = _place(box, wide, high, size, [*placed, *(other for other in boxes if other is not box)])
        placed.append(place)
        colour = _colour(label)
        draw.rectangle(place, fill=colour)
        draw.text((place[0] + pad - left, place[1] + pad - top), text, font=font, fill=_ink(colour))
    return image


def _dashed(draw: ImageDraw.ImageDraw, box: Box, colour: tuple[int, int, int], line_px: int) -> None:
    x1, y1, x2, y2 = box
    dash = 3 * line_px
    for x in np.arange(x1, x2, 2 * dash).tolist():
        for y in (y1, y2):
            draw.line((x, y, min(x + dash, x2), y), fill=colour, width=line_px)
    for y in np.arange(y1, y2, 2 * dash).tolist():
        for x in (x1, x2):
            draw.line((x, y, x, min(y + dash, y2)), fill=colour, width=line_px)


def _scaled(box: Box, scale: float) -> Box:
    x1, y1, x2, y2 = (value * scale for value in box)
    return x1, y1, max(x1, x2), max(y1, y2)


def _place(box: Box, wide: float, high: float, size: tuple[int, int], avoid: Sequence[Box]) -> Box:
    """Where a label of that size hides least: above its box, below, or inside, within the picture."""
    x1, y1, x2, y2 = box
    spots = [(x1, y1 - high), (x1, y2), (x2 - wide, y1 - high), (x2 - wide, y2), (x1, y1), (x1, y2 - high)]
    places = []
    for x, y in spots:
        left = min(max(x, 0), max(0, size[0] - wide))
        top = min(max(y, 0), max(0, size[1] - high))
        places.append((left, top, left + wide, top + high))
    # A label pushed onto its own face hides less than one on somebody else's.
    return min(places, key=lambda place: sum(_overlap(place, other) for other in avoid) + 0.5 * _overlap(place, box))


def _overlap(a: Box, b: Box) -> float:
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    return max(0.0, wide) * max(0.0, high)


def _colour(label: BoxLabel) -> tuple[int, int, int]:
    """The same colour for the same character in every picture."""
    if label.character is None:
        return UNKNOWN_COLOUR
    number = Colours().of(label.character) if label.colour is None else label.colour
    return COLOURS[number % len(COLOURS)].rgb


def _ink(paper: tuple[int, int, int]) -> tuple[int, int, int]:
    """Black or white, whichever can be read on `paper` (Rec. 709 luma)."""
    luma = 0.2126 * paper[0] + 0.7152 * paper[1] + 0.0722 * paper[2]
    return (0, 0, 0) if luma > 120 else (255, 255, 255)
