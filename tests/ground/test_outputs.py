"""Nothing of the user's is written over, by any command; what is ours is written anew."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from personae.cli import cli
from personae.errors import ForeignFileError, PersonaeError, WriteError
from personae.ledger import Ledger
from personae.outputs import Outputs
from personae.project.recognizer import CharacterRecognizer
from personae.timeline import native
from tests.drawn_films import drawn_film, drawn_recognizer, scene
from tests.timelines import film

FAKE = ("--detector", "fake", "--embedder", "fake")
T, OTHER = "out/film.timeline.json", "out/other.timeline.json"
PRECIOUS = b"only copy of a wedding film"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    (tmp_path / "personae").mkdir()
    return Ledger(tmp_path / "personae")


def test_new_files_and_our_own_may_be_written(ledger: Ledger, tmp_path: Path) -> None:
    out = tmp_path / "a.edl"
    Outputs(ledger).write(out, b"one", kind="resolve", who=["Thor"])
    Outputs(ledger).write(out, b"two", kind="resolve", who=["Jane"])
    assert out.read_bytes() == b"two"
    [entry] = ledger.entries()
    assert (entry.path, entry.kind, entry.who) == (str(out), "resolve", ("Jane",))


def test_what_is_not_ours_or_was_changed_needs_force(ledger: Ledger, tmp_path: Path) -> None:
    out = tmp_path / "a.edl"
    out.write_bytes(PRECIOUS)
    with pytest.raises(ForeignFileError, match=r"is not one that Personae wrote.*--force"):
        Outputs(ledger).write(out, b"one", kind="resolve")
    assert out.read_bytes() == PRECIOUS
    Outputs(ledger, force=True).write(out, b"one", kind="resolve")
    assert out.read_bytes() == b"one"
    out.write_bytes(b"one, with my notes")
    with pytest.raises(ForeignFileError, match="was changed since"):
        Outputs(ledger).write(out, b"two", kind="resolve")


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("link", [None, os.symlink, os.link])
def test_inputs_are_never_written_over(
    ledger: Ledger, tmp_path: Path, link: Callable[[Path, Path], None] | None, force: bool
) -> None:
    source = tmp_path / "film.mp4"
    source.write_bytes(PRECIOUS)
    out = source
    if link is not None:
        out = tmp_path / "link.mp4"
        link(source, out)
    ledger.record(source, sha256="", kind="annotated film")
    with pytest.raises(WriteError, match="never written over"):
        Outputs(ledger, inputs=[source], force=force).write(out, b"x", kind="srt")
    assert source.read_bytes() == PRECIOUS


def test_nor_what_lies_in_an_input_folder_nor_the_place_of_a_film_that_is_away(ledger: Ledger, tmp_path: Path) -> None:
    photo = tmp_path / "photos" / "1.jpg"
    photo.parent.mkdir()
    photo.write_bytes(PRECIOUS)
    outputs = Outputs(ledger, inputs=[photo.parent, tmp_path / "away.mp4"], force=True)
    for path in (photo, tmp_path / "away.mp4"):
        with pytest.raises(WriteError):
            outputs.write(path, b"x", kind="srt")
    outputs.write(photo.parent / "names.json", b"x", kind="identify")
    outputs.write(photo.parent / "names.json", b"y", kind="identify")


def test_a_writing_that_fails_leaves_no_trace(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Outputs(ledger).writing(tmp_path / "a.mp4", kind="stringout"):
        raise ZeroDivisionError
    assert ledger.entries() == ()


def test_a_file_is_known_before_it_is_there(ledger: Ledger, tmp_path: Path) -> None:
    """A kill in the middle must not leave a face that nobody knows of."""
    with Outputs(ledger).writing(tmp_path / "a.mp4", kind="annotated film", who=["Thor"]):
        assert [(entry.kind, entry.who) for entry in ledger.entries()] == [("annotated film", ("Thor",))]


# The commands


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def refused(result: Result) -> str:
    assert isinstance(result.exception, PersonaeError), (result.output, result.exception)
    return str(result.exception)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a trained project, a film with its timeline, and another timeline."""
    folder = tmp_path_factory.mktemp("made")
    drawn_recognizer(folder)
    (folder / "project").rename(folder / "personae")
    drawn_film(folder / "film.mp4", lambda n: scene(1, [("Thor", 100, 100, 90)], take=n // 4 % 7), 20)
    done = run("scan", folder / "film.mp4", "--out", folder / "out", "--project", folder / "personae", *FAKE)
    assert done.exit_code == 0, done.output
    native.write(film(found=[("Thor", 0, 50)]), folder / "out" / "other.timeline.json")
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to work in, with a file of the user's."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    timeline = tmp_path / T
    timeline.write_text(timeline.read_text().replace(str(made), str(tmp_path)))
    (tmp_path / "mine").write_bytes(PRECIOUS)
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path / "personae").glob("gallery.sqlite*"):
        path.unlink()  # it knows the photos by their paths
    assert run("train", "cast", *FAKE).exit_code == 0
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    skip = {"personae"}
    return {
        str(path): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not skip & set(path.relative_to(folder).parts)
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", T, "-o", "film.mp4"),
        ("report", T, OTHER, "-o", T),
        ("export", T, "-o", "film.mp4"),
        ("export", T, "-o", "film.mp4", "--format", "srt"),
        ("export", T, "-o", OTHER, "--format", "srt"),
        ("export", T, "-o", "mine.mp4"),
        ("export", T, "-o", "mine", "--format", "srt"),
        ("export", T, "-o", "new.srt", "-o", "mine", "--format", "srt"),
        ("export", T, "-o", "new.srt", "-o", "new.srt"),
        ("export", T, OTHER, "-o", "new.srt"),
        ("select", T, "--character", "Thor", "-o", "film.mp4"),
        ("select", T, "--character", "Thor", "-o", "mine.edl"),
        ("identify", "cast/Thor/0.png", "--json", "cast/Thor/0.png", *FAKE),
        ("identify", "cast", "--json", "cast/Thor/0.png", "--force", *FAKE),
        ("identify", "cast/Thor/0.png", "--json", "mine", *FAKE),
        ("identify", "cast", "--annotate", "cast", *FAKE),
        ("evaluate", "cast", "--report", "cast/Thor/0.png", *FAKE),
        ("evaluate", "cast", "--report", "mine", *FAKE),
        ("evaluate", "cast", "--json", "mine", *FAKE),
        ("evaluate", "cast", "--json", T, *FAKE),
        ("train", "cast", "--model", "mine", *FAKE),
        ("train", "cast", "--model", "new.personae", *FAKE),
        ("demo", "--out", "cast"),
    ],
    ids=" ".join,
)
def test_no_command_writes_over_what_is_not_ours(place: Path, arguments: tuple[str, ...]) -> None:
    (place / "mine.mp4").write_bytes(PRECIOUS)
    (place / "mine.edl").write_bytes(PRECIOUS)
    (place / "new_metadata.json").write_bytes(PRECIOUS)
    before = contents(place)
    result = run(*arguments)
    assert result.exit_code != 0
    assert isinstance(result.exception, PersonaeError | SystemExit), result.exception
    assert contents(place) == before, "nothing was written at all"


