"""The pages for people: complete, self-contained, safe with any name, and in a browser no wider than the screen."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from personae.exports.annotated_film import _Labels as labels_of_film
from personae.exports.page import clock, colours
from personae.exports.registry import exporters
from personae.films import journal
from personae.media.film_file import CUT_SHORT
from personae.media.palette import COLOURS
from personae.names import unknown_name
from personae.timeline.decision_rows import SCHEMA
from personae.timeline.places import Finder
from personae.timeline.timeline import BestPicture, Depicted, Timeline
from tests.browser import in_browser
from tests.timelines import NASTY, film

LONG = "Donaudampfschifffahrtsgesellschaft" * 3  # nowhere to break


class Checker(HTMLParser):
    """Collects tags, and fails on elements that are closed in the wrong order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))
        if tag not in {"meta", "img", "input", "option"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def checked(page: str) -> Checker:
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    return checker


def crowded(folder: Path) -> Timeline:
    """Long names, 30 unknown people, a picture of one, one depicted, one unsure, a gap."""
    found = [(LONG, 0, 50), (NASTY, 25, 200), ("Thor", 30, 90), ("Thor", 500, 800)]
    found += [(f"Unknown {number}", 40 * number, 40 * number + 20) for number in range(1, 31)]
    timeline = film(found=found)
    Image.new("RGB", (80, 90), (200, 30, 30)).save(folder / "1.jpg")
    first, second, *others = timeline.appearances
    first = replace(first, best_picture=BestPicture(0, (1.0, 2.0, 3.0, 4.0), "1.jpg"), confidence=0.4)
    second = replace(second, best_picture=BestPicture(0, (1.0, 2.0, 3.0, 4.0), "missing.jpg"), depicted=True)
    return replace(timeline, appearances=(first, second, *others), gaps=((0, 500, "corrupt packets"),))


@pytest.mark.parametrize("format", ["report", "sheet"])
def test_pages_hold_everything_and_load_nothing(format: str, tmp_path: Path) -> None:
    page = exporters()[format].export(crowded(tmp_path), tmp_path).decode()
    checker = checked(page)
    for tag, attributes in checker.attributes:
        assert not (attributes.get("src") or "data:").removeprefix("data:image/jpeg;base64,").startswith("http"), tag
        assert "href" not in attributes
    assert page.count("data:image/jpeg;base64,") >= 1
    assert "default-src 'none'" in page
    assert html.escape(NASTY) in page and NASTY not in page


def test_the_report_tells_the_two_measures_the_pairs_and_the_unknown(tmp_path: Path) -> None:
    page = exporters()["report"].export(crowded(tmp_path), tmp_path).decode()
    for text in ("Visible face time", "Scene presence", "Unknown 30", "corrupt packets", "Together", "Shot scale"):
        assert text in page
    assert "<b>3</b><span>characters</span>" in page and "<b>30</b><span>unknown people</span>" in page
    assert "20 more unknown people are further down" in page
    # Thor and the next: from frame 30 to 90 at once, at 25 frames a second.
    assert f"<b>{html.escape(NASTY)} &amp; Thor</b><span>0:00:02.4, once</span>" in page
    lanes = [
        attributes for tag, attributes in checked(page).attributes if "lane" in (attributes.get("class") or "").split()
    ]
    assert len(lanes) == 3 + 10
    bars = [attributes for tag, attributes in checked(page).attributes if tag == "i" and "data-t" in attributes]
    assert bars[0]["style"] == "left:1.333%;width:2.667%"  # Thor's frames 30 to 90 of 2250
    told = "0:00:01.2 to 0:00:03.6 · 0:00:02.4 long · confidence 93% · timecode 01:00:01:05"
    assert bars[0]["data-t"] == told


def test_all_times_of_a_page_are_written_alike(tmp_path: Path) -> None:
    timeline = replace(crowded(tmp_path), gaps=((0, 500, CUT_SHORT), (5000, 9000, "corrupt packets")))
    depicted = (Depicted("Loki", None, 2.3, 1), *(Depicted(None, number, 61.0, 1) for number in (40, 41, 42, 43)))
    page = exporters()["report"].export(replace(timeline, depicted=depicted), tmp_path).decode()
    shown = re.sub(r"<(style|script)>.*?</\1>|(?s:<pre>.*Facts.*?</pre>)", "", page, flags=re.DOTALL)
    shown += page.partition("<pre>")[2].partition("Facts")[0]
    texts = html.unescape(re.sub(r"<[^>]*>", "\n", shown) + "\n".join(re.findall(r'title="([^"]*)"', shown)))
    texts = re.sub(r"timecode [\d:;]+", "", texts)  # what editing programs show is called so
    found = re.findall(r"(?<!\w)\d[\d:.;]*:[\d:.;]*\d", texts)
    assert len(found) > 100 and {one for one in found if not re.fullmatch(r"\d+:\d\d:\d\d\.\d", one)} == set()
    assert not re.search(r"\d (s|seconds|minutes)\b", texts)


def test_a_character_has_one_colour_on_pages_and_in_the_film() -> None:
    names = [f"Character {number}" for number in range(12)]
    timeline = replace(film(found=[(name, 20, 90) for name in names]), model={"characters": names})
    labels = labels_of_film(timeline).at(40 * 1000)
    in_film = {label.character: label.colour for label in labels}
    assert set(in_film) == set(names) and len(set(in_film.values())) == 12
    assert {name: f"--colour:var(--c{number})" for name, number in in_film.items()} == colours(timeline)
    page = exporters()["report"].export(timeline).decode()
    for number, colour in enumerate(COLOURS):
        assert f"--c{number}:{colour.light};" in page and f"--c{number}:{colour.dark};" in page
        assert f'style="--colour:var(--c{number})"' in page


def test_unknown_people_stand_by_number(tmp_path: Path) -> None:
    timeline = crowded(tmp_path)
    timeline = replace(timeline, appearances=tuple(
        replace(one, stranger=one.unknown == 7) for one in timeline.appearances
    ))  # fmt: skip
    page = exporters()["report"].export(timeline, tmp_path).decode()
    for part in (page, page.partition("<h2>Unknown people")[2]):
        numbers = [int(number) for number in re.findall(r"<b>Unknown (\d+)</b>", part)]
        whole = numbers[-30:]
        assert whole == list(range(1, 31)) and numbers[:10] == sorted(numbers[:10])
    sheet = exporters()["sheet"].export(timeline, tmp_path).decode()
    numbers = [int(number) for number in re.findall(r"<b>Unknown (\d+)</b>", sheet)]
    assert numbers == [*(one for one in range(1, 31) if one != 7), 7], "who stays without a name comes last"
    assert "appearance, stays without a name" in page


def test_a_film_without_anybody_is_a_report_too() -> None:
    empty = replace(film(), appearances=(), tracks=(), characters=())
    page = exporters()["report"].export(empty).decode()
    checked(page)
    assert "No face was found" in page
    checked(exporters()["sheet"].export(empty).decode())


def test_the_sheet_begins_with_the_least_sure_and_carries_what_a_decision_needs(tmp_path: Path) -> None:
    page = exporters()["sheet"].export(crowded(tmp_path), tmp_path).decode()
    cards = [attributes for tag, attributes in checked(page).attributes if tag == "li"]
    facts = [json.loads(card["data-facts"] or "") for card in cards]
    assert len(facts) == 34
    assert facts[0] == {
        "appearance": 1, "who": {"character": LONG, "character_id": None, "unknown": None},
        "place": [0.0, 0.00052, 0.00185, 0.00156, 0.0037], "span_s": [0.0, 2.0],
    }  # fmt: skip
    # Without a best picture: the surest of the track's boxes.
    thor = next(fact for fact in facts if fact["appearance"] == 3)
    assert thor["place"] == [1.2, 0.05208, 0.09259, 0.30208, 0.64815]
    assert [fact["who"]["character"] for fact in facts[1:4]] == [NASTY, "Thor", "Thor"]
    assert facts[4]["who"]["unknown"] == 1 and f'data-schema="{SCHEMA}"' in page
    assert 'data-download="My film.checked"' in page, "not the name of a file that a film has itself"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00:00.0"),
        (0.04, "0:00:00.0"),
        (4.25, "0:00:04.2"),
        (9.96, "0:00:10.0"),
        (59.96, "0:01:00.0"),
        (3723.2, "1:02:03.2"),
        (360000, "100:00:00.0"),
    ],
)
def test_times_for_people(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize("format", ["report", "sheet"])
def test_no_page_is_wider_than_the_screen(format: str, tmp_path: Path) -> None:
    page = exporters()[format].export(crowded(tmp_path), tmp_path)
    for width in (360, 1280):
        measured = in_browser(page, tmp_path, width)
        assert measured["width"] == width
        assert measured["page"] == width and measured["wide"] == []
        assert format == "sheet" or int(str(measured["ticks"])) >= 3


def test_two_keys_yield_a_decisions_file(tmp_path: Path) -> None:
    drive = """
    const press = key => dispatchEvent(new KeyboardEvent("keydown", {key}));
    document.querySelector("#author").value = "Ada";
    press("f"); press("j"); press("j"); press("u");
    const result = rows();
    """
    page = exporters()["sheet"].export(crowded(tmp_path), tmp_path)
    result = in_browser(with_rows(page), tmp_path, 900, drive=drive)["result"]
    assert isinstance(result, list)
    head, first, second = result
    assert head["schema"] == SCHEMA
    assert head["film"] == {"content_id": "sha256:00", "path": "My film.mov", "size": [1920, 1080]}
    assert (first["kind"], first["by"], first["parts"][0]["who"]["character"]) == ("not", "Ada", LONG)
    assert second["kind"] == "right" and second["id"] != first["id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", first["at"])
    saved = tmp_path / "My film.checked.jsonl"
    saved.write_text("".join(json.dumps(row) + "\n" for row in result), encoding="utf-8")
    read = journal.read_other(saved, crowded(tmp_path).video)
    assert [(one.kind, one.by) for one in read.entries] == [("not", "Ada"), ("right", "Ada")]


def with_rows(page: bytes) -> bytes:
    """A page whose `rows` another script can call: what its own declares inside a block cannot be seen."""
    return page.replace(b"  const rows = ", b"  globalThis.rows = ")


def test_keys_say_what_is_on_a_picture_and_what_is_alive(tmp_path: Path) -> None:
    drive = """
    const press = key => dispatchEvent(new KeyboardEvent("keydown", {key}));
    const hidden = () => document.querySelector("#alive").hidden, before = hidden();
    press("p");
    const result = [before, hidden(), document.querySelector("#question").textContent];
    press("a");
    result.push(...rows().slice(1).map(row => row.kind));
    """
    page = with_rows(exporters()["sheet"].export(crowded(tmp_path), tmp_path))
    result = in_browser(page, tmp_path, 900, drive=drive)["result"]
    assert isinstance(result, list)
    assert result[:2] == [True, False] and result[2].endswith(", and alive?"), "the second is marked as a picture"
    assert result[3:] == ["depicted", "alive"]


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_read_on_light_and_dark_screens(tmp_path: Path, dark: bool) -> None:
    drive = """
    const of = (where, what) => getComputedStyle(document.querySelector(where))[what];
    const result = [of("section", "backgroundColor"), of("h2", "color"), of("h2 + p", "color"), of("footer", "color")];
    """
    page = exporters()["report"].export(crowded(tmp_path), tmp_path)
    colours = in_browser(page, tmp_path, 800, dark=dark, drive=drive)["result"]
    assert isinstance(colours, list)
    paper, *inks = [_luminance(colour) for colour in colours]
    assert (paper < 0.1) == dark
    for ink in inks:  # WCAG AA
        assert (max(paper, ink) + 0.05) / (min(paper, ink) + 0.05) >= 4.5


def _luminance(colour: str) -> float:
    """Relative luminance of an rgb() colour, as WCAG defines it."""
    values = [int(value) / 255 for value in re.findall(r"\d+", colour)[:3]]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_scan_reads_the_sheets_decisions_and_finds_their_faces(tmp_path: Path) -> None:
    timeline = crowded(tmp_path)
    cards = [one for tag, one in checked(exporters()["sheet"].export(timeline).decode()).attributes if tag == "li"]
    facts = [json.loads(card["data-facts"] or "") for card in cards]
    film = {"content_id": "sha256:00", "path": "My film.mov", "size": [1920, 1080]}
    rows: list[dict[str, object]] = [{"schema": SCHEMA, "film": film}]
    for at, one in enumerate(facts):
        said = {"id": str(at), "kind": "not", "by": "Ada", "at": "2026-01-31T12:00:00Z", "on": 0, "request": str(at)}
        rows.append(said | {"parts": [{"who": one["who"], "places": [one["place"]]}], "span_s": one["span_s"]})
    (tmp_path / "film.checked.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = journal.read_other(tmp_path / "film.checked.jsonl", timeline.video)
    assert len(found.entries) == len(timeline.appearances)
    finder = Finder(timeline.tracks, timeline.video)
    for fact, one in zip(facts, found.entries, strict=True):
        who = fact["who"]["character"] or unknown_name(fact["who"]["unknown"])
        assert one.who is not None and (one.kind, one.who.name, one.by) == ("not", who, "Ada")
        track = finder.find(one.places[0])
        if fact["appearance"] > 2:  # the first two have best pictures of their own, where no face is
            assert track is not None
            # The faces of this film are all in two places, so that one that has just left is as near.
            own = timeline.tracks[track]
            start_s, end_s = (timeline.video.seconds(pts) for pts in (own.start_pts, own.end_pts))
            assert start_s - 1e-6 <= fact["place"][0] <= end_s
