"""Films by HTTP range: every range, never a path out of the roots, never read whole."""

from __future__ import annotations

import asyncio
import os
import shutil
import tracemalloc
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

import pytest

from personae import Project
from personae.films.media_id import id_of
from personae.server.media_types import film_type_of
from personae.server.roots import MediaRoots
from tests.film_maker import make_film
from tests.server.conftest import API, Served
from tests.server.files.conftest import FAKE

FILM = f"{API}/media/{id_of('film', 'ep1')}/file"


@pytest.fixture
def content(pictured: Served) -> bytes:
    return (pictured.media / "ep1.mkv").read_bytes()


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-0", 0, 1), ("bytes=10-19", 10, 20), ("bytes=5-", 5, None), ("bytes=-7", -7, None),
     ("bytes=3-999999999999", 3, None), ("bytes=-999999999999", 0, None), ("BYTES = 1-2", 1, 3)],
)  # fmt: skip
def test_a_range_is_that_part_of_the_file(
    pictured: Served, content: bytes, asked: str, start: int, end: int | None
) -> None:
    answer = pictured.client.get(FILM, headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == content[start:end]
    first = start % len(content)
    last = len(content) - 1 if end is None else end - 1
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(content)}"
    assert answer.headers["content-length"] == str(len(answer.content))


@pytest.mark.parametrize(
    "asked",
    [b"", b"bytes=", b"bytes=-", b"bytes=a-b", b"bytes=5-2", b"bytes=0-1,3-4", b"frames=0-1", b"bytes=+1-2",
     b"bytes=1_0-20", b"bytes=--1", "bytes=\u0661-\u0662".encode(), b"bytes=" + b"9" * 5000 + b"-"],
)  # fmt: skip
def test_what_is_not_one_range_is_answered_with_the_whole(pictured: Served, content: bytes, asked: bytes) -> None:
    answer = pictured.client.get(FILM, headers={b"Range": asked})
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize("asked", ["bytes={size}-", "bytes={size}-{size}", "bytes=-0"])
def test_a_range_beyond_the_end_is_416_with_the_size(pictured: Served, content: bytes, asked: str) -> None:
    answer = pictured.client.get(FILM, headers={"Range": asked.format(size=len(content))})
    assert (answer.status_code, answer.json()["code"]) == (416, "range")
    assert answer.headers["content-range"] == f"bytes */{len(content)}"