def test_the_second_timeline_of_a_glob_is_an_input(place: Path) -> None:
    before = contents(place)
    done = run("report", *sorted((place / "out").glob("*.timeline.json")))
    assert done.exit_code == 0, done.output
    assert {Path(line).name for line in done.output.splitlines()} == {
        f"{name}.{kind}.html" for name in ("film", "other") for kind in ("report", "sheet")
    }
    assert before.items() <= contents(place).items()


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", T),
        ("report", T, OTHER, "-o", "pages"),
        ("export", T, "-o", "film.srt", "-o", "film.edl"),
        ("export", T, "-o", "exports/"),
        ("export", T, "-o", "named.mp4"),
        ("export", T, OTHER, "-o", "tables", "--format", "appearances"),
        ("select", T, "--character", "Thor", "-o", "thor.edl"),
        ("identify", "cast", "--json", "found.json", "--annotate", "pictures", *FAKE),
        ("evaluate", "cast", "--report", "e.html", "--json", "e.json", *FAKE),
        ("scan", "film.mp4", "--out", "out", "--annotate", *FAKE),
        ("train", "cast", "--model", "new.personae", *FAKE),
    ],
    ids=" ".join,
)
def test_a_second_call_writes_its_own_files_anew_and_no_more(place: Path, arguments: tuple[str, ...]) -> None:
    if "tables" in arguments:
        (place / "tables").mkdir()
    assert run(*arguments).exit_code == 0
    names = set(contents(place))
    again = run(*arguments)
    assert again.exit_code == 0, (again.output, again.exception)
    assert set(contents(place)) == names


