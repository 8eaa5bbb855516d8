"""What is asked of strangers holds for faces of every size: equal shares of sharp and of small ones get a name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.openset import data, heads, run
from personae import archive
from personae.recognition import equal_shares, model_file
from personae.recognition.equal_shares import LEVELS
from personae.recognition.model import CharacterModel
from personae.recognition.prototypes import unit
from personae.types import COPIES_PX, SMALL_PX, FloatArray
from tests.people import EMBEDDER, people, sface_background

SIZES = (11.2, 16.0, 21.6)


def trained(count: int, photos: int) -> CharacterModel:
    """A cast whose small copies lie as near to its photos as SFace's do."""
    background = sface_background()
    assert background.small is not None
    X = people(count, photos, seed=7).reshape(-1, 128)
    rng = np.random.default_rng(3)
    own = unit(X - background.mean)[:, None] + 0.06 * rng.standard_normal((len(X), len(COPIES_PX), 128))
    copies = on_the_sphere(unit(own), background.small.mean_at(np.array(COPIES_PX)))
    return CharacterModel(background=background).fit(X, np.repeat(np.arange(count), photos), copies=copies)


def on_the_sphere(directions: np.ndarray, means: np.ndarray) -> FloatArray:
    """Unit vectors that lie from `means` in `directions` (..., d), both of unit length or less."""
    along = (directions * means).sum(axis=-1, keepdims=True)
    far = -along + np.sqrt(along**2 + 1 - (means**2).sum(axis=-1, keepdims=True))
    return np.asarray(means + far * directions, np.float32)


def small_strangers(face_px: float, count: int) -> FloatArray:
    """Small faces of people who do not exist, from the covariance of small faces."""
    small = sface_background().small
    assert small is not None
    values, vectors = np.linalg.eigh(small.covariance)
    drawn = np.random.default_rng(11).standard_normal((count, 128)) * np.sqrt(np.maximum(values, 0)) @ vectors.T
    return on_the_sphere(unit(drawn @ np.linalg.inv(small.basis)), small.mean_at(np.array([face_px])))


@pytest.mark.parametrize(("count", "photos"), [(2, 1), (5, 3)])
def test_strangers_of_every_size_get_a_name_equally_often(count: int, photos: int) -> None:
    model = trained(count, photos)
    sharp = sface_background().strangers(8000, seed=5)
    best = {SMALL_PX: model.decide(sharp).evidence[:, 0]}
    for px in SIZES:
        best[px] = model.decide(small_strangers(px, 8000), face_px=np.full(8000, px)).evidence[:, 0]
    for far in (0.01, 0.1):
        shares = [float((evidence >= model.calibration_.threshold(far)).mean()) for evidence in best.values()]
        # Fewer than asked: those who do not exist are less alike than real ones, by a little more at some sizes.
        assert 0.3 * far < min(shares) and max(shares) < min(2.2 * min(shares), 1.3 * far), (far, shares)


def test_small_copies_change_nothing_for_sharp_faces() -> None:
    model = trained(5, 3)
    plain = CharacterModel(background=sface_background()).fit(
        people(5, 3, seed=7).reshape(-1, 128), np.repeat(range(5), 3)
    )
    assert model.threshold_ == pytest.approx(plain.threshold_, abs=1e-9)
    sharp = people(200, 1, seed=9)[:, 0]
    assert (model.decide(sharp, face_px=np.full(200, SMALL_PX)).named == plain.decide(sharp).named).all()


def test_evidence_is_matched_where_equally_many_strangers_lie_beyond() -> None:
    rng = np.random.default_rng(0)
    sharp, little = rng.normal(0.2, 0.05, 50_000), rng.normal([[-1.0], [0.5]], [[0.3], [0.1]], (2, 50_000))
    scale = equal_shares.match(sharp, little, np.array([10.0, 20.0]))
    for row, px in zip(little, scale.px, strict=True):
        moved = scale.shifted(row[:, None], np.full(len(row), px))[:, 0]
        for level in LEVELS:
            assert (moved > np.quantile(sharp, 1 - level)).mean() == pytest.approx(level, rel=0.02)
        assert (np.diff(moved[np.argsort(row)]) >= 0).all()
    at_ends = [scale.shifted(np.array([[0.0]]), np.array([px]))[0, 0] for px in (10.0, 20.0)]
    between = scale.shifted(np.array([[0.0]]), np.array([np.sqrt(200.0)]))[0, 0]
    assert between == pytest.approx(np.mean(at_ends))
    beyond = scale.shifted(np.zeros((2, 1)), np.array([5.0, 40.0]))[:, 0]
    np.testing.assert_allclose(beyond, at_ends)


def test_a_model_of_version_1_keeps_its_one_shift(tmp_path: Path) -> None:
    path = tmp_path / "m.personae"
    model = trained(4, 3)
    model_file.save(model, model_file.describe(model, embedder=EMBEDDER, gallery_revision="0"), path)
    arrays, facts = archive.read(path, schema=model_file.SCHEMA)
    old = {name: array for name, array in arrays.items() if not name.startswith("shares_")}
    path = tmp_path / "old.personae"
    archive.write(path, old | {"small_shift": np.array([-0.05])}, facts, schema="personae/model/1")
    loaded, _ = model_file.load(path)
    probes, px = small_strangers(16.0, 50), np.full(50, 16.0)
    assert model.small_ is not None
    plain = model.small_.evidence(model.small_.statistics.seen(probes, px), px)
    expected = np.sort(plain - 0.05, axis=1)[:, -1]
    np.testing.assert_allclose(loaded.decide(probes, face_px=px).evidence[:, 0], expected, rtol=1e-6)
    # Moving its operating point fits it as models are fitted now.
    assert len(loaded.recalibrate(0.02).calibration_.shares.px) > 1


@pytest.mark.shared
def test_real_strangers_of_every_size_get_a_name_equally_often(shared_data: Path) -> None:
    path = shared_data / "lfw_dev_sface.npz"
    cast, strangers = data.load(path, (data.CAST,)), data.load(path, (data.STRANGERS,))
    shares: dict[str, list[float]] = {}
    right = []
    for draw in run.draw_casts(cast, 5, 3, 30):
        model = heads.fitted(run.enrolled(cast, draw))
        for condition in ("clean", "lowres", "lowres2"):
            probes = run.probes(strangers, condition)
            named = model.decide(heads.analyzed(probes), face_px=probes.face_px).named
            shares.setdefault(condition, []).append(float(named.mean()))
            if condition == "lowres":
                for low, high in ((11, 14), (14, 18), (18, 22)):
                    rows = (probes.face_px >= low) & (probes.face_px < high)
                    shares.setdefault(f"{low} to {high} px", []).append(float(named[rows].mean()))
        probes = run.probes(cast, "clean", draw.probes)
        found = model.decide(probes.embeddings, face_px=probes.face_px)
        right.append(float((found.named & (found.characters[:, 0] == draw.truth)).mean()))
    for name, share in shares.items():
        assert 0.006 < np.mean(share) < 0.014, name
    assert np.mean(right) >= 0.995
