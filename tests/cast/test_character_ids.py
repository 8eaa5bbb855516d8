"""Ids of characters never change: through edits, undo, trainings, new names of folders; forgetting deletes them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personae.cast import editing
from personae.cast.characters import CharacterRow, Characters
from personae.cast.gallery import Gallery
from personae.cast.gallery_records import EnrolledFace, PhotoRecord
from personae.cast.placements import Placements
from personae.errors import DamagedFileError, InputError
from personae.names import is_unknown_name
from personae.types import Quality, Reason
from tests.cast.test_editing import EDITS, START, Home, fewer_strangers, home  # noqa: F401 - fixtures
from tests.people import EMBEDDER, people


def ids(home: Home) -> dict[str, str]:  # noqa: F811
    """Name -> id of everybody in the cast."""
    with Gallery.open(home.folder / "gallery.sqlite", embedder=None) as gallery:
        found = {each.name: each.id for each in gallery.characters()}
        assert all(gallery.id_of(name) == each and gallery.name_of(each) == name for name, each in found.items())
    assert all(re.fullmatch("[0-9a-f]{12}", each) for each in found.values())
    return found


def revision(home: Home) -> int:  # noqa: F811
    with Gallery.open(home.folder / "gallery.sqlite", embedder=None, read_only=True) as gallery:
        return gallery.revision


KEPT: dict[str, Callable[[dict[str, str]], dict[str, str]]] = {
    "remove a character": lambda was: {name: was[name] for name in ("c0", "c2")},
    "remove a photo": lambda was: was,
    "rename": lambda was: {"c0": was["c0"], "Thor": was["c1"], "c2": was["c2"]},
    "merge": lambda was: {"c0": was["c0"], "c2": was["c2"]},
    "merge into a new name": lambda was: {"Both": was["c0"], "c2": was["c2"]},
    "split": lambda was: was | {"Loki": ""},
    "split into a known one": lambda was: was,
    "reject an enrolled photo": lambda was: was,
    "add": lambda was: was | {"c3": ""},
    "add to a known one": lambda was: was,
}


@pytest.mark.parametrize("name", EDITS)
def test_edits_trainings_and_undo_keep_ids(home: Home, name: str) -> None:  # noqa: F811
    was, first = ids(home), revision(home)
    EDITS[name][0](home)
    after, second = ids(home), revision(home)
    expected = {key: value or after[key] for key, value in KEPT[name](was).items()}
    assert after == expected and set(after.values()) - set(was.values()) == {
        v for v in after.values() if v not in was.values()
    }
    assert second > first
    home.recognizer.train_folder(home.cast)
    home.make().train_folder(home.cast, fresh=True)
    assert ids(home) == expected and revision(home) > second
    home.recognizer.undo()
    home.recognizer.train_folder(home.cast)
    assert ids(home) == was, "undo of a merge gives both ids back, and what an edit made is gone"


def test_a_rename_writes_one_row_and_a_line_of_the_log(home: Home) -> None:  # noqa: F811
    path = home.folder / "gallery.sqlite"

    def rows(table: str) -> set[tuple[Any, ...]]:
        with sqlite3.connect(path) as connection:
            found = set(connection.execute(f"SELECT * FROM {table}"))
        connection.close()
        return found

    tables = ("photos", "faces", "placements", "negatives", "characters", "edits", "meta")
    before = {table: rows(table) for table in tables}
    home.recognizer.rename_character("c1", "Thor")
    changed = {table: len(rows(table) - before[table]) for table in tables}
    assert changed == dict.fromkeys(tables, 0) | {"characters": 1, "edits": 1, "meta": 1}  # meta: the revision


def test_renames_in_a_circle_swap_names_and_not_ids(home: Home) -> None:  # noqa: F811
    was = ids(home)
    for old, new in (("c0", "x"), ("c1", "c0"), ("x", "c1")):
        home.recognizer.rename_character(old, new)
    home.recognizer.train_folder(home.cast)
    assert ids(home) == {"c0": was["c1"], "c1": was["c0"], "c2": was["c2"]}
    home.recognizer.undo(3)
    home.recognizer.train_folder(home.cast)
    assert ids(home) == was and home.state() == START


def test_a_folder_that_is_renamed_is_the_same_character(home: Home) -> None:  # noqa: F811
    was = ids(home)
    (home.cast / "c1").rename(home.cast / "Thor")
    report = home.recognizer.train_folder(home.cast)
    assert ids(home) == {"c0": was["c0"], "Thor": was["c1"], "c2": was["c2"]}
    assert not home.analyzer.embedded and report.removed == () and report.unchanged == 9
    assert any("The folder of c1 is called Thor now" in note for note in report.notes)
    home.put("cast/c1/other.jpg", "18")  # another person with the old name
    home.recognizer.train_folder(home.cast)
    assert home.state()["Thor"] == ["Thor/0.jpg", "Thor/1.jpg", "Thor/2.jpg"] and home.state()["c1"] == ["c1/other.jpg"]


def test_a_renamed_character_keeps_its_id_when_its_folder_follows(home: Home) -> None:  # noqa: F811
    was = ids(home)
    home.recognizer.rename_character("c1", "Thor")
    (home.cast / "c1").rename(home.cast / "Thor")
    home.recognizer.train_folder(home.cast)
    assert ids(home) == {"c0": was["c0"], "Thor": was["c1"], "c2": was["c2"]} and not home.analyzer.embedded


def test_a_character_whose_photos_are_gone_is_still_known(home: Home) -> None:  # noqa: F811
    was = ids(home)
    for photo in (home.cast / "c1").iterdir():
        photo.rename(home.cast.parent / f"kept-{photo.name}")
    (home.cast / "c1").rmdir()
    home.recognizer.train_folder(home.cast)
    with Gallery.open(home.folder / "gallery.sqlite", embedder=None) as gallery:
        assert {each.name: each.photos for each in gallery.characters()} == {"c0": 3, "c1": 0, "c2": 3}
    home.recognizer.rename_character("c1", "Thor")
    home.recognizer.add_photos("Thor", [home.cast.parent / "kept-0.jpg"])
    assert ids(home) == {"c0": was["c0"], "Thor": was["c1"], "c2": was["c2"]}


def test_a_new_character_may_have_a_former_name_of_another(home: Home) -> None:  # noqa: F811
    was = ids(home)
    home.recognizer.rename_character("c1", "Thor")
    home.recognizer.add_photos("c1", [home.put("more/a.jpg", "18")])
    home.recognizer.train_folder(home.cast)
    assert home.state() == {"c0": START["c0"], "c2": START["c2"], "Thor": START["c1"], "c1": ["more/a.jpg"]}
    assert ids(home)["Thor"] == was["c1"] and ids(home)["c1"] not in was.values()
    home.recognizer.undo(2)
    assert ids(home) == was and home.state() == START


def test_who_is_forgotten_has_no_id_any_more(home: Home) -> None:  # noqa: F811
    was = ids(home)
    home.recognizer.merge_characters("c1", "c2")
    report = home.recognizer.forget_character("c1")
    assert report.found == () and ids(home) == {"c0": was["c0"]}
    left = b"".join(path.read_bytes() for path in home.folder.rglob("*") if path.is_file())
    assert was["c1"].encode() not in left and was["c2"].encode() not in left
    home.recognizer.train_folder(home.cast)
    assert ids(home).keys() == was.keys() and not {ids(home)["c1"], ids(home)["c2"]} & set(was.values())


def test_undo_says_where_a_name_has_gone_to_somebody_else(home: Home) -> None:  # noqa: F811
    home.recognizer.rename_character("c1", "Thor")
    with Gallery.open(home.folder / "gallery.sqlite", embedder=None) as gallery:
        gallery.who.add("c1")  # as a film does that names somebody without learning
    with pytest.raises(InputError, match="another character called c1"):
        home.recognizer.undo()
    assert sorted(home.state()) == ["Thor", "c0", "c2"]


# Revision


def photo_of(name: str, number: int) -> tuple[PhotoRecord, EnrolledFace]:
    one = np.full(1, 0.5, np.float32)
    face = EnrolledFace(
        np.zeros(4, np.float32), np.zeros((5, 2), np.float32), 0.9,
        Quality(one, one, one, one, one, ((),)), people(1, 9, seed=3)[0, number],
    )  # fmt: skip
    return PhotoRecord(name, f"/cast/{name}/{number}.jpg", origin="/cast", sha256=str(number)).enrolled(
        faces_found=1
    ), face


def test_the_revision_grows_with_every_change_and_never_falls(tmp_path: Path) -> None:
    seen = [0]
    with Gallery.open(tmp_path / "gallery.sqlite", embedder=EMBEDDER) as gallery:

        def grown() -> bool:
            seen.append(gallery.revision)
            return seen[-1] > seen[-2]

        grown()
        changes: list[Callable[[], Any]] = [
            lambda: gallery.put_photo(*photo_of("a", 0)),
            lambda: gallery.put_photo(*photo_of("a", 1)),
            lambda: gallery.put_photo(*photo_of("b", 2)),
            lambda: editing.rename(gallery, "a", "A"),
            lambda: editing.reject(gallery, "A", "/cast/a/1.jpg", "1", None, None),
            lambda: editing.undo(gallery),
            lambda: gallery.who.add("without photos"),
            lambda: gallery.set_performers({"a": "Somebody"}),
            gallery.bump,
            lambda: gallery.remove_photos([3]),
        ]
        for change in changes:
            change()
            assert grown(), change
        gallery.log_edit("note", {})
        gallery.remove_photos([99])
        assert not grown()

        def break_off() -> None:
            with gallery.transaction():
                gallery.bump()
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            break_off()
        assert not grown()
        with Gallery.open(tmp_path / "fresh.sqlite", embedder=EMBEDDER) as fresh:
            fresh.put_photo(*photo_of("c", 4))
            assert fresh.revision < seen[-1]
        gallery.take_over(tmp_path / "fresh.sqlite")
        assert grown() and [each.name for each in gallery.characters()] == ["c"]
    with sqlite3.connect(tmp_path / "gallery.sqlite") as connection:
        connection.execute("UPDATE meta SET value = '-3' WHERE key = 'revision'")
    connection.close()
    with Gallery.open(tmp_path / "gallery.sqlite", embedder=None) as gallery, pytest.raises(DamagedFileError):
        _ = gallery.revision


def test_the_digest_knows_names_and_faces_only(tmp_path: Path) -> None:
    digests = []
    for name in ("one", "other"):
        with Gallery.open(tmp_path / f"{name}.sqlite", embedder=EMBEDDER) as gallery:
            for number in (0, 1):
                gallery.put_photo(*photo_of("a", number))
            gallery.bump()
            digests.append(gallery.digest)
            editing.rename(gallery, "a", "b")
            digests.append(gallery.digest)
    assert digests[:2] == digests[2:] and digests[0] != digests[1]  # ids are random


# Names of people without a name


@pytest.mark.parametrize("name", ["Unknown 3", "unknown 12", "UNKNOWN  7", " Unknown 1 "])
def test_characters_are_not_called_as_unknown_people_are_shown(home: Home, name: str) -> None:  # noqa: F811
    assert is_unknown_name(name)
    recognizer, photo = home.recognizer, home.put("more/a.jpg", "18")
    calls: list[Callable[[], Any]] = [
        lambda: recognizer.add_photos(name, [photo]),
        lambda: recognizer.rename_character("c0", name),
        lambda: recognizer.merge_characters("c0", "c1", into=name),
        lambda: recognizer.split_character("c0", ["c0/0.jpg"], into=name),
    ]
    for call in calls:
        with pytest.raises(InputError, match="people without a name are shown so"):
            call()
    home.put(f"cast/{name.strip()}/a.jpg", "18")
    report = recognizer.train_folder(home.cast)
    assert any(note.startswith("Left out: 1 folder of people without a name") for note in report.notes)
    assert home.state() == START


@pytest.mark.parametrize("name", ["Unknown", "Unknown 3 (character)", "The Unknown 3", "new", "Unknown three"])
def test_other_names_may_be_characters(home: Home, name: str) -> None:  # noqa: F811
    home.recognizer.rename_character("c0", name)
    assert name in ids(home)


# Who is who, as a value


def test_names_stand_for_characters() -> None:
    characters = Characters(
        [CharacterRow("1", "Thor", ("c1",)), CharacterRow("2", "c1"), CharacterRow("3", "Jane")], Placements()
    )
    assert characters.start("c1") == "1" and characters.named("c1") == "2" and characters.start("nobody") is None
    assert characters.renamed("3", "Loki") == [CharacterRow("3", "Loki", ("Jane",))]
    assert characters.renamed("2", "Loki") == [CharacterRow("2", "Loki")], "c1 stands for another already"
    with pytest.raises(ValueError, match="nobody's name"):
        characters.place("nobody", "")


def test_an_empty_gallery_has_an_enrolment_of_nothing(tmp_path: Path) -> None:
    with Gallery.open(tmp_path / "gallery.sqlite", embedder=EMBEDDER) as gallery:
        assert len(gallery.enrolled()) == 0 and gallery.enrolled().embeddings.shape == (0, 128)
        gallery.put_photo(PhotoRecord("a", "/a.jpg").rejected(Reason.NO_FACE, ""), None)
        assert gallery.enrolled()[[]].persons == [] and [each.photos for each in gallery.characters()] == [0]
