"""Every kind of photo comes out upright and RGB; what cannot be read says why; folders are searched."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from personae.errors import PhotoError
from personae.media import photos
from personae.types import PixelArray

# Eight pixels, no two rows, columns or mirror images alike: any wrong turn shows.
CORNERS = np.array(
    [
        [[255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 0]],
        [[255, 255, 0], [0, 255, 255], [255, 0, 255], [255, 255, 255]],
    ],
    np.uint8,
)


def blocks(size: int = 16) -> PixelArray:
    """CORNERS, each pixel a block, so that lossy formats keep the middles."""
    return CORNERS.repeat(size, axis=0).repeat(size, axis=1)


def middles(pixels: PixelArray, size: int = 16) -> PixelArray:
    return pixels[size // 2 :: size, size // 2 :: size]


def save(path: Path, image: Image.Image, **options: Any) -> Path:
    image.save(path, **options)
    return path


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tif", "webp", "ppm", "jp2", "gif", "avif"])
def test_formats(tmp_path: Path, suffix: str) -> None:
    exact = suffix in {"png", "bmp", "tif", "ppm", "gif"}
    options = {"quality": 95, "subsampling": 0} if suffix == "jpg" else {}
    path = save(tmp_path / f"photo.{suffix}", Image.fromarray(blocks()), **options)
    picture = photos.load(path)
    assert picture.size_wh == (64, 32) and picture.source == str(path)
    off = np.abs(middles(picture.pixels).astype(int) - CORNERS).max()
    assert off <= (0 if exact else 40)


def test_the_suffix_does_not_matter(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", Image.fromarray(blocks()))
    path = path.rename(tmp_path / "a.jpg")
    assert np.array_equal(photos.load(path).pixels, blocks())


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [("1", 255), ("L", 204), ("LA", 204), ("P", 204), ("CMYK", 204), ("YCbCr", 204), ("RGBA", 204)],
)
def test_modes(tmp_path: Path, mode: str, wanted: int) -> None:
    path = tmp_path / ("a.tif" if mode in {"CMYK", "YCbCr"} else "a.png")
    grey = Image.new("RGB", (8, 8), (204, 204, 204))  # a level that the usual palette has
    save(path, grey.convert(mode, dither=Image.Dither.NONE))
    pixels = photos.load(path).pixels
    assert pixels.shape == (8, 8, 3) and np.abs(pixels.astype(int) - wanted).max() <= 2


def test_cmyk_jpeg_has_its_colours(tmp_path: Path) -> None:
    path = save(tmp_path / "a.jpg", Image.new("RGB", (16, 16), (200, 60, 40)).convert("CMYK"), quality=95)
    assert np.abs(photos.load(path).pixels.astype(int) - (200, 60, 40)).max() <= 6


@pytest.mark.parametrize("mode", ["RGBA", "P"])
def test_transparent_parts_are_mid_grey(tmp_path: Path, mode: str) -> None:
    pixels = np.full((8, 8, 4), 255, np.uint8)
    pixels[:, :4] = (10, 20, 30, 0)
    image = Image.fromarray(pixels)
    if mode == "P":
        image = image.convert("P")
        image.info["transparency"] = image.getpixel((0, 0))
    loaded = photos.load(save(tmp_path / "a.png", image)).pixels
    assert (loaded[:, :4] == photos.BACKGROUND_GREY).all() and (loaded[:, 4:] > 250).all()


def test_half_transparent_parts_are_mixed(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", Image.new("RGBA", (2, 2), (255, 255, 255, 128)))
    assert np.abs(photos.load(path).pixels.astype(int) - 191).max() <= 1


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_16_bits_are_scaled_not_clipped(tmp_path: Path, suffix: str) -> None:
    ramp = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(16, 16)
    path = save(tmp_path / f"a.{suffix}", Image.fromarray(ramp))
    loaded = photos.load(path).pixels
    assert np.array_equal(loaded[:, :, 0].ravel(), np.arange(256)) and (loaded == loaded[:, :, :1]).all()


@pytest.mark.parametrize(("high", "white"), [(1.0, 1.0), (255.0, 255.0), (65535.0, 65535.0), (1e6, 1e6)])
def test_floating_point_grey_is_scaled(tmp_path: Path, high: float, white: float) -> None:
    ramp = np.linspace(0, high, 64, dtype=np.float32).reshape(8, 8)
    loaded = photos.load(save(tmp_path / "a.tif", Image.fromarray(ramp))).pixels
    assert np.abs(loaded[:, :, 0] - ramp * 255 / white).max() <= 0.51


def test_of_an_animation_the_first_frame_counts(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "lime")]
    for name in ("a.gif", "a.webp", "a.png"):
        options: dict[str, Any] = {"lossless": True} if name.endswith("webp") else {}
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], duration=40, **options)
        assert (photos.load(tmp_path / name).pixels == (255, 0, 0)).all()


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_made_upright(tmp_path: Path, orientation: int, suffix: str) -> None:
    # What a camera held that way stores: the inverse of what a viewer does (EXIF 2.32, tag 0x0112).
    undo = {
        1: lambda p: p,
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.transpose(1, 0, 2),
        6: lambda p: np.rot90(p, 1),
        7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
        8: lambda p: np.rot90(p, -1),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(undo[orientation](blocks()))
    path = save(
        tmp_path / f"a.{suffix}", Image.fromarray(stored), exif=exif, **({"quality": 95} if suffix == "jpg" else {})
    )
    assert np.abs(middles(photos.load(path).pixels).astype(int) - CORNERS).max() <= 60


def test_a_nonsense_orientation_counts_as_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 77
    path = save(tmp_path / "a.png", Image.fromarray(blocks()), exif=exif)
    assert np.array_equal(photos.load(path).pixels, blocks())


def test_one_pixel_loads(tmp_path: Path) -> None:
    assert photos.load(save(tmp_path / "a.png", Image.new("RGB", (1, 1), "red"))).size_wh == (1, 1)


def test_heic(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    exif = Image.Exif()
    exif[0x0112] = 6
    heif = pillow_heif.from_pillow(Image.fromarray(np.ascontiguousarray(np.rot90(blocks(32), 1))))
    heif.save(tmp_path / "a.heic", quality=90, exif=exif.tobytes())
    loaded = photos.load(tmp_path / "a.heic")
    assert loaded.size_wh == (128, 64)
    assert np.abs(middles(loaded.pixels, 32).astype(int) - CORNERS).max() <= 60


def test_heic_without_its_package_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "a.heic").write_bytes(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(100))
    with pytest.raises(PhotoError, match="pip install pillow-heif, or export"):
        photos.load(tmp_path / "a.heic")


def jpeg_bytes() -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"these are words, not a picture", "not a picture"),
        (jpeg_bytes()[: len(jpeg_bytes()) // 2], "damaged or cut short"),
        (jpeg_bytes()[:20], "damaged or cut short"),
        (b"\xff\xd8\xff" + bytes(200), "damaged or cut short"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "damaged or cut short"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isomiso2" + bytes(100), "film or sound.*personae scan"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "not a picture"),
    ],
)
def test_bad_files_say_why(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(PhotoError, match=reason) as caught:
        photos.load(path)
    assert caught.value.path == str(path) and caught.value.reason.endswith(".")


def test_every_cut_of_a_file_is_an_error_or_a_picture(tmp_path: Path) -> None:
    whole = jpeg_bytes()
    path = tmp_path / "a.jpg"
    for length in range(0, len(whole), 211):
        path.write_bytes(whole[:length])
        with pytest.raises(PhotoError):
            photos.load(path)


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        ("jpg", {"quality": 90}),
        ("jpg", {"quality": 90, "progressive": True}),
        ("jpg", {"quality": 90, "exif": {0x0112: 1}}),
        ("png", {}),
        ("png", {"interlace": True, "palette": True}),
        ("bmp", {}),
        ("ppm", {}),
        ("gif", {"palette": True}),
    ],
)
def test_what_is_there_of_a_file_that_is_cut_short(tmp_path: Path, suffix: str, options: dict[str, Any]) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (16, 16, 3), np.uint8).repeat(16, axis=0).repeat(16, axis=1)
    image = Image.fromarray(noise)
    options = dict(options)
    if "exif" in options:
        exif = Image.Exif()
        exif.update(options.pop("exif"))
        options["exif"] = exif
    if options.pop("palette", False):
        image = image.quantize(256)
    options.pop("interlace", None)
    path = save(tmp_path / f"a.{suffix}", image, **options)
    whole = photos.load(path)
    assert photos.load(path, partial=True).note == "" == whole.note
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 9 // 10])
    with pytest.raises(PhotoError, match="cut short"):
        photos.load(path)
    part = photos.load(path, partial=True)
    assert part.note == photos.CUT_SHORT and part.size_wh == (256, 256)
    rows = slice(None, 128) if suffix != "bmp" else slice(128, None)  # a bitmap begins with its last row
    limit = 60 if options.get("progressive") else 2  # the last detail is what is missing, everywhere
    assert np.abs(part.pixels[rows].astype(int) - whole.pixels[rows]).mean() <= limit


def test_missing_and_folder_and_nul(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="no such file"):
        photos.load(tmp_path / "nothing.jpg")
    with pytest.raises(PhotoError, match="folder"):
        photos.load(tmp_path)
    with pytest.raises(PhotoError, match="not a file name"):
        photos.load("a\0b.jpg")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(PhotoError, match="pipe"):
        photos.load(tmp_path / "a.jpg")


def test_permission_denied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "a.png", Image.new("RGB", (4, 4)))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)  # root may read everything, so the mode bits alone would show nothing
    with pytest.raises(PhotoError, match="permission denied"):
        photos.load(path)


def test_too_large_is_refused_before_decoding(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    path = tmp_path / "bomb.png"
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))))
    with pytest.raises(PhotoError, match="900 megapixels, more than the limit of 250"):
        photos.load(path)
    with pytest.raises(PhotoError, match="max-picture-mpx"):
        photos.load(save(tmp_path / "b.png", Image.new("L", (200, 100))), max_mpx=0.01)
    assert photos.load(tmp_path / "b.png", max_mpx=0.02).size_wh == (200, 100)


def test_pillows_own_limit_neither_applies_nor_changes(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", Image.new("L", (200, 100)))
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = 1000  # what a program around us may have set: Image.open would now raise
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            loading = [threading.Thread(target=photos.load, args=(path,)) for _ in range(4)]
            for thread in loading:
                thread.start()
            for thread in loading:
                thread.join()
            assert photos.load(path).size_wh == (200, 100)
        assert not caught and Image.MAX_IMAGE_PIXELS == 1000
    finally:
        Image.MAX_IMAGE_PIXELS = before


def test_import_loads_no_decoder() -> None:
    code = "import sys, personae.media.photos; print(any(m == 'PIL' or m.startswith('PIL.') for m in sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


def tree(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


def test_find_searches_folders_in_order_and_skips_what_is_no_photo(tmp_path: Path) -> None:
    tree(
        tmp_path,
        *("b.JPG", "a.png", "sub/deep/er/ö 😀.webp", "sub/c.heic", "notes.txt", "Thumbs.db", ".DS_Store", "._a.png"),
        *(".hidden/x.jpg", "__MACOSX/a.png", "@eaDir/a.jpg", "clip.mp4", "desktop.ini"),
    )
    found = [path.relative_to(tmp_path).as_posix() for path in photos.find(tmp_path)]
    assert found == ["a.png", "b.JPG", "sub/c.heic", "sub/deep/er/ö 😀.webp"]


def test_find_yields_named_files_whatever_they_are(tmp_path: Path) -> None:
    tree(tmp_path, "folder/a.png", "words.txt", ".hidden.png")
    given: list[str | Path] = [
        tmp_path / "words.txt",
        str(tmp_path / "missing.jpg"),
        tmp_path / ".hidden.png",
        tmp_path / "folder",
    ]
    assert list(photos.find(given)) == [
        tmp_path / "words.txt",
        tmp_path / "missing.jpg",
        tmp_path / ".hidden.png",
        tmp_path / "folder/a.png",
    ]


def test_find_survives_loops_of_links(tmp_path: Path) -> None:
    tree(tmp_path, "a/b/x.png")
    try:
        (tmp_path / "a/b/up").symlink_to(tmp_path / "a", target_is_directory=True)
        (tmp_path / "a/self").symlink_to(tmp_path / "a/self")
    except OSError:
        pytest.skip("no symbolic links on this system")
    assert list(photos.find(tmp_path)) == [tmp_path / "a/b/x.png"]


def test_a_folder_that_may_not_be_read_is_not_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, "closed/a.png", "open/b.png")
    scandir = os.scandir

    def refuse(path: Any) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = list(photos.find(tmp_path))
    assert found == [tmp_path / "closed", tmp_path / "open/b.png"]
    with pytest.raises(PhotoError, match="folder"):
        photos.load(found[0])


def test_find_is_a_stream(tmp_path: Path) -> None:
    tree(tmp_path, "a/1.png", "b/2.png")
    stream = photos.find(tmp_path)
    assert next(stream) == tmp_path / "a/1.png"
    tree(tmp_path, "b/3.png")  # not yet read
    assert [path.name for path in stream] == ["2.png", "3.png"]
