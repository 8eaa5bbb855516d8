"""Galleries of every old version get characters with ids, and every photo stays where it was."""

from __future__ import annotations

import logging
import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from personae.cast import editing, gallery_schema
from personae.cast.edit_log import EditLog
from personae.cast.gallery import Gallery
from personae.cast.placements import Placement, Placements
from personae.errors import DamagedFileError

SAMPLES = Path(__file__).parents[1] / "samples"


def upgraded(tmp_path: Path, name: str) -> Gallery:
    shutil.copy(SAMPLES / name, tmp_path / name)
    return Gallery.open(tmp_path / name, embedder=None)


def cast_of(gallery: Gallery) -> dict[str, int]:
    found = gallery.characters()
    assert all(gallery.id_of(each.name) == each.id and gallery.name_of(each.id) == each.name for each in found)
    return {each.name: each.photos for each in found}


@pytest.mark.parametrize("version", range(1, gallery_schema.VERSION + 1))
def test_every_version_gets_ids(tmp_path: Path, version: int) -> None:
    with upgraded(tmp_path, f"gallery-{version}.sqlite") as gallery:
        assert cast_of(gallery) == {"Ada": 1, "Grace": 1}
        first = gallery.id_of("Ada")
        with gallery.transaction():
            editing.rename(gallery, "Ada", "Augusta")
        assert gallery.id_of("Augusta") == first
    with Gallery.open(tmp_path / f"gallery-{version}.sqlite", embedder=None) as gallery:
        assert gallery.id_of("Augusta") == first and gallery.revision > 0


def test_an_edited_gallery_is_what_it_was(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), upgraded(tmp_path, "edited-gallery-3.sqlite") as gallery:
        assert cast_of(gallery) == {"Augusta": 3, "Grace": 3, "Unknown 4 (character)": 3, "left": 2, "right": 1}
        assert [message.partition(" from now on")[0] for message in caplog.messages] == [
            "The character Unknown 3 is called Unknown 3 (character)",
            "The character Unknown 4 is called Unknown 4 (character)",
        ]
        assert {photo.path: photo.withdrawn_by for photo in gallery.photos(withdrawn=True) if photo.withdrawn_by} == {
            "/cast/Eva/1.jpg": 4, "/cast/Kim/0.jpg": 5, "/cast/Kim/1.jpg": 5, "/cast/Grace/2.jpg": 12,
        }  # fmt: skip
        assert [negative.character for negative in EditLog(gallery).negatives()] == ["Grace"]
        assert gallery.enrolled().performers == {"Augusta": "A. Performer"} | {"Unknown 4 (character)": "A. Performer"}
        with gallery.transaction():
            EditLog(gallery).apply()  # what is decided gives the same again
        assert cast_of(gallery) == {"Augusta": 3, "Grace": 3, "Unknown 4 (character)": 3, "left": 2, "right": 1}


def test_edits_of_before_can_be_undone_one_by_one(tmp_path: Path) -> None:
    steps = (
        {"Augusta": 3, "Grace": 4, "Unknown 4 (character)": 3, "left": 2, "right": 1},
        {"Augusta": 3, "Grace": 4, "Mary": 1, "Unknown 3 (character)": 2, "left": 2, "right": 1},
        {"Augusta": 3, "Grace": 4, "Mary": 1, "Unknown 3 (character)": 2, "left": 2, "middle": 1},
        {"Augusta": 3, "Grace": 4, "Mary": 1, "Unknown 3 (character)": 2, "middle": 1, "right": 2},
        {"Augusta": 3, "Grace": 4, "Mary": 1, "Unknown 3 (character)": 2, "left": 1, "right": 2},
        {"Augusta": 3, "Grace": 4, "Kim": 2, "Mary": 1, "Unknown 3 (character)": 2, "left": 1, "right": 2},
        {"Augusta": 3, "Grace": 5, "Kim": 2, "Mary": 1, "Unknown 3 (character)": 2, "left": 1, "right": 2},
        {"Augusta": 4, "Grace": 5, "Kim": 2, "Unknown 3 (character)": 2, "left": 1, "right": 2},
        {"Augusta": 4, "Eva": 2, "Grace": 3, "Kim": 2, "Unknown 3 (character)": 2, "left": 1, "right": 2},
        {"Ada": 4, "Eva": 2, "Grace": 3, "Kim": 2, "Unknown 3 (character)": 2, "left": 1, "right": 2},
    )
    with upgraded(tmp_path, "edited-gallery-3.sqlite") as gallery, gallery.transaction():
        kept = {name: gallery.id_of(name) for name in ("Augusta", "Grace", "left", "right")}
        for expected in steps:
            editing.undo(gallery)
            assert cast_of(gallery) == expected
        assert kept == {name: gallery.id_of(now) for name, now in
                        (("Augusta", "Ada"), ("Grace", "Grace"), ("left", "right"), ("right", "left"))}  # fmt: skip


