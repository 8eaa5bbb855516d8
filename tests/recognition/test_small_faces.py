"""Small faces: copies at enrolment, the likelihood ratio, one scale of evidence, and old galleries without copies."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personae.cast.gallery import EnrolledFace, Gallery, PhotoRecord
from personae.errors import DamagedFileError
from personae.faces.align import crops
from personae.faces.analyzer import FaceAnalyzer
from personae.faces.copies import small_copies
from personae.media.photos import load
from personae.project.recognizer import CharacterRecognizer
from personae.recognition import model_file
from personae.recognition.backgrounds import background_for
from personae.recognition.model import CharacterModel
from personae.recognition.prototypes import unit
from personae.recognition.small_faces import RATIO_PX, SmallPrototypes
from personae.settings import Settings
from personae.types import COPIES_PX, SMALL_PX, Picture, Quality
from tests.people import people
from tests.stub import StubAnalyzer, write_cast

BACKGROUND = background_for("sface:d128:p1:fb143eea0783", 128)


def cast(count: int = 6, photos: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embeddings (n, 128), characters (n,), copies (n, 3, 128) around the means of their sizes."""
    assert BACKGROUND.small is not None
    X = people(count, photos, seed=7).reshape(-1, 128)
    rng = np.random.default_rng(3)
    means = BACKGROUND.small.mean_at(np.array(COPIES_PX))
    own = X - BACKGROUND.mean
    copies = unit(0.6 * own[:, None] + means + 0.02 * rng.standard_normal((len(X), 3, 128)))
    return X, np.repeat(np.arange(count), photos), copies


def fitted() -> tuple[CharacterModel, np.ndarray, np.ndarray, np.ndarray]:
    X, y, copies = cast()
    return CharacterModel(background=BACKGROUND).fit(X, y, copies=copies), X, y, copies


def test_on_sharp_faces_evidence_is_the_cosine_and_nothing_changes() -> None:
    model, X, y, _ = fitted()
    plain = CharacterModel(background=BACKGROUND).fit(X, y)
    for sizes in (None, np.full(len(X), SMALL_PX)):
        ours, theirs = model.decide(X, face_px=sizes), plain.decide(X, face_px=sizes)
        np.testing.assert_array_equal(ours.evidence, ours.similarity)
        np.testing.assert_array_equal(ours.similarity, theirs.similarity)


def test_small_faces_are_named_by_their_copies() -> None:
    model, _, y, copies = fitted()
    probes = np.asarray(unit(copies[:, 0] + 0.02 * np.random.default_rng(5).standard_normal(copies[:, 0].shape)))
    decisions = model.decide(probes, face_px=np.full(len(probes), 11.2))
    assert (decisions.characters[:, 0] == y).all() and decisions.named.all()
    assert not np.allclose(decisions.evidence, decisions.similarity)


def test_evidence_has_no_step_where_the_cosine_takes_over() -> None:
    model, X, *_ = fitted()
    for px in (RATIO_PX, SMALL_PX):
        below, above = (model.decide(X, face_px=np.full(len(X), px + d)).evidence for d in (-1e-6, 1e-6))
        np.testing.assert_allclose(below, above, atol=1e-4)


def test_the_ratio_is_that_of_two_gaussians() -> None:
    """Against the definition: log N(seen | the person's posterior) - log N(seen | anybody), direction by direction."""
    statistics = BACKGROUND.small
    assert statistics is not None
    rng = np.random.default_rng(0)
    centre, count = rng.standard_normal((1, 128)) * 0.05, np.array([3])
    seen = rng.standard_normal((4, 128))
    prototypes = SmallPrototypes(statistics, centre, count)
    doubt = 1 / (1 / statistics.spread + 3)
    mean = (centre @ statistics.basis) * doubt * 3

    def log_density(x: np.ndarray, middle: np.ndarray, variance: np.ndarray) -> np.ndarray:
        return np.asarray(-0.5 * ((x - middle) ** 2 / variance + np.log(variance)).sum(axis=1))

    wanted = log_density(seen, mean, 1 + doubt) - log_density(seen, np.zeros(128), 1 + statistics.spread)
    px = np.full(4, 20.0)
    got = prototypes.evidence(seen, px)[:, 0]
    np.testing.assert_allclose(got, statistics.evidence(wanted[:, None], px, count)[:, 0], rtol=1e-9)


def test_adding_and_removing_keeps_small_prototypes_in_step() -> None:
    X, y, copies = cast()
    names = np.array([f"c{i}" for i in y])
    model = CharacterModel(background=BACKGROUND).fit(X, names, copies=copies)
    assert model.small_ is not None
    before = model.small_.centres.copy()
    rows = names == "c2"
    model.remove_character("c2")
    assert model.small_ is not None and len(model.small_.centres) == len(model.prototypes_.centres)
    model.add_character("c2", X[rows], copies=copies[rows])
    np.testing.assert_allclose(model.small_.centres, before, atol=1e-12)


