"""Text files that people write: in an editor, or saved from a spreadsheet."""

from __future__ import annotations

import codecs
from pathlib import Path

from personae.errors import InputError

LARGEST = 64 << 20
"""Bytes; a list of names has far less."""


def text_of(path: Path) -> str:
    """A file as text: UTF-8, with or without a byte order mark, or UTF-16 with one. Raises InputError."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}). Check the path.") from None
    if len(raw) > LARGEST:
        raise InputError(f"{path} is larger than {LARGEST >> 20} MiB: that is no list of names.")
    encoding = "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError(f"{path}: line {line} is not UTF-8. Save the file as UTF-8.") from None


def lines_of(path: Path) -> list[str]:
    """The lines of a file. Raises as `text_of`."""
    return text_of(path).splitlines()
