"""A worker: what is its machine's fault ends it and costs no try, what is a piece's fault fails that piece alone."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from personae.cli import cli
from personae.cluster import child as children
from personae.cluster import worker as workers
from personae.cluster.child import Child, ChildEndedError
from personae.cluster.faults import MachineError
from personae.cluster.result import read_result
from personae.cluster.table import PieceTable
from personae.cluster.worker import PieceWorker, check_room
from personae.errors import PersonaeError
from personae.jobs import table as job_tables
from personae.jobs.job import Job
from tests.cluster import films
from tests.cluster.away import away_for
from tests.cluster.test_pieces import PLAIN, piece_of

FAKES = {"PERSONAE_DETECTOR": "fake", "PERSONAE_EMBEDDER": "fake"}
DONE = "open(asked['out'], 'wb').write(b'found'); say({'done': asked['out']})"
KILLED = "import os; os.kill(os.getpid(), 9)"


@pytest.fixture(autouse=True)
def _fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in FAKES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(workers, "LEFT_TO_OTHERS_S", 0.0)


@pytest.fixture
def own_temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this process and its children keep what is temporary."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return films.film(tmp_path_factory.mktemp("film") / "a.mp4", 30, rate=25)


@pytest.fixture
def scripted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Have children do what a few lines say for each piece, `asked`, instead of looking."""

    def use(lines: str) -> None:
        path = tmp_path / "child.py"
        path.write_text(
            "import json, sys, time\n"
            "def say(answer): print(json.dumps(answer), flush=True)\n"
            "for line in sys.stdin:\n    asked = json.loads(line)\n    name = asked['piece']['paths'][0]\n"
            + "".join(f"    {line}\n" for line in lines.splitlines())
        )
        monkeypatch.setattr(children, "COMMAND", (sys.executable, "-S", str(path)))

    return use


def asked(table: PieceTable, *names: str, owner: str = "me") -> list[Job]:
    return [table.ask(replace(PLAIN, root="", paths=(name,)), owner) for name in names]


def work(table: PieceTable, **options: Any) -> list[str]:
    """Until there is nothing to do; what was said."""
    said: list[str] = []
    PieceWorker(table, {}, {}, name="here", say=said.append, **options).run(until_idle=True)
    return said


def state(table: PieceTable, job: Job) -> Job:
    return table.states([job.id])[0]


def lines(table: PieceTable, job: Job) -> list[str]:
    return [line.text for line in table.jobs.history(job.id)]


@dataclass(frozen=True)
class Run:
    exit_code: int
    output: str


def run(address: str, *words: str) -> Run:
    """`personae worker`, with the exit status that `main` would give."""
    line = ["worker", "--database", address, "--name", "here", "--until-idle", *words]
    done = CliRunner().invoke(cli, line, standalone_mode=False)
    status = done.return_value or 0
    if done.exception is not None:
        assert isinstance(done.exception, click.ClickException | PersonaeError), repr(done.exception)
        status = 2
    return Run(status, f"{done.output}{done.exception or ''}")


def full(*_: object, **__: object) -> str:
    raise OSError(28, "No space left on device")


def waits_untried(table: PieceTable, job: Job) -> bool:
    now = state(table, job)
    return (now.state, now.tries) == ("waiting", 0)


def test_a_worker_looks_through_what_is_asked_and_leaves_no_files(
    film: Path, address: str, table: PieceTable, own_temporary: Path
) -> None:
    piece = piece_of(film)
    job = table.ask(piece, "me")
    result = run(address)
    assert result.exit_code == 0, result.output
    assert "a.mp4 is done." in result.output and "Stopped." in result.output
    content = table.content(job.id)
    assert content is not None and read_result(content, piece).machine == "here"
    assert not any(own_temporary.iterdir())


