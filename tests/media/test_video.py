"""Films: every picture at its exact time and as it is displayed, in every format; resumed; several files as one."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from personae.errors import FilmError, SettingError
from personae.media.film import FilmPicture, ReadSoFar, Video
from personae.media.timecode import FilmClock
from personae.media.video import Film, find_films, open_film
from tests.film_maker import Pixels, make_film, number_in, numbered, plain, textured

NTSC = Fraction(1000, 1001)


def read(film: Film) -> list[tuple[int, int, int]]:
    """(pts, duration, number in the picture) of every picture."""
    return [(picture.pts, picture.duration_pts, number_in(picture.rgb())) for picture in film.pictures()]


def expected(video: Video, frames: int) -> list[tuple[int, int, int]]:
    """What a film of constant rate must give, to the last unit of its time base."""
    edges = [video.start_pts + round(n * video.frame_pts) for n in range(frames + 1)]
    return [(edges[n], edges[n + 1] - edges[n], n) for n in range(frames)]


FORMATS = [
    ("h264.mp4", 24 * NTSC, "libx264", "yuv420p"),
    ("h264.mov", Fraction(25), "libx264", "yuv420p"),
    ("h264.mkv", Fraction(25), "libx264", "yuv420p"),
    ("h264.ts", 30 * NTSC, "libx264", "yuv420p"),
    ("hevc.mp4", 60 * NTSC, "libx265", "yuv420p"),
    ("hevc10.mkv", Fraction(50), "libx265", "yuv420p10le"),
    ("prores.mov", 24 * NTSC, "prores_ks", "yuv422p10le"),
    ("mpeg2.mxf", Fraction(25), "mpeg2video", "yuv422p"),
    ("mpeg2.ts", 30 * NTSC, "mpeg2video", "yuv420p"),
    ("lossless.mkv", Fraction(24), "ffv1", "yuv444p"),
    ("vp8.webm", Fraction(30), "libvpx", "yuv420p"),
]


@pytest.mark.parametrize(("name", "rate", "codec", "pix_fmt"), FORMATS, ids=[row[0] for row in FORMATS])
def test_every_picture_comes_once_at_its_exact_time(
    tmp_path: Path, name: str, rate: Fraction, codec: str, pix_fmt: str
) -> None:
    path = make_film(tmp_path / name, frames=30, rate=rate, codec=codec, pix_fmt=pix_fmt)
    with open_film(path) as film:
        assert film.video.frame_rate == rate
        assert not film.video.variable_rate
        assert film.video.size_wh == (160, 120)
        got, want = read(film), expected(film.video, 30)
        assert [row[0] for row in got] == [row[0] for row in want]
        assert [row[2] for row in got] == list(range(30))
        assert [row[1] for row in got[:-1]] == [row[1] for row in want[:-1]]
        assert abs(got[-1][1] - want[-1][1]) <= 1  # the last has only its own stated length
        assert film.gaps == ()
        assert film.video.frames == 30
        clock = FilmClock.of(film.video)
        assert [clock.frame_at(pts) for pts, *_ in got] == list(range(30))


def test_dnxhr(tmp_path: Path) -> None:
    path = make_film(
        tmp_path / "a.mxf",
        draw=lambda n: numbered(n, size_wh=(256, 120)),
        codec="dnxhd",
        pix_fmt="yuv422p",
        frames=4,
        options={"profile": "dnxhr_sq"},
    )
    with open_film(path) as film:
        assert read(film) == expected(film.video, 4)


def test_a_variable_rate_keeps_every_time(tmp_path: Path) -> None:
    times = [0, 1, 3, 4, 8, 9, 10, 20, 21, 25, 26, 30]
    for name in ("a.mp4", "a.mkv"):
        path = make_film(tmp_path / name, frames=12, pts=times, time_base=Fraction(1, 30))
        with open_film(path) as film:
            got = read(film)
            unit = Fraction(1, 30) / film.video.time_base
            assert [row[0] for row in got] == [round(time * unit) for time in times]
            assert [row[0] + row[1] for row in got[:-1]] == [row[0] for row in got[1:]]
            assert [row[2] for row in got] == list(range(12))
            assert film.video.variable_rate
            assert film.gaps == ()


def test_a_film_may_start_late_and_before_nothing(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mov", pts=list(range(1000, 1024)), time_base=Fraction(1, 25))
    with open_film(path) as film:
        assert film.video.start_pts * film.video.time_base == 40
        assert read(film) == expected(film.video, 24)
        assert film.video.seconds(film.video.start_pts) == 0.0


def test_an_edit_list_hides_what_was_cut_away(tmp_path: Path) -> None:
    whole = make_film(tmp_path / "whole.mp4", frames=36, gop=36)
    cut = tmp_path / "cut.mp4"
    with av.open(str(whole)) as source, av.open(str(cut), "w") as out:
        stream = source.streams.video[0]
        copy = out.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None and packet.pts is not None:
                packet.pts, packet.dts = packet.pts - 10 * 512, packet.dts - 10 * 512
                packet.stream = copy
                out.mux(packet)
    with open_film(cut) as film:
        assert [row[2] for row in read(film)] == list(range(10, 36))
        assert film.video.start_pts == 0
        assert film.gaps == ()


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("rotation", [0, 90, -90, 180])
def test_rotation_flags_are_applied(tmp_path: Path, rotation: int, mirrored: bool) -> None:
    shown = textured((96, 64), seed=1)
    path = make_film(tmp_path / "a.mp4", draw=lambda n: shown, frames=2, rotation=rotation, mirrored=mirrored)
    want = np.rot90(shown, rotation // 90)
    want = want[:, ::-1] if mirrored else want
    with open_film(path) as film:
        pixels = next(film.pictures()).rgb()
        assert film.video.size_wh == (pixels.shape[1], pixels.shape[0]) == (want.shape[1], want.shape[0])
    assert np.abs(pixels.astype(int) - want).mean() < 4
    assert pixels.flags.c_contiguous


def test_anamorphic_pixels_are_made_square(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", aspect=Fraction(16, 11), frames=3)
    with open_film(path) as film:
        assert film.video.size_wh == (233, 120)
        assert [p.rgb().shape for p in film.pictures()] == [(120, 233, 3)] * 3
    path = make_film(tmp_path / "b.mov", aspect=Fraction(2), rotation=90, frames=3)
    with open_film(path) as film:
        assert film.video.size_wh == (120, 320)
        assert next(film.pictures()).rgb().shape == (320, 120, 3)


def test_ten_bits_and_other_layouts_have_the_same_colours(tmp_path: Path) -> None:
    picture = textured(seed=2)
    for pix_fmt, codec in (
        ("yuv420p10le", "libx265"),
        ("yuv422p10le", "prores_ks"),
        ("yuv444p", "ffv1"),
        ("bgr0", "ffv1"),
    ):
        path = make_film(tmp_path / f"{pix_fmt}.mkv", draw=lambda n: picture, frames=12, codec=codec, pix_fmt=pix_fmt)
        with open_film(path) as film:
            first = next(film.pictures())
            assert np.abs(first.rgb().astype(int) - picture).mean() < 5, pix_fmt
            small = first.small(80)
            assert small.shape == (60, 80, 3)
            grey = (picture @ [0.299, 0.587, 0.114]).reshape(60, 2, 80, 2).mean(axis=(1, 3))
            assert np.corrcoef(first.grey(80).ravel(), grey.ravel())[0, 1] > 0.95, pix_fmt


def test_untagged_high_definition_counts_as_bt709(tmp_path: Path) -> None:
    red = plain((64, 720), (200, 40, 40))
    frame = av.VideoFrame.from_ndarray(red, format="rgb24").reformat(
        format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
    )
    coded = frame.to_ndarray()
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 720, "yuv420p"
        for number in range(2):
            untagged = av.VideoFrame.from_ndarray(coded, format="yuv420p")
            untagged.pts = number
            out.mux(stream.encode(untagged))
        out.mux(stream.encode(None))
    with open_film(path) as film:
        assert np.abs(next(film.pictures()).rgb().astype(int) - red).max() <= 3


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_is_brought_to_ordinary_contrast(tmp_path: Path, transfer: int) -> None:
    greys = [60, 100, 150, 190, 255]  # code values: dark, ..., far beyond an ordinary white
    path = make_film(
        tmp_path / "a.mp4",
        draw=lambda n: plain((160, 120), (greys[n // 3],) * 3),
        frames=15,
        codec="libx265",
        pix_fmt="yuv420p10le",
        transfer=transfer,
    )
    with open_film(path) as film:
        levels = [float(picture.rgb().mean()) for picture in film.pictures()][::3]
    assert all(low < high for low, high in itertools.pairwise(levels))
    assert levels[-1] > 250
    white = levels[2] if transfer == 16 else levels[3]  # both near the reference white of 203 cd/m2
    assert 165 < white < 215


def test_combs_of_interlaced_pictures_are_removed(tmp_path: Path) -> None:
    def woven(n: int) -> Pixels:
        upper, lower = plain(), plain()
        upper[:, 20 + 8 * n : 60 + 8 * n] = 240
        lower[:, 24 + 8 * n : 64 + 8 * n] = 240
        upper[1::2] = lower[1::2]
        upper[80:82] = (10, 200, 10)  # a still detail one line pair high
        return upper

    path = make_film(tmp_path / "a.mov", draw=woven, frames=6, interlaced=True)
    with open_film(path) as film:
        for picture in film.pictures():
            pixels = picture.rgb().astype(int)[:80]
            assert np.abs(pixels[1:-1:2] - (pixels[:-2:2] + pixels[2::2]) // 2).max() < 60


def test_timecode_drop_frame_and_reel_are_read(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mov", rate=30 * NTSC, timecode="01:00:00;00", reel="A001C002")
    with open_film(path) as film:
        assert (film.video.start_timecode, film.video.drop_frame, film.video.reel) == ("01:00:00;00", True, "A001C002")
    path = make_film(tmp_path / "b.mxf", codec="mpeg2video", timecode="10:00:00:00")
    with open_film(path) as film:
        assert (film.video.start_timecode, film.video.drop_frame, film.video.reel) == ("10:00:00:00", False, None)


@pytest.mark.parametrize("rate", [24 * NTSC, 24, 25, 30 * NTSC, 30, 50, 60 * NTSC])
@pytest.mark.parametrize("suffix", [".mov", ".mp4"])
def test_a_timecode_track_at_every_rate(tmp_path: Path, rate: Fraction, suffix: str) -> None:
    path = make_film(tmp_path / f"a{suffix}", rate=rate, frames=8, timecode="01:00:00:00")
    with open_film(path) as film:
        clock = FilmClock.of(film.video)
        assert film.video.start_timecode == "01:00:00:00"
        assert [clock.timecode_at(p.pts) for p in film.pictures()] == [f"01:00:00:{n:02}" for n in range(8)]


def test_what_the_user_says_outranks_the_file(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mov", rate=30 * NTSC, timecode="01:00:00:00", reel="A")
    with open_film(path, start_timecode="10:00:00;00", reel="B") as film:
        assert (film.video.start_timecode, film.video.drop_frame, film.video.reel) == ("10:00:00;00", True, "B")
    with open_film(path, drop_frame=True) as film:
        assert film.video.start_timecode == "01:00:00;00"
    with pytest.raises(SettingError):
        open_film(path, start_timecode="01:00:00:30")
    with pytest.raises(SettingError):
        open_film(path, rate=25, drop_frame=True)


def test_a_proxy_is_counted_at_the_rate_of_the_camera_original(tmp_path: Path) -> None:
    proxy = make_film(tmp_path / "proxy.mp4", rate=25, frames=48)
    with open_film(proxy, rate="23.976", start_timecode="01:00:00:00") as film:
        assert film.video.frame_rate == 24 * NTSC
        clock = FilmClock.of(film.video)
        assert [clock.frame_at(picture.pts) for picture in film.pictures()] == list(range(48))
        assert clock.timecode_of(47) == "01:00:01:23"
        assert film.video.duration_pts * film.video.time_base == 48 / (24 * NTSC)


def test_a_timecode_that_does_not_exist_at_the_rate_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = make_film(tmp_path / "a.mkv", rate=25, timecode="01:00:00:28")
    with open_film(path) as film:
        assert film.video.start_timecode is None
    assert "start timecode is not used" in caplog.text


def test_one_of_several_video_streams(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mov", streams=2, frames=6, sound=True)
    with open_film(path) as film:
        assert [row[2] for row in read(film)] == list(range(6))
    with open_film(path, stream=1) as film:
        assert film.video.stream == 1
        assert [row[2] for row in read(film)] == list(range(100, 106))
    with pytest.raises(FilmError, match=r"stream 2 is no video stream. There are: 0 \(h264 160x120\), 1 "):
        open_film(path, stream=2)


@pytest.mark.parametrize("name", ["a.mp4", "a.ts", "a.mkv", "a.mov"])
@pytest.mark.parametrize("at", [0, 1, 37, 120, 149])
def test_reading_can_be_resumed_at_any_picture(tmp_path: Path, name: str, at: int) -> None:
    path = make_film(tmp_path / name, frames=150, gop=25, rate=24 * NTSC)
    with open_film(path) as film:
        whole = read(film)
        video = film.video
    with open_film(path) as film:
        first: list[FilmPicture] = []
        so_far = ReadSoFar()
        for picture in film.pictures():
            if len(first) == at:
                break
            first.append(picture)
            so_far = film.so_far
    with open_film(path) as film:
        rest = list(film.pictures(start_pts=whole[at][0], so_far=so_far))
        assert [(p.pts, p.duration_pts, number_in(p.rgb())) for p in rest] == whole[at:]
        assert film.video == video
        assert film.so_far.frames == 150


@pytest.mark.parametrize(("name", "codec"), [("a.ts", "libx264"), ("a.mp4", "libx265"), ("b.ts", "mpeg2video")])
def test_resumed_pictures_are_the_same_where_groups_refer_to_each_other(tmp_path: Path, name: str, codec: str) -> None:
    options = {"x264-params": "open-gop=1", "preset": "medium"} if codec == "libx264" else {}
    path = make_film(tmp_path / name, frames=120, gop=25, codec=codec, options=options)
    with open_film(path) as film:
        whole = [(picture.pts, picture.rgb()) for picture in film.pictures()]
        for at in (60, 77, 101):
            rest = [(picture.pts, picture.rgb()) for picture in film.pictures(start_pts=whole[at][0])]
            assert [pts for pts, _ in rest] == [pts for pts, _ in whole[at:]]
            assert all((one == other).all() for (_, one), (_, other) in zip(rest, whole[at:], strict=True))


def test_several_files_are_one_film(tmp_path: Path) -> None:
    paths = [
        make_film(tmp_path / "1.mp4", frames=20, timecode="01:00:00:00"),
        make_film(tmp_path / "2.mkv", frames=10, draw=lambda n: numbered(n + 20)),
        make_film(tmp_path / "3.mp4", frames=10, draw=lambda n: numbered(n + 30)),
    ]
    with pytest.raises(FilmError, match="as_one"):
        open_film(paths)
    with open_film(paths, as_one=True) as film:
        assert film.video.duration_pts == 40 * 512
        assert film.video.frames == 40
        assert film.video.start_timecode == "01:00:00:00"
        assert read(film) == expected(film.video, 40)
        so_far = film.so_far
        assert so_far.part_starts == (0, 20 * 512, 30 * 512)
        for at in (5, 20, 27, 30, 39):
            state = replace(so_far, frames=at)
            rest = [(p.pts, number_in(p.rgb())) for p in film.pictures(start_pts=at * 512, so_far=state)]
            assert rest == [(n * 512, n) for n in range(at, 40)]
            assert film.video.frames == 40
        assert next(film.pictures(start_pts=25 * 512)).pts == 25 * 512
    other = make_film(tmp_path / "4.mp4", draw=lambda n: numbered(n, size_wh=(96, 64)), frames=3)
    with pytest.raises(FilmError, match="must have one size"):
        open_film([paths[0], other], as_one=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    result = tmp_path / "shot"
    result.mkdir()
    for number in (8, 9, 10, 11, 14, 15):
        Image.fromarray(numbered(number)).save(result / f"take2_{number}.png")
    return result


def test_numbered_pictures_are_a_film(folder: Path) -> None:
    for path in (folder, folder / "take2_##.png", folder / "take2_%04d.png"):
        with open_film(path, rate="23.976", start_timecode="01:00:00:00") as film:
            assert read(film) == [(0, 1, 8), (1, 1, 9), (2, 1, 10), (3, 1, 11), (6, 1, 14), (7, 1, 15)]
            assert film.gaps == ((4, 6, "pictures are missing"),)
            assert film.video.frame_rate == 24 * NTSC
            assert film.video.duration_pts == 8
            assert [p.pts for p in film.pictures(start_pts=3)] == [3, 6, 7]
    with pytest.raises(FilmError, match="need a rate"):
        open_film(folder)


def test_dpx_pictures_are_read_too(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "scan_%03d.dpx"), "w", format="image2", options={"start_number": "86400"}) as out:
        stream = out.add_stream("dpx", rate=24)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "gbrp10be"
        for number in range(3):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
            frame.pts = number
            out.mux(stream.encode(frame))
    with open_film(tmp_path, rate=24) as film:
        assert read(film) == [(0, 1, 0), (1, 1, 1), (2, 1, 2)]
        small = next(film.pictures()).small()
        assert small.shape == (72, 96, 3)


def test_a_broken_picture_of_a_sequence_is_a_gap(folder: Path) -> None:
    (folder / "take2_9.png").write_bytes((folder / "take2_9.png").read_bytes()[:200])
    Image.fromarray(numbered(10, size_wh=(64, 64))).save(folder / "take2_10.png")
    with open_film(folder, rate=25) as film:
        assert [row[2] for row in read(film)] == [8, 11, 14, 15]
        assert [gap[:2] for gap in film.gaps] == [(1, 2), (2, 3), (4, 6)]
        assert "damaged" in film.gaps[0][2]
        assert "not 160x120" in film.gaps[1][2]


def test_folders_that_are_no_sequence_say_why(tmp_path: Path) -> None:
    with pytest.raises(FilmError, match="the folder is empty"):
        open_film(tmp_path, rate=24)
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(FilmError, match="there are no pictures in it"):
        open_film(tmp_path, rate=24)
    Image.fromarray(numbered(1)).save(tmp_path / "still.png")
    with pytest.raises(FilmError, match="not numbered"):
        open_film(tmp_path, rate=24)
    (tmp_path / "still.png").unlink()
    for name in ("a_1.png", "b_1.png"):
        Image.fromarray(numbered(1)).save(tmp_path / name)
    with pytest.raises(FilmError, match="several sequences"):
        open_film(tmp_path, rate=24)
    with pytest.raises(FilmError, match="fits this pattern"):
        open_film(tmp_path / "c_####.png", rate=24)


def test_content_ids_are_of_the_content(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", frames=5)
    copy = tmp_path / "b: %d.mp4"  # a name that FFmpeg would take for a protocol and a pattern
    copy.write_bytes(path.read_bytes())
    other = make_film(tmp_path / "c.mp4", frames=6)
    ids = []
    for name in (path, copy, other):
        with open_film(name) as film:
            ids.append(film.video.content_id)
    assert ids[0] == ids[1] != ids[2]
    assert ids[0].startswith("hmt1:")


def test_films_are_found_in_folders(tmp_path: Path) -> None:
    for name in ("b/2.mov", "b/1.MP4", "a.mkv", ".hidden.mp4", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert list(find_films([tmp_path, tmp_path / "notes.txt"])) == [
        tmp_path / name for name in ("a.mkv", "b/1.MP4", "b/2.mov", "notes.txt")
    ]
    (tmp_path / "empty").mkdir()
    with pytest.raises(FilmError, match="no film in this folder"):
        list(find_films(tmp_path / "empty"))
