"""Forgetting somebody who shares things with others: a film's time, a photo, a picture, an output."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from personae import Quality
from personae.cast.editing import add_faces
from personae.cast.gallery import EnrolledFace, Gallery, PhotoRecord
from tests.cast.test_editing import Home, assert_model_fits_gallery, fewer_strangers  # noqa: F401 - a fixture
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
