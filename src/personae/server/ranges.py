"""A file as an answer: whole or one range of it, read piece by piece in a thread, and never decoded.

Starlette's `FileResponse` has ranges too. It opens the file by its name after whoever checked it, answers a unit that
it does not know with 400 where RFC 9110 has the header ignored, takes a date in `If-Range` for a strong validator,
sends up to a hundred parts, and has no answer to `If-None-Match`.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BufferedReader
from typing import Literal

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from personae.server.problems import problem

PIECE = 2**18
JPEG = "image/jpeg"
JPEG_ANSWER: dict[int | str, dict[str, object]] = {
    200: {"description": "A JPEG.", "content": {JPEG: {}}},
    410: {"description": "It is not there any more."},
}
"""How a route says so in the OpenAPI document."""
_RANGE = re.compile(r"bytes[ \t]*=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.ASCII | re.IGNORECASE)
SANDBOX = "default-src 'none'; sandbox"
"""Nothing that a browser shows of a file may run, ask or reach this server's pages."""


@dataclass(frozen=True)
class Part:
    """A stretch of a file, half-open, in bytes."""

    start: int
    end: int


def etag_of(file: BufferedReader) -> str:
    """A strong ETag: which file it is, its size and when it was changed."""
    stat = os.fstat(file.fileno())
    facts = f"{stat.st_dev} {stat.st_ino} {stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns}"
    return f'"{sha256(facts.encode()).hexdigest()[:32]}"'


def wanted(headers: Mapping[str, str], size: int, etag: str) -> Part | None:
    """What part of a file a request is for; None: the whole; an empty part: one that lies beyond the end.

    A range in another unit, several ranges, and what is no range at all are answered with the whole, as RFC 9110
    allows; and so is a range of a file that is not the one with the ETag in `If-Range`. A date there is no strong
    validator: a file may be changed twice in a second.
    """
    found = _RANGE.fullmatch(headers.get("range", ""))
    if found is None or headers.get("if-range", etag) != etag:
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if first and last and int(last) < int(first):
        return None
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last) + 1, size) if first and last else size
    return Part(start, max(start, end))


def knows(request: Request, etag: str) -> bool:
    """Whether the client has the content with this ETag already (`If-None-Match`)."""
    given = request.headers.get("if-none-match", "")
    return any(one.strip().removeprefix("W/") in (etag, "*") for one in given.split(","))


def file_answer(
    file: BufferedReader, request: Request, media_type: str, headers: Mapping[str, str] | None = None
) -> Response:
    """An open file, or the range of it that was asked for. It is closed when that is answered or the client has gone.

    `HEAD` says what `GET` without a range would.
    """
    size, etag = os.fstat(file.fileno()).st_size, etag_of(file)
    own = {
        "accept-ranges": "bytes",
        "etag": etag,
        "cache-control": "private, no-cache",
        "content-security-policy": SANDBOX,
        **(headers or {}),
    }
    part = wanted(request.headers, size, etag) if request.method == "GET" else None
    if knows(request, etag):
        file.close()
        return Response(status_code=304, headers=own)
    if part is not None and part.start >= part.end:
        file.close()
        answer = problem(416, "range", f"The file has {size} bytes, and none of them lies in this range.")
        answer.headers["content-range"] = f"bytes */{size}"
        return answer
    own["content-length"] = str(size if part is None else part.end - part.start)
    if request.method == "HEAD":
        file.close()
        return Response(headers=own, media_type=media_type)
    if part is not None:
        own["content-range"] = f"bytes {part.start}-{part.end - 1}/{size}"
    return _FileAnswer(file, part or Part(0, size), 200 if part is None else 206, own, media_type)


class _FileAnswer(StreamingResponse):
    """Closes its file whatever happens."""

    def __init__(
        self, file: BufferedReader, part: Part, status: int, headers: Mapping[str, str], media_type: str
    ) -> None:
        self._file = file
        super().__init__(_pieces(file, part), status, headers, media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


async def _pieces(file: BufferedReader, part: Part) -> AsyncIterator[bytes]:
    """The bytes of a part. A file that has become shorter meanwhile ends the connection: the length was promised."""
    left = part.end - part.start
    if left:
        await run_sync(file.seek, part.start)
    while left > 0:
        piece = await run_sync(file.read, min(PIECE, left))
        if not piece:
            raise OSError("The file was cut while it was sent.")
        left -= len(piece)
        yield piece


def content(
    data: bytes,
    request: Request,
    media_type: str,
    *,
    digest: str,
    keeps: Literal["for-good", "asks"] = "for-good",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Bytes whose `digest` (or what it stands for) is their ETag.

    `keeps`: "for-good" where the digest stands in the address: it is never another content; "asks": a client asks each
    time whether they are still the same.
    """
    etag = f'"{digest}"'
    kept = "private, max-age=31536000, immutable" if keeps == "for-good" else "private, no-cache"
    own = {"etag": etag, "cache-control": kept, "content-security-policy": SANDBOX, **(headers or {})}
    if knows(request, etag):
        return Response(status_code=304, headers=own)
    return Response(data, headers=own, media_type=media_type)
