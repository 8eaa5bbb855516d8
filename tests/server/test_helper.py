"""The helper process: one stable error for what cannot be answered, a new process for the next, no endless wait."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from personae.faces.fake import draw_picture
from personae.server import helper as module
from personae.server.helper import Helper
from personae.server.problems import ProblemError

HOSTILE = """
import personae.server.answers as answers, personae.server.helper as helper, time, os, sys

def asked(project, path, name, far=None):
    if name == "sleep":
        time.sleep(600)
    if name == "memory":
        bytearray(64 * 2**30)
    if name == "memory for good":
        kept = []
        while True:
            kept.append(bytearray(64 * 2**20))
    if name == "end":
        os._exit(3)
    if name == "print":
        print("not an answer"); sys.stdout.flush(); os.write(1, b"not an answer")
    if name == "fault":
        raise RuntimeError(path)
    while name == "held" and not os.path.exists(far):
        time.sleep(0.01)
    return {"pid": os.getpid()}

answers.ANSWERS["hostile"] = asked
"""
"""For the helper's process: what a picture might make it do."""


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Helper]:
    """A helper whose answers are those of HOSTILE."""
    (tmp_path / "run.py").write_text(HOSTILE + "\nhelper.main()\n")
    monkeypatch.setattr(module, "COMMAND", (str(tmp_path / "run.py"),))
    helper = Helper(tmp_path / "project")
    yield helper
    helper.close()


def test_a_running_helper_heeds_what_is_written_into_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DETECTOR", "EMBEDDER"):
        monkeypatch.setenv(f"PERSONAE_{name}", "fake")
    (tmp_path / "project").mkdir()
    Image.fromarray(draw_picture([("Thor", 96)], take=0).pixels).save(tmp_path / "a.png")
    helper = Helper(tmp_path / "project")
    try:
        asked = {"path": str(tmp_path / "a.png"), "name": "a", "far": None}
        assert len(helper.ask("identify", **asked)["pictures"][0]["faces"]) == 1
        pid = helper.pid
        (tmp_path / "project" / "settings.toml").write_text("max_picture_mpx = 0.01\n")
        assert "megapixel" in helper.ask("identify", **asked)["pictures"][0]["error"]
        assert helper.pid == pid, "the same process"
    finally:
        helper.close()


def ask(helper: Helper, name: str, *, by: str | None = None, far: Path | None = None) -> Any:
    return helper.ask("hostile", by=by, path="/secret/place", name=name, far=None if far is None else str(far))


class Asking:
    """Questions from many threads: those that are let in are answered when `release` is called."""

    def __init__(self, helper: Helper, folder: Path) -> None:
        self.outcomes: list[str] = []
        self._helper = helper
        self._released = folder / "released"
        self._threads: list[threading.Thread] = []

    def begin(self, count: int, by: str | None = None) -> None:
        """Ask so often, all at once; what waits or was refused is counted when it returns."""
        known = self._helper.waiting + len(self.outcomes)
        threads = [threading.Thread(target=self._one, args=(by,)) for _ in range(count)]
        self._threads += threads
        for thread in threads:
            thread.start()
        while self._helper.waiting + len(self.outcomes) < known + count:
            time.sleep(0.01)

    def release(self) -> list[str]:
        """What all heard, in order of their names."""
        self._released.touch()
        for thread in self._threads:
            thread.join()
        return sorted(self.outcomes)

    def _one(self, by: str | None) -> None:
        try:
            ask(self._helper, "held", by=by, far=self._released)
            self.outcomes.append(f"{by} answered")
        except ProblemError as error:
            self.outcomes.append(f"{by} {error.status} {error.code}: {error.detail}")


@pytest.mark.parametrize("name", ["sleep", "memory", "memory for good", "end", "fault"])
def test_what_cannot_be_answered_is_one_stable_error_and_the_next_is_answered(hostile: Helper, name: str) -> None:
    ask(hostile, "x")
    whole, hostile._time_limit_s = hostile._time_limit_s, 3.0
    began = time.monotonic()
    with pytest.raises(ProblemError) as refused:
        ask(hostile, name)
    assert (refused.value.status, refused.value.code) == (422, "not-answered")
    assert "/secret" not in refused.value.detail
    assert time.monotonic() - began < 25
    hostile._time_limit_s = whole  # a new process takes its time to start
    assert ask(hostile, "x")["pid"] == hostile.pid


def test_what_a_library_prints_is_no_answer(hostile: Helper) -> None:
    assert ask(hostile, "print")["pid"] == hostile.pid


def test_a_helper_that_was_killed_between_two_questions_is_replaced_unseen(hostile: Helper) -> None:
    first = ask(hostile, "x")["pid"]
    os.kill(first, signal.SIGKILL)
    assert ask(hostile, "x")["pid"] not in {first, None}
    assert hostile.starts == 2


def test_who_comes_when_many_wait_is_told_to_come_back(
    hostile: Helper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    ask(hostile, "x")
    asking = Asking(hostile, tmp_path)
    asking.begin(6)
    refused = "None 503 busy: Too many ask at once. Ask again in some seconds."
    assert asking.release() == [refused] * 3 + ["None answered"] * 3
    assert hostile.waiting == 0


def test_one_key_leaves_places_for_others(hostile: Helper, tmp_path: Path) -> None:
    ask(hostile, "x")
    asking = Asking(hostile, tmp_path)
    asking.begin(12, by="anna")
    asking.begin(1, by="ben")
    refused = "anna 503 busy: This key asks too much at once. Ask again in some seconds."
    assert asking.release() == [refused] * 4 + ["anna answered"] * 8 + ["ben answered"]
    assert ask(hostile, "x", by="anna")["pid"] == hostile.pid


def test_its_end_does_not_wait_for_an_answer(hostile: Helper) -> None:
    ask(hostile, "x")
    refused: list[ProblemError] = []

    def one() -> None:
        try:
            ask(hostile, "sleep")
        except ProblemError as error:
            refused.append(error)

    thread = threading.Thread(target=one)
    thread.start()
    while not hostile.waiting:
        time.sleep(0.01)
    time.sleep(0.1)
    began = time.monotonic()
    hostile.close()
    thread.join()
    assert time.monotonic() - began < 1
    assert [one.code for one in refused] == ["ending"] and hostile.pid is None


def test_it_ends_with_who_started_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DETECTOR", "EMBEDDER"):
        monkeypatch.setenv(f"PERSONAE_{name}", "fake")
    Image.fromarray(draw_picture([("Thor", 96)], take=0).pixels).save(tmp_path / "a.png")
    helper = Helper(tmp_path / "project")
    found = helper.ask("identify", path=str(tmp_path / "a.png"), name="a", far=None)
    assert len(found["pictures"][0]["faces"]) == 1
    process = helper._process
    assert process is not None and process.stdin is not None
    process.stdin.close()
    assert process.wait(10) == 0
    helper.close()
