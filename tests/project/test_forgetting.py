"""Forgetting: nothing of the person is left in any file of the project, and the search that proves it can fail."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personae import CharacterRecognizer, Settings, archive
from personae.cast.gallery import Gallery
from personae.errors import InputError, UnknownCharacterError
from personae.files import replacing, shred, write_whole
from personae.films.forget_tracks import forget_in_tracks
from personae.forgetting.documents import forget_in_json
from tests.cast.test_editing import Home, assert_model_fits_gallery, fewer_strangers  # noqa: F401 - a fixture
from tests.stub import ROWS, StubAnalyzer

THOR = "Thor Odinson"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """c1 is Thor, by an edit; there were other edits about him too."""
    home = Home(tmp_path)
    home.recognizer.rename_character("c1", THOR)
    home.recognizer.split_character("c0", ["c0/2.jpg"], into=THOR)
    home.recognizer.remove_photos([home.cast / "c1" / "2.jpg"])
    home.recognizer.reject_photo(home.put("x.jpg", "18"), THOR)
    home.recognizer.reject_photo(home.put("y.jpg", "9"), "c2")  # a face of Thor
    home.recognizer.rename_character("c2", "Loki")
    return home


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def bytes_of(row: int) -> bytes:
    return bytes(ROWS[row].astype("<f4").tobytes())


def test_nothing_of_a_forgotten_person_is_left(home: Home) -> None:
    project = home.recognizer.project
    for row in (2, 6, 7, 8, 9, 18):
        assert bytes_of(row) in everything(project.folder), row
    before = home.recognizer.edits()
    report = home.recognizer.forget_character(THOR)
    assert report.found == () and report.names == (THOR, "c1")
    assert report.removed["photos"] == 4 and report.removed["log entries"] == 5
    left = everything(project.folder)
    for row in (2, 6, 7, 8, 9, 18):
        assert bytes_of(row) not in left, row
    assert bytes_of(0) in left and bytes_of(12) in left
    assert b"Thor" not in left and b"/c1" not in left and b'"c1"' not in left
    assert {path for path, _ in report.searched} >= {str(project.gallery), str(home.recognizer.model_path)}
    assert home.state() == {"c0": ["c0/0.jpg", "c0/1.jpg"], "Loki": ["c2/0.jpg", "c2/1.jpg", "c2/2.jpg"]}
    assert_model_fits_gallery(home)
    assert home.named(10) is None
    assert len(report.photos_left) == 4 and report.photos_left[0].endswith("c0/2.jpg")
    assert len(home.recognizer.edits()) < len(before)
    home.recognizer.undo()  # what was decided about others can still be undone
    assert sorted(home.state()) == ["c0", "c2"]


def test_a_name_that_was_given_and_taken_back_is_searched_for_too(home: Home, tmp_path: Path) -> None:
    recognizer = home.recognizer
    recognizer.rename_character(THOR, "Donar")
    written = recognizer.project.folder / "mine.csv"
    written.write_text("Donar,1\n")
    recognizer.undo()
    report = recognizer.forget_character(THOR)
    assert set(report.names) >= {THOR, "Donar"}
    assert (str(written), "the name") in report.found


def test_a_forgotten_persons_photo_does_not_come_back_under_another_name(home: Home) -> None:
    home.recognizer.forget_character(THOR)
    home.recognizer.train_folder(home.cast)
    assert home.state()["c0"] == ["c0/0.jpg", "c0/1.jpg"]
    # The person's own folder is the user's: the report has told that it is still there.
    assert len(home.state()["c1"]) == 3


def test_the_last_one_takes_the_model_along(tmp_path: Path) -> None:
    analyzer: Any = StubAnalyzer()
    recognizer = CharacterRecognizer(tmp_path / "project", settings=Settings(), analyzer=analyzer)
    (tmp_path / "a.jpg").write_text("3")
    recognizer.add_photos("Ada", [tmp_path / "a.jpg"])
    report = recognizer.forget_character("Ada")
    assert report.characters == {} and report.found == ()
    assert not recognizer.model_path.exists() and b"Ada" not in everything(tmp_path / "project")


def test_who_is_not_known_cannot_be_forgotten(home: Home) -> None:
    with pytest.raises(UnknownCharacterError, match="Did you mean Thor Odinson"):
        home.recognizer.forget_character("Thor Odinsson")
    with pytest.raises(InputError, match="c2 is Loki now"):
        home.recognizer.forget_character("c2")
    home.recognizer.forget_character(THOR)
    with pytest.raises(UnknownCharacterError):
        home.recognizer.forget_character(THOR)


def test_a_forgetting_that_was_broken_off_is_finished_by_the_next(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    recognizer = home.make()
    for method in ("log_edit", "compact"):
        with monkeypatch.context() as patch:
            patch.setattr(Gallery, method, killed)
            with pytest.raises(KeyboardInterrupt):
                recognizer.forget_character(THOR)
    # In the first try nothing of the gallery was changed; in the second everything but the end was done.
    report = home.make().forget_character(THOR)
    assert report.found == () and report.names == (THOR, "c1") and len(report.searched) > 3
    left = everything(home.folder)
    assert b"Thor" not in left and bytes_of(7) not in left
    assert_model_fits_gallery(home)


def film(home: Home) -> Path:
    """A film of Thor (tracks 0 and 2) and Loki (track 1), as a scan leaves it."""
    folder: Path = home.recognizer.project.films / "party"
    folder.mkdir(parents=True)
    (folder / "faces").mkdir()
    for name in ("thor.jpg", "loki.jpg"):
        (folder / "faces" / name).write_text("9" if name == "thor.jpg" else "13")
    timeline = {
        "schema": "personae/timeline/1",
        "model": {"characters": ["Loki", THOR]},
        "settings": {"note": f"made for {THOR}, with care"},
        "appearances": [
            {"id": 1, "character": THOR, "tracks": [0], "best_picture": {"file": "faces/thor.jpg"}},
            {"id": 2, "character": "Loki", "tracks": [1], "best_picture": {"file": "faces/loki.jpg"}},
        ],
        "characters": [{"character": THOR, "share": 0.5}, {"character": "Loki", "share": 0.1}],
        "tracks": [{"id": 0}, {"id": 1}, {"id": 2}],
    }
    (folder / "film.timeline.json").write_text(json.dumps(timeline, indent=2))
    for made in ("film.report.html", "film.sheet.html", "film.annotated.mov"):
        (folder / made).write_text("made of the timeline")
    (folder / "notes.html").write_text("somebody's own")
    (folder / "film.edits.json").write_text(json.dumps({"edits": [{"track": 0, "character": THOR}, {"track": 1}]}))
    (folder / "film.decisions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in journal_rows()) + '{"torn')
    arrays = {
        "embeddings": ROWS[[9, 10, 13, 11]], "weights": np.ones(4, np.float32), "faces_count": np.array([2, 1, 1]),
        "picture": np.arange(6, dtype=np.uint8), "picture_count": np.array([1, 2, 3]), "best_pts": np.arange(3),
    }  # fmt: skip
    labels = [{"character": THOR}, {"character": "Loki"}, None]
    archive.write(folder / "film.tracks", arrays, {"labels": labels}, schema="personae/tracks/1")
    archive.write(folder / ".film.scan", arrays, {"chunk": 3}, schema="personae/scan/1")
    return folder


def journal_rows() -> list[dict[str, object]]:
    def person(character: str | None, number: int | None = None) -> dict[str, object]:
        return {"character": character, "character_id": None, "unknown": number}

    def part(who: dict[str, object]) -> dict[str, object]:
        return {"who": who, "places": [[1, 0, 0, 1, 1]]}

    one, thor, loki = person(None, 1), person(THOR), person("Loki")
    return [
        {"schema": "personae/decisions/1", "film": {"content_id": "x", "path": f"{THOR}.mov"}},
        {"id": "a", "kind": "name", "parts": [part(one)], "to": thor, "more": 1},
        {"id": "b", "kind": "give", "parts": [part(thor)], "to": loki},
        {"id": "c", "kind": "not", "parts": [part(thor)], "to": person(None, 3)},
        {"id": "d", "kind": "merge", "parts": [part(one), part(thor), part(person(None, 2))], "to": one, "by": THOR},
        {"id": "e", "kind": "apart", "parts": [part(one), part(thor)]},
        {"id": "f", "kind": "undo", "parts": [], "takes_back": ["a"]},
    ]


def test_films_lose_entries_tracks_and_pictures(home: Home) -> None:
    folder = film(home)
    report = home.recognizer.forget_character(THOR)
    assert report.found == () and report.removed["tracks"] == 4 and report.removed["pictures"] == 4
    assert sorted(path.name for path in folder.iterdir() if path.suffix in (".html", ".mov")) == ["notes.html"]
    timeline = json.loads((folder / "film.timeline.json").read_text())
    assert [row["character"] for row in timeline["appearances"]] == ["Loki"]
    assert timeline["model"]["characters"] == ["Loki"] and [row["id"] for row in timeline["tracks"]] == [1, 2]
    assert timeline["settings"]["note"] == "made for (forgotten), with care"
    assert json.loads((folder / "film.edits.json").read_text()) == {"edits": [{"track": 1}]}
    lines = (folder / "film.decisions.jsonl").read_text().splitlines()
    header, given, merged, undone = map(json.loads, lines)
    assert header["film"]["path"] == "(forgotten).mov" and undone["id"] == "f"
    assert (given["id"], given["parts"][0]["who"], given["to"]["character"]) == ("b", None, "Loki")
    assert (merged["id"], len(merged["parts"])) == ("d", 2)
    arrays, facts = archive.read(folder / "film.tracks", schema="personae/tracks/1")
    np.testing.assert_array_equal(arrays["embeddings"], ROWS[[13]])  # track 2 was nobody's, and his face
    np.testing.assert_array_equal(arrays["faces_count"], [0, 1, 0])
    np.testing.assert_array_equal(arrays["picture"], [1, 2])
    unfinished, _ = archive.read(folder / ".film.scan", schema="personae/scan/1")
    np.testing.assert_array_equal(unfinished["embeddings"], ROWS[[13]])
    assert facts["labels"] == [{"character": None}, {"character": "Loki"}, None]
    assert [path.name for path in (folder / "faces").iterdir()] == ["loki.jpg"]
    assert b"Thor" not in everything(home.recognizer.project.folder)


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("notes.html", f"<b>{THOR}</b>".encode(), "the name"),
        ("copy.bin", b"..." + ROWS[6].astype("<f4").tobytes(), "an embedding"),
        ("thumbnail.jpg", b"9", "the face"),
    ],
)
def test_the_search_finds_what_is_left(home: Home, name: str, content: bytes, what: str) -> None:
    path = home.recognizer.project.folder / name
    path.write_bytes(content)
    report = home.recognizer.forget_character(THOR)
    assert report.found == ((str(path), what),)


@pytest.mark.parametrize("dtype", ["<f4", "<f2"])
def test_the_search_finds_small_copies(home: Home, dtype: str) -> None:
    copies = np.random.default_rng(1).normal(size=(3, ROWS.shape[1])).astype("<f4")
    copies[2] = 0  # none was made: no bytes to look for
    with Gallery.open(home.recognizer.project.gallery, embedder=None) as gallery, gallery.transaction():
        photo = next(photo for photo in gallery.photos(THOR) if photo.path.endswith("c1/1.jpg"))
        gallery._database.write("UPDATE faces SET copies = ? WHERE photo = ?", (copies.tobytes(), photo.id))
    path = home.recognizer.project.folder / "copy.bin"
    path.write_bytes(b"..." + copies[1].astype(dtype).tobytes())
    report = home.recognizer.forget_character(THOR)
    assert report.found == ((str(path), "an embedding"),)
    left = everything(home.recognizer.project.folder).replace(path.read_bytes(), b"")
    assert copies[0].tobytes() not in left


def test_a_name_inside_others_names_is_told_and_left_alone(home: Home) -> None:
    home.recognizer.rename_character("c0", f"Not {THOR}")
    report = home.recognizer.forget_character(THOR)
    assert f"Not {THOR}" in report.part_of_other_names
    assert sorted(home.state()) == ["Loki", f"Not {THOR}"]


def test_exports_are_remembered_and_listed(home: Home, tmp_path: Path) -> None:
    ledger = home.recognizer.project.ledger
    (tmp_path / "out.json").touch()
    (tmp_path / "pictures").mkdir()
    (tmp_path / "of-loki.json").touch()
    for path in ("out.json", "pictures", "out.json", "gone.json", "unplugged/out.json"):
        ledger.record(tmp_path / path, sha256="1", kind="identify", who=[THOR, "Loki"], source=home.cast / "c1/0.jpg")
    ledger.record(tmp_path / "of-loki.json", sha256="1", kind="report", who=["Loki"], source="film")
    ledger.record(tmp_path / "of-nobody-knows.json", sha256="", kind="identify")  # not there
    report = home.recognizer.forget_character(THOR)
    here = tmp_path.resolve()
    assert report.exports == tuple(str(here / name) for name in ("out.json", "pictures"))
    assert report.unreached == ((str(here / "unplugged/out.json"), "it is not there; is the disk connected?"),)
    assert not report.complete
    assert set(report.export_kinds.values()) == {"identify"} and report.found == ()
    # The list goes on to know them as ours, and no longer who was in them; what is gone is off the list.
    assert [(Path(entry.path).name, entry.who, entry.source) for entry in ledger.entries()] == [
        ("of-loki.json", ("Loki",), "film"), ("out.json", ("Loki",), ""), ("pictures", ("Loki",), ""),
        ("out.json", ("Loki",), ""),
    ]  # fmt: skip
    assert b"Thor" not in everything(home.folder)


def test_json_is_cleaned_at_any_depth() -> None:
    document = {
        "a": [{"b": {"who": "Al"}}, "Al", ["x", "Al"], "Albert"],
        "Al": 1,
        "with": {"c": "Al", "d": "Al and Bo"},
    }
    cleaned, removed = forget_in_json(document, {"Al"})
    assert cleaned == {"a": [{"b": {"who": None}}, "Albert"], "with": {"c": None, "d": "(forgotten) and Bo"}}
    assert removed.entries == 2


def test_tracks_of_an_unknown_layout_lose_the_name_only() -> None:
    arrays = {"other": np.ones(3)}
    cleaned, facts, count = forget_in_tracks(arrays, {"names": ["Al", "Bo"]}, {"Al"}, np.empty((0, 4), np.float32))
    assert cleaned is arrays and facts == {"names": ["Bo"]} and count == 0


def test_shredding_overwrites_but_spares_a_second_name(tmp_path: Path) -> None:
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_bytes(b"secret")
    other.hardlink_to(path)
    shred(path)
    assert not path.exists() and other.read_bytes() == b"secret"
    with other.open("rb") as kept:
        shred(other)
        assert kept.read() == bytes(6) and not other.exists()


def test_what_is_replaced_is_overwritten_and_a_failure_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"secret")
    with path.open("rb") as old:
        with replacing(path):
            write_whole(path, b"new")
        assert path.read_bytes() == b"new" and old.read() == bytes(6)
    with pytest.raises(ZeroDivisionError), replacing(path):
        _ = 1 / 0
    assert path.read_bytes() == b"new" and len(list(tmp_path.iterdir())) == 1


def test_no_database_is_opened_beside_sqlite(home: Home) -> None:
    """Closing a file takes away the locks that other threads of the process have on it: two would write at once."""
    project, opened = home.recognizer.project, []
    listening = True

    def listen(event: str, arguments: tuple[object, ...]) -> None:
        if not listening or event != "open" or not isinstance(arguments[0], str | Path):
            return
        flags = arguments[2]
        if not (isinstance(flags, int) and flags & os.O_EXCL):  # what is there is not opened so
            opened.append(Path(arguments[0]).absolute())

    sys.addaudithook(listen)
    try:
        home.recognizer.forget_character(THOR)
    finally:
        listening = False
    assert home.recognizer.model_path.absolute() in opened
    for database in (project.gallery, project.ledger.path):
        assert not [path for path in opened if path.name.startswith(database.name)]


def test_the_gallery_is_compact_afterwards(home: Home) -> None:
    home.recognizer.forget_character(THOR)
    log = home.recognizer.project.gallery.with_name("gallery.sqlite-wal")
    assert not log.exists() or log.stat().st_size == 0
    with Gallery.open(home.recognizer.project.gallery, embedder=None) as gallery:
        assert gallery._database.rows("PRAGMA freelist_count") == [(0,)]
