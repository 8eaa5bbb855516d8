"""Parts of a film, each looked through alone: chunk for chunk what one pass over the whole film finds."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from personae.media import shots
from personae.media.video import open_film
from personae.timeline import chunk_pass
from personae.timeline.chunk_pass import look_through, parts_of
from personae.timeline.chunks import Chunk
from personae.timeline.part import Part
from tests.cluster import films
from tests.cluster.same import boundaries, differences
from tests.film_maker import make_film

CHUNK_S = 4.0
"""Longer than what the shot detector needs to be certain, as real chunks are."""
FRAMES = 600
LENGTH_S = chunk_pass.CHUNK_S
"""As it is outside these tests."""


@pytest.fixture(autouse=True)
def _short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunk_pass, "CHUNK_S", CHUNK_S)


def whole_and_parts(path: Path, piece_s: float) -> tuple[Sequence[Chunk], Sequence[Chunk], list[Part]]:
    with open_film(path) as film:
        times = film.picture_times()
        assert times is not None
        parts = parts_of(times, film.video, piece_s)
        _, whole = look_through(film, films.watching(), Part())
    found: list[Chunk] = []
    for part in reversed(parts):  # none knows of another
        with open_film(path) as film:
            found = [*look_through(film, films.watching(), part)[1], *found]
    return whole, found, parts


def test_parts_of_a_film_are_chunk_for_chunk_one_pass_over_it(tmp_path: Path) -> None:
    path = films.film(tmp_path / "a.mp4", 600, rate=24)
    whole, found, parts = whole_and_parts(path, 10.0)
    assert len(parts) == 3 and len(whole) == 7
    assert parts[2].run_up_pts and open_film(path).video.seconds(parts[2].run_up_pts) > 1, "the last one has to seek"
    assert not differences(whole, found)
    assert {one.kind for one in boundaries(whole)} == {"cut", "dissolve"}
    assert all(chunk.records for chunk in whole)


def test_the_comparison_of_chunks_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = films.film(tmp_path / "a.mp4", 300, rate=25)
    with open_film(path) as film:
        _, one = look_through(film, films.watching(), Part())
    monkeypatch.setattr(films, "HIDDEN_EVERY", 60)
    films.picture.cache_clear()
    try:
        with open_film(films.film(tmp_path / "b.mp4", 300, rate=25)) as film:
            _, other = look_through(film, films.watching(), Part())
    finally:
        films.picture.cache_clear()
    assert differences(one, other) and differences(one, one[1:]) and not differences(one, one)


@pytest.mark.live
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("b_frames_25.mp4", {"rate": 25, "b_frames": 3, "gop": 50}),
        pytest.param(*("ntsc.mp4", {"rate": Fraction(30000, 1001), "gop": 250}), marks=pytest.mark.exhaustive),
        pytest.param(*("film.mp4", {"rate": Fraction(24000, 1001), "gop": 48}), marks=pytest.mark.exhaustive),
        pytest.param(*("fast_50.mp4", {"rate": 50, "frames": 1200}), marks=pytest.mark.exhaustive),
        pytest.param(*("fast_60.mp4", {"rate": 60}), marks=pytest.mark.exhaustive),
        pytest.param(
            *("open_gop.mp4", {"rate": 25, "gop": 50, "options": {"x264-params": "open-gop=1:keyint=50:bframes=3"}}),
            marks=pytest.mark.exhaustive,
        ),
        ("vp9.mkv", {"rate": 25, "codec": "libvpx-vp9", "options": {"deadline": "realtime", "cpu-used": "8"}}),
        pytest.param(
            *("motion.mov", {"rate": 25, "codec": "mjpeg", "pix_fmt": "yuvj444p", "options": {"qscale": "2"}}),
            marks=pytest.mark.exhaustive,
        ),
        pytest.param(
            *("prores.mov", {"rate": 24, "codec": "prores_ks", "pix_fmt": "yuv422p10le"}), marks=pytest.mark.exhaustive
        ),
        pytest.param(*("hevc.mp4", {"rate": 25, "codec": "libx265", "gop": 50}), marks=pytest.mark.exhaustive),
        ("stream.ts", {"rate": 25}),
        pytest.param(
            *("two.mxf", {"rate": 25, "codec": "mpeg2video", "pix_fmt": "yuv422p"}), marks=pytest.mark.exhaustive
        ),
        pytest.param(*("four.mp4", {"rate": 25, "codec": "mpeg4", "pix_fmt": "yuv420p"}), marks=pytest.mark.exhaustive),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_parts_of_films_of_every_codec_and_rate_are_one_pass(
    tmp_path: Path, name: str, options: dict[str, Any]
) -> None:
    codec = options.get("codec", "libx264")
    if codec not in av.codecs_available:
        pytest.skip(f"PyAV cannot write {codec} here")
    path = films.film(tmp_path / name, **{"frames": FRAMES, **options})
    with open_film(path) as film:
        times, length_s = film.picture_times(), film.video.duration_s
    assert times is not None and len(times) == options.get("frames", FRAMES)
    whole, found, parts = whole_and_parts(path, length_s / 3)
    assert len(parts) in {2, 3}
    assert any(chunk.records for chunk in whole)
    assert not differences(whole, found)


def test_times_of_pictures_are_told_where_packets_tell_them(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", frames=60, rate=25)
    with open_film(path) as film:
        assert film.picture_times() == [picture.pts for picture in film.pictures()]


def test_times_of_pictures_are_told_by_nobody_where_they_are_not_certain(tmp_path: Path) -> None:
    pts = [n * 40 + (n % 3) * 9 for n in range(60)]
    varying = make_film(tmp_path / "a.mkv", frames=60, pts=pts, time_base=Fraction(1, 1000), b_frames=0)
    bare = make_film(tmp_path / "b.h264", frames=60)
    in_decoding_order = make_film(tmp_path / "c.avi", frames=60, codec="libx264", b_frames=2)
    gap = make_film(tmp_path / "d.mp4", frames=60, pts=[n + 40 * (n > 30) for n in range(60)], b_frames=0)
    for path in (varying, bare, in_decoding_order, gap):
        with open_film(path) as film:
            assert film.picture_times() is None, path.name


def test_a_film_in_several_files_is_one_piece(tmp_path: Path) -> None:
    paths = [make_film(tmp_path / f"{number}.mp4", frames=30) for number in (1, 2)]
    with open_film(paths, as_one=True) as film:
        assert film.picture_times() is None


def test_no_part_is_much_longer_than_asked_and_every_chunk_is_in_one(tmp_path: Path) -> None:
    with open_film(make_film(tmp_path / "a.mp4", frames=900, rate=25)) as film:
        times = film.picture_times()
        assert times is not None
        for longest_s in (1.0, 4.0, 7.0, 11.0, 36.0, 1000.0):
            parts = parts_of(times, film.video, longest_s)
            assert [part.stop_pts for part in parts] == [*(part.start_pts for part in parts[1:]), None]
            starts = [0.0, *(film.video.seconds(part.start_pts or 0) for part in parts[1:]), 36.0]
            lengths = [after - start for start, after in pairwise(starts)]
            assert max(lengths) <= max(longest_s, CHUNK_S) * 1.5 and all(one % CHUNK_S == 0 for one in lengths)


def test_a_chunk_is_longer_than_what_a_boundary_waits_for() -> None:
    """Else a chunk would be finished before its boundaries are known."""
    assert LENGTH_S > shots.SETTLE_S
