"""The small pictures of faces that the gallery keeps: made at enrolment, and gone with the face."""

from __future__ import annotations

import io
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from personae import Project, Settings
from personae.cast import gallery_schema
from personae.cast.forget_gallery import forget_in_gallery
from personae.cast.gallery import Gallery
from personae.errors import DamagedFileError
from personae.faces.face_pictures import LARGEST_PX, face_picture
from personae.faces.fake import draw_picture
from personae.types import Picture
from tests.stub import StubAnalyzer, picture_of_row, write_cast

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.fixture(autouse=True)
def fewer_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("personae.recognition.calibration.STRANGERS", 2000, raising=False)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    analyzer: Any = StubAnalyzer()
    project = Project.open(tmp_path / "project", settings=Settings(lock_timeout_s=5), analyzer=analyzer)
    project.cast.train(write_cast(tmp_path / "cast"))
    return project


def pictures(project: Project) -> dict[str, bytes | None]:
    """The end of each enrolled photo's path -> the picture of its face."""
    with Gallery.open(project.context.paths.gallery, embedder=None) as gallery:
        photos = {photo.id or 0: "/".join(Path(photo.path).parts[-2:]) for photo in gallery.photos()}
        return {photos[photo]: shown.picture for photo, shown in gallery.shown(photos).items()}


@pytest.mark.parametrize(
    ("size_wh", "box", "expected_px"),
    [
        ((900, 700), (300, 200, 500, 420), LARGEST_PX),
        ((300, 200), (10, 20, 50, 60), 64),
        ((80, 60), (-5, 0, 70, 60), 60),
    ],
)
def test_it_shows_the_face_with_what_is_around_it(
    size_wh: tuple[int, int], box: tuple[int, int, int, int], expected_px: int
) -> None:
    pixels = np.full((size_wh[1], size_wh[0], 3), 40, np.uint8)
    pixels[max(box[1], 0) : box[3], max(box[0], 0) : box[2]] = 220
    content = face_picture(Picture(pixels), np.array(box, np.float32))
    with Image.open(io.BytesIO(content)) as made:
        assert (made.format, made.size) == ("JPEG", (expected_px, expected_px))
        middle = np.asarray(made.convert("L"), np.float32)[expected_px // 3 : expected_px // 2, expected_px // 2]
    assert middle.mean() > 200
    assert len(content) < 20_000


def test_it_comes_with_the_photo_and_stays_with_the_face(project: Project) -> None:
    expected = {f"c{c}/{p}.jpg": picture_of_row(6 * c + p) for c in range(3) for p in range(3)}
    assert pictures(project) == expected
    project.cast.split("c0", ["c0/0.jpg"], into="Thor")
    project.cast.undo()
    assert pictures(project) == expected
    project.cast.remove("c1")
    project.cast.undo()
    assert pictures(project) == expected


def test_faces_from_before_have_none_and_are_not_embedded_for_it(project: Project, tmp_path: Path) -> None:
    with sqlite3.connect(project.context.paths.gallery) as connection:
        connection.execute("UPDATE faces SET picture = NULL")
    connection.close()
    analyzer: Any = project.context.analyzer
    analyzer.embedded.clear()
    project.cast.train(tmp_path / "cast")
    assert not analyzer.embedded and set(pictures(project).values()) == {None}


def test_a_model_made_before_is_still_the_gallerys(project: Project) -> None:
    with Gallery.open(project.context.paths.gallery, embedder=None) as gallery:
        before = gallery.digest, gallery.revision
    with sqlite3.connect(project.context.paths.gallery) as connection:
        connection.execute("UPDATE faces SET picture = NULL")
    connection.close()
    with Gallery.open(project.context.paths.gallery, embedder=None) as gallery:
        assert (gallery.digest, gallery.revision) == before


def test_the_upgrade_of_a_gallery_leaves_digest_and_revision(tmp_path: Path) -> None:
    path = tmp_path / "gallery.sqlite"
    shutil.copy(SAMPLES / "edited-gallery-4.sqlite", path)
    with sqlite3.connect(path) as connection:
        (revision,) = connection.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()
    connection.close()
    with Gallery.open(path, embedder=None) as gallery:
        assert gallery.revision == int(revision)
        shown = gallery.shown(photo.id or 0 for photo in gallery.photos()).values()
        assert shown and all(one.picture is None for one in shown)
    with Gallery.open(path, embedder=None) as gallery, gallery.transaction():
        assert gallery.counts()[0] == 12
    assert gallery_schema.VERSION == 5


def test_a_fresh_training_has_them_and_those_that_were_added_by_hand(project: Project, tmp_path: Path) -> None:
    (tmp_path / "hand.jpg").write_text("9")
    project.cast.add("c1", [tmp_path / "hand.jpg"])
    project.cast.train(tmp_path / "cast", fresh=True)
    found = pictures(project)
    assert len(found) == 10 and found[f"{tmp_path.name}/hand.jpg"] == picture_of_row(9)


def test_forgetting_takes_them(project: Project) -> None:
    theirs = {picture_of_row(6 + p) for p in range(3)}
    project.forget("c1")
    assert theirs.isdisjoint(set(pictures(project).values()))
    content = project.context.paths.gallery.read_bytes()
    assert not any(picture[20:60] in content for picture in theirs)


def test_the_proof_finds_one_that_stayed(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def leaves_one(gallery: Gallery, person: Any, removed: Any) -> None:
        forget_in_gallery(gallery, person, removed)
        rows = gallery._database.rows("SELECT photo FROM faces")
        gallery._database.write("UPDATE faces SET picture = ? WHERE photo = ?", (picture_of_row(6), rows[0][0]))

    monkeypatch.setattr("personae.cast.keeper.forget_in_gallery", leaves_one)
    found = project.forget("c1").found
    assert (str(project.context.paths.gallery), "a picture of the face") in found


def test_what_is_no_picture_is_no_gallery_of_ours(project: Project) -> None:
    with sqlite3.connect(project.context.paths.gallery) as connection:
        connection.execute("UPDATE faces SET picture = '<script>'")
    connection.close()
    with pytest.raises(DamagedFileError, match=r"faces\.picture"):
        pictures(project)


def test_who_stands_next_to_somebody_is_covered_in_their_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("personae.faces.face_pictures.ROUND_A_FACE", 4.0)
    monkeypatch.setattr("personae.faces.face_pictures.LARGEST_PX", 1000)  # drawn faces are not known when shrunk
    for name in ("Thor", "Loki"):
        (tmp_path / "cast" / name).mkdir(parents=True)
        for take in range(3):
            drawn = draw_picture([(name, 96)], take=take + 1)
            Image.fromarray(drawn.pixels).save(tmp_path / "cast" / name / f"{take}.png")
    both = draw_picture([("Thor", 96), ("Loki", 60)], take=9, size_wh=(240, 240))
    Image.fromarray(both.pixels).save(tmp_path / "cast" / "Thor" / "both.png")
    with Project.open(tmp_path / "project", settings=Settings(detector="fake", embedder="fake")) as project:
        project.cast.train(tmp_path / "cast")
        before = pictures(project)["Thor/both.png"]
        report = project.forget("Loki")
        assert report.found == () and report.removed["faces covered in pictures of others"] == 1
        after = pictures(project)["Thor/both.png"]
        assert before is not None and after is not None and after != before
        faces = project.context.analyzer.analyze(after)
        assert len(faces) == 1
