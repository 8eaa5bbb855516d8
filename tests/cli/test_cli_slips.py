"""Slips of a key while people are named, in every way to name them; and taking back what was said in several places."""

from __future__ import annotations

from pathlib import Path

import pytest

from personae.errors import InputError
from personae.films import say
from personae.films.people import Suggestion
from personae.names import valid_name
from personae.project.session import Project
from tests.cli.test_cli_naming import FAKES, Run, run
from tests.films.test_naming import draw, faces, fewer_strangers, naming_of, project, with_film

__all__ = ["FAKES", "fewer_strangers", "project", "run", "with_film"]
NO_NAMES = ["?", "...", "--", ".s", ".x", ".m 2", "Unknown 4x", "unknown_4", "Unknown 1 of reunion", "Unknown 4 - Copy"]


@pytest.mark.parametrize("name", [*NO_NAMES, "Unknown 4 (2)", "Unknown #4"])
def test_a_slip_is_no_name_anywhere(project: Project, name: str) -> None:
    with pytest.raises(InputError, match="is no name for a character"):
        valid_name(name)
    with pytest.raises(InputError):
        project.photos["holiday"].decide(say.name("Unknown 2", name))
    with pytest.raises(InputError):
        project.cast.add_names([name])


@pytest.mark.parametrize("name", ["Q", "7", "Mr. T", "Unknown Soldier", "Unknown 2 (character)", "!Kung", "😀", "龍"])
def test_a_name_stays_a_name(name: str) -> None:
    assert valid_name(name) == name


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_slip_names_nobody_in_any_way(run: Run, project: Project, tmp_path: Path, name: str) -> None:
    table = tmp_path / "names.csv"
    table.write_text(f"who;name\n2;{name}\n")
    ways: list[tuple[str | Path, ...]] = [("name", "holiday", f"Unknown 2={name}"), ("name", "--from", table)]
    ways += [("name", "Unknown 2", name, "--photos", "holiday")]
    for words in ways:
        if name not in (".s", ".x"):  # these are understood
            assert run(*words, "--yes")[0] == 2, words
    naming = naming_of(project)
    naming.answer(name)
    assert {face.character for face in project.photos["holiday"].faces} == {None}


def test_the_commands_mean_the_same_in_the_form_of_one(run: Run, project: Project) -> None:
    code, output = run("name", "Unknown 2", ".s", "--photos", "holiday")
    assert code == 0 and "Unknown 2 stays without a name" in output
    assert [one.kind for one in project.photos["holiday"].decisions.in_force()] == ["stranger"]


def test_somebody_of_the_same_set_is_understood_and_of_another_refused(run: Run, with_film: Project) -> None:
    for words in (("Unknown 3=Unknown 2 of holiday",), ("Unknown 3", "Unknown 2 of holiday", "--photos", "holiday")):
        code, output = run("name", *(("holiday",) if len(words) == 1 else ()), *words)
        assert code == 0 and faces(with_film)[1] == "Unknown 2 Unknown 2", output
        run("name", "--undo")
        code, output = run("name", *(("holiday",) if len(words) == 1 else ()), *(word.replace("of holiday", "of ep1")
                                                                             for word in words))  # fmt: skip
        assert code == 2 and "give it to each" in output and faces(with_film)[1] == "Unknown 3 Unknown 2"


@pytest.mark.parametrize("name", ["q", "y", "X"])
def test_a_new_name_of_one_sign_is_asked_back_once_and_a_known_one_taken(
    run: Run, project: Project, tmp_path: Path, name: str
) -> None:
    naming = naming_of(project)
    told = naming.answer(name)
    assert told.kind == "asked" and f"Nobody is called {name}" in told.lines[0]
    assert naming.answer("").kind == "asked" and faces(project)[4] == "Unknown 2", "Enter is no yes"
    assert naming.answer("y").kind == "said" and faces(project)[4] == name
    project.photos["holiday"].undo()
    table = tmp_path / "names.csv"
    table.write_text(f"who;name\n2;{name}\n")
    for words in (("holiday", f"Unknown 2={name}"), ("--from", table), ("Unknown 2", name, "--photos", "holiday")):
        code, output = run("name", *words, "--no-learn")
        assert code == 2 and f"Nobody is called {name}" in output and faces(project)[4] == "Unknown 2"
    project.cast.add_names([name])
    assert naming_of(project).answer(name).kind == "said"


