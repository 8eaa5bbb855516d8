"""Wherever a command takes a film's timeline, it takes the name that the film has in the project too."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from personae.cli import cli
from personae.ledger import Ledger
from personae.timeline import native
from tests.timelines import film

COMMANDS = {
    "export": ("export", "clip", "-o", "clip.edl"),
    "report": ("report", "clip", "-o", "page.html"),
    "select": ("select", "clip", "--character", "thor", "-o", "thor.edl"),
    "log": ("log", "--timeline", "clip"),
    "inspect": ("inspect", "--timeline", "clip"),
    "people": ("people", "--timeline", "clip", "--all"),
    "name": ("name", "--timeline", "clip", "--undo"),
    "relabel": ("relabel", "clip"),
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a project, in which there are the films clip and mirror; and with a folder that is called clip."""
    for name in ("clip", "mirror"):
        native.write(
            film(found=[("Thor", 0, 50), ("Unknown 1", 20, 90)]),
            tmp_path / "personae" / "films" / name / "film.timeline.json",
        )
    Ledger(tmp_path / "personae").begin()
    (tmp_path / "clip").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PERSONAE_PROJECT", raising=False)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_film_is_known_by_its_name(place: Path, command: str) -> None:
    words = COMMANDS[command]
    as_path = ["personae/films/clip/film.timeline.json" if word == "clip" else word for word in words]
    by_name, by_path = run(*words), run(*as_path)
    assert by_name.exit_code == by_path.exit_code != 2
    assert by_name.output.replace("personae/films/clip/film.timeline.json", "clip") == by_path.output.replace(
        "personae/films/clip/film.timeline.json", "clip"
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_word_that_is_no_film_is_told_with_the_films_there_are(place: Path, command: str) -> None:
    done = run(*("clib" if word == "clip" else word for word in COMMANDS[command]))
    assert done.exit_code == 2 and "No film is called 'clib'" in " ".join(done.output.split())
    assert "Did you mean clip? There are: clip, mirror." in " ".join(done.output.split())
    assert "-o" not in done.output


@pytest.mark.parametrize("before", [True, False])
def test_the_name_is_looked_up_in_the_project_that_is_given(
    place: Path, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    (place / "elsewhere").mkdir()
    monkeypatch.chdir(place / "elsewhere")
    project = ["--project", str(place / "personae")]
    words = ["report", *project, "mirror"] if before else ["report", "mirror", *project]
    assert run(*words).exit_code == 0
    assert (place / "personae" / "films" / "mirror" / "film.report.html").is_file()
    assert run("report", "mirror").exit_code == 2


def test_an_output_without_its_option_is_told_so(place: Path) -> None:
    done = run("export", "clip", "clip.edl")
    assert done.exit_code == 2 and "An output is given by -o." in " ".join(done.output.split())


def test_a_character_is_known_in_any_case(place: Path) -> None:
    for name in ("THOR", "unknown 1"):
        assert run("select", "clip", "--character", name, "-o", f"{name}.edl").exit_code == 0
    done = run("select", "clip", "--character", "Thro", "-o", "x.edl")
    assert "Did you mean Thor? There are: Thor, Unknown 1." in str(done.exception)
