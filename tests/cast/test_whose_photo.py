"""One photo under two characters: what a person decided outranks a folder, and who was taken out has no say."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personae import CharacterRecognizer, Settings
from personae.cast.cast import Cast
from personae.cast.gallery_records import EnrolledFace, PhotoRecord, copy_of, without_paths
from personae.cast.trainer import TrainingReport
from personae.errors import CastError
from personae.types import Quality
from tests.stub import ROWS, StubAnalyzer, write_cast


@pytest.fixture(autouse=True)
def fewer_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("personae.recognition.calibration.STRANGERS", 2000, raising=False)


class Home:
    """A cast folder of c0 to c2 and LeBlanc; the same three photos of LeBlanc lie loose too. Nothing is trained."""

    def __init__(self, folder: Path) -> None:
        self.folder = write_cast(folder / "cast")
        self.loose = folder / "loose"
        for place in (self.folder / "LeBlanc", self.loose):
            place.mkdir()
            for row in (18, 19, 20):
                (place / f"{row}.jpg").write_text(str(row))
        vectors = ROWS.copy()
        vectors[23] = vectors[18]  # a copy of the same picture at another size: the same face in another file
        analyzer: Any = StubAnalyzer(vectors)
        self.cast: Cast = CharacterRecognizer(
            folder / "project", settings=Settings(lock_timeout_s=5), analyzer=analyzer
        ).cast

    def photos(self) -> list[Path]:
        return sorted(self.loose.iterdir())

    def copies(self, name: str) -> list[Path]:
        """The loose photos in another folder, as each upload has one."""
        return sorted(Path(shutil.copytree(self.loose, self.loose.with_name(name))).iterdir())

    def train(self) -> TrainingReport:
        return self.cast.train(self.folder)

    def count(self, *names: str) -> tuple[int, ...]:
        return tuple(self.cast.characters().get(name, 0) for name in names)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def rejected(report: TrainingReport, name: str) -> list[tuple[str, str]]:
    (found,) = (one.rejected for one in report.characters if one.character == name)
    return [(reason, detail) for _, reason, detail in found]


def test_photos_that_were_added_stay_whose_they_are_when_a_folder_has_them_otherwise(home: Home) -> None:
    home.cast.add("Joey", home.photos())
    shutil.rmtree(home.loose)  # as what was uploaded is gone
    report = home.train()
    assert home.count("Joey", "LeBlanc", "c0") == (3, 0, 3)
    assert [reason for reason, _ in rejected(report, "LeBlanc")] == ["DUPLICATE"] * 3
    assert all("this photo is Joey's, as you decided" in detail for _, detail in rejected(report, "LeBlanc"))
    said = [note for note in report.notes if "Joey" in note]
    assert len(said) == 1 and said[0].startswith(
        "3 photos left out, as you decided whose they are: 3 of LeBlanc are Joey's (personae log"
    )
    again = home.train()
    assert home.count("Joey", "LeBlanc") == (3, 0) and again.faces_embedded == 0
    (home.folder / "c0" / "new.jpg").write_text("3")
    home.train()
    assert home.count("Joey", "LeBlanc", "c0") == (3, 0, 4), "looked at again, with the same end"


def joey(home: Home) -> None:
    home.cast.add("Joey", home.photos()[:1])


def split(home: Home) -> None:
    home.train()
    home.cast.split("LeBlanc", [home.folder / "LeBlanc" / "18.jpg"], into="Joey")


def merged(home: Home) -> None:
    home.train()
    home.cast.add_names(["Joey"])
    home.cast.merge("Joey", "LeBlanc", into="Joey")


def taught(home: Home) -> None:
    one = np.ones(1, np.float32)
    quality = Quality(one * 90, one, one * 100, one * 0, one, ((),))
    photo = PhotoRecord("Joey", "/films/ep1.mkv#t=1.000", sha256="of the face").enrolled(faces_found=1)
    home.cast.add_faces(
        "Joey", [(photo, EnrolledFace(np.zeros(4, np.float32), np.zeros((5, 2), np.float32), 1.0, quality, ROWS[18]))]
    )


def split_of_merged(home: Home) -> None:
    home.cast.train_photos({"LeBlanc": home.photos(), "c0": sorted((home.folder / "c0").iterdir())})
    home.cast.merge("LeBlanc", "c0", into="LeBlanc")
    home.cast.split("LeBlanc", home.photos()[:1], into="Joey")


@pytest.mark.parametrize("decide", [joey, split, merged, split_of_merged, taught])
def test_every_decision_outranks_another_folder(home: Home, decide: Callable[[Home], None]) -> None:
    decide(home)
    (before,) = home.count("Joey")
    other = home.folder.with_name("other") / "Chandler"
    other.mkdir(parents=True)
    (other / "x.jpg").write_text("18")
    (other / "own.jpg").write_text("21")
    report = home.cast.train(other.parent)
    assert before > 0 and home.count("Joey", "Chandler") == (before, 1)
    assert [reason for reason, _ in rejected(report, "Chandler")] == ["DUPLICATE"]
    assert "Joey's, as you decided" in rejected(report, "Chandler")[0][1]


def test_a_decision_about_the_photo_outranks_one_about_its_folder(home: Home) -> None:
    home.cast.add("Joey", home.photos()[:1])
    home.train()
    home.cast.merge("c1", "LeBlanc", into="c1")
    home.train()
    (home.folder / "c2" / "3.jpg").write_text("15")
    home.train()
    assert home.count("Joey", "c1") == (1, 5)


def test_adding_a_face_that_is_enrolled_as_somebody_else_is_refused(home: Home) -> None:
    home.train()
    (home.loose / "99.jpg").write_text("23")
    for photo in (home.photos()[0], home.loose / "99.jpg"):
        with pytest.raises(CastError, match=r"enrolled as LeBlanc\. Move it instead"):
            home.cast.add("Joey", [photo])
    assert home.count("LeBlanc", "Joey") == (3, 0)


def test_undone_it_is_as_if_nobody_had_decided(home: Home) -> None:
    home.cast.add("Joey", home.photos())
    home.train()
    home.cast.undo()
    home.train()
    assert home.count("LeBlanc") == (3,) and "Joey" not in home.cast.characters()


def test_who_was_taken_out_has_no_say(home: Home) -> None:
    home.cast.train_photos({"Joey": home.copies("first")})
    report = home.train()
    assert home.count("Joey", "LeBlanc") == (0, 0)
    assert sum("stands under Joey and LeBlanc" in detail for _, detail in rejected(report, "Joey")) == 3
    home.cast.remove("LeBlanc")
    shutil.rmtree(home.loose.with_name("first"))
    added = home.cast.add("Joey", home.copies("second"))
    assert home.count("Joey") == (3,) and added.rejected == () and len(added.changes) == 3


def test_who_was_taken_out_has_no_say_in_a_training_either(home: Home) -> None:
    (home.folder / "Joey").mkdir()
    for photo in home.photos():
        shutil.copy(photo, home.folder / "Joey")
    home.train()
    assert home.count("Joey", "LeBlanc") == (0, 0)
    assert home.train().faces_embedded == 0
    home.cast.remove("LeBlanc")
    home.train()
    assert home.count("Joey") == (3,) and "LeBlanc" not in home.cast.characters()


def test_what_cannot_be_added_as_it_is_a_copy_says_what_to_do(home: Home) -> None:
    home.cast.add("Joey", home.photos())
    for name in ("00.jpg", "99.jpg"):  # before and after its first by name
        (home.loose / name).write_text("23")
        with pytest.raises(
            CastError, match=r"Joey has these pictures already.*Nothing has to be done.*add other photos"
        ):
            home.cast.add("Joey", [home.loose / name])
    assert home.count("Joey") == (3,) and len(home.cast.log()) == 1


def test_adding_nothing_is_said(home: Home) -> None:
    home.cast.add("Joey", home.photos())
    same = home.cast.add("Joey", home.copies("again"))
    assert same.notes == ("Joey has these photos.",) and not same.changes
    (home.loose / "99.jpg").write_text("23")
    (home.loose / "none.jpg").write_text("")
    told = home.cast.add("Joey", home.photos(), request="r")
    assert told.notes == ("Nothing was added: Joey has 3 of these photos, and 2 photos cannot be used.",)
    assert sorted(reason for _, reason, _ in told.rejected) == ["DUPLICATE", "NO_FACE"] and not told.changes
    assert home.cast.add("Joey", home.photos(), request="r").notes == told.notes


def test_what_a_training_takes_away_is_said_once_with_the_way_back(home: Home) -> None:
    home.train()
    wrong = home.folder.with_name("wrong") / "Ross"
    wrong.mkdir(parents=True)
    for number, photo in enumerate([*home.photos()[:2], home.folder / "c0" / "0.jpg"]):
        shutil.copy(photo, wrong / f"{number}.jpg")
    (wrong / "own.jpg").write_text("21")
    report = home.cast.train(wrong.parent)
    assert home.count("LeBlanc", "c0", "Ross") == (1, 2, 1)
    (said,) = [note for note in report.notes if "rejected now" in note]
    assert said.startswith("3 photos that were enrolled are rejected now: 2 of LeBlanc, 1 of c0. ")
    assert "train on the right folder, or add the photos again" in said
    assert not [note for note in home.cast.train(wrong.parent).notes if "rejected now" in note]
    shutil.rmtree(wrong)
    (wrong.parent / "Rachel").mkdir()
    (wrong.parent / "Rachel" / "r.jpg").write_text("21")
    home.cast.train(wrong.parent)
    assert home.train().notes.count(said) == 0 and home.count("LeBlanc", "c0") == (3, 3), "the right folder"


def test_details_name_files_alone() -> None:
    assert without_paths("/a b/1.jpg", copy_of("/c d/e f/2 3.jpg")) == "a copy of 2 3.jpg"
    assert without_paths("/a b/1.jpg", "/a b/1.jpg has no face") == "1.jpg has no face"