def test_a_gallery_of_today_is_as_it_was_written(tmp_path: Path) -> None:
    with upgraded(tmp_path, f"edited-gallery-{gallery_schema.VERSION}.sqlite") as gallery, gallery.transaction():
        assert cast_of(gallery) == {"Augusta": 3, "Grace": 3, "Marianne": 3, "left": 2, "right": 1}
        ids = {name: gallery.id_of(name) for name in ("Augusta", "Grace", "Marianne", "left", "right")}
        editing.undo(gallery, 10)
        assert cast_of(gallery) == {"Ada": 4, "Eva": 2, "Grace": 3, "Kim": 2, "Nobody": 2, "left": 1, "right": 2}
        now = {name: gallery.id_of(name) for name in ("Ada", "Grace", "left", "right")}
        assert now == {"Ada": ids["Augusta"], "Grace": ids["Grace"], "left": ids["right"], "right": ids["left"]}
        assert gallery.name_of(str(ids["Marianne"])) is None, "who was split off is gone with the split"


def old_gallery(path: Path, rng: random.Random) -> tuple[Placements, list[tuple[int, str, str, str]]]:
    """A gallery of version 3 with edits drawn at random, as that version wrote them; what it says of its photos."""
    connection = sqlite3.connect(path, isolation_level=None)
    for script in gallery_schema.MIGRATIONS[:3]:
        connection.executescript(script)
    connection.execute(f"PRAGMA application_id = {gallery_schema.APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 3")
    photos = [(number, f"n{rng.randrange(4)}", str(number)) for number in range(1, 9)]
    placements: list[Placement] = []

    def now() -> dict[int, str]:
        replayed = Placements(placements)
        places = {number: replayed.place(given, digest) for number, given, digest in photos}
        return {number: place.character for number, place in places.items() if place.withdrawn_by is None}

    for edit in range(1, 9):
        live = now()
        names = sorted(set(live.values()))
        if not names:
            break
        kind, name = rng.choice(("rename", "merge", "split", "remove", "photo", "add")), rng.choice(names)
        free = [each for each in ("n0", "n1", "n2", "n3", "x", "y") if each not in names]
        photo = rng.choice([number for number, each in live.items() if each == name])
        said: list[tuple[str, str | None, str | None]]
        if kind == "rename" and free:
            said = [(name, None, rng.choice(free))]
        elif kind == "merge" and len(names) > 1:
            said = [(each, None, name) for each in rng.sample(names, 2) if each != name]
        elif kind == "split":
            said = [(name, str(photo), rng.choice([each for each in (*names, *free) if each != name]))]
        elif kind == "remove":
            own = [str(number) for number, each in live.items() if each == name]
            said = [*((name, digest, None) for digest in own), (name, None, None)]
        elif kind == "photo":
            said = [(name, str(photo), None)]
        elif kind == "add":
            number, into = len(photos) + 1, rng.choice((*names, *free))
            photos.append((number, into, str(number)))
            said = [(into, str(number), into)]
            if Placements(placements).place(into, "").withdrawn_by is not None:
                said.insert(0, (into, None, into))
        else:
            continue
        connection.execute("INSERT INTO edits VALUES (?, '', ?, '{}', NULL)", (edit, kind))
        placements += [Placement(edit, *each) for each in said]
    replayed, facts = Placements(placements), []
    for placement in placements:
        row = (placement.edit, placement.character, placement.sha256, placement.becomes)
        connection.execute("INSERT INTO placements (edit, character, sha256, becomes) VALUES (?, ?, ?, ?)", row)
    for number, given, digest in photos:
        place = replayed.place(given, digest)
        name = place.character if place.withdrawn_by is None else f"\0{number}"
        connection.execute(
            "INSERT INTO photos VALUES (?, ?, NULL, NULL, ?, ?, 0, 0, 'rejected', 'NO_FACE', '', 0, '', ?, ?)",
            (number, name, f"/{number}.jpg", digest, given, place.withdrawn_by),
        )
        facts.append((number, name, given, digest))
    connection.close()
    return replayed, facts


@pytest.fixture
def rng() -> random.Random:
    return random.Random(11)


def test_whatever_was_decided_by_names_holds_by_ids(tmp_path: Path, rng: random.Random) -> None:
    edited = 0
    for number in range(50):
        path = tmp_path / f"{number}.sqlite"
        _, facts = old_gallery(path, rng)
        with Gallery.open(path, embedder=None) as gallery, gallery.transaction():
            edited += len(gallery.log.edits())
            expected = {photo: name for photo, name, _, _ in facts if not name.startswith("\0")}
            assert {each.id: each.character for each in gallery.photos()} == expected
            assert {each.name for each in gallery.characters()} >= set(expected.values())
            EditLog(gallery).apply()
            assert {each.id: each.character for each in gallery.photos()} == expected
        path.unlink()
    assert edited > 250


def test_rows_that_make_no_sense_are_damage_and_nothing_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "gallery-3.sqlite"
    shutil.copy(SAMPLES / path.name, path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE photos SET character = x'ff' WHERE id = 1")
    connection.close()
    with pytest.raises(DamagedFileError, match="Restore it from a backup"):
        Gallery.open(path, embedder=None)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)
        assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'characters'").fetchone() == (0,)
    connection.close()
