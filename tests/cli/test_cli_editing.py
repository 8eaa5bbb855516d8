"""The editing commands as a user runs them, with drawn faces: what they print, and their exit status."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from personae import CharacterRecognizer
from personae.cast.gallery import Gallery
from personae.cli import cli
from personae.errors import PersonaeError
from personae.faces.fake import draw_picture

FAKES = ("--detector", "fake", "--embedder", "fake")
LOOKS_AT_PICTURES = ("train", "identify", "add", "reject", "forget")

Personae = Callable[..., Result]


def draw(path: Path, *people: str, take: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(draw_picture([(person, 96) for person in people], take=take).pixels).save(path)
    return path


@pytest.fixture
def personae(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Personae:
    """Runs a command in a folder with a trained cast of Thor, Loki and Hela, two photos each."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PERSONAE_PROJECT", raising=False)
    monkeypatch.setattr("personae.recognition.calibration.STRANGERS", 2000, raising=False)
    for person in ("Thor", "Loki", "Hela"):
        for take in (1, 2):
            draw(tmp_path / "cast" / person / f"{take}.png", person, take=take)

    def run(*arguments: str, status: int = 0, answer: str | None = None) -> Result:
        fakes = FAKES if arguments[0] in LOOKS_AT_PICTURES else ()
        done = CliRunner().invoke(cli, [*arguments, *fakes], input=answer, standalone_mode=False)
        if isinstance(done.exception, PersonaeError):
            assert status == 2, done.exception
        elif done.exception is not None:
            raise done.exception
        else:
            assert (done.return_value or 0) == status, done.output
        return done

    run("train", "cast")
    return run


def test_a_day_of_editing(personae: Personae, tmp_path: Path) -> None:
    draw(tmp_path / "party.png", "Loki", "Thor", take=5)
    assert "Thor -> Thor Odinson: 2 photos" in personae("rename", "Thor", "Thor Odinson").output
    output = personae("identify", "party.png").output
    assert "Thor Odinson" in output and "2 named" in output
    added = personae(
        "add", "Odin", str(draw(tmp_path / "o" / "1.png", "Odin")), str(draw(tmp_path / "o" / "2.png")), status=1
    )
    assert "added to Odin: 1 photo" in added.output and "NO_FACE" in added.output
    assert "model: 4 characters, 7 photos" in added.output
    assert "taken out of Hela: 2 photos" in personae("remove", "Hela").output
    assert "taken out of Loki: 1 photo" in personae("remove", "Loki/2.png").output
    merged = personae("merge", "Loki", "Odin", "--into", "Loki Odinson")
    assert "Odin -> Loki Odinson" in merged.output and "personae undo" in merged.output
    assert "Loki Odinson -> Odin: 1 photo" in personae("split", "Loki Odinson", "o/1.png", "--into", "Odin").output
    rejected = personae("reject", "party.png", "--not", "Thor Odinson")
    assert "not named Thor Odinson any more" in rejected.output
    assert "1 named, 1 unknown" in personae("identify", "party.png").output
    trained = personae("train", "cast").output
    assert "2 photos of Hela are left out, as you decided" in trained
    assert "2 photos of Thor are enrolled as Thor Odinson" in trained
    log = personae("log").output
    for words in ("rename  Thor -> Thor Odinson, 2 photos", "remove  Hela, 2 photos", "is not Thor Odinson"):
        assert words in log
    assert "undone: 7 reject" in personae("undo").output
    personae("undo", "--steps", "6")
    report = json.loads(personae("train", "cast", "--json").output)
    assert [item["character"] for item in report["characters"]] == ["Hela", "Loki", "Thor"]
    assert "no edit to undo" in str(personae("undo", status=2).exception)


def test_reports_and_log_as_json(personae: Personae) -> None:
    report = json.loads(personae("rename", "Thor", "T", "--json").output)
    assert report["edits"][0]["action"] == "rename" and len(report["changes"]) == 2
    assert report["characters"] == {"Hela": 2, "Loki": 2, "T": 2}
    (edit,) = json.loads(personae("log", "--json").output)
    assert edit["detail"]["into"] == "T" and edit["undone_by"] is None


def test_forget_asks_and_proves(personae: Personae, tmp_path: Path) -> None:
    personae("identify", "cast", "--json", "out.json", "--annotate", "pictures")
    assert "Nothing was removed." in personae("forget", "Thor", status=1, answer="n\n").output
    done = personae("forget", "Thor", answer="y\n").output
    assert "forgotten: Thor: photos 2" in done and "of the project searched, no trace left" in done
    # What was written elsewhere is as it was written: the JSON is cleaned, the copies with a name on them are deleted.
    assert "written files" in done and f"{tmp_path / 'out.json'}: name, embeddings" in done
    assert "Thor" not in (tmp_path / "out.json").read_text().replace("cast/Thor", "")
    assert {path.parent.name for path in (tmp_path / "pictures").rglob("*.jpg")} == {"Loki", "Hela"}
    assert str(tmp_path / "cast" / "Thor" / "1.png") in done and "model: 2 characters" in done
    assert "Thor" not in personae("log").output
    (tmp_path / "personae" / "notes.txt").write_text("Hela was here")
    left = personae("forget", "Hela", "--yes", status=1).output
    assert "STILL THERE: the name" in left and "notes.txt" in left
    report = json.loads(personae("forget", "Loki", "--yes", "--json").output)
    assert report["characters"] == {} and not report["found"]
    assert "Nobody is enrolled" in str(personae("forget", "Loki", "--yes", status=2).exception)


def test_mistakes_are_explained(personae: Personae) -> None:
    assert "Did you mean the character Thor?" in str(personae("remove", "Thro", status=2).exception)
    assert "1.png could be" in str(personae("remove", "1.png", status=2).exception)
    assert "Did you mean Thor" in str(personae("rename", "Tor", "X", status=2).exception)
    assert "personae merge" in str(personae("rename", "Thor", "Loki", status=2).exception)
    assert "personae split" in str(personae("add", "Thor", "cast/Loki/1.png", status=2).exception)


def test_a_gallery_of_the_first_version_can_be_edited(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    shutil.copy(Path(__file__).parents[1] / "samples" / "gallery-1.sqlite", tmp_path / "project" / "gallery.sqlite")
    recognizer = CharacterRecognizer(tmp_path / "project")
    recognizer.rename_character("Ada", "Ada Lovelace")
    assert sorted(recognizer.character_clusters) == ["Ada Lovelace", "Grace"]
    recognizer.undo()
    with Gallery.open(tmp_path / "project" / "gallery.sqlite", embedder=None) as gallery:
        assert [photo.given for photo in gallery.photos()] == ["Ada", "Grace"]
    with sqlite3.connect(tmp_path / "project" / "gallery.sqlite") as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] >= 2
    connection.close()
