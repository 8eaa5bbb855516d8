"""XMP inside a photo's file: JPEG (an APP1 segment), PNG (an iTXt chunk). Bytes in, bytes out; nothing is decoded.

Every byte but the packet's own segment stays as it is, so the picture is the same. Files in which that would break
something keep their bytes, and say why: several pictures in one JPEG (its table of them counts bytes), and content
credentials (C2PA), which vouch for the whole file.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from personae.media.xmp import LARGEST

_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_LARGEST_IN_JPEG = 0xFFFF - 2 - len(_JPEG_XMP)
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_XMP = b"XML:com.adobe.xmp\0"
_SOS, _EOI, _APP1 = 0xDA, 0xD9, 0xE1


class CannotEmbedError(ValueError):
    """Why XMP cannot be put into a file, in a few words; the file is as good as ever."""


def packet_in(content: bytes) -> bytes | None:
    """The packet in a photo's file; None where there is none. Raises CannotEmbedError as `with_packet`."""
    if content.startswith(b"\xff\xd8"):
        own = _jpeg_packet(content)
        return None if own is None else content[own[0] + 4 + len(_JPEG_XMP) : own[1]]
    if content.startswith(_PNG):
        own = _png_packet(content)
        return None if own is None else _png_text(content[own[0] + 8 : own[1] - 4])
    raise CannotEmbedError("XMP is put into JPEG and PNG only")


def with_packet(content: bytes, packet: bytes | None) -> bytes:
    """The file with `packet` in place of its own, None: without; raises CannotEmbedError."""
    if content.startswith(b"\xff\xd8"):
        return _in_jpeg(content, packet)
    if content.startswith(_PNG):
        return _in_png(content, packet)
    raise CannotEmbedError("XMP is put into JPEG and PNG only")


def _in_jpeg(content: bytes, packet: bytes | None) -> bytes:
    if packet is not None and len(packet) > _LARGEST_IN_JPEG:
        raise CannotEmbedError("its XMP is larger than the 64 KB that a JPEG takes in one piece")
    segment = b""
    if packet is not None:
        body = _JPEG_XMP + packet
        segment = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    own = _jpeg_packet(content)
    if own is not None:
        return content[: own[0]] + segment + content[own[1] :]
    place = 2
    for marker, start, end in _jpeg_segments(content):
        if marker == 0xE0 or (marker == _APP1 and content.startswith(b"Exif\0", start + 4)):  # these come first
            place = end
    return content[:place] + segment + content[place:]


def _jpeg_packet(content: bytes) -> tuple[int, int] | None:
    """Where the segment with the packet begins and ends; raises CannotEmbedError for a file that must stay as it is."""
    found = None
    for marker, start, end in _jpeg_segments(content):
        if marker == 0xE2 and content.startswith(b"MPF\0", start + 4):
            raise CannotEmbedError("it holds several pictures, which would not be found any more")
        if marker == 0xEB and content.startswith(b"JP", start + 4):
            raise CannotEmbedError("it has content credentials, which would not hold any more")
        if marker == _APP1 and found is None and content.startswith(_JPEG_XMP, start + 4):
            found = start, end
    return found


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of each segment before the picture; raises CannotEmbedError for a broken file."""
    at = 2
    while True:
        while content[at : at + 2] == b"\xff\xff":  # a marker may have bytes before it that fill up
            at += 1
        if at + 4 > len(content) or content[at] != 0xFF:
            raise CannotEmbedError("it is no whole JPEG")
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if marker in (_SOS, _EOI):
            return
        if length < 2 or at + 2 + length > len(content):
            raise CannotEmbedError("it is no whole JPEG")
        yield marker, at, at + 2 + length
        at += 2 + length


def _in_png(content: bytes, packet: bytes | None) -> bytes:
    chunk = b""
    if packet is not None:
        body = b"iTXt" + _PNG_XMP + b"\0\0\0\0" + packet
        chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    own = _png_packet(content)
    if own is not None:
        return content[: own[0]] + chunk + content[own[1] :]
    _, _, place = next(_png_chunks(content))
    return content[:place] + chunk + content[place:]


def _png_packet(content: bytes) -> tuple[int, int] | None:
    found = None
    for kind, start, end in _png_chunks(content):
        if kind == b"caBX":
            raise CannotEmbedError("it has content credentials, which would not hold any more")
        if kind == b"iTXt" and found is None and content.startswith(_PNG_XMP, start + 8):
            found = start, end
    return found


def _png_text(body: bytes) -> bytes:
    """The text of an iTXt chunk."""
    compressed = body[len(_PNG_XMP) : len(_PNG_XMP) + 1] == b"\1"
    text = body[len(_PNG_XMP) + 2 :].split(b"\0", 2)[-1]  # after language and translated keyword
    if not compressed:
        return text
    try:
        return zlib.decompressobj().decompress(text, LARGEST)
    except zlib.error:
        raise CannotEmbedError("the XMP in it cannot be read") from None


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(kind, start, end) of each chunk; raises CannotEmbedError for a broken file."""
    at = len(_PNG)
    while True:
        kind, end = content[at + 4 : at + 8], at + 12 + int.from_bytes(content[at : at + 4], "big")
        if end > len(content) or len(kind) < 4:
            raise CannotEmbedError("it is no whole PNG")
        yield kind, at, end
        if kind == b"IEND":
            return
        at = end