def test_head_says_what_get_would_and_sends_nothing(pictured: Served, content: bytes) -> None:
    answer = pictured.client.head(FILM, headers={"Range": "bytes=0-1"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(content))
    assert answer.headers["etag"] == pictured.client.get(FILM).headers["etag"]


def test_a_film_that_was_changed_is_sent_whole_to_who_goes_on(
    pictured_home: Path, tmp_path: Path, serve: Callable[..., Served]
) -> None:
    media = tmp_path / "media"
    media.mkdir()
    shutil.copy(pictured_home / "media" / "ep1.mkv", media / "ep1.mkv")
    with Project.open(tmp_path / "project", settings=FAKE) as project:
        project.films.scan(media / "ep1.mkv").close()
        client = serve(project, media).client
        etag = client.get(FILM).headers["etag"]
        assert not etag.startswith("W/")
        goes_on = {"Range": "bytes=4-", "If-Range": etag}
        assert client.get(FILM, headers=goes_on).status_code == 206
        assert client.get(FILM, headers={"If-None-Match": etag}).status_code == 304
        before = (media / "ep1.mkv").stat()
        with (media / "ep1.mkv").open("r+b") as file:
            file.seek(100)
            file.write(b"changed")
        os.utime(media / "ep1.mkv", ns=(before.st_atime_ns, before.st_mtime_ns))  # as a copying program does
        answer = client.get(FILM, headers=goes_on)
        assert answer.status_code == 200
        assert answer.headers["etag"] != etag
        assert client.get(FILM, headers={"If-None-Match": etag}).status_code == 200
        dated = {"Range": "bytes=4-", "If-Range": "Sun, 06 Nov 1994 08:49:37 GMT"}
        assert client.get(FILM, headers=dated).status_code == 200


def test_a_film_outside_the_roots_or_gone_is_not_there(
    pictured: Served, pictured_home: Path, tmp_path: Path, serve: Callable[..., Served]
) -> None:
    other = serve(pictured.project, tmp_path / "other")
    answer = other.client.get(FILM)
    assert (answer.status_code, answer.json()["code"]) == (404, "no-file")
    assert "media" not in answer.text and "ep1" not in answer.text
    # A link below the root that leads out is no way out, and what is gone looks the same.
    media = tmp_path / "linked"
    media.mkdir()
    (media / "ep2.mkv").symlink_to(pictured_home / "media" / "ep1.mkv")
    with Project.open(tmp_path / "project2", settings=FAKE) as project:
        project.films.scan(media / "ep2.mkv").close()
        linked = serve(project, media).client
        address = f"{API}/media/{id_of('film', 'ep2')}/file"
        assert linked.get(address).json() == answer.json()
        (media / "ep2.mkv").unlink()
        assert linked.get(address).json() == answer.json()
        (media / "ep2.mkv").mkdir()
        assert linked.get(address).json()["code"] in ("no-file", "numbered-pictures")
    assert other.client.get(f"{API}/media/..%2F..%2Fetc%2Fpasswd/file").status_code == 404


def test_each_part_of_a_film_of_several_files(tmp_path: Path, serve: Callable[..., Served]) -> None:
    media = tmp_path / "media"
    media.mkdir()
    parts = [make_film(media / name, frames=12) for name in ("a.mkv", "b.mp4")]
    with Project.open(tmp_path / "project", settings=FAKE) as project:
        film = project.films.scan(parts)
        client = serve(project, media).client
        address = f"{API}/media/{id_of('film', film.name)}/file"
        for number, path in enumerate(parts, 1):
            assert client.get(address, params={"part": number}).content == path.read_bytes()
        assert client.get(address, params={"part": 2}).headers["content-type"] == "video/mp4"
        answer = client.get(address, params={"part": 3})
        assert (answer.status_code, answer.json()["code"]) == (404, "no-part")
        assert client.get(address, params={"part": 0}).status_code == 422


def test_a_huge_film_is_sent_without_being_read_whole(pictured: Served, tmp_path: Path) -> None:
    media = tmp_path / "media"
    media.mkdir(exist_ok=True)
    film = make_film(media / "big.mkv", frames=12)
    with pictured.project.films.scan(film):
        pass
    os.truncate(film, 100 * 2**20)  # sparse
    pictured.service.roots = MediaRoots([media])
    address = f"{API}/media/{id_of('film', 'big')}/file"
    assert len(pictured.client.get(address, headers={"Range": "bytes=-10"}).content) == 10
    tracemalloc.start()
    try:
        sent, largest = asyncio.run(_sent(pictured, address))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sent == 100 * 2**20
    assert largest <= 2**20
    assert most < 8 * 2**20


async def _sent(served: Served, address: str) -> tuple[int, int]:
    """How many bytes the application sends for an address, and the largest piece; nothing is kept (a client does)."""
    sent, largest = 0, 0
    headers = [(b"host", b"127.0.0.1:8765"), (b"authorization", f"Bearer {served.service.token}".encode())]

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal sent, largest
        piece = len(message.get("body", b""))
        sent, largest = sent + piece, max(largest, piece)

    await served.app(
        {"type": "http", "method": "GET", "path": address, "raw_path": address.encode(), "query_string": b"",
         "headers": headers, "scheme": "http", "http_version": "1.1", "asgi": {"spec_version": "2.4"},
         "server": ("127.0.0.1", 8765), "client": ("127.0.0.1", 1), "root_path": ""}, receive, send,
    )  # fmt: skip
    return sent, largest


def test_types_are_told_by_content_and_never_a_pages(pictured: Served) -> None:
    answer = pictured.client.get(FILM)
    assert answer.headers["content-type"] == "video/x-matroska"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["content-disposition"] == "inline; filename=\"ep1.mkv\"; filename*=UTF-8''ep1.mkv"
    for beginning, kind in (
        (b"<html><script>alert(1)</script>", "application/octet-stream"),
        (b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "application/octet-stream"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", "application/octet-stream"),
        (b"", "application/octet-stream"),
        (b"\0\0\0\x18ftypmp42", "video/mp4"),
        (b"\0\0\0\x14ftypqt  ", "video/quicktime"),
        (b"\x1a\x45\xdf\xa3\x9fB\x82\x84webm", "video/webm"),
        (b"RIFF\0\0\0\0AVI LIST", "video/x-msvideo"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "application/octet-stream"),
        (b"G" + b"\0" * 187 + b"G" + b"\0" * 187 + b"G" + b"\0" * 187, "video/mp2t"),
    ):
        assert film_type_of(beginning) == kind, beginning
