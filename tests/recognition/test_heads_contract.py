"""One contract over every head: fitted fairly, learned as plain arrays, restored to the same scores, never trusting."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from personae import archive
from personae.errors import MissingExtraError, SettingError
from personae.recognition.heads import registry
from personae.recognition.heads.arrays import equal_rows
from personae.recognition.heads.protocol import Head
from personae.settings import Settings
from tests.people import cast, people

pytest.importorskip("sklearn")


@pytest.fixture(params=sorted(registry.OURS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def rows_of(count: int, photos: int, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    X, names = cast(count, photos, seed)
    return X, np.unique(names, return_inverse=True)[1]


def fitted(name: str, count: int = 4, photos: int = 3, seed: int = 0) -> Head:
    return registry.make_head(name, Settings(seed=seed)).fit(*rows_of(count, photos))


def test_it_is_a_head_that_knows_its_cast(name: str) -> None:
    assert isinstance(registry.make_head(name, Settings()), Head)
    for count in (2, 3, 8):
        faces = people(count, 7, seed=1)
        head = registry.make_head(name, Settings()).fit(faces[:, :4].reshape(-1, 128), np.repeat(np.arange(count), 4))
        found = head.scores(faces[:, 4:].reshape(-1, 128))
        assert found.shape == (3 * count, count) and found.dtype == np.float64
        assert (found.argmax(axis=1) == np.repeat(np.arange(count), 3)).mean() > 0.9
        assert head.scores(np.empty((0, 128), np.float32)).shape == (0, count)


def test_the_same_seed_gives_the_same_scores_and_one_face_alone_too(name: str) -> None:
    probes = people(20, 1, seed=2)[:, 0]
    first, again = fitted(name), fitted(name)
    np.testing.assert_array_equal(first.scores(probes), again.scores(probes))
    alone = np.concatenate([first.scores(row[None]) for row in probes])
    np.testing.assert_allclose(alone, first.scores(probes), atol=1e-5)


def test_it_takes_one_photo_per_character(name: str) -> None:
    X, characters = rows_of(5, 1)
    assert (registry.make_head(name, Settings()).fit(X, characters).scores(X).argmax(axis=1) == characters).mean() > 0.7


def test_what_it_learned_travels_as_plain_arrays(name: str, tmp_path: Path) -> None:
    probes = people(50, 1, seed=3)[:, 0]
    head = fitted(name)
    archive.write(tmp_path / "a", head.arrays(), {}, schema="personae/test/1")
    arrays, _ = archive.read(tmp_path / "a", schema="personae/test/1")
    restored = registry.make_head(name, Settings()).restore(arrays, dimension=128, characters=4)
    np.testing.assert_array_equal(restored.scores(probes), head.scores(probes))


def test_arrays_that_do_not_fit_are_refused(name: str) -> None:
    arrays = fitted(name).arrays()

    def restore(changed: dict[str, Any], dimension: int = 128, characters: int = 4) -> None:
        registry.make_head(name, Settings()).restore(changed, dimension=dimension, characters=characters)

    restore(arrays)
    for key, array in arrays.items():
        with pytest.raises(ValueError, match=r"\w"):
            restore({other: value for other, value in arrays.items() if other != key})
        with pytest.raises(ValueError, match="type"):
            restore(arrays | {key: array.astype(bool)})
        with pytest.raises(ValueError, match="shape"):
            restore(arrays | {key: array[None]})
        if array.dtype.kind == "f":
            with pytest.raises(ValueError, match="finite"):
                restore(arrays | {key: np.full_like(array, np.nan)})
    for key in {"rows", "centres"} & set(arrays):
        with pytest.raises(ValueError, match="unit length"):
            restore(arrays | {key: 2 * arrays[key]})
    with pytest.raises(ValueError, match=r"\w"):
        restore(arrays, characters=3)
    if name != "random-forest":  # a tree may happen to use the first features only
        with pytest.raises(ValueError, match="shape"):
            restore(arrays, dimension=127)


def test_indices_changed_at_random_neither_crash_nor_hang(name: str) -> None:
    """The very attack that crashes scikit-learn's own forest."""
    arrays = fitted(name).arrays()
    probes = people(20, 1, seed=4)[:, 0]
    rng = np.random.default_rng(0)
    refused = 0
    whole = [key for key, array in arrays.items() if array.dtype.kind == "i"]
    for _ in range(60 if whole else 0):
        key = str(rng.choice(whole))
        changed = arrays[key].copy()
        changed[rng.integers(0, len(changed), 3)] = rng.choice([-(2**30), -2, -1, 0, 1, 5, 200, 2**30], 3)
        head = registry.make_head(name, Settings())
        try:
            head.restore(arrays | {key: changed}, dimension=128, characters=4)
        except ValueError:
            refused += 1
            continue
        assert head.scores(probes).shape == (20, 4)
    assert refused > 10 or not whole


def test_the_forest_votes_as_scikit_learns_own() -> None:
    from sklearn.ensemble import RandomForestClassifier

    X, characters = rows_of(5, 4)
    theirs = RandomForestClassifier(100, class_weight="balanced_subsample", random_state=0).fit(X, characters)
    probes = people(200, 1, seed=5)[:, 0]
    ours = registry.make_head("random-forest", Settings()).fit(X, characters)
    np.testing.assert_allclose(ours.scores(probes), theirs.predict_proba(probes), atol=1e-9)


def test_the_network_thinks_as_scikit_learns_own() -> None:
    from sklearn.neural_network import MLPClassifier

    X, characters = rows_of(5, 4)
    ours = registry.make_head("mlp", Settings()).fit(X, characters)
    theirs = MLPClassifier((64,), solver="lbfgs", alpha=0.1, max_iter=200, random_state=0)
    drawn = equal_rows(characters, 30, 0)
    theirs.fit(X[drawn].astype(np.float64), characters[drawn])
    probes = people(50, 1, seed=5)[:, 0]
    logits = ours.scores(probes)
    soft = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(soft, theirs.predict_proba(probes.astype(np.float64)), atol=1e-9)


# The registry


def test_our_heads_use_the_door_of_plug_ins() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert project["project"]["entry-points"]["personae.heads"] == registry.OURS


def test_an_unknown_head_is_an_error_that_lists_what_there_is() -> None:
    for ask in (registry.check_head, lambda name: registry.make_head(name, Settings())):
        with pytest.raises(SettingError, match="auto, ensemble, knn, logistic, mlp, prototypes, random-forest, svm"):
            ask("no-such-head")


def test_a_missing_scikit_learn_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for asked in ("svm", "ensemble", "auto", "random-forest", "mlp", "logistic"):
        with pytest.raises(MissingExtraError, match="pip install scikit-learn"):
            registry.check_head(asked)
    with pytest.raises(MissingExtraError):
        fitted("svm")
    for without in ("prototypes", "knn"):
        registry.check_head(without)
        fitted(without)


def test_a_plug_in_is_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    point = metadata.EntryPoint("mine", registry.OURS["knn"], registry.GROUP)
    monkeypatch.setattr(metadata, "entry_points", lambda **group: metadata.EntryPoints([point]))
    registry.check_head("mine")
    assert type(registry.make_head("mine", Settings())).__name__ == "NearestPhotosHead"