def test_an_export_follows_a_decision_without_force(place: Path) -> None:
    assert run("export", T, "-o", "film.csv").exit_code == 0
    assert run("name", "Thor", "Loki", "--timeline", T, "--yes").exit_code == 0
    assert run("export", T, "-o", "film.csv").exit_code == 0
    assert b"Loki" in (place / "film.csv").read_bytes()
    (place / "film.csv").write_bytes((place / "film.csv").read_bytes() + b"my own line\n")
    assert "was changed since" in refused(run("export", T, "-o", "film.csv"))
    assert run("export", T, "-o", "film.csv", "--force").exit_code == 0


def test_who_uses_the_old_order_is_told_where_outputs_go(place: Path) -> None:
    result = run("export", T, "film.edl")
    assert result.exit_code == 2 and "-o" in result.output


def test_annotated_copies_keep_the_folders_and_the_json_says_which_is_which(place: Path) -> None:
    assert run("identify", "cast", "--json", "found.json", "--annotate", "pictures", *FAKE).exit_code == 0
    found = json.loads((place / "found.json").read_text())
    copies = {row["path"]: row["annotated"] for row in found["pictures"]}
    assert copies["cast/Thor/0.png"] == "pictures/Thor/0.jpg"
    assert len(set(copies.values())) == 4 == len(list((place / "pictures").rglob("*.jpg")))
    # Another run with pictures of the same names lies beside them, and not over them.
    before = contents(place)
    (place / "more" / "Thor").mkdir(parents=True)
    (place / "more" / "Thor" / "0.png").write_bytes((place / "cast" / "Loki" / "0.png").read_bytes())
    assert run("identify", "more", "--annotate", "pictures", *FAKE).exit_code == 0
    assert before.items() <= contents(place).items()
    assert (place / "pictures" / "Thor" / "0-2.jpg").is_file()


def test_copies_in_a_folder_below_the_photos_are_not_read_again(place: Path) -> None:
    for _ in range(2):
        done = run("identify", "cast", "--annotate", "cast/pictures", *FAKE)
        assert done.exit_code == 0 and "4 photos" in done.output
    assert len(list((place / "cast" / "pictures").rglob("*.jpg"))) == 4


def test_a_call_without_photos_leaves_earlier_results(place: Path) -> None:
    assert run("identify", "cast", "--json", "found.json", *FAKE).exit_code == 0
    before = (place / "found.json").read_bytes()
    (place / "empty").mkdir()
    assert run("identify", "empty", "--json", "found.json", *FAKE).exit_code == 2
    assert (place / "found.json").read_bytes() == before


def test_the_ledger_knows_what_was_written_and_who_is_in_it(place: Path) -> None:
    run("report", T)
    run("export", T, "-o", "named.mp4")
    run("identify", "cast/Thor", "--json", "found.json", "--annotate", "pictures", *FAKE)
    known = {Path(entry.path).name: entry for entry in CharacterRecognizer(place / "personae").project.ledger.entries()}
    assert {"film.report.html", "film.sheet.html", "named.mp4", "found.json", "0.jpg", "9.jpg"} <= set(known)
    for name in ("film.report.html", "named.mp4", "found.json", "0.jpg"):
        assert "Thor" in known[name].who, name