def test_another_version_ends_the_worker_with_a_sentence_and_no_try(
    film: Path, address: str, table: PieceTable
) -> None:
    job = table.ask(replace(piece_of(film), version="0.0.1"), "me")
    result = run(address)
    assert result.exit_code == 1
    assert "and the one that asks has 0.0.1" in result.output and "Install the same version." in result.output
    assert waits_untried(table, job)
    assert any("(on here)" in line for line in lines(table, job))


def test_another_embedder_ends_the_worker_with_a_sentence_and_no_try(
    film: Path, address: str, table: PieceTable
) -> None:
    piece = piece_of(film)
    job = table.ask(replace(piece, fingerprint={**piece.fingerprint, "embedder": "another"}), "me")
    result = run(address)
    assert result.exit_code == 1
    assert "This machine has another embedder" in result.output and "than is asked for (another)" in result.output
    assert waits_untried(table, job)


def test_networks_that_are_not_here_end_the_worker_with_a_sentence_and_no_try(
    film: Path, address: str, table: PieceTable
) -> None:
    piece = piece_of(film)
    job = table.ask(replace(piece, settings={**piece.settings, "embedder": "unheard-of"}), "me")
    result = run(address)
    assert result.exit_code == 1 and "unheard-of" in result.output
    assert waits_untried(table, job)


def test_an_unknown_root_ends_the_worker_with_a_sentence_and_no_try(
    film: Path, address: str, table: PieceTable, tmp_path: Path
) -> None:
    job = table.ask(replace(piece_of(film), root="archive", paths=("a.mp4",)), "me")
    result = run(address, "--roots", f"other={tmp_path}")
    assert result.exit_code == 1 and "--roots archive=FOLDER" in result.output
    assert waits_untried(table, job)


def test_a_root_in_which_nothing_is_mounted_ends_the_worker_and_fails_no_film(
    film: Path, address: str, table: PieceTable, tmp_path: Path
) -> None:
    (tmp_path / "mount").mkdir()
    job = table.ask(replace(piece_of(film), root="archive", paths=("a.mp4",)), "me")
    result = run(address, "--roots", f"archive={tmp_path / 'mount'}")
    assert result.exit_code == 1 and "is empty" in result.output
    assert waits_untried(table, job)


def test_a_root_that_is_no_folder_is_refused_before_any_piece_is_taken(address: str, tmp_path: Path) -> None:
    result = run(address, "--roots", f"archive={tmp_path / 'missing'}")
    assert result.exit_code == 2 and "is no folder of this machine (archive)" in result.output


def test_a_film_that_is_not_here_is_one_try_and_fails_after_three_with_reason_and_machine(
    film: Path, table: PieceTable, tmp_path: Path
) -> None:
    piece = piece_of(film)
    missing = table.ask(replace(piece, paths=((tmp_path / "gone.mp4").as_posix(),)), "me")
    there = table.ask(piece, "me")
    work(table)
    assert (state(table, missing).state, state(table, missing).tries) == ("failed", 3)
    detail = state(table, missing).error["detail"]
    assert "is not there on this machine" in detail and "(on here)" in detail
    assert state(table, there).state == "done"


def test_another_film_of_that_name_is_not_looked_through(film: Path, table: PieceTable, tmp_path: Path) -> None:
    piece = piece_of(film)
    other = films.film(tmp_path / "a.mp4", 20, rate=25)
    job = table.ask(replace(piece, paths=(other.as_posix(),)), "me")
    work(table)
    assert state(table, job).state == "failed" and "is another film here" in state(table, job).error["detail"]


def test_a_file_that_is_no_film_on_one_machine_is_left_to_others(table: PieceTable, tmp_path: Path) -> None:
    """Who asks could open it, so it is another file here."""
    (tmp_path / "text.mp4").write_text("no film")
    (job,) = asked(table, (tmp_path / "text.mp4").as_posix())
    work(table)
    now = state(table, job)
    assert (now.state, now.tries) == ("failed", 3)
    assert "it was tried 3 times" in now.error["detail"] and "cannot be opened on this machine" in now.error["detail"]
    assert now.error["detail"].endswith("(on here).")


