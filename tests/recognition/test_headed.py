"""Heads in the model: strangers stay strangers, class size buys nothing, and everything survives the archive."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personae import Settings, archive
from personae.errors import DamagedFileError, InputError, MissingExtraError, SettingError
from personae.recognition import model_file
from personae.recognition.calibration import SURE
from personae.recognition.headed import HeadedModel, choose
from personae.recognition.heads.calibrated import CalibratedHead, fit_steepness, folds, softmax
from personae.recognition.heads.registry import OURS, VOTERS
from personae.recognition.model import CharacterModel
from personae.recognition.prototypes import unit
from tests.people import EMBEDDER, people, sface_background
from tests.project.test_recognizer import make
from tests.stub import FACES, write_cast

pytest.importorskip("sklearn")
HEADS = (*OURS, "ensemble", "auto")
CAST = people(8, 12, seed=60)


@cache
def model(head: str, photos: int = 4) -> HeadedModel:
    X = CAST[:, :photos].reshape(-1, 128)
    y = np.repeat([f"c{i}" for i in range(8)], photos)
    return HeadedModel(head, background=sface_background()).fit(X, y)


@pytest.mark.parametrize("head", HEADS)
def test_no_head_names_a_face_that_the_model_would_not(head: str) -> None:
    plain = model("prototypes")
    strangers = people(4000, 1, seed=61)[:, 0]
    theirs = plain.decide(strangers)
    ours = model(head).decide(strangers)
    # But where the head's doubt takes the confidence below one half, which is never a name.
    dropped = theirs.named & ~ours.named
    assert not (ours.named & ~theirs.named).any()
    assert (ours.confidence[dropped, 0] < SURE).all()
    assert 0 < ours.named.mean() < 0.015
    assert (ours.similarity[ours.named, 0] >= ours.threshold).all()


@pytest.mark.parametrize("head", HEADS)
def test_the_cast_is_named(head: str) -> None:
    matches = model(head).match(CAST[:, 4:].reshape(-1, 128))
    truth = np.repeat([f"c{i}" for i in range(8)], 8)
    assert np.mean([m is not None and m.character == t for m, t in zip(matches, truth, strict=True)]) > 0.98


def test_where_two_characters_are_possible_the_head_decides_and_says_how_sure_it_is() -> None:
    """Twins: at the midpoint of both everybody reaches the threshold, and only the head's order counts."""
    a, b = CAST[0, :6].copy(), CAST[0, 6:].copy()
    X, y = np.concatenate([a, b, CAST[1, :6]]), ["a"] * 6 + ["b"] * 6 + ["c"] * 6
    plain = CharacterModel(background=sface_background()).fit(X, y)
    heads = HeadedModel("svm", background=sface_background()).fit(X, y)
    found, before = heads.decide(X), plain.decide(X)
    twins = slice(0, 12)
    order = heads.predict_proba(X)
    np.testing.assert_array_equal(found.characters[twins, 0], order[twins].argmax(axis=1))
    np.testing.assert_allclose(
        found.confidence[twins, 0], before.confidence[twins, 0] * order[twins].max(axis=1), rtol=1e-6
    )
    # Whatever the order, a candidate keeps its own cosine.
    for face in range(12):
        cosine = dict(zip(before.characters[face].tolist(), before.similarity[face].tolist(), strict=True))
        assert [cosine[c] for c in found.characters[face].tolist()] == found.similarity[face].tolist()


def test_a_character_below_the_threshold_is_never_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = model("knn")
    # A head that is sure of the last character, whoever comes.
    monkeypatch.setattr(HeadedModel, "_head_probabilities", lambda self, X: np.tile(np.eye(8)[7], (len(X), 1)))
    for threshold in (None, -1.0):  # no threshold lets in what would be a name in doubt
        found = fitted.decide(CAST[:7, 8], threshold=threshold)
        assert found.characters[:, 0].tolist() == list(range(7))
        assert (found.confidence[:, 0] == 0).all() and not found.named.any()


