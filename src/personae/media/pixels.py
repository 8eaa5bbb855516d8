"""A decoded frame to pixels as they are displayed: colours, bit depth, HDR, interlacing, pixel aspect, rotation.

Nothing is converted before it is asked for. Colours: the film's own matrix and range; where it names none, BT.709
above 576 lines and BT.601 below, as players do. HDR (PQ and HLG) is mapped to ordinary contrast with one curve per
channel: faces come out as on an ordinary screen, saturated colours a little paler. Interlaced pictures keep their lines
where nothing moves and are interpolated where the two fields differ (a comb).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from personae.types import PixelArray

Turn = tuple[int, int, int, int]
"""Display matrix a, b, c, d with entries -1, 0, 1: x' = a x + c y, y' = b x + d y (y down)."""

UPRIGHT: Turn = (1, 0, 0, 1)
_PLANAR_BITS = {
    **dict.fromkeys(
        ("gray", "yuv411p", "yuv440p", *(f"yuv{j}{kind}p" for j in ("", "j") for kind in (420, 422, 444))), 8
    ),
    **{f"yuv{kind}p{bits}le": bits for kind in (420, 422, 444) for bits in (10, 12)},
}
"""Bits per sample of the layouts whose planes can be read as they are."""
_COMB = 12
"""Grey levels by which a line must differ from both neighbours' mean, beyond their own difference, to be a comb."""


def turn_of(matrix: bytes | None) -> Turn:
    """The quarter turn and mirroring nearest to a display matrix (nine int32, 16.16 fixed point)."""
    if matrix is None or len(matrix) < 36:
        return UPRIGHT
    a, b, _, c, d = np.frombuffer(matrix[:36], "=i4")[:5].astype(np.float64)
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return (-1 if a < 0 else 1, 0, 0, -1 if d < 0 else 1)
    return (0, -1 if b < 0 else 1, -1 if c < 0 else 1, 0)


def turned(pixels: PixelArray, turn: Turn) -> PixelArray:
    """The pixels as displayed, contiguous."""
    import cv2

    a, b, c, d = turn
    if b:
        pixels = np.asarray(cv2.transpose(pixels), np.uint8)
        mirror_x, mirror_y = c < 0, b < 0
    else:
        mirror_x, mirror_y = a < 0, d < 0
    if mirror_x or mirror_y:
        pixels = np.asarray(cv2.flip(pixels, -1 if mirror_x and mirror_y else int(mirror_x)), np.uint8)
    return pixels


@dataclass(frozen=True)
class Display:
    """How the frames of one film are shown. `size_wh`: with square pixels, before turning."""

    size_wh: tuple[int, int]
    turn: Turn = UPRIGHT

    @property
    def displayed_wh(self) -> tuple[int, int]:
        """Size after turning."""
        return self.size_wh[::-1] if self.turn[1] else self.size_wh


@dataclass(frozen=True, eq=False)
class FramePixels:
    """Pixels of one decoded frame (an `av.VideoFrame`)."""

    frame: Any
    display: Display

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of `rgb`."""
        return self.display.displayed_wh

    def rgb(self) -> PixelArray:
        """(h, w, 3) uint8 RGB, deinterlaced, tone-mapped, with square pixels, upright."""
        frame = self.frame
        colours = {"src_colorspace": "ITU709" if frame.height > 576 else "ITU601"} if frame.colorspace == 2 else {}
        combed = bool(frame.interlaced_frame)
        width, height = (frame.width, frame.height) if combed else self.display.size_wh
        pixels = _packed(_reformatted(frame, width, height, "rgb24", **colours))
        if combed:
            pixels = deinterlaced(pixels)
            if (width, height) != self.display.size_wh:
                import cv2

                pixels = np.asarray(cv2.resize(pixels, self.display.size_wh, interpolation=cv2.INTER_LINEAR), np.uint8)
        curve = _CURVES.get(int(frame.color_trc))
        if curve:
            import cv2

            pixels = np.asarray(cv2.LUT(pixels, to_ordinary_contrast(curve)), np.uint8)
        return turned(pixels, self.display.turn)

    def small(self, width: int) -> PixelArray:
        """(h, width, 3) uint8 Y, Cb, Cr; from the planes as they are where these are plain 8-bit."""
        import cv2

        frame, bits = self.frame, _PLANAR_BITS.get(self.frame.format.name)
        height = max(round(width * self.display.size_wh[1] / self.display.size_wh[0]), 1)
        if bits is None:
            frame, bits = _reformatted(frame, 2 * width, 2 * height, "yuv444p", interpolation="FAST_BILINEAR"), 8
        planes = [_shrunk(_plane(plane, bits), width, height) for plane in frame.planes[:3]]
        if bits > 8:
            planes = [np.asarray(plane >> (bits - 8), np.uint8) for plane in planes]
        if len(planes) < 3:  # grey
            planes = [planes[0], *[np.full((height, width), 128, np.uint8)] * 2]
        return np.asarray(cv2.merge(planes), np.uint8)


@dataclass(frozen=True, eq=False)
class ArrayPixels:
    """Pixels that are RGB already: (h, w, 3) uint8."""

    array: PixelArray

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of `rgb`."""
        return self.array.shape[1], self.array.shape[0]

    def rgb(self) -> PixelArray:
        """The array itself."""
        return self.array

    def small(self, width: int) -> PixelArray:
        """(h, width, 3) uint8 Y, Cb, Cr."""
        import cv2

        small = _shrunk(self.array, width, max(round(width * self.array.shape[0] / self.array.shape[1]), 1))
        return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb), np.uint8)[:, :, [0, 2, 1]]


