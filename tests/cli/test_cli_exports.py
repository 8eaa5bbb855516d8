"""`personae export`, `select` and `report` as a user runs them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from personae.cli import cli
from personae.errors import PersonaeError
from personae.timeline import native
from tests.timelines import film


@pytest.fixture
def timeline(tmp_path: Path) -> Path:
    found = [("Thor", 0, 50), ("Tony", 25, 100), ("Thor", 200, 220), ("Unknown 1", 210, 300)]
    path = tmp_path / "scan" / "film.timeline.json"
    native.write(film(found=found), path)
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_export_chooses_by_suffix(timeline: Path, tmp_path: Path) -> None:
    outs = [tmp_path / name for name in ("film.edl", "film.otio", "film.totals.csv", "METHODS.txt")]
    done = run("export", timeline, *(part for out in outs for part in ("-o", out)))
    assert done.exit_code == 0 and done.output.splitlines() == list(map(str, outs))
    assert "|C:ResolveColor" in outs[0].read_text() and outs[2].read_text("utf-8-sig").startswith("character,")


def test_export_filters_and_points_to_the_camera_original(timeline: Path, tmp_path: Path) -> None:
    out = tmp_path / "film.edl"
    assert (
        run(
            "export", timeline, "-o", out, "--character", "Tony", "--format", "cuts", "--media", "/card/A001.mxf"
        ).exit_code
        == 0
    )
    text = out.read_text()
    assert text.count("FROM CLIP NAME: A001.mxf") == 1 and "Tony" in text and "Thor" not in text
    assert run("export", timeline, "-o", out, "--no-unknown", "--force").exit_code == 0
    assert "Thor" in out.read_text() and "Unknown" not in out.read_text()


def test_export_to_a_folder_leaves_the_timeline_alone(timeline: Path) -> None:
    before = timeline.read_bytes()
    done = run("export", timeline, "-o", timeline.parent)
    assert done.exit_code == 0 and timeline.read_bytes() == before
    assert len(list(timeline.parent.iterdir())) == 1 + len(done.output.splitlines())
    one = run("export", timeline, "-o", timeline.parent, "--format", "elan")
    assert one.output == f"{timeline.parent / 'My film.eaf'}\n"


def test_export_to_standard_output(timeline: Path) -> None:
    done = run("export", timeline, "-o", "-", "--format", "webvtt")
    assert done.stdout.startswith("WEBVTT\n")


def test_a_film_that_has_moved_is_asked_for(timeline: Path, tmp_path: Path) -> None:
    select = ("select", timeline, "--character", "Thor", "-o", tmp_path / "x.mp4")
    for arguments in (select, ("export", timeline, "-o", tmp_path / "x.mov")):
        done = run(*arguments)
        assert isinstance(done.exception, PersonaeError) and "--media" in str(done.exception)
    assert list(tmp_path.glob("x.*")) == []


def test_formats_are_listed(timeline: Path) -> None:
    done = run("export", "--formats")
    assert done.exit_code == 0 and ".totals.csv" in done.output and "DaVinci Resolve" in done.output


@pytest.mark.parametrize("suffix", ["edl", "otio", "fcpxml", "xml"])
def test_select_writes_a_stringout(timeline: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"Thor alone.{suffix}"
    done = run("select", timeline, "--character", "Thor", "--without", "Tony", "--without", "Unknown 1", "-o", out)
    assert done.exit_code == 0, done.output
    assert done.output == f"{out}: 2 cuts, 0:00:01.4 long\n"
    assert "Thor alone" in out.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--character", "Loki", "x.edl"], "Loki does not appear"),
        (["--character", "Thor", "--min-s", "60", "x.edl"], "Nothing in the film fits"),
        (["--character", "Thor", "x.doc"], ".fcpxml"),
    ],
)
def test_what_cannot_be_selected(timeline: Path, tmp_path: Path, arguments: list[str], message: str) -> None:
    done = run("select", timeline, *arguments[:-1], "-o", tmp_path / arguments[-1])
    assert isinstance(done.exception, PersonaeError) and message in str(done.exception)
    assert list(tmp_path.glob("x.*")) == []


def test_report_writes_page_and_sheet(timeline: Path, tmp_path: Path) -> None:
    done = run("report", timeline)
    assert done.output.splitlines() == [str(timeline.with_name(f"film.{kind}.html")) for kind in ("report", "sheet")]
    done = run("report", timeline, "-o", tmp_path / "page.html")
    assert done.output.splitlines() == [str(tmp_path / "page.html"), str(tmp_path / "page.sheet.html")]
    assert "Scene presence" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.fixture
def films(timeline: Path, tmp_path: Path) -> list[Path]:
    other = tmp_path / "second" / "film.timeline.json"
    native.write(replace(film(), video=replace(film().video, path="/films/Other.mov")), other)
    return [timeline, other]


@pytest.mark.parametrize("out", ["cuts/", "cuts.d/", "cuts"])
def test_several_films_go_into_a_folder_that_is_made(films: list[Path], tmp_path: Path, out: str) -> None:
    done = run("export", *films, "-o", f"{tmp_path}/{out}", "--format", "edl")
    assert done.exit_code == 0, done.exception
    assert [path.name for path in sorted((tmp_path / out).iterdir())] == ["My film.edl", "Other.edl"]


def test_what_ends_in_a_slash_is_a_folder_for_one_film_too(timeline: Path, tmp_path: Path) -> None:
    assert run("export", timeline, "-o", f"{tmp_path}/one/", "--format", "edl").exit_code == 0
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["My film.edl"]
    assert run("export", timeline, "-o", f"{tmp_path}/all.mp4/").exit_code == 0
    assert len(list((tmp_path / "all.mp4").iterdir())) > 15
    assert run("report", timeline, "-o", f"{tmp_path}/pages.of.mine/").exit_code == 0
    assert len(list((tmp_path / "pages.of.mine").glob("*.html"))) == 2


def test_one_name_for_several_films_is_refused_with_the_way_out(films: list[Path], tmp_path: Path) -> None:
    done = run("export", *films, "-o", tmp_path / "all.edl")
    assert "-o FOLDER/ --format resolve" in str(done.exception) and not (tmp_path / "all.edl").exists()


def test_a_name_of_no_format_is_told_in_short_with_what_is_near(timeline: Path, tmp_path: Path) -> None:
    for arguments, near in ((("-o", tmp_path / "x.foo"), ""), (("-o", tmp_path / "x.fcpxm"), ".fcpxml"),
                            (("-o", "-", "--format", "otoi"), "otio")):  # fmt: skip
        told = str(run("export", timeline, *arguments).exception)
        assert "personae export --formats" in told and len(told) < 240 and near in told
    assert "or an ending" in run("export", "--formats").output
