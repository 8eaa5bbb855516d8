"""One way to open our databases: migrations with rows to change, marks, and errors that say what to do."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from personae import database
from personae.database import Kind, connect, connect_read_only, empty_log, sqlite_errors
from personae.errors import (
    DamagedFileError,
    ForeignFileError,
    ModelNotFoundError,
    ProjectBusyError,
    StoreError,
    TooNewError,
    WriteError,
)
from personae.ledger import Ledger

FIRST = "CREATE TABLE things (name TEXT NOT NULL);"
KIND = Kind("the store", 0x12345678, (FIRST,), remedy="Throw it away.", missing=lambda: "Fill it first.")


def shout(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE things SET name = upper(name)")


def fail(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM things")
    raise ValueError("a thing that is none")


SECOND = "CREATE TABLE more (a); ALTER TABLE things ADD COLUMN size INTEGER;"


def kind(**changes: object) -> Kind:
    steps = {"migrations": (FIRST, SECOND), "upgrades": {2: shout}} | changes
    return Kind("the store", KIND.mark, remedy=KIND.remedy, missing=KIND.missing, **steps)  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "a.sqlite"
    connection = connect(found, KIND)
    connection.execute("INSERT INTO things VALUES ('hammer')")
    connection.close()
    return found


def things(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name FROM things").fetchall()
    connection.close()
    return [name for (name,) in rows]


def test_every_connection_is_set_up_alike(path: Path) -> None:
    connection = connect(path, KIND)
    found = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "secure_delete", "synchronous", "foreign_keys", "trusted_schema")
    }
    connection.close()
    assert found == {
        "journal_mode": "wal", "secure_delete": 1, "synchronous": 2, "foreign_keys": 1, "trusted_schema": 0,
    }  # fmt: skip


def test_rows_are_changed_with_the_tables_or_not_at_all(path: Path) -> None:
    with pytest.raises(DamagedFileError, match=r"the store is damaged .a thing that is none.. Throw it away"):
        connect(path, kind(upgrades={2: fail}))
    assert things(path) == ["hammer"]
    with pytest.raises(StoreError, match="older Personae"):
        connect_read_only(path, kind())
    connect(path, kind()).close()
    assert things(path) == ["HAMMER"]
    connect(path, kind()).close()
    connection = connect_read_only(path, kind())
    assert connection.execute("SELECT count(*) FROM more").fetchone() == (0,)
    connection.close()
    with pytest.raises(TooNewError, match="pip install -U"):
        connect(path, KIND)


def test_what_is_not_ours_is_left_alone(path: Path, tmp_path: Path) -> None:
    other = Kind("the library", 7, (FIRST,), remedy="")
    before = path.read_bytes()
    for reading in (connect, connect_read_only):
        with pytest.raises(ForeignFileError, match=r"not a library of Personae \(it holds the table 'things'\)"):
            reading(path, other)
    text = tmp_path / "text.sqlite"
    text.write_text("no database at all" * 100)
    with pytest.raises(ForeignFileError, match="Move it away"):
        connect(text, KIND)
    with pytest.raises(DamagedFileError, match="Throw it away"):
        connect(text, kind(may_be_foreign=False))
    with pytest.raises(ModelNotFoundError, match=r"there is no store\. Fill it first"):
        connect_read_only(tmp_path / "none", KIND)
    assert path.read_bytes() == before and not (tmp_path / "none").exists()


def test_errors_say_what_to_do(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_S", 0.05)
    first, second = connect(path, KIND), connect(path, KIND)
    first.execute("BEGIN IMMEDIATE")
    with pytest.raises(ProjectBusyError, match="another process is writing to the store"), sqlite_errors(path, KIND):
        second.execute("BEGIN IMMEDIATE")
    first.execute("COMMIT")
    reader = connect_read_only(path, KIND)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM things").fetchall()
    second.execute("INSERT INTO things VALUES ('saw')")
    with pytest.raises(ProjectBusyError, match="another process is"), sqlite_errors(path, KIND):
        empty_log(second, path, KIND)
    with pytest.raises(WriteError, match="Nothing that was there is lost"), sqlite_errors(path, KIND):
        reader.execute("INSERT INTO things VALUES ('x')")
    reader.close()
    empty_log(second, path, KIND)
    for connection in (first, second):
        connection.close()
    assert things(path) == ["hammer", "saw"]


def test_a_database_that_others_have_open_is_never_opened_beside_sqlite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing it would take away the locks of this process's other connections, and the database would be damaged."""
    ledger = Ledger(tmp_path)
    ledger.begin()
    opened: list[str] = []
    real = os.open

    def noted(path: Any, *arguments: Any, **options: Any) -> int:
        handle: int = real(path, *arguments, **options)
        if str(path) == str(ledger.path):
            opened.append(str(path))
        return handle

    monkeypatch.setattr(os, "open", noted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("personae.files.open_input", lambda path: opened.append(str(path)))
        ledger.record(tmp_path / "a.csv", sha256="x", kind="report")
        assert len(ledger.entries()) == 1
    assert not opened