def deinterlaced(pixels: PixelArray) -> PixelArray:
    """Every second line replaced by the mean of its neighbours where it is a comb: (h, w, 3) uint8."""
    lines = pixels[: (pixels.shape[0] - 1) // 2 * 2 + 1].astype(np.int16)
    above, line, below = lines[:-1:2], lines[1::2], lines[2::2]
    mean = (above + below) >> 1
    comb = (np.abs(line - mean) > np.abs(above - below) + _COMB).any(axis=2, keepdims=True)
    if not comb.any():
        return pixels
    result = pixels.copy()
    result[1 : lines.shape[0] : 2] = np.where(comb, mean, line).astype(np.uint8)
    return result


@cache
def to_ordinary_contrast(curve: Literal["pq", "hlg"]) -> PixelArray:
    """Look-up table (256,) uint8 from PQ or HLG code values to sRGB ones.

    PQ: SMPTE ST 2084; HLG: ITU-R BT.2100 with a system gamma of 1.2 at 1000 cd/m2. Reference white, 203 cd/m2
    (ITU-R BT.2408), comes out at three quarters of full, 1000 cd/m2 at full (Reinhard et al. 2002, equation 4).
    """
    code = np.arange(256) / 255.0
    if curve == "pq":
        power = code ** (1 / 78.84375)
        nits = 10000 * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
    else:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
        nits = 1000 * scene**1.2
    light, white = nits / 203.0, 1000 / 203.0
    mapped = np.clip(light * (1 + light / white**2) / (1 + light), 0, 1)
    srgb = np.where(mapped <= 0.0031308, mapped * 12.92, 1.055 * mapped ** (1 / 2.4) - 0.055)
    return np.round(srgb * 255).astype(np.uint8)


_CURVES: dict[int, Literal["pq", "hlg"]] = {16: "pq", 18: "hlg"}
"""FFmpeg's numbers of the transfer characteristics (ITU-T H.273)."""


_converters = threading.local()


def _reformatted(frame: Any, width: int, height: int, layout: str, **options: str) -> Any:
    """The frame in another size and layout.

    A converter is kept for each (per thread: they are not to be shared), since setting one up costs a millisecond; one
    thread each, since handing out the lines of one picture costs more than it saves.
    """
    from av.video.reformatter import VideoReformatter

    known = _converters.__dict__.setdefault("known", {})
    key = (layout, width, height)
    if key not in known:
        if len(known) > 3:
            known.clear()
        known[key] = VideoReformatter()
    return known[key].reformat(frame, width, height, layout, threads=1, **options)


def _shrunk(pixels: NDArray[Any], width: int, height: int) -> NDArray[Any]:
    """To (height, width, ...) by the mean of sixteen samples each: as fast for large pictures as for small ones."""
    import cv2

    twice = cv2.resize(pixels, (2 * width, 2 * height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.resize(twice, (width, height), interpolation=cv2.INTER_AREA))


def _plane(plane: Any, bits: int) -> NDArray[Any]:
    """(h, w) view of one plane: uint8, or uint16 above 8 bits."""
    kind: Any = np.uint8 if bits == 8 else np.dtype("<u2")
    return np.frombuffer(plane, kind).reshape(plane.height, -1)[:, : plane.width]


def _packed(frame: Any) -> PixelArray:
    """(h, w, 3) uint8 of an rgb24 frame, without a copy where its lines are not padded."""
    plane = frame.planes[0]
    lines = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width * 3]
    return np.ascontiguousarray(lines).reshape(plane.height, plane.width, 3)
