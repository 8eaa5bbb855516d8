"""A film asked for in a table of pieces: nothing is left there however it ends, though a database may be away."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from personae.cluster import table_engine
from personae.cluster.elsewhere import Elsewhere
from personae.cluster.table import PieceTable
from personae.cluster.table_engine import TableEngine
from personae.errors import FilmError
from personae.progress import Cancelled
from personae.project.recognizer import CharacterRecognizer
from tests.cluster import films
from tests.cluster.away import away_for
from tests.cluster.test_elsewhere import copy_of, timeline_of
from tests.cluster.test_forgotten_pieces import Machine
from tests.drawn_films import drawn_recognizer


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_engine, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(table_engine, "AGAIN_AFTER_S", 0.02)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    drawn_recognizer(folder)
    return folder / "project"


@pytest.fixture
def recognizer(trained: Path, tmp_path: Path) -> CharacterRecognizer:
    return copy_of(trained, tmp_path)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return films.film(tmp_path_factory.mktemp("film") / "a.mp4", 40, rate=25)


def asking(recognizer: CharacterRecognizer, address: str, folder: Path) -> tuple[TableEngine, Elsewhere]:
    engine = TableEngine.at(address, folder / "project")
    elsewhere = Elsewhere(engine, {})
    recognizer.context.watch = elsewhere.watch
    return engine, elsewhere


def test_a_scan_that_is_cancelled_leaves_no_piece_and_ends_the_work(
    film: Path, recognizer: CharacterRecognizer, address: str, table: PieceTable, tmp_path: Path
) -> None:
    engine, elsewhere = asking(recognizer, address, tmp_path)
    ends = threading.Timer(0.5, elsewhere.over.set)
    ends.start()
    with pytest.raises(Cancelled):
        timeline_of(film, recognizer, tmp_path / "out")
    engine.close()
    ends.join()
    assert table.jobs.page()[0] == []


def test_a_film_that_failed_leaves_no_piece_and_is_tried_anew(
    film: Path, recognizer: CharacterRecognizer, address: str, table: PieceTable, tmp_path: Path
) -> None:
    engine, _ = asking(recognizer, address, tmp_path)
    refusing = threading.Thread(target=_fail_next, args=(table,))
    refusing.start()
    with pytest.raises(FilmError, match=r"it is damaged \(on far\)"):
        timeline_of(film, recognizer, tmp_path / "out")
    refusing.join()
    assert table.jobs.page()[0] == []
    with Machine(address) as machine:
        machine.may_send.set()
        assert '"Thor"' in timeline_of(film, recognizer, tmp_path / "out")
    engine.close()
    assert table.jobs.page()[0] == []


def _fail_next(table: PieceTable) -> None:
    while (claim := table.claim("far-1")) is None:
        time.sleep(0.02)
    assert table.fail(claim, "it is damaged", "far")


def test_a_database_that_is_away_at_every_turn_is_waited_for(
    film: Path,
    recognizer: CharacterRecognizer,
    address: str,
    table: PieceTable,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine, _ = asking(recognizer, address, tmp_path)
    left = dict.fromkeys(("ask", "standing", "content", "leave", "working"), 3)
    for name in left:
        monkeypatch.setattr(engine._table, name, away_for(engine._table, name, left))
    monkeypatch.setattr(table_engine, "MACHINES_EVERY_S", 0.0)
    with Machine(address) as machine:

        def let_send() -> None:
            while left["working"]:  # that is asked only while the piece is waited for
                time.sleep(0.05)
            machine.may_send.set()

        threading.Thread(target=let_send, daemon=True).start()
        assert '"Thor"' in timeline_of(film, recognizer, tmp_path / "out")
    engine.close()
    assert not any(left.values()), left
    assert machine.sent == [True] and table.jobs.page()[0] == []
