"""What holds for every exporter: the contract that plug-ins are held to as well."""

from __future__ import annotations

import csv
import importlib.metadata
import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import pytest

from personae.errors import SettingError
from personae.exports.exporter import Exporter
from personae.exports.registry import GROUP, OURS, export, export_all, exporter_for, exporters
from tests.timelines import film, named

HOSTILE = 'a|b,c;\t"d"\n<e>&\x07 \udcff 🎬'


@pytest.fixture(params=list(OURS))
def exporter(request: pytest.FixtureRequest) -> Exporter:
    return exporters()[request.param]


def test_it_keeps_the_protocol(exporter: Exporter) -> None:
    assert isinstance(exporter, Exporter)
    assert exporter.name == exporter.name.lower().split()[0] and exporters()[exporter.name].title == exporter.title
    assert exporter.suffixes and all(suffix == suffix.lower() for suffix in exporter.suffixes)


def test_any_timeline_gives_a_well_formed_file(exporter: Exporter) -> None:
    empty = replace(film(), appearances=(), tracks=(), characters=(), shots=(), model={}, settings={})
    for timeline in (empty, film(), named("59.94df"), film(found=[(HOSTILE, 0, 4), (HOSTILE, 2, 9), ("b", 0, 4)])):
        content = exporter.export(timeline)
        assert content == exporter.export(timeline)
        text = content.decode("utf-8-sig")
        assert "\x07" not in text and 'd"\n' not in text
        suffix = exporter.suffixes[0]
        if suffix.endswith(("xml", ".eaf", ".graphml")):
            ElementTree.fromstring(content)
        elif suffix.endswith(".csv"):
            rows = list(csv.reader(StringIO(text, newline="")))
            assert len({len(row) for row in rows}) == 1
        elif suffix == ".otio":
            json.loads(text)


def test_the_names_stand_in_it(exporter: Exporter) -> None:
    text = exporter.export(film(found=[("Zoë 李 🎬", 3, 9), ("zoë 李 🎬", 30, 90)])).decode("utf-8-sig")
    if exporter.name != "methods":
        assert "Zoë 李 🎬" in text and "zoë 李 🎬" in text


def test_suffixes_are_unambiguous_and_choose() -> None:
    suffixes = [suffix for one in exporters().values() for suffix in one.suffixes]
    assert len(suffixes) == len(set(suffixes))
    for name, one in exporters().items():
        for suffix in one.suffixes:
            assert exporter_for(Path(f"Film{suffix.upper()}")).name == name
    assert exporter_for(Path("out/film.edl")).name == "resolve"
    assert exporter_for(Path("METHODS.txt")).name == "methods"
    assert exporter_for(Path("film.edl"), "loc").name == "loc"
    assert [exporter_for(Path("-"), said).name for said in ("srt", ".fcpxml", "CSV")] == [
        "srt",
        "fcpxml",
        "appearances",
    ]


@pytest.mark.parametrize(("path", "format"), [("film.doc", None), ("film", None), ("film.edl", "nothing")])
def test_an_unknown_format_says_how_to_list_them(path: str, format: str | None) -> None:
    with pytest.raises(SettingError, match="personae export --formats"):
        exporter_for(Path(path), format)


def test_ours_come_in_by_the_same_door() -> None:
    points = {point.name: point.value for point in importlib.metadata.entry_points(group=GROUP)}
    assert {name: points.get(name) for name in OURS} == OURS


def test_a_plug_in_is_found_and_cannot_take_the_place_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    point = importlib.metadata.EntryPoint("mine", "tests.exports.test_exporter_contract:Mine", GROUP)
    thief = importlib.metadata.EntryPoint("otio", "tests.exports.test_exporter_contract:Mine", GROUP)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [point, thief])
    written = export(film(), tmp_path / "film.mine")
    assert written.read_bytes() == b"My film.mov"
    assert exporters()["otio"].suffixes == (".otio",)


class Mine:
    name = "mine"
    suffixes = (".mine",)
    title = "mine"

    def export(self, timeline: object, folder: Path | None = None) -> bytes:
        return b"My film.mov"


def test_export_to_a_folder_gives_every_format(tmp_path: Path) -> None:
    written = export_all(film(path="C:\\films\\My film.mov"), tmp_path)
    assert len(written) == len(exporters())
    assert all(path.is_file() and path.name.startswith("My film.") for path in written)
    assert (tmp_path / "My film.totals.csv").is_file()
