from __future__ import annotations

import errno
import json
import os
import pickle
import struct
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from personae import archive
from personae.errors import DamagedFileError, ForeignFileError, ModelNotFoundError, StoreError, TooNewError

SCHEMA = "personae/model/1"
ARRAYS: dict[str, NDArray[Any]] = {
    "b": np.arange(6, dtype=np.int64).reshape(2, 3),
    "a": np.array([0.5, -1], np.float32),
}
FACTS = {"name": "Þór ⚡", "list": [1, None, 0.25]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    archive.write(tmp_path / "x.personae", ARRAYS, FACTS, schema=SCHEMA)
    return tmp_path / "x.personae"


def test_what_is_written_is_read_and_cannot_be_changed_by_accident(path: Path) -> None:
    arrays, facts = archive.read(path, schema=SCHEMA)
    assert facts == FACTS and set(arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype
        with pytest.raises(ValueError, match="read-only"):
            arrays[name][0] = 1


def test_equal_content_gives_equal_bytes(path: Path, tmp_path: Path) -> None:
    archive.write(tmp_path / "y", dict(reversed(ARRAYS.items())), dict(reversed(FACTS.items())), schema=SCHEMA)
    assert (tmp_path / "y").read_bytes() == path.read_bytes()


def test_every_changed_byte_is_noticed(path: Path) -> None:
    good = path.read_bytes()
    for at in range(len(good)):
        bad = bytearray(good)
        bad[at] ^= 0x55
        path.write_bytes(bad)
        with pytest.raises(StoreError):
            archive.read(path, schema=SCHEMA)


def test_every_truncation_is_noticed(path: Path) -> None:
    good = path.read_bytes()
    for length in range(len(good)):
        path.write_bytes(good[:length])
        with pytest.raises(StoreError):
            archive.read(path, schema=SCHEMA)


def test_foreign_files_are_left_alone(tmp_path: Path) -> None:
    from safetensors.numpy import save

    foreign = {
        "pickle": pickle.dumps({"a": 1}),
        "jpeg": b"\xff\xd8\xff\xe0" + bytes(100),
        "safetensors": save({"a": np.ones(2)}, metadata={"format": "pt"}),
        "text": b"hello",
        "empty": b"",
        "json": b'{"name": "personae", "made by": "somebody else"}',
    }
    for name, content in foreign.items():
        file = tmp_path / name
        file.write_bytes(content)
        with pytest.raises(ForeignFileError, match="left alone"):
            archive.read(file, schema=SCHEMA)
        with pytest.raises(ForeignFileError):
            archive.write(file, ARRAYS, FACTS, schema=SCHEMA)
        assert file.read_bytes() == content
    archive.write(tmp_path / "text", ARRAYS, FACTS, schema=SCHEMA, force=True)
    assert archive.read(tmp_path / "text", schema=SCHEMA)[1] == FACTS


def with_header(path: Path, header: bytes, content: bytes = b"") -> Path:
    path.write_bytes(struct.pack("<Q", len(header)) + header + content)
    return path


def described(schema: str, facts: str = "{}") -> dict[str, Any]:
    return {"__metadata__": {"personae": json.dumps({"schema": schema, "facts": facts, "sha256": "0"})}}


@pytest.mark.parametrize(
    "header",
    [
        b'{"personae":' + b"[" * 200_000,
        json.dumps({"__metadata__": {"personae": "[" * 200_000}}).encode(),
        json.dumps(described(SCHEMA, "[" * 200_000)).encode(),
        json.dumps(described(SCHEMA, "[]")).encode(),
        json.dumps(described("personae/model/²")).encode(),
        json.dumps(described("personae/model/" + "9" * 5000)).encode(),
        json.dumps(described(SCHEMA) | {"a": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}).encode(),
        json.dumps(described(SCHEMA) | {"a": {"dtype": "F64", "shape": [1], "data_offsets": [0, 800]}}).encode(),
    ],
)
def test_what_is_made_to_break_us_is_refused(tmp_path: Path, header: bytes) -> None:
    with pytest.raises(StoreError):
        archive.read(with_header(tmp_path / "bad", header, b"ab"), schema=SCHEMA)


def test_a_file_of_ours_that_was_cut_off_is_damaged_not_foreign(path: Path) -> None:
    good = path.read_bytes()
    for length in (40, len(good) // 2, len(good) - 1):
        path.write_bytes(good[:length])
        with pytest.raises(DamagedFileError, match="Train again"):
            archive.read(path, schema=SCHEMA)
        archive.write(path, ARRAYS, FACTS, schema=SCHEMA)
        assert path.read_bytes() == good


def test_what_cannot_be_read_is_not_replaced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def refuse(*_: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        for attempt in (archive.read, partial(archive.write, arrays=ARRAYS, facts={})):
            with pytest.raises(StoreError, match=r"cannot be read \(Permission denied\)"):
                attempt(path, schema=SCHEMA)
    assert path.read_bytes() == before
    folder = path.with_name("folder")
    folder.mkdir()
    with pytest.raises(StoreError):
        archive.write(folder, ARRAYS, FACTS, schema=SCHEMA)


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be replaced there")
def test_a_file_that_is_replaced_while_it_is_read_is_one_or_the_other(path: Path) -> None:
    stop = threading.Event()

    def replace() -> None:
        version = 0
        while not stop.is_set():
            version += 1
            archive.write(path, {"a": np.full(5000, version)}, {"version": version}, schema=SCHEMA)

    archive.write(path, {"a": np.zeros(5000, np.int64)}, {"version": 0}, schema=SCHEMA)
    writer = threading.Thread(target=replace)
    writer.start()
    try:
        for _ in range(200):
            arrays, facts = archive.read(path, schema=SCHEMA)
            assert (arrays["a"] == facts["version"]).all()
    finally:
        stop.set()
        writer.join()


def test_a_newer_file_is_refused_and_not_replaced(path: Path) -> None:
    archive.write(path, ARRAYS, FACTS, schema="personae/model/1")
    newer = path.with_name("newer")
    archive.write(newer, ARRAYS, FACTS, schema="personae/model/2")
    before = newer.read_bytes()
    with pytest.raises(TooNewError, match="Update"):
        archive.read(newer, schema=SCHEMA)
    with pytest.raises(TooNewError):
        archive.write(newer, ARRAYS, FACTS, schema=SCHEMA)
    assert newer.read_bytes() == before
    with pytest.raises(ForeignFileError, match="not a personae/tracks/1"):
        archive.read(path, schema="personae/tracks/1")


def test_a_damaged_file_of_ours_may_be_rebuilt(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match="Train again"):
        archive.read(path, schema=SCHEMA)
    archive.write(path, ARRAYS, FACTS, schema=SCHEMA)
    assert archive.read(path, schema=SCHEMA)[1] == FACTS


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="personae train"):
        archive.read(tmp_path / "none", schema=SCHEMA)
    (tmp_path / "file").touch()
    with pytest.raises(ModelNotFoundError):
        archive.read(tmp_path / "file" / "inner", schema=SCHEMA)


def test_other_dtypes_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="complex128"):
        archive.write(tmp_path / "x", {"a": np.ones(2, complex)}, {}, schema=SCHEMA)