@pytest.mark.parametrize("head", HEADS)
def test_a_hundred_photos_give_no_advantage_over_three(head: str) -> None:
    faces = people(2, 130, seed=62)
    X = np.concatenate([faces[0, :100], faces[1, :3]])
    fitted = HeadedModel(head, background=sface_background(), strangers=0.01).fit(X, ["many"] * 100 + ["few"] * 3)
    strangers = people(6000, 1, seed=63)[:, 0]
    share = (fitted.predict(strangers) == "many").mean()
    assert 0.35 < share < 0.65
    named = [m.character for m in fitted.match(strangers, threshold=0.15) if m]
    assert len(named) > 200 and 0.3 < named.count("many") / len(named) < 0.7
    assert (fitted.predict(faces[1, 3:]) == "few").mean() > 0.97
    assert (fitted.predict(faces[0, 100:]) == "many").mean() > 0.97


@pytest.mark.parametrize("head", [name for name in HEADS if name != "auto"])
def test_confidence_is_calibrated(head: str) -> None:
    """Half of the faces are strangers': what is named at a confidence is right as often, within what was measured."""
    fitted = model(head)
    known = fitted.decide(CAST[:, 4:].reshape(-1, 128))
    strangers = fitted.decide(people(64 * 50, 1, seed=64)[:, 0])
    right = known.named & (known.characters[:, 0] == np.repeat(np.arange(8), 8))
    weight = len(strangers) / len(known)
    named = weight * known.named.sum() + strangers.named.sum()
    said = (weight * known.confidence[known.named, 0].sum() + strangers.confidence[strangers.named, 0].sum()) / named
    # The forest is unsure of everything, and its confidence says so: too little, never too much.
    assert weight * right.sum() / named == pytest.approx(said, abs=0.12 if head == "random-forest" else 0.04)


@pytest.mark.parametrize("head", HEADS)
def test_the_archive_gives_back_the_same_model(head: str, tmp_path: Path) -> None:
    saved = model(head)
    card = model_file.describe(saved, embedder=EMBEDDER, gallery_revision="abc")
    model_file.save(saved, card, tmp_path / "m.personae")
    loaded, read = model_file.load(tmp_path / "m.personae")
    probes = np.concatenate([people(200, 1, seed=65)[:, 0], CAST[:, 5]])
    for threshold in (None, -1.0):
        first, second = saved.decide(probes, threshold=threshold), loaded.decide(probes, threshold=threshold)
        np.testing.assert_array_equal(first.characters, second.characters)
        np.testing.assert_array_equal(first.confidence, second.confidence)
    assert read["head"] == card["head"] and read["head"]["asked"] == head
    used = {"ensemble": list(VOTERS), "auto": read["head"]["used"]}.get(head, [head])
    assert list(read["head"]["used"]) == used


def test_a_head_in_the_archive_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.personae"
    saved = model("random-forest")
    model_file.save(saved, model_file.describe(saved, embedder=EMBEDDER, gallery_revision="abc"), path)
    arrays, facts = archive.read(path, schema=model_file.SCHEMA)
    wrong: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (arrays | {"head.random-forest.left": arrays["head.random-forest.left"][::-1].copy()}, facts),
        (arrays | {"head.random-forest.steepness": np.array([-1.0])}, facts),
        ({k: v for k, v in arrays.items() if k != "head.random-forest.stranger_mean"}, facts),
        (arrays, facts | {"head": {"used": ["svm"], "compared": {}, "photos": 0}}),
        (arrays, {key: value for key, value in facts.items() if key != "head"}),
    ]
    for changed, about in wrong:
        archive.write(path, changed, about, schema=model_file.SCHEMA)
        with pytest.raises(DamagedFileError, match="Train again"):
            model_file.load(path)


def test_equal_rows_give_equal_heads() -> None:
    X, y = CAST[:3, :4].reshape(-1, 128), np.repeat(["a", "b", "c"], 4)
    for head in ("random-forest", "mlp"):
        first, second = (HeadedModel(head, background=sface_background()).fit(X, y) for _ in range(2))
        for key, array in first.head_arrays().items():
            np.testing.assert_array_equal(array, second.head_arrays()[key])


