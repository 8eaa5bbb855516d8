"""Folds: stratified, near-duplicates and declared groups never divided, nobody without a photo to train on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from personae.assessment import crossvalidation as cv
from personae.cast.gallery import Enrolment
from personae.errors import CastError
from personae.settings import Settings
from tests.people import EMBEDDER, people


def enrolment(characters: int, photos: int, seed: int = 0) -> Enrolment:
    rows = people(characters, photos, seed).reshape(-1, 128)
    names = [f"c{i:02}" for i in range(characters) for _ in range(photos)]
    n = len(names)
    full = np.full(n, 100, np.float32)
    paths = [f"/{i}.jpg" for i in range(n)]
    return Enrolment(rows, names, [None] * n, paths, list(range(n)), full, full, np.zeros((n, 3, 128), np.float32))


def test_leave_one_photo_out_is_as_many_folds_as_photos() -> None:
    cast = enrolment(4, 5)
    groups = np.arange(20)
    assert cv.count_folds(cast.characters, groups) == 5
    folds = cv.stratified_folds(cast.characters, groups, 5)
    for name in set(cast.characters):
        own = folds[[i for i, character in enumerate(cast.characters) if character == name]]
        assert sorted(own.tolist()) == [0, 1, 2, 3, 4]


def test_many_photos_are_spread_evenly() -> None:
    names = ["a"] * 97 + ["b"] * 3
    groups = np.arange(100)
    assert cv.count_folds(names, groups) == cv.MOST_FOLDS
    folds = cv.stratified_folds(names, groups, 10)
    counts = np.bincount(folds[:97], minlength=10)
    assert counts.max() - counts.min() <= 1
    assert len(set(folds[97:].tolist())) == 3


def test_groups_are_never_divided_and_the_only_one_is_always_trained_on() -> None:
    names = ["a", "a", "a", "a", "b", "b", "c", "c"]
    groups = np.array([0, 0, 1, 2, 3, 3, 4, 5])
    folds = cv.stratified_folds(names, groups, 3, seed=1)
    assert folds[0] == folds[1] != cv.ALWAYS_TRAINED
    assert folds[4] == folds[5] == cv.ALWAYS_TRAINED
    assert len({int(folds[0]), int(folds[2]), int(folds[3])}) == 3


def test_a_scene_of_two_characters_stays_together() -> None:
    names = ["a", "a", "b", "b"]
    folds = cv.stratified_folds(names, np.array([0, 1, 0, 2]), 2)
    assert folds[0] == folds[2] != folds[1]


def test_near_duplicates_are_grouped_transitively_and_with_declared_groups() -> None:
    angle = np.radians([0, 25, 50, 120, 200])
    rows = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    # 25 degrees are a cosine of .91, 50 of .64: the first and the third meet in the second.
    assert cv.near_duplicate_groups(rows).tolist() == [0, 0, 0, 1, 2]
    joined = cv.near_duplicate_groups(rows, ["s", None, None, None, "s"])
    assert joined[4] == joined[0] != joined[3]


def test_a_copy_on_the_other_side_would_show() -> None:
    cast = enrolment(6, 2, seed=3)
    noise = np.random.default_rng(0).standard_normal((12, 128)).astype(np.float32)
    copies = cast.embeddings + 0.02 * noise
    copies /= np.linalg.norm(copies, axis=1, keepdims=True)
    both = Enrolment(
        np.concatenate([cast.embeddings, copies]), cast.characters * 2, cast.looks * 2, cast.paths * 2,
        list(range(24)), np.tile(cast.face_px, 2), np.tile(cast.quality, 2),
        np.tile(cast.copies, (2, 1, 1)),
    )  # fmt: skip
    groups = cv.near_duplicate_groups(both.embeddings)
    assert (groups[:12] == groups[12:]).all()
    honest = cv.cross_validate(both, cv.stratified_folds(both.characters, groups, 2), Settings(), EMBEDDER)
    leaking = cv.cross_validate(both, np.repeat([0, 1], 12), Settings(), EMBEDDER)
    assert honest.similarity.mean() < leaking.similarity.mean() - 0.1


def test_cross_validation_tests_each_photo_once_and_names_the_cast() -> None:
    cast = enrolment(5, 4)
    folds = cv.stratified_folds(cast.characters, np.arange(20), 4)
    found = cv.cross_validate(cast, folds, Settings(), EMBEDDER)
    assert found.rows.tolist() == list(range(20))
    assert found.truth.tolist() == cast.characters
    assert found.first.mean() >= 0.9
    assert (found.named == (found.margin >= 0)).all()
    assert (found.right | found.wrong | ~found.named).all()


def test_left_out_characters_are_strangers_to_a_model_without_them() -> None:
    cast = enrolment(30, 3)
    found = cv.leave_characters_out(cast, Settings(far=0.05), EMBEDDER)
    assert len(found) == 90 and all(truth is None for truth in found.truth)
    assert not (found.best == np.array(cast.characters, object)).any()
    assert found.named.mean() <= 0.15
    assert len(cv.leave_characters_out(enrolment(1, 3), Settings(), EMBEDDER)) == 0


def test_the_roles_of_one_performer_are_left_out_together() -> None:
    cast = enrolment(6, 3)
    played = replace(cast, performers={"c00": "Jo", "c01": "Jo"})
    found = cv.leave_characters_out(played, Settings(far=0.05), EMBEDDER)
    own = np.isin(np.array(cast.characters), ["c00", "c01"])
    assert len(found) == 18 and not np.isin(found.best[own].astype(str), ["c00", "c01"]).any()
    alone = replace(enrolment(2, 3), performers={"c00": "Jo", "c01": "Jo"})
    assert len(cv.leave_characters_out(alone, Settings(), EMBEDDER)) == 0


def test_nothing_to_leave_out_says_what_to_add() -> None:
    cast = enrolment(3, 1)
    folds = cv.stratified_folds(cast.characters, np.arange(3), 2)
    with pytest.raises(CastError, match="second, different photo"):
        cv.cross_validate(cast, folds, Settings(), EMBEDDER)


def test_a_long_chain_of_frames_is_one_group_and_thousands_are_grouped_at_once() -> None:
    rng = np.random.default_rng(0)
    angle = np.radians(np.arange(0, 18000, 9) / 100)  # 2,000 frames of a head that turns by 180 degrees
    frames = np.stack([np.cos(angle), np.sin(angle)], axis=1)[rng.permutation(2000)].astype(np.float32)
    assert set(cv.near_duplicate_groups(frames).tolist()) == {0}
    apart = people(1500, 1).reshape(-1, 128)
    assert len(set(cv.near_duplicate_groups(apart).tolist())) == 1500
