"""Bad photos in the folder, as training sees them: what is left out, what is said, and that the steps do not count."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from personae import CharacterRecognizer, Settings
from personae.cast.enrolment import WantedPhoto, enrol
from personae.cast.gallery import Gallery
from tests.cast.test_enrolment import Home
from tests.stub import ROWS, StubAnalyzer


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Three characters with three photos each: rows 0 to 2, 6 to 8, 12 to 14; rows 18 to 23 are a stranger's."""
    return Home(tmp_path)


def outcome(home: Home) -> tuple[object, ...]:
    """What a project holds, by file name, and its model."""
    with Gallery.open(home.project / "gallery.sqlite", embedder=None) as gallery:
        photos = sorted((p.character, Path(p.path).name, p.status, p.reason, p.detail) for p in gallery.photos())
        embeddings = gallery.enrolled().embeddings.tobytes()
    model = CharacterRecognizer(home.project).face_model
    assert model is not None
    return photos, embeddings, model.prototypes_.centres.tobytes(), model.threshold_


def test_a_stranger_and_a_photo_of_another_character_are_left_out_and_explained(home: Home, tmp_path: Path) -> None:
    clean = Home(tmp_path / "clean")
    clean.train()
    home.put("c0/stranger.jpg", "18")
    home.put("c1/wrong.jpg", "15")
    report = home.train()
    assert home.reasons(report) == {"stranger.jpg": "OUTLIER", "wrong.jpg": "OUTLIER"}
    details = {Path(path).name: detail for item in report.characters for path, _, detail in item.rejected}
    assert details["stranger.jpg"].startswith("agrees with the other photos of c0 by ")
    assert details["stranger.jpg"].endswith(" is needed)")
    assert "of c1 by" in details["wrong.jpg"] and "; looks like c2 (0." in details["wrong.jpg"]
    assert outcome(home)[1:] == outcome(clean)[1:]


def test_nothing_of_an_outlier_is_kept(home: Home) -> None:
    home.put("c0/stranger.jpg", "18")
    home.train()
    for path in home.project.rglob("gallery.sqlite*"):
        assert ROWS[18].astype("<f4").tobytes() not in path.read_bytes()


def test_training_twice_ends_where_training_once_ends(home: Home) -> None:
    home.put("c0/stranger.jpg", "18")
    home.put("c1/pair.jpg", "15")
    home.put("c3/a.jpg", "19")
    home.put("c3/b.jpg", "4")
    first = home.train()
    before = outcome(home)
    second = home.train()
    assert second.faces_embedded == 0 and outcome(home) == before
    assert second.notes == first.notes and len(first.notes) == 2


def test_training_in_two_steps_ends_where_one_step_ends(home: Home, tmp_path: Path) -> None:
    shutil.rmtree(home.cast / "c2")
    # First the stranger has the majority in c3's folder, then it has not.
    early = {"c3/a.jpg": "18", "c3/b.jpg": "19", "c3/c.jpg": "12"}
    late = {"c3/d.jpg": "13", "c3/e.jpg": "14", "c3/f.jpg": "15", "c3/g.jpg": "16", "c3/h.jpg": "17"}
    for name, content in early.items():
        home.put(name, content)
    assert home.reasons(home.train()) == {"c.jpg": "OUTLIER"}
    for name, content in late.items():
        home.put(name, content)
    assert home.reasons(home.train()) == {"a.jpg": "OUTLIER", "b.jpg": "OUTLIER"}
    assert sorted(home.analyzer.embedded) == ["c.jpg", *(f"{letter}.jpg" for letter in "defgh")]
    once = Home(tmp_path / "once")
    shutil.rmtree(once.cast / "c2")
    for name, content in (early | late).items():
        once.put(name, content)
    once.train()
    assert outcome(home) == outcome(once)


def test_photos_given_by_hand_in_two_steps_end_where_one_step_ends(home: Home, tmp_path: Path) -> None:
    contents = [18, 19, 12, 13, 14, 15, 16, 17]
    paths = [home.put(f"c3/{i}.jpg", str(row)) for i, row in enumerate(contents)]
    ends = []
    for number, steps in enumerate([(paths[:3], paths[3:]), (paths,)]):
        home.project = tmp_path / f"project{number}"
        recognizer = CharacterRecognizer(home.project, analyzer=home.analyzer)  # type: ignore[arg-type]
        for step in steps:
            asyncio.run(recognizer.train_character_faces({"c3": step}))
        ends.append(outcome(home))
    assert ends[0] == ends[1]


def test_an_outlier_whose_file_is_gone_stays_one(home: Home) -> None:
    home.put("c0/wrong.jpg", "11")
    recognizer = CharacterRecognizer(home.project, analyzer=home.analyzer)  # type: ignore[arg-type]
    by_hand = [home.put(f"elsewhere/{i}.jpg", str(row)) for i, row in enumerate([18, 19, 17])]
    asyncio.run(recognizer.train_character_faces({"c3": by_hand}))
    shutil.rmtree(by_hand[0].parent)
    assert home.reasons(home.train()) == {"wrong.jpg": "OUTLIER", "2.jpg": "OUTLIER"}


def test_the_check_can_be_switched_off_and_on(home: Home) -> None:
    home.put("c0/stranger.jpg", "18")
    home.train()
    assert home.reasons(home.train(outliers=False)) == {}
    assert home.analyzer.embedded == ["stranger.jpg"]
    assert home.train(outliers=False).faces_embedded == 0
    report = home.train()
    assert home.reasons(report) == {"stranger.jpg": "OUTLIER"} and report.faces_embedded == 0


def test_two_photos_that_disagree_stay_and_are_shown(home: Home) -> None:
    first, second = home.put("c3/a.jpg", "18"), home.put("c3/b.jpg", "4")
    report = home.train()
    assert home.reasons(report) == {}
    note, doubt = report.notes
    assert "the two photos of c3 agree by " in note and str(first) in note and str(second) in note
    assert doubt.startswith(f"{second} looks like c0 (0.") and doubt.endswith("check that it shows c3.")


def test_two_large_groups_are_shown(home: Home) -> None:
    for i, row in enumerate([18, 19, 20]):
        home.put(f"c0/s{i}.jpg", str(row))
    report = home.train()
    assert home.reasons(report) == {}
    (note,) = report.notes
    assert "photos of c0 fall into groups of 3 and 3" in note and "sub-folder" in note


def test_a_look_loses_nothing_to_the_others(home: Home) -> None:
    home.put("c0/masked/s.jpg", "18")
    assert home.reasons(home.train()) == {}


def test_what_a_person_decided_is_no_outlier(home: Home) -> None:
    stranger = home.put("c0/stranger.jpg", "18")
    wanted = [WantedPhoto(path.parent.name, path) for path in sorted(home.cast.rglob("*.jpg"))]
    for trusted, status in (((), "rejected"), ((("c0", str(stranger)),), "enrolled")):
        with Gallery.open(home.project / f"{status}.sqlite", embedder=None) as gallery:
            enrol(gallery, wanted, StubAnalyzer(), Settings(), origin=None, trusted=trusted)  # type: ignore[arg-type]
            found = {Path(photo.path).name: photo.status for photo in gallery.photos("c0")}
        assert found["stranger.jpg"] == status
