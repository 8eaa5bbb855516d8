"""Followed heads in whole scans: no further than what was read, and in files that cannot be trusted."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from personae import archive
from personae.errors import DamagedFileError
from personae.films import tracks_file
from personae.project.recognizer import CharacterRecognizer
from personae.timeline import records
from tests.drawn_films import drawn_film, drawn_recognizer, scene
from tests.scanning import scan_film

GONE_S = (4.8, 9.8)


@pytest.mark.shared
def test_nobody_is_followed_through_what_could_not_be_read(shared_data: Path, tmp_path: Path) -> None:
    path = tmp_path / "gap.mkv"
    with av.open(str(shared_data / "archive" / "chaplin.mp4")) as whole, av.open(str(path), "w") as container:
        given = whole.streams.video[0]
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "18"})
        stream.width, stream.height, stream.pix_fmt = given.width, given.height, "yuv420p"
        for frame in whole.decode(given):
            if not frame.time < GONE_S[0]:
                continue
            picture = av.VideoFrame.from_ndarray(frame.to_ndarray(format="rgb24"), format="rgb24")
            picture.pts = round(frame.time * 25)
            container.mux(stream.encode(picture))
        last = np.full((given.height, given.width, 3), 90, np.uint8)
        for number in range(round(GONE_S[1] * 25), round(GONE_S[1] * 25) + 20):
            picture = av.VideoFrame.from_ndarray(last, format="rgb24")
            picture.pts = number
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    timeline = scan_film(path, CharacterRecognizer(tmp_path / "project"), tmp_path / "out").timeline
    assert timeline.gaps
    followed = [one for one in timeline.appearances if one.seen == "followed"]
    assert followed
    assert max(timeline.video.seconds(one.end_pts) for one in followed) <= GONE_S[0] + 0.05


@pytest.fixture
def tracks(tmp_path: Path) -> Path:
    film = drawn_film(tmp_path / "a.mp4", lambda n: scene(1, [("Thor", 120, 120, 70)]), 20)
    return scan_film(film, drawn_recognizer(tmp_path), tmp_path / "out").files.tracks


@pytest.mark.parametrize("pts", [10**15, -(10**15), 2**62])
def test_heads_that_are_followed_outside_the_film_are_damage(tracks: Path, pts: int) -> None:
    arrays, facts = archive.read(tracks, schema=records.SCHEMA)
    arrays["followed_pts"] = np.array([[pts, pts + 1]], np.int64)
    arrays["followed_boxes"] = np.array([[10, 10, 80, 80]], np.float32)
    arrays["followed_count"] = np.ones(len(arrays["best_pts"]), np.int64)
    archive.write(tracks, arrays, facts, schema=records.SCHEMA)
    with pytest.raises(DamagedFileError, match="followed_pts"):
        tracks_file.load_tracks(tracks)


def test_a_file_that_an_earlier_version_wrote_anew_is_looked_through_again(tracks: Path) -> None:
    """It left out what it did not know, and kept the fingerprint."""
    assert tracks_file.load_tracks(tracks).fingerprint["version"] > 5
    arrays, facts = archive.read(tracks, schema=records.SCHEMA)
    del facts["holds"]
    archive.write(tracks, arrays, facts, schema=records.SCHEMA)
    assert tracks_file.load_tracks(tracks).fingerprint["version"] == 0
