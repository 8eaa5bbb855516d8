"""What a file is, by its first bytes. Never a type that a browser runs as a page, whatever the file is called."""

from __future__ import annotations

from io import BufferedReader

UNKNOWN = "application/octet-stream"
_LOOKED_AT = 4096
_QUICKTIME_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_BEGINNINGS = (
    (b"OggS", "video/ogg"),
    (b"FLV\x01", "video/x-flv"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf"),
    (b"\x06\x0e\x2b\x34", "application/mxf"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"\x00\x00\x01\xb3", "video/mpeg"),
    (b"DKIF", "video/x-ivf"),
)
_PACKETS = ((188, 0), (192, 4), (204, 0))
"""Lengths of an MPEG transport stream's packets, and where in one its mark stands."""


def film_type(file: BufferedReader) -> str:
    """The media type of an open film, which is at its beginning again afterwards."""
    beginning = file.read(_LOOKED_AT)
    file.seek(0)
    return film_type_of(beginning)


def film_type_of(beginning: bytes) -> str:
    """The media type of a film by its first bytes; that of anything for what is none."""
    atom, brand = beginning[4:8], beginning[8:12]
    if atom == b"ftyp":
        return "video/quicktime" if brand == b"qt  " else "video/mp4"
    if atom in _QUICKTIME_ATOMS:
        return "video/quicktime"
    if beginning.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if b"webm" in beginning[:64] else "video/x-matroska"
    if beginning.startswith(b"RIFF") and beginning[8:12] == b"AVI ":
        return "video/x-msvideo"
    for length, mark in _PACKETS:
        if len(beginning) > mark + 2 * length and all(beginning[mark + at * length] == 0x47 for at in range(3)):
            return "video/mp2t"
    return next((kind for begins, kind in _BEGINNINGS if beginning.startswith(begins)), UNKNOWN)
