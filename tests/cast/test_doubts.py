"""What is doubtful in a cast, and what a person says of it: it holds against the machine, and is not asked again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from personae import Project, Settings
from personae.cast.doubts import Doubt
from personae.errors import InputError, UnknownCharacterError
from tests.stub import StubAnalyzer


@pytest.fixture(autouse=True)
def fewer_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("personae.recognition.calibration.STRANGERS", 2000, raising=False)


def trained(folder: Path, cast: dict[str, tuple[int, ...]], **settings: Any) -> Project:
    """A project of a cast whose photos show those rows (6c + p is photo p of person c)."""
    analyzer: Any = StubAnalyzer()
    project = Project.open(folder / "project", settings=Settings(lock_timeout_s=5, **settings), analyzer=analyzer)
    for name, rows in cast.items():
        (folder / "cast" / name).mkdir(parents=True)
        for row in rows:
            (folder / "cast" / name / f"{row}.jpg").write_text(str(row))
    project.cast.train(folder / "cast")
    return project


def status(project: Project) -> dict[str, str]:
    return {f"{one.character}/{Path(one.path).name}": one.status for one in project.cast.photos()}


def of_kind(project: Project, kind: str) -> list[Doubt]:
    return [one for one in project.cast.doubts() if one.kind == kind]


CAST = {"ann": (0, 1, 2, 3, 7), "ben": (6, 8, 9, 10), "cid": (12, 13, 14)}


def test_a_rejected_photo_is_asked_about_with_whom_it_looks_like(tmp_path: Path) -> None:
    project = trained(tmp_path, CAST)
    (doubt,) = project.cast.doubts()
    assert (doubt.kind, doubt.name, doubt.other) == ("outliers", "ann", None)
    (photo,) = doubt.photos
    assert (Path(photo.photo.path).name, photo.resembles, photo.photo.status) == ("7.jpg", "ben", "rejected")


def test_a_sound_cast_has_no_doubts(tmp_path: Path) -> None:
    assert trained(tmp_path, {"ann": (0, 1, 2), "ben": (6, 7, 8), "cid": (12,)}).cast.doubts() == ()


def test_a_confirmed_photo_is_enrolled_again_and_stays_so(tmp_path: Path) -> None:
    project = trained(tmp_path, CAST)
    ((doubt,), cast) = project.cast.doubts(), project.cast
    report = cast.confirm_photos([doubt.photos[0].photo.path], of="ann", request="r1")
    assert status(project)["ann/7.jpg"] == "enrolled" and cast.doubts() == ()
    assert [edit.action for edit in report.edits] == ["confirm"]
    assert [one.id for one in cast.confirm_photos(["ann/7.jpg"], of="ann", request="r1").edits] == [report.edits[0].id]
    assert len(cast.log()) == 1
    cast.train(tmp_path / "cast")  # a person outranks every training
    assert status(project)["ann/7.jpg"] == "enrolled" and cast.doubts() == ()
    (tmp_path / "cast" / "ann" / "7.jpg").unlink()  # and it is still a photo of its folder
    cast.train(tmp_path / "cast")
    assert "ann/7.jpg" not in status(project)


def test_a_confirmation_is_taken_back(tmp_path: Path) -> None:
    project = trained(tmp_path, CAST)
    before, photo = status(project), project.cast.doubts()[0].photos[0].photo.path
    project.cast.confirm_photos([photo], of="ann")
    project.cast.undo()
    assert status(project) == before
    assert [one.kind for one in project.cast.doubts()] == ["outliers"]


def test_others_are_taken_out_or_given_to_whom_they_are_in_the_same_edit(tmp_path: Path) -> None:
    project = trained(tmp_path, CAST)
    photo, cast = str(tmp_path / "cast" / "ann" / "7.jpg"), project.cast
    cast.confirm_photos([tmp_path / "cast" / "ann" / "0.jpg"], of="ann", others=[photo])
    assert "ann/7.jpg" not in status(project) and cast.doubts() == ()
    assert len(cast.log()) == 1
    cast.undo()
    assert status(project)["ann/7.jpg"] == "rejected"
    cast.confirm_photos([], of="ann", others=[photo], others_are="ben")
    assert status(project)["ben/7.jpg"] == "enrolled" and cast.doubts() == ()
    cast.undo()
    assert status(project)["ann/7.jpg"] == "rejected"


def test_what_can_not_be_confirmed_says_why(tmp_path: Path) -> None:
    cast = trained(tmp_path, CAST).cast
    with pytest.raises(InputError, match="Give photos"):
        cast.confirm_photos([], of="ann")
    with pytest.raises(InputError, match="either"):
        cast.confirm_photos(["ann/0.jpg"], of="ann", others=["ann/0.jpg"])
    with pytest.raises(InputError, match="another name"):
        cast.confirm_photos([], of="ann", others=["ann/0.jpg"], others_are="ann")
    with pytest.raises(UnknownCharacterError):
        cast.confirm_photos(["ann/0.jpg"], of="nobody")
    assert cast.log() == []


def test_a_confirmed_photo_whose_file_is_gone_is_told(tmp_path: Path) -> None:
    project = trained(tmp_path, CAST)
    photo = tmp_path / "cast" / "ann" / "7.jpg"
    photo.unlink()
    report = project.cast.confirm_photos([photo], of="ann")
    assert any("add it again" in note for note in report.notes)
    assert project.cast.doubts() == (), "it is not asked again"


def test_photos_that_disagree_are_asked_about_in_their_groups_until_confirmed(tmp_path: Path) -> None:
    project = trained(tmp_path, {"ann": (0, 1, 2, 6, 7, 8), "cid": (12, 13, 14)})
    (doubt,) = of_kind(project, "disagreement")
    assert doubt.name == "ann" and sorted({one.group for one in doubt.photos}) == [0, 1]
    assert len({one.group for one in doubt.photos if Path(one.photo.path).stem in "012"}) == 1
    project.cast.confirm_photos([one.photo.path for one in doubt.photos], of="ann")
    assert of_kind(project, "disagreement") == []
    project.cast.undo()
    assert len(of_kind(project, "disagreement")) == 1


def test_two_characters_of_one_face_are_asked_about_until_kept_apart(tmp_path: Path) -> None:
    project = trained(tmp_path, {"ann": (0, 1, 2), "anna": (3, 4, 5), "cid": (12, 13, 14)}, outliers=False)
    (pair,) = of_kind(project, "look_alikes")
    assert {pair.name, pair.other_name} == {"ann", "anna"}
    report = project.cast.keep_apart("ann", "anna", request="r2")
    assert of_kind(project, "look_alikes") == []
    assert [one.id for one in project.cast.keep_apart("ann", "anna", request="r2").edits] == [report.edits[0].id]
    project.cast.undo()
    assert len(of_kind(project, "look_alikes")) == 1
    project.cast.merge("ann", "anna")
    assert project.cast.doubts() == ()


def test_roles_of_one_performer_are_no_look_alikes(tmp_path: Path) -> None:
    (tmp_path / "cast").mkdir()
    (tmp_path / "cast" / "performers.csv").write_text("ann,Sam\nanna,Sam\n")
    project = trained(tmp_path, {"ann": (0, 1, 2), "anna": (3, 4, 5), "cid": (12, 13, 14)}, outliers=False)
    assert of_kind(project, "look_alikes") == []
    assert project.cast.performers() == {"ann": "Sam", "anna": "Sam"}


def test_a_forgotten_name_is_in_no_entry_of_the_log(tmp_path: Path) -> None:
    project = trained(tmp_path, CAST)
    project.cast.confirm_photos(["ann/7.jpg"], of="ann")
    project.cast.keep_apart("ann", "cid")
    project.forget("ann")
    assert "ann" not in str([edit.detail for edit in project.cast.log()])
