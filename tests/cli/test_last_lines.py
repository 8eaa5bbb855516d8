"""What commands say at their end, tables of faces, help in order, and commands that were mistyped."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from personae.cli import cli
from personae.cli.options import EXPERTS
from personae.cli.scan_summary import about_unknown
from personae.faces.fake import draw_picture
from personae.timeline.timeline import Appearance, Timeline

FAKE = ("--detector", "fake", "--embedder", "fake")


def run(*words: str, status: int = 0) -> Result:
    done = CliRunner().invoke(cli, [*words], standalone_mode=False)
    assert (done.return_value or 0) == status, done.output
    return done


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's surroundings: a cast of two, and stills of one of them with a stranger."""
    monkeypatch.chdir(tmp_path)
    for person in ("Thor", "Loki"):
        (tmp_path / "cast" / person).mkdir(parents=True)
        for take in (1, 2, 3):
            picture = draw_picture([(person, 96)], take=take).pixels
            Image.fromarray(picture).save(tmp_path / "cast" / person / f"{take}.png")
    (tmp_path / "stills").mkdir()
    for number, people in enumerate([["Thor", "Hela"], ["Thor"], ["Hela"]]):
        picture = draw_picture([(person, 96) for person in people], take=7).pixels
        Image.fromarray(picture).save(tmp_path / "stills" / f"{number}.png")
    return tmp_path


def test_train_ends_with_what_comes_next_and_prints_no_internal_keys(home: Path) -> None:
    said = run("train", "cast", *FAKE).output
    assert said.rstrip().splitlines()[-1].startswith("Next: personae scan FILM")
    shown = run("inspect").output
    for key in ("intra_character_similarity", "discrimination_ratio", "n_characters", "roc_auc"):
        assert key not in said and key not in shown
    assert "d'" not in said and "equal error rate" not in said
    assert "d'" in shown and "equal error rate" in shown and "discrimination ratio" in shown


def test_identify_ends_with_totals_and_writes_a_table_of_faces(home: Path) -> None:
    run("train", "cast", *FAKE)
    said = run("identify", "stills", "--csv", "faces.csv", *FAKE).output.splitlines()
    table = said[next(at for at, line in enumerate(said) if line.split() == ["who", "faces", "photos"]) :]
    totals = {cells[0]: cells[1:] for cells in map(str.split, table) if cells and cells[0] in ("Thor", "unknown")}
    assert totals == {"Thor": ["2", "2"], "unknown": ["2", "2"]}
    with (home / "faces.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [Path(row["photo"]).name for row in rows] == ["0.png", "0.png", "1.png", "2.png"]
    assert sorted(row["character"] for row in rows) == ["", "", "Thor", "Thor"]
    assert all(float(row["confidence"]) >= 0.5 for row in rows if row["character"])
    assert run("identify", "stills", "--csv", "faces.csv", *FAKE).exit_code == 0  # ours: written anew
    (home / "mine.csv").write_text("a,b")
    refused = CliRunner().invoke(cli, ["identify", "stills", "--csv", "mine.csv", *FAKE], standalone_mode=False)
    assert "not one that Personae wrote" in str(refused.exception)


def test_only_unknown_prints_no_named_face(home: Path) -> None:
    run("train", "cast", *FAKE)
    said = run("identify", "stills", "--only-unknown", *FAKE).output.splitlines()
    faces = [line for line in said if line.startswith("  ")]
    assert len([line for line in faces if line.startswith("  unknown")]) == 2
    assert not [line for line in faces if line.startswith("  Thor")]
    assert not [line for line in said if line.endswith("1.png")]


def test_far_of_identify_is_for_this_run_alone(home: Path) -> None:
    run("train", "cast", *FAKE)
    thresholds = []
    for more in ([], ["--far", "0.001"], ["--far", "0.01"], []):
        document = json.loads(run("identify", "stills", "--json", "-", *more, *FAKE).stdout)
        thresholds.append(document["model"]["threshold"])
    assert thresholds[0] == thresholds[3]
    assert thresholds[1] > thresholds[2] == pytest.approx(thresholds[0], abs=1e-3)


def appearance(unknown: int | None, confidence: float, *, depicted: bool = False, stranger: bool = False) -> Appearance:
    return Appearance(
        id=1, character=None if unknown else "Thor", unknown=unknown, start_pts=0, end_pts=9, similarity=0.1,
        confidence=confidence, tracks=(1,), depicted=depicted, stranger=stranger,
    )  # fmt: skip


class Film:
    """Only what the line is made of."""

    def __init__(self, *appearances: Appearance) -> None:
        self.appearances = appearances


@pytest.mark.parametrize(
    ("film", "line"),
    [
        (Film(appearance(None, 1.0)), None),
        (Film(appearance(1, 0.0), appearance(1, 0.1)), "1 unknown person. Name them: personae name f"),
        (Film(appearance(1, 0.0), appearance(2, 0.0)), "2 unknown people. Name them: personae name f"),
        (
            Film(appearance(1, 0.4), appearance(2, 0.0), appearance(3, 0.3)),
            "2 of 3 unknown people may be cast members seen badly: personae name f",
        ),
        (Film(appearance(1, 0.4, stranger=True), appearance(2, 0.0)), "1 unknown person. Name them: personae name f"),
    ],
)
def test_the_last_line_of_a_scan_is_about_people(film: Timeline, line: str | None) -> None:
    assert about_unknown(film, "f") == ([] if line is None else [line])


def test_a_mistyped_command_gets_what_was_meant() -> None:
    for typed, meant in (("trian", "train"), ("Scan", "scan"), ("identfy", "identify")):
        done = CliRunner().invoke(cli, [typed])
        assert done.exit_code == 2 and f"Did you mean {meant}" in done.output
    assert "personae --help" in CliRunner().invoke(cli, ["xyzzy"]).output


def test_help_has_experts_options_last_under_their_own_heading() -> None:
    for command in ("train", "identify", "scan"):
        usual, experts = CliRunner().invoke(cli, [command, "--help"]).output.split("Options for experts:")
        assert "--project" in usual and "--provider" in experts and "--provider" not in usual
    assert {"threshold", "detector", "model"} <= EXPERTS
