"""A film of several files in a row: each cut names the right file with its own timecode; pictures and sound of all."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import av
import numpy as np
import pytest

from personae.exports import cut_edl, fcp7_xml, fcpxml, otio
from personae.exports.annotated_film import write_annotated
from personae.exports.grid import Grid
from personae.exports.media_files import media_files, pieces
from personae.exports.registry import exporters
from personae.exports.stringouts import write_stringout
from personae.media.film import FilmPart
from personae.media.video import open_film
from personae.timeline import native
from personae.timeline.selection import Cut
from personae.timeline.timeline import Appearance, Timeline, Track
from tests.film_maker import make_film, number_in, numbered, plain
from tests.timelines import film as timeline_of

TICK = 1000  # of tests/timelines.py


def in_parts() -> Timeline:
    """90 s at 25 from two files, the second from frame 1000 on: a span before the seam, one across it, one after."""
    found = timeline_of(found=[("Thor", 100, 110), ("Loki", 990, 1020), ("Unknown 1", 1500, 1510)])
    parts = (
        FilmPart("/films/a.mov", 0, "01:00:00:00", reel="A001", sound_channels=2),
        FilmPart("/films/b.mov", 1000 * TICK, "05:00:00:00", reel="B001", sound_channels=2),
    )
    return replace(found, video=replace(found.video, path="/films/a.mov", parts=parts, sound_channels=2))


def every_appearance(timeline: Timeline) -> list[Cut]:
    return [Cut(one.start_pts, one.end_pts, (one.name,)) for one in timeline.appearances]


def test_spans_are_cut_where_a_file_ends() -> None:
    timeline = in_parts()
    files = media_files(timeline, Grid.of(timeline.video))
    assert [(file.name, file.first, file.frames) for file in files] == [("a.mov", 0, 1000), ("b.mov", 1000, 1250)]
    found = [
        [(p.file.number, p.first, p.end) for p in pieces(files, *span)] for span in ((0, 9), (990, 1020), (1500, 9999))
    ]
    assert found == [[(1, 0, 9)], [(1, 990, 1000), (2, 0, 20)], [(2, 500, 8999)]]


def test_cuts_of_an_edl_name_reel_and_timecode_of_their_file() -> None:
    pycmx = pytest.importorskip("pycmx")
    for text in (
        cut_edl.stringout(in_parts(), every_appearance(in_parts()), "a"),
        exporters()["cuts"].export(in_parts()),
    ):
        edits = [edit for event in pycmx.parse_cmx3600(StringIO(text.decode())).events for edit in event.edits]
        # Picture and sound of an event are one edit each in some versions: only what differs counts.
        rows = list(dict.fromkeys((e.source, e.source_in, e.source_out, e.clip_name) for e in edits))
        assert rows == [
            ("A001", "01:00:04:00", "01:00:04:10", "a.mov"),
            ("A001", "01:00:39:15", "01:00:40:00", "a.mov"),
            ("B001", "05:00:00:00", "05:00:00:20", "b.mov"),
            ("B001", "05:00:20:00", "05:00:20:10", "b.mov"),
        ]


def test_locators_stand_beneath_their_file() -> None:
    lines = exporters()["loc"].export(in_parts()).decode().splitlines()
    events = [line for line in lines if line[:3].isdigit()]
    assert [line.split()[1] for line in events] == ["A001", "B001"]
    assert events[1].endswith("05:00:00:00 05:00:50:00 01:00:40:00 01:01:30:00")
    markers = [line for line in lines if line.startswith("* LOC:")]
    assert len(markers) == 3 and lines.index(markers[1]) < lines.index(events[1]) < lines.index(markers[2])


def test_final_cut_gets_a_clip_per_file() -> None:
    root = ElementTree.fromstring(exporters()["fcpxml"].export(in_parts()))
    sources = [rep.get("src") for rep in root.iter("media-rep")]
    assert sources == ["file:///films/a.mov", "file:///films/b.mov"]
    found = {
        clip.get("ref"): [(k.get("value"), k.get("start"), k.get("duration")) for k in clip.iter("keyword")]
        for clip in root.iter("asset-clip")
    }
    assert found == {
        "r2": [("Thor", "90100/25s", "10/25s"), ("Loki", "90990/25s", "10/25s")],
        "r3": [("Loki", "450000/25s", "20/25s"), ("Unknown 1", "450500/25s", "10/25s")],
    }
    cuts = ElementTree.fromstring(fcpxml.stringout(in_parts(), every_appearance(in_parts()), "a"))
    clips = [(c.get("ref"), c.get("offset"), c.get("start")) for c in cuts.iter("asset-clip")]
    assert clips == [
        ("r2", "0s", "90100/25s"),
        ("r2", "10/25s", "90990/25s"),
        ("r3", "20/25s", "450000/25s"),
        ("r3", "40/25s", "450500/25s"),
    ]


def test_premiere_gets_the_files_one_after_the_other() -> None:
    root = ElementTree.fromstring(exporters()["premiere"].export(in_parts()))
    assert [file.findtext("pathurl") for file in root.iter("file") if len(file)] == [
        "file://localhost/films/a.mov",
        "file://localhost/films/b.mov",
    ]
    (track,) = root.findall("sequence/media/video/track")
    rows = [[item.findtext(tag) for tag in ("start", "end", "in", "out")] for item in track]
    assert rows == [["0", "1000", "0", "1000"], ["1000", "2250", "0", "1250"]]
    assert [item.find("file").get("id") for item in root.iter("clipitem")] == ["film", "film-2"] * 3  # type: ignore[union-attr]
    cuts = ElementTree.fromstring(fcp7_xml.stringout(in_parts(), every_appearance(in_parts()), "a"))
    (track,) = cuts.findall("sequence/media/video/track")
    assert [[item.findtext(tag) for tag in ("start", "in")] for item in track] == [
        ["0", "100"],
        ["10", "990"],
        ["20", "0"],
        ["40", "500"],
    ]


def test_otio_reads_back_each_file() -> None:
    library = pytest.importorskip("opentimelineio")
    for text in (exporters()["otio"].export(in_parts()), otio.stringout(in_parts(), every_appearance(in_parts()), "a")):
        read = library.adapters.otio_json.read_from_string(text.decode())
        for clip in read.find_clips():
            media = clip.media_reference.available_range
            assert media.start_time <= clip.source_range.start_time
            assert clip.source_range.end_time_exclusive() <= media.end_time_exclusive()
            for marker in clip.markers:
                assert marker.marked_range.end_time_exclusive() <= clip.source_range.end_time_exclusive()
    whole = json.loads(exporters()["otio"].export(in_parts()))
    clips = whole["tracks"]["children"][0]["children"]
    assert [[m["marked_range"]["start_time"]["value"] for m in clip["markers"]] for clip in clips] == [
        [90100.0, 90990.0],
        [450000.0, 450500.0],
    ]


@pytest.fixture
def joined(tmp_path: Path) -> Timeline:
    """Two files of 20 and 15 pictures that go on counting; the second begins late by its own clock."""
    paths = [
        make_film(tmp_path / "1.mov", frames=20, sound=True, timecode="01:00:00:00"),
        make_film(
            tmp_path / "2.mkv", frames=15, draw=lambda n: numbered(n + 20), sound=True,
            pts=[200 + 40 * n for n in range(15)], time_base=Fraction(1, 1000), b_frames=0,
        ),
    ]  # fmt: skip
    with open_film(paths, as_one=True) as film:
        assert len(list(film.pictures())) == 35
        video = film.video
    assert [Path(part.path).name for part in video.parts] == ["1.mov", "2.mkv"]
    assert video.parts[1].start_pts == 20 * round(video.frame_pts)
    bare = replace(timeline_of(), video=video, shots=(), tracks=(), appearances=(), characters=())
    return native.loads(native.dumps(bare))


def numbers(path: Path) -> list[int]:
    with open_film(path) as film:
        return [number_in(picture.rgb()) for picture in film.pictures()]


def test_a_stringout_takes_its_pictures_from_every_file(joined: Timeline, tmp_path: Path) -> None:
    frame = round(joined.video.frame_pts)
    cuts = [Cut(a * frame, b * frame, ("Thor",)) for a, b in ((3, 6), (18, 23), (30, 35))]
    write_stringout(joined, cuts, tmp_path / "out.mp4")
    assert numbers(tmp_path / "out.mp4") == [3, 4, 5, 18, 19, 20, 21, 22, 30, 31, 32, 33, 34]


def test_the_annotated_film_has_every_file_with_its_sound(joined: Timeline, tmp_path: Path) -> None:
    assert write_annotated(joined, tmp_path / "out.mkv") == ()
    assert numbers(tmp_path / "out.mkv") == list(range(35))
    with av.open(str(tmp_path / "out.mkv")) as container:
        sound = [packet.pts * packet.time_base for packet in container.demux(audio=0) if packet.pts is not None]
    assert np.all(np.diff([float(t) for t in sound]) > 0)
    assert sound[-1] > 1.1, "the second file's sound goes to its end"


def test_numbered_pictures_are_annotated_too(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "shot").mkdir()
    for number in range(12):
        Image.fromarray(plain((320, 240))).save(tmp_path / "shot" / f"a_{number:03}.png")
    with open_film(tmp_path / "shot", rate=25) as film:
        list(film.pictures())
        video = film.video
    track = Track(1, 0, 0, 12, ((0, 100.0, 100.0, 140.0, 160.0, 0.9),))
    one = Appearance(1, "Thor", None, 0, 12, 0.6, 0.9, (1,))
    write_annotated(replace(timeline_of(), video=video, tracks=(track,), appearances=(one,)), tmp_path / "out.mp4")
    with open_film(tmp_path / "out.mp4") as film:
        assert len(list(film.pictures())) == 12
