"""Photos from disk: one file to an upright RGB `Picture`, and folders to the photos in them.

Pillow decodes and is imported at the first `load`. Its process-wide state is neither read nor written: the limit on
picture size is ours, is held before a pixel is decoded, and applies to this call alone.
"""

from __future__ import annotations

import importlib
import io
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from personae.errors import EXTRAS, NO_MEMORY, PhotoError, is_out_of_memory, reason_of
from personae.files import NotAFileError, open_input
from personae.leading_out import leads_out
from personae.media.left_out import FILMS, KNOWN, LeftOut
from personae.types import Picture, PixelArray

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageFile import ImageFile

Photo = str | Path | bytes | BinaryIO
"""A path, the content of a file, or an open file that can be sought."""

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".gif", ".bmp", ".dib", ".tif", ".tiff"}
    | {".webp", ".avif", ".heic", ".heif", ".hif", ".jp2", ".j2k", ".ppm", ".pgm", ".pbm", ".pnm"}
)
"""Lower-case file endings of photos: inside a folder such a file is tried, and `load` says why it is none."""

BACKGROUND_GREY = 127
"""What shows through transparent parts: mid grey, so that a cut-out face keeps contrast whether light or dark."""

_SKIPPED_FOLDERS = frozenset({"__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"})
_ORIENTATION_TAG = 0x0112
_END_OF_JPEG = b"\xff\xd9"
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
# First bytes -> (module of the decoder, its name in Pillow). Formats that run other programs or have no signature
# (EPS, PDF, WMF, TGA) are left out on purpose: what reaches them here is never a photo.
_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"\xff\xd8\xff", "JpegImagePlugin", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PngImagePlugin", "PNG"),
    (b"GIF87a", "GifImagePlugin", "GIF"),
    (b"GIF89a", "GifImagePlugin", "GIF"),
    (b"BM", "BmpImagePlugin", "BMP"),
    (b"II*\x00", "TiffImagePlugin", "TIFF"),
    (b"MM\x00*", "TiffImagePlugin", "TIFF"),
    (b"II+\x00", "TiffImagePlugin", "TIFF"),
    (b"MM\x00+", "TiffImagePlugin", "TIFF"),
    (b"\xff\x4f\xff\x51", "Jpeg2KImagePlugin", "JPEG2000"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "Jpeg2KImagePlugin", "JPEG2000"),
    *((b"P%d" % kind, "PpmImagePlugin", "PPM") for kind in range(1, 7)),
)


CUT_SHORT = "the file is cut short, and only a part of the picture is there. Copy it again from its source."


def load(photo: Photo, *, max_mpx: float = 250.0, partial: bool = False) -> Picture:
    """A photo, upright (EXIF orientation applied), as (h, w, 3) uint8 RGB.

    Grey, palette, CMYK and 16-bit pictures are converted (16 bits are scaled, not clipped), transparency is laid over
    mid grey, of an animation the first frame counts. JPEGs are always decoded in full: their reduced sizes would
    take a 20 px face below what a detector can see. `partial`: of a file that is cut short, read what is there (where
    its format allows it) and say so in the picture's `note`; it is refused otherwise.
    Raises PhotoError, whose reason says what to do, for whatever cannot be read or has more than `max_mpx` megapixels.
    """
    path = Path(name_of(photo))
    try:
        with _opened(photo) as file:
            prefix = file.read(16)
            if not prefix:
                raise PhotoError(path, "the file is empty (0 bytes). Copy it again from its source.")
            try:
                pixels, note = _decode(path, file, prefix, max_mpx, partial)
            except PhotoError:
                raise
            except Exception as error:  # the edge: decoders raise nearly anything on broken files
                if is_out_of_memory(error):
                    raise PhotoError(path, f"{NO_MEMORY} to decode it. Shrink it, or free memory.") from None
                raise PhotoError(
                    path, f"the picture is damaged or cut short ({reason_of(error)}). Copy or export it again."
                ) from error
    except OSError as error:
        raise PhotoError(path, f"it cannot be read ({reason_of(error)}).") from None
    return Picture(pixels, source=str(path), note=note)


def name_of(photo: Photo) -> str:
    """What a photo is called in results and messages: its path, an open file's name, else "photo"."""
    if isinstance(photo, str | Path):
        return str(photo)
    name = getattr(photo, "name", "")
    return name if isinstance(name, str) and name else "photo"


@contextmanager
def _opened(photo: Photo) -> Iterator[BinaryIO]:
    """The photo as an open file at its beginning; one that was open already stays so."""
    if isinstance(photo, bytes):
        yield io.BytesIO(photo)
    elif isinstance(photo, str | Path):
        with _open(Path(photo)) as file:
            yield file
    else:
        photo.seek(0)
        yield photo