def test_folders_take_no_slip_for_a_name(run: Run, project: Project) -> None:
    run("name", "holiday", "--faces")
    folder = project.folder / "photos" / "holiday" / "faces"
    (folder / "Unknown 2").rename(folder / "Unknown 4x")
    code, output = run("name", "holiday", "--faces")
    assert code == 2 and "reads like a person without a name" in output
    (folder / "Unknown 4x").rename(folder / "Q")
    code, output = run("name", "holiday", "--faces")
    assert code == 2 and "Nobody is called Q" in output and faces(project)[4] == "Unknown 2"
    code, output = run("name", "holiday", "--faces", "--yes")
    assert code == 0 and faces(project)[4] == "Q"
    assert "faces added to the cast" in output and "Q" in project.cast.characters()


def test_folders_teach_unless_told_not_to(run: Run, project: Project) -> None:
    run("name", "holiday", "--faces")
    folder = project.folder / "photos" / "holiday" / "faces"
    (folder / "Unknown 2").rename(folder / "Odin")
    code, output = run("name", "holiday", "--faces", "--no-learn")
    assert code == 0 and "The cast was not taught" in output and not project.cast.characters()
    (folder / "Unknown 1").rename(folder / "Thor")
    code, output = run("name", "holiday", "--faces")
    assert code == 0 and "2 faces added to the cast" in output and project.cast.characters()["Thor"] == 2
    run("name", "--undo")
    assert "Thor" not in project.cast.characters()


def test_a_file_of_decisions_teaches_and_says_what_it_said(run: Run, with_film: Project, tmp_path: Path) -> None:
    timeline = with_film.films["ep1"].path
    with with_film.films["ep1"] as film:
        film.decide(say.name("Unknown 1", "Sif"))
        journal = film.files.decisions
    saved = tmp_path / "saved.jsonl"
    saved.write_bytes(journal.read_bytes())
    journal.unlink()
    code, output = run("name", "--timeline", timeline, "--import", saved)
    assert code == 0 and "Unknown 1 is Sif" in output and "added to the cast" in output and "--undo" in output
    assert with_film.cast.characters()["Sif"] >= 1
    run("name", "--timeline", timeline, "--undo")
    assert "Sif" not in with_film.cast.characters()


def test_a_doubtful_name_is_refused_in_a_script(run: Run, project: Project) -> None:
    project.photos["holiday"].decide(say.name("Unknown 2", "Odin"))
    words = ("name", "Unknown 1", "Odin", "--photos", "holiday")
    code, output = run(*words)
    assert code == 2 and "both would be Odin" in output and "--yes" in output
    assert faces(project)[0] == "Unknown 1 Odin"
    assert run(*words, "--yes")[0] == 0 and faces(project)[0] == "Odin Odin"


# Taking back


def kept(project: Project, tmp_path: Path) -> Project:
    """The same people again in a second set, "party"; nobody is named."""
    draw(tmp_path / "party" / "0.png", ("Thor", "Odin"), 9)
    draw(tmp_path / "party" / "1.png", ("Odin",), 8)
    project.photos.keep(tmp_path / "party")
    return project


def named(project: Project, name: str) -> list[str]:
    return [one for one in ("holiday", "party") if name in {face.character for face in project.photos[one].faces}]


