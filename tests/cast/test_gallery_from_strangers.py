"""Galleries that somebody else has changed: SQL of theirs never runs, and rows that cannot be right are refused."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personae import database
from personae.cast import gallery_schema
from personae.cast.edit_log import EditLog
from personae.cast.gallery import Gallery
from personae.errors import DamagedFileError, PersonaeError
from personae.project.recognizer import CharacterRecognizer
from tests.cast.test_gallery import fill
from tests.people import EMBEDDER

ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    with Gallery.open(tmp_path / "gallery.sqlite", embedder=EMBEDDER) as gallery:
        fill(gallery, list(range(9)))
        gallery.log_edit("rename", {"character": "a", "into": "b", "photos": []})
        gallery.set_performers({"c0": "Ada"})
    return tmp_path


def change(project: Path, sql: str, values: tuple[Any, ...] = ()) -> None:
    with sqlite3.connect(project / "gallery.sqlite") as connection:
        if values:
            connection.execute(sql, values)
        else:
            connection.executescript(sql)
    connection.close()


def use(project: Path) -> None:
    """Everything that reads a gallery."""
    with Gallery.open(project / "gallery.sqlite", embedder=None) as gallery:
        log = EditLog(gallery)
        _ = (gallery.photos(withdrawn=True), gallery.enrolled(), gallery.boxes(), gallery.edits(), gallery.performers)
        _ = (log.edits(), log.characters(), log.negatives(), log.faces_of(range(1, 10)), gallery.embedder)


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("CREATE TRIGGER t AFTER UPDATE ON photos BEGIN DELETE FROM photos; END", "trigger 't'"),
        (
            f"ALTER TABLE faces RENAME TO old; CREATE VIEW faces AS {ENDLESS} i AS photo, i AS embedding FROM n",
            "view 'faces'",
        ),
        (f"ALTER TABLE edits RENAME TO old; CREATE VIEW edits AS {ENDLESS} * FROM n", "'"),
        ("CREATE TABLE mine (a)", "table 'mine'"),
        ("CREATE INDEX i ON photos (abs(size))", "index 'i'"),
        ("CREATE VIRTUAL TABLE words USING fts5 (a)", "table"),
        ("ALTER TABLE photos ADD COLUMN more TEXT DEFAULT (1)", "table 'photos'"),
        ("DROP TABLE negatives", "table 'negatives'"),
        ("ALTER TABLE photos ADD COLUMN made AS (abs(size))", "table 'photos'"),
    ],
)
def test_sql_that_is_not_ours_is_refused_before_the_first_query(project: Path, sql: str, named: str) -> None:
    change(project, sql)
    before = (project / "gallery.sqlite").read_bytes()
    started = time.monotonic()
    recognizer = CharacterRecognizer(project)
    for act in (
        lambda: recognizer.rename_character("c0", "new"),
        lambda: recognizer.forget_character("c0"),
        lambda: Gallery.open(project / "gallery.sqlite", embedder=None, read_only=True),
    ):
        with pytest.raises(DamagedFileError, match=r"gallery\.sqlite.*somebody has changed") as caught:
            act()
        assert named in str(caught.value)
    assert time.monotonic() - started < 5 and (project / "gallery.sqlite").read_bytes() == before


def test_sqlite_trusts_nothing_in_the_file(project: Path) -> None:
    for read_only in (False, True):
        with Gallery.open(project / "gallery.sqlite", embedder=None, read_only=read_only) as gallery:
            for pragma, value in (("trusted_schema", 0), ("cell_size_check", 1)):
                assert gallery._database.rows(f"PRAGMA {pragma}") == [(value,)]
            assert gallery._database.rows("PRAGMA mmap_size") in ([], [(0,)])
            connection = gallery._database.connection
            for name, value in database._LIMITS.items():
                assert connection.getlimit(getattr(sqlite3, name)) == value
            if hasattr(connection, "getconfig"):
                for name, on in database._SETTINGS.items():
                    assert connection.getconfig(getattr(sqlite3, name)) == on


def test_a_version_that_cannot_be_is_damage(project: Path) -> None:
    change(project, "PRAGMA user_version = -1")
    with pytest.raises(DamagedFileError):
        use(project)


def blob(*values: float) -> bytes:
    return np.array(values, "<f4").tobytes()


@pytest.mark.parametrize(
    ("table", "column", "value", "named"),
    [
        ("faces", "embedding", blob(*[0.1] * 128), "not of unit length"),
        ("faces", "embedding", blob(*[np.inf] * 128), "not of unit length"),
        ("faces", "embedding", blob(*[0.0] * 128), "not of unit length"),
        ("faces", "copies", blob(*[np.nan] * 384), "faces.copies"),
        ("faces", "copies", "text", "copies"),
        ("faces", "box", blob(1, 2, 3), ""),
        ("faces", "box", blob(1, 2, 3, np.nan), "faces.box"),
        ("faces", "yaw", "left", "faces.yaw"),
        ("faces", "face_px", -3.0, "faces.face_px"),
        ("faces", "quality", b"\0", "faces.quality"),
        ("photos", "character", b"\xff", ""),
        ("photos", "given", b"\xff", ""),
        ("photos", "sha256", b"\xff\xfe", ""),
        ("photos", "size", b"\0", "odd facts"),
        ("edits", "detail", "[]", "edits.detail"),
        ("edits", "detail", '{"photos": [["a"]]}', "edits.detail.photos"),
        ("edits", "detail", '{"added": ["a"]}', "edits.detail.into"),
        ("edits", "detail", '{"characters": 3}', "edits.detail.characters"),
        ("edits", "detail", "[" * 100_000, "nested too deeply"),
        ("edits", "detail", b"\0", ""),
        ("edits", "time", b"\xff", ""),
        ("edits", "undone_by", "x", "edits.undone_by"),
        ("meta", "value", '["Ada"]', "meta.performers"),
        ("meta", "value", '{"c0": 3}', "meta.performers.c0"),
        ("meta", "value", "[" * 100_000, ""),
        ("meta", "value", 3, ""),
    ],
)
def test_rows_that_cannot_be_right_are_named(project: Path, table: str, column: str, value: Any, named: str) -> None:
    where = "key = 'performers'" if table == "meta" else "rowid = 1"
    change(project, f"UPDATE {table} SET {column} = ? WHERE {where}", (value,))
    with pytest.raises(DamagedFileError, match=r"gallery\.sqlite.*Restore it from a backup") as caught:
        use(project)
    assert named in str(caught.value)


def test_embeddings_of_another_length_than_the_embedder_gives_are_refused(project: Path) -> None:
    half = blob(*[1 / 8] * 64)
    change(project, "UPDATE faces SET embedding = ?, copies = NULL", (half,))
    with pytest.raises(DamagedFileError, match="not of sface:d128"):
        use(project)


def test_a_placement_of_another_type_is_refused(project: Path) -> None:
    change(project, "INSERT INTO placements (edit, character, sha256) VALUES (1, 'a', x'ff')")
    with pytest.raises(DamagedFileError):
        use(project)
    assert issubclass(DamagedFileError, PersonaeError)


def test_the_schema_of_each_version_is_what_its_migrations_make(tmp_path: Path) -> None:
    for version in range(1, gallery_schema.VERSION + 1):
        path = tmp_path / f"{version}.sqlite"
        connection = sqlite3.connect(path, isolation_level=None)
        for script in gallery_schema.MIGRATIONS[:version]:
            connection.executescript(script)
        database.check_schema(connection, path, gallery_schema.MIGRATIONS[:version])
        connection.execute("CREATE TABLE mine (a)")
        with pytest.raises(DamagedFileError):
            database.check_schema(connection, path, gallery_schema.MIGRATIONS[:version])
        connection.close()
