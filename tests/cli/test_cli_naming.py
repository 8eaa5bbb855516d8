"""`personae name`, `log --timeline` and `add --names` as a user runs them: from a pipe and on a terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click import ClickException
from click.testing import CliRunner

from personae.cli import cli
from personae.errors import PersonaeError
from personae.films import say
from personae.project.session import Project
from tests.films.test_naming import draw, faces, fewer_strangers, project, with_film

__all__ = ["fewer_strangers", "project", "with_film"]
FAKES = {"PERSONAE_DETECTOR": "fake", "PERSONAE_EMBEDDER": "fake"}
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(project: Project) -> Run:
    """Runs a command in the project: its exit status and all that it said."""

    def run(*words: str | Path, lines: str = "") -> tuple[int, str]:
        given = [*map(str, words), "--project", str(project.folder)]
        done = CliRunner().invoke(cli, given, input=lines, env=FAKES, standalone_mode=False)
        if isinstance(done.exception, (PersonaeError, ClickException)):
            return 2, done.output + str(done.exception)
        assert done.exception is None, done.output
        return done.return_value or 0, done.output

    return run


def test_a_pipe_of_a_line_a_person(run: Run, project: Project) -> None:
    code, output = run("name", lines="Odin\n99\nX\ny\n.\n")
    assert code == 0
    assert "4 people without a name" in output and "1 of 4  Unknown 2 of holiday: 4 faces" in output
    assert "0.png, face 2 from the left" in output, "the picture"
    assert "There is no suggestion" in output, "what is wrong is told"
    assert "2 answers kept. 5 faces added to the cast. 2 people left: personae name --project" in output or (
        "2 answers kept. 6 faces added to the cast. 2 people left: personae name --project" in output
    )
    assert faces(project)[0] == "X Odin" and "Nobody is left to be asked" not in output
    code, output = run("name", lines=".q\n")
    assert code == 0 and "1 of 2 " in output and "Nothing was said. 2 people left" in output
    code, output = run("name", "holiday", "--no-learn", lines=".s all\n.u\nHela\n.s all\n")
    assert code == 0 and "Nobody is left." in output and "Taken back: 2 strangers" in output
    assert faces(project)[2] == "Odin Hela" and "Hela" not in project.cast.characters()
    code, output = run("name")
    assert code == 0 and "Everybody has a name, or was set aside." in output


def test_a_question_in_a_pipe_waits_for_y_and_yes_goes_on(run: Run, project: Project) -> None:
    code, output = run("name", lines="Odin\nOdin\nHela\n")
    assert code == 0 and "left for later" in output and faces(project)[0] == "Unknown 1 Odin"
    assert faces(project)[3] == "Unknown 1 Hela"
    code, output = run("name", "--yes", lines="Odn\n")
    assert code == 0 and "both would be Odin" in output and faces(project)[0] == "Odin Odin"


def test_an_empty_project_says_what_to_do_first(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["name", "--project", str(tmp_path / "p")], standalone_mode=False)
    assert done.exception is None and "personae scan FILM" in done.output


def test_films_are_named_by_path_and_name_and_the_end_says_what_next(with_film: Project, run: Run) -> None:
    timeline = with_film.films["ep1"].path
    code, output = run("name", timeline, "--author", "Ada", lines="Sif\n.s all\n")
    assert code == 0 and "1 of 2  Unknown 1 of ep1: 1 appearance, 1.2 s of face" in output
    assert "personae relabel " not in output, "nobody is left whom it could find"
    for words in ("personae report ", "-o film.edl", "personae name --undo"):
        assert words in output, words
    assert all(line.count("film.timeline.json") == 1 for line in output.splitlines() if "personae re" in line)
    code, output = run("log", "--timeline", timeline)
    assert code == 0 and "   1  " in output and "Unknown 1 is Sif  by Ada" in output and "--undo 2" in output
    rows = json.loads(run("log", "--timeline", timeline, "--json")[1])
    assert [(one["number"], one["said"], one["undone_by"]) for one in rows] == [
        (1, "Unknown 1 is Sif", None), (2, "Unknown 2 stays without a name", None),
    ]  # fmt: skip
    code, output = run("name", "--timeline", timeline, "--undo", "1")
    assert code == 0 and "taken back: Unknown 1 is Sif" in output and "of Sif taken out of the gallery" in output
    assert "(undone by 3)" in run("log", "--timeline", timeline)[1]
    code, output = run("name", "--timeline", timeline, "--undo", "1")
    assert code == 2 and "was taken back by 3 already" in output
    assert run("name", "ep1", lines="Sif\n")[1].count("1 of 1 ") == 1


def test_pairs_and_tables_are_one_command(run: Run, project: Project, tmp_path: Path) -> None:
    code, output = run("name", "holiday", "Unknown 2=Odin", "Unknown 3=A=B", "--no-learn")
    assert code == 0 and "2 answers kept; 0 faces added" in output and faces(project)[1] == "A=B Odin"
    code, output = run("name", "A=B", "Loki", "--photos", "holiday", "--yes")
    assert code == 0 and faces(project)[1] == "Loki Odin", "WHO with a sign in it"
    table = tmp_path / "names.csv"
    table.write_text("unknown;name;film\n1;Thor;holiday\n9;Hela;holiday\n")
    code, output = run("name", "--from", table)
    assert code == 2 and "line 3: " in output and faces(project)[0] == "Unknown 1 Odin"
    table.write_text("unknown;name;film\n1;Thor;holiday\n4;Hela;\n")
    code, output = run("name", "--from", table)
    assert code == 0 and faces(project)[3] == "Thor Hela"
    code, output = run("name", "--undo")
    assert code == 0 and faces(project)[3] == "Unknown 1 Unknown 4" and faces(project)[1] == "Loki Odin"
    code, output = run("name", "Unknown 1=Odin")
    assert code == 2 and "both would be Odin" in output and "--yes" in output and faces(project)[0] == "Unknown 1 Odin"
    assert run("name", "Unknown 1=Odin", "--yes")[0] == 0 and faces(project)[0] == "Odin Odin"
    assert "Unknown 1 is Odin" in run("log", "--photos", "holiday")[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("name", "nowhere"), "nowhere is no timeline, film or set of photos here. There are: holiday"),
        (("name", "Unknown 2", "Odin"), "--timeline FILE or --photos SET"),
        (("name", "x", "--photos", "holiday"), "Give WHO and NAME, or WHO=NAME"),
        (("name", "x", "y", "--new", "--photos", "holiday"), "Give WHO and NAME, or WHO and one of"),
        (("name", "x", "--undo", "--photos", "holiday"), "--undo stands alone"),
        (("name", "x", "--undo"), "x is no timeline, film or set of photos here"),
        (("name", "holiday", "--undo", "7"), "There is no decision 7 here. Nobody decided anything here."),
        (("name", "x", "--photos", "holiday", "--undo"), "--undo stands alone"),
        (("name", "--undo", "3"), "give --timeline FILE or --photos SET"),
        (("name", "holiday", "=Odin"), "Write WHO=NAME"),
        (("add",), "Give NAME and PHOTOS, or --names FILE"),
        (("add", "Odin"), "Give NAME and PHOTOS, or --names FILE"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(run: Run, project: Project, words: tuple[str, ...], message: str) -> None:
    code, output = run(*words)
    assert code == 2 and message in " ".join(output.split())
    assert not project.photos["holiday"].decisions.entries


def test_a_call_sheet_gives_names_that_training_and_inspect_count_apart(run: Run, tmp_path: Path) -> None:
    sheet = tmp_path / "names.txt"
    sheet.write_text("# call sheet\nThor\nOdin\nodin\n\nSif\n")
    code, output = run("add", "--names", sheet)
    assert code == 0 and "3 characters without photos added" in output
    assert "line 4: odin stands in line 3 already." in output
    assert "3 characters, 3 of them without photos: Odin, Sif, Thor" in output and "so there is no model" in output
    assert "3 of them without photos" in run("inspect")[1]
    draw(tmp_path / "cast" / "Thor" / "1.png", ["Thor"], 7)
    for words in (("train", tmp_path / "cast"), ("train", tmp_path / "cast", "--fresh"), ("inspect",)):
        code, output = run(*words)
        assert code == 0 and "3 characters, 2 of them without photos: Odin, Sif" in output, words
    assert run("name", lines="Od\n=Odn\n")[0] == 0
    assert "names   Thor, Odin, Sif: without photos" in run("log")[1]
    sheet.write_text("Hela\nUnknown 4\n")
    code, output = run("add", "--names", sheet)
    assert code == 2 and "line 2: " in output and "Hela" not in run("inspect")[1]
    code, output = run("add", "--names", sheet, "Thor")
    assert code == 2 and "--names stands alone" in output


# On a terminal


@pytest.fixture
def terminal(project: Project) -> Iterator[Callable[[list[tuple[str, str]], list[str]], str]]:
    """Runs `personae name` on a terminal: waits for a text, then types one; all that was shown."""
    pty = pytest.importorskip("pty")
    pids: list[int] = []

    def talk(steps: list[tuple[str, str]], words: list[str]) -> str:
        pid, terminal = pty.fork()
        if not pid:  # the child
            os.environ |= FAKES | {"TERM": "dumb", "COLUMNS": "120"}
            os.execv(
                sys.executable, [sys.executable, "-m", "personae", "name", *words, "--project", str(project.folder)]
            )
        pids.append(pid)
        shown, at = "", 0
        for wanted, typed in [*steps, ("\0", "")]:
            while wanted not in shown[at:]:
                try:
                    shown += os.read(terminal, 4096).decode()
                except OSError:
                    break
            else:
                at = len(shown)
                os.write(terminal, typed.encode())
                continue
            break
        _, status = os.waitpid(pids.pop(), 0)
        assert os.waitstatus_to_exitcode(status) == 0, shown
        os.close(terminal)
        return shown.replace("\r\n", "\n")

    yield talk
    for pid in pids:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def test_a_terminal_completes_names_and_asks_again(
    project: Project, terminal: Callable[[list[tuple[str, str]], list[str]], str]
) -> None:
    project.cast.add_names(["Odin Allfather", "Thor"])
    shown = terminal(
        [
            ("1 of 4", "od\t\n"),  # completed
            ("2 of 4", "Odin Allfather\n"),
            ("all the same? y: yes", "n\n"),
            ("2 of 4", "Thr\n"),
            ("Did you mean Thor?", "\n"),
            ("3 of 4", ".u\n"),
            ("2 of 4", ".\n"),
            ("3 of 4", ".\n"),
            ("4 of 4", "Loki\n"),
            ("Nobody is left to be asked", "\n"),
        ],
        ["--no-learn"],
    )
    assert "Taken back: Unknown 1 of holiday is Thor" in shown and "2 answers kept." in shown
    assert faces(project)[1] == "Loki Odin Allfather" and faces(project)[0].startswith("Unknown 1")


def test_one_person_is_asked_about_on_a_terminal_before_a_doubtful_name(
    project: Project, terminal: Callable[[list[tuple[str, str]], list[str]], str]
) -> None:
    project.photos["holiday"].decide(say.name("Unknown 2", "Odin"))
    words = ["Unknown 1", "Odin", "--photos", "holiday"]
    assert "nothing was said" in terminal([("all the same? [y/n]", "n\n")], words)
    assert faces(project)[0] == "Unknown 1 Odin"