def test_what_one_worker_cannot_do_is_left_to_others_for_a_while(
    table: PieceTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "LEFT_TO_OTHERS_S", 0.01)
    monkeypatch.setattr(workers, "LEFT_MORE", (1, 10**6))
    (job,) = asked(table, (tmp_path / "missing.mp4").as_posix())
    one = PieceWorker(table, {}, {}, name="one")
    one.run(until_idle=True)
    assert state(table, job).tries <= 2, "two tries at most, and then for a long time none"
    time.sleep(0.05)
    one.run(until_idle=True)
    assert state(table, job).tries == 2


def test_what_is_no_piece_fails_alone(table: PieceTable, scripted: Callable[[str], None]) -> None:
    scripted(DONE)
    wrong = table.jobs.add("look", {"schema": "nonsense"}, by="me")
    empty = table.jobs.add("look", {**PLAIN.as_dict(), "paths": []}, by="me")
    (right,) = asked(table, "a.mp4")
    work(table)
    assert [state(table, job).state for job in (wrong, empty, right)] == ["failed", "failed", "done"]
    assert "the piece cannot be read" in state(table, wrong).error["detail"]


def test_a_piece_that_kills_its_process_three_times_fails_alone(
    table: PieceTable, scripted: Callable[[str], None], own_temporary: Path
) -> None:
    scripted(f"if name == 'poison.mp4':\n    {KILLED}\n{DONE}")
    first, poison, last = asked(table, "first.mp4", "poison.mp4", "last.mp4")
    said = work(table)
    assert [state(table, job).state for job in (first, poison, last)] == ["done", "failed", "done"]
    now = state(table, poison)
    assert now.tries == 3
    assert "it was tried 3 times" in now.error["detail"] and "(killed by signal 9) (on here)" in now.error["detail"]
    assert sum("killed by signal 9" in line for line in said) == 3
    assert not any(own_temporary.iterdir())


def test_a_decoder_that_ends_the_process_is_a_try(table: PieceTable, scripted: Callable[[str], None]) -> None:
    scripted("sys.exit(3)")
    (job,) = asked(table, "a.mp4")
    work(table)
    assert "exit code 3" in state(table, job).error["detail"]


def test_a_full_disk_ends_the_worker_with_a_sentence_and_nothing_is_lost(
    film: Path, address: str, table: PieceTable
) -> None:
    job = table.ask(piece_of(film), "me")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = children.COMMAND
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2000, {hard})); "
    with pytest.MonkeyPatch.context() as patch:
        started = f"{limited}from personae.cluster.child import main; main()"
        patch.setattr(children, "COMMAND", (sys.executable, "-c", started))
        result = run(address)
    assert before == children.COMMAND and resource.getrlimit(resource.RLIMIT_FSIZE)[0] == soft
    assert result.exit_code == 1, result.output
    assert "What was found cannot be written" in result.output
    assert waits_untried(table, job)


