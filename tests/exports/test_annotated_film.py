"""The annotated film: every picture at its time, boxes where the faces are, everything else as it was."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from personae.errors import FilmError
from personae.exports.annotated_film import box_at, path_beside, write_annotated
from personae.media.video import open_film
from personae.timeline.timeline import Appearance, Timeline, Track
from tests.film_maker import make_film, plain
from tests.timelines import film as timeline_of

SIZE = (320, 240)


def timeline(path: Path) -> Timeline:
    """A face that moves to the right from picture 6 to 18, looked at in 6 and 16."""
    with open_film(path) as film:
        for _ in film.pictures():
            pass
        video = film.video

    def pts(number: int) -> int:
        return video.start_pts + round(number * video.frame_pts)

    boxes = ((pts(6), 20.0, 100.0, 60.0, 160.0, 0.9), (pts(16), 220.0, 100.0, 260.0, 160.0, 0.9))
    track = Track(1, 0, pts(6), pts(18), boxes)
    one = Appearance(1, "Thor", None, pts(6), pts(18), 0.6, 0.9, (1,))
    return replace(timeline_of(), video=video, tracks=(track,), appearances=(one,))


def columns(picture: np.ndarray) -> tuple[int, int] | None:
    """First and last column, below the label, that is not the plain ground."""
    row = picture[130].astype(int)
    found = np.flatnonzero(np.abs(row - row[310]).sum(axis=1) > 90)
    return (int(found[0]), int(found[-1])) if len(found) else None


@pytest.mark.parametrize("suffix", ["mov", "mp4", "mkv"])
def test_boxes_move_between_the_pictures_that_were_looked_at(tmp_path: Path, suffix: str) -> None:
    rate = Fraction(30000, 1001)
    source = make_film(
        tmp_path / "film.mov", frames=24, rate=rate, draw=lambda _: plain(SIZE), timecode="01:00:00;00", sound=True
    )
    out = tmp_path / f"out.{suffix}"
    write_annotated(timeline(source), out)
    with open_film(out) as film, open_film(source) as original:
        pictures, originals = list(film.pictures()), list(original.pictures())
        found = [columns(picture.rgb()) for picture in pictures]
        seconds = [float(one.pts * film.video.time_base) for one in pictures]
        wanted = [float(one.pts * original.video.time_base) for one in originals]
        # Matroska knows no times before zero, where this sound begins: there, all streams move by the same time.
        assert np.subtract(seconds, seconds[0] - wanted[0]) == pytest.approx(wanted, abs=0.002)
        if suffix != "mkv":
            assert (film.video.start_timecode, film.video.drop_frame) == ("01:00:00;00", True)
        assert film.video.size_wh == SIZE
    assert [number for number, one in enumerate(found) if one] == list(range(6, 18))
    for number in range(6, 18):
        expected = 20 + 20 * (min(number, 16) - 6)
        left, right = found[number] or (0, 0)
        assert abs(left - expected) <= 3 and abs(right - expected - 40) <= 3, number


def test_sound_is_copied_bit_for_bit(tmp_path: Path) -> None:
    source = make_film(tmp_path / "film.mp4", frames=24, draw=lambda _: plain(SIZE), sound=True)
    write_annotated(timeline(source), tmp_path / "out.mp4")
    assert _sound(tmp_path / "out.mp4") == _sound(source) != []


def test_subtitles_are_copied_or_named_where_the_container_cannot_hold_them(tmp_path: Path) -> None:
    source = timeline(_with_subtitles(make_film(tmp_path / "plain.mp4", frames=24, draw=lambda _: plain(SIZE))))
    assert write_annotated(source, tmp_path / "out.mkv") == ()
    with av.open(str(tmp_path / "out.mkv")) as container:
        packets = [(one.pts, bytes(one)) for one in container.demux(subtitles=0) if one.pts is not None]
    assert packets == [(100, b"Hello"), (600, b"World")]
    assert write_annotated(source, tmp_path / "out.mp4") == ("subtitle stream 1 (srt)",)


@pytest.mark.parametrize(("suffix", "left_out"), [("mov", ()), ("mkv", ()), ("mp4", ("audio stream 1 (pcm_s16le)",))])
def test_uncompressed_sound_is_copied_or_named(tmp_path: Path, suffix: str, left_out: tuple[str, ...]) -> None:
    plain_film = make_film(tmp_path / "plain.mov", frames=12, draw=lambda _: plain(SIZE))
    source = tmp_path / "film.mov"
    with av.open(str(plain_film)) as pictures, av.open(str(source), "w") as out:
        copy = out.add_stream_from_template(pictures.streams.video[0])
        sound = out.add_stream("pcm_s16le", rate=48000, layout="stereo")
        for packet in pictures.demux(video=0):
            if packet.dts is not None:
                packet.stream = copy
                out.mux_one(packet)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 2 * 20000), np.int16), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48000, 0, Fraction(1, 48000)
        out.mux(sound.encode(frame))
        out.mux(sound.encode(None))
    assert write_annotated(timeline(source), tmp_path / f"out.{suffix}") == left_out
    with open_film(tmp_path / f"out.{suffix}") as film:
        assert len(list(film.pictures())) == 12


def test_the_timecode_track_is_no_loss(tmp_path: Path) -> None:
    source = make_film(tmp_path / "film.mov", frames=12, draw=lambda _: plain(SIZE), timecode="01:00:00:00")
    assert write_annotated(timeline(source), tmp_path / "out.mov") == ()


def test_a_variable_rate_and_a_late_start_keep_their_times(tmp_path: Path) -> None:
    pts = [500, 540, 590, 600, 700, 740, 833, 900, 940, 980, 1020, 1060, 1100, 1140, 1180, 1220, 1260, 1300, 1400]
    source = make_film(
        tmp_path / "film.mkv", frames=len(pts), draw=lambda _: plain(SIZE), pts=pts, time_base=Fraction(1, 1000)
    )
    write_annotated(timeline(source), tmp_path / "out.mkv")
    with open_film(tmp_path / "out.mkv") as film:
        assert [picture.pts for picture in film.pictures()] == pts


@pytest.mark.parametrize(
    ("film", "expected"),
    [("film.mov", "film.annotated.mov"), ("film.mp4", "film.annotated.mp4"), ("film.avi", "film.annotated.mov")],
)
def test_beside_a_timeline_it_is_of_the_films_own_kind(tmp_path: Path, film: str, expected: str) -> None:
    source = make_film(tmp_path / film, frames=12, draw=lambda _: plain(SIZE))
    path = path_beside(timeline(source), tmp_path / "out" / "film.timeline.json")
    left_out = write_annotated(timeline(source), path)
    assert path == tmp_path / "out" / expected and path.is_file() and left_out == ()


def test_the_film_itself_is_never_written_over(tmp_path: Path) -> None:
    source = make_film(tmp_path / "film.mp4", frames=12, draw=lambda _: plain(SIZE))
    found, before = timeline(source), source.read_bytes()
    with pytest.raises(FilmError, match="never written over"):
        write_annotated(found, source)
    assert source.read_bytes() == before


def test_boxes_stand_still_outside_what_was_looked_at() -> None:
    boxes = ((10, 0.0, 0.0, 10.0, 10.0, 0.9), (20, 10.0, 20.0, 20.0, 30.0, 0.9))
    assert box_at(boxes, 5) == box_at(boxes, 10) == (0, 0, 10, 10)
    assert box_at(boxes, 15) == (5, 10, 15, 20)
    assert box_at(boxes, 20) == box_at(boxes, 99) == (10, 20, 20, 30)
    assert box_at(boxes[:1], 99) == (0, 0, 10, 10)


def _sound(path: Path) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as container:
        packets = container.demux(audio=0)
        return [(one.pts * one.time_base, bytes(one)) for one in packets if one.pts is not None and one.time_base]


def _with_subtitles(film: Path) -> Path:
    text = film.with_suffix(".srt")
    text.write_text("1\n00:00:00,100 --> 00:00:00,500\nHello\n\n2\n00:00:00,600 --> 00:00:00,900\nWorld\n")
    path = film.with_suffix(".mkv")
    with av.open(str(film)) as pictures, av.open(str(text)) as lines, av.open(str(path), "w") as out:
        sources = [(source, out.add_stream_from_template(source.streams[0])) for source in (pictures, lines)]
        for source, stream in sources:
            for packet in source.demux(source.streams[0]):
                if packet.dts is not None:
                    packet.stream = stream
                    out.mux_one(packet)
    return path
