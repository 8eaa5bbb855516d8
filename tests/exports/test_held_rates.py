"""Films at rates that no timecode has: every format that counts frames counts by time, and says at which rate."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from personae.cli import cli
from personae.exports import cut_edl, fcp7_xml
from personae.exports.grid import Grid
from personae.exports.held_rate import held_rate, rate_note
from personae.exports.registry import exporters
from personae.media.film import FilmPart
from personae.media.timecode import Counting
from personae.timeline import native
from personae.timeline.selection import Cut
from personae.timeline.timeline import Timeline
from tests.timelines import film

MINUTES_45 = 45 * 60
RATES = [Fraction(25, 2), Fraction(4983, 100), Fraction(15, 2), Fraction("23.5"), Fraction(10000, 334)]
HELD = [25, 50, 30, 24, 30]


def long_film(rate: Fraction, **options: Any) -> Timeline:
    """A film of 50 minutes with Thor from 45:00 to 45:02."""
    first = round(MINUTES_45 * rate)
    made = film(rate, found=[("Thor", first, first + round(2 * rate))], **options)
    return replace(made, video=replace(made.video, duration_pts=round(3000 / made.video.time_base)))


def seconds(timecode: str, rate: int) -> float:
    return Counting(Fraction(rate)).frame(timecode) / rate


def test_the_rate_that_is_counted_at() -> None:
    assert [held_rate(rate) for rate in RATES] == HELD
    for kept in (Fraction(24000, 1001), Fraction(25), Fraction(60000, 1001), Fraction(12), Fraction(240)):
        assert held_rate(kept) == kept
        assert rate_note(film(kept).video) is None
    assert "25 per second" in str(rate_note(film(RATES[0]).video)) and "12.5" in str(rate_note(film(RATES[0]).video))


@pytest.mark.parametrize(("rate", "held"), list(zip(RATES, HELD, strict=True)))
def test_markers_are_where_they_belong_at_45_minutes(rate: Fraction, held: int) -> None:
    timeline, note = long_film(rate, start_timecode=None), str(rate_note(long_film(rate).video))
    end_s = MINUTES_45 + round(2 * rate) / rate
    near = pytest.approx(MINUTES_45, abs=1.1 / held + 1 / float(rate))
    texts = {name: one.export(timeline).decode() for name, one in exporters().items() if name != "sheet"}

    first, last = re.findall(r"\d\d:\d\d:\d\d:\d\d", texts["cuts"])[:2]
    assert seconds(first, held) == near and seconds(last, held) == pytest.approx(float(end_s), abs=0.15)
    for name in ("resolve", "loc", "avid"):
        assert seconds(re.findall(r"00:45:0\d:\d\d|00:44:59:\d\d", texts[name])[0], held) == near, name
    for name in ("resolve", "loc", "cuts"):
        assert f"* COMMENT: {note}\n" in texts[name]

    root = ElementTree.fromstring(texts["premiere"])
    assert {(rate_.findtext("timebase"), rate_.findtext("ntsc")) for rate_ in root.iter("rate")} == {
        (str(held), "FALSE")
    }
    (marker,) = root.iter("marker")
    assert int(str(marker.findtext("in"))) / held == near
    assert int(str(root.findtext("sequence/duration"))) / held == pytest.approx(3000, abs=0.1)
    assert f"<!--{note}-->" in texts["premiere"]

    (row,) = csv.DictReader(io.StringIO(texts["appearances"].lstrip("\ufeff")))
    assert float(row["start_s"]) == near and int(row["first_frame"]) == round(MINUTES_45 * rate)
    assert seconds(row["first_timecode"], held) == near
    rows = list(csv.DictReader(io.StringIO(texts["seconds"].lstrip("\ufeff"))))
    assert rows[MINUTES_45]["timecode"] == "00:45:00:00"

    (keyword,) = ElementTree.fromstring(texts["fcpxml"]).iter("keyword")
    assert float(Fraction(str(keyword.get("start")).rstrip("s"))) == near
    shown = re.findall(r"0:45:0\d\.\d|0:44:59\.\d", texts["report"])  # pages have one way to write times
    assert shown and float(shown[0].split(":")[-1]) % 60 == pytest.approx(0, abs=0.1 + 1 / float(rate))


@pytest.mark.parametrize(("rate", "held"), list(zip(RATES, HELD, strict=True)))
def test_a_start_timecode_stays_the_time_of_day(rate: Fraction, held: int) -> None:
    timeline = long_film(rate, start_timecode="10:00:00:00")
    edl = exporters()["cuts"].export(timeline).decode()
    at = seconds(re.findall(r"\d\d:\d\d:\d\d:\d\d", edl)[0], held)
    assert at == pytest.approx(36000 + MINUTES_45, abs=0.2)
    assert Grid.of(timeline.video).start_frame / rate == pytest.approx(36000, abs=0.2)
    part = FilmPart("/films/a.mov", 0, "10:00:00:00")
    other = FilmPart("/films/b.mov", round(1500 / timeline.video.time_base), "12:00:00:00")
    several = replace(timeline, video=replace(timeline.video, parts=(part, other)))
    edl = exporters()["cuts"].export(several).decode()
    assert seconds(re.findall(r"\d\d:\d\d:\d\d:\d\d", edl)[0], held) == pytest.approx(43200 + 1200, abs=0.2)


@pytest.mark.parametrize(("rate", "held"), list(zip(RATES, HELD, strict=True)))
def test_cuts_are_as_long_as_they_are(rate: Fraction, held: int) -> None:
    timeline = long_film(rate, start_timecode=None)
    second = round(1 / timeline.video.time_base)
    cuts = [Cut(MINUTES_45 * second, (MINUTES_45 + 4) * second, ("Thor",))]
    edl = cut_edl.stringout(timeline, cuts, "cuts").decode()
    times = [seconds(text, held) for text in re.findall(r"\d\d:\d\d:\d\d:\d\d", edl)]
    assert times == [pytest.approx(at, abs=1.1 / held) for at in (MINUTES_45, MINUTES_45 + 4, 3600, 3604)]
    root = ElementTree.fromstring(fcp7_xml.stringout(timeline, cuts, "cuts"))
    item = next(root.iter("clipitem"))
    assert int(str(item.findtext("in"))) / held == pytest.approx(MINUTES_45, abs=1.1 / held)


def test_edls_with_the_note_are_read() -> None:
    pycmx = pytest.importorskip("pycmx")
    text = exporters()["cuts"].export(long_film(RATES[0])).decode()
    events = pycmx.parse_cmx3600(io.StringIO(text)).events
    assert [edit.source_in for event in events for edit in event.edits] == ["01:45:00:00"]


def test_the_command_says_it_where_it_matters(tmp_path: Path) -> None:
    path = tmp_path / "film.timeline.json"
    native.write(long_film(RATES[0]), path)
    said = "counted at 25 per second, by time: the film has 12.5"
    for names, told in (
        (("a.edl",), True), (("a.xml", "a.fcpxml"), True), (("a.fcpxml", "a.otio", "a.vtt"), False), (("all",), True),
    ):  # fmt: skip
        done = CliRunner().invoke(
            cli, ["export", str(path), *(part for name in names for part in ("-o", str(tmp_path / name)))]
        )
        assert done.exit_code == 0, done.output
        assert done.stderr.count(said) == told, names
        assert said not in done.stdout
    for name, told in (("s.edl", True), ("s.xml", True), ("s.otio", False)):
        done = CliRunner().invoke(cli, ["select", str(path), "-o", str(tmp_path / name), "--character", "Thor"])
        assert done.exit_code == 0 and done.stderr.count(said) == told, name
    native.write(film(), path)
    done = CliRunner().invoke(cli, ["export", str(path), "-o", str(tmp_path / "b.edl")])
    assert done.exit_code == 0 and done.stderr == ""
