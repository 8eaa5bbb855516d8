from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personae import CharacterRecognizer, Settings
from personae.cast.enrolment import NEAR_DUPLICATE, WantedPhoto, enrol, near_duplicates
from personae.cast.gallery import Gallery
from personae.cast.trainer import TrainingReport
from personae.errors import InputError
from personae.recognition.prototypes import unit
from personae.types import AnalyzedFaces
from tests.people import people
from tests.stub import FACES, ROWS, StubAnalyzer, write_cast


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


def test_a_cast_is_known_by_its_real_folder(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.train()
    monkeypatch.chdir(home.cast)
    real = home.cast
    home.cast = Path("..") / "cast"
    report = home.train()
    assert (report.faces_embedded, report.removed, report.unchanged) == (0, (), 9)
    if sys.platform != "win32":
        link = real.with_name("link")
        link.symlink_to(real, target_is_directory=True)
        home.cast = link
        assert home.train().unchanged == 9
    (home.cast / "c0" / "0.jpg").unlink()
    report = home.train()
    assert len(report.removed) == 1 and report.characters[0].used == 2


def test_a_cast_without_a_name_in_unicode_is_trained_and_known_again(home: Home) -> None:
    try:
        home.put("c0/Th\udcf6r.jpg", "4")
        home.cast = home.cast.rename(home.cast.with_name("c\udcf6st"))
    except (OSError, UnicodeEncodeError):
        pytest.skip("the file system has no such names")
    home.put("Th\udcf6r/old\udcf6/1.jpg", "18")
    home.put("c1/copy\udcf6.jpg", "6")
    report = home.train()
    assert [item.character for item in report.characters] == ["Th\\udcf6r", "c0", "c1", "c2"]
    assert report.characters[0].looks == ("old\\udcf6",) and home.reasons(report) == {"copy\udcf6.jpg": "DUPLICATE"}
    assert home.train().faces_embedded == 0
    (home.cast / "c0" / "Th\udcf6r.jpg").unlink()
    assert len(home.train().removed) == 1


def give(home: Home, photos: Mapping[str, Sequence[str | Path]]) -> TrainingReport:
    analyzer: Any = home.analyzer
    home.analyzer.embedded.clear()
    return asyncio.run(CharacterRecognizer(home.project, analyzer=analyzer).train_character_faces(photos))


def test_a_photo_that_is_given_twice_is_one_photo(home: Home) -> None:
    photo = home.cast / "c0" / "0.jpg"
    report = give(home, {"Zoë": [photo, str(photo), photo.parent / ".." / "c0" / "0.jpg"], "Zoe\u0308": [photo]})
    assert home.analyzer.embedded == ["0.jpg"]
    assert [(item.character, item.used, item.rejected) for item in report.characters] == [("Zoë", 1, ())]


@pytest.mark.parametrize("name", ["", "  ", 3, "Th\udcf6r"])
def test_a_character_needs_a_name(home: Home, name: Any) -> None:
    with pytest.raises(InputError, match=r"[Gg]ive"):
        give(home, {"Thor": [home.cast / "c0" / "0.jpg"], name: [home.cast / "c1" / "0.jpg"]})
    assert not model_of(home).exists()


def model_of(home: Home) -> Path:
    return home.project / "cache" / "face_recognition_model.personae"


def test_photos_that_are_no_files_are_rejected_and_the_others_train(home: Home) -> None:
    bad: list[str | Path] = ["nowhere.jpg", home.cast, "nul\0.jpg"]
    report = give(home, {"Thor": [*bad, home.cast / "c0" / "0.jpg"]})
    assert report.characters[0].used == 1 and set(home.reasons(report).values()) == {"UNREADABLE"}
    assert len(home.reasons(report)) == 3
    # Mended, it is looked at again.
    (home.cast / "later.jpg").unlink(missing_ok=True)
    report = give(home, {"Thor": [home.cast / "later.jpg"]})
    assert "later.jpg" in home.reasons(report)
    home.put("later.jpg", "1")
    report = give(home, {"Thor": [home.cast / "later.jpg"]})
    assert report.characters[0].used == 2 and "later.jpg" not in home.reasons(report)


def test_a_file_that_cannot_be_looked_for_is_not_taken_as_gone(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.train()

    exists = Path.exists

    def refuse(path: Path, *_: Any, **__: Any) -> bool:
        if path.is_relative_to(home.cast):
            raise PermissionError(13, "Permission denied")
        return exists(path)

    home.put("c0/new.jpg", "4")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "exists", refuse)
        analyzer: Any = home.analyzer
        wanted = [WantedPhoto("c0", home.cast / "c0" / "new.jpg")]
        with Gallery.open(home.project / "gallery.sqlite", embedder=None) as gallery:
            report = enrol(gallery, wanted, analyzer, Settings(), origin=None)
    assert len(report.added) == 1 and not report.removed


def test_what_moves_between_characters_moves(home: Home) -> None:
    home.train()
    for p in range(3):
        (home.cast / "c0" / f"{p}.jpg").rename(home.cast / "c1" / f"moved{p}.jpg")
    home.put("c0/3.jpg", "3")
    report = home.train()
    assert len(report.removed) == 3 and report.added == 4
    assert [item.used for item in report.characters] == [1, 6, 3] and home.reasons(report) == {}


def test_photos_that_swap_their_names_swap(home: Home) -> None:
    home.train()
    a, b, c = home.cast / "c0" / "0.jpg", home.cast / "c0" / "1.jpg", home.cast / "c0" / "x.jpg"
    a.rename(c)
    b.rename(a)
    c.rename(b)
    report = home.train()
    assert report.characters[0].used == 3 and report.removed == ()
    with Gallery.open(home.project / "gallery.sqlite", embedder=None) as gallery:
        enrolment = gallery.enrolled()
    np.testing.assert_array_equal(enrolment.embeddings[enrolment.paths.index(str(a))], ROWS[1])


class BreaksOff(StubAnalyzer):
    """Is interrupted after so many photos."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.left = after

    def analyze(self, path: str | Path, *, copies: bool = False) -> AnalyzedFaces:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return super().analyze(path, copies=copies)


@pytest.mark.parametrize("fresh", [False, True])
def test_a_training_that_is_broken_off_loses_nothing_and_goes_on(home: Home, fresh: bool) -> None:
    home.train()
    before = model_of(home).read_bytes()
    vectors = np.concatenate([ROWS, people(1, 60, seed=40)[0]])
    home.analyzer.vectors = vectors
    for p in range(60):
        home.put(f"c3/{p}.jpg", str(len(ROWS) + p))
    broken: Any = BreaksOff(50)
    broken.vectors = vectors
    with pytest.raises(KeyboardInterrupt):
        CharacterRecognizer(home.project, analyzer=broken).train_folder(home.cast, fresh=fresh)
    assert model_of(home).read_bytes() == before
    with Gallery.open(home.project / "gallery.sqlite", embedder=None, read_only=True) as gallery:
        assert len(gallery.enrolled()) == (9 if fresh else 9 + 32)
    report = home.train()
    assert report.faces_embedded == (60 if fresh else 28) and report.characters[-1].used == 60


def test_copies_are_found_in_blocks_as_one_by_one() -> None:
    rng = np.random.default_rng(3)
    rows = people(1100, 1, seed=5)[:, 0]
    copies = rng.integers(0, 1100, 300)
    rows[copies] = rows[rng.integers(0, 1100, 300)]
    rows[::7] = unit(rows[::7] + 0.012 * rng.standard_normal((158, 128)).astype(np.float32))
    found = near_duplicates(rows, range(1000, 2100))
    kept: list[int] = []
    for i, row in enumerate(rows):
        alike = [k for k in kept if rows[k] @ row >= NEAR_DUPLICATE]
        assert (1000 + i in found) == bool(alike)
        if alike:
            assert found[1000 + i] - 1000 in alike
        else:
            kept.append(i)
    assert 100 < len(found) < 400


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
