"""Times of pictures where the container gives none, or those of decoding; clocks below zero; ends that are missing."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from personae.errors import FilmError
from personae.media.film import Video
from personae.media.film_times import DecodingOrder
from personae.media.shots import ShotDetector, spans
from personae.media.video import Film, find_films, open_film
from tests.film_maker import Pixels, make_film, number_in, numbered, textured


def two_places(n: int) -> Pixels:
    """Cut after 40 pictures."""
    return numbered(n, textured(seed=n // 40, cells=8))


def read(film: Film) -> list[tuple[Fraction, int]]:
    """(frame by time, number in the picture)."""
    video = film.video
    return [((p.pts - video.start_pts) / video.frame_pts, number_in(p.rgb())) for p in film.pictures()]


def facts(path: Path, **options: Any) -> tuple[Video, Any, Any]:
    """The film's facts after reading, its gaps, and where its shots begin in seconds."""
    with open_film(path, **options) as film:
        detector, found, last = ShotDetector(film.video.time_base), [], None
        for picture in film.pictures():
            assert last is None or picture.pts > last
            last = picture.pts
            found += detector.push(picture.pts, picture.small())
        found += detector.finish()
        video = film.video
        starts = [start for start, _ in spans(found, video.start_pts, video.start_pts + video.duration_pts)]
        return video, film.gaps, [video.seconds(start) for start in starts]


@pytest.mark.parametrize("suffix", [".avi", ".asf"])
@pytest.mark.parametrize("b_frames", [0, 1, 6])
def test_containers_that_number_pictures_in_order_of_decoding(tmp_path: Path, suffix: str, b_frames: int) -> None:
    options = {"preset": "medium", "crf": "18", "x264-params": "b-pyramid=normal:b-adapt=0:scenecut=0"}
    path = make_film(
        tmp_path / f"a{suffix}", frames=90, rate=25, draw=two_places, b_frames=b_frames, gop=30, options=options
    )
    video, gaps, shots = facts(path)
    assert (video.frames, video.frame_rate, gaps) == (90, Fraction(25), ())
    assert video.duration_s == pytest.approx(3.6, abs=0.01)
    assert shots == [pytest.approx(n * 1.6, abs=0.01) for n in range(3)]
    with open_film(path) as film:
        rows = read(film)
        assert [number for _, number in rows] == list(range(90))
        assert [float(frame) for frame, _ in rows] == [pytest.approx(n, abs=0.1) for n in range(90)]
        # Reading that is resumed gives the same times.
        at = [picture.pts for picture in film.pictures()][70]
        rest = list(film.pictures(start_pts=at))
        assert [number_in(picture.rgb()) for picture in rest] == list(range(70, 90))
        assert rest[0].pts == at