def test_a_temporary_folder_without_room_ends_the_worker_with_a_sentence(
    table: PieceTable, scripted: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(DONE)
    (job,) = asked(table, "a.mp4")
    monkeypatch.setattr(tempfile, "mkdtemp", full)
    with pytest.raises(MachineError, match=r"cannot be kept on this machine \(No space left on device\)"):
        work(table)
    assert waits_untried(table, job)


def test_a_worker_that_is_stopped_puts_its_piece_back_untried(
    table: PieceTable, scripted: Callable[[str], None]
) -> None:
    scripted("time.sleep(60)")
    (job,) = asked(table, "a.mp4")
    worker = PieceWorker(table, {}, {}, name="here", say=lambda _: None)
    thread = threading.Thread(target=worker.run)
    thread.start()
    _until(lambda: worker.child.pid is not None)
    worker.stop.set()
    thread.join(10)
    assert not thread.is_alive() and worker.child.pid is None
    assert waits_untried(table, job)


def test_a_piece_that_nobody_wants_any_more_is_not_looked_through_to_its_end(
    tmp_path: Path, scripted: Callable[[str], None]
) -> None:
    table = PieceTable.at(f"sqlite:///{tmp_path / 'own.db'}", lease_s=2.0)
    scripted(f"if name == 'a.mp4': time.sleep(60)\n{DONE}")
    left, wanted = asked(table, "a.mp4", "b.mp4")
    said: list[str] = []
    worker = PieceWorker(table, {}, {}, name="here", say=said.append)
    thread = threading.Thread(target=worker.run, kwargs={"until_idle": True})
    thread.start()
    _until(lambda: state(table, left).state == "running" and worker.child.pid is not None)
    table.leave([left.id])
    thread.join(20)
    assert not thread.is_alive() and "a.mp4 is not wanted any more." in said
    assert state(table, wanted).state == "done"
    table.close()


def test_a_worker_says_that_it_lives_while_its_child_looks(tmp_path: Path, scripted: Callable[[str], None]) -> None:
    table = PieceTable.at(f"sqlite:///{tmp_path / 'own.db'}", lease_s=1.0)
    scripted(f"for done in range(6):\n    time.sleep(0.5); say({{'progress': {{'done': done}}}})\n{DONE}")
    (job,) = asked(table, "a.mp4")
    thread = threading.Thread(target=work, args=(table,))
    thread.start()
    seen = set()
    while thread.is_alive():
        time.sleep(0.1)
        assert table.claim("another") is None, "the lease must not end"
        seen.add(json.dumps(state(table, job).progress))
    assert state(table, job).state == "done" and state(table, job).tries == 1
    assert len(seen) > 3, "how far it is was told on the way"
    table.close()


def test_a_database_that_is_away_is_asked_again_and_nothing_is_lost(
    table: PieceTable, scripted: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(f"if name == 'no.mp4': say({{'fault': 'it is damaged', 'of': 'piece'}}); continue\n{DONE}")
    wrong, right = asked(table, "no.mp4", "a.mp4")
    away = dict.fromkeys(("claim", "finish", "fail"), 2)
    monkeypatch.setattr(workers, "SEND_AGAIN_AFTER_S", 0.01)
    monkeypatch.setattr(workers, "AWAY_S", (0.01,))
    for name in away:
        monkeypatch.setattr(table, name, away_for(table, name, away))
    said = work(table)
    assert not any(away.values())
    assert [state(table, job).state for job in (wrong, right)] == ["failed", "done"]
    assert sum("is asked again" in line or "is sent again" in line for line in said) >= 4


def test_a_database_that_is_away_when_a_piece_is_put_back_does_not_end_the_worker(
    table: PieceTable, scripted: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(f"if name == 'poison.mp4':\n    {KILLED}\n{DONE}")
    poison, right = asked(table, "poison.mp4", "a.mp4")
    real, left = table.jobs.release, {"release": 2}
    monkeypatch.setattr(workers, "AWAY_S", (0.01,))
    monkeypatch.setattr(workers, "SEND_AGAIN_AFTER_S", 0.01)
    monkeypatch.setattr(table.jobs, "release", real)
    monkeypatch.setattr(table.jobs, "release", away_for(table.jobs, "release", left))  # type: ignore[arg-type]
    work(table)
    assert [state(table, job).state for job in (poison, right)] == ["failed", "done"]


def test_a_second_worker_takes_over_what_a_silent_one_had(tmp_path: Path, scripted: Callable[[str], None]) -> None:
    scripted(DONE)
    table = PieceTable.at(f"sqlite:///{tmp_path / 'own.db'}", lease_s=0.3)
    (job,) = asked(table, "a.mp4")
    silent = table.claim("killed-1")
    assert silent is not None
    time.sleep(0.4)
    work(table)
    assert state(table, job).state == "done" and table.content(job.id) == b"found"
    assert not table.finish(silent, b"late") and table.content(job.id) == b"found"
    table.close()


def test_a_child_answers_through_what_libraries_print(tmp_path: Path, scripted: Callable[[str], None]) -> None:
    scripted(f"print('a warning of a library'); print('{{half')\n{DONE}")
    child = Child({}, "here", {})
    try:
        assert child.look_at(PLAIN, tmp_path / "out", lambda _: None, lambda: False)
        pid = child.pid
        assert child.look_at(PLAIN, tmp_path / "out", lambda _: None, lambda: False)
        assert child.pid == pid, "networks are kept for the next piece"
    finally:
        child.end()


def test_a_child_that_ended_between_two_pieces_is_started_again(
    tmp_path: Path, scripted: Callable[[str], None]
) -> None:
    scripted(f"{DONE}\nsys.exit(0)")
    child = Child({}, "here", {})
    try:
        for _ in range(3):
            try:
                assert child.look_at(PLAIN, tmp_path / "out", lambda _: None, lambda: False)
            except ChildEndedError:
                pytest.fail("what was over already must not count as a try")
            _until(lambda: child.pid is None)
    finally:
        child.end()


def test_a_child_is_gone_when_it_was_ended(tmp_path: Path, scripted: Callable[[str], None]) -> None:
    scripted("time.sleep(60)")
    child = Child({}, "here", {})
    began = time.monotonic()
    assert not child.look_at(PLAIN, tmp_path / "out", lambda _: None, lambda: time.monotonic() - began > 0.5)
    assert child.pid is None and time.monotonic() - began < 10


def test_a_worker_without_room_says_so_before_it_takes_a_piece(
    address: str, table: PieceTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = asked(table, "a.mp4")
    monkeypatch.setattr(tempfile, "mkdtemp", full)
    result = run(address)
    assert result.exit_code == 1 and "cannot be kept on this machine (No space left on device)" in result.output
    assert len(lines(table, job)) == 1


def _until(holds: Callable[[], bool], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_job_tries_are_those_that_the_engine_counts_too() -> None:
    from personae.cluster.engine import MOST_TRIES

    assert MOST_TRIES == job_tables.MOST_TRIES == 3


def test_a_child_whose_worker_was_killed_leaves_nothing_of_what_it_found(film: Path, tmp_path: Path) -> None:
    """A parent in between starts the child, hands it a piece, has the answer and is killed."""
    out = tmp_path / "piece" / "result"
    out.parent.mkdir()
    asked_for = json.dumps({"piece": piece_of(film).as_dict(), "out": str(out)})
    lines_of_parent = (
        "import json, os, subprocess, sys, time\n"
        "from personae.cluster.child import COMMAND\n"
        "own = json.dumps({'roots': {}, 'machine': 'here', 'own': {}, 'parent': os.getpid()})\n"
        "one = subprocess.Popen([*COMMAND, own], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)\n"
        f"one.stdin.write({asked_for!r} + '\\n'); one.stdin.flush()\n"
        "while 'done' not in (answer := json.loads(one.stdout.readline())): assert 'fault' not in answer\n"
        "assert os.path.getsize(answer['done'])\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", lines_of_parent], check=False, stderr=subprocess.DEVNULL)
    assert done.returncode == -9
    _until(lambda: not out.parent.exists())


def test_a_worker_that_starts_deletes_what_a_killed_one_left_and_nothing_else(own_temporary: Path) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    )
    left, running = (own_temporary / f"personae-piece-{pid}-x" for pid in (killed.stdout.strip(), os.getpid()))
    for folder in (left, running):
        folder.mkdir()
    check_room()
    assert not left.exists() and running.is_dir()


def test_a_worker_itself_loads_nothing_that_looks() -> None:
    code = (
        "import sys, personae.cluster.worker\n"
        "print({'numpy', 'av', 'onnxruntime', 'PIL', 'scipy'} & {name.split('.')[0] for name in sys.modules})"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
