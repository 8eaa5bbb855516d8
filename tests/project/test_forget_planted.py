"""What the search after a forgetting must find, planted in every form that a file may hold it in; and what it must not.

Each case is tried with the person and with somebody else in the same form.
"""

from __future__ import annotations

import base64
import html
import io
import json
import sqlite3
import unicodedata
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

from personae import archive
from personae.cast.keeper import CastKeeper
from personae.faces.analyzer import FaceAnalyzer
from personae.faces.fake import FakeDetector, FakeEmbedder, draw_face, draw_picture
from personae.films.forget_journal import forget_in_journal
from personae.films.keeper import search_file
from personae.forgetting.base64_runs import base64_in
from personae.forgetting.likeness import Likeness
from personae.forgetting.person import Person
from personae.forgetting.search import Search
from personae.recognition.prototypes import unit
from personae.types import FloatArray
from tests.drawn_films import drawn_recognizer

THOR, OTHER = "Thor", "Authority"
ANALYZER = FaceAnalyzer(detector=FakeDetector(), embedder=FakeEmbedder())


def faces_of(who: str) -> FloatArray:
    return np.concatenate([ANALYZER.analyze(draw_picture([(who, 96)], take=take)).embeddings for take in (0, 9)])


FACES = {THOR: faces_of("Thor"), OTHER: faces_of("Loki")}
DRAWN = {THOR: "Thor", OTHER: "Loki"}


def search_for(name: str) -> Search:
    """A search for `name`, who has Thor's face."""
    person = Person(name, frozenset({name}), vectors=FACES[THOR], copies=FACES[THOR][:1] * 0.5)
    return Search(person, Likeness(person, FACES[OTHER], ANALYZER), [], lambda _: None)


def found_in(path: Path, name: str = THOR) -> set[str]:
    search = search_for(name)
    search_file(path, search)
    assert search.proof.searched
    return {what for _, what in search.proof.found}


def jpeg(who: str, size: int = 96, margin: int = 30) -> bytes:
    """A crop as scans keep it: the face with a margin."""
    face = draw_face(who, size, take=3)
    picture = np.full((size + 2 * margin, size + 2 * margin, 3), 128, np.uint8)
    picture[margin : margin + size, margin : margin + size] = face
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "JPEG", quality=92)
    return content.getvalue()


# Names