def test_damage_in_such_a_container_moves_no_later_picture(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.avi", frames=200, draw=lambda n: numbered(n, textured(seed=n // 10, cells=20)))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(3000)
    path.write_bytes(content)
    with open_film(path) as film:
        rows = [(round(frame), number) for frame, number in read(film)]
    assert rows[:60] == [(n, n) for n in range(60)]
    assert rows[-60:] == [(n, n) for n in range(140, 200)]


def test_pictures_that_are_lost_give_their_time_to_nobody() -> None:
    order = DecodingOrder(1.0)
    for pts in range(100):
        order.sent(pts)
    out = [n for n in range(100) if n != 20]
    times = [order.time_of(pts) for pts in out]
    assert times[:20] == out[:20] and times[40:] == out[40:]
    assert all(one < other for one, other in itertools.pairwise(times))


@pytest.mark.parametrize("rate", [Fraction(25, 2), Fraction(24000, 1001), 30, 50])
@pytest.mark.parametrize(
    ("name", "codec"), [("a.h264", "libx264"), ("a.hevc", "libx265"), ("a.m2v", "mpeg2video"), ("a.ivf", "libvpx")]
)
def test_bare_streams_have_the_rate_that_the_codec_states(
    tmp_path: Path, rate: Fraction | int, name: str, codec: str
) -> None:
    if codec == "mpeg2video" and rate == Fraction(25, 2):
        pytest.skip("MPEG-2 has a list of rates, without this one")
    path = make_film(tmp_path / name, frames=80, rate=rate, codec=codec, draw=two_places)
    with open_film(path) as film:
        assert [(round(frame), number) for frame, number in read(film)] == [(n, n) for n in range(80)]
        assert (film.video.frame_rate, film.video.variable_rate, film.gaps) == (rate, False, ())
        assert film.video.duration_pts * film.video.time_base == pytest.approx(80 / rate, abs=1e-4)


@pytest.mark.parametrize("name", ["a.h264", "a.hevc", "a.m2v"])
def test_the_rate_of_a_bare_stream_can_be_given(tmp_path: Path, name: str) -> None:
    codec = {"a.h264": "libx264", "a.hevc": "libx265", "a.m2v": "mpeg2video"}[name]
    path = make_film(tmp_path / name, frames=60, rate=30, codec=codec)
    with open_film(path, rate="23.976") as film:
        assert [(round(frame), number) for frame, number in read(film)] == [(n, n) for n in range(60)]
        assert film.video.frame_rate == Fraction(24000, 1001)
        assert film.video.duration_pts * film.video.time_base == pytest.approx(60 * Fraction(1001, 24000), abs=1e-4)


def test_a_bare_row_of_pictures_is_a_film_and_one_is_a_photo(tmp_path: Path) -> None:
    made = make_film(tmp_path / "codec.mjpeg", frames=30, codec="mjpeg", pix_fmt="yuvj420p")
    rows = {"codec.mjpeg": made}
    for name, kind in (("camera.mjpeg", "jpeg"), ("camera.mjpg", "jpeg"), ("row.pngs", "png"), ("row.video", "bmp")):
        with (tmp_path / name).open("wb") as file:
            for n in range(30):
                Image.fromarray(numbered(n)).save(file, kind)
        rows[name] = tmp_path / name
    for name, path in rows.items():
        with open_film(path, rate=10) as film:
            assert [(round(frame), number) for frame, number in read(film)] == [(n, n) for n in range(30)], name
            assert film.video.duration_s == pytest.approx(3.0), name
    Image.fromarray(numbered(1)).save(tmp_path / "one.mjpeg", "jpeg")
    Image.fromarray(numbered(1)).save(tmp_path / "nothing", "png")
    for name in ("one.mjpeg", "nothing"):
        with pytest.raises(FilmError, match="a still picture, not a film"):
            open_film(tmp_path / name)
    assert [path.name for path in find_films(tmp_path)] == [
        "camera.mjpeg", "camera.mjpg", "codec.mjpeg", "one.mjpeg"
    ]  # fmt: skip


def moved(source: Path, target: Path, by_s: float) -> Path:
    """A copy whose clock is later."""
    with av.open(str(source)) as film, av.open(str(target), "w", options={"mpegts_copyts": "1"}) as out:
        stream = film.streams.video[0]
        copy = out.add_stream_from_template(stream)
        for packet in film.demux(stream):
            if packet.dts is None or packet.pts is None:
                continue
            packet.dts += round(by_s * 90000)
            packet.pts += round(by_s * 90000)
            packet.stream = copy
            out.mux(packet)
    return target


def test_a_clock_that_wraps_starts_below_zero_and_misses_no_cut(tmp_path: Path) -> None:
    whole = make_film(tmp_path / "whole.ts", frames=120, rate=25, draw=two_places, b_frames=0)
    wrapped = moved(whole, tmp_path / "wrapped.ts", 2**33 / 90000 - 2.5)
    video, gaps, shots = facts(wrapped)
    assert video.start_pts < 0
    assert (video.frames, round(video.duration_s, 6), gaps) == (120, 4.8, ())
    assert shots == [pytest.approx(n * 1.6) for n in range(3)]  # at -0.9 s and 0.7 s by the file's clock
    with open_film(wrapped) as film:
        pts = [picture.pts for picture in film.pictures()]
        for at in (10, 40, 70, 100):
            rest = [number_in(picture.rgb()) for picture in film.pictures(start_pts=pts[at])]
            assert rest == list(range(at, 120))


@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg2video"])
@pytest.mark.parametrize("sound", [False, True])
def test_a_transport_stream_cut_off_tells_the_damage(tmp_path: Path, codec: str, sound: bool) -> None:
    def busy(n: int) -> Pixels:
        return numbered(n, textured(seed=n, cells=20))

    path = make_film(tmp_path / "a.ts", frames=60, draw=busy, codec=codec, sound=sound, gop=1, b_frames=0)
    size = path.stat().st_size * 6 // 10
    path.write_bytes(path.read_bytes()[: size // 188 * 188 + 90])
    with open_film(path) as film:
        rows = read(film)
        ((start, end, why),) = film.gaps
        assert why == "damaged: could not be decoded"
        last = film.video.start_pts + round(rows[-1][0] * film.video.frame_pts)
        assert start == last + film.video.frame_pts and end > start
        assert 30 < len(rows) < 40 and [number for _, number in rows] == list(range(len(rows)))


@pytest.mark.parametrize(("name", "codec"), [("a.avi", "libx264"), ("a.flv", "libx264"), ("a.mxf", "mpeg2video")])
def test_formats_that_state_their_length_tell_what_is_missing(tmp_path: Path, name: str, codec: str) -> None:
    path = make_film(
        tmp_path / name, frames=120, draw=lambda n: numbered(n, textured(seed=n // 10, cells=20)), codec=codec
    )
    whole = path.read_bytes()
    assert facts(path)[1] == ()
    path.write_bytes(whole[: len(whole) * 6 // 10])
    video, gaps, _ = facts(path)
    ((start, end, why),) = gaps
    assert why == "the file ends before the length it states"
    assert video.seconds(start) < 3.2 and video.seconds(end) == pytest.approx(4.8, abs=0.1)


def test_joined_recordings_have_no_gap_and_what_was_cut_off_at_the_seam_is_one(tmp_path: Path) -> None:
    one = make_film(tmp_path / "a.ts", frames=50, gop=1, b_frames=0).read_bytes()
    two = make_film(tmp_path / "b.ts", frames=50, draw=lambda n: numbered(n + 50)).read_bytes()
    (tmp_path / "joined.ts").write_bytes(one + two + two)
    with open_film(tmp_path / "joined.ts") as film:
        assert [(round(frame), number) for frame, number in read(film)] == [
            (n, n if n < 100 else n - 50) for n in range(150)
        ]
        assert film.gaps == ()
        assert film.so_far.restarted


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.avi"])
def test_a_film_of_one_picture_lasts_as_long_as_one(tmp_path: Path, name: str) -> None:
    with open_film(make_film(tmp_path / name, frames=1, rate=25)) as film:
        (picture,) = film.pictures()
        assert picture.duration_pts * film.video.time_base == Fraction(1, 25)
        assert film.video.duration_s == 0.04
        assert not film.video.variable_rate


@pytest.mark.parametrize(
    ("suffix", "cover"), [(".mov", "mjpeg"), (".mov", "png"), (".mkv", "mjpeg"), (".avi", "mjpeg"), (".avi", "png")]
)
def test_an_unmarked_cover_picture_is_not_the_film(tmp_path: Path, suffix: str, cover: str) -> None:
    path = tmp_path / f"a{suffix}"
    with av.open(str(path), "w") as out:
        picture: Any = out.add_stream(cover, rate=25)
        picture.width, picture.height, picture.pix_fmt = 320, 240, "yuvj420p" if cover == "mjpeg" else "rgb24"
        film: Any = out.add_stream("libx264", rate=25)
        film.width, film.height, film.pix_fmt = 160, 120, "yuv420p"
        for n in range(40):
            for stream in (picture, film) if n == 0 else (film,):
                drawn = numbered(n, size_wh=(stream.width, stream.height))
                frame = av.VideoFrame.from_ndarray(drawn, format="rgb24")
                frame.pts, frame.time_base = n, Fraction(1, 25)
                out.mux(stream.encode(frame))
        for stream in (picture, film):
            out.mux(stream.encode(None))
    with open_film(path) as opened:
        assert opened.video.size_wh == (160, 120)
        assert len(read(opened)) == 40
    with open_film(path, stream=0) as opened:
        assert opened.video.size_wh == (320, 240)


def test_two_films_of_motion_jpeg_in_one_file_are_both_films(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mkv", codec="mjpeg", pix_fmt="yuvj420p", streams=2, frames=30)
    with open_film(path) as film:
        assert [number for _, number in read(film)] == list(range(30))


def test_a_picture_larger_than_any_film_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 16000, 9000, "yuvj420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((9000 * 3 // 2, 16000), np.uint8), format="yuv420p")
        frame = frame.reformat(format="yuvj420p")
        frame.pts = 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with pytest.raises(FilmError, match="16000x9000, larger than films are"):
        open_film(path)


@pytest.mark.shared
def test_the_shared_cases(shared_data: Path) -> None:
    cases = shared_data / "cases"
    for name in ("bframes.avi", "raw30.h264", "plain.mp4"):
        video, gaps, shots = facts(cases / name)
        assert (video.frames, video.duration_s, gaps) == (90, 3.0, ()), name
        assert (video.frame_rate, video.variable_rate, len(shots)) == (Fraction(30), False, 2), name
    video, gaps, shots = facts(cases / "wrap.ts")
    assert (video.frames, video.duration_s, gaps, shots) == (120, 4.0, (), [0.0, pytest.approx(2.2)])
    video, gaps, _ = facts(cases / "cut.ts")
    assert video.duration_s == pytest.approx(36 / 30)  # the last of the 36 pictures is the one that is cut
    ((start, end, why),) = gaps
    assert (round(video.seconds(start) * 30), round(video.seconds(end) * 30)) == (35, 36)
    assert why == "damaged: could not be decoded"
    assert facts(cases / "raw30.h264", rate=15)[0].duration_s == 6.0