def test_deciding_by_any_head_imports_no_scikit_learn(tmp_path: Path) -> None:
    for head in ("ensemble", "random-forest"):
        path = tmp_path / f"{head}.personae"
        model_file.save(model(head), model_file.describe(model(head), embedder=EMBEDDER, gallery_revision=""), path)
    code = (
        "import sys, numpy as np; from pathlib import Path; from personae.recognition import model_file\n"
        "for path in Path(sys.argv[1]).glob('*.personae'):\n"
        "    m, _ = model_file.load(path); m.match(np.eye(128), threshold=-1.0)\n"
        "    assert m.heads_\n"
        "print('sklearn' in sys.modules, 'scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_a_cast_of_one_leaves_nothing_to_choose() -> None:
    fitted = HeadedModel("svm", background=sface_background()).fit(CAST[0], ["only"] * 12)
    assert fitted.heads_ == () and fitted.head_facts_.used == ("prototypes",)
    assert fitted.predict_proba(CAST[0]).shape == (12, 1)


def test_heads_that_know_the_whole_cast_refuse_to_take_one_more() -> None:
    with pytest.raises(InputError, match="fit again"):
        model("svm").add_character("new", CAST[0])
    with pytest.raises(InputError, match="fit again"):
        model("svm").remove_character("c0")
    grown = HeadedModel("auto", background=sface_background()).fit(CAST[:3, 0], ["a", "b", "c"])
    assert "new" in grown.add_character("new", CAST[3]).classes_ and "a" not in grown.remove_character("a").classes_


@pytest.mark.filterwarnings("ignore:Estimator HeadedModel does not inherit:UserWarning")
def test_scikit_learns_estimator_checks_pass() -> None:
    from sklearn.base import clone
    from sklearn.utils.estimator_checks import check_estimator

    results = check_estimator(HeadedModel("knn"), on_fail=None, on_skip=None)
    failed = {r["check_name"]: r["exception"] for r in results if r["status"] not in ("passed", "skipped")}
    assert not failed
    assert clone(HeadedModel("svm", far=0.02)).get_params()["far"] == 0.02
    assert repr(HeadedModel("svm", far=0.02)) == "HeadedModel(head='svm', far=0.02)"


# Calibration and choice


def test_folds_leave_every_photo_out_once_and_never_the_last_one() -> None:
    characters = np.array([0] * 7 + [1] * 2 + [2])
    fold = folds(characters, 0)
    assert (fold[:9] >= 0).all() and fold[9] == -1
    for number in range(3):
        assert set(characters[fold != number]) == {0, 1, 2}
    np.testing.assert_array_equal(fold, folds(characters, 0))


def test_the_softmax_is_flatter_for_a_head_that_errs() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, 300)
    right = 3.0 * np.eye(4)[truth]
    noisy = right + rng.normal(0, 2.0, right.shape)
    assert fit_steepness(noisy, truth) < 1 < fit_steepness(right, truth)
    sure = softmax(fit_steepness(noisy, truth) * noisy)
    assert sure.max(axis=1).mean() == pytest.approx((noisy.argmax(axis=1) == truth).mean(), abs=0.05)
    np.testing.assert_allclose(softmax(np.array([[1000.0, 0.0]])), [[1, 0]], atol=1e-12)


def compared(**right: list[int]) -> list[CalibratedHead]:
    heads = []
    for name, values in right.items():
        head = CalibratedHead(name, lambda: pytest.fail("nothing is fitted"))
        head.right_ = np.array(values, bool)
        heads.append(head)
    return heads


def test_auto_takes_another_head_only_where_it_is_better_beyond_chance() -> None:
    half = [1, 0] * 10
    assert choose(compared(prototypes=half, knn=half)) == "prototypes"
    assert choose(compared(prototypes=half, knn=[1, 1, 1, 1, *half[4:]])) == "prototypes"  # two more of twenty
    assert choose(compared(prototypes=half, knn=[*[1] * 18, *half[18:]], svm=[1] * 20)) == "svm"
    assert choose(compared(prototypes=[1] * 20, knn=half)) == "prototypes"
    assert choose(compared(prototypes=[], knn=[])) == "prototypes"


