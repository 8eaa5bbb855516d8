"""How files go wrong: bytes are flipped, cut off, put in and doubled; values of JSON, arrays and rows become odd.

Everything takes its chance from a `random.Random`, so that a seed and a number name one case for ever.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

WHOLE = (
    0, 1, -1, 2, 127, 128, 255, 256, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**53, 2**63 - 1, -(2**63), 10**30,
)  # fmt: skip
NUMBERS = (0.0, -0.0, 0.5, -1.0, 1.0001, 1e-320, 1e-9, 1e9, 1e18, 1e300, -1e300, math.nan, math.inf, -math.inf)
TEXTS = (
    "", " ", "x", "Thor", "Unknown 1", "Unknown 0", "../../etc/passwd", "/etc/passwd", "a\0b", "\ud800", "a\nb",
    "\x1b[31m", "[/b]", "<b>", "=1+1", "25/1", "0/1", "1/0", "-1/25", "1/90000", "01:00:00:00", "99:99:99:99", "NaN",
    "1e999", "\u202e\u200b", "x" * 5000, "personae/timeline/3", "cut", "model", "person",
)  # fmt: skip
HEADER = 1024
"""Half of all changes of bytes are in what stands first: there are the sizes."""


def bytes_gone_wrong(rng: Random, content: bytes, others: Sequence[bytes] = ()) -> bytes:
    """`content` with one to four things wrong with it."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        content = _one_wrong(rng, content, others)
    return content


def _one_wrong(rng: Random, content: bytes, others: Sequence[bytes]) -> bytes:
    if not content:
        return rng.randbytes(rng.randrange(1, 64))
    reach = min(HEADER, len(content)) if rng.random() < 0.5 else len(content)
    at = rng.randrange(reach)
    length = min(rng.choice((1, 2, 4, 8, 64, 512)), len(content) - at)
    what = rng.randrange(10)
    if what <= 2:  # bits
        flipped = bytearray(content)
        for _ in range(rng.choice((1, 1, 3, 16))):
            flipped[rng.randrange(reach)] ^= 1 << rng.randrange(8)
        return bytes(flipped)
    if what <= 4:  # a number, perhaps a size or an offset
        form = rng.choice(("<H", ">H", "<I", ">I", "<Q", ">Q"))
        size = struct.calcsize(form)
        number = rng.choice(WHOLE) if rng.random() < 0.7 else rng.getrandbits(8 * size)
        return content[:at] + struct.pack(form, number % (1 << 8 * size)) + content[at + size :]
    if what == 5:
        return content[: rng.randrange(len(content))]
    if what == 6:
        return content[:at] + rng.randbytes(length) + content[at:]
    if what == 7:
        return content[:at] + content[at + length :]
    if what == 8:
        return content[:at] + content[at : at + length] * rng.choice((2, 3, 50)) + content[at + length :]
    other = rng.choice(others) if others else content
    start = rng.randrange(len(other))
    return content[:at] + other[start : start + rng.choice((4, 64, 4096))] + content[at + length :]


def with_png_checksums(content: bytes) -> bytes:
    """A PNG, or what is left of one, with the checksum of each part made right; anything else as it is."""
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        return content
    result, at = bytearray(content), 8
    while at + 12 <= len(result):
        end = at + 8 + int.from_bytes(result[at : at + 4], "big")
        if end + 4 <= len(result):
            result[end : end + 4] = zlib.crc32(result[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(result)


def odd_value(rng: Random, before: Any = None) -> Any:
    """A value to put in place of another: near it, or of another kind."""
    if isinstance(before, bool) or before is None or rng.random() < 0.4:
        return rng.choice(
            (None, True, False, [], {}, [1], {"a": 1}, rng.choice(WHOLE), rng.choice(NUMBERS), rng.choice(TEXTS))
        )
    if isinstance(before, int):
        return rng.choice((before + 1, before - 1, -before, before * 1000, float(before), rng.choice(WHOLE)))
    if isinstance(before, float):
        return rng.choice((before * -1, before + 1e-3, before * 1e6, rng.choice(NUMBERS)))
    if isinstance(before, str):
        at = rng.randrange(len(before) + 1)
        return rng.choice((before[:at], before[:at] + rng.choice(TEXTS) + before[at:], rng.choice(TEXTS)))
    if isinstance(before, list) and before:
        return rng.choice((before[:-1], before + before[:1], before[::-1], before * 3, [before]))
    return rng.choice(([], {}, "x", 5))


def document_gone_wrong(rng: Random, document: Any) -> Any:
    """A copy of a JSON document with one to three values changed, taken away, added or put elsewhere."""
    document = json.loads(json.dumps(document))
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        found = _places(document)
        if not found:
            break
        inner, key = rng.choice(found)
        what = rng.randrange(8)
        if what == 0:
            del inner[key]
        elif what == 1 and isinstance(inner, list):
            inner.insert(key, inner[key])
        elif what == 2:
            inner[key] = rng.choice(found)[0]
            if _is_circular(document):
                inner[key] = None
        elif what == 3:
            nested: Any = inner[key]
            for _ in range(rng.choice((1, 40, 400))):
                nested = [nested]
            inner[key] = nested
            break
        else:
            inner[key] = odd_value(rng, inner[key])
    return document


def text_of(document: Any) -> bytes:
    """As a careless program writes it: NaN, Infinity and half characters too."""
    try:
        return json.dumps(document).encode()
    except (RecursionError, ValueError):  # nested deeper than it can be written
        return b"[" * 100_000


def _places(document: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    rows = list(document.items()) if isinstance(document, dict) else list(enumerate(document))
    for key, value in rows:
        found.append((document, key))
        if isinstance(value, dict | list):
            found += _places(value)
    return found


def _is_circular(document: Any) -> bool:
    try:
        json.dumps(document)
    except (ValueError, RecursionError):
        return True
    return False


def array_gone_wrong(rng: Random, array: NDArray[Any]) -> NDArray[Any]:
    """An array with an odd value, or of another shape or type."""
    what = rng.randrange(8)
    if what <= 4 and array.size:
        array = array.copy()
        value = rng.choice(NUMBERS) if array.dtype.kind == "f" else rng.choice(WHOLE) % 2**31
        for _ in range(rng.choice((1, 1, array.size))):
            with np.errstate(all="ignore"):
                array.flat[rng.randrange(array.size)] = np.array(value).astype(array.dtype)
        return array
    if what == 5:
        return array[: rng.randrange(len(array) + 1)] if array.ndim else array.reshape(1)
    if what == 6:
        return array.reshape(rng.choice(((-1,), (1, *array.shape), (*array.shape, 1))))
    with np.errstate(all="ignore"):
        return array.astype(rng.choice(("float32", "float64", "int64", "int32", "uint8", "bool")))


def archive_gone_wrong(rng: Random, arrays: dict[str, NDArray[Any]], facts: Any) -> tuple[dict[str, NDArray[Any]], Any]:
    """Arrays and facts with something wrong in either."""
    arrays = dict(arrays)
    for _ in range(rng.choice((0, 1, 1, 2))):
        name = rng.choice(sorted(arrays))
        if rng.random() < 0.1:
            del arrays[name]
        else:
            arrays[name] = array_gone_wrong(rng, arrays[name])
    return arrays, document_gone_wrong(rng, facts) if rng.random() < 0.6 else facts
