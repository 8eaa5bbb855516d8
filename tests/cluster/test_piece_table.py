"""The table of pieces: each is asked for once, done by whoever has it now, and gone once it was fetched."""

from __future__ import annotations

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from personae.cluster import table as tables
from personae.cluster.faults import ClusterError
from personae.cluster.piece import Piece
from personae.cluster.table import PieceTable
from personae.timeline.part import Part
from tests.cluster.test_pieces import PLAIN

OTHER = replace(PLAIN, part=Part())
SILENT = -1.0
"""Every worker is silent at once."""


def rows(folder: Path) -> dict[str, int]:
    with sqlite3.connect(folder / "pieces.db") as connection:
        found = {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in ("jobs", "job_lines", "piece_results")
        }
    connection.close()
    return found


def test_a_piece_that_is_asked_for_twice_is_one_job(table: PieceTable) -> None:
    first = table.ask(PLAIN, "me")
    assert table.ask(PLAIN, "me").id == first.id
    assert table.ask(OTHER, "me").id != first.id
    assert table.ask(PLAIN, "you").id != first.id, "what others have asked is theirs to leave"
    assert [job.id for job in table.states([first.id])] == [first.id]
    assert Piece.of_dict(first.what) == PLAIN


def test_a_piece_that_failed_is_tried_anew_when_it_is_asked_for_again(table: PieceTable) -> None:
    table.ask(PLAIN, "me")
    claim = table.claim("w1")
    assert claim is not None and table.fail(claim, "it is damaged", "the first machine")
    (failed,) = table.states([claim.id])
    assert failed.state == "failed"
    assert (failed.error["detail"], failed.error["machine"]) == ("it is damaged", "the first machine")
    again = table.ask(PLAIN, "me")
    assert (again.id, again.state, again.tries) == (claim.id, "waiting", 0)


def test_what_a_superseded_worker_sends_counts_for_nothing(address: str) -> None:
    table = PieceTable.at(address, lease_s=SILENT)
    job = table.ask(PLAIN, "me")
    first, second = table.claim("w1"), table.claim("w2")
    assert first is not None and second is not None
    assert not table.finish(first, b"late")
    assert not table.fail(first, "late", "m")
    assert table.content(job.id) is None
    assert table.finish(second, b"in time")
    assert not table.finish(second, b"twice")
    assert table.content(job.id) == b"in time"
    table.close()


def test_nothing_is_left_of_what_was_fetched(table: PieceTable, tmp_path: Path) -> None:
    ids = [table.ask(piece, "me").id for piece in (PLAIN, OTHER)]
    for _ in ids:
        claim = table.claim("w")
        assert claim is not None and table.finish(claim, b"found")
    table.leave(ids)
    assert rows(tmp_path) == {"jobs": 0, "job_lines": 0, "piece_results": 0}
    assert table.content(ids[0]) is None and table.states(ids) == []


def test_who_works_on_what_was_left_is_told_to_end(table: PieceTable, tmp_path: Path) -> None:
    job = table.ask(PLAIN, "me")
    claim = table.claim("w")
    assert claim is not None and table.jobs.beat(claim) and table.working() == ["w"]
    table.leave([job.id])
    assert not table.jobs.beat(claim)
    assert not table.finish(claim, b"found")
    assert rows(tmp_path) == {"jobs": 0, "job_lines": 0, "piece_results": 0}


def test_more_ids_than_a_database_takes_at_once_can_be_left(table: PieceTable) -> None:
    job = table.ask(PLAIN, "me")
    table.leave([*(str(number) for number in range(40_000)), job.id])
    assert not table.states([job.id])


def test_what_nobody_fetches_goes_after_days_and_nothing_else(
    table: PieceTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.ask(PLAIN, "me")
    claim = table.claim("w")
    assert claim is not None and table.finish(claim, b"found")
    waiting = table.ask(OTHER, "me")
    table.leave_old()
    assert rows(tmp_path)["jobs"] == 2 and table.content(claim.id) == b"found"
    monkeypatch.setattr(tables, "KEPT_S", -1.0)
    table.leave_old()
    assert rows(tmp_path)["jobs"] == 1 and rows(tmp_path)["piece_results"] == 0
    assert [job.id for job in table.states([waiting.id, claim.id])] == [waiting.id]


def test_a_table_of_another_version_is_refused_and_left_as_it_is(
    address: str, table: PieceTable, tmp_path: Path
) -> None:
    table.ask(PLAIN, "me")
    with sqlite3.connect(tmp_path / "pieces.db") as connection:
        connection.execute("UPDATE personae_pieces SET value = '2'")
    connection.close()
    with pytest.raises(ClusterError, match="are of version 2, and this Personae reads version 1"):
        PieceTable.at(address)
    assert rows(tmp_path)["jobs"] == 1


def test_two_that_begin_at_once_make_one_table(address: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: PieceTable.at(address), range(8)))
    assert len({table.ask(PLAIN, "me").id for table in made}) == 1
    for table in made:
        table.close()


def test_no_piece_is_two_workers_at_once(table: PieceTable) -> None:
    for number in range(30):
        table.ask(replace(PLAIN, part=Part(number)), "me")
    with ThreadPoolExecutor(8) as pool:
        claims = [claim for claim in pool.map(lambda number: table.claim(f"w{number}"), range(40)) if claim]
    assert len({claim.id for claim in claims}) == len(claims) == 30


def test_every_time_is_the_databases_own(table: PieceTable, monkeypatch: pytest.MonkeyPatch) -> None:
    for off_s in (3600.0, -3600.0):
        with monkeypatch.context() as patch:
            real = __import__("time").time
            patch.setattr("time.time", lambda off_s=off_s, real=real: real() + off_s)
            job = table.ask(replace(PLAIN, root=f"{off_s}"), "me")
            claim = table.claim("w")
            assert claim is not None and claim.id == job.id
            assert table.claim("another") is None, "its lease has not ended"
            assert 0 < claim.job.lease_until - real() <= table.jobs.lease_s + 5


def test_the_database_of_pieces_is_its_owners_alone(tmp_path: Path, table: PieceTable) -> None:
    table.ask(PLAIN, "me")
    if os.name != "nt":
        assert (tmp_path / "pieces.db").stat().st_mode & 0o077 == 0
