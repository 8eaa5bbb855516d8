"""Signs of life: what is counted reaches its total, a bar on a terminal, a line every ten seconds elsewhere."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from personae.cli import cli, console
from personae.exports.annotated_film import write_annotated
from personae.exports.stringouts import write_stringout
from personae.progress import Progress, ProgressCallback
from personae.timeline.selection import Wanted, select
from tests.assessing import evaluate_folder
from tests.drawn_films import drawn_film, drawn_recognizer, scene
from tests.scanning import scan_film


def ends(seen: list[Progress]) -> dict[str, tuple[int, int | None]]:
    """The last word of each stage."""
    return {progress.stage: (progress.done, progress.total) for progress in seen}


def test_every_stage_reaches_its_total(tmp_path: Path) -> None:
    recognizer = drawn_recognizer(tmp_path)
    (tmp_path / "cast" / "Thor" / "broken.png").write_bytes(b"no picture")  # a rejected photo counts as done
    seen: list[Progress] = []
    recognizer.train_folder(tmp_path / "cast", progress_callback=seen.append)
    assert ends(seen) == {"photos": (1, 1), "model": (1, 1)}
    film = drawn_film(tmp_path / "film.mkv", lambda number: scene(number // 50, [("Thor", 160, 120, 80)]), 335)
    seen.clear()
    timeline = scan_film(film, recognizer, tmp_path / "out", progress_callback=seen.append).timeline
    assert ends(seen) == {"film": (13, 13), "naming": (7, 7), "timeline": (1, 1)}
    assert [progress.done for progress in seen if progress.stage == "film"] == sorted(
        progress.done for progress in seen if progress.stage == "film"
    )
    seen.clear()
    write_annotated(timeline, tmp_path / "named.mkv", progress_callback=seen.append)
    assert ends(seen) == {"annotating": (13, 13)}
    seen.clear()
    write_stringout(timeline, select(timeline, Wanted(("Thor",))), tmp_path / "thor.mp4", progress_callback=seen.append)
    assert ends(seen) == {"writing": (13, 13)}
    seen.clear()
    evaluate_folder(
        tmp_path / "cast",
        project=tmp_path / "other",
        settings=replace(recognizer.settings, outliers=False),
        progress_callback=seen.append,
    )
    assert all(done == total for done, total in ends(seen).values()) and len(ends(seen)) > 1


def test_a_line_tells_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(console, "LIFE_S", 0.02)
    with console.progress_bar() as progress:
        assert progress is not None
        time.sleep(0.06)
        assert capsys.readouterr().err == ""  # nothing has begun
        progress(Progress("photos", 3, 10, "a\x1b[31mred.png"))
        time.sleep(0.3)
    told = capsys.readouterr()
    lines = told.err.splitlines()
    assert told.out == "" and len(lines) >= 2  # also while one step takes long
    assert all(line.startswith("after ") and r"photos 3/10 a\x1b[31mred.png" in line for line in lines)
    time.sleep(0.06)
    assert capsys.readouterr().err == ""  # it ends with the work
    with console.progress_bar(quiet=True) as progress:
        assert progress is None


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), True),
        (("--progress", "none"), False),
        (("--json", "-"), False),
        (("--json", "-", "--progress", "none"), False),
    ],
)
def test_scan_tells_unless_it_is_asked_not_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], told: bool
) -> None:
    drawn_recognizer(tmp_path)
    film = drawn_film(tmp_path / "film.mkv", lambda number: scene(1, [("Thor", 160, 120, 80)]), 100)
    monkeypatch.setattr(console, "LIFE_S", 0.01)
    fakes = ("--detector", "fake", "--embedder", "fake", "--project", str(tmp_path / "project"))
    done = CliRunner().invoke(cli, ["scan", str(film), *fakes, *options], standalone_mode=False)
    assert done.exception is None
    assert ("after 0 s: film" in done.stderr or "after 1 s: film" in done.stderr) == told
    assert "after" not in done.stdout


def test_scan_tells_which_of_several_films_it_is_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn_recognizer(tmp_path)
    films = [drawn_film(tmp_path / f"{name}.mkv", lambda _: scene(1, [("Thor", 160, 120, 80)]), 10) for name in "ab"]
    seen: list[str] = []

    @contextmanager
    def noted(**_: object) -> Iterator[ProgressCallback]:
        yield lambda step: seen.append(str(step))

    monkeypatch.setattr("personae.cli.scan.progress_bar", noted)
    fakes = ("--detector", "fake", "--embedder", "fake", "--project", str(tmp_path / "project"))
    assert CliRunner().invoke(cli, ["scan", *map(str, films), *fakes], standalone_mode=False).exception is None
    told = [line for line in seen if line.startswith("film: ")]
    assert any("seconds, a.mkv (1 of 2)" in line for line in told), seen
    assert "b.mkv (2 of 2)" in told[-1] and "a.mkv" not in told[-1]


def test_a_bar_shows_names_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    with console.progress_bar() as progress:
        assert progress is not None
        progress(Progress("others", 1, 2, "[/b] :smile: a\x1b[35mb.png"))
        progress(Progress("others", 2, 2, "[/b] :smile: a\x1b[35mb.png"))
    text = stream.getvalue()
    assert "others" in text and r"[/b] :smile: a\x1b[35mb.png" in text and "2/2" in text
    assert "\x1b[35m" not in text.replace("\x1b[35m━", "")
