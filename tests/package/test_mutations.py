"""Files that went wrong, a few for each reader: `make check-all` tries two thousand (benchmarks/mutations)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.mutations import readers, run

COUNT = 40


@pytest.mark.exhaustive
@pytest.mark.skipif(sys.platform == "win32", reason="memory cannot be bounded there")
@pytest.mark.parametrize("name", sorted(readers.readers()))
def test_only_errors_of_ours_come_of_files_that_went_wrong(tmp_path: Path, name: str) -> None:
    reader = readers.readers()[name]
    if not readers.available(reader):
        pytest.skip("its samples cannot be made here")
    # The samples themselves are right: what is refused is refused for what went wrong.
    for number, content in enumerate(reader.samples()):
        path = tmp_path / f"right{number}{reader.suffix}"
        path.write_bytes(content)
        reader.read(path)
    tally = run.try_reader(reader, range(COUNT), 1, tmp_path / "failed")
    assert not tally.failures
    assert sum(tally.results.values()) == COUNT and tally.slowest_s < run.SECONDS


def test_a_case_is_the_same_for_ever() -> None:
    reader = readers.readers()["settings"]
    assert run.case(reader, 1, 7) == run.case(reader, 1, 7) != run.case(reader, 2, 7)


def test_what_fails_hangs_or_crashes_is_told_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that answers no more, as after a segmentation fault, and one that never does."""
    reader = readers.readers()["settings"]
    for program, told in (("import os; os.kill(os.getpid(), 11)", "ended with -11"), ("input()", "took more than")):
        script = f"print('{{}}', flush=True); input(); {program}"
        monkeypatch.setattr(run, "command_of", lambda name, script=script: [sys.executable, "-c", script])
        monkeypatch.setattr(run, "SECONDS", 1.0)
        tally = run.try_reader(reader, range(1), 1, tmp_path)
        monkeypatch.undo()
        assert told in tally.failures[0][1] and (tmp_path / "settings-1-0.toml").is_file()
