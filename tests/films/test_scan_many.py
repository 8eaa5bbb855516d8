"""Many films: what one of them does is its own failure, said in a sentence, and the others are scanned."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from personae.cli import cli
from personae.errors import FilmError, WriteError
from personae.films import film_files
from personae.films.scan import unread
from personae.media.film import Video
from personae.media.pixels import FramePixels
from personae.media.video import open_film
from personae.project.recognizer import CharacterRecognizer
from personae.timeline import native
from tests.drawn_films import drawn_film, drawn_recognizer, scene
from tests.film_maker import Pixels, make_film, numbered, textured
from tests.scanning import scan_film

FAKE = ("--detector", "fake", "--embedder", "fake")


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> CharacterRecognizer:
    return drawn_recognizer(tmp_path_factory.mktemp("drawn"))


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """Three films, a.mkv, b.mkv and c.mkv, in a folder."""
    folder = tmp_path / "films"
    folder.mkdir()
    first = drawn_film(folder / "a.mkv", lambda n: scene(1, [("Thor", 90 + n, 120, 70)], take=n // 4 % 7), 30)
    for name in ("b.mkv", "c.mkv"):
        shutil.copy(first, folder / name)
    return folder


def scan(recognizer: CharacterRecognizer, *arguments: object) -> Result:
    project = recognizer.project.folder
    return CliRunner().invoke(
        cli, ["scan", *map(str, arguments), *FAKE, "--project", str(project)], standalone_mode=False
    )


def failing(path: Path, error: Callable[[], Exception]) -> Callable[[FramePixels], Pixels]:
    """`FramePixels.rgb`, which fails for the film at `path` as a library would."""
    whole = FramePixels.rgb

    def rgb(pixels: FramePixels) -> Pixels:
        # The path of a picture's film stands in nothing that decoders know, so the film is told by its width.
        if pixels.size_wh == (326, 240):
            raise error()
        return whole(pixels)

    return rgb


def out_of_memory() -> Exception:
    with pytest.raises(cv2.error) as caught:
        cv2.resize(np.zeros((1, 1), np.uint8), (2**30, 2**30))
    return caught.value


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (lambda: IndexError("list index out of range"), "list index out of range"),
        (lambda: ValueError("cannot convert"), "cannot convert"),
        (lambda: ZeroDivisionError("division by zero"), "division by zero"),
        (lambda: OverflowError("too large"), "too large"),
        (lambda: OSError(5, "Input/output error"), "Input/output error"),
        (RuntimeError, "RuntimeError"),
        (MemoryError, "there is not enough memory for its pictures"),
        (out_of_memory, "there is not enough memory for its pictures"),
    ],
)
def test_whatever_a_library_raises_in_one_film_is_that_films_failure(
    recognizer: CharacterRecognizer,
    films: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Callable[[], Exception],
    says: str,
) -> None:
    wide = drawn_film(films / "b.mkv", lambda n: scene(1, [("Thor", 120, 120, 70)], size_wh=(326, 240)), 10)
    monkeypatch.setattr(FramePixels, "rgb", failing(wide, error))
    done = scan(recognizer, films, "--out", tmp_path / "out")
    assert done.exception is None and done.return_value == 1
    assert f"personae: {wide}: " in done.stderr and says in done.stderr
    assert "Traceback" not in done.output
    for name in ("a", "c"):
        assert native.read(tmp_path / "out" / f"{name}.timeline.json").characters
    with pytest.raises(FilmError, match=says) as caught:
        scan_film(wide, recognizer, tmp_path / "library")
    assert caught.value.path == str(wide)
    with open_film(wide) as film, pytest.raises(FilmError, match=says):
        next(film.pictures()).rgb()


@pytest.mark.parametrize("name", ["a.ts", "a.flv", "a.avi", "a.mp4", "a.mkv", "a.mpg", "a.h264"])
def test_damaged_films_raise_only_our_errors(tmp_path: Path, name: str) -> None:
    codec = "mpeg2video" if name.endswith("mpg") else "libx264"
    whole = make_film(tmp_path / name, frames=30, codec=codec, sound=name.endswith(("ts", "mkv"))).read_bytes()
    dice, path = random.Random(0), tmp_path / f"damaged{Path(name).suffix}"
    for _ in range(40):
        content = bytearray(whole)
        for _ in range(dice.choice((1, 3, 10, 50))):
            at = dice.randrange(min(len(content), dice.choice((600, len(content)))))
            content[at : at + dice.choice((1, 1, 4, 30))] = dice.randbytes(dice.choice((0, 1, 4, 8)))
        path.write_bytes(content)
        with contextlib.suppress(FilmError), open_film(path) as film:
            last = None
            for picture in film.pictures():
                assert last is None or picture.pts > last
                last = picture.pts
                assert picture.duration_pts > 0 and picture.rgb().ndim == picture.small().ndim == 3


def test_a_stream_that_begins_late_ends_no_film(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.flv", frames=200, draw=lambda n: numbered(n, textured(seed=n, cells=30)))
    content = path.read_bytes()
    tags, at = [], 13
    while at < len(content):
        size = 11 + int.from_bytes(content[at + 1 : at + 4]) + 4
        tags.append(content[at : at + size])
        at += size
    sound = b"\x08\x00\x00\x05" + tags[150][4:8] + b"\0\0\0" + b"\x2f\0\0\0\0" + (16).to_bytes(4)  # MP3, five bytes
    path.write_bytes(content[:13] + b"".join((*tags[:150], *[sound] * 5, *tags[150:])))
    with open_film(path) as film:
        assert len(list(film.pictures())) == 200


def test_what_belongs_to_one_film_fails_that_film_alone(
    recognizer: CharacterRecognizer, films: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "b.tracks").write_text("the user's own")
    (out / "c.edits.json").write_text('{"schema": "personae/edits/99"}')
    done = scan(recognizer, films, "--out", out)
    assert done.exception is None and done.return_value == 1
    assert str(out / "b.tracks") in done.stderr and str(out / "c.edits.json") in done.stderr
    assert (out / "a.timeline.json").is_file()
    assert (out / "b.tracks").read_text() == "the user's own"


def test_a_full_disk_ends_all(
    recognizer: CharacterRecognizer, films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)  # where a disk says so that first takes what it is given
    out = tmp_path / "out"
    done = scan(recognizer, films, "--out", out)
    assert isinstance(done.exception, WriteError) and "the disk is full" in str(done.exception)
    assert not (out / ".b.scan").exists()


def test_long_names_are_shortened_and_stay_two(recognizer: CharacterRecognizer, films: Path, tmp_path: Path) -> None:
    for stem in ("n" * 246 + "-1x", "n" * 246 + "-2x", "\N{CYRILLIC SMALL LETTER ZHE}" * 124):
        shutil.copy(films / "a.mkv", films / f"{stem}.mkv")
    for target in (("--out", tmp_path / "out"), ()):
        done = scan(recognizer, films, *target)
        assert (done.exception, done.return_value) == (None, 0), done.stderr
    timelines = sorted((tmp_path / "out").glob("*.timeline.json"))
    assert len(timelines) == 6
    assert len({native.read(path).video.path for path in timelines}) == 6
    again = scan(recognizer, films, "--out", tmp_path / "out")
    assert again.return_value == 0 and again.stdout.count("was not read again") == 6
    long = max(timelines, key=lambda path: len(path.name.encode()))
    exported = CliRunner().invoke(cli, ["export", str(long), "-o", str(tmp_path / "exports")])
    assert exported.exit_code == 0, exported.output


def test_names_of_one_film_are_short_enough_for_all_that_is_made_of_them() -> None:
    names = set()
    for stem in ("a" * 255, "a" * 254 + "b", "\N{FACE WITH TEARS OF JOY}" * 63, "a" * 180):
        name = film_files.film_name(_at(f"/films/{stem}.mp4"))
        assert len(f".{name}-9999.appearances.csv.personae-4194304-01234567.tmp".encode()) <= 255
        assert film_files.film_name(_at(f"/films/{stem}.mov")) == name
        names.add(name)
    assert len(names) == 4 and "a" * 180 in names


def _at(path: str) -> Video:
    from tests.timelines import film

    return film().video.__class__(**{**film().video.__dict__, "path": path})


def test_a_film_cut_short_is_said_in_the_summary(recognizer: CharacterRecognizer, films: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.mkv"
    made = drawn_film(tmp_path / "whole.mkv", lambda n: scene(n // 10, [("Thor", 120, 120, 70)]), 100)
    short.write_bytes(made.read_bytes()[: made.stat().st_size // 2])
    done = scan(recognizer, short, "--out", tmp_path / "out")
    assert done.return_value == 0
    last = done.stdout[done.stdout.index("short.mkv:") :]
    assert "The file ends before the length it states: " in last and "to 4.0 s could not be read." in last
    assert "short.mkv: 4.0 s, of which 2.1 s could not be read" in last


def test_films_are_looked_for_before_anything_is_learned(
    recognizer: CharacterRecognizer, films: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    cast = recognizer.project.folder.parent / "cast"
    for what, says in ((empty, "there is no film in this folder"), (tmp_path / "no.mp4", "there is no such file")):
        for more in ((), ("--as-one",)):
            out = tmp_path / "out"
            arguments = ("scan", what, "--cast", cast, "--out", out, *FAKE, *(more if what != empty else ()))
            done = CliRunner().invoke(cli, [*map(str, arguments)], standalone_mode=False)
            assert done.return_value == 2 and says in done.stderr
            assert not out.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
@pytest.mark.parametrize("closed", ["2>&-", "2>/dev/full", ">&- 2>&-", ">/dev/full 2>&-"])
def test_the_result_is_written_before_anything_is_said(
    recognizer: CharacterRecognizer, films: Path, tmp_path: Path, closed: str
) -> None:
    if "full" in closed and not Path("/dev/full").exists():
        pytest.skip("a device that is always full is needed")
    command = [sys.executable, "-m", "personae", "scan", str(films / "a.mkv"), "--out", str(tmp_path / "out"), *FAKE]
    command += ["--project", str(recognizer.project.folder)]
    subprocess.run(["sh", "-c", f'"$@" {closed}', "sh", *command], check=False, timeout=120)
    assert native.read(tmp_path / "out" / "a.timeline.json").characters


@pytest.mark.parametrize("name", ["one.mkv", "one.mp4", "one.ts", "one.avi"])
def test_a_film_of_one_picture_has_totals(recognizer: CharacterRecognizer, tmp_path: Path, name: str) -> None:
    path = drawn_film(tmp_path / name, lambda n: scene(1, [("Thor", 120, 120, 70)]), 1)
    done = scan(recognizer, path, "--out", tmp_path / "out")
    assert done.return_value == 0
    timeline = native.read(tmp_path / "out" / "one.timeline.json")
    (thor,) = timeline.characters
    assert (thor.visible_face_time_s, thor.scene_presence_s, thor.share, timeline.video.duration_s) == (
        0.04,
        0.04,
        1,
        0.04,
    )
    assert done.stdout.count("0.04 s") == 5  # in the row: face, on screen, presence, last; and the film's length


def test_a_gap_of_one_picture_has_a_beginning_and_an_end(recognizer: CharacterRecognizer, films: Path) -> None:
    timeline = scan_film(films / "a.mkv", recognizer, films / "out").timeline
    tick = timeline.video.frame_pts
    gap = (round(5 * tick), round(6 * tick), "damaged")
    assert unread(replace(timeline, gaps=(gap,))) == ["damaged: 0.20 s to 0.24 s could not be read."]
