"""What scholars open: tables that add up, ELAN tiers without overlaps, the graph, captions, and the methods."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from fractions import Fraction
from io import BytesIO, StringIO
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from personae.exports.registry import exporters
from personae.timeline.timeline import Timeline
from tests.timelines import film, named

FOUND = [
    ("Thor", 0, 50),
    ("Thor", 40, 60),
    ("Thor", 60, 70),
    ("Tony", 25, 100),
    ("Thor", 200, 220),
    ("Unknown 1", 210, 300),
]


def timeline() -> Timeline:
    return film(Fraction(25), found=FOUND)


def table(name: str, of: Timeline) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(exporters()[name].export(of).decode("utf-8-sig"), newline="")))


def test_appearances() -> None:
    rows = table("appearances", timeline())
    assert len(rows) == 6
    assert rows[2] == {
        "appearance": "2", "character": "Thor", "unknown": "",
        "start_s": "1.600", "end_s": "2.400", "duration_s": "0.800",
        "first_frame": "40", "last_frame": "59", "first_timecode": "01:00:01:15", "last_timecode": "01:00:02:09",
        "similarity": "0.6000", "confidence": "0.9200", "decided_by": "model", "depicted": "false", "tracks": "2",
        "seen": "face",
    }  # fmt: skip
    assert (rows[5]["character"], rows[5]["unknown"]) == ("", "Unknown 1")


def test_tracks_with_and_without_a_name() -> None:
    found = timeline()
    rows = table("tracks", replace(found, appearances=found.appearances[1:]))
    assert len(rows) == 6 and rows[0]["character"] == "" and rows[1]["character"] == "Tony"
    assert float(rows[0]["face_height_share"]) == pytest.approx(600 / 1080, abs=1e-4)


def test_totals_keep_both_measures() -> None:
    [thor, tony, unknown] = table("totals", timeline())
    assert float(thor["visible_face_time_s"]) < float(thor["scene_presence_s"])
    assert (tony["character"], unknown["unknown"]) == ("Tony", "Unknown 1")


@pytest.mark.parametrize("key", ["23.976", "25", "59.94df"])
def test_the_grid_of_seconds_adds_up_to_the_time_on_screen(key: str) -> None:
    found = named(key)
    rows = table("seconds", found)
    assert len(rows) == -(-found.video.duration_pts * found.video.time_base // 1)
    for name in ("Thor", "thor", "Unknown 1"):
        spans = [(one.start_pts, one.end_pts) for one in found.appearances if one.name == name]
        on_screen = float(sum(end - start for start, end in spans) * found.video.time_base)
        assert sum(float(row[name]) for row in rows) == pytest.approx(on_screen, abs=0.005)
    assert all(0 <= float(value) <= 1 for row in rows for value in list(row.values())[2:])


def test_overlapping_appearances_count_once_in_the_grid() -> None:
    rows = table("seconds", timeline())
    assert [row["Thor"] for row in rows[:4]] == ["1.000", "1.000", "0.800", "0.000"]


def test_elan_has_a_tier_per_person_and_no_overlap_in_it() -> None:
    root = ElementTree.fromstring(exporters()["elan"].export(timeline()))
    slots = {one.get("TIME_SLOT_ID"): int(one.get("TIME_VALUE", "")) for one in root.iter("TIME_SLOT")}
    assert list(slots.values()) == sorted(slots.values())
    tiers = {}
    for tier in root.iter("TIER"):
        spans = [
            (slots[one.get("TIME_SLOT_REF1")], slots[one.get("TIME_SLOT_REF2")])
            for one in tier.iter("ALIGNABLE_ANNOTATION")
        ]
        tiers[tier.get("TIER_ID")] = spans
        assert {one.text for one in tier.iter("ANNOTATION_VALUE")} == {tier.get("TIER_ID")}
    assert tiers == {"Thor": [(0, 2800), (8000, 8800)], "Tony": [(1000, 4000)], "Unknown 1": [(8400, 12000)]}


def test_elan_documents_have_the_structure_of_eaf_3() -> None:
    """The order of elements, required attributes and types of ids that the format's schema asks for."""
    for of in (timeline(), replace(timeline(), appearances=())):
        root = ElementTree.fromstring(exporters()["elan"].export(of))
        assert root.tag == "ANNOTATION_DOCUMENT" and root.get("FORMAT") == root.get("VERSION") == "3.0"
        assert root.get("AUTHOR") is not None
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", root.get("DATE", ""))
        assert re.fullmatch(
            "HEADER TIME_ORDER( TIER)*( LINGUISTIC_TYPE)+( CONSTRAINT)*", " ".join(one.tag for one in root)
        )
        header = root[0]
        assert header.get("TIME_UNITS") == "milliseconds"
        assert [one.tag for one in header] == ["MEDIA_DESCRIPTOR", "PROPERTY"]
        assert set(header[0].attrib) >= {"MEDIA_URL", "MIME_TYPE"} and " " not in header[0].get(
            "RELATIVE_MEDIA_URL", ""
        )
        ids = [one.get(name) for one in root.iter() for name in ("TIME_SLOT_ID", "ANNOTATION_ID") if one.get(name)]
        assert len(ids) == len(set(ids)) and all(re.fullmatch("[a-z]+[0-9]+", str(one)) for one in ids)
        types = {one.get("LINGUISTIC_TYPE_ID") for one in root.iter("LINGUISTIC_TYPE")}
        for tier in root.iter("TIER"):
            assert tier.get("LINGUISTIC_TYPE_REF") in types
            assert all([inner.tag for inner in one] == ["ALIGNABLE_ANNOTATION"] for one in tier)


