"""Whoever forgets somebody reaches what machines have found and nobody has brought home; others' pieces stay."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from personae import Project, piece_rows
from personae.cluster import table_engine
from personae.cluster.elsewhere import Elsewhere
from personae.cluster.piece import Piece
from personae.cluster.table import PieceTable
from personae.cluster.table_engine import TableEngine
from personae.errors import DamagedFileError
from personae.piece_rows import PieceRows
from personae.project.recognizer import CharacterRecognizer
from personae.timeline.part import Part
from tests.cluster import films
from tests.cluster.engine import OWN, looked
from tests.cluster.test_elsewhere import copy_of, timeline_of
from tests.cluster.test_pieces import PLAIN
from tests.drawn_films import drawn_recognizer

FACE = np.random.default_rng(5).normal(size=128).astype(np.float32).tobytes()
"""An embedding, as results hold it."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    drawn_recognizer(folder, ("Thor", "Loki", "Hela"))
    return folder / "project"


@pytest.fixture
def recognizer(trained: Path, tmp_path: Path) -> CharacterRecognizer:
    return copy_of(trained, tmp_path)


@pytest.fixture
def project(recognizer: CharacterRecognizer, tmp_path: Path) -> Project:
    return Project.open(tmp_path / "project", settings=OWN)


@pytest.fixture
def address(tmp_path: Path) -> str:
    (tmp_path / "shared").mkdir()
    return f"sqlite:///{tmp_path / 'shared' / 'pieces.db'}"


def found_by_somebody(table: PieceTable, owner: str, content: bytes, part: Part = PLAIN.part) -> str:
    """A piece that was looked through and is not fetched yet."""
    job = table.ask(replace(PLAIN, part=part), owner)
    claim = table.claim("w")
    assert claim is not None and claim.id == job.id
    assert table.finish(claim, content)
    return job.id


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_the_list_of_databases_is_its_owners_alone(project: Project, address: str) -> None:
    rows = PieceRows(project.folder)
    rows.note(address)
    owner = rows.owner()
    rows.note("postgresql://me:secret@host/name")
    rows.note(address)
    facts = json.loads(rows.path.read_text())
    assert facts["databases"] == [address, "postgresql://me:secret@host/name"]
    assert rows.owner() == facts["owner"] == owner and owner not in str(project.folder)
    if os.name != "nt":
        assert rows.path.stat().st_mode & 0o077 == 0


def test_a_damaged_list_of_databases_is_named(project: Project) -> None:
    rows = PieceRows(project.folder)
    rows.path.write_text('{"owner": 3}')
    with pytest.raises(DamagedFileError, match="the list of databases is damaged"):
        rows.forget()


def test_forgetting_somebody_leaves_no_piece_of_the_project_and_every_piece_of_others(
    project: Project, table: PieceTable, address: str, tmp_path: Path
) -> None:
    rows = PieceRows(project.folder)
    rows.note(address)
    for number in range(20):
        found_by_somebody(table, rows.owner(), FACE * 50, Part(number))
    others = found_by_somebody(table, "somebody else", b"of others")
    waiting = table.ask(replace(PLAIN, part=Part(100)), rows.owner())
    assert FACE in everything(tmp_path / "shared")
    report = project.forget("Hela")
    assert report.complete and report.removed["pieces of films"] == 21
    assert table.content(others) == b"of others" and not table.states([waiting.id])
    assert len(table.jobs.page()[0]) == 1
    assert FACE not in everything(tmp_path / "shared"), "what was deleted is overwritten"
    assert rows.owner().encode() not in everything(tmp_path / "shared")


def test_who_works_on_a_piece_when_somebody_is_forgotten_sends_nothing(
    project: Project, table: PieceTable, address: str
) -> None:
    rows = PieceRows(project.folder)
    rows.note(address)
    table.ask(PLAIN, rows.owner())
    claim = table.claim("w")
    assert claim is not None
    project.forget("Hela")
    assert not table.jobs.beat(claim) and not table.finish(claim, FACE)
    assert table.content(claim.id) is None


def test_a_database_that_is_not_reached_is_said_and_tried_again(project: Project, address: str, tmp_path: Path) -> None:
    rows = PieceRows(project.folder)
    (tmp_path / "shared" / "pieces.db").write_bytes(b"no database at all" * 100)
    rows.note("postgresql://me:secret@127.0.0.1:1/pieces")
    rows.note(address)
    report = project.forget("Hela")
    assert not report.complete
    said = dict(report.unreached)
    assert set(map(str, said)) == {"postgresql://me@127.0.0.1:1/pieces", address}
    assert all("pieces of films wait there" in why for why in said.values())
    assert "secret" not in str(report)
    (tmp_path / "shared" / "pieces.db").unlink()
    table = PieceTable.at(address)
    found_by_somebody(table, rows.owner(), FACE)
    report = project.forget("Loki")
    assert len(report.unreached) == 1 and report.removed["pieces of films"] == 1
    assert FACE not in everything(tmp_path / "shared")
    table.close()