def find(paths: str | Path | Iterable[str | Path], left_out: LeftOut | None = None) -> Iterator[Path]:
    """Every photo at `paths`: files as they are named, folders searched at any depth, each folder in order of name.

    In folders a photo is what is one by its first bytes, whatever it is called; what is called like a photo and is
    none is yielded too, so that `load` says why, and so is a folder that may not be read. Raw photos, most of which
    begin like TIFF, and films of JPEGs are told by their endings. Hidden and system files are passed over; a folder
    reached twice (symbolic links, loops) is searched once. What else could be meant as a picture is counted in
    `left_out`. Holds the names of one folder per level in memory, never all photos.
    """
    left_out = LeftOut() if left_out is None else left_out
    for path in [paths] if isinstance(paths, str | Path) else paths:
        path = Path(path)
        if leads_out(path):
            continue
        if path.is_dir():
            yield from _walk(path, set(), left_out)
        else:
            yield path


def _walk(folder: Path, seen: set[tuple[int, int]], left_out: LeftOut) -> Iterator[Path]:
    try:
        status = folder.stat()
        if (status.st_dev, status.st_ino) in seen:
            return
        seen.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            names = sorted((entry.name, _is_folder(entry)) for entry in entries if not entry.name.startswith("."))
    except OSError:
        yield folder
        return
    for name, is_folder in names:
        path = folder / name
        if leads_out(path):
            continue
        if is_folder:
            if name not in _SKIPPED_FOLDERS:
                yield from _walk(path, seen, left_out)
            continue
        if is_photo(path):
            yield path
        else:
            left_out.add(path)


def is_photo(path: Path) -> bool:
    """Whether a file is called like a photo, or is one by its first bytes; see `find`."""
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        return True
    try:
        with open_input(path) as file:
            prefix = file.read(16)
            decoder = _decoder(path, file, prefix)
    except (PhotoError, OSError, ValueError):
        return False
    kind = "HEIF" if decoder is None else decoder[1]
    if (kind == "TIFF" and suffix in KNOWN) or (kind == "JPEG" and suffix in FILMS):
        return False
    if kind == "BMP":  # words may begin like these two
        return prefix[6:10] == bytes(4)
    return kind != "PPM" or bool(re.match(rb"P[1-6]\s+[#\d]", prefix))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a symbolic link that leads to itself
        return False


def _open(path: Path) -> BinaryIO:
    """The file, open."""
    try:
        return open_input(path)
    except IsADirectoryError:
        readable = os.access(path, os.R_OK | os.X_OK)
        hint = "Name the photos in it." if readable else "It may not be read either: check its permissions."
        raise PhotoError(path, f"this is a folder, not a photo. {hint}") from None
    except NotAFileError:
        raise PhotoError(path, "this is not a file but a device or pipe. Save the photo to a file first.") from None
    except FileNotFoundError:
        raise PhotoError(path, "there is no such file. Check the spelling and the folder.") from None
    except PermissionError:
        raise PhotoError(
            path, "permission denied. Change the file's permissions, or copy it to where you may."
        ) from None
    except ValueError:
        raise PhotoError(path, "this is not a file name (it holds a NUL character).") from None
    except OSError as error:
        raise PhotoError(path, f"it cannot be opened ({reason_of(error)}).") from None


def _decode(path: Path, file: BinaryIO, prefix: bytes, max_mpx: float, partial: bool) -> tuple[PixelArray, str]:
    """The pixels, and a note on what is missing."""
    decoder = _decoder(path, file, prefix)
    if decoder is None:
        return _decode_heif(path, file, max_mpx), ""
    module, name = decoder
    importlib.import_module(f"PIL.{module}")
    from PIL import Image  # after its plug-in, which has registered itself

    # The registered opener and not `Image.open`: the latter holds every picture against one global limit
    # (`MAX_IMAGE_PIXELS`) and warns through a global filter; neither can be changed for one thread only.
    def opened(stream: BinaryIO) -> ImageFile:
        stream.seek(0)
        image: ImageFile = Image.OPEN[name][0](stream, str(path))
        _check_size(path, image.size, max_mpx)
        return image

    image, note = opened(file), ""
    try:
        image.load()
    except OSError as error:
        if not partial or "truncated" not in str(error):
            raise
        note = CUT_SHORT
        if name == "JPEG":  # with an end, all is decoded that is there, also of one whose detail comes in layers
            file.seek(0)
            image = opened(io.BytesIO(file.read() + _END_OF_JPEG))
            image.load()
        else:  # what was decoded stays; nothing is left to load
            image.tile = []
    return _upright(_to_rgb(image), _orientation(image)), note


def _decoder(path: Path, file: BinaryIO, prefix: bytes) -> tuple[str, str] | None:
    """Pillow's module and format for this file, None for HEIF; PhotoError where it is no picture at all."""
    for signature, module, name in _SIGNATURES:
        if prefix.startswith(signature):
            return module, name
    if prefix[:4] == b"RIFF" and prefix[8:12] == b"WEBP":
        return "WebPImagePlugin", "WEBP"
    if prefix[4:8] == b"ftyp":
        file.seek(0)
        length = min(max(int.from_bytes(prefix[:4], "big"), 16), 4096)
        box = file.read(length)
        brands = {box[8:12], *(box[at : at + 4] for at in range(16, len(box), 4))}
        if brands & _AVIF_BRANDS:
            return "AvifImagePlugin", "AVIF"
        if brands & _HEIF_BRANDS:
            return None
        raise PhotoError(path, "this is a film or sound file, not a photo. Films are read by personae scan.")
    raise PhotoError(
        path, "this is not a picture in a format known here. Open it in its own program and export it as JPEG or PNG."
    )