def test_auto_says_what_it_compared_and_finds_a_head_that_earns_it() -> None:
    facts = model("auto").head_facts_
    assert facts.used == ("prototypes",) and str(facts) == "auto: prototypes"
    assert set(facts.compared) == set(OURS) and facts.photos == 32
    # Two characters of two clumps each, interleaved: their means coincide, their photos do not.
    clumps = people(4, 14, seed=66)
    X = np.concatenate([clumps[0], clumps[1], -clumps[0], -clumps[1]])
    y = ["a"] * 28 + ["b"] * 28
    fitted = HeadedModel("auto", max_clusters=1).fit(np.concatenate([X[:14], X[28:42], X[14:28], X[42:]]), y)
    assert fitted.head_facts_.used != ("prototypes",) and fitted.head_facts_.compared["prototypes"] < 0.9


def twins(pairs: int, photos: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(2 * pairs, photos, 128): people so alike that a photo of one reaches the threshold of the other."""
    background, rng = sface_background(), np.random.default_rng(0)

    def draw(covariance: Any, n: int) -> Any:
        values, vectors = np.linalg.eigh(covariance)
        return rng.standard_normal((n, 128)) @ (vectors * np.sqrt(np.maximum(values, 0))).T

    between = background.covariance - background.within
    shared, own = draw(0.97 * between, pairs), draw(0.03 * between, pairs)
    centres = background.mean + np.stack([shared + own, shared - own], axis=1).reshape(-1, 128)
    scatter = draw(background.within, 2 * pairs * photos).reshape(2 * pairs, photos, 128)
    return np.asarray(unit(centres[:, None] + scatter), np.float32)


@pytest.mark.exhaustive
def test_of_twins_no_head_tells_apart_clearly_more_than_prototypes_do() -> None:
    """What docs/heads.md says: where the choice matters most, the mean of the photos is hard to beat."""
    faces = twins(8, 30)
    truth = np.repeat(np.arange(16), 20)
    right = {}
    for head in ("prototypes", "knn", "logistic", "svm", "ensemble"):
        fitted = HeadedModel(head, background=sface_background())
        fitted.fit(faces[:, :10].reshape(-1, 128), np.repeat(np.arange(16), 10))
        found = fitted.decide(faces[:, 10:].reshape(-1, 128), candidates=2)
        assert (found.similarity[:, 1] >= found.threshold).mean() > 0.9  # the choice is the head's
        right[head] = (found.named & (found.characters[:, 0] == truth)).mean()
    assert right["prototypes"] > max(right.values()) - 0.01 and right["prototypes"] > 0.9


# In the recognizer and on the command line


def test_the_head_is_in_card_and_results(tmp_path: Path) -> None:
    recognizer = make(tmp_path, settings=Settings(head="svm"))
    report = recognizer.train_folder(write_cast(tmp_path / "cast"))
    assert report.model["head"]["text"] == "svm" and report.model["head"]["photos"] == 9
    later = make(tmp_path)
    assert later.model_card()["head"] == "svm" and isinstance(later.face_model, HeadedModel)
    assert [m.character if m else None for m in later.identify_embeddings(FACES[:, 5])] == ["c0", "c1", "c2", None]
    later.model_path.unlink()
    assert make(tmp_path).model_card()["head"] is None


def test_a_head_that_is_not_there_is_refused_before_anything_is_embedded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recognizer = make(tmp_path, settings=Settings(head="nonsense"))
    with pytest.raises(SettingError, match="no head called 'nonsense'"):
        recognizer.train_folder(write_cast(tmp_path / "cast"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError):
        make(tmp_path, settings=Settings(head="auto")).train_folder(tmp_path / "cast")
    assert not (tmp_path / "project").exists()


def test_a_headed_model_takes_every_parameter_of_the_model() -> None:
    assert set(CharacterModel().get_params()) | {"head"} == set(HeadedModel().get_params())
