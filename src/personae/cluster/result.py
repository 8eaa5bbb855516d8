"""The one file that a machine sends back of a piece: chunks of a film, with tracks of faces and nobody's name."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from personae.checks import Fields, MisfitError, parsed, require
from personae.cluster.piece import Piece
from personae.errors import DamagedFileError
from personae.media.film import ReadSoFar
from personae.timeline import chunks as scan_chunks
from personae.timeline.chunks import Chunk

SCHEMA = "personae/piece-result/1"
LARGEST_RESULT = 1 << 30
"""Bytes: the chunks of a whole long film are a hundredth of that."""
FACTS = "piece.json"


@dataclass(frozen=True, eq=False)
class Result:
    """What came of a piece: its chunks; `before`: where reading stood at its first picture; `machine`: who looked."""

    before: ReadSoFar
    chunks: Sequence[Chunk]
    machine: str


def write_result(path: Path, piece: Piece, before: ReadSoFar, chunks: Sequence[Chunk], machine: str) -> None:
    """Write the one file that is sent; raises WriteError or OSError where it cannot be."""
    facts = {
        "schema": SCHEMA, "piece": piece.id, "machine": machine, "read": asdict(before), "chunks": len(chunks),
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
            require(row.get("schema") == SCHEMA, f"it is no {SCHEMA}")
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
