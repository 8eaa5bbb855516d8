"""The list of what a project wrote."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from personae.errors import DamagedFileError, StoreError, TooNewError
from personae.ledger import APPLICATION_ID, LEDGER_FILE, MIGRATIONS, Entry, Ledger, PutOff


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    (tmp_path / "personae").mkdir()
    return Ledger(tmp_path / "personae")


def test_what_was_written_is_known_again(ledger: Ledger, tmp_path: Path) -> None:
    assert ledger.entries() == ()
    assert ledger.find(tmp_path / "a.edl") is None
    assert not ledger.path.exists(), "asking makes no file"
    ledger.record(tmp_path / "a.edl", sha256="12", kind="resolve", who=["Thor", "Jane", "Thor"], source="film")
    ledger.record(tmp_path / "b.edl", sha256="56", kind="resolve")
    ledger.record(tmp_path / "a.edl", sha256="34", kind="resolve", who=["Jane", "Thor"], source="film")
    first = Entry(str(tmp_path / "a.edl"), "34", "resolve", ("Jane", "Thor"), "film")
    assert ledger.entries() == (first, Entry(str(tmp_path / "b.edl"), "56", "resolve"))
    assert ledger.find(tmp_path / "x" / ".." / "a.edl") == first


def test_a_project_that_is_moved_with_its_outputs_knows_them(ledger: Ledger, tmp_path: Path) -> None:
    ledger.record(tmp_path / "a.edl", sha256="1", kind="resolve")
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    (tmp_path / "personae").rename(moved / "personae")
    assert [entry.path for entry in Ledger(moved / "personae").entries()] == [str(moved / "a.edl")]


def test_without_a_project_nothing_is_remembered(tmp_path: Path) -> None:
    Ledger(tmp_path / "personae").record(tmp_path / "a.edl", sha256="1", kind="resolve")
    assert list(tmp_path.iterdir()) == []


def test_what_is_dropped_is_gone_from_the_file_too(ledger: Ledger, tmp_path: Path) -> None:
    ledger.record(tmp_path / "of-thor.edl", sha256="1", kind="resolve", who=["Thor"])
    ledger.record(tmp_path / "other.edl", sha256="1", kind="resolve", who=["Jane"])
    ledger.drop([tmp_path / "of-thor.edl"])
    assert [entry.who for entry in ledger.entries()] == [("Jane",)]
    for path in ledger.project.iterdir():
        assert b"Thor" not in path.read_bytes()
        assert b"of-thor" not in path.read_bytes()


def test_it_is_for_its_owner_alone(ledger: Ledger, tmp_path: Path) -> None:
    ledger.record(tmp_path / "a.edl", sha256="1", kind="resolve")
    assert stat.S_IMODE(ledger.path.stat().st_mode) == 0o600


def test_the_list_of_earlier_versions_is_taken_over(ledger: Ledger, tmp_path: Path) -> None:
    old = ledger.project / "exports.txt"
    old.write_text(f"{json.dumps(str(tmp_path / 'out.json'))}\nno JSON\n{json.dumps(str(tmp_path / 'pictures'))}\n")
    assert [entry.path for entry in ledger.entries()] == [str(tmp_path / "out.json"), str(tmp_path / "pictures")]
    assert not old.exists()


def test_other_databases_are_left_alone(ledger: Ledger) -> None:
    with sqlite3.connect(ledger.path) as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    before = ledger.path.read_bytes()
    with pytest.raises(StoreError, match="mine"):
        ledger.entries()
    assert ledger.path.read_bytes() == before
    with sqlite3.connect(ledger.path) as connection:
        connection.execute("DROP TABLE mine")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(TooNewError):
        ledger.entries()
    ledger.path.write_bytes(b"no database at all" * 100)
    with pytest.raises(DamagedFileError, match=LEDGER_FILE):
        ledger.entries()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON written BEGIN DELETE FROM written; END",
        "CREATE VIEW v AS WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x FROM r) SELECT x FROM r",
        "CREATE TABLE other (x)",
        "UPDATE written SET who = '[1]'",
        "UPDATE written SET who = x'00'",
        "UPDATE written SET sha256 = 5.5, kind = x'ff'",
    ],
)
def test_what_somebody_else_put_into_it_is_refused(ledger: Ledger, tmp_path: Path, statement: str) -> None:
    ledger.record(tmp_path / "a.edl", sha256="1", kind="resolve", who=["Thor"])
    with sqlite3.connect(ledger.path) as connection:
        connection.execute(statement)
    connection.close()
    with pytest.raises(DamagedFileError, match=LEDGER_FILE):
        ledger.entries()


def test_a_pipe_in_its_place_is_refused(ledger: Ledger) -> None:
    os.mkfifo(ledger.path)
    with pytest.raises(StoreError):
        ledger.entries()


def test_what_is_put_off_is_kept_until_it_is_done(ledger: Ledger, tmp_path: Path) -> None:
    assert not ledger.has_put_off() and ledger.to_be_cleaned() == ()
    one = PutOff(str(tmp_path / "disk" / "a.html"), "report", "12", "salt", ("34", "56"))
    other = PutOff(one.path, "report", "12", "pepper", ("78",))  # of somebody else
    for each in (one, one, other):
        ledger.put_off(each)
    assert ledger.has_put_off() and set(ledger.to_be_cleaned()) == {one, other}
    ledger.cleaned(one)
    assert ledger.to_be_cleaned() == (other,)
    for path in ledger.project.iterdir():
        assert b'"56"' not in path.read_bytes()
    ledger.cleaned(other)
    assert not ledger.has_put_off()
    ledger.path.write_bytes(b"damaged " * 600)
    assert not ledger.has_put_off(), "a damaged list keeps nobody from training"


def test_a_list_of_version_1_is_upgraded(ledger: Ledger, tmp_path: Path) -> None:
    with sqlite3.connect(ledger.path) as connection:
        connection.executescript(MIGRATIONS[0])
        connection.execute("INSERT INTO written VALUES ('../a.edl', '1', 'resolve', '[\"Thor\"]', '', '')")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    assert ledger.entries() == (Entry(str(tmp_path / "a.edl"), "1", "resolve", ("Thor",)),)
    assert not ledger.has_put_off()
