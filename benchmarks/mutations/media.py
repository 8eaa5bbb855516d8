"""Photos and films to change, and how they are read. Samples are made of public-domain photos of pip packages."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from benchmarks.mutations import kinds
from personae.demo import COLLINS, SOURCES, source_photo

PHOTOS = {
    "jpg": "JPEG", "png": "PNG", "gif": "GIF", "bmp": "BMP", "tiff": "TIFF", "webp": "WEBP", "avif": "AVIF",
    "heic": "HEIF", "jp2": "JPEG2000", "ppm": "PPM",
}  # fmt: skip
FILMS = {
    "mp4": "libx264", "mov": "mpeg4", "mkv": "libx264", "avi": "mpeg4", "ts": "mpeg2video", "mxf": "mpeg2video",
    "webm": "libvpx", "mjpeg": "mjpeg",
}  # fmt: skip
FILM_PICTURES = 12


def photo_samples(end: str) -> Callable[[], list[bytes]]:
    """Makes photos of that kind: colour, grey and palette where it has them."""

    @cache
    def samples() -> list[bytes]:
        from PIL import Image

        if end == "heic":
            import pillow_heif

            pillow_heif.register_heif_opener()
        made = []
        for name in SOURCES:
            with Image.open(source_photo(name)) as source:
                image = source.convert("RGB").resize((96, 112))
            exif = Image.Exif()
            exif[0x0112] = 6
            for variant in (image, image.convert("L"), image.convert("P")):
                with io.BytesIO() as file, contextlib.suppress(OSError, ValueError, KeyError):
                    if end in {"jpg", "webp", "avif", "heic", "png"} and variant is image:
                        variant.save(file, PHOTOS[end], exif=exif)
                    else:
                        variant.save(file, PHOTOS[end])
                    made.append(file.getvalue())
        return made

    return samples


def photo_gone_wrong(rng: Random, content: bytes, others: list[bytes]) -> bytes:
    """Half of the PNGs with right checksums: a decoder looks no further than a wrong one."""
    found = kinds.bytes_gone_wrong(rng, content, others)
    return kinds.with_png_checksums(found) if rng.random() < 0.5 else found


def read_photo(path: Path) -> None:
    """As `identify` does, up to the faces."""
    from personae.media.photos import load

    pixels = load(path).pixels
    assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3


def film_samples(end: str) -> Callable[[], list[bytes]]:
    """Makes a film of a few pictures in that container."""

    @cache
    def samples() -> list[bytes]:
        import av
        from PIL import Image

        with Image.open(source_photo(COLLINS)) as source:
            image = source.convert("RGB")
        with io.BytesIO() as file:
            form = {"mkv": "matroska", "ts": "mpegts"}.get(end, end)
            with av.open(file, "w", format=form) as container:
                stream: Any = container.add_stream(FILMS[end], rate=25)
                stream.width, stream.height = (64, 64) if end != "mxf" else (720, 576)
                stream.pix_fmt = "yuvj420p" if end == "mjpeg" else "yuv420p"
                stream.thread_count = 1
                for number in range(FILM_PICTURES):
                    cut = image.crop((100 + 8 * number, 40, 356 + 8 * number, 296)).resize(
                        (stream.width, stream.height)
                    )
                    for packet in stream.encode(av.VideoFrame.from_ndarray(np.asarray(cut), format="rgb24")):
                        container.mux(packet)
                for packet in stream.encode():
                    container.mux(packet)
            return [file.getvalue()]

    return samples


def read_film(path: Path) -> None:
    """As `scan` does, up to the faces: every picture at its time, small, and some whole."""

    from personae.media.video import open_film

    with open_film(path) as film:
        last = None
        for number, picture in enumerate(film.pictures()):
            assert last is None or picture.pts > last
            last = picture.pts
            picture.small()
            if number % 5 == 0:
                picture.rgb()
