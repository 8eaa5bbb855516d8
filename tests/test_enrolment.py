from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from personae import CharacterRecognizer, Settings
from personae.recognition.recognizer import TrainingReport
from personae.recognition.selection import choose_faces
from tests.stub import FACES, StubAnalyzer, write_cast


class Home:
    """A cast folder, a project, and what was embedded in the last training."""

    def __init__(self, folder: Path) -> None:
        self.cast = write_cast(folder / "cast")
        self.project = folder / "project"
        self.analyzer = StubAnalyzer()

    def put(self, name: str, content: str) -> Path:
        path = self.cast / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def train(self, **settings: float) -> TrainingReport:
        self.analyzer.embedded.clear()
        recognizer = CharacterRecognizer(
            self.project,
            settings=Settings(**settings),  # type: ignore[arg-type]
            analyzer=self.analyzer,  # type: ignore[arg-type]
        )
        return recognizer.train_folder(self.cast)

    def reasons(self, report: TrainingReport) -> dict[str, str]:
        return {Path(path).name: reason for item in report.characters for path, reason, _ in item.rejected}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_of_several_faces_the_one_that_agrees_is_enrolled_not_the_largest(home: Home) -> None:
    home.put("c0/group.jpg", "9:300 4:60")
    report = home.train()
    assert home.reasons(report) == {} and report.characters[0].used == 4
    recognizer = CharacterRecognizer(home.project)
    match = recognizer.identify_embeddings(FACES[1, 3])[0]
    assert match is not None and match.character == "c1"


def test_a_single_photo_of_two_like_faces_is_ambiguous_until_another_tells(home: Home) -> None:
    home.put("c3/group.jpg", "18:80 3:90")
    report = home.train()
    # The other face is c0's, who is known: that leaves one.
    assert home.reasons(report) == {}
    home.put("c3/group.jpg", "18:80 21:90")  # both are faces of c3 (a mirror): nothing tells them apart
    report = home.train()
    assert home.reasons(report) == {"group.jpg": "AMBIGUOUS_FACES"}
    assert any("c3 has no usable photo" in note for note in report.notes)


def test_an_ambiguous_photo_is_settled_when_photos_arrive(tmp_path: Path) -> None:
    home = Home(tmp_path)
    shutil.rmtree(home.cast / "c2")
    home.put("c3/group.jpg", "18:80 13:90")
    assert home.reasons(home.train()) == {"group.jpg": "AMBIGUOUS_FACES"}
    assert home.train().faces_embedded == 0
    home.put("c3/alone.jpg", "19")
    report = home.train()
    assert home.reasons(report) == {} and report.characters[-1].used == 2
    assert sorted(home.analyzer.embedded) == ["alone.jpg", "group.jpg", "group.jpg"]


def test_a_dominant_face_is_the_subject_of_a_lonely_photo(home: Home) -> None:
    shutil.rmtree(home.cast / "c2")
    home.put("c3/group.jpg", "13:40 18:90")
    report = home.train()
    assert home.reasons(report) == {}
    match = CharacterRecognizer(home.project).identify_embeddings(FACES[3, 1])[0]
    assert match is not None and match.character == "c3"


def test_small_faces_are_rejected_with_numbers_and_get_another_chance(home: Home) -> None:
    home.put("c0/small.jpg", "5:20")
    report = home.train()
    assert home.reasons(report) == {"small.jpg": "FACE_TOO_SMALL"}
    assert "20 px" in report.characters[0].rejected[0][2]
    assert home.train().faces_embedded == 0
    home.train(min_enroll_px=10)
    assert home.analyzer.embedded == ["small.jpg"]


def test_a_photo_without_a_face_is_rejected(home: Home) -> None:
    home.put("c0/meadow.jpg", "")
    assert home.reasons(home.train()) == {"meadow.jpg": "NO_FACE"}


def test_a_copy_is_a_duplicate_and_comes_back_when_the_first_goes(home: Home) -> None:
    home.put("c0/copy.jpg", "0")
    report = home.train()
    assert home.reasons(report) == {"copy.jpg": "DUPLICATE"}
    assert "0.jpg" in report.characters[0].rejected[0][2]
    (home.cast / "c0" / "0.jpg").unlink()
    report = home.train()
    assert home.reasons(report) == {} and report.characters[0].used == 3


def test_one_face_under_two_names_is_used_for_neither(home: Home) -> None:
    home.put("c1/wrong.jpg", "0")
    report = home.train()
    assert home.reasons(report) == {"wrong.jpg": "DUPLICATE", "0.jpg": "DUPLICATE"}
    assert "c0 and c1" in report.characters[0].rejected[0][2]
    (home.cast / "c1" / "wrong.jpg").unlink()
    assert [item.used for item in home.train().characters] == [3, 3, 3]


def test_one_group_photo_may_stand_under_both_its_people(home: Home) -> None:
    home.put("c0/both.jpg", "4 10")
    home.put("c1/both.jpg", "4 10")
    report = home.train()
    assert home.reasons(report) == {} and [item.used for item in report.characters] == [4, 4, 3]


def test_a_photo_that_moves_into_a_look_is_not_embedded_again(home: Home) -> None:
    home.train()
    (home.cast / "c0" / "old").mkdir()
    (home.cast / "c0" / "0.jpg").rename(home.cast / "c0" / "old" / "0.jpg")
    report = home.train()
    assert report.characters[0].looks == ("old",) and report.characters[0].used == 3
    assert (report.faces_embedded, report.removed, report.unchanged) == (0, (), 9)


def test_a_cast_folder_that_moves_is_the_same_cast(home: Home) -> None:
    before = home.train()
    home.cast = home.cast.rename(home.cast.with_name("elsewhere"))
    report = home.train()
    assert (report.faces_embedded, report.removed, report.unchanged) == (0, (), 9)
    assert [item.used for item in report.characters] == [item.used for item in before.characters]
    (home.cast / "c0" / "0.jpg").unlink()
    assert len(home.train().removed) == 1


def test_no_photos_no_choices() -> None:
    nobody = np.empty((0, 128), np.float32)
    assert choose_faces([], nobody, nobody) == []


def test_the_person_in_most_photos_is_the_character(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for k in range(4):
        home.put(f"c3/{k}.jpg", f"{6 * (k % 3) + 5}:150 {18 + k}:70")
    shutil.rmtree(home.cast / "c0")
    shutil.rmtree(home.cast / "c1")
    shutil.rmtree(home.cast / "c2")
    report = home.train()
    assert report.characters[0].used == 4
    match = CharacterRecognizer(home.project).identify_embeddings(FACES[3, 5])[0]
    assert match is not None and match.character == "c3"
    assert CharacterRecognizer(home.project).identify_embeddings(FACES[0, 0])[0] is None
