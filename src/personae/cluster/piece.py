"""A piece of a film as plain values, for a machine that knows nothing of the project; and the one file it sends back.

A piece says which film (by the name of a media root and the path in it), how it is opened and looked through, and which
part. It holds no names of people, and neither does what comes back: tracks of faces, to be named where the project is.
"""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from personae._version import __version__
from personae.checks import Fields, MisfitError, parsed, require, text
from personae.errors import DamagedFileError
from personae.media.film import ReadSoFar
from personae.settings import Settings, resolve
from personae.timeline import chunks as scan_chunks
from personae.timeline.chunk_pass import Part
from personae.timeline.chunks import Chunk

SCHEMA = "personae/piece/1"
RESULT_SCHEMA = "personae/piece-result/1"
LOCAL_SETTINGS = frozenset({"provider", "threads", "batch_size", "cluster", "roots"})
"""Settings that each machine has of its own: they change nothing of what is found."""
LARGEST_RESULT = 1 << 30
"""Bytes: the chunks of a whole long film are a hundredth of that."""
FACTS = "piece.json"


@dataclass(frozen=True)
class Piece:
    """One piece of work. JSON types in all fields but `part`.

    `root`: name of the media root, empty where `paths` are whole; `paths`: the film's files, with "/"; `opening`: what
    `open_film` takes besides; `settings`: those that change what is found; `fingerprint`: see `scan.fingerprint_of`;
    `version`: of the Personae that asks.
    """

    root: str
    paths: tuple[str, ...]
    opening: Mapping[str, Any]
    settings: Mapping[str, Any]
    fingerprint: Mapping[str, Any]
    part: Part
    version: str = __version__

    @property
    def name(self) -> str:
        """The film's, for people."""
        return self.paths[0].rpartition("/")[2]

    @cached_property
    def id(self) -> str:
        """The same for the same work."""
        return hashlib.sha256(json.dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()[:32]

    def as_dict(self) -> dict[str, Any]:
        """JSON types."""
        return {"schema": SCHEMA, **asdict(self), "paths": list(self.paths)}

    @classmethod
    def of_dict(cls, value: Any) -> Piece:
        """From `as_dict`; MisfitError for what is none."""
        row = Fields(value)
        require(row.get("schema") == SCHEMA, f"it is no {SCHEMA}")
        part, paths = row.inner("part"), tuple(row.each("paths", text))
        require(paths, "it names no film")
        return cls(
            row.text("root"),
            paths,
            dict(_object(row.get("opening"))),
            dict(_object(row.get("settings"))),
            dict(_object(row.get("fingerprint"))),
            Part(**{one.name: _number_or_none(part.get_or_none(one.name), one.name) for one in fields(Part)}),
            row.text("version"),
        )

    def settings_here(self, own: Settings) -> Settings:
        """How this machine looks through it: the piece's settings, and its `own` of `LOCAL_SETTINGS`.

        Raises SettingError for settings that this Personae does not know.
        """
        local = {name: getattr(own, name) for name in LOCAL_SETTINGS}
        return resolve({**self.settings, **local}, environment={})


def settings_of(settings: Settings) -> dict[str, Any]:
    """Those that a piece carries."""
    return {one.name: getattr(settings, one.name) for one in fields(settings) if one.name not in LOCAL_SETTINGS}


@dataclass(frozen=True, eq=False)
class Result:
    """What came of a piece: its chunks; `before`: where reading stood at its first picture; `machine`: who looked."""

    before: ReadSoFar
    chunks: Sequence[Chunk]
    machine: str


def write_result(path: Path, piece: Piece, before: ReadSoFar, chunks: Sequence[Chunk], machine: str) -> None:
    """Write the one file that is sent; raises WriteError or OSError where it cannot be."""
    facts = {
        "schema": RESULT_SCHEMA, "piece": piece.id, "machine": machine, "read": asdict(before), "chunks": len(chunks),
    }  # fmt: skip
    with (
        tempfile.TemporaryDirectory(dir=path.parent) as folder,
        zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file,
    ):
        file.writestr(FACTS, json.dumps(facts))
        for number, chunk in enumerate(chunks, 1):
            scan_chunks.keep(Path(folder), number, chunk, dict(piece.fingerprint))
            kept = scan_chunks.path_of(Path(folder), number)
            file.write(kept, kept.name)
            kept.unlink()


def read_result(content: bytes, piece: Piece) -> Result:
    """What a machine sent for `piece`; raises DamagedFileError for anything else."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file, tempfile.TemporaryDirectory() as folder:
            require(all(_is_plain(one) for one in file.infolist()), "it is packed otherwise than we pack")
            require(sum(one.file_size for one in file.infolist()) <= LARGEST_RESULT, "it is too large")
            row = Fields(parsed(file.read(FACTS).decode()))
            require(row.get("schema") == RESULT_SCHEMA, f"it is no {RESULT_SCHEMA}")
            require(row.get("piece") == piece.id, "it is of another piece")
            count = row.whole("chunks", 1, 10**6)
            for number in range(1, count + 1):
                kept = scan_chunks.path_of(Path(folder), number)
                kept.write_bytes(file.read(kept.name))
            chunks = scan_chunks.kept(Path(folder), dict(piece.fingerprint))
            require(len(chunks) == count, f"chunk {len(chunks) + 1} of {count} cannot be right")
            return Result(scan_chunks.read_so_far(row.inner("read")), chunks, row.text("machine"))
    except (zipfile.BadZipFile, KeyError, ValueError, MisfitError, NotImplementedError) as error:
        raise DamagedFileError(piece.name, f"what a machine sent of this film cannot be right ({error}).") from None


def _is_plain(one: zipfile.ZipInfo) -> bool:
    """Neither compressed nor locked: nothing then is larger than it came."""
    return one.compress_type == zipfile.ZIP_STORED and not one.flag_bits & 1


def _object(value: Any) -> dict[str, Any]:
    require(isinstance(value, dict), "an object is missing")
    return dict(value)


def _number_or_none(value: Any, name: str) -> int | None:
    require(value is None or (isinstance(value, int) and not isinstance(value, bool)), f"{name} is no whole number")
    return None if value is None else int(value)
