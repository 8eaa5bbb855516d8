"""Files that name other files, over every way of the service: what they name is never opened."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from personae import Project
from personae.films.media_id import id_of
from tests.film_maker import make_film
from tests.server.conftest import API, Served
from tests.server.files.conftest import FAKE

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="who opens a file is told by inotify")
IN_OPEN = 0x20


@contextmanager
def opened(path: Path) -> Iterator[list[str]]:
    """What was opened of a file while inside, by any process: empty where nobody did."""
    libc = ctypes.CDLL(None, use_errno=True)
    handle = libc.inotify_init1(os.O_NONBLOCK)
    assert handle >= 0
    assert libc.inotify_add_watch(handle, os.fsencode(path), IN_OPEN) >= 0
    found: list[str] = []
    try:
        yield found
        try:
            while os.read(handle, 4096):
                found.append("opened")
        except BlockingIOError:
            pass
    finally:
        os.close(handle)


def _texts(target: Path) -> dict[str, str]:
    name, url = target.name, target.as_uri()
    return {
        "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.0,\n{name}\n#EXT-X-ENDLIST\n",
        "absolute.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.0,\n{url}\n#EXT-X-ENDLIST\n",
        "cuts.ffconcat": f"ffconcat version 1.0\nfile '{target}'\n",
        "dash.mpd": (
            '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
            'mediaPresentationDuration="PT1S"><Period><AdaptationSet mimeType="video/mp2t"><Representation id="1" '
            f'bandwidth="1"><BaseURL>{url}</BaseURL></Representation></AdaptationSet></Period></MPD>'
        ),
        "picture.svg": (
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" width="99" height="99">'
            f'<image x:href="{url}" width="99" height="99"/></svg>'
        ),
        "session.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    }


def _reference_movie(film: bytes, target: Path) -> bytes:
    """A QuickTime film whose pictures are said to lie in another file, by an alias with the whole path."""
    path = os.fsencode(target)
    path += b"\0" * (len(path) % 2)
    name = os.fsencode(target.name)[:63]
    alias = b"\0" * 10 + b"\x01v" + b"\0" * 26 + b"\0" * 12 + bytes([len(name)]) + name.ljust(63, b"\0")
    alias += b"\0" * 16 + struct.pack(">hh", 1, 1) + b"\0" * 16 + struct.pack(">HH", 2, len(path)) + path
    alias += struct.pack(">HH", 0xFFFF, 0)
    entry = struct.pack(">I", 12 + len(alias)) + b"alis\0\0\0\0" + alias

    def changed(content: bytes) -> bytes:
        made, at = b"", 0
        while at < len(content):
            size, kind = struct.unpack(">I4s", content[at : at + 8])
            size = size or len(content) - at
            inner = content[at + 8 : at + size]
            if kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
                inner = changed(inner)
            elif kind == b"dref":
                inner = inner[:8] + entry
            made += struct.pack(">I", 8 + len(inner)) + kind + inner
            at += size
        return made

    return changed(film)


@pytest.fixture
def attack(tmp_path: Path) -> tuple[Path, Path]:
    """A media root with files that name a film outside it, and that film."""
    target = tmp_path / "secret" / "target.ts"
    target.parent.mkdir()
    make_film(target, frames=25)
    media = tmp_path / "media"
    media.mkdir()
    for name, text in _texts(target).items():
        (media / name).write_text(text)
    own = make_film(media / "own.mov", frames=25)
    (media / "reference.mov").write_bytes(_reference_movie(own.read_bytes(), target))
    assert b"alis" in (media / "reference.mov").read_bytes()
    return media, target


def test_no_way_opens_what_a_file_names(
    attack: tuple[Path, Path], pictured_home: Path, serve: Callable[..., Served], tmp_path: Path
) -> None:
    media, target = attack
    served = serve(Project.open(tmp_path / "project", settings=FAKE), media)
    (tmp_path / "project" / "settings.toml").write_text('detector = "fake"\nembedder = "fake"\n')
    client = served.client
    (root,) = client.get(f"{API}/roots").json()["roots"]
    with opened(target) as seen:
        for path in sorted(media.iterdir()):
            uploaded = client.post(f"{API}/identify", files={"photo": (path.name, path.read_bytes(), "image/jpeg")})
            assert uploaded.json()["pictures"][0]["error"], path.name
            there = client.get(f"{API}/roots/{root['id']}/identify", params={"path": path.name})
            assert there.json()["pictures"][0]["error"], path.name
            assert str(target.parent) not in uploaded.text + there.text
            asked = {"root": root["id"], "paths": [path.name]}
            assert client.post(f"{API}/films", json=asked).status_code == 202
            (job,) = served.work()
            if path.name == "own.mov":
                assert job.state == "done", job.error
            elif job.state == "done":  # a reference movie holds its own pictures too
                assert path.name == "reference.mov"
            else:
                assert job.state == "failed", path.name
    assert not seen


def test_the_watch_can_see(attack: tuple[Path, Path]) -> None:
    _, target = attack
    with opened(target) as seen:
        target.read_bytes()
    assert seen


def test_a_film_that_names_others_was_scanned_by_its_owner_and_is_followed_for_nobody_else(
    attack: tuple[Path, Path], serve: Callable[..., Served], tmp_path: Path
) -> None:
    media, target = attack
    project = Project.open(tmp_path / "project", settings=FAKE)
    film = project.films.scan(media / "cuts.ffconcat", follow_references=True)
    served = serve(project, media)
    address = f"{API}/media/{id_of('film', film.name)}"
    with opened(target) as seen:
        file = served.client.get(f"{address}/file")
        assert file.headers["content-type"] == "application/octet-stream"
        picture = served.client.get(f"{address}/picture", params={"at_s": 0}).json()["address"]
        answer = served.client.get(picture)
        assert (answer.status_code, answer.json()["code"]) == (422, "film")
        assert served.client.post(f"{address}/exports", json={"kind": "annotated"}).status_code == 202
        (job,) = served.work()
        assert job.state == "failed"
    assert not seen
