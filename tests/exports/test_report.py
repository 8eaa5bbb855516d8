"""The pages for people: complete, self-contained, safe with any name, and in a browser no wider than the screen."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from personae.exports.page import clock
from personae.exports.registry import exporters
from personae.timeline import decisions as edits
from personae.timeline.timeline import BestPicture, Timeline
from tests.timelines import NASTY, film

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
LONG = "Donaudampfschifffahrtsgesellschaft" * 3  # nowhere to break


class Checker(HTMLParser):
    """Collects tags, and fails on elements that are closed in the wrong order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))
        if tag not in {"meta", "img", "input"}:
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
    assert f"<b>{html.escape(NASTY)} &amp; Thor</b><span>0:02.4, once</span>" in page
    lanes = [
        attributes for tag, attributes in checked(page).attributes if "lane" in (attributes.get("class") or "").split()
    ]
    assert len(lanes) == 3 + 10
    bars = [attributes for tag, attributes in checked(page).attributes if tag == "i" and "data-t" in attributes]
    assert bars[0]["style"] == "left:1.333%;width:2.667%"  # Thor's frames 30 to 90 of 2250
    assert bars[0]["data-t"] == "01:00:01:05 to 01:00:03:14 · 0:02.4 · confidence 93%"


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
        "appearance": 1, "tracks": [1], "character": LONG, "unknown": None, "start_pts": 0, "end_pts": 50_000,
        "pts": 0, "t_s": 0.0, "box": [1.0, 2.0, 3.0, 4.0],
    }  # fmt: skip
    # Without a best picture: the surest of the track's boxes.
    thor = next(fact for fact in facts if fact["appearance"] == 3)
    assert (thor["pts"], thor["box"]) == (30_000, [100.0, 100.0, 580.0, 700.0])
    assert [fact["character"] for fact in facts[1:4]] == [NASTY, "Thor", "Thor"]
    assert facts[4]["unknown"] == "Unknown 1" and f'data-schema="{edits.SCHEMA}"' in page


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (0.04, "0:00"), (4.25, "0:04.2"), (9.96, "0:10"), (59.6, "1:00"), (3723.2, "1:02:03")],
)
def test_times_for_people(seconds: float, text: str) -> None:
    assert clock(seconds) == text


PROBE = """<script>
const out = document.createElement("pre"), right = e => e.getBoundingClientRect().right;
const wide = [...document.querySelectorAll("body *")].filter(e => !e.closest(".scroll") && right(e) > innerWidth + 1);
DRIVE
out.id = "probe";
out.textContent = JSON.stringify({
  width: innerWidth, page: document.documentElement.scrollWidth, wide: wide.map(e => e.className || e.tagName),
  ticks: document.querySelectorAll(".ticks s").length, result: typeof result === "undefined" ? null : result
});
document.body.append(out);
</script></body>"""
FRAME = """<!doctype html><body><iframe src="page.html" style="width:WIDTHpx;height:900px;border:0"></iframe>
<script>onload = () => document.body.append(frames[0].document.getElementById("probe").textContent)</script></body>"""


def in_browser(page: bytes, folder: Path, width: int, *, dark: bool = False, drive: str = "") -> dict[str, object]:
    """Open a page in Chromium and measure it, in a frame: that can be narrower than a window."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here")
    (folder / "page.html").write_bytes(page.replace(b"</body>", PROBE.replace("DRIVE", drive).encode()))
    (folder / "frame.html").write_text(FRAME.replace("WIDTH", str(width)), encoding="utf-8")
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--allow-file-access-from-files",
               "--window-size=1400,1000", f"--user-data-dir={folder / 'profile'}",
               f"--blink-settings=preferredColorScheme={0 if dark else 1}", "--dump-dom")  # fmt: skip
    done = subprocess.run(
        [CHROMIUM, *options, (folder / "frame.html").as_uri()], capture_output=True, text=True, timeout=60, check=True
    )
    found = re.search(r'\{"width.*\}', html.unescape(done.stdout))
    assert found, done.stdout[-2000:] + done.stderr[-2000:]
    return dict(json.loads(found.group()))


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
    const result = edits();
    """
    page = exporters()["sheet"].export(crowded(tmp_path), tmp_path)
    # What a page's own script declares inside a block cannot be seen by another script.
    page = page.replace(b"  const edits = () => ({", b"  globalThis.edits = () => ({").replace(
        b"edits(), null", b"globalThis.edits(), null"
    )
    result = in_browser(page, tmp_path, 900, drive=drive)["result"]
    assert isinstance(result, dict)
    assert result["schema"] == edits.SCHEMA and result["film"] == {
        "content_id": "sha256:00",
        "path": "My film.mov",
        "size": [1920, 1080],
    }
    first, second = result["edits"]
    assert (first["decision"], first["appearance"], first["author"]) == ("wrong", 1, "Ada")
    assert (second["decision"], second["appearance"]) == ("right", 2)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", first["date"])


def test_keys_say_what_is_on_a_picture_and_what_is_alive(tmp_path: Path) -> None:
    drive = """
    const press = key => dispatchEvent(new KeyboardEvent("keydown", {key}));
    const hidden = () => document.querySelector("#alive").hidden, before = hidden();
    press("p");
    const result = [before, hidden(), document.querySelector("#question").textContent];
    press("a");
    result.push(...edits().edits.map(edit => [edit.appearance, edit.decision]));
    """
    page = exporters()["sheet"].export(crowded(tmp_path), tmp_path)
    page = page.replace(b"  const edits = () => ({", b"  globalThis.edits = () => ({").replace(
        b"edits(), null", b"globalThis.edits(), null"
    )
    result = in_browser(page, tmp_path, 900, drive=drive)["result"]
    assert isinstance(result, list)
    assert result[:2] == [True, False] and result[2].endswith(", and alive?"), "the second is marked as a picture"
    assert result[3:] == [[1, "depicted"], [2, "alive"]]


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
    rows = [json.loads(card["data-facts"] or "") for card in cards]
    document = {
        "schema": edits.SCHEMA,
        "film": {"content_id": "sha256:00", "path": "My film.mov", "size": [1920, 1080]},
        "edits": [row | {"decision": "wrong", "author": "Ada", "date": "2026-01-31T12:00:00Z"} for row in rows],
    }
    (tmp_path / "film.edits.json").write_text(json.dumps(document), encoding="utf-8")
    found = edits.read(tmp_path / "film.edits.json", timeline.video)
    assert len(found.edits) == len(timeline.appearances)
    for row, edit in zip(rows, found.edits, strict=True):
        assert (edit.decision, edit.name, edit.author) == ("wrong", row["character"] or row["unknown"], "Ada")
        track = edits.find(edit.places[0], timeline.tracks, timeline.video)
        if row["appearance"] > 2:  # the first two have best pictures of their own, where no face is
            assert track is not None
            # The faces of this film are all in two places, so that one that has just left is as near.
            assert timeline.tracks[track].start_pts <= row["pts"] <= timeline.tracks[track].end_pts
