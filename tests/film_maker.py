"""Synthetic films for tests: small, a few seconds long, every picture carrying its own number in its pixels.

    path = make_film(tmp_path / "a.mp4", frames=48, rate=Fraction(24000, 1001), timecode="01:00:00:00")
    with open_film(path) as film:
        assert [number_in(picture.rgb()) for picture in film.pictures()] == list(range(48))

`draw` makes the pictures: any function from the picture's number to (h, w, 3) uint8 RGB. `paste` puts a head into one:

    face = head(astronaut)                                           # the fixture of tests/conftest.py
    make_film(path, draw=lambda n: paste(plain((320, 240)), face, centre_xy=(100 + n, 120), height=90))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from personae.media.photos import load

Pixels = NDArray[np.uint8]

BITS = 10
"""How many bits of its number a picture carries: numbers go up to 1023."""
HEADS = {"astronaut.png": (130, 10, 320, 250), "grace_hopper.jpg": (140, 20, 390, 340)}
"""Box x1, y1, x2, y2 of the head in the photos of tests/conftest.py; its face is about half of that."""


def plain(size_wh: tuple[int, int] = (160, 120), colour: tuple[int, int, int] = (90, 110, 130)) -> Pixels:
    """(h, w, 3) of one colour."""
    return np.full((size_wh[1], size_wh[0], 3), colour, np.uint8)


def textured(size_wh: tuple[int, int] = (160, 120), seed: int = 0, *, cells: int = 6) -> Pixels:
    """(h, w, 3) of soft random colours: a place of its own for each seed."""
    noise = np.random.default_rng(seed).integers(30, 220, (cells, cells + 2, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(noise, size_wh, interpolation=cv2.INTER_CUBIC), np.uint8)


def numbered(number: int, picture: Pixels | None = None, *, size_wh: tuple[int, int] = (160, 120)) -> Pixels:
    """The picture with `number` written along its upper edge, a block for each bit; read back by `number_in`."""
    result = plain(size_wh) if picture is None else picture.copy()
    height, width = result.shape[:2]
    rows = height // 6
    for bit in range(BITS):
        left, right = bit * width // BITS, (bit + 1) * width // BITS
        result[:rows, left:right] = 235 if number >> bit & 1 else 20
    return result


def number_in(picture: Pixels) -> int:
    """The number that `numbered` wrote into a picture, whatever size it has now."""
    height, width = picture.shape[:2]
    row = picture[height // 12]
    return sum(1 << bit for bit in range(BITS) if row[(2 * bit + 1) * width // (2 * BITS)].mean() > 127)


def head(photo: Path) -> Pixels:
    """(h, w, 3): the head cut out of one of the photos of tests/conftest.py."""
    x1, y1, x2, y2 = HEADS[photo.name]
    return load(photo).pixels[y1:y2, x1:x2].copy()


def paste(picture: Pixels, patch: Pixels, *, centre_xy: tuple[float, float], height: float) -> Pixels:
    """The picture with `patch` over it, `height` pixels high; what reaches beyond the edges is cut off."""
    width = max(round(patch.shape[1] * height / patch.shape[0]), 1)
    scaled = cv2.resize(patch, (width, max(round(height), 1)), interpolation=cv2.INTER_AREA)
    left, top = round(centre_xy[0] - scaled.shape[1] / 2), round(centre_xy[1] - scaled.shape[0] / 2)
    x1, y1 = max(left, 0), max(top, 0)
    x2, y2 = min(left + scaled.shape[1], picture.shape[1]), min(top + scaled.shape[0], picture.shape[0])
    result = picture.copy()
    if x1 < x2 and y1 < y2:
        result[y1:y2, x1:x2] = scaled[y1 - top : y2 - top, x1 - left : x2 - left]
    return result


def make_film(
    path: Path,
    *,
    draw: Callable[[int], Pixels] = numbered,
    frames: int = 24,
    rate: Fraction | int = 25,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    pts: Sequence[int] | None = None,
    time_base: Fraction | None = None,
    rotation: int = 0,
    mirrored: bool = False,
    aspect: Fraction | None = None,
    timecode: str | None = None,
    reel: str | None = None,
    interlaced: bool = False,
    transfer: int | None = None,
    gop: int = 12,
    b_frames: int = 2,
    sound: bool = False,
    streams: int = 1,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
) -> Path:
    """Write a film of `frames` pictures and return its path; the container follows the suffix.

    draw: picture `n`, (h, w, 3) uint8 RGB; all of one size (even numbers for most codecs). rate: frames per second.
    codec, pix_fmt: as FFmpeg names them (libx264, libx265, mpeg4, prores_ks with yuv422p10le, ffv1, ...).
    pts: times of the pictures in units of `time_base` (both for a variable rate or a start later than 0).
    rotation: degrees counter-clockwise a player must turn the picture by, and `mirrored` left to right.
    aspect: of one pixel. timecode, reel: start timecode (";" before the frames for drop-frame) and reel: MOV, MP4, MXF.
    interlaced: flagged and coded as fields, upper first (`draw` has to weave them).
    transfer: number of the transfer characteristics in H.273 (16 PQ, 18 HLG), with BT.2020 colours.
    gop, b_frames: distance of key pictures, number of B pictures. sound: a silent sound track beside.
    streams: that many video streams; stream k shows `draw(n + 100 * k)`.
    """
    rate = Fraction(rate)
    first = draw(0)
    with av.open(str(path), "w", options=container_options or {}) as out:
        outputs = []
        for _ in range(streams):
            coding = {**_options(codec, interlaced), **(options or {})}
            stream = cast(av.VideoStream, out.add_stream(codec, rate=rate, options=coding))
            stream.width, stream.height, stream.pix_fmt = first.shape[1], first.shape[0], pix_fmt
            context = stream.codec_context
            context.time_base = time_base or 1 / rate
            context.gop_size = gop
            if codec in {"libx264", "libx265", "mpeg4", "mpeg2video"}:
                context.max_b_frames = b_frames
            if interlaced:
                context.flags |= 1 << 18 | 1 << 29
            if aspect is not None:
                context.sample_aspect_ratio = aspect
            if transfer is not None:
                context.color_trc, context.color_primaries, context.colorspace = transfer, 9, 9
            if rotation or mirrored:
                stream.set_display_rotation(rotation, hflip=mirrored)
            if timecode is not None:
                stream.metadata["timecode"] = timecode
            if reel is not None:
                stream.metadata["reel_name"] = reel
            outputs.append(stream)
        voice = out.add_stream("aac", rate=16000, layout="mono") if sound else None
        for number in range(frames):
            for k, stream in enumerate(outputs):
                frame = av.VideoFrame.from_ndarray(draw(number + 100 * k), format="rgb24")
                frame.pts = number if pts is None else pts[number]
                frame.time_base = stream.codec_context.time_base
                out.mux(stream.encode(frame))
        for stream in outputs:
            out.mux(stream.encode(None))
        if voice is not None:
            _silence(out, voice, float(frames / rate))
    return path


def _options(codec: str, interlaced: bool) -> dict[str, str]:
    if codec == "libx264":
        return {"preset": "ultrafast", "crf": "18", **({"x264-params": "tff=1"} if interlaced else {})}
    if codec == "libx265":
        return {"preset": "ultrafast", "crf": "20", "x265-params": "log-level=error"}
    if codec == "libvpx":
        return {"deadline": "realtime", "cpu-used": "8", "b": "2M"}
    if codec in {"mpeg4", "mpeg2video"}:
        return {"qscale": "2", "b": "4M"}
    return {}


def _silence(out: av.container.OutputContainer, voice: av.AudioStream, seconds: float) -> None:
    for block in range(int(seconds * 16000 / 1024) + 1):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 16000, block * 1024, Fraction(1, 16000)
        out.mux(voice.encode(frame))
    out.mux(voice.encode(None))