def test_a_person_seen_without_a_break_at_an_odd_rate_never_overlaps_in_elan() -> None:
    touching = film(Fraction(24000, 1001), found=[("Thor", at, at + 1) for at in range(0, 400, 2)])
    root = ElementTree.fromstring(exporters()["elan"].export(touching))
    slots = {one.get("TIME_SLOT_ID"): int(one.get("TIME_VALUE", "")) for one in root.iter("TIME_SLOT")}
    ends = [
        (slots[one.get("TIME_SLOT_REF1")], slots[one.get("TIME_SLOT_REF2")])
        for one in root.iter("ALIGNABLE_ANNOTATION")
    ]
    assert len(ends) == 200 and all(a[1] <= b[0] for a, b in pairwise(ends))


def test_the_graph_is_read_by_networkx() -> None:
    networkx = pytest.importorskip("networkx")
    graph = networkx.read_graphml(BytesIO(exporters()["graphml"].export(timeline())))
    labels = networkx.get_node_attributes(graph, "label")
    assert sorted(labels.values()) == ["Thor", "Tony", "Unknown 1"]
    edges = {(labels[a], labels[b]): data for a, b, data in graph.edges(data=True)}
    assert edges[("Thor", "Tony")]["weight"] == pytest.approx(1.8) and edges[("Thor", "Tony")]["times"] == 1
    assert edges[("Thor", "Unknown 1")]["weight"] == pytest.approx(0.4)
    assert [data["known"] for _, data in graph.nodes(data=True)] == [True, True, False]


def test_captions_name_everybody_at_each_moment() -> None:
    srt = exporters()["srt"].export(timeline()).decode()
    cues = re.findall(r"(\d+)\n(\S+) --> (\S+)\n(.+)\n", srt)
    assert cues[0] == ("1", "00:00:00,000", "00:00:01,000", "Thor")
    assert cues[1] == ("2", "00:00:01,000", "00:00:02,800", "Thor, Tony")
    assert [int(cue[0]) for cue in cues] == list(range(1, 7))
    vtt = exporters()["webvtt"].export(timeline()).decode()
    assert vtt.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nThor\n")


def test_methods_can_be_pasted_into_a_paper() -> None:
    found = timeline()
    decided = replace(found.appearances[0], decided_by="person")
    found = replace(found, appearances=(decided, *found.appearances[1:]), gaps=((0, 25_000, "damaged"),))
    text = exporters()["methods"].export(found).decode()
    for part in (
        "compared with a cast of 3 characters by Personae 0.1.0",
        "sface:d128:p1:0123456789ab", "false-accept rate of 1 %",
        "1 shot, 6 face tracks and 6 appearances, with 1 unknown person",
        "1 of 6 appearances was decided", "1 gap of 1.0 s",
        "Scene presence" .lower(), "film.content_id: sha256:00", "model.far: 0.01",
    ):  # fmt: skip
        assert part in text, part
    for secret in ("embedding:", "/films/"):
        assert secret not in text
