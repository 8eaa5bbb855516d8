"""Galleries of every old version get characters with ids, and every photo stays where it was."""

from __future__ import annotations

import json
import logging
import random
import shutil
import sqlite3
from pathlib import Path
from typing import Any

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


Said = list[tuple[str, str | None, str | None]]
NAMES = ("n0", "n1", "n2", "n3", "x", "y")


def drawn(rng: random.Random, live: dict[int, str], number: int, placements: list[Placement]) -> tuple[str, Said]:
    """An edit drawn at random, and the placements that version 3 wrote for it; none where there is nothing to do.

    `live`: photo -> whose it is; `number`: of the photo that it would add.
    """
    names = sorted(set(live.values()))
    free = [each for each in NAMES if each not in names]
    kind, name = rng.choice(("rename", "merge", "split", "remove", "photo", "add")), rng.choice(names)
    own = [each for each, whose in live.items() if whose == name]
    other, new = rng.choice([each for each in NAMES if each != name]), rng.choice(NAMES)
    merged = [each for each in rng.sample(names, min(2, len(names))) if each != name]
    is_out = Placements(placements).place(new, "").withdrawn_by is not None
    said: dict[str, Said] = {
        "rename": [(name, None, rng.choice(free))] if free else [],
        "merge": [(each, None, name) for each in merged],
        "split": [(name, str(rng.choice(own)), other)],
        "remove": [*((name, str(each), None) for each in own), (name, None, None)],
        "photo": [(name, str(rng.choice(own)), None)],
        "add": [*([(new, None, new)] if is_out else []), (new, str(number), new)],
    }
    return kind, said[kind]


def old_gallery(path: Path, rng: random.Random) -> list[dict[int, str]]:
    """A gallery of version 3 with edits drawn at random, as that version wrote them.

    Photo -> whose it is, before the first edit and after each.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    for script in gallery_schema.MIGRATIONS[:3]:
        connection.executescript(script)
    connection.execute(f"PRAGMA application_id = {gallery_schema.APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 3")
    photos = [(number, f"n{rng.randrange(4)}") for number in range(1, 9)]
    placements: list[Placement] = []

    def live() -> dict[int, str]:
        places = {number: Placements(placements).place(given, str(number)) for number, given in photos}
        return {number: place.character for number, place in places.items() if place.withdrawn_by is None}

    states = [live()]
    for edit in range(1, 9):
        if not live():
            break
        kind, said = drawn(rng, live(), len(photos) + 1, placements)
        if not said:
            continue
        if kind == "add":
            photos.append((len(photos) + 1, said[-1][0]))
        detail: dict[str, Any] = {"character": said[0][0], "into": said[0][2]}
        if kind == "merge":
            detail = {
                "characters": sorted({each for row in said for each in (row[0], str(row[2]))}),
                "into": said[0][2],
            }
        elif kind == "add":
            detail = {"into": said[0][0], "added": [f"/{len(photos)}.jpg"]}
        row = (edit, "remove" if kind == "photo" else kind, json.dumps(detail))
        connection.execute("INSERT INTO edits VALUES (?, '', ?, ?, NULL)", row)
        placements += [Placement(edit, *each) for each in said]
        states.append(live())
    for placement in placements:
        values = (placement.edit, placement.character, placement.sha256, placement.becomes)
        connection.execute("INSERT INTO placements (edit, character, sha256, becomes) VALUES (?, ?, ?, ?)", values)
    for number, given in photos:
        place = Placements(placements).place(given, str(number))
        name = place.character if place.withdrawn_by is None else f"\0{number}"
        connection.execute(
            "INSERT INTO photos VALUES (?, ?, NULL, NULL, ?, ?, 0, 0, 'rejected', 'NO_FACE', '', 0, '', ?, ?)",
            (number, name, f"/{number}.jpg", str(number), given, place.withdrawn_by),
        )
    connection.close()
    return states


@pytest.fixture
def rng() -> random.Random:
    return random.Random(12)


def test_whatever_was_decided_by_names_holds_by_ids(tmp_path: Path, rng: random.Random) -> None:
    edited = 0
    for number in range(40):
        path = tmp_path / f"{number}.sqlite"
        states = old_gallery(path, rng)
        with Gallery.open(path, embedder=None) as gallery, gallery.transaction():
            edited += len(gallery.log.edits())
            assert whose(gallery) == states[-1]
            assert {each.name for each in gallery.characters()} >= set(states[-1].values())
            EditLog(gallery).apply()
            assert whose(gallery) == states[-1]
            for before in reversed(states[:-1]):
                editing.undo(gallery)
                assert whose(gallery) == before
        path.unlink()
    assert edited > 200


def whose(gallery: Gallery) -> dict[int | None, str]:
    """Photo -> the name of its character."""
    return {photo.id: photo.character for photo in gallery.photos()}


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
