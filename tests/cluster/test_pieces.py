"""A piece as plain values, and the one file that comes back: nothing else is taken for either."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from personae.checks import MisfitError
from personae.cluster import result as results
from personae.cluster.piece import LOCAL_SETTINGS, Piece, settings_of
from personae.cluster.result import read_result
from personae.errors import DamagedFileError
from personae.faces.analyzer import FaceAnalyzer
from personae.faces.film_networks import FilmNetworks
from personae.films.scan import fingerprint_of
from personae.media.video import open_film
from personae.settings import Settings
from personae.timeline.part import Part
from tests.cluster import films
from tests.cluster.engine import OWN, looked

PLAIN = Piece("archive", ("a/b.mp4",), {}, settings_of(OWN), {"version": 6}, Part(10, None, 5, 0))


def piece_of(path: Path) -> Piece:
    networks = FilmNetworks.of(OWN, FaceAnalyzer(OWN))
    with open_film(path) as film:
        fingerprint = fingerprint_of(film.video, networks, OWN)
    return Piece("", (path.as_posix(),), {}, settings_of(OWN), fingerprint, Part())


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> tuple[Piece, bytes]:
    """A piece, and what a machine sends for it."""
    piece = piece_of(films.film(tmp_path_factory.mktemp("film") / "a.mp4", 30, rate=25))
    return piece, looked(piece)


def packed(content: bytes, change: Callable[[dict[str, bytes]], object]) -> bytes:
    """A result of which somebody has changed the files."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        files = {name: file.read(name) for name in file.namelist()}
    change(files)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, one in files.items():
            file.writestr(name, one)
    return out.getvalue()


def facts(**values: Any) -> Callable[[dict[str, bytes]], object]:
    def change(files: dict[str, bytes]) -> None:
        files["piece.json"] = json.dumps({**json.loads(files["piece.json"]), **values}).encode()

    return change


def test_a_piece_is_the_same_after_its_way_as_text() -> None:
    again = Piece.of_dict(json.loads(json.dumps(PLAIN.as_dict())))
    assert again == PLAIN and again.id == PLAIN.id
    assert replace(PLAIN, part=Part()).id != PLAIN.id
    assert not LOCAL_SETTINGS & set(PLAIN.settings), "what is each machine's own is not sent"


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "personae/piece/2"}, {"root": 3}, {"paths": "a.mp4"}, {"paths": [1]}, {"paths": []},
        {"paths": ["a\0b"]}, {"opening": []}, {"settings": None}, {"fingerprint": "x"}, {"part": None},
        {"part": {"start_pts": "0"}}, {"part": {"start_pts": 1.5}}, {"part": {"stop_pts": True}}, {"version": 1},
        {"version": None},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_piece_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(MisfitError):
        Piece.of_dict({**PLAIN.as_dict(), **change})


@pytest.mark.parametrize("value", [None, [], "piece", 3, {}])
def test_what_is_no_object_is_no_piece(value: Any) -> None:
    with pytest.raises(MisfitError):
        Piece.of_dict(value)


def test_each_machine_keeps_what_is_its_own_and_takes_the_rest() -> None:
    own = Settings(threads=3, provider="cuda", roots="x=/y")
    found = PLAIN.settings_here(own)
    assert (found.threads, found.provider, found.roots) == (3, "cuda", "x=/y")
    assert (found.detector, found.embedder) == ("fake", "fake")


def test_a_result_is_read_back_as_it_was_written(sent: tuple[Piece, bytes]) -> None:
    piece, content = sent
    result = read_result(content, piece)
    assert result.machine == "here" and len(result.chunks) == 1 and result.chunks[0].records
    assert result.chunks[0].end_pts is not None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (facts(piece="0" * 32), "another piece"),
        (facts(schema="personae/piece-result/2"), "personae/piece-result/1"),
        (facts(chunks=2), "chunk-00002"),
        (facts(chunks=0), "chunks"),
        (facts(chunks=10**9), "chunks"),
        (facts(chunks="1"), "chunks"),
        (facts(machine=None), "machine"),
        (facts(read={}), "frames"),
        (lambda files: files.pop("piece.json"), "piece.json"),
        (lambda files: files.pop("chunk-00001.tracks"), "chunk-00001"),
        (lambda files: files.update({"chunk-00001.tracks": b"nothing"}), "chunk 1 of 1"),
        (lambda files: files.update({"piece.json": b"[" * 100_000}), "nested"),
        (lambda files: files.update({"piece.json": b"\xff\xfe"}), "decode"),
    ],
)
def test_a_result_that_cannot_be_right_is_refused_with_a_sentence(
    sent: tuple[Piece, bytes], change: Callable[[dict[str, bytes]], object], why: str
) -> None:
    piece, content = sent
    with pytest.raises(DamagedFileError, match="what a machine sent of this film cannot be right") as caught:
        read_result(packed(content, change), piece)
    assert why in str(caught.value)


def test_a_result_larger_than_a_film_is_refused_unread(
    sent: tuple[Piece, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    piece, content = sent
    monkeypatch.setattr(results, "LARGEST_RESULT", len(content) // 2)
    with pytest.raises(DamagedFileError, match="too large"):
        read_result(content, piece)


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_result_that_would_unpack_to_more_than_came_is_refused(sent: tuple[Piece, bytes], kind: int) -> None:
    piece, content = sent
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as packed_file, zipfile.ZipFile(io.BytesIO(content)) as file:
        for name in file.namelist():
            packed_file.writestr(name, file.read(name))
    with pytest.raises(DamagedFileError, match="packed otherwise"):
        read_result(out.getvalue(), piece)


def test_a_result_that_is_said_to_be_locked_is_refused(sent: tuple[Piece, bytes]) -> None:
    piece, content = sent
    locked = bytearray(content)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for spot in _each(content, mark):
            locked[spot + at] |= 1
    with pytest.raises(DamagedFileError):
        read_result(bytes(locked), piece)


def _each(content: bytes, mark: bytes) -> list[int]:
    found, at = [], content.find(mark)
    while at >= 0:
        found.append(at)
        at = content.find(mark, at + 1)
    return found


def test_whatever_byte_of_a_result_is_turned_it_is_refused_or_unchanged(sent: tuple[Piece, bytes]) -> None:
    piece, content = sent
    whole = read_result(content, piece)
    chance = random.Random(7)
    ends = [*range(64), *range(len(content) - 400, len(content))]
    for spot in [*ends, *chance.sample(range(len(content)), 300)]:
        turned = bytearray(content)
        turned[spot] ^= 1 << chance.randrange(8)
        try:
            result = read_result(bytes(turned), piece)
        except DamagedFileError:
            continue
        assert result.chunks[0].look_pts.tolist() == whole.chunks[0].look_pts.tolist(), spot


@pytest.mark.parametrize("name", ["../out", "/tmp/out", "a/../../out", "chunk-00001.tracks/../../../out", "C:\\out"])
def test_names_with_ways_in_them_are_written_nowhere(
    sent: tuple[Piece, bytes], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    piece, content = sent
    own = tmp_path / "tmp" / "deep"
    own.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(own))
    wrong = packed(content, lambda files: files.update({name: b"outside"}))
    assert read_result(wrong, piece).chunks
    assert not [path for path in tmp_path.rglob("*") if path.is_file()] and not any(own.iterdir())
    assert not Path("/tmp/out").exists()
