"""Files that make FFmpeg open others: refused by their kind, whatever they are called, unless that is asked for."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from personae.errors import FilmError
from personae.exports.annotated_film import write_annotated
from personae.exports.stringouts import write_stringout
from personae.media.video import open_film
from personae.timeline.selection import Cut
from tests.film_maker import make_film, number_in, numbered
from tests.timelines import film as timeline_of

REFUSED = "it names other files, which would be read in its place.*--follow-references"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    make_film(tmp_path / "parts" / "1.ts", frames=25)
    make_film(tmp_path / "parts" / "2.ts", frames=25, draw=lambda n: numbered(n + 25))
    return tmp_path


def concat(folder: Path, *, absolute: bool = False) -> str:
    names = [folder / "parts" / name if absolute else Path("parts") / name for name in ("1.ts", "2.ts")]
    return "ffconcat version 1.0\n" + "".join(f"file '{name}'\n" for name in names)


PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.0,\nparts/1.ts\n#EXT-X-ENDLIST\n"
SESSION = (
    "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
)


@pytest.mark.parametrize("name", ["a.ffconcat", "a.mp4", "a.txt", "a"])
@pytest.mark.parametrize("absolute", [False, True])
def test_scripts_are_refused_by_their_content(folder: Path, name: str, absolute: bool) -> None:
    path = folder / name
    path.write_text(concat(folder, absolute=absolute))
    with pytest.raises(FilmError, match=REFUSED):
        open_film(path)
    with open_film(path, follow_references=True) as film:
        assert [number_in(picture.rgb()) for picture in film.pictures()] == list(range(50))


def test_playlists_and_session_descriptions_are_refused(folder: Path) -> None:
    for name, content in (("a.m3u8", PLAYLIST), ("a.sdp", SESSION)):
        (folder / name).write_text(content)
        with pytest.raises(FilmError, match=REFUSED):
            open_film(folder / name)
    with open_film(folder / "a.m3u8", follow_references=True) as film:
        assert [number_in(picture.rgb()) for picture in film.pictures()] == list(range(25))


@pytest.mark.parametrize("end", [".mov", ".mp4"])
def test_films_made_of_such_a_film_follow_it_only_when_asked(folder: Path, end: str) -> None:
    source, out = folder / "a.ffconcat", folder / f"out{end}"
    source.write_text(concat(folder))
    with open_film(source, follow_references=True) as film:
        assert len(list(film.pictures())) == 50
        timeline = replace(timeline_of(), video=film.video, tracks=(), appearances=())
    cuts = [Cut(film.video.start_pts, film.video.start_pts + film.video.duration_pts, ("Thor",))]

    def write(*, follow_references: bool) -> None:
        if end == ".mov":
            write_annotated(timeline, out, follow_references=follow_references)
        else:
            write_stringout(timeline, cuts, out, follow_references=follow_references)

    with pytest.raises(FilmError, match=REFUSED):
        write(follow_references=False)
    assert not out.exists()
    write(follow_references=True)
    with open_film(out) as written:
        assert len(list(written.pictures())) == 50


def test_the_network_is_never_asked(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        asked: list[object] = []
        server.settimeout(5)

        def listen() -> None:
            with contextlib.suppress(OSError):
                asked.append(server.accept())

        listener = threading.Thread(target=listen)
        listener.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/1.ts"
        scripts = {
            "a.ffconcat": f"ffconcat version 1.0\nfile '{url}'\n",
            "b.m3u8": PLAYLIST.replace("parts/1.ts", url),
            "c.m3u8": PLAYLIST.replace("parts/1.ts", f"crypto+{url}"),
        }
        for name, content in scripts.items():
            (folder / name).write_text(content)
            for follow in (False, True):
                with pytest.raises(FilmError):
                    list(open_film(folder / name, follow_references=follow).pictures())
        server.close()
        listener.join()
    assert asked == []


def test_a_picture_that_is_called_like_a_pattern_does_not_stand_for_others(tmp_path: Path) -> None:
    for n in range(3):
        Image.fromarray(numbered(n)).save(tmp_path / f"a{n}.png")
    Image.fromarray(numbered(7)).save(tmp_path / "a%d.png")
    with pytest.raises(FilmError, match="a still picture, not a film"):
        open_film(tmp_path / "a%d.png")
