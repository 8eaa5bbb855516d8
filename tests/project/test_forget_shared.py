"""Forgetting somebody who shares things with others: a film's time, a photo, a picture, an output."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from personae import FaceAnalyzer, Picture, Project, Quality, archive
from personae.cast.editing import add_faces
from personae.cast.gallery import EnrolledFace, Gallery, PhotoRecord
from personae.faces.fake import FakeDetector, FakeEmbedder, draw_picture
from personae.files import sha256_of
from personae.films import crops_file, face_manifest, tracks_file
from personae.films.forget_pictures import COVERED
from personae.forgetting.likeness import Likeness, decoded
from personae.forgetting.names import NameSearch
from personae.forgetting.person import Person
from tests.cast.test_editing import Home, assert_model_fits_gallery, fewer_strangers  # noqa: F401 - a fixture
from tests.drawn_films import drawn_film, scene
from tests.project.test_forget_everywhere import World, assert_no_face_is_left, faces_of
from tests.stub import ROWS

ONE = np.ones(1, np.float32)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def teach(home: Home, name: str, rows: Sequence[int], times: Sequence[str], film: str = "film.mp4") -> None:
    """Add faces of a film to the cast, as naming does."""
    with Gallery.open(home.folder / "gallery.sqlite", embedder=None) as gallery, gallery.transaction():
        faces = []
        for row, time in zip(rows, times, strict=True):
            digest = hashlib.sha256(ROWS[row].tobytes()).hexdigest()
            photo = PhotoRecord(name, f"/films/{film}#t={time}", sha256=digest).enrolled(faces_found=1)
            quality = Quality(ONE * 90, ONE, ONE * 100, ONE * 0, ONE, ((),))
            where = np.zeros(4, np.float32), np.zeros((5, 2), np.float32)
            faces.append((photo, EnrolledFace(*where, 1.0, quality, ROWS[row])))
        add_faces(gallery, name, faces)


def said(home: Home) -> list[tuple[str, int]]:
    return [(edit.detail.get("into", ""), len(edit.detail.get("photos", []))) for edit in home.recognizer.edits()]


def test_the_log_keeps_faces_of_others_at_the_same_time(home: Home) -> None:
    teach(home, "Ross", (18, 19, 20), ("1.000", "2.000", "3.000"), "Rachel in love.mp4")
    teach(home, "Rachel", (21, 22), ("1.000", "2.000"), "Rachel in love.mp4")
    with_both = home.state()
    report = home.recognizer.forget_character("Rachel")
    assert report.found == ()
    assert said(home) == [("Ross", 3), ("", 0)]
    assert home.state()["Ross"] == with_both["Ross"]
    home.recognizer.undo()
    assert sorted(home.state()) == ["c0", "c1", "c2"]
    assert_model_fits_gallery(home)


def test_a_face_that_was_first_somebody_elses_goes_from_their_entry_too(home: Home) -> None:
    teach(home, "Ross", (18, 19, 21), ("1.000", "2.000", "3.000"))
    teach(home, "Phoebe", (23,), ("3.000",))
    home.recognizer.split_character("Ross", ["/films/film.mp4#t=3.000"], into="Rachel")
    assert home.recognizer.forget_character("Rachel").found == ()
    assert said(home) == [("Ross", 2), ("Phoebe", 1), ("", 0)]


def test_a_photo_that_was_taken_out_of_somebody_else_is_theirs_too(home: Home) -> None:
    misfiled = home.cast / "c0" / "2.jpg"
    home.recognizer.remove_photos([misfiled])
    home.recognizer.add_photos("c1", [misfiled])
    report = home.recognizer.forget_character("c1")
    assert report.found == ()
    for _ in range(2):
        assert home.state()["c0"] == ["c0/0.jpg", "c0/1.jpg"]
        home.recognizer.train_folder(home.cast)  # it still lies in c0's folder


def test_a_decision_about_another_face_at_the_same_time_stays(home: Home) -> None:
    teach(home, "Ross", (18, 19), ("1.000", "2.000"))
    teach(home, "Rachel", (21, 22), ("1.000", "2.000"))
    home.recognizer.remove_photos(["/films/film.mp4#t=1.000"])
    assert home.recognizer.forget_character("Rachel").found == ()
    assert said(home) == [("Ross", 2), ("", 1), ("", 0)]
    assert home.state()["Ross"] == ["films/film.mp4#t=2.000"]
    home.recognizer.undo()
    assert home.state()["Ross"] == ["films/film.mp4#t=1.000", "films/film.mp4#t=2.000"]


def beside_each_other(n: int) -> Any:
    """Loki, and Thor so small and near that all of his face is in Loki's cut-outs."""
    people = [("Thor", 107.0, 96.0, 40), ("Loki", 190.0, 110.0, 120)]
    return scene(1, people, take=n // 8 % 5)


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_film(tmp_path_factory.mktemp("film") / "party.mp4", beside_each_other, 24)


@pytest.fixture
def world(tmp_path: Path, beside: Path) -> World:
    """Both are in the cast, in a film scanned into the project, and have folders of their faces."""
    world = World(tmp_path, beside)
    cast = world.folder / "cast"
    world.run("scan", world.film, "--cast", cast, "--project", world.project, "--faces", "--progress", "none")
    return world


def crops_in(path: Path) -> list[int]:
    """The bytes of each crop in a film's file of them, that can be read as pictures."""
    arrays, _ = archive.read(path, schema=crops_file.SCHEMA)
    ends = np.cumsum(arrays[crops_file.BYTES]).tolist()
    sizes: list[int] = arrays[crops_file.BYTES].tolist()
    for end, size in zip(ends, sizes, strict=True):
        with Image.open(io.BytesIO(arrays[crops_file.JPEG][end - size : end].tobytes())) as image:
            assert image.convert("RGB").size[0] > 20
    return sizes


def test_the_face_in_pictures_of_others_is_covered(world: World) -> None:
    folder = world.project / "films" / "party"
    of_loki = [path for path in folder.rglob("*.jpg") if path.parent.name == "Loki"]
    before = {path: path.read_bytes() for path in of_loki}
    crops = crops_in(folder / "film.crops")
    report = world.forget()
    assert report.found == () and report.complete
    assert report.removed[COVERED] >= 2
    assert_no_face_is_left(world.project, "Thor")
    # Loki keeps every picture of his, each still told to be him.
    analyzer = FaceAnalyzer(detector=FakeDetector(), embedder=FakeEmbedder())
    assert before and sum(path.read_bytes() != content for path, content in before.items()) >= 1
    for path in before:
        assert (analyzer.analyze(path).embeddings @ faces_of("Loki").T).max() > 0.5
    left = crops_in(folder / "film.crops")
    assert left and set(left) <= set(crops)
    manifest = face_manifest.read(folder / "film.faces")
    assert manifest is not None
    known = {one.sha256 for one in manifest.pictures}
    assert {sha256_of(path) for path in before} <= known
    kept = crops_file.read(folder / "film.crops", tracks_file.load_tracks(folder / "film.tracks").watched.records)
    assert kept is not None and any(kept)


def test_a_covered_picture_has_as_many_bytes_and_everybody_else() -> None:
    analyzer = FaceAnalyzer(detector=FakeDetector(), embedder=FakeEmbedder())
    person = Person("Thor", frozenset({"Thor"}), vectors=faces_of("Thor"))
    likeness = Likeness(person, faces_of("Loki"), analyzer)
    picture = Image.fromarray(beside_each_other(0))
    with io.BytesIO() as file:
        picture.save(file, "JPEG", quality=88)
        content = file.getvalue()
    assert likeness.is_in(content)
    without = likeness.covered(content)
    assert without is not None and len(without) == len(content) and not likeness.is_in(without)
    pixels = decoded(without, "it")
    assert isinstance(pixels, Picture)
    left = analyzer.analyze(pixels).embeddings
    assert (left @ faces_of("Loki").T).max() > 0.5 > (left @ faces_of("Thor").T).max()
    assert likeness.covered(without) is None
    assert likeness.covered(b"no picture") is None


def test_exports_that_do_not_name_the_person_are_not_listed(tmp_path: Path, beside: Path) -> None:
    """Bea is in the cast, and so in the film's model, but not in the film."""
    world = World(tmp_path, beside)
    (world.folder / "cast" / "Bea").mkdir()
    Image.fromarray(draw_picture([("Bea", 96)]).pixels).save(world.folder / "cast" / "Bea" / "1.png")
    world.run("scan", world.film, "--cast", world.folder / "cast", "--project", world.project, "--progress", "none")
    timeline = world.project / "films" / "party" / "film.timeline.json"
    out = world.folder / "exports"
    out.mkdir()
    world.run("export", timeline, "-o", out, "--project", world.project)
    search = {name: NameSearch([name]) for name in ("Bea", "Loki")}
    files = [path for path in sorted(out.iterdir()) if path.is_file()]
    naming = {name: [p for p in files if one.in_bytes(p.read_bytes())] for name, one in search.items()}
    assert 0 < len(naming["Bea"]) < 4 < len(naming["Loki"])
    with Project.open(world.project) as project:
        listed = {Path(path) for path in project.forget("Bea").exports}
    assert listed == {path for path in naming["Bea"] if path.suffix != ".html"}  # pages are deleted
    said = world.run("forget", "Loki", "--yes", "--project", world.project)
    left = [path for path in files if path.is_file() and path in naming["Loki"]]
    assert f"not touched: {len(left)} files in {out} (" in said
    assert not any(f"{path} (" in said for path in left)


def test_characters_without_photos_are_forgotten_and_keep_longer_names(home: Home) -> None:
    cast = home.recognizer.cast
    cast.add_names(["Gunther", "Rachel Karen Green"])
    teach(home, "Rachel", (21, 22), ("1.000", "2.000"))
    report = home.recognizer.forget_character("Rachel")
    assert report.found == () and "Rachel Karen Green" in report.part_of_other_names
    assert cast.without_photos() == ("Gunther", "Rachel Karen Green")
    report = home.recognizer.forget_character("Gunther")
    assert report.found == () and report.removed["characters without photos"] == 1
    assert cast.without_photos() == ("Rachel Karen Green",)
    assert b"Gunther" not in b"".join(path.read_bytes() for path in home.folder.rglob("*") if path.is_file())


def test_a_table_of_photos_is_listed_for_those_whom_it_names(tmp_path: Path, beside: Path) -> None:
    world = World(tmp_path, beside)
    world.run("train", world.folder / "cast", "--project", world.project)
    table = world.folder / "faces.csv"
    world.run("identify", world.folder / "cast" / "Loki", "--csv", table, "--no-keep", "--project", world.project)
    with Project.open(world.project) as project:
        assert project.forget("Thor").exports == ()
        assert project.forget("Loki").exports == (str(table),)


def test_the_face_in_cut_outs_of_kept_photos_is_covered(tmp_path: Path, beside: Path) -> None:
    world = World(tmp_path, beside)
    photos = world.folder / "holiday"
    photos.mkdir()
    Image.fromarray(beside_each_other(0)).save(photos / "a.png")
    world.run("train", world.folder / "cast", "--project", world.project)
    world.run("identify", photos, "--keep", "--project", world.project)
    world.run("name", "holiday", "--faces", "--project", world.project)
    pictures = [path for path in (world.project / "photos").rglob("*.jpg") if path.parent.name == "Loki"]
    analyzer = FaceAnalyzer(detector=FakeDetector(), embedder=FakeEmbedder())
    assert len(pictures) == 1 and (analyzer.analyze(pictures[0]).embeddings @ faces_of("Thor").T).max() > 0.5
    report = world.forget()
    assert report.found == () and report.removed[COVERED] == 1
    assert_no_face_is_left(world.project, "Thor")
    assert (analyzer.analyze(pictures[0]).embeddings @ faces_of("Loki").T).max() > 0.5
    assert "nothing in the folders was changed" in world.run("name", "holiday", "--faces", "--project", world.project)
