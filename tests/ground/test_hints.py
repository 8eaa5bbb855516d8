"""Commands that messages advise name the project and model that are in use, so that they do what they say."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from personae import hints
from personae.cast.edit_log import Edit
from personae.cli import COMMANDS, cli
from personae.cli.editing import describe_edit
from tests.drawn_films import drawn_recognizer

FOLDER = "my 'own' project"
FAKES = ("--detector", "fake", "--embedder", "fake")


@pytest.fixture
def personae(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command in a folder with two projects: the default one, and one with a name to be quoted."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PERSONAE_PROJECT", raising=False)
    for folder in ("personae", FOLDER):
        drawn_recognizer(tmp_path / "made")
        (tmp_path / "made" / "project").rename(tmp_path / folder)
    return lambda *arguments: CliRunner().invoke(cli, arguments, standalone_mode=False)


def advised(text: str) -> list[str]:
    """The words of the first command in the last line, up to a comma or its end."""
    words = shlex.split(text.strip().splitlines()[-1].partition("personae ")[2])
    end = next((at for at, word in enumerate(words, 1) if word.endswith(",")), len(words))
    return [word.rstrip(",") for word in words[:end]]


def test_what_the_hints_know_of_the_commands_is_true() -> None:
    for name in COMMANDS:
        command: click.Command = getattr(import_module(f"personae.cli.{name}"), name)
        inner = [*command.commands.values()] if isinstance(command, click.Group) else [command]
        options = {option for each in inner for parameter in each.params for option in parameter.opts}
        assert ("--project" in options) == (name in hints.WITH_PROJECT), name
        assert ("--model" in options) == (name in hints.WITH_MODEL), name


def test_undo_takes_back_the_edit_that_advised_it(personae: Callable[..., Result], tmp_path: Path) -> None:
    personae("rename", "Thor", "T")
    done = personae("rename", "Thor", "Th", "--project", FOLDER)
    words = advised(done.output)
    assert words == ["undo", "--project", FOLDER]
    assert "undone: 1 rename Thor -> Th" in personae(*words).output
    assert "T" in personae("inspect").output  # the default project was not touched
    assert advised(personae("rename", "Loki", "L").output) == ["undo"]


def test_the_environment_is_a_project_in_use(personae: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERSONAE_PROJECT", FOLDER)
    assert advised(personae("rename", "Loki", "L").output) == ["undo", "--project", FOLDER]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("inspect", "--project", "no where"), ["train", "CAST_FOLDER", "--project", "no where"]),
        (("inspect", "--model", "no model"), ["train", "CAST_FOLDER", "--model", "no model"]),
        (("remove", "Thor", "--project", "no where"), ["train", "CAST_FOLDER", "--project", "no where"]),
        (("rename", "Thor", "L", "--project", "no where"), ["train", "CAST_FOLDER", "--project", "no where"]),
        (("undo", "--project", FOLDER), ["log", "--project", FOLDER]),
        (
            ("rename", "Thor", "Loki", "--project", FOLDER),
            ["merge", "Thor", "Loki", "--into", "Loki", "--project", FOLDER],
        ),
    ],
)
def test_errors_advise_for_the_project_in_use(
    personae: Callable[..., Result], arguments: tuple[str, ...], words: list[str]
) -> None:
    assert advised(str(personae(*arguments).exception)) == words


def test_notes_advise_for_the_project_in_use(personae: Callable[..., Result]) -> None:
    personae("rename", "Thor", "Th", "--project", FOLDER)
    output = personae("train", "made/cast", "--project", FOLDER, *FAKES).output
    assert f"(personae log --project {shlex.quote(FOLDER)})" in output.replace("\n", " ")


def test_the_library_advises_the_plain_command() -> None:
    hints.use()
    assert hints.command("train CAST_FOLDER") == "personae train CAST_FOLDER"
    hints.use(project="a b", model="m")
    assert hints.command("log") == "personae log --project 'a b'"
    assert hints.command("models fetch x") == "personae models fetch x"
    assert shlex.split(hints.quoted("O'Neill -x")) == ["O'Neill -x"]
    hints.use()


def test_the_log_lives_on_after_a_fresh_training(personae: Callable[..., Result]) -> None:
    personae("rename", "Thor", "Th")
    assert personae("train", "made/cast", "--fresh", *FAKES).exception is None
    done = personae("log")
    assert done.exception is None and "fresh   trained anew with --fresh, 4 photos" in done.output
    assert "rename  Thor -> Th, 2 photos" in done.output


@pytest.mark.parametrize(
    "action", ["add", "remove", "rename", "merge", "split", "reject", "undo", "fresh", "forget", "x"]
)
@pytest.mark.parametrize(
    "detail", [{}, {"photos": 3}, {"photos": None}, {"photos": "x"}, {"photos": [1]}, {"photos": [[]]},
               {"characters": 3, "into": 4, "photos": []}, {"characters": [1], "into": "x", "photos": {}}]
)  # fmt: skip
def test_no_detail_of_an_edit_breaks_the_log(action: str, detail: dict[str, object]) -> None:
    assert isinstance(describe_edit(Edit(1, "", action, detail)), str)
    assert isinstance(describe_edit(Edit(1, "", action, [])), str)  # type: ignore[arg-type]
