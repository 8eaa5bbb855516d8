from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from personae.errors import ProjectBusyError, WriteError
from personae.files import open_whole, project_lock, sha256_of, write_whole


def test_a_file_appears_whole_and_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]
    assert sha256_of(path).startswith("3fc4ccfe")


@pytest.mark.parametrize(
    ("code", "message"), [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only"), (errno.EACCES, "permission")]
)
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_what_was_there_survives_a_failed_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, message: str, call: str
) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")

    def fail(*_: Any) -> None:
        raise OSError(code, os.strerror(code))

    if call == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    else:
        monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(WriteError, match=message):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(sys.platform == "win32", reason="RLIMIT_FSIZE is POSIX")
def test_a_limit_that_the_system_really_sets(tmp_path: Path) -> None:
    script = (
        "import resource, signal, sys; from pathlib import Path; from personae.files import write_whole\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "write_whole(Path(sys.argv[1]), b'x' * 5000)"
    )
    path = tmp_path / "file"
    write_whole(path, b"old")
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=False)
    assert "WriteError" in done.stderr and path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")


@posix
def test_a_link_stays_a_link_and_permissions_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "elsewhere" / "real", tmp_path / "link"
    write_whole(real, b"old")
    real.chmod(0o600)
    link.symlink_to(real)
    write_whole(link, b"new")
    assert link.is_symlink() and real.read_bytes() == b"new" and real.stat().st_mode & 0o777 == 0o600
    (tmp_path / "dangling").symlink_to(tmp_path / "later")
    write_whole(tmp_path / "dangling", b"new")
    assert (tmp_path / "later").read_bytes() == b"new"
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(WriteError):
        write_whole(tmp_path / "loop" / "file", b"x")


@posix
def test_a_private_file_is_private_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch(mode=0o600)
    with open_whole(path) as file:
        file.write(b"secret")
        assert {entry.stat().st_mode & 0o777 for entry in tmp_path.iterdir()} == {0o600}


@posix
def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as reader:
        write_whole(path, b"text")
        assert reader.stdout is not None
        if not path.is_fifo():  # else the reader would wait for ever
            reader.kill()
            pytest.fail("the pipe was replaced")
        assert reader.stdout.read() == b"text"
    assert [entry.name for entry in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
def test_standard_output_may_be_named_as_a_file(tmp_path: Path) -> None:
    # Our own link, not /dev/stdout: run as root, code that replaced that one would break the machine for everybody.
    link = tmp_path / "stdout"
    link.symlink_to("/proc/self/fd/1")
    script = (
        "import sys; from pathlib import Path; from personae.files import write_whole as w; w(Path(sys.argv[1]), b'x')"
    )
    done = subprocess.run([sys.executable, "-c", script, link], capture_output=True, check=True)
    assert done.stdout == b"x" and link.is_symlink()


def test_a_folder_of_that_name_is_said_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="folder of this name"), open_whole(tmp_path):
        pytest.fail("the work was done for nothing")


def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path: Path) -> None:
    path = tmp_path / ("漢" * 83 + ".json")  # 254 of the usual 255 bytes
    write_whole(path, b"x")
    assert path.read_bytes() == b"x"
    with pytest.raises(WriteError, match="too long"):
        write_whole(tmp_path / ("漢" * 300), b"x")


def test_a_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match="part of this path is a file"):
        write_whole(tmp_path / "file" / "inner", b"x")
    with (
        pytest.raises(WriteError, match="part of this path is a file"),
        project_lock(tmp_path / "file" / "inner", 0, "train"),
    ):
        pass


HOLD = (
    "import sys, time; from pathlib import Path; from personae.files import project_lock\n"
    "with project_lock(Path(sys.argv[1]), 0, 'train'):\n    print('held', flush=True)\n    time.sleep(60)"
)


def test_the_second_process_waits_and_is_told_who_and_kill_9_frees_the_lock(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        told: list[str] = []
        started = time.monotonic()
        with (
            pytest.raises(ProjectBusyError, match=rf"process {holder.pid} \(train, since \d\d:\d\d:\d\d\)"),
            project_lock(tmp_path, 0.5, "train", on_wait=told.append),
        ):
            pass
        assert time.monotonic() - started >= 0.5
        assert len(told) == 1 and f"waiting for process {holder.pid}" in told[0]
        holder.kill()
    with project_lock(tmp_path, 0, "train"):
        pass


def test_the_lock_is_free_after_an_error_inside(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), project_lock(tmp_path, 0, "train"):
        raise ZeroDivisionError
    with project_lock(tmp_path, 0, "train"):
        pass
