"""First and last frame of every appearance in every editor's format, at every rate; names and start timecode kept."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from personae.exports import cut_edl, fcp7_xml, fcpxml, otio
from personae.exports.grid import Grid
from personae.exports.registry import exporters
from personae.timeline.selection import Wanted, select
from personae.timeline.timeline import Timeline
from tests.timelines import LENGTH_S, NASTY, NTSC, RATES, film, named

GOLDEN = Path(__file__).parents[1] / "golden"
Row = tuple[str, int, int, str, str]


def expected(rate: str) -> list[Row]:
    """Name, first frame, frame after the last, and the timecodes of both: worked out by hand."""
    with (GOLDEN / "timecodes.csv").open(encoding="utf-8") as file:
        rows = [[row[0].replace("NASTY", NASTY), *row[1:]] for key, *row in csv.reader(file) if key == rate]
    return [(name, int(first), int(end), at, end_at) for name, first, end, at, end_at in rows]


def exported(format: str, timeline: Timeline) -> str:
    return exporters()[format].export(timeline).decode()


def golden_film(rate: str) -> Timeline:
    frames, drop = RATES[rate]
    return film(frames, drop=drop, found=[("Zoë 李 🎬", 1798, 1802), ("Unknown 1", 1800, 1830), ("thor", 1800, 1832)])


@pytest.fixture(params=list(RATES))
def rate(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def pycmx_edits(text: str) -> list[Any]:
    pycmx = pytest.importorskip("pycmx")
    events = pycmx.parse_cmx3600(StringIO(text)).events
    return [edit for event in events for edit in event.edits]


@pytest.mark.parametrize("key", ["29.97df", "23.976"])
@pytest.mark.parametrize("suffix", ["resolve.edl", "cuts.edl", "loc.edl", "avid.txt", "fcpxml", "xml", "otio"])
def test_golden_files(key: str, suffix: str) -> None:
    found = next(one for one in exporters().values() if f".{suffix}" in one.suffixes)
    assert found.export(golden_film(key)).decode() == (GOLDEN / f"{key}.{suffix}").read_text(encoding="utf-8")


def test_resolve_markers(rate: str) -> None:
    text = exported("resolve", named(rate))
    assert f"FCM: {'DROP' if 'df' in rate and 'ndf' not in rate else 'NON-DROP'} FRAME\n" in text
    for (name, first, end, at, _), edit, note in zip(
        expected(rate), pycmx_edits(text), [line for line in text.splitlines() if "|C:" in line], strict=True
    ):
        assert edit.source_in == edit.record_in == at
        assert f"|M:{name} |D:{end - first}" in note
        assert edit.record_out == Grid.of(named(rate).video).timecode(first + 1)


def test_appearances_that_begin_on_one_frame_share_a_resolve_marker_that_tells_both() -> None:
    text = exported("resolve", film(Fraction(25), found=[("A|B", 5, 9), ("C", 5, 30), ("C", 40, 41)]))
    assert text.count("|C:") == 2
    assert "|M:A/B + C |D:25" in text
    assert "A/B 01:00:00:05-01:00:00:09, confidence 91%; C 01:00:00:05-01:00:01:05, confidence 92%" in text


def test_cuts_read_back(rate: str) -> None:
    edits = pycmx_edits(exported("cuts", named(rate)))
    position = None
    for (_, _, _, at, end), edit in zip(expected(rate), edits, strict=True):
        assert (edit.source_in, edit.source_out) == (at, end)
        assert edit.source == "A001" and edit.clip_name == "My film.mov"
        assert position is None or edit.record_in == position
        position = edit.record_out
    assert edits[0].record_in in {"01:00:00:00", "01:00:00;00"}


def test_locators(rate: str) -> None:
    lines = [line for line in exported("loc", named(rate)).splitlines() if line.startswith("* LOC:")]
    grid = Grid.of(named(rate).video)
    for (name, first, end, at, _), line in zip(expected(rate), lines, strict=True):
        assert line.startswith(f"* LOC: {at} ") and f" {name} ({end - first} frame" in line
        assert line.endswith(f"to {grid.timecode(end - 1)})")


def test_avid_markers(rate: str) -> None:
    rows = [line.split("\t") for line in exported("avid", named(rate)).splitlines()]
    for (name, first, end, at, _), row in zip(expected(rate), rows, strict=True):
        assert row[1:3] == [at, "V1"] and row[4].startswith(name) and row[5] == str(end - first)


def test_premiere_markers(rate: str) -> None:
    root = ElementTree.fromstring(exported("premiere", named(rate)))
    nominal = round(RATES[rate][0])
    markers = [[marker.findtext(tag) for tag in ("name", "in", "out")] for marker in root.iter("marker")]
    assert markers == [[name, str(first), str(end)] for name, first, end, *_ in expected(rate)]
    for timecode in (root.find("sequence/timecode"), root.find(".//file/timecode")):
        assert timecode is not None
        assert timecode.findtext("string") == expected(rate)[0][3]
        assert timecode.findtext("rate/timebase") == str(nominal)
        assert timecode.findtext("rate/ntsc") == ("TRUE" if "9" in rate else "FALSE")
        assert timecode.findtext("displayformat") == ("DF" if RATES[rate][1] else "NDF")
        # An hour of drop-frame numbers is an hour by the clock, 108 (216) frames short of the nominal.
        assert timecode.findtext("frame") == str(3600 * nominal - (nominal // 30 * 108 if RATES[rate][1] else 0))
    assert root.findtext(".//file/pathurl") == "file://localhost/films/My%20film.mov"
    assert root.findtext("sequence/duration") == str(LENGTH_S * nominal)


def test_fcpxml_keywords_are_exact_multiples_of_the_frame(rate: str) -> None:
    root = ElementTree.fromstring(exported("fcpxml", named(rate)))
    frame = seconds(root.find(".//format"), "frameDuration")
    assert frame == 1 / RATES[rate][0]
    clip = root.find(".//event/asset-clip")
    assert clip is not None and clip.get("tcFormat") == ("DF" if RATES[rate][1] else "NDF")
    start = seconds(clip, "start")
    keywords: list[Any] = [
        (one.get("value"), (seconds(one, "start") - start) / frame, seconds(one, "duration") / frame)
        for one in clip.iter("keyword")
    ]
    assert keywords == [(name, first, end - first) for name, first, end, *_ in expected(rate)]
    nominal = round(RATES[rate][0])
    assert start / frame == 3600 * nominal - (nominal // 30 * 108 if RATES[rate][1] else 0)


def seconds(element: ElementTree.Element | None, attribute: str) -> Fraction:
    assert element is not None
    return Fraction(str(element.get(attribute)).removesuffix("s"))


def test_otio_is_read_back_by_its_library(rate: str) -> None:
    library = pytest.importorskip("opentimelineio")
    timeline = library.adapters.read_from_string(exported("otio", named(rate)), "otio_json")
    [clip] = timeline.find_clips()

    def timecode(time: Any) -> str:
        return str(library.opentime.to_timecode(time, float(RATES[rate][0]), RATES[rate][1]))

    for (name, first, end, at, end_at), marker in zip(expected(rate), clip.markers, strict=True):
        assert marker.name == name
        span = marker.marked_range
        assert span.duration.value == end - first
        assert span.start_time.value - clip.available_range().start_time.value == first
        # The library's own drop-frame arithmetic agrees.
        assert (timecode(span.start_time), timecode(span.end_time_exclusive())) == (at, end_at)
    assert timecode(timeline.global_start_time) == expected(rate)[0][3]
    assert clip.media_reference.target_url == "file:///films/My%20film.mov"
    assert clip.available_range().duration.value == LENGTH_S * round(RATES[rate][0])
    assert clip.markers[2].metadata["personae"]["unknown"] == "Unknown 1"


def test_stringouts_hold_the_same_cuts_in_every_format(rate: str) -> None:
    timeline = named(rate)
    cuts = select(timeline, Wanted(("Thor",)))
    wanted = [(first, end) for name, first, end, *_ in expected(rate) if name == "Thor"]
    edits = pycmx_edits(cut_edl.stringout(timeline, cuts, "Thor").decode())
    timecodes = [row[3:] for row in expected(rate) if row[0] == "Thor"]
    assert [(edit.source_in, edit.source_out) for edit in edits] == timecodes

    root = ElementTree.fromstring(fcpxml.stringout(timeline, cuts, "Thor"))
    frame, start = seconds(root.find(".//format"), "frameDuration"), seconds(root.find(".//asset"), "start")
    clips = list(root.iter("asset-clip"))
    found = [(seconds(clip, "start") - start, seconds(clip, "duration")) for clip in clips]
    frames: list[Any] = [(at / frame, (at + length) / frame) for at, length in found]
    assert frames == wanted
    assert seconds(clips[1], "offset") == found[0][1]
    assert seconds(root.find(".//sequence"), "duration") == sum(length for _, length in found)

    root = ElementTree.fromstring(fcp7_xml.stringout(timeline, cuts, "Thor"))
    items = list(root.iter("clipitem"))
    assert [(int(item.findtext("in", "")), int(item.findtext("out", ""))) for item in items] == wanted
    assert [item.findtext("start") for item in items] == ["0", str(wanted[0][1] - wanted[0][0])]

    library = pytest.importorskip("opentimelineio")
    document = library.adapters.read_from_string(otio.stringout(timeline, cuts, "Thor").decode(), "otio_json")
    ranges = [(clip.source_range, clip.available_range().start_time.value) for clip in document.find_clips()]
    assert [
        (span.start_time.value - zero, span.end_time_exclusive().value - zero) for span, zero in ranges
    ] == wanted  # fmt: skip
    assert document.duration().value == sum(end - first for first, end in wanted)


def test_a_film_whose_pictures_begin_late_counts_from_its_first() -> None:
    early, late = film(Fraction(24)), film(Fraction(24), start_pts=987_000)
    for name, exporter in exporters().items():
        if name != "sheet":  # a decision is kept with the file's own times
            # Pages keep a digest of the timeline, by which they say that they are older than it.
            first, second = (re.sub(rb' data-timelines="[^"]*"', b"", exporter.export(one)) for one in (early, late))
            assert first == second, name


def test_reels_keep_what_an_edl_can_hold() -> None:
    for reel, expected_reel in ((None, "AX"), ("A001_C002_0101AB", "A001_C002_0101AB"), ("Rolle ä/ö", "Rolle_a_o")):
        text = exported("cuts", film(reel=reel, found=[("Thor", 0, 5)]))
        [edit] = pycmx_edits(text)
        assert edit.source == expected_reel


def test_more_than_999_events() -> None:
    text = exported("cuts", film(found=[("Thor", 2 * i, 2 * i + 1) for i in range(1001)]))
    assert len(pycmx_edits(text)) == 1001 and "\n1001  A001" in text


def test_without_a_timecode_the_film_begins_at_zero() -> None:
    assert "00:00:00:00" in exported("resolve", film(start_timecode=None))


def test_drop_frame_is_not_believed_where_it_does_not_exist() -> None:
    assert "FCM: NON-DROP FRAME" in exported("resolve", film(NTSC[24], drop=True, start_timecode="01:00:00:00"))


def test_otio_is_plain_json() -> None:
    assert json.loads(exported("otio", film()))["OTIO_SCHEMA"] == "Timeline.1"


def test_stringouts_of_a_film_with_sound_bring_it_along() -> None:
    silent = named("29.97df")
    timeline = replace(silent, video=replace(silent.video, sound_channels=2))
    cuts = select(timeline, Wanted(("Thor",)))
    edits = pycmx_edits(cut_edl.stringout(timeline, cuts, "Thor").decode())
    assert all(edit.channels.video and edit.channels.a1 and edit.channels.a2 for edit in edits)
    assert [edit.source_in for edit in edits] == ["01:00:00;00", "01:01:29;29"]

    root = ElementTree.fromstring(fcpxml.stringout(timeline, cuts, "Thor"))
    asset = root.find(".//asset")
    assert asset is not None and (asset.get("hasAudio"), asset.get("audioChannels")) == ("1", "2")

    root = ElementTree.fromstring(fcp7_xml.stringout(timeline, cuts, "Thor"))
    tracks = [*root.findall(".//sequence/media/video/track"), *root.findall(".//sequence/media/audio/track")]
    cuts_of = [[[one.findtext(tag) for tag in ("start", "end", "in", "out")] for one in track] for track in tracks]
    assert len(cuts_of) == 3 and cuts_of[0] == cuts_of[1] == cuts_of[2] and len(cuts_of[0]) == 2
    ids = {one.get("id") for one in root.iter("clipitem")}
    assert len(ids) == 6 and {one.text for one in root.iter("linkclipref")} == ids
    assert len(root.findall(".//file[name]")) == 1

    library = pytest.importorskip("opentimelineio")
    for text in (otio.stringout(timeline, cuts, "Thor").decode(), exported("otio", timeline)):
        document = library.adapters.read_from_string(text, "otio_json")
        [picture], [sound] = document.video_tracks(), document.audio_tracks()
        assert [clip.source_range for clip in picture] == [clip.source_range for clip in sound]
        assert not any(clip.markers for clip in sound)


FCPXML = {  # of what we write, the children and attributes that the format's definition (1.10) allows
    "fcpxml": ("resources library", "version"),
    "resources": ("asset format", ""),
    "format": ("", "id name frameDuration fieldOrder width height paspH paspV colorSpace"),
    "asset": ("media-rep", "id name uid start duration hasVideo format hasAudio audioSources audioChannels audioRate"),
    "media-rep": ("bookmark", "kind sig src suggestedFilename"),
    "library": ("event", "location colorProcessing"),
    "event": ("asset-clip project", "name uid"),
    "project": ("sequence", "name uid id modDate"),
    "sequence": ("spine", "format duration tcStart tcFormat audioLayout audioRate renderFormat keywords"),
    "spine": ("asset-clip", "lane offset name format"),
    "asset-clip": ("keyword", "ref name lane offset start duration enabled format tcStart tcFormat srcEnable"),
    "keyword": ("", "start duration value note"),
}  # fmt: skip


def test_fcpxml_keeps_to_its_definition() -> None:
    timeline = replace(named("23.976"), video=replace(named("23.976").video, sound_channels=6))
    cuts = select(timeline, Wanted(("Thor",)))
    for text in (exported("fcpxml", timeline), fcpxml.stringout(timeline, cuts, "Thor")):
        for one in ElementTree.fromstring(text).iter():
            children, attributes = FCPXML[one.tag]
            assert {child.tag for child in one} <= set(children.split()), one.tag
            assert set(one.attrib) <= set(attributes.split()), one.tag
