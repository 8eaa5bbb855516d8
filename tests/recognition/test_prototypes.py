from __future__ import annotations

import numpy as np
import pytest

from personae.recognition.prototypes import fit_prototypes, group_means, unit
from personae.recognition.scaler import EmbeddingScaler
from tests.people import people, sface_background


def test_group_means_do_not_depend_on_order() -> None:
    X = np.arange(12.0).reshape(6, 2)
    np.testing.assert_allclose(group_means(X, np.array([1, 0, 1, 0, 2, 2])), [[4, 5], [2, 3], [9, 10]])


def test_unit_keeps_a_zero_row() -> None:
    np.testing.assert_allclose(unit(np.array([[3.0, 4], [0, 0]])), [[0.6, 0.8], [0.0, 0.0]])


@pytest.mark.parametrize("sizes", [[1], [2], [5], [1, 2, 3, 4, 7, 20]])
def test_every_group_has_unit_centres_that_count_all_its_photos(sizes: list[int]) -> None:
    faces = people(len(sizes), max(sizes))
    X = np.concatenate([faces[i, :n] for i, n in enumerate(sizes)])
    groups = np.repeat(np.arange(len(sizes)), sizes)
    order = np.random.default_rng(0).permutation(len(X))
    found = fit_prototypes(X[order], groups[order])
    np.testing.assert_allclose(np.linalg.norm(found.centres, axis=1), 1, atol=1e-6)
    assert np.bincount(found.groups, found.counts).tolist() == sizes
    assert (np.diff(found.groups) >= 0).all()
    assert found.starts.tolist() == np.unique(found.groups, return_index=True)[1].tolist()


def test_clusters_are_those_of_scikit_learn_where_the_photos_fall_apart() -> None:
    cluster = pytest.importorskip("sklearn.cluster")
    X = people(3, 6, seed=2).reshape(-1, 128)
    found = fit_prototypes(X, np.zeros(18, int), max_clusters=3)
    theirs = cluster.KMeans(3, n_init=10, random_state=0).fit(X)
    assert len(found.counts) == 3
    agreement = (unit(theirs.cluster_centers_) @ found.centres.T).max(axis=1)
    assert agreement.min() > 0.999


def test_one_person_is_not_split_and_two_are() -> None:
    faces = people(400, 8, seed=3)
    one = fit_prototypes(faces[:200].reshape(-1, 128), np.repeat(np.arange(200), 8))
    assert (np.bincount(one.groups) == 1).mean() >= 0.99
    mixed = np.concatenate([faces[:200, :4], faces[200:, :4]], axis=1)
    two = fit_prototypes(mixed.reshape(-1, 128), np.repeat(np.arange(200), 8))
    assert (np.bincount(two.groups) >= 2).mean() >= 0.97


def test_an_outlier_gets_no_cluster_of_its_own() -> None:
    faces = people(2, 8, seed=4)
    X = np.concatenate([faces[0, :7], faces[1, :1]])
    assert len(fit_prototypes(X, np.zeros(8, int)).counts) == 1


def test_the_scaler_without_weight_is_a_standard_scaler_and_with_weight_the_background() -> None:
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    X = people(50, 1, seed=5)[:, 0].astype(np.float64)
    background = sface_background()
    plain = EmbeddingScaler(weight=0).fit(X, np.arange(50), background)
    theirs = preprocessing.StandardScaler().fit(X)
    np.testing.assert_allclose(plain.mean_, theirs.mean_)
    np.testing.assert_allclose(plain.scale_ / plain.scale_.mean(), theirs.scale_ / theirs.scale_.mean())
    heavy = EmbeddingScaler(weight=1e9).fit(X, np.arange(50), background)
    np.testing.assert_allclose(heavy.mean_, background.mean, atol=1e-7)


def test_every_character_has_one_vote_in_the_scaler() -> None:
    faces = people(2, 50, seed=6).astype(np.float64)
    background = sface_background()
    many = np.concatenate([faces[0], faces[1, :1]])
    groups = np.array([0] * 50 + [1])
    scaler = EmbeddingScaler(weight=0).fit(many, groups, background)
    np.testing.assert_allclose(scaler.mean_, (faces[0].mean(axis=0) + faces[1, 0]) / 2)


def test_small_faces_are_centred_on_the_mean_of_their_size() -> None:
    background = sface_background()
    np.testing.assert_allclose(background.size_px, [11.2, 16, 22.4, 32, 90], rtol=1e-6)
    scaler = EmbeddingScaler().fit(people(5, 1)[:, 0].astype(np.float64), np.arange(5), background)
    X = np.repeat(people(1, 1, seed=7)[0], 5, axis=0)
    plain = scaler.transform(X)
    np.testing.assert_array_equal(scaler.transform(X, np.full(5, 90.0)), plain)
    np.testing.assert_array_equal(scaler.transform(X, np.full(5, 500.0)), plain)
    sized = scaler.transform(X, np.array([5.0, 11.2, np.sqrt(11.2 * 16), 16.0, 500.0]))
    np.testing.assert_allclose(sized[0], sized[1], atol=1e-6)
    np.testing.assert_allclose(sized[2], (sized[1] + sized[3]) / 2, atol=1e-5)
    np.testing.assert_allclose(sized[4], plain[4], atol=1e-6)
    wanted = (X[1] - scaler.mean_ - (background.size_mean[0] - background.size_mean[-1])) / scaler.scale_
    np.testing.assert_allclose(sized[1], wanted, atol=1e-5)
