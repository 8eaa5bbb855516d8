"""An edit that is sent twice is one entry of the log and answers the same, also where a kill came in between."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from personae import Project, Settings
from personae.cast.editor import EditReport
from personae.cast.gallery_records import CharacterId, PhotoId
from personae.cast.trainer import Trainer
from personae.errors import CastError, InputError, UnknownCharacterError
from tests.stub import StubAnalyzer, write_cast

Edits = Callable[[Project, Path], EditReport]


@pytest.fixture(autouse=True)
def fewer_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("personae.recognition.calibration.STRANGERS", 2000, raising=False)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Three characters with three photos each, and beside them `more`: one that can be used and one that cannot."""
    analyzer: Any = StubAnalyzer()
    project = Project.open(tmp_path / "project", settings=Settings(lock_timeout_s=5), analyzer=analyzer)
    project.cast.train(write_cast(tmp_path / "cast"))
    more = tmp_path / "more"
    more.mkdir()
    (more / "good.jpg").write_text("10")
    (more / "small.jpg").write_text("11:9")
    return project


def id_of(project: Project, name: str) -> CharacterId:
    return CharacterId(next(id for id, each in project.cast.names().items() if each == name))


def photo_of(project: Project, name: str, at: int = 0) -> PhotoId:
    return project.cast.photos(name)[at].address


EDITS: dict[str, Edits] = {
    "add": lambda project, base: project.cast.add("c1", [base / "more"], request="r"),
    "names": lambda project, _: project.cast.add_names(["Ann", "c0"], request="r"),
    "remove": lambda project, _: project.cast.remove("c1", request="r"),
    "remove photos": lambda project, base: project.cast.remove_photos([base / "cast" / "c1" / "0.jpg"], request="r"),
    "rename": lambda project, _: project.cast.rename("c1", "Thor", request="r"),
    "merge": lambda project, _: project.cast.merge("c0", "c1", request="r"),
    "split": lambda project, base: project.cast.split("c1", [base / "cast" / "c1" / "0.jpg"], into="Loki", request="r"),
    "reject": lambda project, base: project.cast.reject(base / "cast" / "c1" / "0.jpg", "c1", request="r"),
    "undo": lambda project, _: project.cast.undo(request="r"),
}


def told(report: EditReport) -> tuple[Any, ...]:
    """What has to be the same."""
    edits = [edit.id for edit in report.edits]
    return edits, report.changes, sorted(report.rejected), report.notes, report.characters


@pytest.mark.parametrize("name", EDITS)
def test_sent_twice_it_is_done_once(project: Project, tmp_path: Path, name: str) -> None:
    project.cast.rename("c2", "Hela")  # so that there is something to undo
    first = EDITS[name](project, tmp_path)
    assert first.edits
    log, photos, analyzer = project.cast.log(), project.cast.photos(), project.context.analyzer
    analyzer.embedded.clear()  # type: ignore[attr-defined]
    model = project.context.model_path.read_bytes()
    again = EDITS[name](project, tmp_path)
    assert told(again) == told(first)
    assert (project.cast.log(), project.cast.photos()) == (log, photos)
    assert not analyzer.embedded  # type: ignore[attr-defined]
    assert project.context.model_path.read_bytes() == model


@pytest.mark.parametrize("name", EDITS)
def test_killed_before_the_model_is_made_the_second_call_makes_it(
    project: Project, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.cast.rename("c2", "Hela")
    with monkeypatch.context() as killing:
        killing.setattr(Trainer, "fit_gallery", killed)
        with pytest.raises(Killed):
            EDITS[name](project, tmp_path)
    log = project.cast.log()
    report = EDITS[name](project, tmp_path)
    assert report.edits and project.cast.log() == log
    assert not project.cast.is_outdated()
    assert report.characters == {name: photos for name, photos in project.cast.characters().items() if photos}
    assert project.cast.card()["without_photos"] == list(project.cast.without_photos())


class Killed(BaseException):
    pass


def killed(*_: object) -> None:
    raise Killed


def test_another_request_is_done(project: Project) -> None:
    project.cast.rename("c1", "Thor", request="a")
    project.cast.rename("Thor", "Loki", request="b")
    assert "Loki" in project.cast.characters()


def test_what_could_not_be_used_is_told_again_and_forgotten_with_whom_it_was(project: Project, tmp_path: Path) -> None:
    report = EDITS["add"](project, tmp_path)
    assert [Path(path).name for path, _, _ in report.rejected] == ["small.jpg"]
    project.forget("c1")
    assert not any("small.jpg" in str(edit.detail) for edit in project.cast.log())


def test_characters_and_photos_are_meant_by_id_too(project: Project) -> None:
    cast = project.cast
    thor = id_of(project, "c1")
    cast.rename(thor, "Thor")
    cast.split(thor, [photo_of(project, "Thor")], into="Loki")
    assert (cast.characters()["Thor"], cast.characters()["Loki"]) == (2, 1)
    cast.reject(photo_of(project, "Thor"), thor)
    cast.remove_photos([photo_of(project, "c2")])
    assert (cast.characters()["Thor"], cast.characters()["c2"]) == (1, 2)
    cast.merge(thor, id_of(project, "c0"), into="Both")
    cast.remove(thor)
    assert set(cast.characters()) == {"Loki", "c2"}


def test_an_id_is_no_name_of_somebody_else(project: Project) -> None:
    """Who was taken out had the name that somebody has now: the id of the one is not the other."""
    gone = id_of(project, "c1")
    project.cast.remove(gone)
    project.cast.rename("c0", "c1")
    edits: tuple[Callable[[], EditReport], ...] = (
        lambda: project.cast.remove(gone),
        lambda: project.cast.rename(gone, "x"),
        lambda: project.cast.split(gone, [photo_of(project, "c1")], into="x"),
        lambda: project.cast.reject(photo_of(project, "c1"), gone),
        lambda: project.cast.add(gone, [project.folder]),
    )
    for edit in edits:
        with pytest.raises((UnknownCharacterError, CastError)):
            edit()
    assert project.cast.characters() == {"c1": 3, "c2": 3}
    with pytest.raises(InputError, match="no photo with this id"):
        project.cast.remove_photos([PhotoId("0" * 16)])


def test_undo_takes_back_one_edit(project: Project) -> None:
    project.cast.rename("c0", "Thor")
    project.cast.rename("c1", "Loki")
    first = next(edit.id for edit in project.cast.log() if edit.detail.get("into") == "Thor")
    (undone,) = project.cast.undo(edit=first, request="r").edits
    assert undone.id == first and set(project.cast.characters()) == {"c0", "Loki", "c2"}
    with pytest.raises(InputError, match="no edit"):
        project.cast.undo(edit=first)
