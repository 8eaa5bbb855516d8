"""ZIP files that are sent while they are made: one member is in memory at a time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from itertools import chain

from fastapi.responses import StreamingResponse

from personae.server.downloads import disposition, file_name

TYPE = "application/zip"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def zip_answer(members: Iterable[tuple[str, bytes]], name: str) -> StreamingResponse:
    """A download called `name`.zip; `members`: path in it (with "/") and content. The first is made at once: what it
    raises is still an answer of its own.
    """
    each = iter(members)
    first = list(zip(range(1), each, strict=False))
    every = chain((member for _, member in first), each)
    headers = {"content-disposition": disposition(name, ".zip"), "cache-control": "private, no-store"}
    return StreamingResponse(pieces(every), media_type=TYPE, headers=headers)


def pieces(members: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """A ZIP file, piece by piece. No member leads out of where it is unpacked; two of one name stay two."""
    out = _Out()
    taken: set[str] = set()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            info = zipfile.ZipInfo(_free("/".join(map(file_name, _parts(name))), taken), _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(info, content)
            yield out.taken()
    yield out.taken()


def _parts(name: str) -> list[str]:
    return [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")] or ["file"]


def _free(name: str, taken: set[str]) -> str:
    free, number = name, 1
    folder, _, own = name.rpartition("/")
    stem, dot, suffix = own.partition(".")
    while free.casefold() in taken:
        number += 1
        free = f"{folder}{'/' * bool(folder)}{stem}-{number}{dot}{suffix}"
    taken.add(free.casefold())
    return free


class _Out(io.RawIOBase):
    """What a ZIP file is written to: it cannot go back, and gives away what it has."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: object) -> int:
        content = bytes(piece)  # type: ignore[call-overload]
        self._pieces.append(content)
        return len(content)

    def taken(self) -> bytes:
        found = b"".join(self._pieces)
        self._pieces.clear()
        return found