class Machine:
    """Looks through pieces of a table in a thread; `wait`: before the next result is sent."""

    def __init__(self, address: str) -> None:
        self.table = PieceTable.at(address)
        self.claimed, self.may_send = threading.Event(), threading.Event()
        self.stop = threading.Event()
        self.sent: list[bool] = []
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Machine:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.may_send.set()
        self._thread.join()
        self.table.close()

    def _work(self) -> None:
        while not self.stop.is_set():
            claim = self.table.claim("machine")
            if claim is None:
                time.sleep(0.02)
                continue
            content = looked(Piece.of_dict(claim.job.what))
            self.claimed.set()
            self.may_send.wait()
            self.sent.append(self.table.finish(claim, content))


def test_a_scan_under_way_when_somebody_is_forgotten_asks_anew_and_ends_right(
    recognizer: CharacterRecognizer, project: Project, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_engine, "LOOK_EVERY_S", 0.02)
    film = films.film(tmp_path / "a.mp4", 40, rate=25)
    engine = TableEngine.at(address, project.folder)
    recognizer.context.watch = Elsewhere(engine, {}).watch
    with Machine(address) as machine:
        timelines: list[str] = []
        scan = threading.Thread(target=lambda: timelines.append(timeline_of(film, recognizer, tmp_path / "out")))
        scan.start()
        assert machine.claimed.wait(20)
        assert PieceRows(project.folder).forget()[0] == 1
        machine.may_send.set()
        scan.join(30)
    engine.close()
    assert not scan.is_alive() and machine.sent == [False, True]
    assert '"Thor"' in timelines[0]
    with_nothing = PieceTable.at(address)
    assert with_nothing.jobs.page()[0] == []
    with_nothing.close()
    assert address in json.loads((project.folder / "pieces.json").read_text())["databases"], (
        "what was asked for after a forgetting is reached by the next one"
    )


def test_what_is_asked_for_after_a_forgetting_is_reached_by_the_next(
    project: Project, address: str, table: PieceTable
) -> None:
    engine = TableEngine.at(address, project.folder)
    rows = PieceRows(project.folder)
    assert rows.forget() == (0, [])
    engine.submit(PLAIN, lambda _: None)
    assert rows.forget() == (1, [])
    engine.close()


def test_two_projects_that_share_a_database_are_told_apart(tmp_path: Path, address: str, table: PieceTable) -> None:
    owners = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        rows = PieceRows(tmp_path / name)
        rows.note(address)
        owners.append(rows.owner())
        found_by_somebody(table, rows.owner(), name.encode(), Part(len(owners)))
    assert owners[0] != owners[1]
    assert PieceRows(tmp_path / "a").forget() == (1, [])
    assert [job.by for job in table.jobs.page()[0]] == [owners[1]]


def test_what_a_forgetting_could_not_reach_never_comes_home(project: Project, address: str, tmp_path: Path) -> None:
    rows = PieceRows(project.folder)
    rows.note(address)
    table = PieceTable.at(address)
    found_by_somebody(table, rows.owner(), FACE)
    table.close()
    away = tmp_path / "away"
    (tmp_path / "shared").rename(away)
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "pieces.db").write_bytes(b"no database at all" * 100)
    assert not project.forget("Hela").complete and not rows.has_left(), "it was tried just now"
    shutil.rmtree(tmp_path / "shared")
    away.rename(tmp_path / "shared")
    engine = TableEngine.at(address, project.folder)
    assert FACE not in everything(tmp_path / "shared")
    engine.close()


def test_the_next_that_writes_cleans_what_could_not_be_reached(
    project: Project, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(piece_rows, "AGAIN_AFTER_S", 0.0)
    rows = PieceRows(project.folder)
    rows.note(address)
    (tmp_path / "shared" / "pieces.db").write_bytes(b"no database at all" * 100)
    assert not project.forget("Hela").complete and rows.has_left()
    (tmp_path / "shared" / "pieces.db").unlink()
    table = PieceTable.at(address)
    found_by_somebody(table, rows.owner(), FACE)
    table.close()
    project.cast.rename("Loki", "Loki Laufeyson")
    assert FACE not in everything(tmp_path / "shared") and not rows.has_left()
    assert f"Cleaned of somebody who was forgotten, now that it can be reached: {address}" in caplog.text
