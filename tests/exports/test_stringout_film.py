"""A stringout as a film: exactly the pictures and the sound that were selected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from personae.errors import FilmError
from personae.exports import stringout_film
from personae.exports.film_sound import sound_between
from personae.exports.film_writer import film_errors
from personae.exports.stringouts import write_stringout
from personae.media.video import open_film
from personae.timeline import native
from personae.timeline.selection import Cut
from personae.timeline.timeline import Timeline
from tests.film_maker import make_film, number_in
from tests.timelines import film as timeline_of

RATE = Fraction(24000, 1001)


def timeline(path: Path) -> Timeline:
    with open_film(path) as film:
        for _ in film.pictures():
            pass
        return replace(timeline_of(), video=film.video, shots=(), tracks=(), appearances=(), characters=())


def cuts(found: Timeline, frames: Sequence[tuple[int, int]]) -> list[Cut]:
    length = found.video.frame_pts
    start = found.video.start_pts
    return [Cut(start + round(a * length), start + round(b * length), ("Thor",)) for a, b in frames]


def numbers(path: Path) -> list[int]:
    with open_film(path) as film:
        return [number_in(picture.rgb()) for picture in film.pictures()]


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_the_pictures_of_the_cuts_and_no_others(tmp_path: Path, suffix: str) -> None:
    source = timeline(make_film(tmp_path / f"film.{suffix}", frames=60, rate=RATE))
    out = tmp_path / "out.mp4"
    write_stringout(source, cuts(source, [(3, 9), (30, 31), (55, 60)]), out)
    assert numbers(out) == [3, 4, 5, 6, 7, 8, 30, 55, 56, 57, 58, 59]
    with open_film(out) as film:
        assert film.video.frame_rate == RATE and not film.video.variable_rate
        assert round(film.video.duration_s, 2) == round(12 / float(RATE), 2)


@pytest.mark.parametrize("turns_s", [5, 0.3])
def test_sound_goes_with_the_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, turns_s: float) -> None:
    monkeypatch.setattr(stringout_film, "_SOUND_EVERY_S", turns_s)
    source = timeline(_beeping(tmp_path / "film.mp4"))
    assert native.loads(native.dumps(source)).video.sound_channels == source.video.sound_channels == 1
    out = tmp_path / "out.mp4"
    write_stringout(source, cuts(source, [(25, 50), (75, 100)]), out)  # seconds 1 and 3 of a beep in odd seconds
    samples = sound_between(str(out), Fraction(0), Fraction(2))
    assert min(np.sqrt((part**2).mean()) for part in np.array_split(samples[0], 20)) > 0.3  # no hole in it
    write_stringout(source, cuts(source, [(2, 24)]), out)
    assert np.abs(sound_between(str(out), Fraction(1, 10), Fraction(7, 10))).max() < 0.02


def test_sound_is_cut_where_the_picture_is(tmp_path: Path) -> None:
    path = _beeping(tmp_path / "film.mp4")
    samples = np.abs(sound_between(str(path), Fraction(1, 2), Fraction(3, 2)))[0]
    loud = np.flatnonzero(samples > 0.1)
    assert abs(loud[0] - 24_000) < 480  # the beep begins after half a second, within 10 ms
    assert samples.shape == (48_000,)


def test_another_film_than_the_scanned_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    source = timeline(make_film(tmp_path / "film.mp4", frames=10))
    with pytest.raises(FilmError, match="film that was scanned"):
        write_stringout(source, cuts(source, [(500, 510)]), tmp_path / "out.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_what_ffmpeg_cannot_write_is_a_film_error_and_leaves_nothing(tmp_path: Path) -> None:
    source = timeline(make_film(tmp_path / "film.mp4", frames=10))
    odd = replace(source, video=replace(source.video, stream=7))
    with pytest.raises(FilmError, match="stream 7"):
        write_stringout(odd, cuts(odd, [(0, 5)]), tmp_path / "out.mp4")
    with pytest.raises(FilmError, match="could not be written"), film_errors(tmp_path / "out.mp4"):
        av.open(str(tmp_path / "nothing.mp4"))
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def _beeping(path: Path) -> Path:
    """Four seconds at 25 pictures a second, with a tone in every odd second."""
    hz = 48_000
    silent = make_film(path.with_name("silent.mp4"), frames=100)
    time = np.arange(4 * hz) / hz
    tone = np.where(time.astype(int) % 2 == 1, 0.5 * np.sin(2 * np.pi * 440 * time), 0).astype(np.float32)
    with av.open(str(silent)) as source, av.open(str(path), "w") as out:
        video = out.add_stream_from_template(source.streams.video[0])
        voice = out.add_stream("aac", rate=hz, layout="mono")
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = video
                out.mux(packet)
        for at in range(0, len(tone), 1024):
            frame = av.AudioFrame.from_ndarray(tone[None, at : at + 1024].copy(), format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = hz, at, Fraction(1, hz)
            out.mux(voice.encode(frame))
        out.mux(voice.encode(None))
    silent.unlink()
    return path
