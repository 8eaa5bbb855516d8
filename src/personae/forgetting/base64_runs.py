"""What stands in a file as base64: in pages, JSON and mail, in the letters of addresses too."""

from __future__ import annotations

import base64
import binascii
import contextlib
from collections.abc import Iterator

import numpy as np

_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
_IS_LETTER = np.isin(np.arange(256), np.frombuffer(_LETTERS, np.uint8))
_OF_ADDRESSES = bytes.maketrans(b"-_", b"+/")
_BREAKS = (b"\n", b"\r\n", b"\\n", b"\\r\\n")
_LEAST = 8
"""Letters of a run; a shorter one must end in a sign that only base64 ends in."""


def base64_in(content: bytes) -> Iterator[bytes]:
    """What every run of base64 in `content` stands for; lines of mail are one run."""
    for run in _runs(content.replace(b"\\/", b"/")):
        run = run.translate(_OF_ADDRESSES)
        run = run[:-1] if len(run) % 4 == 1 else run
        with contextlib.suppress(binascii.Error):
            yield base64.b64decode(run + b"=" * (-len(run) % 4))


def _runs(content: bytes) -> Iterator[bytes]:
    is_letter = np.zeros(len(content) + 2, bool)
    is_letter[1:-1] = _IS_LETTER[np.frombuffer(content, np.uint8)]
    edges = np.flatnonzero(is_letter[1:] != is_letter[:-1])
    begins, ends = edges[::2], edges[1::2]
    padded = np.zeros(len(content) + 1, bool)
    padded[:-1] = np.frombuffer(content, np.uint8) == ord("=")
    long_enough = (ends - begins >= _LEAST) | ((ends - begins >= 2) & padded[ends])
    parts: list[bytes] = []
    last = -1
    for begin, end in zip(begins[long_enough].tolist(), ends[long_enough].tolist(), strict=True):
        if parts and content[last:begin] not in _BREAKS:
            yield from _whole_and_parts(parts)
            parts = []
        parts.append(content[begin:end])
        last = end
    if parts:
        yield from _whole_and_parts(parts)


def _whole_and_parts(parts: list[bytes]) -> Iterator[bytes]:
    """The lines as one run; they may be no more than words below each other, so each by itself too."""
    yield b"".join(parts)
    if len(parts) > 1:
        yield from parts
