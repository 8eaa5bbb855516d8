"""How well tracks agree: what is somebody else's agrees least."""

from __future__ import annotations

import numpy as np

from personae.timeline.agreement import agreement, means_of


def test_the_odd_one_agrees_least() -> None:
    rng = np.random.default_rng(0)
    own = rng.normal(size=64) + rng.normal(scale=0.3, size=(6, 64))
    faces = np.concatenate([own, rng.normal(size=(1, 64))]).astype(np.float32)
    means = means_of(faces, np.ones(7, np.float32), np.ones(7, np.int64))
    found = agreement(means, np.ones(7, np.float32))
    assert int(found.argmin()) == 6 and found[6] < 0.5 < found[:6].min()


def test_one_alone_and_one_without_a_face_say_nothing() -> None:
    faces = np.eye(4, dtype=np.float32)[:2]
    means = means_of(faces, np.ones(2, np.float32), np.array([1, 0, 1]))
    assert not means[1].any()
    found = agreement(means, np.ones(3, np.float32))
    assert np.isnan(found[1]) and found[0] == found[2] == 0
    assert np.isnan(agreement(means[:1], np.ones(1, np.float32))).all()


def test_a_track_is_the_weighed_mean_of_its_faces() -> None:
    faces = np.eye(3, dtype=np.float32)
    means = means_of(faces, np.array([1, 3, 1], np.float32), np.array([2, 1]))
    assert np.allclose(means[0], np.array([1, 3, 0]) / np.sqrt(10)) and np.allclose(means[1], [0, 0, 1])
