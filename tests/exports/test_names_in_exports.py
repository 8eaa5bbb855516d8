"""A name with every sign that some format takes for its own, in all exporters: each file reads back with the name."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from personae.exports.registry import OURS, exporters
from personae.names import valid_name
from tests.timelines import film

NAME = "& , ' \" <b>x</b> [/b] {y} * | \U0001f3ac --> </script> \\ %s ]]>"
RAW = NAME + "\t\r\n;\u2028end"
"""As a file of an older version, or somebody else's, may have it."""
CLEAN = NAME + " ; end"
CHANGED = {
    "srt": CLEAN.translate(str.maketrans("<>{}", "\u2039\u203a()")),
    "resolve": CLEAN.replace("|", "/"),
    "fcpxml": CLEAN.replace(",", ";"),
}
"""Formats that cannot write a sign at all."""


def _xml(path: str, attribute: str | None = None) -> Callable[[str], list[str]]:
    def read(text: str) -> list[str]:
        root = ElementTree.fromstring(text.encode())
        return [(one.get(attribute) if attribute else one.text) or "" for one in root.iter() if one.tag.endswith(path)]

    return read


def _columns(*names: str) -> Callable[[str], list[str]]:
    def read(text: str) -> list[str]:
        return [row[name] for row in csv.DictReader(io.StringIO(text, newline="")) for name in names]

    return read


class _Texts(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.found += [value or "" for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def _page(text: str) -> list[str]:
    page = _Texts(text)
    assert "x" not in page.found and page.tags.count("script") == text.count("<script")
    return [piece for found in page.found for piece in (found, found.removesuffix(": "), found.split(" \u00b7 ")[0])]


def _cue_lines(text: str) -> list[str]:
    cues = text.removeprefix("WEBVTT\n\n").rstrip("\n").split("\n\n")
    return [html.unescape(cue.split("\n")[-1]) for cue in cues if len(cue.split("\n")) in (2, 3)]


def _otio(text: str) -> list[str]:
    clip = json.loads(text)["tracks"]["children"][0]["children"][0]
    return [marker["name"] for marker in clip["markers"]]


READERS: dict[str, Callable[[str], list[str]]] = {
    "resolve": lambda text: re.findall(r"\|M:(.*) \|D:[0-9]+$", text, re.MULTILINE),
    "loc": lambda text: re.findall(
        r"^\* LOC: [0-9:;]+ [A-Z]+ +(.*) \([0-9]+ frames? to [0-9:;]+\)$", text, re.MULTILINE
    ),
    "cuts": lambda text: re.findall(r"^\* COMMENT: (.*)$", text, re.MULTILINE),
    "avid": lambda text: [row.split("\t")[4].rpartition(" (")[0] for row in text.splitlines() if row.count("\t") == 5],
    "premiere": _xml(["marker", "name"][1]),
    "fcpxml": _xml("keyword", "value"),
    "otio": _otio,
    "appearances": _columns("character"),
    "tracks": _columns("character"),
    "shots": lambda text: [name for cell in _columns("people")(text) for name in cell.split(" + ")],
    "shots-edl": lambda text: [
        name for who in re.findall(r"^\* COMMENT: SHOT [0-9]+: (.*)$", text, re.MULTILINE) for name in who.split(" + ")
    ],
    "shots-otio": _otio,
    "totals": _columns("character"),
    "seconds": lambda text: next(csv.reader(io.StringIO(text, newline=""))),
    "elan": _xml("ANNOTATION_VALUE"),
    "graphml": _xml("data"),
    "webvtt": _cue_lines,
    "srt": lambda text: [block.split("\n")[2] for block in text.rstrip("\n").split("\n\n")],
    "methods": lambda text: [CLEAN],
    "report": _page,
    "sheet": _page,
}


def test_every_exporter_has_a_reader() -> None:
    assert set(READERS) == set(OURS)


@pytest.mark.parametrize("name", OURS)
def test_a_name_of_all_the_wrong_signs_reads_back(name: str) -> None:
    assert valid_name(NAME) == NAME
    timeline = film(found=[(RAW, 30, 60), ("Thor", 90, 120)])
    text = exporters()[name].export(timeline).decode("utf-8-sig")
    found = READERS[name](text)
    wanted = CHANGED.get(name, CLEAN)
    assert wanted in found, found
    assert name in ("report", "sheet", "methods") or any(other == "Thor" for other in found)
    if name == "methods":
        assert all(line == line.strip() or line.startswith(" ") for line in text.splitlines())


def test_a_film_file_of_wrong_signs_stays_on_its_line() -> None:
    timeline = film(path="/films/a\nb * |<c>.mov", found=[("Thor", 3, 9)])
    for name in ("loc", "cuts", "resolve", "shots-edl"):
        lines = exporters()[name].export(timeline).decode().splitlines()
        assert lines[0] == "TITLE: a b * |<c>"
        assert not any(line.startswith("b *") for line in lines)


@pytest.mark.parametrize(
    "formula", ["=1+1", "@SUM(A1)", "+1+1", "-1+1", "=cmd|' /C calc'!A0", "\uff1d1", "\t=1", "\r=1"]
)
@pytest.mark.parametrize("name", ["appearances", "tracks", "shots", "totals", "seconds"])
def test_no_cell_of_a_table_is_a_formula(name: str, formula: str) -> None:
    timeline = film(found=[(formula, 30, 60), ("Unknown 1", 90, 120)])
    text = exporters()[name].export(timeline).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    cells = [cell for row in rows for cell in row]
    assert f"'{formula.strip()}" in cells
    for cell in cells:
        assert not cell.startswith(tuple("=@\uff1d\t\r")), cell
        assert not cell.startswith(("+", "-")) or float(cell) is not None


def test_a_negative_number_stays_a_number() -> None:
    from dataclasses import replace

    timeline = film(found=[("Thor", 30, 60)])
    timeline = replace(timeline, appearances=(replace(timeline.appearances[0], similarity=-0.25),))
    text = exporters()["appearances"].export(timeline).decode("utf-8-sig")
    assert next(csv.DictReader(io.StringIO(text, newline="")))["similarity"] == "-0.2500"
