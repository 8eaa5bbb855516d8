"""Small archives of arrays and JSON facts: the safetensors format, a schema name, a checksum. No pickle.

Reading is: read, check everything, then construct. What is read is plain data; nothing in the file can run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from personae.checks import parsed, require, text
from personae.errors import DamagedFileError, ForeignFileError, ModelNotFoundError, StoreError, TooNewError
from personae.files import open_input, write_whole
from personae.hints import command

_DTYPES = ("float32", "float64", "int64", "int32", "uint8", "bool")
_SHORT_NAMES = dict(zip(("F32", "F64", "I64", "I32", "U8", "BOOL"), _DTYPES, strict=True))
_MARK = "personae"
_BEGINNING = b'{"__metadata__":{"personae":'
_LONGEST_HEADER = 100_000_000
_KINDS = {"f": "numbers", "i": "whole numbers", "u": "bytes"}


def write(
    path: Path,
    arrays: Mapping[str, NDArray[Any]],
    facts: Mapping[str, Any],
    *,
    schema: str,
    force: bool = False,
    durable: bool = True,
) -> None:
    """Write `arrays` and JSON-able `facts` whole, for the owner alone; equal content gives equal bytes.

    A file at `path` that is not ours, is newer than we can read, or cannot be read at all, is not replaced unless
    `force`: ForeignFileError, TooNewError, StoreError. `durable`: see `open_whole`. Raises WriteError.
    """
    from safetensors.numpy import save

    if not force:
        # Nothing there, or ours but broken: replacing it is the mend.
        with contextlib.suppress(ModelNotFoundError, DamagedFileError), _opened(path) as file:
            _header(path, file, schema)
    plain = {name: np.ascontiguousarray(array) for name, array in sorted(arrays.items())}
    for name, array in plain.items():
        if str(array.dtype) not in _DTYPES:
            raise TypeError(f"{name} has dtype {array.dtype}, expected one of {', '.join(_DTYPES)}")
    text = json.dumps(facts, ensure_ascii=False, sort_keys=True, allow_nan=False)
    # One entry only: safetensors writes several in any order, and equal content shall give equal bytes.
    header = {"schema": schema, "facts": text, "sha256": _checksum(plain, text, schema)}
    write_whole(path, save(plain, metadata={_MARK: json.dumps(header)}), durable=durable, private=True)


def read(path: Path, *, schema: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The arrays (read-only) and facts of an archive with that schema.

    Raises ModelNotFoundError where there is no file, ForeignFileError for a file that is not ours, TooNewError for a
    newer major version, DamagedFileError for anything else that is wrong with it.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    with _opened(path) as file:  # opened once: it may be replaced at any moment
        metadata = _header(path, file, schema)
        file.seek(0)
        content = file.read()
    try:
        arrays = load(content)
        facts = parsed(text(metadata["facts"], "facts"))
        found = _checksum(arrays, metadata["facts"], text(metadata["schema"], "schema"))
        matches = metadata["sha256"] == found
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise _damaged(path, str(error)) from error
    if any(str(each.dtype) not in _DTYPES for each in arrays.values()) or not isinstance(facts, dict):
        raise _damaged(path, "unexpected content")
    if not matches:
        raise _damaged(path, "its checksum does not match")
    for array in arrays.values():
        array.flags.writeable = False
    return arrays, facts


def read_but(path: Path, left: str, *, schema: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any], tuple[int, int]]:
    """`read` without the array `left` (bytes), for who wants little of a large file: the third value is where it lies.

    From and to, in bytes of the file. The checksum is over everything, and is not looked at. Raises as `read`.
    """
    with _opened(path) as file:
        metadata = _header(path, file, schema)
        file.seek(0)
        (length,) = struct.unpack("<Q", file.read(8))
        arrays, where = {}, (0, 0)
        try:
            for name, row in json.loads(file.read(length)).items():
                if name == "__metadata__":
                    continue
                start, end = (8 + length + int(at) for at in row["data_offsets"])
                if name == left:
                    where = start, end
                    continue
                file.seek(start)
                values = np.frombuffer(file.read(end - start), _SHORT_NAMES[row["dtype"]])
                arrays[name] = values.reshape(row["shape"])
            facts = parsed(text(metadata["facts"], "facts"))
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
            raise _damaged(path, str(error)) from error
    if not isinstance(facts, dict):
        raise _damaged(path, "unexpected content")
    return arrays, facts, where


def rows_of(path: Path, name: str, *, schema: str) -> int:
    """How many rows the array `name` has, by the header alone. Raises as `read`."""
    with _opened(path) as file:
        _header(path, file, schema)
        file.seek(0)
        (length,) = struct.unpack("<Q", file.read(8))
        raw = file.read(length)
    try:
        return int(json.loads(raw)[name]["shape"][0])
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise _damaged(path, str(error)) from error


def schema_of(path: Path) -> str:
    """The schema of any archive of ours; ForeignFileError for another file, StoreError where it cannot be read."""
    with _opened(path) as file:
        start = file.read(8)
        (length,) = struct.unpack("<Q", start) if len(start) == 8 else (0,)
        raw = file.read(min(length, _LONGEST_HEADER))
    try:
        return str(json.loads(json.loads(raw)["__metadata__"][_MARK])["schema"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ForeignFileError(path, "this is not a file of Personae.") from None


def array(
    arrays: Mapping[str, NDArray[Any]],
    name: str,
    kind: str,
    shape: tuple[int | None, ...],
    low: float | None = None,
    high: float | None = None,
) -> NDArray[Any]:
    """The array of that name: dtype kind "f", "i" or "u", its shape (None: any length), every value in the range.

    NaN and infinity lie in no range; where none is given they are allowed.
    """
    require(name in arrays, f"{name} is missing")
    found = arrays[name]
    require(found.dtype.kind == kind, f"{name} holds {found.dtype}, not {_KINDS[kind]}")
    fits = found.ndim == len(shape) and all(want in (None, got) for want, got in zip(shape, found.shape, strict=True))
    wanted = " x ".join("any" if want is None else str(want) for want in shape)
    require(fits, f"{name} has the shape {found.shape}, not {wanted}")
    if found.size and (low is not None or high is not None):
        least, most = found.min(), found.max()  # NaN where one value is
        low, high = -math.inf if low is None else low, math.inf if high is None else high
        require(
            bool(low <= least) and bool(most <= high) and np.isfinite(least) and np.isfinite(most),
            f"{name} goes from {least:g} to {most:g}, outside {low:g} to {high:g}",
        )
    return found


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with open_input(path) as file:
            yield file
    except (FileNotFoundError, NotADirectoryError):
        advice = f"Train first: {command('train CAST_FOLDER')}, or name somebody in films or photos: {command('name')}"
        raise ModelNotFoundError(path, f"there is no such file. {advice}") from None
    except OSError as error:
        raise StoreError(
            path, f"cannot be read ({error.strerror}). Check its permissions, or choose another path."
        ) from error


def _header(path: Path, file: BinaryIO, schema: str) -> dict[str, str]:
    """Schema, facts and checksum of a safetensors file that is ours and not too new."""
    start = file.read(8)
    (length,) = struct.unpack("<Q", start) if len(start) == 8 else (0,)
    raw = file.read(min(length, _LONGEST_HEADER))
    cut_off = len(raw) < length
    marked = raw.startswith(_BEGINNING) if cut_off else f'"{_MARK}"'.encode() in raw
    try:
        metadata = json.loads(json.loads(raw)["__metadata__"][_MARK])
        found = text(metadata["schema"], "schema")
    except (ValueError, KeyError, TypeError, RecursionError):
        if marked:
            raise _damaged(path, "its header cannot be read") from None
        raise ForeignFileError(
            path, "this is not a file of Personae, and it is left alone. Choose another path, or move it away."
        ) from None
    kind, _, version = schema.rpartition("/")
    found_kind, _, found_version = found.rpartition("/")
    if found_kind != kind or not re.fullmatch("[0-9]{1,9}", found_version):
        if found_kind.startswith("personae/"):
            raise ForeignFileError(path, f"this is a {found}, not a {schema}. Choose another path.")
        raise _damaged(path, "its header cannot be read")
    if int(found_version) > int(version):
        raise TooNewError(
            path, f"written by a newer Personae ({found}; this one reads {schema}). Update: pip install -U personae"
        )
    return {str(key): str(value) for key, value in metadata.items()}


def _checksum(arrays: Mapping[str, NDArray[Any]], text: str, schema: str) -> str:
    digest = hashlib.sha256(f"{schema}\n{text}\n".encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _damaged(path: Path, why: str) -> DamagedFileError:
    return DamagedFileError(path, f"this file is damaged ({why}). Train again to rebuild it.")