@pytest.mark.parametrize("which", ["", "1"])
def test_an_answer_is_taken_back_wherever_it_was_said(run: Run, project: Project, tmp_path: Path, which: str) -> None:
    kept(project, tmp_path)
    run("name", lines="Odin\n")
    assert named(project, "Odin") == ["holiday", "party"] and "Odin" in project.cast.characters()
    code, output = run("name", "holiday", "--undo", *([which] if which else []))
    assert code == 0 and "taken back: Unknown 2 is Odin" in output and "Taken back in party too" in output
    assert named(project, "Odin") == [] and "Odin" not in project.cast.characters()


def test_one_of_many_names_is_taken_back_everywhere_and_the_others_hold(
    run: Run, project: Project, tmp_path: Path
) -> None:
    kept(project, tmp_path)
    assert run("name", "Unknown 1=Thor", "Unknown 2=Odin", "--yes")[0] == 0
    assert named(project, "Thor") == named(project, "Odin") == ["holiday", "party"]
    code, output = run("name", "holiday", "--undo", "1")
    assert code == 0 and "Thor" in output
    assert named(project, "Thor") == [] and named(project, "Odin") == ["holiday", "party"]
    assert list(project.cast.characters()) == ["Odin"], "what the others taught stays"


def test_what_still_stands_is_told(run: Run, project: Project, tmp_path: Path) -> None:
    kept(project, tmp_path)
    run("name", lines=".s all\n")
    code, output = run("name", "holiday", "--undo", "1")
    assert code == 0 and "In party the same command still holds" in output and "log --photos 'party'" in output


def test_many_decisions_are_taken_back_in_a_line(run: Run, project: Project) -> None:
    run("name", lines=".s all\n")
    code, output = run("name", "--undo")
    assert code == 0 and output.strip().count("\n") == 0 and "and 3 more" in output


def test_edits_of_the_cast_say_which_films_show_names_of_before(run: Run, with_film: Project) -> None:
    run("name", "ep1", "Unknown 1=Sif", "Unknown 2=Lady Sif")
    code, output = run("merge", "Sif", "Lady Sif")
    assert code == 0 and "may show the names of before" in output and "personae relabel " in output
    path = with_film.films["ep1"].path
    assert run("relabel", path)[0] == 0
    assert {row.character for row in with_film.films["ep1"].timeline.characters} == {"Sif"}
    code, output = run("undo")
    assert code == 0 and "personae relabel " in output


@pytest.mark.parametrize("probability", [0.04, 0.05])
def test_what_is_hardly_probable_is_no_choice(project: Project, probability: float) -> None:
    naming = naming_of(project, {"Unknown 2 of holiday": (Suggestion(0.3, "Thor"), Suggestion(probability, "Odin"))})
    assert naming.answer("2").kind == ("said" if probability >= 0.05 else "error")


def test_people_tells_of_strangers(run: Run, project: Project) -> None:
    run("name", lines=".s all\n")
    assert "4 people were set aside as strangers" in run("people")[1]
    assert "(stranger)" in run("people", "--all")[1]


def test_many_names_are_told_as_what_they_mean(run: Run, project: Project) -> None:
    output = run("name", "holiday", "Unknown 1=Thor", "Unknown 3=Unknown 4", "Unknown 2=.s")[1]
    for told in ("Unknown 1 is Thor", "Unknown 3 and Unknown 4 are one person", "Unknown 2 stays without a name"):
        assert told in output


def test_the_log_says_which_faces_a_name_taught(run: Run, with_film: Project) -> None:
    run("name", "ep1", "Unknown 1=Sif")
    output = run("log")[1]
    assert "of ep1.mkv, named there" in output and "photo" not in output


def test_the_end_advises_to_look_again_only_where_somebody_is_left(run: Run, with_film: Project) -> None:
    output = run("name", "ep1", lines="Sif\n.q\n")[1]
    assert "Look for those you named among who is left: personae relabel " in output


def test_a_call_sheet_given_twice_is_told_in_a_line(run: Run, tmp_path: Path) -> None:
    sheet = tmp_path / "names.txt"
    sheet.write_text("Thor\nOdin\nLoki\nSif\n")
    run("add", "--names", sheet)
    assert "4 of these names are in the cast already." in run("add", "--names", sheet)[1]
