"""Feature steps: what each does, against its definition, and scikit-learn's own checks over all of them."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from personae.errors import CastError, InputError
from personae.recognition.features import (
    Centring,
    Discriminants,
    FlipAveraging,
    PrincipalComponents,
    WithinWhitening,
)
from personae.recognition.model import CharacterModel
from personae.recognition.prototypes import unit
from tests.people import cast, people, sface_background

STEPS = [FlipAveraging(), Centring(), PrincipalComponents(), Discriminants(), WithinWhitening()]
NAMES = [type(step).__name__ for step in STEPS]


@pytest.mark.filterwarnings("ignore:Estimator .* does not inherit:UserWarning")
@pytest.mark.parametrize("step", STEPS, ids=NAMES)
def test_scikit_learns_estimator_checks_pass(step: Any) -> None:
    checks = pytest.importorskip("sklearn.utils.estimator_checks")
    results = checks.check_estimator(step, on_fail=None, on_skip=None)
    failed = {r["check_name"]: str(r["exception"]) for r in results if r["status"] == "failed"}
    if isinstance(step, FlipAveraging):  # many checks give rows of odd lengths, which it must refuse
        failed = {check: why for check, why in failed.items() if "side by side" not in why}
    assert not failed
    assert sum(result["status"] == "passed" for result in results) > (15 if isinstance(step, FlipAveraging) else 25)


@pytest.mark.parametrize("step", STEPS, ids=NAMES)
def test_it_stands_in_a_pipeline_before_a_model(step: Any) -> None:
    pipeline = pytest.importorskip("sklearn.pipeline")
    base = pytest.importorskip("sklearn.base")
    X, y = cast(6, 5)
    if isinstance(step, FlipAveraging):
        X = np.hstack([X, X])
    whole = pipeline.make_pipeline(base.clone(step), CharacterModel()).fit(X, y)
    assert (whole.predict(X) == np.array(y)).mean() > 0.95


def test_using_them_imports_no_scikit_learn() -> None:
    code = (
        "import sys, numpy as np; from personae.recognition import features as f; "
        "X, y = np.eye(6), list('aabbcc'); "
        "[s.fit_transform(X, y) for s in (f.FlipAveraging(), f.Centring(), f.PrincipalComponents(), f.Discriminants(), "
        "f.WithinWhitening())]; print('sklearn' in sys.modules, 'scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_flip_averaging_is_the_unit_mean_of_both_halves() -> None:
    a, b = people(2, 5, seed=1)
    mean = unit((unit(a) + unit(b)) / 2)
    np.testing.assert_allclose(FlipAveraging().fit_transform(np.hstack([a, 3 * b])), mean, atol=1e-6)
    with pytest.raises(InputError, match="side by side"):
        FlipAveraging().fit(np.ones((2, 3)))


def test_centring_gives_every_character_one_vote_and_trusts_the_background() -> None:
    X, y = np.array([[0.0, 0.0]] * 9 + [[2.0, 4.0]]), ["many"] * 9 + ["few"]
    np.testing.assert_allclose(Centring().fit(X, y).mean_, [1, 2])
    np.testing.assert_allclose(Centring().fit(X).mean_, [0.2, 0.4])
    background = sface_background()
    faces, names = cast(5, 3)
    fitted = Centring(background).fit(faces, names).mean_
    assert np.linalg.norm(fitted - background.mean) < 0.01 < np.linalg.norm(Centring().fit(faces, names).mean_ - fitted)


def test_principal_components_are_scikit_learns() -> None:
    decomposition = pytest.importorskip("sklearn.decomposition")
    X, _ = cast(10, 3)
    ours = PrincipalComponents(5).fit(X)
    theirs = decomposition.PCA(5).fit(X.astype(np.float64))
    np.testing.assert_allclose(np.abs(ours.components_), np.abs(theirs.components_), atol=1e-6)
    np.testing.assert_allclose(ours.explained_variance_, theirs.explained_variance_)
    assert PrincipalComponents().fit(X[:4]).components_.shape == (3, 128)  # four points span three directions
    with pytest.raises(InputError, match="n_components=0"):
        PrincipalComponents(0).fit(X)


def test_discriminants_find_the_direction_that_tells_apart_under_noise() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 40)
    X = rng.normal(0, 0.1, (80, 5)) + np.outer(y, [0, 0, 1.0, 0, 0])
    X[:, 0] += rng.normal(0, 10, 80)  # the greatest spread says nothing
    found = Discriminants(shrinkage=0.0).fit(X, y)
    assert found.scalings_.shape == (5, 1)
    direction = np.abs(found.scalings_[:, 0]) / np.linalg.norm(found.scalings_)
    assert direction[2] > 0.95 and PrincipalComponents(1).fit(X).components_[0, 0] > 0.99
    a, b = found.transform(X[y == 0]), found.transform(X[y == 1])
    assert a.max() < b.min() or b.max() < a.min()
    with pytest.raises(CastError, match="nothing to tell apart"):
        Discriminants().fit(X, np.zeros(80, int))
    with pytest.raises(InputError, match="shrinkage=2"):
        Discriminants(shrinkage=2).fit(X, y)


def test_whitening_makes_the_spread_within_people_round() -> None:
    X, y = cast(60, 8)
    numbers = np.unique(y, return_inverse=True)[1]

    def roundness(rows: Any) -> float:
        residual = rows - np.stack([rows[numbers == c].mean(axis=0) for c in range(60)])[numbers]
        values = np.linalg.eigvalsh(np.cov(residual.T))
        return float(values.max() / values.mean())

    assert roundness(WithinWhitening(shrinkage=0.0).fit_transform(X, y)) < 1.01 and roundness(X) > 2
    whitening = WithinWhitening().fit(X, y).whitening_
    np.testing.assert_allclose(whitening, whitening.T)
    assert np.trace(whitening) == pytest.approx(128)
    background = sface_background()  # from single photos: all that is known of the spread is the background's
    known = WithinWhitening(0.0, background=background).fit(X[::8], [f"{i}" for i in range(60)]).whitening_
    values = np.linalg.eigvalsh(known @ background.within @ known)
    assert values.max() / values.min() < 1.01 < np.linalg.cond(background.within)


def test_single_photos_without_a_background_are_only_centred() -> None:
    X, _ = cast(4, 1)
    np.testing.assert_allclose(WithinWhitening().fit_transform(X, list("abcd")), X - X.mean(axis=0), atol=1e-6)