WRITTEN: dict[str, Callable[[str], bytes]] = {
    "as it is": lambda name: f"<{name}>".encode(),
    "JSON escapes": lambda name: json.dumps({"who": name}).encode(),
    "every letter a JSON escape": lambda name: "".join(f"\\u{ord(letter):04x}" for letter in name).encode(),
    "one letter a JSON escape": lambda name: f"\\u{ord(name[0]):04x}{name[1:]}".encode(),
    "HTML entities": lambda name: html.escape(name).encode("ascii", "xmlcharrefreplace"),
    "decimal references": lambda name: "".join(f"&#{ord(letter)};" for letter in name).encode(),
    "hexadecimal references": lambda name: "".join(f"&#x{ord(letter):X};" for letter in name).encode(),
    "an address": lambda name: f"file:///films/{quote(name)}/a.mov".encode(),
    "every letter of an address": lambda name: "".join(f"%{byte:02X}" for byte in name.encode()).encode(),
    "UTF-16 LE": lambda name: f"who: {name}.".encode("utf-16-le"),
    "UTF-16 BE": lambda name: f"who: {name}.".encode("utf-16-be"),
    "decomposed": lambda name: unicodedata.normalize("NFD", name).encode(),
    "composed": lambda name: unicodedata.normalize("NFC", name).encode(),
    "base64": lambda name: b'{"x": "' + base64.b64encode(f"this is {name}, and others".encode()) + b'"}',
    "base64 of the name alone": lambda name: b"x: " + base64.b64encode(name.encode()) + b";",
    "base64 in lines": lambda name: base64.encodebytes((f"somebody, {name}, " * 9).encode()),
    "base64 in lines of JSON": lambda name: json.dumps(
        base64.encodebytes((f"a {name} " * 9).encode()).decode()
    ).encode(),
    "base64 for addresses": lambda name: b"/x?" + base64.urlsafe_b64encode(f"ÿÿ>>>>ÿ {name} ???".encode()) + b"&",
    "JSON in base64": lambda name: base64.b64encode(json.dumps({"who": name}).encode()),
}  # fmt: skip
NAMES = [THOR, 'A&B "Q" <x>', "Zoé", "O'Neill", "Bea 🎬", "Al"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", WRITTEN)
def test_a_name_in_every_form(tmp_path: Path, form: str, name: str) -> None:
    if form == "every letter a JSON escape" and any(ord(letter) > 65535 for letter in name):
        pytest.skip("that letter takes two escapes")
    if form == "base64 of the name alone" and len(base64.b64encode(name.encode()).rstrip(b"=")) < 8 and b"=" not in (
        base64.b64encode(name.encode())
    ):  # fmt: skip
        pytest.skip("four letters of base64 are a word")
    path = tmp_path / "a.bin"
    path.write_bytes(b"before " + WRITTEN[form](name) + b" after")
    assert found_in(path, name) == {"the name"}
    path.write_bytes(b"before " + WRITTEN[form](f"x{name}x") + b" after")
    assert found_in(path, name) == set(), "a part of another word"


def test_a_name_in_the_facts_of_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.tracks"
    for name, what in ((THOR, {"the name"}), ("Zoé", {"the name"}), (OTHER, set())):
        archive.write(path, {"x": np.zeros(3)}, {"labels": [{"character": name}]}, schema="personae/tracks/1")
        assert found_in(path, name if name != OTHER else THOR) == what


@pytest.mark.parametrize("where", ["log", "free pages"])
def test_a_name_in_the_rest_of_a_database(tmp_path: Path, where: str) -> None:
    """A row that was deleted stands in free pages, and one that was just written in the log beside the database."""
    recognizer = drawn_recognizer(tmp_path, (THOR, "Loki"))
    keeper, path = CastKeeper(recognizer.context), recognizer.project.gallery
    other = sqlite3.connect(path, isolation_level=None)  # while it is open, the log stays
    try:
        other.execute("PRAGMA secure_delete = OFF")
        other.execute("CREATE TEMP TABLE x (y)")
        if where == "free pages":
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            other.execute("CREATE TABLE notes (text TEXT)")
            other.execute("INSERT INTO notes VALUES (?)", ("Sigurd was here " * 2000,))
            other.execute("DROP TABLE notes")
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            other.execute("BEGIN")
            other.execute("UPDATE photos SET detail = 'Sigurd was here' WHERE id = 1")
            other.execute("COMMIT")
            other.execute("UPDATE photos SET detail = '' WHERE id = 1")
        search = search_for("Sigurd")
        keeper.search(search)
    finally:
        other.close()
    wanted = path if where == "free pages" else path.with_name(path.name + "-wal")
    assert (str(wanted), "the name") in search.proof.found


# Embeddings

VECTORS: dict[str, Callable[[FloatArray], bytes]] = {
    "float32": lambda vector: vector.astype("<f4").tobytes(),
    "float16": lambda vector: vector.astype("<f2").tobytes(),
    "float64": lambda vector: vector.astype("<f8").tobytes(),
    "float32 in base64": lambda vector: base64.b64encode(vector.astype("<f4").tobytes()),
    "float16 in base64, in lines": lambda vector: base64.encodebytes(vector.astype("<f2").tobytes()),
}


@pytest.mark.parametrize("form", VECTORS)
def test_an_embedding_in_every_form(tmp_path: Path, form: str) -> None:
    path = tmp_path / "a.bin"
    for who, what in ((THOR, {"an embedding"}), (OTHER, set())):
        path.write_bytes(b"..." + VECTORS[form](FACES[who][1]) + b"...")
        assert found_in(path) == what
    path.write_bytes(b".." + VECTORS[form](FACES[THOR][0] * np.float32(0.5)))  # a small copy of a photo
    assert found_in(path) == {"an embedding"}


def near(vector: FloatArray, cosine: float) -> FloatArray:
    """Another photo of the same face."""
    other = np.random.default_rng(3).normal(size=vector.shape)
    other -= (other @ vector) * vector
    mixed: FloatArray = cosine * vector + np.float32(np.sqrt(1 - cosine**2)) * unit(other[None])[0]
    return mixed


@pytest.mark.parametrize("schema", ["personae/tracks/1", "personae/scan-chunk/1"])
def test_an_embedding_of_another_picture_in_tracks(tmp_path: Path, schema: str) -> None:
    path = tmp_path / "a.tracks"
    cases: tuple[tuple[FloatArray, dict[str, str] | None, set[str]], ...] = (
        (near(FACES[THOR][0], 0.7), None, {"an embedding of the face"}),
        (near(FACES[THOR][0], 0.7), {"character": "Loki"}, set()),  # one face of another's track is near by chance
        (near(FACES[THOR][0], 0.3), None, set()),
        (FACES[OTHER][0], None, set()),
    )
    for vector, label, what in cases:
        arrays = {"embeddings": vector[None], "faces_count": np.array([1])}
        archive.write(path, arrays, {"labels": [label]}, schema=schema)
        assert found_in(path) == what


# Faces


@pytest.mark.parametrize(("schema", "array"), [("personae/tracks/1", "picture"), ("personae/crops/1", "jpeg")])
def test_a_crop_in_tracks(tmp_path: Path, schema: str, array: str) -> None:
    path = tmp_path / "a.tracks"
    for people, what in (((OTHER, THOR), {"the face, in a picture"}), ((OTHER, OTHER), set())):
        content = b"".join(jpeg(DRAWN[who]) for who in people)
        archive.write(path, {array: np.frombuffer(content, np.uint8)}, {}, schema=schema)
        assert found_in(path) == what


@pytest.mark.parametrize("form", ["a page", "JSON", "JSON with escapes", "mail"])
def test_a_picture_in_text(tmp_path: Path, form: str) -> None:
    path = tmp_path / "a.txt"
    for who, what in ((THOR, {"the face"}), (OTHER, set())):
        content = base64.b64encode(jpeg(DRAWN[who])).decode()
        text = {
            "a page": f'<img src="data:image/jpeg;base64,{content}">',
            "JSON": json.dumps({"picture": content}),
            "JSON with escapes": json.dumps({"picture": content}).replace("/", "\\/"),
            "mail": base64.encodebytes(jpeg(DRAWN[who])).decode(),
        }[form]
        path.write_text(text)
        assert found_in(path) == what


def test_a_picture_by_what_it_is_and_not_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "thumbnail"
    for who, what in ((THOR, {"the face"}), (OTHER, set())):
        path.write_bytes(jpeg(DRAWN[who]))
        assert found_in(path) == what


def test_base64_is_read_as_it_is_written() -> None:
    content = bytes(range(256)) * 3
    for text in (base64.b64encode(content), base64.urlsafe_b64encode(content), base64.encodebytes(content)):
        assert content in list(base64_in(b"<x>" + text + b"</x>"))
        assert content in list(base64_in(b"x=" + text.rstrip(b"\n=") + b";"))
    assert list(base64_in(b"no such thing")) == []


# Journals


def row(kind: str, who: str | None, to: str | None = None, **more: object) -> dict[str, object]:
    def person(name: str | None) -> object:
        return None if name is None else {"character": name, "character_id": f"id of {name}", "unknown": None}

    parts = [{"who": person(who), "places": [[1, 0, 0, 1, 1]]}]
    name = sha256(f"{kind} {who} {to}".encode()).hexdigest()
    return {"id": name, "kind": kind, "parts": parts, "to": person(to), **more}


def test_a_journal_loses_the_decisions_about_the_person() -> None:
    rows = [
        row("name", None, THOR, on=0),
        row("name", None, "Loki", on=1),
        row("give", THOR, "Loki", on=2, more=2),
        row("right", THOR, on=2, more=1),
        row("right", "Loki", on=2),
        row("not", THOR, on=5),
    ]
    rows.append({"id": "u", "kind": "undo", "parts": [], "takes_back": [rows[1]["id"]], "on": 6})
    header = json.dumps({"schema": "personae/decisions/1", "film": {"content_id": "1", "path": "Thor/a.mp4"}})
    text = "\n".join([header, *(json.dumps(one) for one in rows), '{"torn": "Th'])
    after, gone = forget_in_journal(text, {THOR, f"id of {THOR}"})
    assert gone == 3 and THOR not in after
    head, *lines = [json.loads(line) for line in after.splitlines()]
    assert head["film"] == {"content_id": "1", "path": "(forgotten)/a.mp4"}
    assert [(one["kind"], one["on"], one.get("more")) for one in lines] == [
        ("name", 0, None), ("give", 1, 1), ("right", 1, None), ("undo", 3, None),
    ]  # fmt: skip
    assert lines[1]["parts"][0]["who"] is None and lines[3]["takes_back"] == [rows[1]["id"]]
    assert forget_in_journal(after, {THOR}) == (after, 0)
    assert forget_in_journal(header.replace("Thor", "a") + '\n{"torn": "Thor', {THOR})[0].count("\n") == 1
    assert forget_in_journal(text, {"Sif"}) == (text, 0), "a journal of others stays as it is, half a line too"
