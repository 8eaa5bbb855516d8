"""Every reader of files with samples to change: what is done with a file that came from somewhere.

Samples are made here, from public-domain photos that two pip packages carry and from films of a few pictures.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from benchmarks.mutations import kinds
from benchmarks.mutations.media import (
    FILMS,
    PHOTOS,
    film_samples,
    photo_gone_wrong,
    photo_samples,
    read_film,
    read_photo,
)
from personae import archive
from personae.errors import MissingExtraError


@dataclass(frozen=True)
class Reader:
    """`samples`: contents that are right; `wrong`: one of them gone wrong; `read`: use a file, as commands do."""

    name: str
    suffix: str
    samples: Callable[[], list[bytes]]
    wrong: Callable[[Random, bytes, list[bytes]], bytes]
    read: Callable[[Path], None]


def readers() -> dict[str, Reader]:
    """All of them by name: photo.jpg, film.mp4, timeline, ..."""
    found = [
        *(Reader(f"photo.{end}", f".{end}", photo_samples(end), photo_gone_wrong, read_photo) for end in PHOTOS),
        *(Reader(f"film.{end}", f".{end}", film_samples(end), kinds.bytes_gone_wrong, read_film) for end in FILMS),
        Reader("timeline", ".timeline.json", _timeline, _json_or_bytes, read_timeline),
        Reader("decisions", ".edits.json", _decisions, _json_or_bytes, read_decisions),
        Reader("journal", ".decisions.jsonl", _journal, _lines_or_bytes, read_journal),
        Reader("calibration", ".json", _calibration, _json_or_bytes, read_calibration),
        Reader("tracks", ".tracks", _tracks, _archive_or_bytes, read_tracks),
        Reader("faces", ".faces", _faces, _archive_or_bytes, read_faces),
        Reader("model", ".personae", _models, _archive_or_bytes, read_model),
        Reader("gallery", ".sqlite", _gallery, _rows_or_bytes, read_gallery),
        Reader("settings", ".toml", _settings, kinds.bytes_gone_wrong, read_settings),
    ]
    return {reader.name: reader for reader in found}


# What a scan writes


@cache
def _film_files() -> tuple[bytes, bytes]:
    """A timeline and its tracks as they are written."""
    import tempfile

    from tests.forged import scanned_film

    with tempfile.TemporaryDirectory() as folder:
        files = scanned_film(Path(folder))
        return files.timeline.read_bytes(), files.tracks.read_bytes()


def _timeline() -> list[bytes]:
    return [_film_files()[0]]


def _json_or_bytes(rng: Random, content: bytes, others: list[bytes]) -> bytes:
    if rng.random() < 0.3:
        return kinds.bytes_gone_wrong(rng, content, others)
    return kinds.text_of(kinds.document_gone_wrong(rng, json.loads(content)))


def read_timeline(path: Path) -> None:
    """As `export` to every format, `inspect --timeline` and `report` do."""
    from personae.exports.registry import exporters
    from personae.timeline import native, selection

    timeline = native.read(path)
    for found in (timeline, selection.without_depicted(timeline)):
        for exporter in exporters().values():
            exporter.export(found, path.parent)
    native.dumps(timeline).encode()
    run("inspect", "--timeline", str(path))


def _decisions() -> list[bytes]:
    place = [0.0, 0.05, 0.1, 0.3, 0.5]
    named = {"decision": "name", "character": "Loki", "unknown": None, "places": [place], "span_s": None}
    wrong = {"decision": "wrong", "character": "Thor", "unknown": None, "places": [place], "span_s": [0, 2.5]}
    sheet = {"decision": "right", "character": None, "unknown": "Unknown 1", "t_s": 10.5, "box": [100, 100, 500, 600]}
    sheet |= {"start_pts": 0, "end_pts": 25_000}
    rows = [row | {"author": "me", "date": "2026-01-01T00:00:00Z"} for row in (named, wrong, sheet)]
    film = {"content_id": "sha256:00", "path": "/films/My film.mov", "size": [1920, 1080]}
    return [json.dumps({"schema": "personae/edits/1", "film": film, "edits": rows}).encode()]


def _lines_or_bytes(rng: Random, content: bytes, others: list[bytes]) -> bytes:
    if rng.random() < 0.3:
        return kinds.bytes_gone_wrong(rng, content, others)
    lines = content.splitlines()
    at = rng.randrange(len(lines))
    lines[at] = kinds.text_of(kinds.document_gone_wrong(rng, json.loads(lines[at])))
    return b"\n".join(lines) + b"\n"


def _journal() -> list[bytes]:
    """Every kind of decision, one a line."""
    from personae.timeline.decision_rows import SCHEMA, row_of
    from personae.timeline.decisions import KINDS, Decision, Part, with_ids
    from personae.timeline.person import Person

    parts = (
        Part(Person("Thor"), ((0.0, 0.05, 0.1, 0.3, 0.5),)),
        Part(Person(unknown=1), ((10.5, 0.1, 0.1, 0.3, 0.6),)),
    )
    made = with_ids(
        Decision(
            kind, parts, Person("Loki", None, "c1"), (0.5, 2.5), (0.0, 2.5), (0.0, 2.0), (1.0, 0.1, 0.1, 0.2, 0.2),
            takes_back=("x",), by="me", at="2026-01-01T00:00:00Z", request=kind,
        )
        for kind in KINDS
    )  # fmt: skip
    film = {"content_id": "sha256:00", "path": "/films/My film.mov", "size": [1920, 1080]}
    rows = [{"schema": SCHEMA, "film": film}, *map(row_of, made)]
    return ["".join(json.dumps(row) + "\n" for row in rows).encode()]


def read_journal(path: Path) -> None:
    """As `name` and `undo` do."""
    _relabel(path.parent, {"decisions.jsonl": path.read_bytes()})


def read_decisions(path: Path) -> None:
    """As `name` and `undo` do: apply them and write everything anew."""
    _relabel(path.parent, {"edits.json": path.read_bytes()})


def _tracks() -> list[bytes]:
    return [_film_files()[1]]


def read_tracks(path: Path) -> None:
    """As `name` and `undo` do."""
    _relabel(path.parent, {"tracks": path.read_bytes()})


def _relabel(folder: Path, changed: dict[str, bytes]) -> None:
    from personae.settings import Settings
    from personae.timeline import native
    from tests.scanning import relabel

    timeline, tracks = _film_files()
    for name, content in ({"timeline.json": timeline, "tracks": tracks} | changed).items():
        (folder / f"film.{name}").write_bytes(content)
    relabel(folder / "film.timeline.json", Settings())
    native.read(folder / "film.timeline.json")


# What identify --keep writes


@cache
def _faces() -> list[bytes]:
    import tempfile

    from PIL import Image

    from personae.faces.fake import draw_picture
    from personae.project.session import Project
    from personae.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        for take in range(3):
            picture = draw_picture([("Ada", 96), (f"Grace {take}", 64)], take=take)
            Image.fromarray(picture.pixels).save(Path(folder) / f"{take}.png")
        with Project.open(Path(folder) / "project", settings=Settings(detector="fake", embedder="fake")) as project:
            return [project.photos.keep(folder, "set").files.faces.read_bytes()]


def read_faces(path: Path) -> None:
    """As `name --photos` does, and after a new model."""
    from personae.films import say
    from personae.project.session import Project

    files = path.parent / "project" / "photos" / "set"
    shutil.rmtree(files, ignore_errors=True)
    files.mkdir(parents=True)
    shutil.copy(path, files / "photos.faces")
    with Project.open(path.parent / "project") as project:
        kept = project.photos["set"]
        if names := [face.name for face in kept.faces if face.unknown is not None]:
            kept.decide(say.name(names[0], "Ada"))
        kept.relabel()
        assert all(0 <= face.confidence <= 1 for face in kept.faces)


# What a training writes


@cache
def _people() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(3, 128))
    rows = np.repeat(centres, 3, axis=0) + rng.normal(size=(9, 128)) / 2
    return rows / np.linalg.norm(rows, axis=1, keepdims=True), np.repeat(["Ada", "Grace", "Mary"], 3)


EMBEDDER = "sface:d128:p1:0123456789ab"


@cache
def _models() -> list[bytes]:
    import tempfile

    from personae.recognition import model_file
    from personae.recognition.backgrounds import background_for
    from personae.recognition.headed import character_model

    X, y = _people()
    made = []
    with tempfile.TemporaryDirectory() as folder:
        for head in ("prototypes", "knn"):
            path = Path(folder) / f"{head}.personae"
            model = character_model(head, background_for(EMBEDDER, 128)).fit(
                X, y, copies=np.repeat(X[:, None], 3, axis=1)
            )
            model.reject(["Ada"], X[5:6])
            model_file.save(model, model_file.describe(model, embedder=EMBEDDER, gallery_revision="a"), path)
            made.append(path.read_bytes())
    return made


def _archive_or_bytes(rng: Random, content: bytes, others: list[bytes]) -> bytes:
    """Three quarters with a right checksum: what it vouches for may be nonsense all the same."""
    if rng.random() < 0.25:
        return kinds.bytes_gone_wrong(rng, content, others)
    from safetensors.numpy import load, save

    length = int.from_bytes(content[:8], "little")
    header = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["personae"])
    arrays, facts = kinds.archive_gone_wrong(rng, load(content), json.loads(header["facts"]))
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    text = kinds.text_of(facts).decode()
    header |= {"facts": text, "sha256": archive._checksum(arrays, text, header["schema"])}
    return bytes(save(arrays, metadata={"personae": json.dumps(header)}))


def read_model(path: Path) -> None:
    """As `inspect` and `identify` do; what comes out are numbers."""
    from personae.recognition import model_file

    run("inspect", "--model", str(path), "--project", str(path.parent / "none"))
    model, _ = model_file.load(path)
    found = model.decide(_people()[0], face_px=np.array([12.0, 18, 30, 60, 100, 14, 20, 24, 200]))
    assert np.isfinite(found.similarity).all() and np.isfinite(found.evidence).all()
    assert ((found.confidence >= 0) & (found.confidence <= 1)).all()
    assert not found.named.all() or np.isfinite(found.threshold)
    model.predict_proba(_people()[0])


def _calibration() -> list[bytes]:
    from dataclasses import asdict

    from personae.recognition import operating_point

    found = operating_point.measured(30, 1000, 0.01, embedder=EMBEDDER, source="a test")
    return [json.dumps({"schema": operating_point.SCHEMA, **asdict(found)}).encode()]


def read_calibration(path: Path) -> None:
    """As `train` does."""
    from personae.recognition import operating_point
    from personae.settings import Settings

    found = operating_point.read(path, EMBEDDER)
    assert 0 < operating_point.settings_for(Settings(), found).far < 1


@cache
def _gallery() -> list[bytes]:
    import tempfile

    from personae.cast.gallery import EnrolledFace, Gallery, PhotoRecord
    from personae.types import Quality, Reason

    X, y = _people()
    one = np.full(1, 0.5, np.float32)
    quality = Quality(one * 100, one, one * 100, one * 0, one, ((),))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gallery.sqlite"
        with Gallery.open(path, embedder=EMBEDDER) as gallery:
            for number, (row, name) in enumerate(zip(X.astype(np.float32), y, strict=True)):
                face = EnrolledFace(
                    np.arange(4, dtype="f4"),
                    np.zeros((5, 2), np.float32),
                    0.9,
                    quality,
                    row,
                    np.repeat(row[None], 3, axis=0),
                )
                record = PhotoRecord(str(name), f"/cast/{number}.jpg", sha256=str(number), origin="/cast")
                gallery.put_photo(record.enrolled(faces_found=1), face)
            gallery.put_photo(PhotoRecord("Ada", "/cast/bad.jpg").rejected(Reason.NO_FACE, "none"), None)
            gallery.log_edit("rename", {"character": "Eva", "into": "Ada", "photos": [["/cast/0.jpg", "Eva", "Ada"]]})
            gallery.set_performers({"Ada": "Somebody"})
            ada = str(gallery.id_of("Ada"))
            gallery.who.place(1, gallery.who.add("Eva"), None, ada)
            gallery.compact()
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.close()
        return [path.read_bytes()]


SQL = (
    "CREATE TRIGGER t AFTER UPDATE ON photos BEGIN DELETE FROM photos; END",
    "CREATE VIEW v AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
    "ALTER TABLE faces RENAME TO old; CREATE VIEW faces AS SELECT * FROM old",
    "CREATE INDEX i ON faces (yaw)", "PRAGMA user_version = 99", "PRAGMA user_version = -5", "PRAGMA user_version = 1",
    "PRAGMA application_id = 7", "DROP TABLE faces", "DELETE FROM faces", "DELETE FROM meta", "DELETE FROM photos",
)  # fmt: skip


def _rows_or_bytes(rng: Random, content: bytes, others: list[bytes]) -> bytes:
    import tempfile

    if rng.random() < 0.4:
        return kinds.bytes_gone_wrong(rng, content, others)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gallery.sqlite"
        path.write_bytes(content)
        connection = sqlite3.connect(path, isolation_level=None)
        for _ in range(rng.choice((1, 1, 2, 4))):
            with contextlib.suppress(sqlite3.Error, UnicodeEncodeError):
                if rng.random() < 0.1:
                    connection.executescript(rng.choice(SQL))
                    continue
                table = rng.choice(("meta", "photos", "faces", "edits", "placements"))
                columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
                if not columns:  # dropped before
                    break
                column = rng.choice(columns)
                before = connection.execute(f"SELECT {column} FROM {table} LIMIT 1").fetchone()
                connection.execute(f"UPDATE {table} SET {column} = ?", (_odd_cell(rng, before and before[0]),))
        connection.close()
        return path.read_bytes()


def _odd_cell(rng: Random, before: Any) -> Any:
    if isinstance(before, bytes) and rng.random() < 0.7:
        if rng.random() < 0.5:
            return kinds.bytes_gone_wrong(rng, before)
        wrong = kinds.array_gone_wrong(rng, np.frombuffer(before[: len(before) // 4 * 4], "<f4"))
        return np.ascontiguousarray(wrong).tobytes()
    value = kinds.odd_value(rng, before)
    if isinstance(value, list | dict):
        return json.dumps(value, default=str)
    return value if not isinstance(value, int) or abs(value) < 2**63 else float(value)


def read_gallery(path: Path) -> None:
    """As `log`, `rename`, `undo` and `forget` do."""
    from personae.cast.edit_log import EditLog
    from personae.cast.gallery import Gallery
    from personae.project.recognizer import CharacterRecognizer

    project = path.parent / "project"
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir()
    shutil.copy(path, project / "gallery.sqlite")
    with Gallery.open(project / "gallery.sqlite", embedder=None, read_only=True) as gallery:
        enrolment = gallery.enrolled()
        assert np.isfinite(enrolment.embeddings).all()
        log = EditLog(gallery)
        _ = (gallery.photos(withdrawn=True), gallery.boxes(), log.negatives(), log.faces_of(range(1, 12)))
    run("log", "--project", str(project))
    recognizer = CharacterRecognizer(project)
    with _few_strangers():
        recognizer.rename_character("Grace", "Hopper")
        recognizer.undo()


@contextlib.contextmanager
def _few_strangers() -> Any:
    """A model's calibration is not what is looked at, and takes a second."""
    from personae.recognition import calibration

    before, calibration.STRANGERS = calibration.STRANGERS, 2000
    try:
        yield
    finally:
        calibration.STRANGERS = before


# Settings


def _settings() -> list[bytes]:
    from personae.settings import TABLE

    lines = [f"{setting.name} = {json.dumps(setting.default)}" for setting in TABLE if setting.default is not None]
    return [
        "\n".join(lines).encode(),
        b"# mine\nfar = 0.02 # low\nhead = 'knn'\nmax_photos = 5\n",
        b"far = 0.01\n",
    ]


def read_settings(path: Path) -> None:
    """As every command does."""
    from personae.settings import SETTINGS_FILE, resolve
    from personae.settings_file import difference

    target = path.parent / SETTINGS_FILE
    target.write_bytes(path.read_bytes())
    difference(target, {"far": 0.05})
    resolve(project=path.parent, environment={})


def run(*arguments: str) -> None:
    """A command of the command line; what it prints goes nowhere."""
    from personae.cli import cli

    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        cli.main(list(arguments), standalone_mode=False)


def available(reader: Reader) -> bool:
    """Whether its samples can be made here: encoders and extras need not be installed."""
    try:
        return bool(reader.samples())
    except (MissingExtraError, ImportError, OSError):
        return False
