"""Shot lists: every shot with who is in it, read back by the libraries that editors use."""

from __future__ import annotations

import csv
from dataclasses import replace
from fractions import Fraction
from io import StringIO
from itertools import pairwise
from typing import Any

import pytest

from personae.exports.grid import Grid
from personae.exports.registry import exporters
from personae.exports.shots import listed_shots
from personae.media.film import FilmPart
from personae.timeline.selection import without_depicted, without_unknown
from personae.timeline.timeline import Shot, Timeline
from tests.timelines import NASTY, RATES, film, named

TICK = 1000
SHOTS = ((0, 48), (48, 300), (300, 301), (320, 1700), (1700, 2160))
"""In frames; 301 to 320 could not be read."""


def with_shots(timeline: Timeline, shots: tuple[tuple[int, int], ...] = SHOTS) -> Timeline:
    start = timeline.video.start_pts
    made = tuple(Shot(start + first * TICK, start + end * TICK) for first, end in shots)
    gap = ((start + 301 * TICK, start + 320 * TICK, "damaged"),)
    return replace(timeline, shots=made, gaps=gap)


def shots_film(rate: str = "24") -> Timeline:
    frames, drop = RATES[rate]
    found = [("Thor", 0, 48), (NASTY, 47, 60), ("Unknown 1", 48, 49), ("Thor", 300, 301), ("Loki", 1690, 1700)]
    timeline = with_shots(film(frames, drop=drop, found=found, start_pts=77))
    poster = replace(timeline.appearances[0], id=9, character="Odin", start_pts=77 + 50 * TICK,
                     end_pts=77 + 90 * TICK, depicted=True)  # fmt: skip
    return replace(timeline, appearances=(*timeline.appearances, poster))


WHO = [["Thor", NASTY], [NASTY], ["Thor"], ["Loki"], []]


@pytest.mark.parametrize("rate", list(RATES))
def test_the_table(rate: str) -> None:
    timeline = shots_film(rate)
    grid = Grid.of(timeline.video)
    text = exporters()["shots"].export(timeline).decode("utf-8-sig")
    rows = list(csv.DictReader(StringIO(text, newline="")))
    assert [row["people"] for row in rows] == [" + ".join(names) for names in WHO]
    assert [row["unknown"] for row in rows] == ["", "Unknown 1", "", "", ""]
    assert [row["depicted"] for row in rows] == ["", "Odin", "", "", ""]
    for number, (row, (first, end)) in enumerate(zip(rows, SHOTS, strict=True), 1):
        assert (row["shot"], row["frames"]) == (str(number), str(end - first))
        assert (row["first_frame"], row["last_frame"]) == (str(first), str(end - 1))
        assert (row["first_timecode"], row["last_timecode"]) == (grid.timecode(first), grid.timecode(end - 1))
        assert float(row["duration_s"]) == pytest.approx(float((end - first) / RATES[rate][0]), abs=6e-4)
    assert ";" in rows[0]["first_timecode"] if RATES[rate][1] else ":" in rows[0]["first_timecode"]


@pytest.mark.parametrize("rate", list(RATES))
def test_the_edl_is_the_film_in_its_shots_with_the_gap_left_open(rate: str) -> None:
    pycmx = pytest.importorskip("pycmx")
    timeline = shots_film(rate)
    grid = Grid.of(timeline.video)
    text = exporters()["shots-edl"].export(timeline).decode()
    edits = [edit for event in pycmx.parse_cmx3600(StringIO(text)).events for edit in event.edits]
    for (first, end), edit in zip(SHOTS, edits, strict=True):
        assert (edit.source_in, edit.source_out) == (grid.timecode(first), grid.timecode(end))
        assert (edit.record_in, edit.record_out) == (edit.source_in, edit.source_out)
        assert edit.clip_name == "My film.mov" and edit.source == "A001"
    said = [line.removeprefix("* COMMENT: ") for line in text.splitlines() if "SHOT" in line]
    assert said == [
        f"SHOT 1: Thor + {NASTY}",
        f"SHOT 2: {NASTY} + Unknown 1",
        "SHOT 3: Thor",
        "SHOT 4: Loki",
        "SHOT 5: nobody",
    ]
    assert f"FCM: {'DROP' if RATES[rate][1] else 'NON-DROP'} FRAME\n" in text


