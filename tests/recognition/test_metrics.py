from __future__ import annotations

import numpy as np
import pytest

from personae.recognition.metrics import LEAST_MAPPED, training_metrics
from personae.recognition.prototypes import unit
from tests.people import people


def by_hand(X: np.ndarray, groups: np.ndarray) -> tuple[float, float]:
    """Both similarities from all pairs in loops: each character, and each pair of characters, has one vote."""
    cosine = X @ X.T
    c = int(groups.max()) + 1
    intra = []
    for k in range(c):
        rows = np.flatnonzero(groups == k)
        pairs = [cosine[i, j] for i in rows for j in rows if i < j]
        if pairs:
            intra.append(np.mean(pairs))
    inter = [cosine[np.ix_(groups == a, groups == b)].mean() for a in range(c) for b in range(a)]
    return float(np.mean(intra)), float(np.mean(inter))


def test_similarities_equal_the_pairs_counted_by_hand_without_self_pairs() -> None:
    X = unit(np.random.default_rng(0).normal(0.4, 1, (12, 6)))
    groups = np.array([0] * 2 + [1] * 5 + [2] + [3] * 4)
    found = training_metrics(X, groups)
    intra, inter = by_hand(X, groups)
    assert found.intra_character_similarity == pytest.approx(intra)
    assert found.inter_character_similarity == pytest.approx(inter)
    assert found.discrimination_ratio == pytest.approx((1 + intra) / (1 + inter))
    assert (found.n_characters, found.n_embeddings) == (4, 12)


def test_the_ratio_is_a_number_where_different_people_are_not_alike_at_all() -> None:
    X = np.array([[1.0, 0], [1, 0], [-1, 0], [-1, 0]])
    found = training_metrics(X, np.array([0, 0, 1, 1]))
    assert found.inter_character_similarity == pytest.approx(-1)
    assert found.discrimination_ratio == pytest.approx(1 / LEAST_MAPPED)
    assert "discrimination_ratio" not in found.notes
    assert found.roc_auc == 1.0 and found.equal_error_rate == 0.0


def test_every_cast_of_two_with_two_photos_each_has_a_ratio_and_a_better_cast_a_higher_one() -> None:
    for seed in range(20):
        whole = people(2, 2, seed=seed)
        alike = whole + 0.5 * whole.mean(axis=(0, 1))  # what both share makes them harder to tell
        ratios = [
            training_metrics(unit(X.reshape(4, -1).astype(np.float64)), np.array([0, 0, 1, 1])).discrimination_ratio
            for X in (whole, alike)
        ]
        assert None not in ratios and np.isfinite(ratios).all()  # type: ignore[arg-type]
        assert ratios[0] > ratios[1] > 1  # type: ignore[operator]


def test_single_photos_and_a_cast_of_one_say_what_cannot_be_measured() -> None:
    single = training_metrics(np.eye(3), np.arange(3))
    assert single.intra_character_similarity is None and single.roc_auc is None
    assert "second" in single.notes["intra_character_similarity"]
    alone = training_metrics(unit(np.ones((4, 3)) + np.eye(4, 3)), np.zeros(4, int))
    assert alone.intra_character_similarity is not None and alone.inter_character_similarity is None
    assert set(alone.notes) == {
        "inter_character_similarity", "discrimination_ratio", "separation_index", "roc_auc", "equal_error_rate",
    }  # fmt: skip


def test_auc_and_equal_error_rate_against_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    X = people(12, 4).reshape(-1, 128).astype(np.float64)
    X = unit(X + np.random.default_rng(0).normal(0, 0.12, X.shape))
    groups = np.repeat(np.arange(12), 4)
    found = training_metrics(X, groups)
    first, second = np.triu_indices(48, 1)
    truth, score = groups[first] == groups[second], (X @ X.T)[first, second]
    assert found.roc_auc == pytest.approx(metrics.roc_auc_score(truth, score))
    false_accepts, true_accepts, _ = metrics.roc_curve(truth, score, drop_intermediate=False)
    at = np.abs(1 - true_accepts - false_accepts).argmin()
    wanted = (1 - true_accepts[at] + false_accepts[at]) / 2
    assert found.equal_error_rate == pytest.approx(wanted, abs=0.002)


def test_a_large_cast_is_sampled_and_close() -> None:
    X = people(300, 4, seed=1).reshape(-1, 128)
    groups = np.repeat(np.arange(300), 4)
    found = training_metrics(X, groups, seed=3)
    assert found == training_metrics(X, groups, seed=3)
    cosine = X @ X.T
    first, second = np.triu_indices(1200, 1)
    same = groups[first] == groups[second]
    positive, negative = cosine[first, second][same], cosine[first, second][~same]
    wanted = (positive.mean() - negative.mean()) / np.sqrt((positive.var() + negative.var()) / 2)
    assert found.separation_index == pytest.approx(wanted, rel=0.03)
