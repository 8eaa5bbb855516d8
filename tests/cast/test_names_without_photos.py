"""Characters without photos: from a call sheet, kept by trainings, recognised once they have a face."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from personae.cast.names_file import read_names
from personae.errors import CastError, InputError
from personae.project.session import Project
from personae.settings import Settings
from tests.cast.test_editing import Home, fewer_strangers
from tests.stub import StubAnalyzer

__all__ = ["fewer_strangers"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def opened(home: Home) -> Project:
    analyzer: Any = home.analyzer
    return Project.open(home.folder, settings=Settings(lock_timeout_s=5), analyzer=analyzer)


def test_names_in_other_capitals_are_known_ones(tmp_path: Path) -> None:
    with Project.open(tmp_path / "project", settings=Settings(detector="fake", embedder="fake")) as project:
        project.cast.add_names(["Ada", "ADA", "Bob"])
        report = project.cast.add_names(["bob", "Cid"])
        assert sorted(project.cast.characters()) == ["Ada", "Bob", "Cid"] and "bob" in report.notes[0]


def test_names_are_in_the_cast_and_counted_apart(home: Home) -> None:
    cast = opened(home).cast
    before = cast.card()["characters"]
    report = cast.add_names(["Ross", "c0", " Rachel  Green ", "Ross"])
    assert [edit.detail for edit in report.edits] == [{"names": ["Ross", "Rachel Green"]}]
    assert report.notes == ("c0 is in the cast already.",) and report.characters == {"c0": 3, "c1": 3, "c2": 3}
    assert cast.characters() == {"Rachel Green": 0, "Ross": 0, "c0": 3, "c1": 3, "c2": 3}
    assert cast.without_photos() == ("Rachel Green", "Ross") and cast.is_character("Ross")
    assert cast.card()["without_photos"] == ["Rachel Green", "Ross"] and cast.card()["characters"] == before
    assert home.named(0) == "c0" and not cast.is_outdated()
    card = opened(home).card
    assert card is not None and card.characters == ("c0", "c1", "c2") and card.without_photos == 2
    assert "without_photos" not in card.as_dict()


def test_an_empty_project_needs_no_network_for_names(tmp_path: Path) -> None:
    class NoNetworks:
        @property
        def embedder_id(self) -> str:
            raise AssertionError("no face is looked at")

    analyzer: Any = NoNetworks()
    project = Project.open(tmp_path / "project", settings=Settings(), analyzer=analyzer)
    assert project.cast.add_names(["Ross"]).model_path is None
    assert project.cast.characters() == {"Ross": 0} and project.card is None


@pytest.mark.parametrize("fresh", [False, True])
def test_a_training_keeps_names_and_gives_them_their_photos(home: Home, fresh: bool) -> None:
    project = opened(home)
    project.cast.add_names(["Ross", "c3"])
    (home.cast / "c3").mkdir()
    (home.cast / "c3" / "0.jpg").write_text("18")
    ids = project.cast.names()
    report = project.cast.train(home.cast, fresh=fresh)
    assert report.without_photos == ("Ross",) and report.model["without_photos"] == ["Ross"]
    assert project.cast.characters() == {"Ross": 0, "c0": 3, "c1": 3, "c2": 3, "c3": 1}
    assert project.cast.names() == ids, "the same characters as before"


def test_undo_takes_only_those_back_who_got_nothing_since(home: Home) -> None:
    cast = opened(home).cast
    cast.add_names(["Ross", "c3"])
    cast.add("c3", [home.put("more/0.jpg", "18")])
    assert cast.characters()["c3"] == 1
    cast.undo(2)
    assert cast.characters() == {"c0": 3, "c1": 3, "c2": 3}
    cast.add_names(["Ross", "c3"])
    (home.cast / "c3").mkdir()
    (home.cast / "c3" / "0.jpg").write_text("18")
    cast.train(home.cast)
    cast.undo()
    assert cast.characters() == {"c0": 3, "c1": 3, "c2": 3, "c3": 1}


def test_names_are_edited_like_other_characters(home: Home) -> None:
    cast = opened(home).cast
    cast.add_names(["Ross", "Rachel", "Joey"])
    cast.rename("Ross", "Ross Geller")
    cast.merge("Ross Geller", "c1")
    assert cast.characters() == {"Joey": 0, "Rachel": 0, "Ross Geller": 3, "c0": 3, "c2": 3}
    cast.undo()
    cast.merge("Ross Geller", "Joey")
    cast.remove("Rachel")
    assert cast.without_photos() == ("Ross Geller",)
    assert cast.add_names(["Rachel"]).edits, "who was taken out comes back"
    assert cast.without_photos() == ("Rachel", "Ross Geller")
    cast.undo(5)
    assert cast.characters() == {"c0": 3, "c1": 3, "c2": 3}


def test_who_is_forgotten_leaves_the_others_of_the_list(home: Home) -> None:
    project = opened(home)
    project.cast.add_names(["Ross", "Rachel"])
    project.cast.add_names(["Joey"])
    for name in ("Ross", "Joey"):
        report = project.forget(name)
        assert report.complete and report.found == ()
    assert project.cast.without_photos() == ("Rachel",) and project.cast.card()["without_photos"] == ["Rachel"]
    assert [edit.detail for edit in project.cast.log() if edit.action == "names"] == [{"names": ["Rachel"]}]
    for path in home.folder.rglob("*"):
        if path.is_file():
            assert b"Ross" not in path.read_bytes() and b"Joey" not in path.read_bytes(), path


@pytest.mark.parametrize("names", [["Ross", "Unknown 3"], ["Ross", ""], ["Ross", "a\nb"], "Ross"])
def test_one_name_that_is_none_adds_nobody(home: Home, names: Any) -> None:
    cast = opened(home).cast
    with pytest.raises(InputError):
        cast.add_names(names)
    assert cast.without_photos() == () and cast.log() == []


def test_nothing_is_written_where_everybody_is_known(home: Home) -> None:
    cast = opened(home).cast
    assert cast.add_names(["c0"]).edits == () and cast.log() == [] and cast.add_names([]).edits == ()


def test_another_embedder_may_follow_names_alone(tmp_path: Path) -> None:
    """A gallery that holds names and no face is nobody's."""
    cast = tmp_path / "cast"
    analyzer: Any = StubAnalyzer(embedder="sface:d128:p1:other0000000")
    project = Project.open(tmp_path / "project", settings=Settings(), analyzer=analyzer)
    project.cast.add_names(["Ross"])
    for c in range(2):
        (cast / f"c{c}").mkdir(parents=True)
        (cast / f"c{c}" / "0.jpg").write_text(str(6 * c))
    assert project.cast.train(cast).without_photos == ("Ross",)


# The list


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_call_sheet_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "names.txt"
    path.write_bytes("# day 3\r\nRoss  Geller\r\n\r\n  Mónica\nX\nROSS GELLER\nRoss Geller\n".encode(encoding))
    names, again = read_names(path)
    assert names == ["Ross Geller", "Mónica", "X"]
    assert again == [
        "line 6: ROSS GELLER stands in line 2 already.", "line 7: Ross Geller stands in line 2 already.",
    ]  # fmt: skip


def test_lines_that_are_no_names_are_all_told(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text("Ross\nUnknown 3\nMon\u202eica\n")
    with pytest.raises(CastError) as error:
        read_names(path)
    assert [line.split(":")[0] for line in error.value.lines[1:]] == ["line 2", "line 3"]
    path.write_text("# nobody\n\n")
    with pytest.raises(InputError, match="names nobody"):
        read_names(path)