@pytest.mark.parametrize("rate", ["23.976", "25", "29.97df"])
def test_otio_has_a_clip_per_shot_and_a_gap(rate: str) -> None:
    library = pytest.importorskip("opentimelineio")
    document = library.adapters.read_from_string(
        exporters()["shots-otio"].export(shots_film(rate)).decode(), "otio_json"
    )
    track = document.video_tracks()[0]
    kinds = [(type(item).__name__, int(item.duration().value)) for item in track]
    assert kinds == [("Clip", 48), ("Clip", 252), ("Clip", 1), ("Gap", 19), ("Clip", 1380), ("Clip", 460)]
    for clip, (first, end), who in zip(track.find_clips(), SHOTS, WHO, strict=True):
        at = clip.transformed_time_range(clip.trimmed_range(), document.tracks)
        assert (at.start_time.value, at.end_time_exclusive().value) == (first, end)
        facts: Any = clip.metadata["personae"]
        assert list(facts["people"]) == who
        for marker in clip.markers:
            assert clip.source_range.contains(marker.marked_range.start_time)
            assert marker.marked_range.end_time_exclusive() <= clip.source_range.end_time_exclusive()
    first_of_all = next(iter(track.find_clips()))
    assert [(one.name, one.marked_range.duration.value) for one in first_of_all.markers] == [("Thor", 48), (NASTY, 1)]


def test_who_is_left_out_is_in_no_shot() -> None:
    timeline = without_depicted(without_unknown(shots_film()))
    shots = listed_shots(timeline, Grid.of(timeline.video))
    assert [list(one.people) for one in shots] == WHO
    assert not any(one.unknown or one.depicted for one in shots)


def test_cuts_off_the_grid_neither_overlap_nor_leave_a_hole() -> None:
    timeline = film(Fraction(25), found=[("Thor", 0, 100)])
    starts = (0, 1500, 1700, 5200, 90 * 25 * TICK)
    timeline = replace(timeline, shots=tuple(Shot(*pair) for pair in pairwise(starts)))
    shots = listed_shots(timeline, Grid.of(timeline.video))
    assert [(one.first, one.end) for one in shots] == [(0, 1), (1, 2), (2, 5), (5, 2250)]
    assert [one.frames for one in shots] == [1, 1, 3, 2245]


def test_a_rate_that_no_timecode_has_is_counted_by_time() -> None:
    timeline = film(Fraction(25, 2), found=[("Thor", 0, 30)])
    timeline = replace(timeline, shots=(Shot(0, 10 * TICK), Shot(10 * TICK, 30 * TICK)))
    text = exporters()["shots-edl"].export(timeline).decode()
    events = [line.split()[-4:] for line in text.splitlines() if line[:3].isdigit()]
    assert events == [["01:00:00:00", "01:00:00:20"] * 2, ["01:00:00:20", "01:00:02:10"] * 2]


def test_a_shot_across_two_files_is_two_events_and_keeps_its_number() -> None:
    timeline = with_shots(film(Fraction(25), found=[("Thor", 40, 60)]), ((0, 30), (30, 100)))
    parts = (
        FilmPart("/films/1.mov", 0, "10:00:00:00", reel="A"),
        FilmPart("/films/2.mov", 50 * TICK, "20:00:00:00", reel="B"),
    )
    timeline = replace(timeline, video=replace(timeline.video, parts=parts))
    lines = exporters()["shots-edl"].export(timeline).decode().splitlines()
    events = [line.split()[1:2] + line.split()[-4:] for line in lines if line[:3].isdigit()]
    assert events == [
        ["A", "10:00:00:00", "10:00:01:05", "01:00:00:00", "01:00:01:05"],
        ["A", "10:00:01:05", "10:00:02:00", "01:00:01:05", "01:00:02:00"],
        ["B", "20:00:00:00", "20:00:02:00", "01:00:02:00", "01:00:04:00"],
    ]
    assert [line for line in lines if "SHOT" in line][1:] == ["* COMMENT: SHOT 2: Thor"] * 2


def test_named_films_have_their_shots() -> None:
    assert [one.frames for one in listed_shots(named("25"), Grid.of(named("25").video))] == [2250]