def test_an_annotated_picture_is_whole_or_not_there(place: Path) -> None:
    run("identify", "cast/Thor", "--annotate", "pictures", *FAKE)
    with Image.open(place / "pictures" / "0.jpg") as image:
        image.load()
    assert not list((place / "pictures").glob(".*"))


@pytest.mark.parametrize("content", [b"my own notes", b'{"schema": "personae/timeline/99"}', b"[]"])
def test_a_scan_leaves_a_file_of_its_timelines_name_alone(place: Path, content: bytes) -> None:
    (place / "results").mkdir()
    (place / "results" / "film.timeline.json").write_bytes(content)
    assert run("scan", "film.mp4", "--out", "results", *FAKE).exit_code == 0
    assert (place / "results" / "film.timeline.json").read_bytes() == content
    assert native.read(place / "results" / "film-2.timeline.json").appearances


@pytest.mark.parametrize("arguments", [("--json", T), ("--json", "out/film.decisions.jsonl")])
def test_another_file_of_ours_is_told_apart_and_left_alone(place: Path, arguments: tuple[str, str]) -> None:
    assert run("name", "Thor", "Loki", "--timeline", T, "--yes").exit_code == 0
    before = contents(place)
    assert "another one of Personae (personae/" in refused(run("identify", "cast", *arguments, *FAKE))
    assert contents(place) == before


def test_a_stringout_is_not_replaced_by_markers_nor_one_film_by_another(place: Path) -> None:
    assert run("select", T, "--character", "Thor", "-o", "a.edl").exit_code == 0
    assert "another one of Personae (stringout of" in refused(run("export", T, "-o", "a.edl"))
    assert run("export", T, "-o", "b.edl").exit_code == 0
    assert "another one of Personae (resolve of" in refused(
        run("export", OTHER, "-o", "b.edl", "--project", "personae")
    )


def test_the_projects_own_files_are_never_written_over(place: Path) -> None:
    model = "personae/cache/face_recognition_model.personae"
    before = (place / model).read_bytes()
    for out in (model, "personae/gallery.sqlite"):
        refused(run("identify", "cast", "--json", out, "--force", *FAKE))
        refused(run("export", T, "-o", out, "--format", "srt", "--force"))
    assert (place / model).read_bytes() == before


def test_two_outputs_are_not_one_file_and_a_photo_is_no_name(place: Path) -> None:
    before = contents(place)
    assert run("evaluate", "cast", "--report", "e.html", "--json", "./e.html", *FAKE).exit_code == 2
    result = run("add", "cast/Thor/0.png", "cast/Thor/9.png", *FAKE)
    assert result.exit_code == 2 and "is a file" in result.output
    assert run("identify", "cast/Thor/0.png", "--annotate", "cast/Thor", *FAKE).exit_code == 2
    assert "ends in .html" in str(run("report", T, "-o", "page.mp4").exception)
    assert contents(place) == before


def test_the_ledger_knows_the_private_files_of_a_scan_elsewhere(place: Path) -> None:
    known = {entry.kind: entry for entry in Ledger(place / "personae").entries()}
    assert {"timeline", "tracks with embeddings", "pictures of faces"} <= set(known)
    assert all("Thor" in entry.who for entry in known.values())


def test_a_reader_who_has_gone_does_not_end_what_writes_files(place: Path) -> None:
    command = f"{sys.executable} -m personae identify cast cast cast --json j.json --annotate pictures {' '.join(FAKE)}"
    done = subprocess.run(f"{command} | head -1", shell=True, cwd=place, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert len(json.loads((place / "j.json").read_text())["pictures"]) == 12
    assert len(list((place / "pictures").rglob("*.jpg"))) == 4