def test_a_model_keeps_its_small_faces_on_disk(tmp_path: Path) -> None:
    X, y, copies = cast()
    names = np.array([f"c{i}" for i in y])
    model = CharacterModel(background=BACKGROUND).fit(X, names, copies=copies)
    path = tmp_path / "m.personae"
    embedder = "sface:d128:p1:fb143eea0783"
    model_file.save(model, model_file.describe(model, embedder=embedder, gallery_revision="0"), path)
    loaded, _ = model_file.load(path)
    probes, px = copies[:, 1], np.full(len(X), 20.0)
    ours, theirs = model.decide(probes, face_px=px), loaded.decide(probes, face_px=px)
    np.testing.assert_allclose(ours.evidence, theirs.evidence, rtol=1e-6)
    assert ours.named.tolist() == theirs.named.tolist()


def test_fewer_strangers_make_a_name_more_certain() -> None:
    model, *_ = fitted()
    few, half, many = (model.calibration_.confidence_at(np.array([0.3]), share)[0] for share in (0.1, 0.5, 0.9))
    assert few > half > many
    odds = half / (1 - half)
    assert few / (1 - few) == pytest.approx(9 * odds) and many / (1 - many) == pytest.approx(odds / 9)


def test_copies_are_shrunk_to_the_face_size_they_stand_for(astronaut: Path) -> None:
    """A copy is as coarse as its size says, and its embedding nearer to the face the larger it is."""
    analyzer = FaceAnalyzer()
    picture = load(astronaut)
    faces = analyzer.analyze(picture, copies=True)
    assert faces.copies is not None and faces.copies.shape == (1, 3, 128)
    np.testing.assert_allclose(np.linalg.norm(faces.copies, axis=2), 1, atol=1e-5)
    cosines = faces.copies[0] @ faces.embeddings[0]
    assert cosines[0] < cosines[1] < cosines[2] and cosines[2] > 0.6
    made = small_copies(crops(picture, faces), faces, COPIES_PX).astype(float)
    detail = np.abs(np.diff(made[0], axis=2)).mean(axis=(1, 2, 3))
    assert detail[0] < detail[1] < detail[2]
    assert analyzer.analyze(picture).copies is None


def test_small_faces_are_embedded_with_their_mirror_images(astronaut: Path) -> None:
    """So a picture and its mirror image give one embedding; and large faces are left as they are."""
    from PIL import Image

    analyzer = FaceAnalyzer()
    photo = Image.open(astronaut).convert("RGB")
    shrunk = np.asarray(photo.resize((90, 90), Image.Resampling.LANCZOS))
    faces = analyzer.analyze(Picture(shrunk))
    assert len(faces) == 1 and faces.face_px[0] < SMALL_PX
    crop = crops(Picture(shrunk), faces)
    both = analyzer.embedder.embed(np.concatenate([crop, crop[:, :, ::-1]]))
    np.testing.assert_allclose(faces.embeddings[0], unit(both.sum(axis=0)), atol=1e-5)


def test_a_gallery_without_copies_gets_them_at_the_next_training(tmp_path: Path) -> None:
    analyzer: Any = StubAnalyzer()
    recognizer = CharacterRecognizer(tmp_path / "project", settings=Settings(), analyzer=analyzer)
    folder = write_cast(tmp_path / "cast")
    recognizer.train_folder(folder)
    with sqlite3.connect(recognizer.project.gallery) as connection:
        connection.execute("UPDATE faces SET copies = NULL WHERE photo < 4")
    connection.close()
    report = recognizer.train_folder(folder)
    assert (report.faces_embedded, report.added, report.changed) == (3, 0, 0)
    assert recognizer.train_folder(folder).faces_embedded == 0


def test_copies_survive_the_gallery_and_damage_is_seen(tmp_path: Path) -> None:
    one = np.full(1, 80, np.float32)
    face = EnrolledFace(
        np.zeros(4, np.float32), np.zeros((5, 2), np.float32), 0.9, Quality(one, one, one, one, one, ((),)),
        np.eye(1, 8, dtype=np.float32)[0], np.eye(3, 8, 2, dtype=np.float32),
    )  # fmt: skip
    path = tmp_path / "g.sqlite"
    with Gallery.open(path, embedder="e") as gallery:
        gallery.put_photo(PhotoRecord("Ada", "/1.jpg", sha256="0").enrolled(faces_found=1), face)
        np.testing.assert_array_equal(gallery.enrolled().copies[0], face.copies)
        assert gallery.without_copies() == set()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE faces SET copies = ?", (b"12345",))
    connection.close()
    with Gallery.open(path, embedder=None) as gallery, pytest.raises(DamagedFileError):
        gallery.enrolled()