def _decode_heif(path: Path, file: BinaryIO, max_mpx: float) -> PixelArray:
    try:
        import pillow_heif
    except ImportError:
        raise PhotoError(
            path, f"HEIC photos need another package: pip install {EXTRAS['heic']}, or export the photo as JPEG."
        ) from None
    file.seek(0)
    image = pillow_heif.open_heif(file, convert_hdr_to_8bit=True)
    _check_size(path, image.size, max_mpx)
    return _to_rgb(image.to_pillow())  # libheif has applied the rotation; the EXIF copy of it is not to be used again


def _check_size(path: Path, size_wh: tuple[int, int], max_mpx: float) -> None:
    mpx = size_wh[0] * size_wh[1] / 1e6
    if mpx > max_mpx:
        raise PhotoError(
            path,
            f"{size_wh[0]}x{size_wh[1]} pixels are {mpx:.4g} megapixels, more than the limit of {max_mpx:g}. "
            "Shrink the picture, or raise the limit (--max-picture-mpx) if you trust it.",
        )
    if min(size_wh) < 1:
        raise PhotoError(path, "the picture has no pixels. Copy or export it again.")


def _to_rgb(image: Image.Image) -> PixelArray:
    """(h, w, 3) uint8 RGB of any Pillow mode."""
    mode = image.mode
    if mode == "RGB":
        return np.array(image)
    if mode.startswith(("I", "F")):
        return np.repeat(_to_8_bit(np.asarray(image), mode)[:, :, None], 3, axis=2)
    if mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        return _over_grey(np.asarray(image.convert("RGBA")))
    return np.array(image.convert("RGB"))


def _to_8_bit(values: NDArray[Any], mode: str) -> PixelArray:
    """Grey levels of more than 8 bits, scaled to 0..255."""
    if mode.startswith("I;16"):
        return np.round(values.astype(np.float32) / 257.0).astype(np.uint8)
    values = np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    # No header says what white is: the smallest usual full scale that holds every value, else the range itself.
    usual = [white for white in (1.0, 255.0, 65535.0) if high <= white and (white > 1.0 or mode == "F")]
    if low < 0.0 or not usual:
        values = values - low
        full = max(high - low, float(np.finfo(np.float32).tiny))
    else:
        full = usual[0]
    scaled: PixelArray = np.round(values * (255.0 / full)).astype(np.uint8)
    return scaled


def _over_grey(rgba: NDArray[Any]) -> PixelArray:
    """(h, w, 4) uint8 with straight alpha, laid over mid grey; in whole numbers, to keep memory small."""
    alpha = rgba[:, :, 3:].astype(np.uint16)
    if bool((alpha == 255).all()):
        return np.ascontiguousarray(rgba[:, :, :3])
    mixed = (rgba[:, :, :3] * alpha + np.uint16(BACKGROUND_GREY) * (255 - alpha) + np.uint16(127)) // np.uint16(255)
    return mixed.astype(np.uint8)


def _orientation(image: Image.Image) -> int:
    """EXIF orientation 1..8; broken EXIF counts as upright, as every viewer shows it."""
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
        return int(value) if int(value) in range(1, 9) else 1
    except Exception:
        return 1


def _upright(pixels: PixelArray, orientation: int) -> PixelArray:
    """The pixels as they are meant to be seen (EXIF 2.32, tag 0x0112)."""
    if orientation in {5, 6, 7, 8}:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def stored_form(path: Path, *, max_mpx: float = 250.0) -> tuple[tuple[int, int], int]:
    """Width and height of the picture as its file stores it, and the EXIF orientation that turns it upright, 1 to 8.

    Reads the beginning of the file alone. HEIF and AVIF count as upright: their own rotation is a part of decoding
    them. Raises PhotoError.
    """
    with _opened(path) as file:
        try:
            decoder = _decoder(path, file, file.read(16))
            if decoder is None:
                import pillow_heif

                file.seek(0)
                width, height = pillow_heif.open_heif(file).size
                return (int(width), int(height)), 1
            importlib.import_module(f"PIL.{decoder[0]}")
            from PIL import Image  # after its plug-in, which has registered itself

            file.seek(0)
            image: ImageFile = Image.OPEN[decoder[1]][0](file, str(path))
            tags = getattr(image, "tag_v2", {})  # of a TIFF, whose size Pillow tells as it turns it
            size = int(tags.get(0x0100, image.width)), int(tags.get(0x0101, image.height))
            _check_size(path, size, max_mpx)
            turn = _orientation(image)
            if decoder[1] == "AVIF":
                return (size[::-1] if turn in {5, 6, 7, 8} else size), 1
            return size, turn
        except PhotoError:
            raise
        except Exception as error:  # the edge, as in `load`
            raise PhotoError(path, f"the picture is damaged ({reason_of(error)}). Copy or export it again.") from error
