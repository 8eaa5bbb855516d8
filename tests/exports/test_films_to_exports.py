"""From a film file with a timecode track to every editor's format: the first and the last frame are the ones seen."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from personae.exports.registry import exporters
from personae.media.video import open_film
from personae.timeline.timeline import Appearance, Timeline
from tests.film_maker import make_film, number_in
from tests.timelines import RATES
from tests.timelines import film as timeline_of

FIRST, LAST = 7, 19  # the pictures that carry these numbers


def seen_in(path: Path) -> Timeline:
    """Somebody from picture FIRST to picture LAST, by what the pictures themselves say."""
    with open_film(path) as film:
        times = {number_in(picture.rgb()): picture for picture in film.pictures()}
        video = film.video
    end = times[LAST].pts + times[LAST].duration_pts
    one = Appearance(1, "Thor", None, times[FIRST].pts, end, 0.6, 0.9, ())
    return replace(timeline_of(), video=video, appearances=(one,), tracks=(), characters=())


@pytest.mark.parametrize("key", RATES)
@pytest.mark.parametrize("suffix", ["mov", "mp4"])
def test_frame_for_frame(tmp_path: Path, key: str, suffix: str) -> None:
    pycmx = pytest.importorskip("pycmx")
    rate, drop = RATES[key]
    mark = ";" if drop else ":"
    timecode = f"01:00:00{mark}00"
    found = seen_in(make_film(tmp_path / f"film.{suffix}", frames=26, rate=rate, timecode=timecode, reel="A001"))
    assert (found.video.start_timecode, found.video.frame_rate) == (timecode, rate)
    first, end = f"01:00:00{mark}{FIRST:02}", f"01:00:00{mark}{LAST + 1:02}"

    text = {name: exporter.export(found).decode("utf-8-sig") for name, exporter in exporters().items()}
    [cut] = _edits(pycmx, text["cuts"])
    assert (cut.source_in, cut.source_out) == (first, end)
    [marker] = _edits(pycmx, text["resolve"])
    assert marker.source_in == first and f"|D:{LAST + 1 - FIRST}\n" in text["resolve"]
    assert f"* LOC: {first} " in text["loc"] and f"to 01:00:00{mark}{LAST:02})" in text["loc"]
    assert text["avid"].split("\t")[1::4] == [first, str(LAST + 1 - FIRST) + "\n"]
    root = ElementTree.fromstring(text["premiere"])
    assert (root.findtext(".//marker/in"), root.findtext(".//marker/out")) == (str(FIRST), str(LAST + 1))
    keyword = ElementTree.fromstring(text["fcpxml"]).find(".//keyword")
    assert keyword is not None
    times = [Fraction(str(keyword.get(name)).removesuffix("s")) * rate for name in ("start", "duration")]
    assert times == [_hour(key) + FIRST, LAST + 1 - FIRST]
    assert f'"value": {_hour(key) + FIRST}.0' in text["otio"]
    assert f",{FIRST},{LAST},{first},01:00:00{mark}{LAST:02}," in text["appearances"]


@pytest.mark.parametrize("key", RATES)
def test_a_container_that_counts_milliseconds_gives_the_same_frames(tmp_path: Path, key: str) -> None:
    found = seen_in(make_film(tmp_path / "film.mkv", frames=26, rate=RATES[key][0]))
    table = exporters()["appearances"].export(found).decode("utf-8-sig")
    assert f",{FIRST},{LAST}," in table


def _edits(pycmx: Any, text: str) -> list[Any]:
    return [edit for event in pycmx.parse_cmx3600(StringIO(text)).events for edit in event.edits]


def _hour(key: str) -> int:
    """Frames from 00:00:00:00 to 01:00:00:00."""
    rate, drop = RATES[key]
    return 3600 * round(rate) - (round(rate) // 30 * 108 if drop else 0)
